//! Times before lines.

use std::time::Duration;

use crate::event::Stamp;

/// How the time of a line is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timestamps {
    /// Date and time, UTC.
    Utc,
    /// Time of day, local.
    Local,
    /// Since the start.
    Relative,
    /// Since the line before.
    Delta,
}

impl Timestamps {
    /// A time as it is written before a line, `since_last` after the line before.
    pub fn text(self, at: Stamp, since_last: Duration) -> String {
        match self {
            Self::Utc => format!("{:.6}", calendar(at)),
            Self::Local => {
                let local = calendar(at).to_zoned(jiff::tz::TimeZone::system());
                local.strftime("%H:%M:%S%.3f").to_string()
            }
            Self::Relative => format!("{:10.6}", at.elapsed.as_secs_f64()),
            Self::Delta => format!("{:+11.6}", since_last.as_secs_f64()),
        }
    }

    /// Columns of most of these texts.
    pub fn width(self) -> usize {
        match self {
            Self::Utc => 27,
            Self::Local => 12,
            Self::Relative => 10,
            Self::Delta => 11,
        }
    }
}

fn calendar(at: Stamp) -> jiff::Timestamp {
    jiff::Timestamp::try_from(at.wall).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_has_its_width() {
        use Timestamps::{Delta, Local, Relative, Utc};
        for kind in [Utc, Local, Relative, Delta] {
            let at = Stamp {
                wall: std::time::SystemTime::UNIX_EPOCH,
                elapsed: Duration::from_micros(1_234_567),
            };
            for gap in [12, 12_266] {
                let text = kind.text(at, Duration::from_millis(gap));
                assert_eq!(text.len(), kind.width(), "{kind:?} {gap}");
            }
        }
    }
}
