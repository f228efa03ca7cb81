//! The payloads of received messages, for pipes.

use data_encoding::{BASE64, Encoding, HEXLOWER};

use super::deferred::{BLOCK, Render, base64_piece, hex_piece};
use super::{Format, Outlet};
use crate::event::{Event, EventKind};
use crate::protocol::vocabulary::Direction;

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

/// Writes the payload of every received message; in a proxy of every message, and in lines also who sent it.
#[derive(Debug)]
pub struct PayloadFormat {
    framing: OutputFraming,
    /// What is before the lines of each direction in a proxy.
    leads: [Lead; 2],
}

/// `#N > `, for the connection that had the last message of a direction.
#[derive(Debug, Default)]
struct Lead {
    connection: Option<u64>,
    text: Vec<u8>,
}

impl Lead {
    /// The text for a connection. Most messages follow one of the same connection.
    #[inline]
    fn text(&mut self, connection: Option<u64>, arrow: &str) -> &[u8] {
        if self.connection != connection || self.text.is_empty() {
            self.connection = connection;
            self.text = match connection {
                Some(number) => format!("#{number} {arrow} ").into_bytes(),
                None => format!("{arrow} ").into_bytes(),
            };
        }
        &self.text
    }
}

impl PayloadFormat {
    /// Writes them in this way.
    pub fn new(framing: OutputFraming) -> Self {
        Self { framing, leads: Default::default() }
    }

    /// Writes before a message in a proxy, in lines, whose it is: `>` is by the client, `<` by the server.
    #[inline]
    pub(super) fn put_sender(&mut self, event: &Event<'_>, direction: Direction, out: &mut Outlet) {
        if event.transit.is_none() || self.framing != OutputFraming::Lines {
            return;
        }
        let [client, server] = &mut self.leads;
        let text = match direction {
            Direction::Sent => client.text(event.connection, ">"),
            Direction::Received => server.text(event.connection, "<"),
        };
        out.put_record(text, b"");
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
                if event.is_requested() {
                    self.put_sender(event, message.direction, out);
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
            | EventKind::Decided(_)
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
    use crate::event::{Clock, Message, Transit};
    use crate::protocol::MessageKind;

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
                masked: false,
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
    fn in_a_proxy_lines_say_who_sent_them_and_other_framings_have_both_directions() {
        use Direction::{Received, Sent};
        for (framing, expected) in [
            (OutputFraming::Lines, "#1 > a\n#1 < b\n#1 < \n#20 < c\n#1 > d\n> e\n"),
            (OutputFraming::Nul, "a\0b\0\0c\0d\0e\0"),
            (OutputFraming::Raw, "abcde"),
            (OutputFraming::Hex, "61\n62\n\n63\n64\n65\n"),
            (OutputFraming::Base64, "YQ==\nYg==\n\nYw==\nZA==\nZQ==\n"),
        ] {
            let (mut format, mut out) = (PayloadFormat::new(framing), Outlet::memory());
            for (connection, direction, data) in [
                (Some(1), Sent, "a"),
                (Some(1), Received, "b"),
                (Some(1), Received, ""),
                (Some(20), Received, "c"),
                (Some(1), Sent, "d"),
                (None, Sent, "e"),
            ] {
                let message = Message::received(MessageKind::Text, data.as_bytes());
                let what = EventKind::Message(Message { direction, ..message });
                let transit = Some(Transit::default());
                let at = Clock::start().now();
                format.event(&Event { at, connection, mark: None, transit, what }, &mut out);
            }
            assert_eq!(out.text(), expected, "{framing:?}");
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
