//! The age of something, as text.

use std::time::Duration;

/// A time for people, in one unit.
pub(super) fn age(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_depends_on_the_age() {
        for (seconds, text) in
            [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h")]
        {
            assert_eq!(age(Duration::from_millis(seconds * 1000 + 999)), text, "{seconds}");
        }
    }
}
