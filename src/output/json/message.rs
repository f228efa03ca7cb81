//! Text messages that are not long: most of what is received. What is the same in all of them is written as a whole.

use super::object::TimeFields;
use super::text;
use crate::event::{Event, Message, Stamp};
use crate::protocol::vocabulary::Direction;

/// The most bytes of a message that is written as a whole.
pub(super) const MOST: usize = 8 << 10;

/// The members beside the text usually have fewer bytes.
pub(super) const OTHERS: usize = 256;

/// The text of a message.
#[derive(Clone, Copy)]
pub(super) enum Text<'a> {
    /// It is written as it is.
    Unchanged(&'a [u8]),
    /// Some of it may be escaped.
    Other(&'a str),
}

impl<'a> Text<'a> {
    /// `None`: it is not UTF-8.
    pub(super) fn of(data: &'a [u8]) -> Option<Self> {
        match text::is_unchanged(data) {
            true => Some(Self::Unchanged(data)),
            false => simdutf8::basic::from_utf8(data).ok().map(Self::Other),
        }
    }
}

const RECEIVED: &[u8] = b",\"direction\":\"received\",\"type\":\"text\",\"data\":\"";
const SENT: &[u8] = b",\"direction\":\"sent\",\"type\":\"text\",\"data\":\"";
const BY_SERVER: &[u8] = b",\"direction\":\"server\",\"type\":\"text\",\"data\":\"";
const BY_CLIENT: &[u8] = b",\"direction\":\"client\",\"type\":\"text\",\"data\":\"";

/// Writes messages that nothing was done to. The members around the text are often the same as in the message before: to format
/// them for each would cost more than all the rest.
#[derive(Debug, Default)]
pub(super) struct ShortTexts {
    before: Members<Before>,
    after: Members<After>,
}

/// Members as they are written, and what they depend on.
#[derive(Debug)]
struct Members<T> {
    of: Option<T>,
    text: Vec<u8>,
}

impl<T> Default for Members<T> {
    fn default() -> Self {
        Self { of: None, text: Vec::new() }
    }
}

/// What the members before the text depend on.
#[derive(Debug, PartialEq)]
struct Before {
    at: Stamp,
    connection: Option<u64>,
    direction: Direction,
    is_in_transit: bool,
}

/// What the members behind the text depend on.
#[derive(Debug, PartialEq)]
struct After {
    size: usize,
    wire_size: u64,
    frames: u64,
    compressed: bool,
}

impl ShortTexts {
    /// Writes a message with this text and its newline. `when` has the members with its time.
    pub(super) fn write(
        &mut self,
        line: &mut Vec<u8>,
        when: &mut TimeFields,
        event: &Event<'_>,
        message: &Message<'_>,
        text: Text<'_>,
    ) {
        let before = Before {
            at: event.at,
            connection: event.connection,
            direction: message.direction,
            is_in_transit: event.transit.is_some(),
        };
        let after = After {
            size: message.data.len(),
            wire_size: message.wire_size,
            frames: message.frames,
            compressed: message.compressed,
        };
        line.extend_from_slice(self.before.of(before, |it, line| {
            when.set(it.at);
            it.write(line, when.text());
        }));
        match text {
            Text::Unchanged(text) => line.extend_from_slice(text),
            Text::Other(text) => text::escaped(text, |part| line.extend_from_slice(part)),
        }
        line.extend_from_slice(self.after.of(after, After::write));
    }
}

impl<T: PartialEq> Members<T> {
    /// Those that depend on this.
    #[inline]
    fn of(&mut self, of: T, write: impl FnOnce(&T, &mut Vec<u8>)) -> &[u8] {
        if self.of.as_ref() != Some(&of) {
            self.text.clear();
            write(&of, &mut self.text);
            self.of = Some(of);
        }
        &self.text
    }
}

impl Before {
    fn write(&self, line: &mut Vec<u8>, when: &[u8]) {
        line.extend_from_slice(b"{\"event\":\"message\"");
        line.extend_from_slice(when);
        if let Some(connection) = self.connection {
            number(line, b",\"connection\":", connection);
        }
        line.extend_from_slice(match (self.direction, self.is_in_transit) {
            (Direction::Received, false) => RECEIVED,
            (Direction::Sent, false) => SENT,
            (Direction::Received, true) => BY_SERVER,
            (Direction::Sent, true) => BY_CLIENT,
        });
    }
}

impl After {
    fn write(&self, line: &mut Vec<u8>) {
        number(line, b"\",\"size\":", self.size as u64);
        number(line, b",\"wire_size\":", self.wire_size);
        let frames = match self.compressed {
            true => b",\"compressed\":true,\"frames\":".as_slice(),
            false => b",\"compressed\":false,\"frames\":",
        };
        number(line, frames, self.frames);
        line.extend_from_slice(b"}\n");
    }
}

fn number(line: &mut Vec<u8>, key: &[u8], number: u64) {
    line.extend_from_slice(key);
    let _ = serde_json::to_writer(line, &number); // writing to a Vec cannot fail
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::event::{Clock, EventKind, Transit};
    use crate::output::Outlet;
    use crate::output::json::data_message;
    use crate::output::json::object::Object;
    use crate::protocol::MessageKind;

    proptest! {
        #[test]
        fn messages_are_written_like_all_other_events(
            messages in vec((0..3_usize, any::<(bool, bool, Option<bool>, bool, bool)>(), any::<String>()), 1..8),
        ) {
            let clock = Clock::start();
            let mut now = clock.now();
            let (mut texts, mut when, mut of_texts) =
                (ShortTexts::default(), TimeFields::default(), TimeFields::default());
            for (size, (is_sent, compressed, connection, is_in_transit, has_passed), data) in messages {
                let direction = if is_sent { Direction::Sent } else { Direction::Received };
                let received = Message::received(MessageKind::Text, data.as_bytes());
                let sizes = [2, data.len() as u64 + 2, u64::MAX];
                let frames = sizes[2 - size];
                let message =
                    Message { direction, compressed, wire_size: sizes[size], frames, ..received };
                if has_passed {
                    now.elapsed += Duration::from_micros(1);
                }
                when.set(now);
                let (mut line, mut part, mut outlet) = (Vec::new(), Vec::new(), Outlet::memory());
                let transit = is_in_transit.then(Transit::default);
                let connection = connection.map(u64::from);
                let what = EventKind::Message(message);
                let event = Event { at: now, connection, mark: None, transit, what };
                let text = Text::of(data.as_bytes()).expect("UTF-8");
                texts.write(&mut line, &mut of_texts, &event, &message, text);
                data_message(Object::new(&mut part, &mut outlet, &when), &event, &message);
                prop_assert_eq!(str::from_utf8(&line).expect("UTF-8"), outlet.text());
            }
        }
    }
}
