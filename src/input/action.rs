//! Actions on a connection, from any input.

use std::path::PathBuf;

use bytes::Bytes;

use super::file::{FileMessage, Loaded};
use crate::event::{Level, Shown};
use crate::platform::signals::Signal;
use crate::protocol::{CloseCode, MessageKind, Payload, RawFrame};
use crate::view::Kept;

/// An action on a connection. All inputs produce only these. A clone shares the
/// payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send a data message.
    Send(MessageKind, Bytes),
    /// Send a long message that was received, if possible without a copy.
    SendBack(MessageKind, Payload),
    /// Send a data message that is not what was typed, and show it.
    Composed(MessageKind, Bytes),
    /// Send a data message in this many frames.
    Fragments(MessageKind, Bytes, usize),
    /// Send a file as one message while it is read.
    File(FileMessage),
    /// Send exactly this frame, valid or not.
    Frame(Box<RawFrame>),
    /// Send a ping.
    Ping(Bytes),
    /// Send an unsolicited pong.
    Pong(Bytes),
    /// Start the closing handshake; `None` for both: as configured by the options. The code 1005 stands for a Close frame
    /// without a code.
    Close(Option<CloseCode>, Option<String>),
    /// End TCP without a Close frame, behind what was sent before.
    EndTcp {
        /// With a reset.
        is_reset: bool,
    },
    /// End the session as at this signal, where it was not sent as one.
    Leave(Signal),
    /// Show something to the user.
    Show(Show),
}

/// What a user can request to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Show {
    /// The state of the connection.
    Status,
    /// The heads of the opening handshake.
    Headers,
    /// A message in full.
    Full(Box<Kept>),
    /// That a message is copied to the clipboard of the terminal, which that does.
    Copied(Box<Kept>),
    /// These lines of text.
    Text(String),
    /// These lines as they are, to be copied.
    Lines(String),
    /// Why a command was not understood or cannot be carried out.
    Problem(String),
    /// A message of the program about the connection.
    Notice(Level, String),
}

impl Show {
    /// What is shown, if that is known without the connection.
    pub fn shown(&self) -> Option<Shown<'_>> {
        match self {
            Self::Status | Self::Headers | Self::Notice(..) => None,
            Self::Full(kept) => Some(Shown::Full(kept.message())),
            Self::Copied(kept) => Some(Shown::Copied(kept.number, kept.message())),
            Self::Text(text) => Some(Shown::Text(text)),
            Self::Lines(text) => Some(Shown::Lines(text)),
            Self::Problem(text) => Some(Shown::Problem(text)),
        }
    }
}

impl Action {
    /// Sends a copy of this text.
    pub fn text(text: &str) -> Self {
        Self::Send(MessageKind::Text, Bytes::copy_from_slice(text.as_bytes()))
    }

    /// Sends a file at `path`; errors call it `name`.
    pub fn file(loaded: Loaded, path: PathBuf, name: String) -> Self {
        match loaded {
            Loaded::Payload(kind, data) => Self::Send(kind, data.into()),
            Loaded::Large(kind) => Self::File(FileMessage { path, kind, name }),
        }
    }

    /// Shows why a command was not understood or cannot be carried out.
    pub fn problem(text: impl Into<String>) -> Self {
        Self::Show(Show::Problem(text.into()))
    }

    /// Whether it sends something to the peer other than a Close frame.
    pub fn is_sent(&self) -> bool {
        match self {
            Self::Send(..)
            | Self::SendBack(..)
            | Self::Composed(..)
            | Self::Fragments(..)
            | Self::File(_)
            | Self::Frame(_)
            | Self::Ping(_)
            | Self::Pong(_) => true,
            Self::Close(..) | Self::EndTcp { .. } | Self::Leave(_) | Self::Show(_) => false,
        }
    }

    /// Whether it sends a data message.
    pub fn is_message(&self) -> bool {
        matches!(
            self,
            Self::Send(..)
                | Self::SendBack(..)
                | Self::Composed(..)
                | Self::Fragments(..)
                | Self::File(_)
        )
    }

    /// The payload that it keeps in memory, if it has one.
    pub fn payload_mut(&mut self) -> Option<&mut Bytes> {
        match self {
            Self::Send(_, data)
            | Self::Composed(_, data)
            | Self::Fragments(_, data, _)
            | Self::Ping(data)
            | Self::Pong(data) => Some(data),
            Self::Frame(frame) => Some(&mut frame.payload),
            Self::SendBack(..)
            | Self::File(_)
            | Self::Close(..)
            | Self::EndTcp { .. }
            | Self::Leave(_)
            | Self::Show(_) => None,
        }
    }

    /// The bytes of payload that it keeps in memory. A file is read when it is sent.
    pub fn payload_size(&self) -> usize {
        match self {
            Self::Send(_, data)
            | Self::Composed(_, data)
            | Self::Fragments(_, data, _)
            | Self::Ping(data)
            | Self::Pong(data) => data.len(),
            Self::SendBack(_, payload) => payload.bytes().len(),
            Self::Frame(frame) => frame.payload.len(),
            Self::File(_)
            | Self::Close(..)
            | Self::EndTcp { .. }
            | Self::Leave(_)
            | Self::Show(_) => 0,
        }
    }
}
