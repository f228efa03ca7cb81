//! The end of a connection, and its timing.

use std::time::Duration;

use crate::protocol::close::{Application, ClosePayload};
use crate::protocol::connection::{Ending, Initiator};
use crate::protocol::vocabulary::Counters;
use crate::redact::MASK;

/// An end within this time counts as immediately after what preceded it.
pub const SOON: Duration = Duration::from_secs(1);

/// The end of a connection, with details.
#[derive(Clone, Debug)]
pub struct Closed {
    /// Initiator, cause and close code.
    pub ending: Ending,
    /// Some recordings do not say which side sent its Close frame first: the initiator of `ending` means nothing then. Of an
    /// end without that of the peer it is always known, or assumed.
    pub is_initiator_unknown: bool,
    /// The time without traffic before the end.
    pub quiet: Duration,
    /// The last traffic before it.
    pub last: LastTraffic,
    /// How long the connection was open.
    pub age: Duration,
    /// Totals received.
    pub received: Counters,
    /// Totals sent.
    pub sent: Counters,
    /// Our Close frame was not completely written.
    pub is_unsent: bool,
    /// What the request lacked that the server may require, if the connection ended immediately.
    pub hint: Option<String>,
    /// The application that defines the close code, if it is known.
    pub application: Option<Application>,
    /// Options to suggest.
    pub silence_advice: SilenceAdvice,
    /// A failure event with the same information follows.
    pub failure_follows: bool,
    /// `***` stands in a reason for a secret. These are hashes of what is behind each, of our reason and that of the peer, as in
    /// [`HeadView::secret_ids`](super::HeadView::secret_ids); none if that is not known.
    pub masked: Option<Box<[u64]>>,
}

/// Options against lost connections that apply to this connection and are not in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SilenceAdvice {
    /// `--ping-interval`.
    pub ping_interval: bool,
    /// `--reconnect`.
    pub reconnect: bool,
    /// `--count` and `--expect`.
    pub goals: bool,
}

/// The last traffic before a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LastTraffic {
    /// Nothing since the opening handshake.
    Handshake,
    /// Our data message with this number, this long before the end.
    Message(u64, Duration),
    /// A raw frame of ours, as text, this long before the end.
    Frame(String, Duration),
    /// Anything else.
    Other,
}

impl LastTraffic {
    /// A description of what we had sent, and how long before the end, if that was the last traffic.
    pub fn sent(&self) -> Option<(String, Duration)> {
        match self {
            Self::Message(number, ago) => Some((format!("message {number}"), *ago)),
            Self::Frame(words, ago) => Some((format!("frame '{words}'"), *ago)),
            Self::Handshake | Self::Other => None,
        }
    }
}

impl Closed {
    /// For the reasons of our Close frame and that of the peer: the hashes of what was masked in each, if anything was.
    pub fn masked_reasons(&self) -> [Option<&[u64]>; 2] {
        let Some(ids) = &self.masked else { return [None; 2] };
        let masks = |close: &Option<ClosePayload>| {
            close.as_ref().map_or(0, |close| close.reason.matches(MASK).count())
        };
        let (sent, received) = (masks(&self.ending.sent), masks(&self.ending.received));
        let (of_sent, of_received) = ids.split_at_checked(sent).unwrap_or_default();
        [(of_sent, sent), (of_received, received)]
            .map(|(ids, masks)| Some(ids).filter(|_| masks > 0))
    }

    /// Which side began, if that is known.
    pub fn initiator(&self) -> Option<Initiator> {
        (!self.is_initiator_unknown).then_some(self.ending.initiator)
    }

    /// Whether the connection ended immediately after the opening handshake.
    pub fn is_right_after_opening(&self) -> bool {
        self.age < SOON
    }

    /// Whether it ended immediately after something was sent or received.
    pub fn is_right_after_traffic(&self) -> bool {
        self.quiet < SOON
    }
}
