//! How many files are run at the same time.

use crate::config::ConfigError;

/// The most files that are run at the same time.
const MAX_JOBS: usize = 256;

/// The number that was given; else one file at a time with `--verbose`, whose lines are shown as they happen, and as
/// many as there are processors without.
///
/// # Errors
/// If none may be run.
pub(super) fn jobs(given: Option<usize>, verbose: bool) -> Result<usize, ConfigError> {
    match given {
        Some(0) => {
            Err(ConfigError::value("--jobs", "0", "at least 1 file has to be run at a time"))
        }
        Some(jobs) => Ok(jobs.min(MAX_JOBS)),
        None if verbose => Ok(1),
        None => Ok(std::thread::available_parallelism().map_or(1, usize::from)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scenario language, section 5: "`--jobs N` (files side by side; default: as many as there are cores, 1 with
    /// `--verbose`".
    #[test]
    fn as_many_files_as_there_are_cores_or_one_with_verbose() {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        for (given, verbose, expected) in [
            (None, false, Some(cores)),
            (None, true, Some(1)),
            (Some(3), false, Some(3)),
            (Some(3), true, Some(3)),
            (Some(usize::MAX), false, Some(MAX_JOBS)),
            (Some(0), false, None),
        ] {
            assert_eq!(jobs(given, verbose).ok(), expected, "{given:?} {verbose}");
        }
    }
}
