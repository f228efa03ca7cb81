//! The request of an opening handshake.

use super::endpoint::EndpointConfig;
use super::redirect::RedirectChain;
use crate::protocol::handshake::{Request, RequestOptions, generate_key};
use crate::protocol::head::HeaderLine;

/// The request to the current target of `chain`, with a key of its own. Headers and subprotocols with
/// credentials that are not for this target are left out.
pub(super) fn build(endpoint: &EndpointConfig, chain: &RedirectChain) -> Request {
    let handshake = &endpoint.handshake;
    let is_allowed = |line: &HeaderLine| chain.allows_header(line);
    let mut common = common_headers(endpoint);
    common.retain(is_allowed);
    Request::new(&RequestOptions {
        resource: chain.target.resource.clone(),
        host: chain.target.host_header(),
        key: generate_key(),
        subprotocols: chain
            .allowed_subprotocols(&handshake.subprotocols)
            .into_iter()
            .cloned()
            .collect(),
        extensions: handshake.extensions.clone(),
        common,
        custom: handshake.headers.iter().filter(|line| is_allowed(line)).cloned().collect(),
    })
}

/// The headers that a handshake must have (RFC 6455 section 4.1).
const REQUIRED: [&str; 5] =
    ["Host", "Connection", "Upgrade", "Sec-WebSocket-Version", "Sec-WebSocket-Key"];

/// Which of the required headers the user replaced, with the new value, or removed.
pub(super) fn replaced_headers(
    endpoint: &EndpointConfig,
    chain: &RedirectChain,
) -> Vec<(&'static str, Option<String>)> {
    let custom = || endpoint.handshake.headers.iter().filter(|line| chain.allows_header(line));
    REQUIRED
        .into_iter()
        .filter_map(|name| {
            let line = custom().rfind(|line| line.is(name))?;
            Some((name, (!line.is_removal).then(|| line.value.clone())))
        })
        .collect()
}

/// Whether the request to `to` lacks credentials, or a Host header of the user's own, that the request to
/// `from` had.
pub(super) fn drops_credentials(
    endpoint: &EndpointConfig,
    from: &RedirectChain,
    to: &RedirectChain,
) -> bool {
    let common = common_headers(endpoint);
    let mut lines = common.iter().chain(&endpoint.handshake.headers);
    let subprotocols = &endpoint.handshake.subprotocols;
    from.allowed_subprotocols(subprotocols) != to.allowed_subprotocols(subprotocols)
        || lines.any(|line| from.allows_header(line) && !to.allows_header(line))
}

fn common_headers(endpoint: &EndpointConfig) -> Vec<HeaderLine> {
    let handshake = &endpoint.handshake;
    let mut common = Vec::new();
    common.extend(HeaderLine::user_agent(&handshake.user_agent));
    common.extend(handshake.origin.as_ref().map(|origin| HeaderLine::new("Origin", origin)));
    common.extend(handshake.credentials.iter().cloned());
    common
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::endpoint::{EndpointTls, HandshakeConfig};
    use crate::net::Target;
    use crate::net::route::RouteOptions;
    use crate::net::tls::{ClientContext, ServerName, TlsOptions};
    use crate::redact::{Redaction, Secrets};

    fn endpoint(headers: &[&str]) -> EndpointConfig {
        let headers = headers.iter().map(|line| HeaderLine::parse(line).expect("a header"));
        EndpointConfig {
            target: Target::parse("ws://h/a?b").expect("a URL"),
            route: RouteOptions::default(),
            tls: EndpointTls::new(TlsOptions::default()),
            proxy_tls: ClientContext::default(),
            handshake: HandshakeConfig {
                subprotocols: ["chat", "bearer", "s3cr3t-V4lue"].map(str::to_owned).to_vec(),
                origin: Some("http://o".to_owned()),
                user_agent: "agent".to_owned(),
                credentials: vec![HeaderLine::new("Authorization", "Basic dTpw")],
                headers: headers.collect(),
                extensions: None,
            },
            lenient: false,
            max_redirects: Some(5),
            connect_timeout: None,
            probes_tls: false,
            redaction: Redaction::Mask,
            secrets: Secrets::default(),
        }
    }

    fn chains(endpoint: &EndpointConfig, location: &str) -> [RedirectChain; 2] {
        let first = RedirectChain::new(endpoint.target.clone());
        let next = first.redirected(Some(location), 5).expect("a redirect to follow");
        [first, next]
    }

    #[test]
    fn the_request_follows_the_configuration() {
        let endpoint = endpoint(&["X-A: 1", "User-Agent: mine"]);
        let request = build(&endpoint, &RedirectChain::new(endpoint.target.clone()));
        let value = |name| request.head.value(name).unwrap_or_default();
        assert!(request.head.bytes().starts_with(b"GET /a?b HTTP/1.1\r\nHost: h\r\n"));
        for (name, expected) in [
            ("User-Agent", "mine"),
            ("Origin", "http://o"),
            ("Authorization", "Basic dTpw"),
            ("X-A", "1"),
            ("Sec-WebSocket-Protocol", "chat, bearer, s3cr3t-V4lue"),
        ] {
            assert_eq!(value(name), expected, "{name}");
        }
    }

    #[test]
    fn credentials_are_dropped_for_other_hosts_only() {
        for (location, drops) in [("/c", false), ("ws://other/c", true)] {
            let endpoint = endpoint(&["X-Api-Key: hunter22", "Host: mine", "X-A: 1"]);
            let [first, next] = chains(&endpoint, location);
            assert_eq!(drops_credentials(&endpoint, &first, &next), drops, "{location}");
            let request = build(&endpoint, &next);
            for name in ["Authorization", "X-Api-Key"] {
                assert_eq!(request.head.value(name).is_none(), drops, "{name} → {location}");
            }
            let host = if drops { "other" } else { "mine" };
            assert_eq!(request.head.value("Host").as_deref(), Some(host), "{location}");
            assert!(request.head.value("X-A").is_some() && request.head.value("Origin").is_some());
            assert_eq!(request.subprotocols().len(), if drops { 2 } else { 3 }, "{location}");
        }
    }

    #[test]
    fn replaced_headers_are_the_last_ones_that_are_sent_to_this_target() {
        let endpoint = endpoint(&["Host: one", "Host: two", "Upgrade:", "X-A: 1"]);
        let [first, next] = chains(&endpoint, "ws://other/");
        let host = ("Host", Some("two".to_owned()));
        assert_eq!(replaced_headers(&endpoint, &first), [host, ("Upgrade", None)]);
        assert_eq!(replaced_headers(&endpoint, &next), [("Upgrade", None)]);
    }

    #[test]
    fn credentials_are_left_out_for_another_origin() {
        for (url, is_same) in [
            ("ws://h/other?x", true),
            ("ws://h:80", true),
            ("ws://h:81/a", false),
            ("wss://h/a", false),
            ("ws://i/a", false),
            ("ws+unix:/run/x.sock", false),
        ] {
            let mut endpoint = endpoint(&["X-Api-Key: k", "X-A: 1", "Host: mine", "Cookie:"]);
            let named = TlsOptions {
                server_name: ServerName::Other("name".to_owned()),
                ..TlsOptions::default()
            };
            endpoint.tls = EndpointTls::new(named);
            let left_out = endpoint.retarget(Target::parse(url).expect("a URL"));
            let expected: &[&str] = match is_same {
                true => &[],
                false => &[
                    "Authorization",
                    "X-Api-Key",
                    "Host",
                    "a subprotocol with a token",
                    "the client certificate or --servername",
                ],
            };
            assert_eq!(left_out, expected, "{url}");
            let headers: Vec<_> =
                endpoint.handshake.headers.iter().map(|line| line.name.as_str()).collect();
            let kept: &[&str] =
                if is_same { &["X-Api-Key", "X-A", "Host", "Cookie"] } else { &["X-A", "Cookie"] };
            assert_eq!(headers, kept, "{url}");
            assert_eq!(endpoint.handshake.subprotocols.len(), if is_same { 3 } else { 2 });
        }
    }
}
