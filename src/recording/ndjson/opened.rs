//! Opened connections.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::heads::{Fields, Interim, head, interim, status_line};
use super::lists::{or_first, or_limited};
use super::values::{Side, millis, or_default};
use crate::event::{HeadView, Opened, Proxied, Stamp};
use crate::net::Timings;
use crate::net::tls::{CertificateInfo, TlsInfo};
use crate::protocol::connection::Initiator;
use crate::protocol::deflate::choose;
use crate::protocol::head::split_list;
use crate::protocol::vocabulary::Role;
use crate::recording::RecordedKind;
use crate::redact::Secrets;

/// The members of an opened connection.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct OpenLine {
    url: String,
    #[serde(default, deserialize_with = "or_default")]
    remote: String,
    #[serde(default, deserialize_with = "or_default")]
    local: String,
    proxy: Option<String>,
    http_version: Option<String>,
    status: Option<u16>,
    #[serde(default, deserialize_with = "or_default")]
    reason: String,
    #[serde(default, deserialize_with = "or_limited")]
    request_headers: Fields,
    #[serde(default, deserialize_with = "or_limited")]
    client_sent: Vec<(String, Option<String>)>,
    #[serde(default, deserialize_with = "or_first")]
    secret_ids: Fields,
    #[serde(default, deserialize_with = "or_limited")]
    response_headers: Fields,
    #[serde(default, deserialize_with = "or_limited")]
    malformed_headers: Vec<String>,
    #[serde(default, deserialize_with = "or_limited")]
    interim: Vec<Interim>,
    protocol: Option<String>,
    extensions: Option<String>,
    tls: Option<Tls>,
    #[serde(default, deserialize_with = "or_default")]
    timings_ms: Phases,
    initiator: Option<Side>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Tls {
    #[serde(default, deserialize_with = "or_default")]
    version: String,
    #[serde(default, deserialize_with = "or_default")]
    cipher: String,
    alpn: Option<String>,
    certificate: Option<Certificate>,
}

/// The members of a certificate.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct Certificate {
    #[serde(default, deserialize_with = "or_default")]
    subject: String,
    #[serde(default, deserialize_with = "or_default")]
    issuer: String,
    not_after: Option<String>,
    not_before: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    names: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    serial: String,
    #[serde(default, deserialize_with = "or_default")]
    key: String,
    #[serde(default, deserialize_with = "or_default")]
    signature: String,
    #[serde(default, deserialize_with = "or_default")]
    sha256: String,
    #[serde(default, deserialize_with = "or_default")]
    usages: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    is_authority: bool,
}

#[derive(Default, Deserialize)]
#[serde(expecting = "an object", default)]
pub(super) struct Phases {
    dns: Option<Box<RawValue>>,
    tcp: Option<Box<RawValue>>,
    proxy: Option<Box<RawValue>>,
    tls: Option<Box<RawValue>>,
    upgrade: Option<Box<RawValue>>,
    total: Option<Box<RawValue>>,
}

impl OpenLine {
    /// # Errors
    /// Why it is not an opened connection.
    pub(super) fn kind(self, at: Stamp) -> Result<RecordedKind, String> {
        let initiator = self.initiator.map_or(Initiator::Local, Initiator::from);
        let status = self.status.unwrap_or(101);
        let http_version = self.http_version.unwrap_or_else(|| "HTTP/1.1".to_owned());
        let http_minor = match &*http_version {
            "HTTP/1.1" => 1,
            "HTTP/1.0" => 0,
            other => return Err(format!("{other:?} is not HTTP/1.0 or HTTP/1.1")),
        };
        // The recorded version is that of what was received.
        let (requested, answered) = match initiator {
            Initiator::Local => ("HTTP/1.1", &*http_version),
            Initiator::Peer => (&*http_version, "HTTP/1.1"),
        };
        let request_line = format!("GET {} {requested}", resource(&self.url));
        let response_line = status_line(answered, status, &self.reason);
        // Malformed lines are nearly always those of the peer.
        let (of_request, of_response) = match initiator {
            Initiator::Local => (Vec::new(), self.malformed_headers),
            Initiator::Peer => (self.malformed_headers, Vec::new()),
        };
        Ok(RecordedKind::Open(Box::new(Opened {
            initiator,
            remote: self.remote,
            proxy: self.proxy.map(|url| Proxied { words: url.clone(), url, heads: None }),
            local: self.local,
            http_minor,
            status,
            reason: self.reason,
            interim: interim(self.interim),
            has_credentials: false,
            offered: offered(&self.request_headers),
            request: HeadView {
                secret_ids: secret_ids(self.secret_ids),
                ..head(request_line, self.request_headers, of_request)
            },
            client_sent: self.client_sent,
            response: head(response_line, self.response_headers, of_response),
            protocol: self.protocol,
            compression: self.extensions.as_deref().and_then(|it| compression(it, initiator)),
            extensions: self.extensions,
            tls: self.tls.map(|tls| tls.info(at)).transpose()?,
            timings: self.timings_ms.timings()?,
            url: self.url,
            secrets: Secrets::default(),
        })))
    }
}

/// The hashes of masked secrets, in a run that is being recorded.
pub(super) fn secret_ids(list: Fields) -> Vec<(String, u64)> {
    let id = |(name, id): (String, String)| Some((name, id.parse().ok()?));
    list.into_iter().filter_map(id).collect()
}

/// The target of the request for a URL.
fn resource(url: &str) -> &str {
    let Some((scheme, rest)) = url.split_once("://") else { return "/" };
    if scheme.ends_with("+unix") {
        return rest.split_once(':').map_or("/", |(_, resource)| resource);
    }
    rest.find(['/', '?']).map_or("/", |at| &rest[at..])
}

/// The subprotocols of a request.
fn offered(fields: &Fields) -> Vec<String> {
    let lists =
        fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Sec-WebSocket-Protocol"));
    lists.flat_map(|(_, list)| split_list(list)).filter(|name| !name.is_empty()).collect()
}

/// A description of the compression that these extensions are.
fn compression(extensions: &str, initiator: Initiator) -> Option<String> {
    let role = match initiator {
        Initiator::Local => Role::Client,
        Initiator::Peer => Role::Server,
    };
    choose(&split_list(extensions)).map(|(params, _)| params.describe(role))
}

impl Tls {
    fn info(self, at: Stamp) -> Result<TlsInfo, String> {
        Ok(TlsInfo {
            version: self.version,
            cipher: self.cipher,
            alpn: self.alpn,
            certificate: self.certificate.map(|it| it.info(at)).transpose()?,
        })
    }
}

impl Certificate {
    /// The certificate, which was received at this time. A limit of its validity that is not known is none.
    ///
    /// # Errors
    /// Which of its times is not one.
    pub(super) fn info(self, at: Stamp) -> Result<CertificateInfo, String> {
        let limit =
            |name, time: Option<String>, none| time.map_or(Ok(none), |time| second(name, &time));
        Ok(CertificateInfo {
            subject: self.subject,
            issuer: self.issuer,
            names: self.names,
            not_before: limit("not_before", self.not_before, i64::MIN)?,
            not_after: limit("not_after", self.not_after, LAST_SECOND)?,
            seen_at: Timestamp::try_from(at.wall).unwrap_or_default().as_second(),
            serial: self.serial,
            key: self.key,
            signature: self.signature,
            usages: self.usages,
            is_authority: self.is_authority,
            fingerprint: self.sha256,
        })
    }
}

/// 9999-12-31T23:59:59Z, which certificates without an end have.
const LAST_SECOND: i64 = 253_402_300_799;

/// Seconds since the epoch of a certificate's time. Its last one is beyond what can be calculated with.
fn second(name: &str, text: &str) -> Result<i64, String> {
    match text.parse::<Timestamp>() {
        Ok(timestamp) => Ok(timestamp.as_second()),
        Err(_) if text == "9999-12-31T23:59:59Z" => Ok(LAST_SECOND),
        Err(_) => Err(format!("{name} is not a time of RFC 3339")),
    }
}

impl Phases {
    pub(super) fn timings(&self) -> Result<Timings, String> {
        let phase = |it: &Option<Box<RawValue>>| it.as_ref().map(|it| millis(it.get())).transpose();
        Ok(Timings {
            dns: phase(&self.dns)?,
            tcp: phase(&self.tcp)?,
            proxy: phase(&self.proxy)?,
            tls: phase(&self.tls)?,
            upgrade: phase(&self.upgrade)?,
            total: phase(&self.total)?.unwrap_or(Duration::ZERO),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resource_of_a_url_is_what_a_request_names() {
        for (url, expected) in [
            ("ws://host", "/"),
            ("ws://host:80/a/b?c=d", "/a/b?c=d"),
            ("wss://host?q", "?q"),
            ("ws+unix:///tmp/x.sock:/uri?a", "/uri?a"),
            ("ws+unix:///tmp/x.sock", "/"),
            ("nonsense", "/"),
        ] {
            assert_eq!(resource(url), expected, "{url}");
        }
    }

    #[test]
    fn compression_is_described_as_the_side_that_recorded_it_does() {
        let list = "permessage-deflate; server_no_context_takeover; client_max_window_bits=8";
        assert_eq!(
            compression(list, Initiator::Local).as_deref(),
            Some(
                "compressed by the peer only (our window is too small), no context kept by the \
                 server, client window 8"
            )
        );
        assert!(compression(list, Initiator::Peer).expect("words").starts_with("compressed both"));
        assert_eq!(compression("x-other", Initiator::Local), None);
    }
}
