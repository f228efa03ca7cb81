//! The options of curl, and what each means here.

/// What an option of curl means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A URL.
    Url,
    /// A field of the request.
    Header,
    /// Cookies, or a file with them.
    Cookie,
    /// `Referer`
    Referer,
    /// `USER:PASS`, or a token: the option of ours, for which `@` begins the name of a file.
    Secret(&'static str),
    /// A client certificate with its passphrase.
    Certificate,
    /// A proxy; the text is the scheme if it names none.
    Proxy(&'static str),
    /// The proxy's `USER:PASS`.
    ProxyUser,
    /// The method.
    Method,
    /// `[`, `]`, `{` and `}` in the URL stand for themselves.
    GlobOff,
    /// Dots in the path are kept.
    PathAsIs,
    /// The option of ours with the same value.
    Same(&'static str),
    /// Options of ours, without a value.
    Flag(&'static str),
    /// It changes nothing for a WebSocket.
    Harmless,
    /// It has no meaning here, but it had one for curl.
    Unused,
    /// It cannot be left out, for this reason.
    Refused(&'static str),
}

/// An option of curl.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CurlOption {
    pub(super) meaning: Meaning,
    pub(super) takes_value: bool,
}

const WRITES: &str = "a file would be written: received messages go to standard output";

/// Options that take a value: the short one or a space, the long one, the meaning.
const WITH_VALUE: [(char, &str, Meaning); 41] = [
    (' ', "url", Meaning::Url),
    ('H', "header", Meaning::Header),
    ('b', "cookie", Meaning::Cookie),
    ('e', "referer", Meaning::Referer),
    ('A', "user-agent", Meaning::Same("--user-agent")),
    ('u', "user", Meaning::Secret("--user")),
    (' ', "oauth2-bearer", Meaning::Secret("--bearer")),
    ('E', "cert", Meaning::Certificate),
    (' ', "pass", Meaning::Secret("--pass")),
    (' ', "key", Meaning::Same("--key")),
    (' ', "cacert", Meaning::Same("--cacert")),
    (' ', "capath", Meaning::Same("--cacert")),
    (' ', "tls-max", Meaning::Same("--tls-max")),
    ('x', "proxy", Meaning::Proxy("http")),
    (' ', "proxy1.0", Meaning::Proxy("http")),
    (' ', "socks5", Meaning::Proxy("socks5")),
    (' ', "socks5-hostname", Meaning::Proxy("socks5h")),
    ('U', "proxy-user", Meaning::ProxyUser),
    (' ', "proxy-header", Meaning::Secret("--proxy-header")),
    (' ', "noproxy", Meaning::Same("--no-proxy")),
    (' ', "resolve", Meaning::Same("--resolve")),
    (' ', "connect-to", Meaning::Same("--connect-to")),
    (' ', "unix-socket", Meaning::Same("--unix-socket")),
    (' ', "interface", Meaning::Same("--interface")),
    (' ', "connect-timeout", Meaning::Same("--connect-timeout")),
    ('m', "max-time", Meaning::Same("--max-time")),
    (' ', "max-redirs", Meaning::Same("--max-redirs")),
    ('X', "request", Meaning::Method),
    ('o', "output", Meaning::Refused(WRITES)),
    ('D', "dump-header", Meaning::Refused(WRITES)),
    ('c', "cookie-jar", Meaning::Refused(WRITES)),
    (' ', "trace", Meaning::Refused(WRITES)),
    (' ', "trace-ascii", Meaning::Refused(WRITES)),
    (' ', "libcurl", Meaning::Refused(WRITES)),
    (' ', "etag-save", Meaning::Refused(WRITES)),
    (' ', "hsts", Meaning::Refused(WRITES)),
    (' ', "alt-svc", Meaning::Refused(WRITES)),
    ('K', "config", Meaning::Refused("it names a file with more options, which is not read")),
    ('T', "upload-file", Meaning::Refused("nothing is uploaded by a WebSocket handshake")),
    (' ', "url-query", Meaning::Refused("put the query in the URL")),
    (' ', "abstract-unix-socket", Meaning::Refused("only Unix sockets with a path are supported")),
];

/// Options without a value.
const FLAGS: [(char, &str, Meaning); 22] = [
    ('k', "insecure", Meaning::Flag("--insecure")),
    ('L', "location", Meaning::Flag("--location")),
    (' ', "location-trusted", Meaning::Flag("--location")),
    ('4', "ipv4", Meaning::Flag("-4")),
    ('6', "ipv6", Meaning::Flag("-6")),
    ('n', "netrc", Meaning::Flag("--netrc")),
    (' ', "netrc-optional", Meaning::Flag("--netrc")),
    (' ', "proxy-insecure", Meaning::Flag("--proxy-insecure")),
    ('1', "tlsv1", Meaning::Flag("--tls-min=1.0")),
    (' ', "tlsv1.0", Meaning::Flag("--tls-min=1.0")),
    (' ', "tlsv1.1", Meaning::Flag("--tls-min=1.1")),
    (' ', "tlsv1.2", Meaning::Flag("--tls-min=1.2")),
    (' ', "tlsv1.3", Meaning::Flag("--tls-min=1.3")),
    ('g', "globoff", Meaning::GlobOff),
    (' ', "path-as-is", Meaning::PathAsIs),
    ('O', "remote-name", Meaning::Refused(WRITES)),
    (' ', "remote-name-all", Meaning::Refused(WRITES)),
    ('J', "remote-header-name", Meaning::Refused(WRITES)),
    (':', "next", Meaning::Refused("it begins a second request")),
    ('h', "help", Meaning::Refused("curl would not connect")),
    ('M', "manual", Meaning::Refused("curl would not connect")),
    ('V', "version", Meaning::Refused("curl would not connect")),
];

/// Flags that change nothing for a WebSocket: display of curl, and what the handshake is anyway.
const HARMLESS: &str = "basic compressed fail/f fail-early fail-with-body http1.1 include/i no-alpn no-buffer/N \
    no-clobber no-keepalive no-npn no-progress-meter no-sessionid disable/q parallel/Z parallel-immediate \
    progress-bar/# proxy-anyauth proxy-basic proxytunnel/p raw show-error/S silent/s styled-output \
    suppress-connect-headers tcp-fastopen tcp-nodelay trace-ids trace-time tr-encoding use-ascii/B verbose/v \
    disallow-username-in-url buffer keepalive progress-meter ssl ssl-reqd sessionid alpn";

/// Other flags of curl.
const UNUSED_FLAGS: &str = "anyauth append/a ca-native cert-status compressed-ssh create-dirs crlf digest disable-eprt \
    disable-epsv doh-cert-status doh-insecure dump-ca-embed ech false-start form-escape ftp-create-dirs ftp-pasv \
    ftp-pret ftp-skip-pasv-ip ftp-ssl-ccc ftp-ssl-control get/G haproxy-protocol head/I http0.9 http1.0/0 http2 \
    http2-prior-knowledge http3 http3-only ignore-content-length junk-session-cookies/j list-only/l \
    mail-rcpt-allowfails metalink mptcp negotiate ntlm ntlm-wb out-null post301 post302 post303 proxy-ca-native \
    proxy-digest proxy-http2 proxy-http3 proxy-negotiate proxy-ntlm proxy-ssl-allow-beast proxy-ssl-auto-client-cert \
    proxy-tlsv1 remote-time/R remove-on-error retry-all-errors retry-connrefused sasl-ir skip-existing socks5-basic \
    socks5-gssapi socks5-gssapi-nec ssl-allow-beast ssl-auto-client-cert ssl-no-revoke ssl-revoke-best-effort \
    sslv2/2 sslv3/3 tftp-no-options tls-earlydata xattr";

/// Other options of curl that take a value.
const UNUSED_VALUES: &str = "aws-sigv4 cert-type ciphers continue-at/C create-file-mode crlfile curves data/d \
    data-ascii data-binary data-raw data-urlencode delegation dns-interface dns-ipv4-addr dns-ipv6-addr dns-servers \
    doh-url egd-file engine etag-compare expect100-timeout form/F form-string ftp-account ftp-alternative-to-user \
    ftp-method ftp-port/P ftp-ssl-ccc-mode happy-eyeballs-timeout-ms haproxy-clientip hostpubmd5 hostpubsha256 \
    ip-tos ipfs-gateway json keepalive-cnt keepalive-time key-type krb limit-rate local-port login-options mail-auth \
    mail-from mail-rcpt max-filesize netrc-file output-dir parallel-max parallel-max-host pinnedpubkey preproxy proto \
    proto-default proto-redir proxy-cacert proxy-capath proxy-cert proxy-cert-type proxy-ciphers proxy-crlfile \
    proxy-key proxy-key-type proxy-pass proxy-pinnedpubkey proxy-service-name proxy-tls13-ciphers proxy-tlsauthtype \
    proxy-tlspassword proxy-tlsuser pubkey quote/Q random-file range/r rate request-target retry retry-delay \
    retry-max-time sasl-authzid service-name sigalgs socks4 socks4a socks5-gssapi-service speed-limit/Y speed-time/y \
    stderr telnet-option/t tftp-blksize time-cond/z tls13-ciphers tlsauthtype tlspassword tlsuser trace-config \
    variable vlan-priority write-out/w";

/// The option with this long name, without dashes.
pub(super) fn long(name: &str) -> Option<CurlOption> {
    find(|_, long| long == name)
}

/// The option with this letter.
pub(super) fn short(letter: char) -> Option<CurlOption> {
    find(|short, _| short == Some(letter))
}

fn find(is_it: impl Fn(Option<char>, &str) -> bool) -> Option<CurlOption> {
    let in_table = |table: &[(char, &str, Meaning)], takes_value| {
        let short = |letter: char| (letter != ' ').then_some(letter);
        let entry = table.iter().find(|(letter, long, _)| is_it(short(*letter), long))?;
        Some(CurlOption { meaning: entry.2, takes_value })
    };
    let in_list = |list: &str, meaning, takes_value| {
        let is_listed = list.split_whitespace().any(|entry| match entry.split_once('/') {
            Some((long, short)) => is_it(short.chars().next(), long),
            None => is_it(None, entry),
        });
        is_listed.then_some(CurlOption { meaning, takes_value })
    };
    in_table(&WITH_VALUE, true)
        .or_else(|| in_table(&FLAGS, false))
        .or_else(|| in_list(HARMLESS, Meaning::Harmless, false))
        .or_else(|| in_list(UNUSED_FLAGS, Meaning::Unused, false))
        .or_else(|| in_list(UNUSED_VALUES, Meaning::Unused, true))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_name_stands_for_one_option() {
        let tables = WITH_VALUE.iter().chain(&FLAGS);
        let mut names: Vec<_> = tables.map(|(c, long, _)| (*c, (*long).to_owned())).collect();
        for entry in [HARMLESS, UNUSED_FLAGS, UNUSED_VALUES].join(" ").split_whitespace() {
            let (long, short) = entry.split_once('/').unwrap_or((entry, " "));
            assert_eq!(short.chars().count(), 1, "{entry}");
            names.push((short.chars().next().expect("a letter"), long.to_owned()));
        }
        let longs: BTreeSet<_> = names.iter().map(|(_, long)| long).collect();
        assert_eq!(longs.len(), names.len());
        let letters: Vec<_> = names.iter().map(|(c, _)| c).filter(|c| **c != ' ').collect();
        assert_eq!(letters.iter().collect::<BTreeSet<_>>().len(), letters.len(), "{letters:?}");
    }

    /// `curl --help all` of curl 7.88 has these letters.
    #[test]
    fn all_letters_of_curl_are_known() {
        let with_value = "AbCcDdEeFHKmoPQrTtUuwXxYyz";
        let flags = "aBfGgIiJjkLlMNnOpqRSsvVZ0123460#:h";
        for (letters, takes_value) in [(with_value, true), (flags, false)] {
            for letter in letters.chars().filter(|c| !"0".contains(*c)) {
                let option = short(letter).unwrap_or_else(|| panic!("-{letter}"));
                assert_eq!(option.takes_value, takes_value, "-{letter}");
            }
        }
        assert_eq!(short('ä'), None);
        assert_eq!(long("frob"), None);
    }
}
