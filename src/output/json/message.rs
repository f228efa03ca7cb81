//! Text messages that are not long: most of what is received. What is the same in all of them is written as a whole.

use super::text;
use crate::event::Message;
use crate::protocol::vocabulary::Direction;

/// The most bytes of a message that is written as a whole.
pub(super) const MOST: usize = 8 << 10;

/// Writes a message with this text and its newline. `when` are the members with its time.
pub(super) fn short_text(
    line: &mut Vec<u8>,
    when: &[u8],
    connection: Option<u64>,
    message: &Message<'_>,
    text: &str,
) {
    line.extend_from_slice(b"{\"event\":\"message\"");
    line.extend_from_slice(when);
    if let Some(connection) = connection {
        number(line, b",\"connection\":", connection);
    }
    line.extend_from_slice(match message.direction {
        Direction::Received => b",\"direction\":\"received\",\"type\":\"text\",\"data\":\"",
        Direction::Sent => b",\"direction\":\"sent\",\"type\":\"text\",\"data\":\"",
    });
    match text::is_unchanged(text.as_bytes()) {
        true => line.extend_from_slice(text.as_bytes()),
        false => text::escaped(text, |part| line.extend_from_slice(part)),
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
    use crate::event::{Clock, Event, EventKind};
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
            wire_size in any::<u64>(),
        ) {
            let direction = if is_sent { Direction::Sent } else { Direction::Received };
            let received = Message::received(MessageKind::Text, data.as_bytes());
            let message = Message { direction, compressed, wire_size, ..received };
            let at = Clock::start().now();
            let mut when = TimeFields::default();
            when.set(at);
            let (mut line, mut part, mut outlet) = (Vec::new(), Vec::new(), Outlet::memory());
            short_text(&mut line, when.text(), connection, &message, &data);
            let event = Event { at, connection, mark: None, transit: None, what: EventKind::Message(message) };
            data_message(Object::new(&mut part, &mut outlet, &when), &event, &message);
            prop_assert_eq!(str::from_utf8(&line).expect("UTF-8"), outlet.text());
        }
    }
}
