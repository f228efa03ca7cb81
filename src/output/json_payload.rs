//! The payloads of received messages with JSON laid out or in colours, for pipes.

use super::json_view::{self, Look};
use super::payload::{OutputFraming, PayloadFormat};
use super::style::Style;
use super::{Format, Outlet};
use crate::event::{Event, EventKind};
use crate::platform::terminal;

/// What is made of messages that are JSON.
#[derive(Clone, Copy, Debug)]
pub struct JsonLayout {
    /// They are indented if they are long.
    pub pretty: bool,
    /// Their colours.
    pub style: Style,
}

impl JsonLayout {
    /// Whether it changes any message with this framing. Raw output is always what was received.
    pub fn applies(self, framing: OutputFraming) -> bool {
        matches!(framing, OutputFraming::Lines | OutputFraming::Nul)
            && (self.pretty || self.style.is_colored())
    }
}

/// Longer messages are written as they are: what is made of one is kept in memory, and may be many times as long.
const MAX_LAID_OUT: usize = 1 << 20;

/// Writes the payload of every received message, laid out if it is JSON. No character is escaped.
#[derive(Debug)]
pub struct JsonPayloadFormat {
    plain: PayloadFormat,
    layout: JsonLayout,
    /// Columns; `None`: those of the terminal, if there is one.
    width: Option<usize>,
}

impl JsonPayloadFormat {
    /// Writes them in this way.
    pub fn new(framing: OutputFraming, layout: JsonLayout) -> Self {
        Self { plain: PayloadFormat::new(framing), layout, width: None }
    }

    /// What is written of a message; `None`: the message.
    fn laid_out(&self, data: &[u8]) -> Option<String> {
        if data.len() > MAX_LAID_OUT {
            return None;
        }
        let text = str::from_utf8(data).ok().filter(|text| json_view::looks_like_json(text))?;
        let JsonLayout { pretty, style } = self.layout;
        Some(match pretty {
            true => {
                let width = self.width.unwrap_or_else(terminal::width);
                json_view::render(text, Look { style, escapes: false }, width, 0)
            }
            false => json_view::colored(text, style),
        })
    }
}

impl Format for JsonPayloadFormat {
    fn ignores_sent(&self) -> bool {
        true
    }

    fn event(&mut self, event: &Event<'_>, out: &mut Outlet) {
        if let EventKind::Message(message) = &event.what
            && event.is_requested()
        {
            self.plain.put_sender(event, message.direction, out);
            match self.laid_out(message.data) {
                Some(text) => self.plain.message(text.as_bytes(), out),
                None => self.plain.message(message.data, out),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Clock, Message};
    use crate::protocol::MessageKind;
    use crate::protocol::vocabulary::Direction;

    /// What is written of these messages, with `|` in place of NUL.
    fn written(framing: OutputFraming, layout: JsonLayout, messages: &[Message<'_>]) -> String {
        let mut format =
            JsonPayloadFormat { width: Some(20), ..JsonPayloadFormat::new(framing, layout) };
        let mut out = Outlet::memory();
        for message in messages {
            let what = EventKind::Message(*message);
            format.event(
                &Event {
                    at: Clock::start().now(),
                    connection: None,
                    mark: None,
                    transit: None,
                    what,
                },
                &mut out,
            );
        }
        out.text().replace('\0', "|")
    }

    fn received(data: &[u8]) -> Message<'_> {
        Message::received(MessageKind::Text, data)
    }

    const PRETTY: JsonLayout = JsonLayout { pretty: true, style: Style::plain() };
    const COLORED: JsonLayout = JsonLayout { pretty: false, style: Style::new(true) };

    #[test]
    fn long_json_is_indented_and_nothing_else_is_changed() {
        let list = b"[100,200,300,400,500]";
        let indented = "[\n  100, 200, 300,\n  400, 500\n]";
        let text = |text: &'static str| (received(text.as_bytes()), format!("{text}\n"));
        for (message, expected) in [
            (received(list), format!("{indented}\n")),
            (Message::received(MessageKind::Binary, list), format!("{indented}\n")),
            (received(b"[100, 200]"), "[100, 200]\n".to_owned()),
            text("[100,200,300,400,500"),
            text("\u{1b}[31mred\u{202e}, and \u{7f}"),
            text(""),
            (received(b"\xff\0"), "\u{fffd}|\n".to_owned()),
            (Message { direction: Direction::Sent, ..received(list) }, String::new()),
            (Message { surplus: true, ..received(list) }, String::new()),
        ] {
            assert_eq!(written(OutputFraming::Lines, PRETTY, &[message]), expected, "{message:?}");
        }
        let messages = [received(list), received(b"x")];
        assert_eq!(written(OutputFraming::Nul, PRETTY, &messages), format!("{indented}|x|"));
    }

    #[test]
    fn colours_leave_the_layout_of_the_sender() {
        let one = COLORED.style.paint(super::super::style::Role::Number, "1");
        let json = received(b"{ \n}[1 ,\t2]");
        assert_eq!(written(OutputFraming::Lines, COLORED, &[json]), "{ \n}[1 ,\t2]\n", "not JSON");
        let json = received(b" [1 ,\n\t1] ");
        assert_eq!(
            written(OutputFraming::Lines, COLORED, &[json]),
            format!(" [{one} ,\n\t{one}] \n")
        );
    }

    #[test]
    fn a_message_over_the_limit_is_written_as_it_is() {
        let json = |size: usize| format!("[{}]", "1,".repeat(size / 2 - 2) + "11");
        for (size, is_laid_out) in [(MAX_LAID_OUT, true), (MAX_LAID_OUT + 2, false)] {
            let json = json(size);
            assert_eq!(json.len(), size);
            let shown = written(OutputFraming::Lines, PRETTY, &[received(json.as_bytes())]);
            assert_eq!(shown != format!("{json}\n"), is_laid_out, "{size}");
        }
    }

    #[test]
    fn raw_hex_and_base64_are_what_was_received() {
        for framing in [OutputFraming::Raw, OutputFraming::Hex, OutputFraming::Base64] {
            assert!(!PRETTY.applies(framing) && !COLORED.applies(framing), "{framing:?}");
        }
        let none = JsonLayout { pretty: false, style: Style::plain() };
        assert!(!none.applies(OutputFraming::Lines) && PRETTY.applies(OutputFraming::Nul));
    }
}
