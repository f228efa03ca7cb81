//! A message of a recording, as it is compared.

use std::time::Duration;

use bytes::Bytes;

use super::shape::Shape;
use crate::protocol::MessageKind;
use crate::recording::compare::{Content, Fingerprint, Ignore, json_of};
use crate::recording::replay::Side;
use crate::recording::seen::NOT_KEPT;

/// A message, or a ping or pong.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its number on the connection, from 1.
    pub number: u64,
    /// The time since the recording began.
    pub at: Duration,
    /// Who sent it.
    pub side: Side,
    /// What it is.
    pub kind: ItemKind,
    /// Its payload, or the start of it.
    pub data: Bytes,
    /// The length of its payload, in bytes.
    pub size: u64,
    pub(super) print: Fingerprint,
    pub(super) shape: Shape,
}

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ItemKind {
    /// A text message.
    Text,
    /// A binary message.
    Binary,
    /// A message that was streamed from a file, without its data; [`Item::data`] is the path.
    File,
    /// A ping.
    Ping,
    /// A pong.
    Pong,
}

impl ItemKind {
    /// The name used in events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Binary => "binary",
            Self::File => "file",
            Self::Ping => "ping",
            Self::Pong => "pong",
        }
    }

    const fn message_kind(self) -> MessageKind {
        match self {
            Self::Text => MessageKind::Text,
            Self::Binary | Self::File | Self::Ping | Self::Pong => MessageKind::Binary,
        }
    }
}

impl From<MessageKind> for ItemKind {
    fn from(kind: MessageKind) -> Self {
        match kind {
            MessageKind::Text => Self::Text,
            MessageKind::Binary => Self::Binary,
        }
    }
}

/// How much is kept of a payload when memory runs out, in bytes: what is shown of it.
const START: usize = 64;

impl Item {
    /// An item with the number 0.
    pub(super) fn new(kind: ItemKind, side: Side, data: Bytes, ignore: &Ignore) -> Self {
        let message = kind.message_kind();
        let (print, shape) = match kind {
            ItemKind::Text | ItemKind::Binary => {
                let value = json_of(&data, ignore);
                let shape = match (&value, kind) {
                    (Some(value), _) => Shape::of_json(kind.name(), value),
                    (None, ItemKind::Text) => Shape::of_text(&data),
                    (None, _) => Shape::of_bytes(&data),
                };
                (Fingerprint::of_parsed(message, &data, value.as_ref()), shape)
            }
            ItemKind::File | ItemKind::Ping | ItemKind::Pong => {
                (Fingerprint::of_parsed(message, &data, None), Shape::of_kind(kind.name()))
            }
        };
        let size = data.len() as u64;
        Self { number: 0, at: Duration::ZERO, side, kind, data, size, print, shape }
    }

    /// A message that was streamed from a file. Files are the same if their sizes are: paths belong to a machine.
    pub(super) fn file(side: Side, kind: MessageKind, path: &str, size: u64) -> Self {
        let name = format!("{} {size}", kind.name());
        let print = Fingerprint::of_parsed(MessageKind::Binary, name.as_bytes(), None);
        let shape = Shape::of_kind(ItemKind::File.name());
        let data = Bytes::copy_from_slice(path.as_bytes());
        let (number, at) = (0, Duration::ZERO);
        Self { number, at, side, kind: ItemKind::File, data, size, print, shape }
    }

    /// Whether it is a message that a proxy did not keep.
    pub(super) fn is_not_kept(&self) -> bool {
        self.kind == ItemKind::File && self.data == NOT_KEPT.as_bytes()
    }

    /// The payload; `None`: only its start was kept.
    pub fn content(&self) -> Option<Content> {
        let is_whole = self.kind != ItemKind::File && self.data.len() as u64 == self.size;
        is_whole.then(|| Content::new(self.kind.message_kind(), self.data.clone()))
    }

    /// The payload as far as it was kept.
    pub(super) fn start(&self) -> Content {
        Content::new(self.kind.message_kind(), self.data.clone())
    }

    /// Keeps only the start of the payload.
    pub(super) fn shorten(&mut self) {
        if self.data.len() > START {
            self.data = Bytes::copy_from_slice(&self.data[..START]);
        }
    }
}
