//! Connections that are cut again and again after the same time without traffic.

use std::time::Duration;

/// Shorter silences are no idle time limit.
const LEAST: Duration = Duration::from_millis(500);

/// What two silences may differ in, beside a tenth of them.
const TOLERANCE: Duration = Duration::from_millis(100);

/// Remembers how the last connection was cut.
#[derive(Debug, Default)]
pub struct IdleCuts {
    last: Option<Duration>,
    is_reported: bool,
}

impl IdleCuts {
    /// Takes note that a connection was lost, `quiet` after bytes last came or went if the peer cut it.
    /// Returns whether two in a row were cut after the same time, and that is to be reported: once.
    pub fn note(&mut self, quiet: Option<Duration>) -> bool {
        let quiet = quiet.filter(|quiet| *quiet >= LEAST);
        let last = std::mem::replace(&mut self.last, quiet);
        let (Some(last), Some(quiet)) = (last, quiet) else { return false };
        let is_same = last.abs_diff(quiet) <= TOLERANCE + last.max(quiet) / 10;
        is_same && !std::mem::replace(&mut self.is_reported, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_like_cuts_in_a_row_are_reported_and_once() {
        let millis = |millis| Some(Duration::from_millis(millis));
        for (silences, reported) in [
            (&[millis(60_000), millis(60_100), millis(60_000)][..], vec![false, true, false]),
            (&[millis(60_000), millis(30_000), millis(30_000)], vec![false, false, true]),
            (&[millis(60_000), None, millis(60_000)], vec![false, false, false]),
            (&[millis(100), millis(100)], vec![false, false]),
            (&[millis(1000), millis(1300)], vec![false, false]),
        ] {
            let mut cuts = IdleCuts::default();
            let seen: Vec<_> = silences.iter().map(|quiet| cuts.note(*quiet)).collect();
            assert_eq!(seen, reported, "{silences:?}");
        }
    }
}
