//! Results of commands.

use data_encoding::BASE64;

use super::Human;
use super::connection::packed_sides;
use super::message::counted;
use super::stamp::short;
use crate::event::{Message, ServerStatus, Shown, Status};
use crate::output::escape::{Newlines, escape};
use crate::output::style::Role;
use crate::output::wrap::HANGING;
use crate::platform::files::format_size;
use crate::protocol::connection::Initiator;
use crate::protocol::vocabulary::{Counters, Direction};

impl Human {
    pub(super) fn shown(&self, shown: &Shown<'_>) -> Option<String> {
        if !self.options.answers && !matches!(shown, Shown::Failure(_)) {
            return None;
        }
        Some(match shown {
            Shown::Status(status) => self.status(status),
            Shown::ServerStatus(status) => self.server_status(status),
            Shown::Headers(opened) => {
                let (request, response) = match opened.initiator {
                    Initiator::Local => (Direction::Sent, Direction::Received),
                    Initiator::Peer => (Direction::Received, Direction::Sent),
                };
                let responses = opened.interim.iter().map(|it| &it.head).chain([&opened.response]);
                let responses: String = responses.map(|head| self.head(response, head)).collect();
                self.head(request, &opened.request) + &responses
            }
            Shown::Full(message) => self.full_message(message),
            Shown::Copied(number, message) => self.copied(*number, message),
            Shown::Text(text) => format!("{}\n", self.wrapped(text, 0, HANGING)),
            Shown::Lines(text) => format!("{}\n", escape(text, Newlines::Keep)),
            Shown::Failure(text) => (*text).to_owned(),
            Shown::Problem(text) => {
                let text = escape(text, Newlines::Escape);
                format!("{}\n", self.paragraph(Role::Warning, &text, 0, HANGING))
            }
        })
    }

    /// Sets the clipboard of the terminal (OSC 52 of xterm). Terminals do not answer whether they did.
    fn copied(&self, number: u64, message: &Message<'_>) -> String {
        if !self.options.escapes {
            return self
                .shown(&Shown::Problem("only a terminal has a clipboard"))
                .unwrap_or_default();
        }
        let data = BASE64.encode(message.data);
        let size = counted(message.data.len() as u64, "byte");
        let text = format!(
            "message {number}, {size}, sent to the clipboard of the terminal (OSC 52), which may not allow it"
        );
        format!("\x1b]52;c;{data}\x07{}\n", self.wrapped(&text, 0, HANGING))
    }

    fn status(&self, status: &Status) -> String {
        let or_none = |text: &Option<String>| {
            text.as_ref().map_or_else(
                || "none".to_owned(),
                |text| escape(text, Newlines::Escape).into_owned(),
            )
        };
        self.rows(&[
            ("url", escape(&status.url, Newlines::Escape).into_owned()),
            ("state", status.state.name().to_owned()),
            ("subprotocol", or_none(&status.protocol)),
            ("extensions", or_none(&status.extensions)),
            ("compression", compression(status)),
            ("queued to send", counted(status.buffered as u64, "byte")),
            ("received", traffic(&status.received)),
            ("sent", traffic(&status.sent)),
            ("round trip", status.rtt.map_or_else(|| "not measured: /ping".to_owned(), short)),
            ("age", short(status.age)),
        ])
    }

    fn server_status(&self, status: &ServerStatus) -> String {
        let (held, limit) = (status.memory as u64, status.memory_limit as u64);
        self.rows(&[
            ("url", escape(&status.url, Newlines::Escape).into_owned()),
            ("clients", format!("{} connected, {} in all", status.clients, status.admitted)),
            ("received", counted(status.received, "message")),
            ("sent", counted(status.sent, "message")),
            ("memory", format!("{} of {}", counted(held, "byte"), format_size(limit))),
            ("age", short(status.age)),
        ])
    }

    fn rows(&self, rows: &[(&str, String)]) -> String {
        let row = |(name, value): &(&str, String)| {
            let name = format!("  {name:<15} ");
            let value = self.wrapped(value, name.len(), name.len());
            format!("{}{value}\n", self.paint(Role::Dim, &name))
        };
        rows.iter().map(row).collect()
    }
}

fn compression(status: &Status) -> String {
    let Some(words) = &status.compression else { return "none".to_owned() };
    let sides = packed_sides(&status.received, &status.sent);
    sides.iter().fold(words.clone(), |text, side| format!("{text}; {side}"))
}

fn traffic(counters: &Counters) -> String {
    format!(
        "{}, {}; {}, {} on the wire",
        counted(counters.messages, "message"),
        counted(counters.payload_bytes, "byte"),
        counted(counters.frames, "frame"),
        counted(counters.wire_bytes, "byte")
    )
}
