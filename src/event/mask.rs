//! Masking of what events show: secrets of a head, and those that the peer repeats. This is the one place where the
//! views in events are made from heads, Close frames and violations. Messages are data and are not changed.

use super::head_view::{HeadView, MalformedView};
use super::{EventKind, Hop, InterimView};
use crate::net::upgrade::Interim;
use crate::protocol::close::ClosePayload;
use crate::protocol::connection::Ending;
use crate::protocol::frame::Opcode;
use crate::protocol::head::Head;
use crate::protocol::violation::Violation;
use crate::protocol::vocabulary::FrameEvent;
use crate::redact::{Redaction, Secrets};

/// How secrets in heads and texts are masked.
#[derive(Clone, Copy, Debug)]
pub struct Mask<'a> {
    redaction: Redaction,
    secrets: &'a Secrets,
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
        let fields = head.fields().map(|(name, value)| {
            let value = self.redaction.value(name, value);
            (self.text(name.to_owned()), self.secrets.mask(&value).into_owned())
        });
        let malformed = head.malformed_lines().iter().map(|line| {
            let text = self.redaction.malformed_line(&line.text);
            let text = self.secrets.mask(&text).into_owned();
            MalformedView { fields_before: line.fields_before, text }
        });
        HeadView {
            start_line: self.bytes(self.redaction.start_line(head.start_line())),
            fields: fields.collect(),
            malformed: malformed.collect(),
        }
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
        other => emit(other),
    }
}

/// Masks a Close frame. Its reason may be truncated: it has at most 123 bytes.
fn close(close: &ClosePayload, secrets: &Secrets) -> ClosePayload {
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

/// Masks the end of a connection.
pub fn ending(mut ending: Ending, secrets: &Secrets) -> Ending {
    ending.received = ending.received.map(|it| close(&it, secrets));
    ending.violation = ending.violation.map(|it| violation(&it, secrets));
    ending
}
