//! How long a part may take.

use std::time::Duration;

/// The limit of a part for which neither its file nor the command has one.
const DEFAULT: Duration = Duration::from_secs(30);

/// How long a part may take: the smallest `max-time` of its connections, but not longer than that of the command.
/// 0 is no limit, and so is `None` as the result.
pub(super) fn time_limit(
    command: Option<Duration>,
    own: impl IntoIterator<Item = Duration>,
) -> Option<Duration> {
    let given = command.into_iter().chain(own);
    let smallest = given.map(|limit| if limit.is_zero() { Duration::MAX } else { limit }).min();
    Some(smallest.unwrap_or(DEFAULT)).filter(|limit| *limit != Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_counts_only_if_nothing_is_given_and_the_command_caps_the_file() {
        let seconds = Duration::from_secs;
        for (command, own, expected) in [
            (None, &[][..], Some(30)),
            (None, &[120], Some(120)),
            (None, &[1], Some(1)),
            (None, &[120, 60, 90], Some(60)),
            (Some(120), &[], Some(120)),
            (Some(1), &[120], Some(1)),
            (Some(120), &[1], Some(1)),
            (Some(0), &[], None),
            (Some(0), &[120], Some(120)),
            (None, &[0], None),
            (None, &[0, 40], Some(40)),
            (Some(50), &[0], Some(50)),
        ] {
            let limits = own.iter().map(|limit| seconds(*limit));
            let limit = time_limit(command.map(seconds), limits);
            assert_eq!(limit, expected.map(seconds), "{command:?} {own:?}");
        }
    }
}
