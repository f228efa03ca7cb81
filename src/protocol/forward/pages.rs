//! Whether a request was made by a web page that has nothing to do with the proxy or the target. A browser lets every
//! page connect to a WebSocket and send simple requests, also to this machine; credentials that the proxy adds are not
//! for such pages.

use super::{Authority, ForwardOptions, Host, RequestLine, canonical};
use crate::protocol::handshake::{TupleOrigin, authority};
use crate::protocol::head::Head;

/// Whether the request is that of a foreign page: by its Origin, without one by Sec-Fetch-Site, and, where only this
/// machine can connect, by a Host of another name (DNS rebinding).
pub(super) fn is_foreign(
    options: &ForwardOptions,
    local: &Host,
    line: &RequestLine,
    head: &Head,
) -> bool {
    let has_foreign_host = options.proxy.is_loopback
        && authority(line, head).is_some_and(|it| !is_known(options, local, &it.host));
    let is_cross_site = match head.value("Origin") {
        Some(origin) => TupleOrigin::parse(origin.trim())
            .is_none_or(|origin| !is_known(options, local, &origin.place.0)),
        None => head.value("Sec-Fetch-Site").is_some_and(|site| site.trim() == "cross-site"),
    };
    has_foreign_host || is_cross_site
}

/// Whether a host is this machine, the proxy or the target.
fn is_known(options: &ForwardOptions, local: &Host, host: &Host) -> bool {
    let host = canonical(host);
    let is_loopback = match &host {
        Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let mut own = options.proxy.hosts.iter().chain([local]);
    is_loopback
        || own.any(|own| canonical(own) == host)
        || Authority::parse(&options.target.host).is_some_and(|it| canonical(&it.host) == host)
}
