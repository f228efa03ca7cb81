//! What is known of a row without its line.

use crate::protocol::Side;

/// What kind of row it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// A text message.
    #[default]
    Text,
    /// A binary message.
    Binary,
    /// A message whose data was not kept.
    Omitted,
    Ping,
    Pong,
    /// What became of something held.
    Held,
    /// A Close frame that a rule touched.
    CloseFrame,
    /// The end of a connection.
    Close,
    Open,
    Error,
    Violation,
    Http,
    Redirect,
    Retry,
    Reconnect,
    /// A raw frame of the user.
    Frame,
}

impl Kind {
    const ALL: [Self; 16] = [
        Self::Text,
        Self::Binary,
        Self::Omitted,
        Self::Ping,
        Self::Pong,
        Self::Held,
        Self::CloseFrame,
        Self::Close,
        Self::Open,
        Self::Error,
        Self::Violation,
        Self::Http,
        Self::Redirect,
        Self::Retry,
        Self::Reconnect,
        Self::Frame,
    ];

    /// The type of the row, and what a filter calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Binary => "binary",
            Self::Omitted => "omitted",
            Self::Ping => "ping",
            Self::Pong => "pong",
            Self::Held => "held",
            Self::CloseFrame | Self::Close => "close",
            Self::Open => "open",
            Self::Error => "error",
            Self::Violation => "violation",
            Self::Http => "http",
            Self::Redirect => "redirect",
            Self::Retry => "retry",
            Self::Reconnect => "reconnect",
            Self::Frame => "frame",
        }
    }

    /// The event that the row shows.
    pub(super) const fn event(self) -> &'static str {
        match self {
            Self::Text | Self::Binary | Self::Omitted => "message",
            Self::CloseFrame => "close_frame",
            _ => self.name(),
        }
    }

    /// It is a data message.
    pub(super) const fn is_message(self) -> bool {
        matches!(self, Self::Text | Self::Binary | Self::Omitted)
    }

    /// The bit that stands for it in a [`Kinds`].
    pub(super) const fn bit(self) -> u32 {
        1 << self as u8
    }

    fn of(number: u8) -> Self {
        Self::ALL.get(usize::from(number)).copied().unwrap_or_default()
    }
}

/// A set of kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kinds(pub(super) u32);

impl Kinds {
    /// Those that a filter calls so.
    pub(super) fn named(name: &str) -> Option<Self> {
        let is_meant = |kind: &Kind| match name {
            "message" => kind.is_message(),
            "control" => matches!(kind, Kind::Ping | Kind::Pong),
            _ => kind.name() == name,
        };
        let bits = Kind::ALL.iter().copied().filter(is_meant).fold(0, |bits, it| bits | it.bit());
        (bits != 0).then_some(Self(bits))
    }

    pub(super) const fn has(self, kind: Kind) -> bool {
        self.0 & kind.bit() != 0
    }
}

/// How a row stands out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Level {
    #[default]
    Plain,
    Warn,
    Bad,
}

/// How rows are counted where single ones are not shown.
pub(super) const CATEGORIES: usize = 4;

/// How many rows there are of each category: sent by clients, by servers, control frames and what belongs to a connection
/// as a whole, and failures.
pub(super) type Counts = [u16; CATEGORIES];

/// What is known of a row. Offsets are those in the lines of its block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// Where its line starts. In front of it, from the line before on, are those of its frames.
    pub(super) start: u32,
    /// Where its line ends, without the newline.
    pub(super) end: u32,
    /// Where its data is, without the quotes, from the start of the line; 0 if there is none.
    pub(super) data: u32,
    /// The length of that.
    pub(super) data_length: u32,
    pub(super) kind: Kind,
    pub(super) level: Level,
    /// Who sent it.
    pub(super) from: Option<Side>,
    pub(super) compressed: bool,
    /// The data is in base64.
    pub(super) is_base64: bool,
    /// The close code; 0 if there is none.
    pub(super) code: u16,
    /// The number of the rule that touched it; 0 if none did.
    pub(super) rule: u32,
    /// The number of frames; 0 if it is not known.
    pub(super) frames: u32,
    /// How many rows before it the request is that it answers; 0 if it answers none that is known.
    pub(super) request: u32,
    /// The time since that request, in microseconds.
    pub(super) late: u32,
    pub(super) connection: Option<u64>,
    /// Since the start of the run, in microseconds.
    pub(super) elapsed: u64,
    /// The size of the payload in bytes, if it has one.
    pub(super) size: Option<u64>,
    /// The size of its frames in bytes; 0 if it is not known.
    pub(super) wire_size: u64,
}

/// `None` in numbers of 64 bits.
const NONE: u64 = u64::MAX;

impl Facts {
    /// The size in a file, in bytes.
    pub(super) const SIZE: usize = 72;

    /// The time since the request that it answers, in microseconds.
    pub(super) fn late(&self) -> Option<u32> {
        (self.request != 0).then_some(self.late)
    }

    /// See [`Counts`].
    pub(super) fn category(&self) -> usize {
        match (self.level, self.kind.is_message(), self.from) {
            (Level::Bad, ..) => 3,
            (_, true, Some(Side::Client)) => 0,
            (_, true, Some(Side::Server)) => 1,
            _ => 2,
        }
    }

    /// Appends it as it is in a file.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let from = self.from.map_or(0, |side| if side == Side::Client { 1 } else { 2 });
        let flags = u8::from(self.compressed) | u8::from(self.is_base64) << 1 | from << 2;
        for number in [self.start, self.end, self.data, self.data_length] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&[self.kind as u8, self.level as u8, flags, 0]);
        out.extend_from_slice(&self.code.to_le_bytes());
        out.extend_from_slice(&[0; 2]);
        for number in [self.rule, self.frames, self.request, self.late] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        let (connection, size) = (self.connection.unwrap_or(NONE), self.size.unwrap_or(NONE));
        for number in [connection, self.elapsed, size, self.wire_size] {
            out.extend_from_slice(&number.to_le_bytes());
        }
    }

    /// Reads what [`Facts::encode`] has written.
    pub(super) fn decode(bytes: &[u8; Self::SIZE]) -> Self {
        let long = |at: usize| {
            let bytes = bytes.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
            u64::from_le_bytes(bytes.unwrap_or_default())
        };
        let short = |at: usize| {
            let bytes = bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
            u32::from_le_bytes(bytes.unwrap_or_default())
        };
        let flags = bytes[18];
        Self {
            start: short(0),
            end: short(4),
            data: short(8),
            data_length: short(12),
            kind: Kind::of(bytes[16]),
            level: match bytes[17] {
                0 => Level::Plain,
                1 => Level::Warn,
                _ => Level::Bad,
            },
            from: match flags >> 2 {
                0 => None,
                1 => Some(Side::Client),
                _ => Some(Side::Server),
            },
            compressed: flags & 1 != 0,
            is_base64: flags & 2 != 0,
            code: u16::from_le_bytes([bytes[20], bytes[21]]),
            rule: short(24),
            frames: short(28),
            request: short(32),
            late: short(36),
            connection: Some(long(40)).filter(|number| *number != NONE),
            elapsed: long(48),
            size: Some(long(56)).filter(|number| *number != NONE),
            wire_size: long(64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_as_they_were_written() {
        let none = Facts::default();
        let all = Facts {
            start: 1,
            end: 2,
            data: 3,
            data_length: 4,
            level: Level::Bad,
            from: Some(Side::Server),
            compressed: true,
            is_base64: true,
            code: 1006,
            rule: 5,
            frames: 6,
            request: 7,
            late: 8,
            connection: Some(9),
            elapsed: 10,
            size: Some(11),
            wire_size: 12,
            kind: Kind::Frame,
        };
        for kind in Kind::ALL {
            for facts in [none, all, Facts { from: Some(Side::Client), level: Level::Warn, ..all }]
            {
                let facts = Facts { kind, ..facts };
                let mut bytes = Vec::new();
                facts.encode(&mut bytes);
                let bytes = bytes.try_into().expect("the size");
                assert_eq!(Facts::decode(&bytes), facts);
            }
        }
    }

    #[test]
    fn names_are_those_of_kinds() {
        for kind in Kind::ALL {
            assert!(Kinds::named(kind.name()).is_some_and(|kinds| kinds.has(kind)));
        }
        assert_eq!(Kinds::named("close").map(|kinds| kinds.0.count_ones()), Some(2));
        assert_eq!(Kinds::named("message").map(|kinds| kinds.0.count_ones()), Some(3));
        assert_eq!(Kinds::named("x"), None);
    }
}
