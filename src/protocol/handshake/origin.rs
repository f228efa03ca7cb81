//! Checks of Origin and Host by a server (RFC 6455 sections 4.2.2 and 10.2). Any web page can open a
//! WebSocket to any address that the browser can reach, and a page whose host name an attacker resolves to
//! 127.0.0.1 (DNS rebinding) has the same origin as a server there.

use url::{Host, Url};

use super::http::Authority;
use super::{Finding, quoted};

/// The origins whose pages may connect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// The server's own origin (by `Host`) and those of loopback hosts; also requests without Origin.
    #[default]
    Local,
    /// Only these, each as returned by [`normalize_origin`]; no request without Origin.
    Only(Vec<String>),
    /// All origins, and requests without Origin.
    Any,
}

/// The addresses a server listens on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListenHosts {
    /// Only local clients can connect.
    pub is_loopback: bool,
    /// The addresses, and the names they were resolved from.
    pub hosts: Vec<Host>,
}

/// Why a request is refused with 403.
pub(super) struct Forbidden {
    pub(super) finding: Finding,
    /// What the user can do about it.
    pub(super) hint: &'static str,
}

const EXPECTED_HOST: &str =
    "a loopback host or the listening address, unless --allow-origin is given";
const HINT_HOST: &str = "a web page may have reached this server by DNS rebinding; if the host is yours, \
                         --allow-origin ORIGIN accepts its pages, and --allow-origin '*' accepts everything";
const EXPECTED_ORIGIN: &str =
    "none, this server's own, a loopback origin, or one allowed with --allow-origin";
const HINT_ORIGIN: &str = "a web page of another site tried to connect; if it is yours, \
                           --allow-origin ORIGIN accepts it, and --allow-origin '*' accepts everything";
const HINT_NULL: &str = "a page with the origin null (a local file, a sandboxed frame) tried \
                         to connect; --allow-origin null accepts such pages";
const HINT_OPAQUE: &str = "a page without a host (a local file, a browser extension) tried to connect; \
                           --allow-origin ORIGIN accepts it, and --allow-origin '*' accepts everything";
const HINT_ONLY: &str = "--allow-origin can be repeated; --allow-origin '*' accepts everything";

/// Checks the origin of a request and the host it is addressed to.
pub(super) fn validate(
    allowed: &AllowedOrigins,
    listening: &ListenHosts,
    authority: Option<&Authority>,
    origin: Option<&str>,
    is_upgrade: bool,
) -> Result<(), Forbidden> {
    match allowed {
        AllowedOrigins::Any => Ok(()),
        AllowedOrigins::Only(origins) => validate_listed(origins, origin, is_upgrade),
        AllowedOrigins::Local => {
            validate_host(listening, authority)?;
            origin.map_or(Ok(()), |origin| validate_local(origin, authority))
        }
    }
}

/// With a list, Host need not be checked: the origin of a page that uses DNS rebinding is not in it.
fn validate_listed(
    origins: &[String],
    origin: Option<&str>,
    is_upgrade: bool,
) -> Result<(), Forbidden> {
    let got = match origin {
        Some(origin) if origins.contains(&normalize_origin(origin)) => return Ok(()),
        Some(origin) => format!("'{origin}'"),
        None if !is_upgrade => return Ok(()), // a browser that opens our page sends none
        None => "missing".to_owned(),
    };
    let expected = match origins {
        [only] => format!("'{only}'"),
        several => format!("one of {}", quoted(several)),
    };
    let expected = format!("{expected}, as set by --allow-origin");
    let finding = Finding::new("Origin", got, expected, "RFC 6455 section 4.2.2");
    Err(Forbidden { finding, hint: HINT_ONLY })
}

/// A server on a loopback address is reached by another host name only with DNS rebinding.
fn validate_host(listening: &ListenHosts, authority: Option<&Authority>) -> Result<(), Forbidden> {
    let host = authority.map(|authority| &authority.host);
    let is_known = |host: &Host| is_loopback(host) || listening.hosts.contains(host);
    if !listening.is_loopback || host.is_some_and(is_known) {
        return Ok(());
    }
    let got = host.map_or_else(|| "missing".to_owned(), |host| format!("'{host}'"));
    let finding = Finding::new("Host", got, EXPECTED_HOST, "RFC 6455 section 10.2");
    Err(Forbidden { finding, hint: HINT_HOST })
}

fn validate_local(origin: &str, authority: Option<&Authority>) -> Result<(), Forbidden> {
    let is_own = |(host, port): &(Host, u16), scheme_port: u16| {
        authority.is_some_and(|own| own.host == *host && own.port.unwrap_or(scheme_port) == *port)
    };
    let hint = match TupleOrigin::parse(origin) {
        Some(it) if is_loopback(&it.place.0) || is_own(&it.place, it.default_port) => return Ok(()),
        None if origin == "null" => HINT_NULL,
        None if origin.starts_with("file:") || origin.contains("-extension://") => HINT_OPAQUE,
        _ => HINT_ORIGIN,
    };
    let finding =
        Finding::new("Origin", format!("'{origin}'"), EXPECTED_ORIGIN, "RFC 6455 section 10.2");
    Err(Forbidden { finding, hint })
}

/// Whether a name is a localhost name (RFC 6761 section 6.3).
pub fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// Whether a host is a localhost name or a loopback address.
fn is_loopback(host: &Host) -> bool {
    match host {
        Host::Domain(name) => is_localhost(name),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.to_canonical().is_loopback(),
    }
}

/// An origin with a host in an Origin header (a tuple origin in the HTML standard).
pub(in crate::protocol) struct TupleOrigin {
    pub(in crate::protocol) place: (Host, u16),
    default_port: u16,
    text: String,
}

impl TupleOrigin {
    /// `None` for an opaque origin, such as `null` or that of a browser extension.
    pub(in crate::protocol) fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let default_port = match url.scheme() {
            "http" | "ws" => 80,
            "https" | "wss" => 443,
            _ => return None,
        };
        // Userinfo, a path, a query or a fragment is not part of an origin.
        let is_bare = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\@".contains(&byte))
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none();
        let host = url.host().filter(|_| is_bare)?.to_owned();
        let place = (host, url.port_or_known_default()?);
        Some(Self { place, default_port, text: url.origin().ascii_serialization() })
    }
}

/// The form of an origin that is compared: its serialization by the WHATWG standard, or the text in lower
/// case if it is opaque.
pub fn normalize_origin(text: &str) -> String {
    let opaque = || text.to_ascii_lowercase();
    TupleOrigin::parse(text).map_or_else(opaque, |origin| origin.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loopback() -> ListenHosts {
        let hosts = vec![Host::parse("127.0.0.1").unwrap(), Host::parse("devbox").unwrap()];
        ListenHosts { is_loopback: true, hosts }
    }

    /// The finding, if the request is refused.
    fn verdict(
        allowed: &AllowedOrigins,
        listening: &ListenHosts,
        host: &str,
        origin: Option<&str>,
    ) -> Option<String> {
        let authority = Authority::parse(host);
        let verdict = validate(allowed, listening, authority.as_ref(), origin, true);
        verdict.err().map(|forbidden| forbidden.finding.to_string())
    }

    #[test]
    fn the_hint_depends_on_the_origin() {
        for (origin, hint) in [
            ("https://a.example", HINT_ORIGIN),
            ("null", HINT_NULL),
            ("file://", HINT_OPAQUE),
            ("chrome-extension://abc", HINT_OPAQUE),
        ] {
            let verdict = validate_local(origin, Authority::parse("127.0.0.1").as_ref());
            assert_eq!(verdict.err().map(|it| it.hint), Some(hint), "{origin}");
        }
    }

    /// Whether it is accepted without `--allow-origin` by a server that is not on a loopback address.
    fn is_accepted(host: &str, origin: &str) -> bool {
        let anywhere = ListenHosts::default();
        verdict(&AllowedOrigins::Local, &anywhere, host, Some(origin)).is_none()
    }

    #[test]
    fn the_servers_own_origin_is_accepted() {
        for (host, origin) in [
            ("example.com", "http://example.com"),
            ("example.com", "https://example.com"),
            ("example.com:80", "http://example.com"),
            ("example.com", "http://example.com:80"),
            ("example.com:443", "https://example.com"),
            ("EXAMPLE.com:8080", "http://example.COM:8080"),
            ("example.com:8080", "https://example.com:8080"),
            ("xn--mnchen-3ya.example:1", "http://xn--mnchen-3ya.example:1"),
            ("[2001:db8::1]:1", "http://[2001:DB8:0::1]:1"),
            ("192.0.2.1:1", "http://192.0.2.1:1"),
            ("192.0.2.1:1", "http://192.0.2.1:1/"),
            ("example.com", "ws://example.com"),
        ] {
            assert!(is_accepted(host, origin), "{host} {origin}");
        }
    }

    #[test]
    fn other_origins_are_refused() {
        for (host, origin) in [
            ("example.com", "http://example.com:8080"),
            ("example.com:8080", "http://example.com"),
            ("example.com:443", "http://example.com"),
            ("example.com:80", "https://example.com"),
            ("example.com", "http://www.example.com"),
            ("example.com", "http://example.com.evil.example"),
            ("example.com", "http://example.com@evil.example"),
            ("example.com", "http://evil@example.com"),
            ("example.com", "http://example.com/path"),
            ("example.com", "http://example.com http://evil.example"),
            ("example.com", "example.com"),
            ("example.com", "ftp://example.com"),
            ("192.0.2.1", "http://192.0.2.2"),
            ("example.com", "null"),
            ("example.com", ""),
            ("example.com", "file://"),
            ("abcdef", "chrome-extension://abcdef"),
            ("localhost", "moz-extension://localhost"),
            ("localhost", "http://localhost.evil.example"),
            ("localhost", "http://notlocalhost"),
            ("localhost", "http://126.0.0.1"),
            ("localhost", "http://0.0.0.0"),
        ] {
            assert!(!is_accepted(host, origin), "{host} {origin}");
        }
    }

    #[test]
    fn loopback_origins_are_accepted_from_any_port() {
        for origin in [
            "http://localhost:3000",
            "https://LOCALHOST",
            "http://localhost.:1",
            "http://app.localhost:5173",
            "http://127.0.0.1:1",
            "http://127.255.0.3",
            "http://[::1]:8080",
            "http://[::ffff:127.0.0.1]",
        ] {
            assert!(is_accepted("192.0.2.1:8080", origin), "{origin}");
            assert_eq!(
                verdict(&AllowedOrigins::Local, &loopback(), "localhost", Some(origin)),
                None
            );
        }
    }

    #[test]
    fn on_a_loopback_address_host_must_be_loopback_or_the_address_listened_on() {
        let judged = |host: &str| verdict(&AllowedOrigins::Local, &loopback(), host, None);
        for host in
            ["localhost", "localhost:1", "a.localhost", "127.0.0.2:9", "[::1]", "devbox:8080"]
        {
            assert_eq!(judged(host), None, "{host}");
        }
        for host in ["evil.example", "devbox.evil.example", "192.0.2.1:8080", "0.0.0.0", "[::]"] {
            let finding = judged(host).unwrap_or_else(|| panic!("{host} is accepted"));
            let start = format!("Host: '{}'", host.trim_end_matches(":8080"));
            assert!(finding.starts_with(&start), "{finding}");
            assert!(finding.contains("--allow-origin"), "{finding}");
        }
        // Rebinding: the page and the server have the same origin.
        let origin = Some("http://evil.example:1");
        let finding = verdict(&AllowedOrigins::Local, &loopback(), "evil.example:1", origin);
        assert!(finding.is_some_and(|finding| finding.starts_with("Host: ")));
        assert!(verdict(&AllowedOrigins::Local, &loopback(), "", None).is_some(), "no Host");
        assert!(verdict(&AllowedOrigins::Local, &ListenHosts::default(), "", None).is_none());
    }

    #[test]
    fn a_list_replaces_all_other_rules() {
        let origins = ["https://a.example", "null", "chrome-extension://abc"];
        let allowed = AllowedOrigins::Only(origins.map(str::to_owned).to_vec());
        let judged = |origin| verdict(&allowed, &loopback(), "proxied.example", origin);
        for origin in ["HTTPS://A.example:443", "null", "chrome-extension://ABC"] {
            assert_eq!(judged(Some(origin)), None, "{origin}");
        }
        for origin in [None, Some("http://localhost"), Some("https://a.example.evil")] {
            assert!(judged(origin).is_some(), "{origin:?}");
        }
        assert!(validate(&allowed, &loopback(), None, None, false).is_ok(), "our page");
        assert!(validate(&allowed, &loopback(), None, Some("http://b"), false).is_err());
    }

    #[test]
    fn any_accepts_every_origin() {
        for origin in [None, Some("null"), Some("https://evil.example")] {
            assert_eq!(verdict(&AllowedOrigins::Any, &loopback(), "evil.example", origin), None);
        }
    }
}
