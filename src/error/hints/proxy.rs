//! Hints for failed connections through a proxy.

use super::banner::{protocol, socks};
use super::{dial, tls, wanted_tls};
use crate::error::challenges::shortened;
use crate::error::words::WantedTls;
use crate::net::DialError;
use crate::net::dial::{DialPhase, ProxyCause, ProxyCredentials, ProxyError};
use crate::net::proxy::{ProxyKind, SettingOrigin};
use crate::net::tcp::TcpCause;
use crate::net::tunnel::ProxyFault;
use crate::net::upgrade::ServerResponse;
use crate::protocol::challenge::Challenge;
use crate::protocol::head::HeadError;

pub(super) fn hint(error: &ProxyError) -> Option<String> {
    match &error.cause {
        ProxyCause::Reach(reach) => reach_hint(error, reach),
        ProxyCause::Fault(fault) => fault_hint(error, fault),
    }
}

/// The hint if the proxy itself is not reached, or does not answer in time.
fn reach_hint(error: &ProxyError, reach: &DialError) -> Option<String> {
    let direct = without(error);
    match reach {
        DialError::Tls(failure) => tls::hint(failure, &tls::PROXY),
        DialError::Timeout { phase: DialPhase::Tls(_, answer), .. } => {
            Some(tls::timed_out(answer, &tls::PROXY))
        }
        DialError::Timeout { phase: DialPhase::Proxy(authority), .. } => {
            Some(silence(error, authority))
        }
        DialError::Tcp(failures, _) if failures.iter().all(|it| it.cause == TcpCause::Refused) => {
            Some(format!(
                "no program listens on that port, or a firewall rejects the connection: is the proxy running there, and is its port right?{direct}"
            ))
        }
        other => dial::hint(other, false).map(|text| match direct.is_empty() {
            false if !text.ends_with('?') => format!("{text};{direct}"),
            _ => text + &direct,
        }),
    }
}

/// The hint if it accepts the connection but does not complete its answer.
fn silence(error: &ProxyError, authority: &str) -> String {
    if error.has_answered {
        return format!(
            "the proxy answers, but not whether it reached {authority}: that host may be down, or a firewall may drop the proxy's packets"
        );
    }
    match error.via.proxy.kind {
        ProxyKind::Socks5 | ProxyKind::Socks5h => {
            "the proxy accepted the connection and did not answer as a SOCKS5 proxy does: it may be an HTTP proxy (http://)".to_owned()
        }
        ProxyKind::Http => format!(
            "an HTTP proxy answers when it has reached {authority}, which may not answer it; it may be a SOCKS proxy (socks5h://), too"
        ),
        ProxyKind::Https => format!(
            "an HTTP proxy answers when it has reached {authority}, which may not answer it"
        ),
    }
}

fn fault_hint(error: &ProxyError, fault: &ProxyFault) -> Option<String> {
    Some(match fault {
        ProxyFault::Refused(response) => return refused(error, response),
        ProxyFault::Malformed(HeadError::NotHttp(bytes), _) => other_protocol(error, bytes, "an HTTP proxy"),
        ProxyFault::NotSocks(bytes) if bytes.starts_with(b"HTTP/") => {
            "that is HTTP: use http:// for the proxy".to_owned()
        }
        ProxyFault::NotSocks(bytes) => other_protocol(error, bytes, "a SOCKS5 proxy"),
        // 2 is user name and password (RFC 1928 section 3), and is offered if they are given.
        ProxyFault::NoMethod(false) | ProxyFault::Method(2) => {
            format!("{} gives it a name and password", with_password(error))
        }
        ProxyFault::NoMethod(true) => "it may require another authentication method, such as GSSAPI".to_owned(),
        ProxyFault::Credentials(_) => format!(
            "are the user name and password right? In {}://USER:PASS@… write special characters as %XX",
            error.via.proxy.kind.scheme()
        ),
        ProxyFault::Reply(code) => return reply(error, *code),
        ProxyFault::Invalid(_) => "--lenient accepts responses with such lines".to_owned(),
        ProxyFault::Ended(_, bytes) if bytes.is_empty() && !error.has_answered => {
            match error.via.proxy.kind {
                ProxyKind::Http => {
                    "it may be a SOCKS proxy (socks5h://), expect TLS (https://), or not accept this client"
                }
                ProxyKind::Https => "it may not be an HTTP proxy, or not accept this client",
                _ => "it may be an HTTP proxy (http://), or not accept this client",
            }
            .to_owned()
        }
        _ => return None,
    })
}

/// The hint for a response in another protocol than that of the proxy's scheme.
fn other_protocol(error: &ProxyError, bytes: &[u8], expected: &str) -> String {
    match bytes {
        [0x15 | 0x16, 3, ..] => "the proxy speaks TLS: use https://".to_owned(),
        [5, ..] if !error.via.proxy.kind.is_socks() => {
            "that looks like SOCKS: use socks5h:// for the proxy".to_owned()
        }
        bytes => match protocol(bytes).or_else(|| socks(bytes)) {
            Some(what) => format!("that is {what}: is the proxy's port right?"),
            None => format!("no answer of {expected}: is the port right?{}", without(error)),
        },
    }
}

fn refused(error: &ProxyError, response: &ServerResponse) -> Option<String> {
    let authority = &error.authority;
    if error.via.proxy.kind == ProxyKind::Http && wanted_tls(response) == Some(WantedTls::Here) {
        return Some("the proxy speaks TLS on this port: use https://".to_owned());
    }
    Some(match response.line.status {
        407 => authentication(error, response),
        403 => {
            let ports = match authority.ends_with(":443") {
                true => "",
                false => "; many allow CONNECT only to port 443",
            };
            format!("the proxy does not allow connections to {authority}{ports}{}", local(error))
        }
        405 | 501 => {
            "that server does not support CONNECT: is the port that of a forward proxy?".to_owned()
        }
        400 => "servers that are not proxies often answer CONNECT like this: is the port that of a forward proxy?".to_owned(),
        // tinyproxy responds so to a wrong password.
        401 => match error.sent {
            Some(sent) => not_accepted(sent),
            None => "a proxy would answer 407, a web server 401: is this the port of a forward proxy?".to_owned(),
        },
        500 if !mentions_unreachable(response) => {
            "the proxy failed: its answer, or its log, may say why".to_owned()
        }
        503 if !mentions_unreachable(response) => format!(
            "the proxy could not reach {authority}, or is overloaded: its answer may say which{}",
            local(error)
        ),
        500 | 502..=504 => format!(
            "the proxy could not reach {authority}: is the name right, and does the server run?{}",
            local(error)
        ),
        _ => return None,
    })
}

/// Whether the response names the cause, as tinyproxy's 500 does.
fn mentions_unreachable(response: &ServerResponse) -> bool {
    let body = String::from_utf8_lossy(&response.body.bytes);
    let words = format!("{}\n{body}", response.line.reason).to_ascii_lowercase();
    ["unable to connect", "could not connect", "connection refused"]
        .iter()
        .any(|phrase| words.contains(phrase))
}

fn not_accepted(sent: ProxyCredentials) -> String {
    match sent {
        ProxyCredentials::Url => {
            "the proxy does not accept this name and password; in the URL, special characters are written %XX"
        }
        ProxyCredentials::Header => {
            "the proxy does not accept the Proxy-Authorization header that was given"
        }
    }
    .to_owned()
}

/// RFC 9110 section 11.7.1.
fn authentication(error: &ProxyError, response: &ServerResponse) -> String {
    let challenges = Challenge::read(&response.head, "Proxy-Authenticate");
    let knows_basic = challenges.iter().any(|challenge| challenge.is("Basic"));
    let schemes: Vec<_> =
        challenges.into_iter().map(|challenge| error.secrets.mask_text(challenge.scheme)).collect();
    match error.sent {
        _ if !knows_basic && !schemes.is_empty() => format!(
            "the proxy requires {}; wscope supports only Basic: --proxy-header 'Proxy-Authorization: …' sends other credentials",
            shortened(&schemes.join(" or "))
        ),
        Some(sent) => not_accepted(sent),
        None => format!("the proxy requires a name and password: {}", with_password(error)),
    }
}

/// RFC 1928 section 6.
fn reply(error: &ProxyError, code: u8) -> Option<String> {
    let authority = &error.authority;
    let looks_up_here = error.via.proxy.kind == ProxyKind::Socks5;
    let is_name = is_name(authority);
    let text = match code {
        1 => "the proxy gives no other reason: its log may".to_owned(),
        2 => format!("the proxy's rules do not allow connections to {authority}"),
        3 | 4 if looks_up_here && is_name => format!(
            "the proxy reports that it cannot reach the address of {authority} that was found here: with socks5h:// it looks the name up itself"
        ),
        3 | 4 => format!("the proxy reports that it cannot reach {authority}: is the host right?"),
        5 => format!(
            "the proxy reports that {authority} refused its connection: no program listens on that port, or a firewall rejects it"
        ),
        7 => "the proxy does not support the command CONNECT".to_owned(),
        8 if looks_up_here && is_name => {
            "the proxy does not support addresses of this kind: -4 or -6 chooses another, socks5h:// sends the name".to_owned()
        }
        8 if is_name => {
            "the proxy does not support names: with socks5:// wscope looks them up".to_owned()
        }
        8 => "the proxy does not support addresses of this kind (IPv4 or IPv6)".to_owned(),
        _ => return None,
    };
    Some(format!("{text}{}", local(error)))
}

/// Whether the host of an authority is a name, not an address.
fn is_name(authority: &str) -> bool {
    let host = host_of(authority);
    !host.starts_with('[') && host.parse::<std::net::Ipv4Addr>().is_err()
}

fn host_of(authority: &str) -> &str {
    authority.rsplit_once(':').map_or("", |(host, _)| host)
}

/// An addition to the hint for a loopback target, which is the proxy's own machine.
fn local(error: &ProxyError) -> String {
    let host = host_of(&error.authority);
    match host == "localhost" || host.starts_with("127.") || host == "[::1]" {
        true => format!(
            "; for the proxy {host} is its own machine: --no-proxy '{host}' connects directly"
        ),
        false => String::new(),
    }
}

fn with_password(error: &ProxyError) -> String {
    let (proxy, scheme) = (&error.via.proxy, error.via.proxy.kind.scheme());
    let url = format!("{scheme}://USER:PASS@{}:{}", proxy.host, proxy.port);
    match error.via.origin {
        SettingOrigin::Option(name) => format!("{name} {url}"),
        SettingOrigin::Variable(name) => format!("{name}={url}"),
    }
}

/// Mentions the variable that names the proxy, and how to connect without it.
fn without(error: &ProxyError) -> String {
    match error.via.origin {
        SettingOrigin::Option(_) => String::new(),
        SettingOrigin::Variable(name) => {
            format!(" {name} names it; --proxy '' connects without it")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_addresses_are_not_names() {
        for (authority, expected) in [
            ("a.example:80", true),
            ("localhost:80", true),
            ("192.0.2.1:80", false),
            ("[2001:db8::abcd]:80", false),
        ] {
            assert_eq!(is_name(authority), expected, "{authority}");
        }
    }
}
