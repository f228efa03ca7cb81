//! Parses the address to listen on.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The address as a resolvable `host:port`. Without a host it is the loopback interface, without a port `default`.
///
/// # Errors
/// Why it is not valid.
pub(super) fn with_host_and_port(given: &str, default: u16) -> Result<String, String> {
    if given.is_empty() {
        return Err("it is empty".to_owned());
    }
    if given.starts_with('@') {
        return Err("it is not an address".to_owned());
    }
    if given.contains("://") {
        return Err("write host:port, not a URL".to_owned());
    }
    if given.parse::<Ipv6Addr>().is_ok() {
        return Ok(format!("[{given}]:{default}"));
    }
    if is_number(given) {
        return port(given).map(on_loopback);
    }
    match given.rsplit_once(':') {
        Some(("", text)) => port(text).map(on_loopback),
        Some((host, text)) if is_whole(host) => port(text).map(|port| format!("{host}:{port}")),
        _ => Ok(format!("{given}:{default}")),
    }
}

/// Whether all brackets are closed, as in `[::1]`.
fn is_whole(host: &str) -> bool {
    !host.starts_with('[') || host.ends_with(']')
}

fn on_loopback(port: u16) -> String {
    format!("{}:{port}", Ipv4Addr::LOCALHOST)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn port(text: &str) -> Result<u16, String> {
    if !is_number(text) {
        return Err(format!("{text:?} is not a port number"));
    }
    text.parse()
        .map_err(|_| format!("port {text} is out of range (1 to 65535; 0 is any free port)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_are_optional() {
        for (given, expected) in [
            ("0.0.0.0:80", "0.0.0.0:80"),
            ("localhost:0", "localhost:0"),
            (":9000", "127.0.0.1:9000"),
            ("9000", "127.0.0.1:9000"),
            ("localhost", "localhost:8080"),
            ("127.0.0.1", "127.0.0.1:8080"),
            ("::1", "[::1]:8080"),
            ("[::1]", "[::1]:8080"),
            ("[::]:81", "[::]:81"),
        ] {
            assert_eq!(with_host_and_port(given, 8080).as_deref(), Ok(expected), "{given}");
        }
    }

    #[test]
    fn errors_name_the_reason() {
        for (given, expected) in [
            ("", "it is empty"),
            ("@prod", "it is not an address"),
            ("99999", "port 99999 is out of range"),
            (":65536", "port 65536 is out of range"),
            ("localhost:-1", "\"-1\" is not a port number"),
            ("localhost:", "\"\" is not a port number"),
            (":80x", "\"80x\" is not a port number"),
            ("ws://localhost:80", "write host:port, not a URL"),
        ] {
            let reason = with_host_and_port(given, 8080).expect_err(given);
            assert!(reason.starts_with(expected), "{given}: {reason}");
        }
    }
}
