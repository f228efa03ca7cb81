//! The host and the port of a URL.

use std::net::Ipv6Addr;

use url::{Host, ParseError};

use super::error::TargetFault;
use super::{escaped_byte, is_number};

/// Host and port, the latter empty if there is none.
pub(super) fn split_port(text: &str) -> Result<(&str, &str), TargetFault<'_>> {
    if !text.starts_with('[') {
        if text.parse::<Ipv6Addr>().is_ok() {
            return Err(TargetFault::new(
                text,
                format!("an IPv6 address is written in brackets: [{text}]"),
            ));
        }
        return Ok(text.split_once(':').unwrap_or((text, "")));
    }
    let Some(end) = text.find(']') else {
        return Err(TargetFault::new(text, "the '[' of an IPv6 address has no ']'"));
    };
    let (host, port) = text.split_at(end + 1);
    match port.strip_prefix(':') {
        Some(port) => Ok((host, port)),
        None if port.is_empty() => Ok((host, port)),
        None => Err(TargetFault::quoting(
            port,
            "is not allowed between the ']' of the IPv6 address and the port",
        )),
    }
}

/// The host of a URL.
pub(super) fn read_host(text: &str) -> Result<Host<String>, TargetFault<'_>> {
    if text.is_empty() {
        return Err(TargetFault::new(text, "the host is missing"));
    }
    Host::parse(text).map_err(|error| match error {
        ParseError::InvalidIpv6Address => bad_ipv6(text),
        ParseError::InvalidIpv4Address => TargetFault::quoting(text, "is not an IPv4 address"),
        _ => bad_name(text),
    })
}

fn bad_ipv6(host: &str) -> TargetFault<'_> {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    match address.find('%') {
        Some(start) => TargetFault::new(
            address.split_at(start).1,
            "a URL cannot name the zone of an IPv6 address: --interface NAME does",
        ),
        None => TargetFault::quoting(address, "is not an IPv6 address"),
    }
}

fn bad_name(host: &str) -> TargetFault<'_> {
    /// The forbidden domain code points of the URL standard that can still be here.
    const FORBIDDEN: [char; 7] = ['<', '>', '[', ']', '^', '|', '%'];
    let Some(start) = host.find(FORBIDDEN) else {
        return TargetFault::quoting(host, "is not a host name that IDNA allows");
    };
    let (_, tail) = host.split_at(start);
    let is_escape = escaped_byte(tail.as_bytes()).is_some();
    let (part, _) = tail.split_at(if is_escape { 3 } else { 1 });
    TargetFault::quoting(part, "is not allowed in a host name")
}

/// The port, `None` for an empty one, which the URL standard allows.
pub(super) fn read_port(text: &str) -> Result<Option<u16>, TargetFault<'_>> {
    if !text.is_empty() && !is_number(text) {
        return Err(TargetFault::quoting(text, "is not a port number"));
    }
    match text.parse() {
        _ if text.is_empty() => Ok(None),
        Ok(0) | Err(_) => {
            Err(TargetFault::new(text, format!("port {text} is out of range (1 to 65535)")))
        }
        Ok(port) => Ok(Some(port)),
    }
}
