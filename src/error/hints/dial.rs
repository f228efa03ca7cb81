//! Hints for failed connection attempts.

use super::{tcp, tls};
use crate::net::DialError;
use crate::net::dial::DialPhase;

/// The hint if the server is not reached; one for a failure of a proxy is in `proxy`.
pub(super) fn hint(error: &DialError, is_redirected: bool) -> Option<String> {
    let server = if is_redirected { &tls::REDIRECTED } else { &tls::SERVER };
    let text = match error {
        DialError::Dns { host, error, lacks_configuration } => {
            dns(host, &error.to_string(), *lacks_configuration)
        }
        DialError::NoAddress { by_source: true, family, .. } => {
            format!("--interface names an {family} address, which can only reach addresses of that family")
        }
        DialError::NoAddress { family: "IPv4", .. } => "leave out -4".to_owned(),
        DialError::NoAddress { family: "IPv6", .. } => "leave out -6".to_owned(),
        DialError::Tcp(failures, _) => return tcp::hint(failures, &[]),
        DialError::Socket(_, error) => return socket(error),
        DialError::Timeout { phase: DialPhase::Tcp(unanswered), failures, .. } => {
            return tcp::hint(failures, unanswered);
        }
        DialError::Timeout { phase: DialPhase::Tls(_, answer), .. } => {
            tls::timed_out(answer, server)
        }
        DialError::Timeout { phase: DialPhase::Dns(_), .. } => {
            "the resolver of this system did not answer in time; --resolve HOST:PORT:ADDRESS avoids the lookup".to_owned()
        }
        DialError::Tls(failure) => return tls::hint(failure, server),
        _ => return None,
    };
    Some(text)
}

/// The message of getaddrinfo (glibc, musl, BSD) shows whether there was an answer.
fn dns(host: &str, words: &str, lacks_configuration: bool) -> String {
    let has = |text: &str| words.contains(text);
    if has("Temporary failure in name resolution") || has("Try again") {
        if lacks_configuration {
            return "this system has no /etc/resolv.conf, which names the DNS servers; --resolve HOST:PORT:ADDRESS avoids the lookup".to_owned();
        }
        return "no DNS server answered: is this machine connected to the network? --resolve HOST:PORT:ADDRESS avoids the lookup".to_owned();
    }
    let is_unknown = has("Name or service not known")
        || has("Name does not resolve")
        || has("nodename nor servname provided");
    match is_unknown {
        true => format!("is {host} spelled right? --resolve HOST:PORT:ADDRESS sets its address"),
        false => format!(
            "is {host} spelled right, and does this machine have a working DNS server? --resolve HOST:PORT:ADDRESS avoids the lookup"
        ),
    }
}

fn socket(error: &std::io::Error) -> Option<String> {
    use std::io::ErrorKind::{ConnectionRefused, NotFound, PermissionDenied};
    let text = match error.kind() {
        NotFound => "is the server running, and is the path right?",
        ConnectionRefused => {
            "no program listens on that socket: the server has exited, or does not listen yet"
        }
        PermissionDenied => {
            "connecting requires write permission on the socket, and search permission on its directories"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::dns;

    #[test]
    fn an_unknown_name_is_distinguished_from_a_resolver_that_does_not_answer() {
        for (words, expected) in [
            ("Name or service not known", "is h.example spelled right? "),
            ("Temporary failure in name resolution", "no DNS server answered: "),
            ("something new", "is h.example spelled right, and does"),
        ] {
            let text = format!("failed to lookup address information: {words}");
            let given = dns("h.example", &text, false);
            assert!(given.starts_with(expected), "{words}: {given}");
        }
    }

    #[test]
    fn a_system_that_names_no_dns_servers_is_distinguished_from_one_without_network() {
        let given = |words, lacks| dns("h.example", words, lacks);
        for words in ["Temporary failure in name resolution", "Try again"] {
            assert!(
                given(words, true).starts_with("this system has no /etc/resolv.conf"),
                "{words}"
            );
            assert!(given(words, false).starts_with("no DNS server answered: "), "{words}");
        }
        // Something else resolves names there.
        assert!(given("Name does not resolve", true).starts_with("is h.example spelled right? "));
    }
}
