//! The texts of a recording in which values are looked for.

use serde_json::Value;

use super::plain::Plain;

/// The longest message that values are looked for in as JSON, in bytes: it is read again for each of them.
pub(super) const MAX_SOURCE: usize = 256 << 10;

/// How many bytes are read again in all, to find what was sent before and to find values in their messages.
pub(super) const MAX_READ: usize = 128 << 20;

/// Members that say what a message is. A word in them is a word of the protocol, whoever used it first.
const KINDS: [&str; 16] = [
    "type",
    "event",
    "op",
    "opcode",
    "action",
    "method",
    "kind",
    "cmd",
    "command",
    "channel",
    "topic",
    "status",
    "state",
    "jsonrpc",
    "version",
    "__typename",
];

/// What a text is, as far as variables are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextKind {
    /// A text message: values are captured from it, and variables stand in it.
    Message,
    /// A line of a head, a control frame or a reason: variables stand in it.
    Other,
    /// A binary message: no variable stands in it.
    Binary,
}

/// Where a text stands: the number of its event, and its index among the steps of its connection, if it is one. A head, a
/// Close frame and a message may have the same event.
pub(super) type Place = (usize, Option<usize>);

/// Something that was sent or received.
#[derive(Debug)]
pub(super) struct Text<'a> {
    /// The number of its event.
    pub(super) number: usize,
    /// Its index among the steps of its connection.
    pub(super) step: Option<usize>,
    pub(super) is_sent: bool,
    pub(super) kind: TextKind,
    /// Empty if it is binary.
    pub(super) text: &'a str,
    /// Values are found in a message whatever their escapes are.
    pub(super) plain: Plain<'a>,
}

impl<'a> Text<'a> {
    /// What a text counts, beside its length, towards how many bytes are read again: also empty ones take time.
    pub(super) const BEGINNING: usize = 16;

    pub(super) fn new(number: usize, is_sent: bool, kind: TextKind, text: &'a str) -> Self {
        let plain = match kind {
            TextKind::Message => Plain::of(text),
            TextKind::Other | TextKind::Binary => Plain::unchanged(text),
        };
        Self { number, step: None, is_sent, kind, text, plain }
    }

    pub(super) fn place(&self) -> Place {
        (self.number, self.step)
    }

    /// A binary message, or another payload that is not UTF-8.
    pub(super) fn binary(number: usize, is_sent: bool, data: &'a [u8]) -> Self {
        let plain = Plain::of_binary(data);
        Self { number, step: None, is_sent, kind: TextKind::Binary, text: "", plain }
    }
}

/// The words of a text that identifiers are made of.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')))
}

/// Whether this is a word that both sides use, not something that was made for this session.
pub(super) fn is_word_of_protocol(member: &str, value: &str) -> bool {
    let has_digit = value.bytes().any(|byte| byte.is_ascii_digit());
    !has_digit && KINDS.iter().any(|kind| member.eq_ignore_ascii_case(kind))
}

/// Calls `visit` with each string, and each number that could be an identifier: with its place among all values that are neither
/// array nor object, and the name of the member that it is in.
pub(super) fn each_value(json: &Value, visit: &mut dyn FnMut(usize, &str, &str)) {
    each_leaf(json, "", &mut 0, visit);
}

fn each_leaf(
    value: &Value,
    member: &str,
    leaf: &mut usize,
    visit: &mut dyn FnMut(usize, &str, &str),
) {
    match value {
        Value::Array(elements) => {
            elements.iter().for_each(|it| each_leaf(it, member, leaf, visit));
        }
        Value::Object(members) => {
            members.iter().for_each(|(name, it)| each_leaf(it, name, leaf, visit));
        }
        scalar => {
            match scalar {
                Value::String(text) => visit(*leaf, member, text),
                Value::Number(number) => {
                    let text = number.to_string();
                    if text.bytes().all(|byte| byte.is_ascii_digit()) {
                        visit(*leaf, member, &text);
                    }
                }
                _ => {}
            }
            *leaf += 1;
        }
    }
}
