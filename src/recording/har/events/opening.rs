//! The opening of the connection of an entry, or what there was instead.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{Builder, EntryEvent};
use crate::protocol::connection::Initiator;
use crate::recording::RecordedKind;
use crate::recording::har::exchange::{Phases, fields};
use crate::recording::har::message::{Message, MessageKind};
use crate::recording::har::time::{Micros, Millis};
use crate::recording::har::values::{object, text, unsigned};
use crate::redact::userinfo_range;

impl Builder<'_> {
    pub(super) fn open(&mut self, own: Option<&RawValue>) {
        let it = &self.exchange;
        if let Some(file) = &it.file {
            let reason = format!(
                "its messages are in another file, {file:?}, and are missing here: Playwright's recordHar writes them into the HAR with content: 'embed'"
            );
            self.warn_of_missing(&reason);
        }
        let it = &self.exchange;
        let mut values = json!({
            "event": "open",
            "url": it.url,
            "status": if it.status == 0 { 101 } else { it.status },
            "reason": it.reason,
            "request_headers": fields(&it.request_headers),
            "response_headers": fields(&it.response_headers),
        });
        let version = match is_peers(own) {
            true => &it.request_version,
            false => &it.response_version,
        };
        values["http_version"] = http_version(version).into();
        if own.is_none() {
            let Phases { dns, tcp, tls, upgrade, total } = self.phases;
            let millis = |micros: Option<Micros>| micros.map(|micros| raw(&Millis(micros)));
            values["remote"] = self.remote().into();
            values["protocol"] = it.answered("Sec-WebSocket-Protocol").into();
            values["extensions"] = it.answered("Sec-WebSocket-Extensions").into();
            values["timings_ms"] = json!({
                "dns": millis(dns),
                "tcp": millis(tcp),
                "tls": millis(tls),
                "upgrade": millis(upgrade),
                "total": millis(Some(total)),
            });
        }
        let opened = self.now;
        self.push_object(opened, own, values);
        if let Some(EntryEvent { what: RecordedKind::Open(opened), transit, .. }) =
            self.events.last()
        {
            self.is_proxied = transit.is_some();
            self.initiator = if self.is_proxied { Initiator::Local } else { opened.initiator };
        }
    }

    /// The address of the server, with its port if that is known.
    fn remote(&self) -> String {
        let address = self.entry.values.server_address.as_deref().and_then(text);
        let Some(address) = address.filter(|it| !it.is_empty()) else { return String::new() };
        let address = address.trim_start_matches('[').trim_end_matches(']');
        let port = self.entry.values.server_port.as_deref().and_then(unsigned);
        let of_url = || url::Url::parse(&self.exchange.url).ok()?.port_or_known_default();
        match port.or_else(|| of_url().map(u64::from)) {
            Some(port) if address.contains(':') => format!("[{address}]:{port}"),
            Some(port) => format!("{address}:{port}"),
            None => address.to_owned(),
        }
    }

    pub(super) fn redirect(&mut self, own: Option<&RawValue>) {
        let it = &self.exchange;
        let values = json!({
            "event": "redirect",
            "status": it.status,
            "reason": it.reason,
            "from": it.url,
            "request_headers": fields(&it.request_headers),
            "to": it.redirect_url,
        });
        self.push_object(self.now, own, values);
    }

    /// A response other than 101, or none.
    pub(super) fn refusal(&mut self, own: Option<&RawValue>, messages: &[Message]) {
        let it = &self.exchange;
        let reported = messages.iter().find(|message| message.what == MessageKind::Error);
        let reported = reported.map(|message| String::from_utf8_lossy(&message.data).into_owned());
        let mut values = json!({ "event": "error" });
        if !it.url.is_empty() {
            values["url"] = it.url.as_str().into();
        }
        if !it.request_headers.is_empty() {
            values["request_headers"] = fields(&it.request_headers);
        }
        if it.status == 0 {
            if own.is_none() {
                let reason = reported.or_else(|| it.error.clone());
                let reason = reason.unwrap_or_else(|| "no response was recorded".to_owned());
                values["kind"] = "connect".into();
                let url = match &*it.url {
                    "" => "an unknown URL".into(),
                    url => without_secrets(url),
                };
                values["message"] = format!("could not connect to {url}: {reason}").into();
            }
            return self.push_object(self.now, own, values);
        }
        values["status"] = it.status.into();
        values["response_headers"] = fields(&it.response_headers);
        values["body"] = String::from_utf8_lossy(&it.body).into();
        if own.is_none() {
            let status = format!("{} {}", it.status, it.reason);
            let version = match &*it.response_version {
                "" => "HTTP/1.1",
                version => version,
            };
            values["kind"] = "handshake".into();
            let (url, status_text) = (without_secrets(&it.url), status.trim_end());
            values["message"] = format!("{url} refused the upgrade: {status_text}").into();
            values["status_line"] = format!("{version} {status}").into();
        }
        if str::from_utf8(&it.body).is_err() {
            values["body_bytes"] = data_encoding::BASE64.encode(&it.body).into();
        }
        self.push_object(self.now, own, values);
    }
}

/// A URL for a message: without what may be a secret, userinfo, query and fragment. The event has all of it.
fn without_secrets(url: &str) -> String {
    let mut shown = url[..url.find(['?', '#']).unwrap_or(url.len())].to_owned();
    if let Some(userinfo) = userinfo_range(&shown) {
        shown.replace_range(userinfo.start..=userinfo.end, ""); // with its @
    }
    shown
}

/// Whether the side that was connected to recorded an opened connection.
fn is_peers(own: Option<&RawValue>) -> bool {
    #[derive(Default, Deserialize)]
    struct Opened<'a> {
        #[serde(borrow)]
        initiator: Option<&'a RawValue>,
    }
    let opened: Opened<'_> = object(own);
    opened.initiator.and_then(text).is_some_and(|initiator| initiator == "peer")
}

/// The versions that recordings know; a connection over HTTP/2 is one of HTTP/1.1 there.
fn http_version(version: &str) -> &'static str {
    match version.ends_with("/1.0") {
        true => "HTTP/1.0",
        false => "HTTP/1.1",
    }
}

/// A number as it is written.
fn raw(number: &impl fmt::Display) -> Value {
    serde_json::from_str(&number.to_string()).unwrap_or_default()
}
