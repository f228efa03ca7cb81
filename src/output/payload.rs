//! Received messages and nothing else, for pipes.

use data_encoding::{BASE64, HEXLOWER};

use super::{Format, Outlet};
use crate::event::{Event, Message, What};
use crate::protocol::connection::Direction;

/// How a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// As it is, with a newline.
    Lines,
    /// As it is, with a NUL.
    Nul,
    /// As it is.
    Raw,
    /// In hex, with a newline.
    Hex,
    /// In base64, with a newline.
    Base64,
}

/// Writes the payload of every received message.
#[derive(Debug)]
pub struct Payload {
    framing: Framing,
}

impl Payload {
    /// Writes them like this.
    pub fn new(framing: Framing) -> Self {
        Self { framing }
    }
}

impl Format for Payload {
    fn event(&mut self, event: &Event<'_>, out: &mut Outlet) {
        if let What::Message(Message {
            direction: Direction::Received, data, surplus: false, ..
        }) = &event.what
        {
            match self.framing {
                Framing::Lines => out.put_record(data, b"\n"),
                Framing::Nul => out.put_record(data, b"\0"),
                Framing::Raw => out.put(data),
                Framing::Hex => out.put_record(HEXLOWER.encode(data).as_bytes(), b"\n"),
                Framing::Base64 => out.put_record(BASE64.encode(data).as_bytes(), b"\n"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Clock;
    use crate::protocol::MessageKind;

    fn shown(framing: Framing, messages: &[(&[u8], Direction, bool)]) -> String {
        let (mut format, mut out) = (Payload::new(framing), Outlet::memory());
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
                &Event { at: Clock::start().now(), connection: None, what: What::Message(message) },
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
            (Framing::Lines, "a\nb\n\n"),
            (Framing::Nul, "a\nb\0\0"),
            (Framing::Raw, "a\nb"),
            (Framing::Hex, "610a62\n\n"),
            (Framing::Base64, "YQpi\n\n"),
        ] {
            assert_eq!(shown(framing, &messages), expected, "{framing:?}");
        }
    }
}
