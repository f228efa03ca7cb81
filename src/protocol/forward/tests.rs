//! Heads and bodies as bytes, and what is made of them.

mod any_bytes;
mod pages;
mod refusals;
mod rewriting;
mod transfers;

use super::*;
use crate::protocol::head::parse_request;

/// A proxy at port 9000, which resolved `devbox` to 192.0.2.7, for this target.
fn options(is_tls: bool, host: &str, resource: &str) -> ForwardOptions {
    let hosts = ["192.0.2.7", "devbox"].map(|host| Host::parse(host).unwrap());
    ForwardOptions {
        proxy: ProxyNames { hosts: hosts.to_vec(), port: 9000, is_loopback: false },
        target: ForwardTarget { is_tls, host: host.to_owned(), resource: resource.to_owned() },
        keep_host: false,
        keep_origin: false,
        headers: Vec::new(),
        credentials: Vec::new(),
        relays_http: true,
    }
}

/// The address that clients are connected to.
fn local() -> Host {
    Host::parse("[::ffff:198.51.100.1]").unwrap()
}

/// What is done with the request at the start of `bytes`.
fn forwarded(options: &ForwardOptions, bytes: &[u8]) -> Result<ForwardedRequest, Refused> {
    let (line, head) = parse_request(bytes).map_err(|error| Refused::unreadable(&error))?.unwrap();
    forward(options, &local(), &line, &head)
}
