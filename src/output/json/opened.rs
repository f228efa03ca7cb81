//! Opened connections.

use super::Addition;
use super::object::Object;
use crate::event::{Event, HeadView, InterimView, Opened, ProxyInitiator};
use crate::net::Timings;
use crate::net::tls::{CertificateInfo, TlsInfo, utc};
use crate::protocol::connection::Initiator;

/// The member with the name of a request field and a hash of its secret for each mask, in order.
pub const SECRET_IDS: &str = "secret_ids";

/// Writes the hashes of the masked secrets of a request for what makes a scenario.
pub(super) fn secret_ids(object: &mut Object<'_>, request: &HeadView, addition: Option<Addition>) {
    if addition == Some(Addition::Scenario) && !request.secret_ids.is_empty() {
        let ids = request.secret_ids.iter();
        let ids: Vec<_> =
            ids.map(|(name, id)| (name.clone(), id.to_string().into_bytes())).collect();
        object.headers(SECRET_IDS, &ids);
    }
}

pub(super) fn open(
    mut object: Object<'_>,
    event: &Event<'_>,
    opened: &Opened,
    addition: Option<Addition>,
) {
    object.start("open", event);
    object.text("url", &opened.url);
    object.text("remote", &opened.remote);
    object.text("local", &opened.local);
    if let Some(proxy) = &opened.proxy {
        object.text("proxy", &proxy.url);
    }
    object.text("http_version", &format!("HTTP/1.{}", opened.http_minor));
    object.number("status", u64::from(opened.status));
    object.text("reason", &opened.reason);
    object.headers("request_headers", &opened.request.fields);
    object.optional_pairs("client_sent", &opened.client_sent);
    secret_ids(&mut object, &opened.request, addition);
    object.headers("response_headers", &opened.response.fields);
    object.malformed("malformed_headers", &[&opened.request, &opened.response]);
    let by_proxy = opened.proxy.as_ref().and_then(|proxy| proxy.heads.as_ref());
    let by_proxy = by_proxy.into_iter().flat_map(|heads| &heads.interim);
    object.objects("interim", by_proxy.chain(&opened.interim), interim);
    object.text_or_null("protocol", opened.protocol.as_deref());
    object.text_or_null("extensions", opened.extensions.as_deref());
    match &opened.tls {
        Some(info) => object.object("tls", |inner| tls(inner, info)),
        None => object.null("tls"),
    }
    timings(&mut object, &opened.timings);
    match (event.transit, opened.initiator) {
        (Some(_), _) => object.text("initiator", ProxyInitiator::Client.name()),
        (None, Initiator::Peer) => object.text("initiator", opened.initiator.name()),
        (None, Initiator::Local) => {}
    }
    object.end();
}

pub(super) fn timings(object: &mut Object<'_>, timings: &Timings) {
    object.object("timings_ms", |inner| {
        inner.millis("dns", timings.dns);
        inner.millis("tcp", timings.tcp);
        inner.millis("proxy", timings.proxy);
        inner.millis("tls", timings.tls);
        inner.millis("upgrade", timings.upgrade);
        inner.millis("total", Some(timings.total));
    });
}

pub(super) fn interim(object: &mut Object<'_>, interim: &InterimView) {
    object.text("from", interim.from.name());
    object.number("status", u64::from(interim.status));
    object.text("reason", &interim.reason);
    object.headers("headers", &interim.head.fields);
    object.malformed("malformed_headers", &[&interim.head]);
}

fn tls(object: &mut Object<'_>, info: &TlsInfo) {
    object.text("version", &info.version);
    object.text("cipher", &info.cipher);
    object.text_or_null("alpn", info.alpn.as_deref());
    match &info.certificate {
        None => object.null("certificate"),
        Some(info) => object.object("certificate", |inner| certificate(inner, info)),
    }
}

pub(super) fn certificate(object: &mut Object<'_>, info: &CertificateInfo) {
    object.text("subject", &info.subject);
    object.text("issuer", &info.issuer);
    object.text("not_after", &utc(info.not_after));
    object.text("not_before", &utc(info.not_before));
    object.texts("names", &info.names);
    object.text("serial", &info.serial);
    object.text("key", &info.key);
    object.text("signature", &info.signature);
    object.text("sha256", &info.fingerprint);
    object.texts("usages", &info.usages);
    object.boolean("is_authority", info.is_authority);
}
