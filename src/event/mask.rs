//! Masking of what events show: secrets of a head, and those that the peer repeats. This is the one place where the
//! views in events are made from heads, Close frames and violations. Messages are data and are not changed.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use super::head_view::{HeadView, MalformedView};
use super::{Carried, Closed, Decided, EventKind, Hop, HttpExchange, InterimView, ProxyClosed};
use crate::net::upgrade::Interim;
use crate::protocol::close::ClosePayload;
use crate::protocol::connection::Ending;
use crate::protocol::frame::Opcode;
use crate::protocol::head::Head;
use crate::protocol::violation::Violation;
use crate::protocol::vocabulary::FrameEvent;
use crate::redact::{MASK, Redaction, Secrets, masked_parts};

/// How secrets in heads and texts are masked.
#[derive(Clone, Copy, Debug)]
pub struct Mask<'a> {
    redaction: Redaction,
    secrets: &'a Secrets,
}

/// A keyed hash of a secret, with a random key of this process.
fn secret_id(secret: &[u8]) -> u64 {
    static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    KEYS.hash_one(secret)
}

/// The most hashes of a head. With fewer than masks the rest of them are as masks that nothing is known of.
const MAX_IDS: usize = 10_000;

/// The hashes of the secrets of a text, in their order: one for each mask.
fn secret_ids(text: &[u8], masked: &[u8]) -> Vec<u64> {
    match masked_parts(text, masked) {
        Some(parts) => parts.into_iter().map(secret_id).collect(),
        None => {
            let count = memchr::memmem::find_iter(masked, MASK.as_bytes()).count();
            (0..count).map(|place| secret_id(&[text, &place.to_le_bytes()].concat())).collect()
        }
    }
}

/// The most hashes of a message.
pub const MAX_MESSAGE_IDS: usize = 100;

/// Hashes of what [`Secrets::mask`] masks in a message: one for each `***` of the masked message, in order, up to
/// [`MAX_MESSAGE_IDS`]. The hashes of heads use the same key. Empty if it is ambiguous which asterisks are
/// masks.
pub fn message_ids(message: &[u8], secrets: &Secrets) -> Vec<u64> {
    let parts = secrets.behind_masks(message, MAX_MESSAGE_IDS).unwrap_or_default();
    parts.into_iter().map(secret_id).collect()
}

impl<'a> Mask<'a> {
    /// Masks what `redaction` finds by the names of fields and parameters, and `secrets` wherever they are repeated.
    pub const fn new(redaction: Redaction, secrets: &'a Secrets) -> Self {
        Self { redaction, secrets }
    }

    /// A text of the peer.
    pub fn text(self, text: String) -> String {
        self.secrets.mask_text(text)
    }

    /// A URL.
    pub fn url(self, url: &str) -> String {
        self.text(self.redaction.url(url).into_owned())
    }

    /// A head.
    pub fn head(self, head: &Head) -> HeadView {
        let mut secret_ids = Vec::new();
        let start_line = self.bytes(self.redaction.start_line(head.start_line()));
        if start_line != head.start_line() {
            let ids = self::secret_ids(head.start_line(), &start_line);
            secret_ids.extend(ids.into_iter().map(|id| (String::new(), id)));
        }
        let fields = head.fields().map(|(name, recorded)| {
            let value = self.redaction.value(name, recorded);
            let (name, value) =
                (self.text(name.to_owned()), self.secrets.mask(&value).into_owned());
            if value != recorded {
                let ids = self::secret_ids(recorded, &value);
                secret_ids.extend(ids.into_iter().map(|id| (name.clone(), id)));
            }
            (name, value)
        });
        let fields = fields.collect();
        secret_ids.truncate(MAX_IDS);
        let malformed = head.malformed_lines().iter().map(|line| {
            let text = self.redaction.malformed_line(&line.text);
            let text = self.secrets.mask(&text).into_owned();
            MalformedView { fields_before: line.fields_before, text }
        });
        HeadView { start_line, fields, malformed: malformed.collect(), secret_ids }
    }

    /// Interim responses.
    pub fn interim(self, interim: &[Interim], from: Hop) -> Vec<InterimView> {
        let view = |interim: &Interim| InterimView {
            from,
            status: interim.line.status,
            reason: self.text(interim.line.reason.clone()),
            head: self.head(&interim.head),
        };
        interim.iter().map(view).collect()
    }

    fn bytes(self, bytes: Vec<u8>) -> Vec<u8> {
        self.secrets.mask(&bytes).into_owned()
    }
}

/// Calls `emit` with an event of a connection, in which the secrets are masked that a peer may repeat when it closes.
pub fn emit_masked(event: EventKind<'_>, secrets: &Secrets, emit: impl FnOnce(EventKind<'_>)) {
    match event {
        EventKind::CloseFrame(direction, payload) => {
            emit(EventKind::CloseFrame(direction, &close(payload, secrets)));
        }
        EventKind::Frame(frame) if frame.header.opcode == Opcode::Close => {
            // The payload of a refused frame is cut.
            let payload = &secrets.mask_cut(frame.payload);
            emit(EventKind::Frame(&FrameEvent { payload, ..*frame }));
        }
        EventKind::Violation(direction, it) => {
            emit(EventKind::Violation(direction, &violation(it, secrets)));
        }
        EventKind::Tolerated(direction, it) => {
            emit(EventKind::Tolerated(direction, &violation(it, secrets)));
        }
        EventKind::Decided(it) => match &it.content {
            Carried::Close(payload) => {
                let content = Carried::Close(close(payload, secrets));
                emit(EventKind::Decided(&Decided { content, ..it.clone() }));
            }
            _ => emit(event),
        },
        EventKind::Http(it) => emit(EventKind::Http(&http(it, secrets))),
        EventKind::ProxyClosed(it) => emit(EventKind::ProxyClosed(&proxy_closed(it, secrets))),
        other => emit(other),
    }
}

/// Masks a Close frame. Its reason may be truncated: it has at most 123 bytes.
pub fn close(close: &ClosePayload, secrets: &Secrets) -> ClosePayload {
    ClosePayload { code: close.code, reason: cut_text(&close.reason, secrets) }
}

/// Masks a text that may end within a secret.
fn cut_text(text: &str, secrets: &Secrets) -> String {
    String::from_utf8_lossy(&secrets.mask_cut(text.as_bytes())).into_owned()
}

fn violation(violation: &Violation, secrets: &Secrets) -> Violation {
    Violation {
        detail: cut_text(&violation.detail, secrets),
        payload: secrets.mask_cut(&violation.payload).into_owned().into(),
        excerpt: secrets.mask_cut(&violation.excerpt).into_owned(),
        ..violation.clone()
    }
}

fn http(http: &HttpExchange, secrets: &Secrets) -> HttpExchange {
    let text = |text: &String| secrets.mask_text(text.clone());
    let HttpExchange { method, target, note, .. } = http;
    HttpExchange {
        method: text(method),
        target: text(target),
        note: note.as_ref().map(text),
        ..http.clone()
    }
}

/// Masks the end of a connection through a proxy.
pub fn proxy_closed(closed: &ProxyClosed, secrets: &Secrets) -> ProxyClosed {
    let close = |it: &Option<ClosePayload>| it.as_ref().map(|it| close(it, secrets));
    let masked = ProxyClosed {
        client: close(&closed.client),
        server: close(&closed.server),
        own: close(&closed.own),
        why: closed.why.as_ref().map(|why| cut_text(why, secrets)),
        ..closed.clone()
    };
    let closes = [
        (&masked.client, &closed.client),
        (&masked.server, &closed.server),
        (&masked.own, &closed.own),
    ];
    let is_masked = closed.is_masked || closes.iter().any(|(masked, original)| masked != original);
    ProxyClosed { is_masked, ..masked }
}

/// Masks the end of a connection. Returns also whether its reason was masked.
pub fn ending(mut ending: Ending, secrets: &Secrets) -> (Ending, bool) {
    let received = ending.received.as_ref().map(|it| close(it, secrets));
    let is_masked = received != ending.received;
    ending.received = received;
    ending.violation = ending.violation.map(|it| violation(&it, secrets));
    (ending, is_masked)
}

/// Masks the reasons of both Close frames of a connection as messages are masked; `None` if there is nothing to mask.
pub fn closed(closed: &Closed, secrets: &Secrets) -> Option<Closed> {
    let close = |it: &Option<ClosePayload>| {
        let it = it.as_ref()?;
        Some(ClosePayload { code: it.code, reason: secrets.mask_text(it.reason.clone()) })
    };
    let Closed { ending: Ending { sent, received, .. }, .. } = closed;
    let ending = Ending { sent: close(sent), received: close(received), ..closed.ending.clone() };
    if ending.sent == *sent && ending.received == *received {
        return None;
    }
    let reason = |it: &Option<ClosePayload>| it.as_ref().map(|it| it.reason.clone());
    let ids = [reason(sent), reason(received)].into_iter().flatten();
    let ids = ids.flat_map(|reason| message_ids(reason.as_bytes(), secrets)).collect();
    Some(Closed { ending, masked: Some(ids), ..closed.clone() })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::protocol::CloseCode;
    use crate::protocol::head::parse_request;

    #[test]
    fn a_head_has_not_more_hashes_than_a_recording_may_have() {
        let request = format!("GET /?{} HTTP/1.1\r\n\r\n", "sid=1&".repeat(MAX_IDS + 1));
        let (_, head) = parse_request(request.as_bytes()).expect("a request").expect("a whole one");
        let secrets = Secrets::of_values(std::iter::empty::<&String>());
        let view = Mask::new(Redaction::Mask, &secrets).head(&head);
        assert_eq!(view.secret_ids.len(), MAX_IDS);
    }

    #[test]
    fn what_a_proxy_reports_has_no_secrets_that_a_side_repeats() {
        let secret = "correct-horse".to_owned();
        let secrets = Secrets::of_values([&secret].into_iter());
        let text = format!("bad token {secret}");
        let reason = || {
            let code = Some(CloseCode::POLICY_VIOLATION);
            Some(ClosePayload { code, reason: text.clone() })
        };
        let closed = ProxyClosed {
            client: reason(),
            server: reason(),
            own: reason(),
            why: Some(text.clone()),
            ..ProxyClosed::sample()
        };
        let http = HttpExchange {
            method: "GET".to_owned(),
            target: format!("/{secret}"),
            status: None,
            duration: Duration::ZERO,
            note: Some(text.clone()),
        };
        for what in [EventKind::ProxyClosed(&closed), EventKind::Http(&http)] {
            emit_masked(what, &secrets, |masked| {
                let masked = format!("{masked:?}");
                assert!(masked.contains("***") && !masked.contains(&secret), "{masked}");
            });
        }
    }
}
