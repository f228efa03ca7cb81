//! Detection of a standard output that discards everything.

/// Whether standard output is the null device. False if it was closed when the program started: then nothing can be
/// written, which is an error.
#[cfg(unix)]
pub fn is_stdout_discarded() -> bool {
    use rustix::fs::{FileType, fstat, stat};

    let (Ok(stdout), Ok(null)) = (fstat(rustix::stdio::stdout()), stat("/dev/null")) else {
        return false;
    };
    FileType::from_raw_mode(stdout.st_mode) == FileType::CharacterDevice
        && stdout.st_rdev == null.st_rdev
        && !super::was_stdout_closed()
}

/// Whether standard output is the null device; not detected here.
#[cfg(not(unix))]
pub fn is_stdout_discarded() -> bool {
    false
}
