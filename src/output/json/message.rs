//! Text messages that are not long: most of what is received. What is the same in all of them is written as a whole.

use super::text;
use crate::event::{Event, Message};
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

/// Writes a message that nothing was done to with this text and its newline. `when` are the members with its time.
pub(super) fn short_text(
    line: &mut Vec<u8>,
    when: &[u8],
    event: &Event<'_>,
    message: &Message<'_>,
    text: Text<'_>,
) {
    line.extend_from_slice(b"{\"event\":\"message\"");
    line.extend_from_slice(when);
    if let Some(connection) = event.connection {
        number(line, b",\"connection\":", connection);
    }
    line.extend_from_slice(match (message.direction, event.transit.is_some()) {
        (Direction::Received, false) => RECEIVED,
        (Direction::Sent, false) => SENT,
        (Direction::Received, true) => BY_SERVER,
        (Direction::Sent, true) => BY_CLIENT,
    });
    match text {
        Text::Unchanged(text) => line.extend_from_slice(text),
        Text::Other(text) => text::escaped(text, |part| line.extend_from_slice(part)),
    }
    number(line, b"\",\"size\":", message.data.len() as u64);
    number(line, b",\"wire_size\":", message.wire_size);
    let frames = match message.compressed {
        true => b",\"compressed\":true,\"frames\":".as_slice(),
        false => b",\"compressed\":false,\"frames\":",
    };
    number(line, frames, message.frames);
    line.extend_from_slice(b"}\n");
}

fn number(line: &mut Vec<u8>, key: &[u8], number: u64) {
    line.extend_from_slice(key);
    let _ = serde_json::to_writer(line, &number); // writing to a Vec cannot fail
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::{Clock, EventKind, Transit};
    use crate::output::Outlet;
    use crate::output::json::data_message;
    use crate::output::json::object::{Object, TimeFields};
    use crate::protocol::MessageKind;

    proptest! {
        #[test]
        fn messages_are_written_like_all_other_events(
            data in any::<String>(),
            is_sent in any::<bool>(),
            compressed in any::<bool>(),
            connection in any::<Option<u64>>(),
            is_in_transit in any::<bool>(),
            wire_size in any::<u64>(),
        ) {
            let direction = if is_sent { Direction::Sent } else { Direction::Received };
            let received = Message::received(MessageKind::Text, data.as_bytes());
            let message = Message { direction, compressed, wire_size, ..received };
            let at = Clock::start().now();
            let mut when = TimeFields::default();
            when.set(at);
            let (mut line, mut part, mut outlet) = (Vec::new(), Vec::new(), Outlet::memory());
            let transit = is_in_transit.then(Transit::default);
            let what = EventKind::Message(message);
            let event = Event { at, connection, mark: None, transit, what };
            let text = Text::of(data.as_bytes()).expect("UTF-8");
            short_text(&mut line, when.text(), &event, &message, text);
            data_message(Object::new(&mut part, &mut outlet, &when), &event, &message);
            prop_assert_eq!(str::from_utf8(&line).expect("UTF-8"), outlet.text());
        }
    }
}
