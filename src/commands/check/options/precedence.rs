//! What a connection in a scenario says counts more than the options of the command.

use std::ffi::OsStr;

use crate::protocol::head::HeaderLine;

/// Options that may be repeated, of which the first that fits is used: those of the file have to come first.
pub(super) const FIRST_WINS: [&str; 2] = ["connect-to", "resolve"];

/// Options whose values of the command stay beside those of the file.
const ADDED: [&str; 3] = ["cacert", "connect-to", "resolve"];

/// What a connection in a file says, with the values of variables.
pub(super) struct OwnLines<'a> {
    /// All but headers of the request.
    pub(super) options: Vec<(&'a str, &'a str)>,
    /// Headers of the request.
    pub(super) headers: &'a [HeaderLine],
    /// The URL has a user name.
    pub(super) has_user: bool,
}

impl OwnLines<'_> {
    /// Whether an option of the command, as an argument of `wscope URL`, has no meaning for this connection.
    pub(super) fn replaces(&self, option: &OsStr) -> bool {
        let option = option.to_string_lossy();
        let Some(option) = option.strip_prefix("--") else { return false };
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        match name {
            "header" => HeaderLine::parse(value).is_ok_and(|line| self.has_header(&line)),
            "proxy-header" => HeaderLine::parse(value).is_ok_and(|line| self.has_for_proxy(&line)),
            _ => (self.has(name) && !ADDED.contains(&name)) || self.has_instead_of(name),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(own, _)| *own == name)
    }

    /// Whether a flag was set to this.
    fn is(&self, flag: &str, value: &str) -> bool {
        self.options.iter().rfind(|(own, _)| *own == flag).is_some_and(|(_, own)| *own == value)
    }

    /// Whether the file has another option that takes the place of this one.
    fn has_instead_of(&self, name: &str) -> bool {
        match name {
            "user" | "bearer" => self.has_credentials(),
            "netrc-file" => self.is("netrc", "false"),
            "compress" => self.is("no-compress", "true"),
            "no-compress" => self.has("compress"),
            "ipv4" => self.is("ipv6", "true"),
            "ipv6" => self.is("ipv4", "true"),
            // They belong to a certificate of the command.
            "key" => self.has("cert"),
            "pass" => self.has("cert") || self.has("key"),
            // It would be used instead of these.
            "unix-socket" => FIRST_WINS.iter().any(|own| self.has(own)),
            _ => false,
        }
    }

    fn has_credentials(&self) -> bool {
        self.has_user
            || ["user", "bearer", "netrc-file"].iter().any(|own| self.has(own))
            || self.is("netrc", "true")
            || self.headers.iter().any(|own| own.is("Authorization"))
    }

    /// Whether the file has a header of this name, or an option for it.
    fn has_header(&self, line: &HeaderLine) -> bool {
        self.headers.iter().any(|own| own.is(&line.name))
            || (line.is("Authorization") && self.has_credentials())
            || (line.is("Proxy-Authorization") && self.has_for_proxy(line))
            || (line.is("Sec-WebSocket-Extensions") && self.is("no-compress", "true"))
            || HEADERS_OF_OPTIONS.iter().any(|(name, option)| line.is(name) && self.has(option))
    }

    /// The same of the request to a proxy.
    fn has_for_proxy(&self, line: &HeaderLine) -> bool {
        let has_name = |(option, text): &(&str, &str)| match *option {
            "proxy-header" => HeaderLine::parse(text).is_ok_and(|own| own.is(&line.name)),
            "proxy" => line.is("Proxy-Authorization") && text.contains('@'),
            _ => false,
        };
        self.options.iter().any(has_name)
    }
}

/// Headers that options are for.
const HEADERS_OF_OPTIONS: [(&str, &str); 5] = [
    ("Origin", "origin"),
    ("User-Agent", "user-agent"),
    ("Cookie", "cookie"),
    ("Sec-WebSocket-Protocol", "subprotocol"),
    ("Sec-WebSocket-Extensions", "compress"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SCENARIO_OPTIONS;

    /// Whether these lines of a file replace an option of the command. `@` stands for a user name in the URL; what
    /// begins with a capital letter is a header.
    fn is_replaced(lines: &[&str], option: &str) -> bool {
        let pairs = lines.iter().filter_map(|line| line.split_once(": "));
        let is_header = |name: &str| name.starts_with(|c: char| c.is_ascii_uppercase());
        let (headers, options): (Vec<_>, Vec<_>) = pairs.partition(|(name, _)| is_header(name));
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| HeaderLine::new(name, value)).collect();
        let own = OwnLines { options, headers: &headers, has_user: lines.contains(&"@") };
        own.replaces(OsStr::new(option))
    }

    #[test]
    fn what_the_file_says_replaces_options_of_the_command() {
        for (line, option) in [
            ("X-A: 1", "--header=x-a: 2"),
            ("X-A: 1", "--header=X-A:"),
            ("proxy-header: X-A: 1", "--proxy-header=x-a: 2"),
            ("origin: a", "--header=Origin: b"),
            ("user-agent: a", "--header=user-agent: b"),
            ("cookie: a=b", "--header=Cookie: b=c"),
            ("cookie: a=b", "--cookie=b=c"),
            ("subprotocol: a", "--header=Sec-WebSocket-Protocol: b"),
            ("subprotocol: a", "--subprotocol=a"),
            ("compress: a", "--header=Sec-WebSocket-Extensions: b"),
            ("compress: a", "--no-compress"),
            ("no-compress: true", "--compress=a"),
            ("no-compress: true", "--header=Sec-WebSocket-Extensions: b"),
            ("ipv4: true", "--ipv6"),
            ("ipv6: true", "--ipv4"),
            ("netrc: false", "--netrc-file=a"),
            ("cert: a", "--key=b"),
            ("cert: a", "--pass=b"),
            ("cert: a", "--pass"),
            ("key: a", "--pass=b"),
            ("connect-to: a:1", "--unix-socket=b"),
            ("resolve: a:1:127.0.0.1", "--unix-socket=b"),
            ("proxy: http://a:b@c", "--header=Proxy-Authorization: x"),
            ("proxy: http://a:b@c", "--proxy-header=Proxy-Authorization: x"),
            ("proxy-header: Proxy-Authorization: y", "--header=Proxy-Authorization: x"),
        ] {
            assert!(is_replaced(&[line], option), "{line} {option}");
            assert!(!is_replaced(&[], option), "{option}");
            assert!(!is_replaced(&["X-B: 1", "timeout: 1s"], option), "{option}");
        }
    }

    #[test]
    fn credentials_of_the_file_replace_all_those_of_the_command() {
        let own =
            ["@", "user: a:b", "bearer: a", "netrc: true", "netrc-file: a", "Authorization: a"];
        for line in own {
            for option in ["--user=c:d", "--bearer=c", "--header=authorization: c"] {
                assert!(is_replaced(&[line], option), "{line} {option}");
            }
        }
        assert!(!is_replaced(&["netrc: false"], "--user=c:d"));
        assert!(!is_replaced(&["netrc: true"], "--netrc-file=c"));
        assert!(!is_replaced(&["@"], "--netrc"));
    }

    #[test]
    fn an_option_replaces_itself_unless_values_are_added() {
        let by_name = ["header", "proxy-header"];
        for name in SCENARIO_OPTIONS.iter().filter(|name| !by_name.contains(name)) {
            for value in ["true", "false"] {
                let (own, option) = (format!("{name}: {value}"), format!("--{name}=x"));
                assert_eq!(is_replaced(&[&own], &option), !ADDED.contains(name), "{own}");
            }
        }
        assert!(is_replaced(&["insecure: false"], "--insecure"));
        assert!(!is_replaced(&["insecure: false"], "--proxy-insecure"));
        assert!(!is_replaced(&["no-compress: false"], "--compress=a"));
        assert!(!is_replaced(&["interface: ::1"], "--ipv6"));
    }
}
