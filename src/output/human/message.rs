//! Messages on a terminal: text, JSON, binary, all of bounded length.

use std::borrow::Cow;

use super::{Human, HumanOptions, arrow, role};
use crate::event::{FileSent, Mark, Message};
use crate::output::escape::{Newlines, escape, is_readable_text};
use crate::output::hex_dump::hex_dump;
use crate::output::json_view;
use crate::output::style::Role;
use crate::output::wrap::HANGING;
use crate::protocol::MessageKind;
use crate::protocol::counted::plural;
use crate::protocol::vocabulary::Direction;

/// Text over this many bytes is cut on screen.
const MAX_TEXT: usize = 8 << 10;

/// Binary over this many bytes is cut on screen.
const MAX_BINARY: usize = 512;

impl Human {
    /// A message, cut if it is long.
    pub(super) fn message(&self, message: &Message<'_>, mark: Option<&Mark>) -> Option<String> {
        if !self.options.messages {
            return None;
        }
        if message.typed {
            // It is visible already, but without its number.
            return self.shows_numbers().then(|| {
                let arrow = self.paint(role(message.direction), arrow(message.direction));
                format!("{arrow} {}\n", self.paint(Role::Dim, "(sent)"))
            });
        }
        let remedy = match mark.filter(|_| self.options.full_command) {
            Some(mark) => format!("; /full {} shows it whole", mark.number),
            None => String::new(),
        };
        let truncation = Truncation { text: MAX_TEXT, binary: MAX_BINARY, remedy: &remedy };
        Some(self.render(message, truncation))
    }

    /// A file that was sent. The terminal only has the command for it.
    pub(super) fn file_sent(&self, file: &FileSent<'_>) -> Option<String> {
        self.options.messages.then(|| {
            let arrow = self.paint(role(Direction::Sent), arrow(Direction::Sent));
            let path = escape(file.path, Newlines::Escape);
            let text = format!("{}, {} from {path}", file.kind.name(), counted(file.size, "byte"));
            format!("{arrow} {}\n", self.paint(Role::Dim, &text))
        })
    }

    /// A message of which nothing is cut.
    pub(super) fn full_message(&self, message: &Message<'_>) -> String {
        self.render(message, Truncation { text: usize::MAX, binary: usize::MAX, remedy: "" })
    }

    fn render(&self, message: &Message<'_>, truncation: Truncation<'_>) -> String {
        let arrow = self.paint(role(message.direction), arrow(message.direction));
        format!("{arrow} {}", self.content(message, truncation, 0))
    }

    /// What a rule delivered in place of a message, behind `lead` columns, cut if it is long.
    pub(super) fn replacement(&self, kind: MessageKind, data: &[u8], lead: usize) -> String {
        let truncation = Truncation { text: MAX_TEXT, binary: MAX_BINARY, remedy: "" };
        self.content(&Message::received(kind, data), truncation, lead)
    }

    /// The payload, behind `lead` columns more than an arrow takes.
    fn content(&self, message: &Message<'_>, truncation: Truncation<'_>, lead: usize) -> String {
        let size = message.data.len();
        let text = match message.kind {
            MessageKind::Text => message.text(),
            MessageKind::Binary => {
                str::from_utf8(message.data).ok().filter(|_| is_readable_text(message.data))
            }
        };
        let label = match (message.kind, text) {
            (MessageKind::Binary, Some(_)) => "(binary) ",
            (kind, None) => {
                let what = match kind {
                    MessageKind::Binary => "binary",
                    MessageKind::Text => "text that is not UTF-8",
                };
                return format!(
                    "{}\n{}",
                    self.paint(Role::Dim, &format!("{what}, {}", bytes(size))),
                    self.dump(message.data, truncation)
                );
            }
            (MessageKind::Text, _) => "",
        };
        let text = text.unwrap_or_default();
        if text.is_empty() {
            return format!("{}\n", self.paint(Role::Dim, "(empty message)"));
        }
        let shown = cut(text, truncation.text);
        let rest = if shown.len() < text.len() {
            let remark = format!(
                "  … cut: {} of {} shown{}",
                bytes(shown.len()),
                bytes(size),
                truncation.remedy
            );
            format!("\n{}", self.paragraph(Role::Dim, &remark, 0, 0))
        } else {
            String::new()
        };
        let body = self.body(shown, shown.len() == text.len(), lead + label.len());
        format!("{}{body}{rest}\n", self.paint(Role::Dim, label))
    }

    /// The text behind the arrow and `lead` columns.
    fn body(&self, text: &str, is_whole: bool, lead: usize) -> String {
        if is_whole && self.options.pretty && json_view::looks_like_json(text) {
            let look = json_view::Look { style: self.options.style, escapes: true };
            let width = self.width().saturating_sub(HANGING);
            let lead = lead + self.overhang();
            return indent(&json_view::render(text, look, width, lead)).into_owned();
        }
        indent(&escape(text, Newlines::Keep)).into_owned()
    }

    fn dump(&self, data: &[u8], truncation: Truncation<'_>) -> String {
        if data.is_empty() {
            return String::new();
        }
        let shown = &data[..data.len().min(truncation.binary)];
        let mut text = hex_dump(shown, self.options.style, "  ", self.columns());
        if shown.len() < data.len() {
            let remark =
                format!("  … {} more{}", bytes(data.len() - shown.len()), truncation.remedy);
            text.push('\n');
            text.push_str(&self.paragraph(Role::Dim, &remark, 0, 0));
        }
        text.push('\n');
        text
    }
}

/// A message as a display with these options shows it, of which nothing is cut.
pub fn whole_message(message: &Message<'_>, options: HumanOptions) -> String {
    Human::new(options).full_message(message)
}

#[derive(Clone, Copy)]
struct Truncation<'a> {
    text: usize,
    binary: usize,
    /// How to see the rest.
    remedy: &'a str,
}

/// The start of `text`, at most `limit` bytes, not cut inside a character.
fn cut(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

/// Lines after the first are aligned with the first, not with the arrow.
fn indent(text: &str) -> Cow<'_, str> {
    if text.contains('\n') { Cow::Owned(text.replace('\n', "\n  ")) } else { Cow::Borrowed(text) }
}

fn bytes(count: usize) -> String {
    counted(count as u64, "byte")
}

/// "1 byte", "1,048,576 bytes".
pub(super) fn counted(count: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(count), plural(count))
}

/// 1048576 → "1,048,576".
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
