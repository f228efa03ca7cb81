//! When messages are sent again.

use std::time::Duration;

/// When messages are sent again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// Each after as many answers as came before it in the recording.
    Answers,
    /// With the recorded gaps, divided by this factor, which is positive.
    Original(f64),
    /// At once.
    Fast,
}

impl Pace {
    /// How long after the opening handshake something is due that was recorded at this time after it; `None`: time
    /// does not matter.
    pub(super) fn due(self, at: Duration) -> Option<Duration> {
        match self {
            Self::Answers | Self::Fast => None,
            Self::Original(speed) => {
                let seconds = at.as_secs_f64() / speed;
                Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
            }
        }
    }
}
