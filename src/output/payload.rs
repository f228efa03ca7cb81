//! The payloads of received messages, for pipes.

use data_encoding::{BASE64, Encoding, HEXLOWER};

use super::deferred::{BLOCK, Render, base64_piece, hex_piece};
use super::{Format, Outlet};
use crate::event::{Event, EventKind};

/// How a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputFraming {
    /// Unchanged, with a newline.
    Lines,
    /// Unchanged, with a NUL.
    Nul,
    /// Unchanged.
    Raw,
    /// In hex, with a newline.
    Hex,
    /// In base64, with a newline.
    Base64,
}

/// Writes the payload of every received message.
#[derive(Debug)]
pub struct PayloadFormat {
    framing: OutputFraming,
}

impl PayloadFormat {
    /// Writes them in this way.
    pub fn new(framing: OutputFraming) -> Self {
        Self { framing }
    }

    /// Writes one.
    #[inline]
    pub(super) fn message(&self, data: &[u8], out: &mut Outlet) {
        match self.framing {
            OutputFraming::Lines => out.put_record(data, b"\n"),
            OutputFraming::Nul => out.put_record(data, b"\0"),
            OutputFraming::Raw => out.put(data),
            OutputFraming::Hex => put_encoded(&HEXLOWER, hex_piece, data, out),
            OutputFraming::Base64 => put_encoded(&BASE64, base64_piece, data, out),
        }
    }
}

impl Format for PayloadFormat {
    fn ignores_sent(&self) -> bool {
        true
    }

    fn event(&mut self, event: &Event<'_>, out: &mut Outlet) {
        match &event.what {
            EventKind::Message(message) => {
                if message.is_requested() {
                    self.message(message.data, out);
                }
            }
            EventKind::Tunnel(_)
            | EventKind::Request(_)
            | EventKind::Open(_)
            | EventKind::FileSent(_)
            | EventKind::Ping(..)
            | EventKind::Pong(..)
            | EventKind::Frame(_)
            | EventKind::CloseFrame(..)
            | EventKind::Violation(..)
            | EventKind::Tolerated(..)
            | EventKind::Closed(_)
            | EventKind::Omitted(_)
            | EventKind::Http(_)
            | EventKind::ProxyClosed(_)
            | EventKind::Redirect(_)
            | EventKind::RetryScheduled(_)
            | EventKind::Notice(..)
            | EventKind::Failure(_)
            | EventKind::Shown(_) => {}
        }
    }
}

/// A long message is encoded in parts, so that no second copy of it is made.
fn put_encoded(encoding: &Encoding, piece: Render, data: &[u8], out: &mut Outlet) {
    if data.len() <= BLOCK {
        return out.put_record(encoding.encode(data).as_bytes(), b"\n");
    }
    out.put_long(data, piece);
    out.put(b"\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Clock, Message};
    use crate::protocol::MessageKind;
    use crate::protocol::vocabulary::Direction;

    fn shown(framing: OutputFraming, messages: &[(&[u8], Direction, bool)]) -> String {
        let (mut format, mut out) = (PayloadFormat::new(framing), Outlet::memory());
        for (data, direction, surplus) in messages {
            let message = Message {
                direction: *direction,
                kind: MessageKind::Binary,
                data,
                wire_size: 0,
                compressed: false,
                frames: 1,
                typed: false,
                surplus: *surplus,
            };
            format.event(
                &Event {
                    at: Clock::start().now(),
                    connection: None,
                    mark: None,
                    transit: None,
                    what: EventKind::Message(message),
                },
                &mut out,
            );
        }
        out.text()
    }

    #[test]
    fn each_framing_writes_what_was_received_and_nothing_else() {
        let messages: [(&[u8], _, _); 4] = [
            (b"a\nb", Direction::Received, false),
            (b"mine", Direction::Sent, false),
            (b"", Direction::Received, false),
            (b"more than asked for", Direction::Received, true),
        ];
        for (framing, expected) in [
            (OutputFraming::Lines, "a\nb\n\n"),
            (OutputFraming::Nul, "a\nb\0\0"),
            (OutputFraming::Raw, "a\nb"),
            (OutputFraming::Hex, "610a62\n\n"),
            (OutputFraming::Base64, "YQpi\n\n"),
        ] {
            assert_eq!(shown(framing, &messages), expected, "{framing:?}");
        }
    }

    #[test]
    fn a_long_message_is_encoded_in_parts_as_if_in_one() {
        for size in [BLOCK, BLOCK + 1, 3 * BLOCK, 3 * BLOCK + 2] {
            let data: Vec<u8> = (0..size).map(|at| at as u8).collect();
            for (framing, encoding) in
                [(OutputFraming::Hex, HEXLOWER), (OutputFraming::Base64, BASE64)]
            {
                let text = shown(framing, &[(&data, Direction::Received, false)]);
                assert_eq!(text, encoding.encode(&data) + "\n", "{framing:?} {size}");
            }
        }
    }
}
