//! The steps of a connection, line by line.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use memchr::memmem;

use super::comments::{comment, push_either_end, push_omitted, push_uncaptured, unwritable};
use super::expected::{self, Sources};
use super::payload::{
    MAX_WHOLE, control, expected_binary, expected_close, sent_binary, sent_close, sent_text,
};
use super::secrets::Secrets;
use super::session::{Connection, Reason, Step, text_of};
use super::uncaptured::Uncaptured;
use super::values::Piece;
use crate::protocol::counted::counted;
use crate::protocol::{CloseCode, MessageKind};
use crate::recording::RecordedMessage;
use crate::recording::seen::not_kept;
use crate::redact::MASK;

/// A connection of a part.
pub(super) struct Member<'a> {
    pub(super) connection: Connection<'a>,
    pub(super) name: Option<String>,
    /// The lines that open it.
    pub(super) head: Vec<String>,
    /// Messages that are ignored.
    pub(super) ignored: Vec<&'a str>,
}

/// Writes steps.
pub(super) struct Steps<'a> {
    sources: Sources<'a>,
    uncaptured: &'a Uncaptured,
    /// Whether the recording says of all messages what of them is masked.
    are_masks_known: bool,
    secrets: &'a mut Secrets,
    /// What a scenario cannot express, with how often it was.
    left_out: BTreeMap<&'static str, u64>,
    /// How many messages a proxy did not keep.
    omitted: u64,
}

impl<'a> Steps<'a> {
    pub(super) fn new(
        sources: Sources<'a>,
        uncaptured: &'a Uncaptured,
        are_masks_known: bool,
        secrets: &'a mut Secrets,
    ) -> Self {
        let left_out = BTreeMap::new();
        Self { sources, uncaptured, are_masks_known, secrets, left_out, omitted: 0 }
    }

    /// Writes the lines that open a connection, with variables in its URL, its headers and its
    /// subprotocols, also the one that is expected.
    pub(super) fn open(&self, member: &Member<'_>, body: &mut String) {
        let captures = self.sources.captures;
        push_uncaptured(body, self.uncaptured.of((member.connection.first, None)));
        let is_request = |line: &&String| !(line.starts_with('[') || line.starts_with("HTTP "));
        let request = member.head.iter().take_while(is_request).count();
        for (index, line) in member.head.iter().enumerate() {
            let has_variables = index < request
                || ["subprotocol:", "Sec-WebSocket-Protocol:"]
                    .iter()
                    .any(|it| line.starts_with(it));
            match has_variables {
                true => body.push_str(&captures.in_head(member.connection.start, line)),
                false => body.push_str(line),
            }
            body.push('\n');
        }
        if member.connection.opening.is_none() {
            body.push_str("# The recording begins after this connection was opened.\n");
        }
    }

    /// Writes the step with this index.
    pub(super) fn step(&mut self, member: &Member<'_>, index: usize, body: &mut String) {
        let (number, ref step) = member.connection.steps[index];
        let name = member.name.as_deref().unwrap_or_default();
        if step.is_of_client() {
            push_uncaptured(body, self.uncaptured.of((number, Some(index))));
        }
        let (sign, payload) = match step {
            Step::Sent(message) => {
                self.note_masked(message, body);
                ('>', self.sent(number, message))
            }
            Step::Received(message) => {
                if text_of(message).is_some_and(|text| member.ignored.contains(&text)) {
                    return;
                }
                ('<', self.received(number, message))
            }
            Step::SentFile(path, size) => {
                let size = counted(*size, "byte");
                let path = comment(path);
                self.secrets.warn(format!("the data of a file is not recorded: {path}, {size}"));
                let _ = writeln!(
                    body,
                    "# A file was sent here whose data is not recorded: {path}, {size}.\n\
                     # To send it again, write  {name}> binary:@PATH  or  {name}> text:@PATH"
                );
                return;
            }
            Step::Omitted(omitted, is_sent) => {
                self.omitted += 1;
                push_omitted(body, name, omitted, *is_sent);
                return;
            }
            Step::SentPing(data) => {
                self.note_masked_in("ping", data, data.is_masked, body);
                ('>', self.control("ping", number, data, true))
            }
            Step::SentPong(data) => {
                self.note_masked_in("pong", data, data.is_masked, body);
                ('>', self.control("pong", number, data, true))
            }
            Step::ReceivedPong(data) => ('<', self.control("pong", number, data, false)),
            Step::SentClose(code, reason) => ('>', self.sent_close(number, *code, *reason, body)),
            Step::Ended(code, reason) => match self.ended(number, member, *code, reason.text) {
                Some(payload) => ('<', payload),
                None => return,
            },
            Step::EndedByEither(code) => return push_either_end(body, name, *code),
        };
        match payload {
            Some(payload) => push_line(body, &format!("{name}{sign}"), &payload),
            None => {
                let what = unwritable(step);
                *self.left_out.entry(what).or_default() += 1;
                let _ = writeln!(body, "# A {what} is left out: a scenario cannot express it.");
            }
        }
        if let Step::Received(message) = step {
            self.sections(number, message, body);
        }
    }

    /// Says where a ping, a pong or a reason is sent with `***` that may stand for a secret.
    fn note_masked_in(&mut self, what: &str, data: &[u8], is_masked: bool, body: &mut String) {
        let is_known = is_masked || self.are_masks_known;
        if is_known || memmem::find(data, MASK.as_bytes()).is_none() {
            return;
        }
        self.secrets.warn(format!(
            "a {what} is sent with ***: the recording does not say whether it stands for a secret"
        ));
        let _ = writeln!(body, "# This {what} has ***, maybe in place of a secret.");
    }

    /// Says where a message is sent with `***` that stands, or may stand, for a secret.
    fn note_masked(&mut self, message: &RecordedMessage, body: &mut String) {
        let (warning, line) = if message.is_masked && text_of(message).is_none() {
            (
                "a binary message is sent with *** in place of a secret that was masked",
                "# In place of a secret that was masked this message has ***.",
            )
        } else if message.may_be_masked() && !self.are_masks_known {
            (
                "a message is sent with ***: the recording does not say whether it stands for a secret",
                "# This message has ***, maybe in place of a secret: recordings of older versions do not say.",
            )
        } else {
            return;
        };
        self.secrets.warn(warning.to_owned());
        let _ = writeln!(body, "{line}");
    }

    pub(super) fn warn_of_left_out(&mut self) {
        for (what, count) in &self.left_out {
            let times = if *count > 1 { format!(" ({count} times)") } else { String::new() };
            let reason = "is left out: a scenario cannot express it";
            self.secrets.warn(format!("a {what} {reason}{times}"));
        }
        if self.omitted > 0 {
            self.secrets.warn(not_kept(self.omitted));
        }
    }

    fn sent(&self, number: usize, message: &RecordedMessage) -> Option<String> {
        match message.kind {
            MessageKind::Binary => Some(sent_binary(&message.data)),
            MessageKind::Text => {
                let pieces = self.sources.sent_pieces(number, text_of(message)?);
                Some(sent_text(&pieces, self.sources.values))
            }
        }
    }

    /// A ping or pong, with variables in its payload.
    fn control(&self, word: &str, number: usize, data: &[u8], is_sent: bool) -> Option<String> {
        let pieces = self.sources.pieces(number, str::from_utf8(data).ok()?, is_sent);
        control(word, &pieces, is_sent, self.sources.values)
    }

    fn sent_close(
        &mut self,
        number: usize,
        code: Option<CloseCode>,
        Reason { text: reason, masked }: Reason<'_>,
        body: &mut String,
    ) -> Option<String> {
        let (payload, is_whole) = sent_close(
            code.map(CloseCode::get),
            &self.sources.pieces(number, reason, true),
            self.sources.values,
        )?;
        if is_whole {
            self.note_masked_in("reason", reason.as_bytes(), masked.is_some(), body);
        } else {
            self.secrets
                .warn("a scenario cannot express the reason of this Close frame".to_owned());
            let reason = comment(reason);
            let _ =
                writeln!(body, "# Its reason is left out: a scenario cannot express it: {reason}");
        }
        Some(payload)
    }

    fn received(&self, number: usize, message: &RecordedMessage) -> Option<String> {
        match message.kind {
            MessageKind::Binary => Some(expected_binary(&message.data)),
            MessageKind::Text => Some(expected::text(number, text_of(message)?, self.sources)),
        }
    }

    fn sections(&self, number: usize, message: &RecordedMessage, body: &mut String) {
        let captures = self.sources.captures.of(number);
        if !captures.is_empty() {
            body.push_str("[Captures]\n");
        }
        for capture in captures {
            let _ = writeln!(body, "{}: {}", capture.name, capture.query);
        }
        if message.kind == MessageKind::Binary && message.data.len() > MAX_WHOLE {
            let _ = writeln!(body, "[Asserts]\nsize == {}", message.data.len());
        }
    }

    /// How the end of a connection is expected. An answer to our Close frame depends on what is written of that: `None` if
    /// nothing is, the code alone if the reason that was left out comes back in it.
    fn ended(
        &self,
        number: usize,
        member: &Member<'_>,
        code: CloseCode,
        reason: &str,
    ) -> Option<Option<String>> {
        let sent = member.connection.steps.iter().find_map(|(_, step)| match step {
            Step::SentClose(code, reason) => Some((code.map(CloseCode::get), reason.text)),
            _ => None,
        });
        let values = self.sources.values;
        let reason = match sent {
            None => reason,
            Some((sent_code, sent_reason)) => {
                match sent_close(sent_code, &[Piece::Text(sent_reason.into())], values)? {
                    (_, false) if reason.contains(sent_reason) => "",
                    _ => reason,
                }
            }
        };
        let pieces = self.sources.pieces(number, reason, false);
        Some(expected_close(code.get(), &pieces, values))
    }
}

fn push_line(body: &mut String, sign: &str, payload: &str) {
    match payload {
        "" => body.push_str(sign),
        payload => body.extend([sign, " ", payload]),
    }
    body.push('\n');
}
