//! What to do about a proxy that does not lead to the target.

use super::hints::wanted_tls;
use super::words::WantedTls;
use crate::net::DialError;
use crate::net::dial::{Phase, ProxyCause, ProxyError};
use crate::net::proxy::{Origin, ProxyKind};
use crate::net::tls::Fault as TlsFault;
use crate::net::tunnel::Fault;
use crate::net::upgrade::Response;
use crate::protocol::head::HeadError;

const NOT_ACCEPTED: &str = "the proxy does not accept this name and password; in the URL, special characters are written %XX";

pub(super) fn hint(error: &ProxyError) -> Option<String> {
    match &error.cause {
        ProxyCause::Reach(reach) => reach_hint(error, reach),
        ProxyCause::Fault(fault) => fault_hint(error, fault),
    }
}

/// The proxy itself is not reached.
fn reach_hint(error: &ProxyError, reach: &DialError) -> Option<String> {
    let direct = without(error);
    Some(match reach {
        DialError::Tls(failure) => match failure.fault {
            TlsFault::PlainHttp | TlsFault::NotTls => {
                "the proxy speaks no TLS on this port: write it with http:// instead of https://"
                    .to_owned()
            }
            fault if fault.is_in_the_chain() => {
                "--cacert FILE trusts the CA that issued the proxy's certificate; --proxy-insecure accepts any".to_owned()
            }
            _ => return super::hints::dial(reach),
        },
        // It speaks HTTP and has got the request: what it waits for is not known.
        DialError::Timeout { phase: Phase::Proxy(_), .. } if !error.interim.is_empty() => {
            return None;
        }
        DialError::Timeout { phase: Phase::Proxy(authority), .. } => {
            let kind = match error.via.proxy.kind.is_socks() {
                true => "it may be an HTTP proxy (http://)",
                false => "it may be a SOCKS proxy (socks5h://)",
            };
            format!("the proxy takes connections and does not answer: {kind}, or get no answer from {authority} itself")
        }
        DialError::Timeout { phase: Phase::Tls(_), .. } => {
            "the proxy takes connections, but may speak no TLS on this port: then write it with http://".to_owned()
        }
        DialError::Timeout { .. } => {
            format!("no answer came: the proxy may be down, or a firewall drops the packets{direct}")
        }
        DialError::Tcp(..) => {
            format!("is the proxy running there, and is its port right?{direct}")
        }
        DialError::Dns { .. } => format!("is the proxy's name spelled right?{direct}"),
        other => return super::hints::dial(other),
    })
}

fn fault_hint(error: &ProxyError, fault: &Fault) -> Option<String> {
    let scheme = error.via.proxy.kind.scheme();
    Some(match fault {
        Fault::Refused(response) => return refused(error, response),
        Fault::Malformed(HeadError::NotHttp(bytes), _) => match bytes.as_slice() {
            [5 | 0, ..] => "that looks like SOCKS: write the proxy with socks5h://".to_owned(),
            [0x15 | 0x16, 3, ..] => "the proxy speaks TLS: write it with https://".to_owned(),
            _ => format!("no HTTP proxy is on this port{}", without(error)),
        },
        Fault::NotSocks(bytes) if bytes.starts_with(b"HTTP/") => {
            "that is HTTP: write the proxy with http://".to_owned()
        }
        Fault::NotSocks(bytes) if matches!(bytes[..], [0x15 | 0x16, 3, ..]) => {
            "the proxy speaks TLS: write it with https://".to_owned()
        }
        Fault::NotSocks(_) => format!("no SOCKS5 proxy is on this port{}", without(error)),
        Fault::NoMethod(false) => format!("{} gives it a name and password", with_password(error)),
        Fault::NoMethod(true) => "it may want another authentication, such as GSSAPI".to_owned(),
        Fault::Credentials(_) => {
            format!(
                "is the name and password right? In {scheme}://USER:PASS@… write special characters as %XX"
            )
        }
        Fault::Reply(code) => return reply(error, *code),
        Fault::Invalid(_) => "--lenient accepts the answer in spite of such lines".to_owned(),
        Fault::Ended(_, bytes) if bytes.is_empty() && error.interim.is_empty() => {
            match error.via.proxy.kind {
                ProxyKind::Http => {
                    "it may be a SOCKS proxy (socks5h://), expect TLS (https://), or not let you in"
                        .to_owned()
                }
                ProxyKind::Https => "it may be no HTTP proxy, or not let you in".to_owned(),
                _ => "it may be an HTTP proxy (http://), or not let you in".to_owned(),
            }
        }
        _ => return None,
    })
}

fn refused(error: &ProxyError, response: &Response) -> Option<String> {
    let authority = &error.authority;
    if error.via.proxy.kind == ProxyKind::Http && wanted_tls(response) == Some(WantedTls::Here) {
        return Some("the proxy speaks TLS on this port: write it with https://".to_owned());
    }
    Some(match response.line.status {
        407 => authentication(error, response),
        403 => format!(
            "the proxy does not let you go to {authority}; many allow CONNECT only to port 443{}",
            local(error)
        ),
        400 | 405 | 501 => "the proxy may not do CONNECT, or not be one".to_owned(),
        // tinyproxy says so of a wrong password.
        401 if error.sent_credentials => NOT_ACCEPTED.to_owned(),
        401 => "a server answered, not a proxy".to_owned(),
        500 | 502..=504 => format!(
            "the proxy could not reach {authority}: is the name right, and does the server run?{}",
            local(error)
        ),
        _ => return None,
    })
}

/// RFC 9110 section 11.7.1.
fn authentication(error: &ProxyError, response: &Response) -> String {
    let challenges = response.head.list("Proxy-Authenticate");
    let schemes: Vec<String> = challenges
        .iter()
        .filter_map(|challenge| challenge.split_whitespace().next())
        .filter(|scheme| !scheme.contains('='))
        .map(|scheme| error.secrets.mask_text(scheme.to_owned()))
        .collect();
    let knows_basic = schemes.iter().any(|scheme| scheme.eq_ignore_ascii_case("Basic"));
    match error.sent_credentials {
        _ if !knows_basic && !schemes.is_empty() => format!(
            "the proxy wants {}; wscope knows only Basic: --proxy-header 'Proxy-Authorization: …' sends what you have",
            schemes.join(" or ")
        ),
        true => NOT_ACCEPTED.to_owned(),
        false => format!("the proxy wants a name and password: {}", with_password(error)),
    }
}

/// RFC 1928 section 6.
fn reply(error: &ProxyError, code: u8) -> Option<String> {
    let looks_up_here = error.via.proxy.kind == ProxyKind::Socks5;
    let is_name = error.authority.bytes().any(|byte| byte.is_ascii_alphabetic());
    let text = match code {
        2 => "the proxy's rules do not let you go there",
        5 => "nothing listens on that port there, seen from the proxy",
        3 | 4 | 8 if looks_up_here && is_name => {
            "with socks5h:// the proxy looks the name up itself; -4 asks it for an IPv4 address"
        }
        1 | 3 | 4 => {
            "the proxy does not reach that host: is the name right, and known to the proxy?"
        }
        7 => "the proxy does not do CONNECT",
        8 => "the proxy takes no such addresses: -4 or -6 chooses others",
        _ => return None,
    };
    Some(format!("{text}{}", local(error)))
}

/// A proxy's localhost is its own machine.
fn local(error: &ProxyError) -> String {
    let host = error.authority.rsplit_once(':').map_or("", |(host, _)| host);
    match host == "localhost" || host.starts_with("127.") || host == "[::1]" {
        true => format!(
            "; for the proxy {host} is its own machine: --no-proxy '{host}' goes there directly"
        ),
        false => String::new(),
    }
}

fn with_password(error: &ProxyError) -> String {
    let (proxy, scheme) = (&error.via.proxy, error.via.proxy.kind.scheme());
    let url = format!("{scheme}://USER:PASS@{}:{}", proxy.host, proxy.port);
    match error.via.origin {
        Origin::Option(name) => format!("{name} {url}"),
        Origin::Variable(name) => format!("{name}={url}"),
    }
}

/// Who named the proxy without being asked to, and how to go without it.
fn without(error: &ProxyError) -> String {
    match error.via.origin {
        Origin::Option(_) => String::new(),
        Origin::Variable(name) => format!(" {name} names it; --proxy '' goes without"),
    }
}
