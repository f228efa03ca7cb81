//! The signals that end a run, and whether one is ignored.

/// A signal that ends a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGHUP: the terminal was closed.
    Hangup,
    /// SIGINT, sent by Ctrl-C.
    Interrupt,
    /// SIGQUIT, sent by Ctrl-\.
    Quit,
    /// SIGTERM.
    Terminate,
}

impl Signal {
    /// The exit status: 128 plus the signal's number.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Hangup => 129,
            Self::Interrupt => 130,
            Self::Quit => 131,
            Self::Terminate => 143,
        }
    }

    /// The signal's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hangup => "SIGHUP",
            Self::Interrupt => "SIGINT",
            Self::Quit => "SIGQUIT",
            Self::Terminate => "SIGTERM",
        }
    }
}

/// Sends this process SIGQUIT, as a terminal in canonical mode does after Ctrl-\.
#[cfg(unix)]
pub fn raise_quit() {
    let _ = signal_hook::low_level::raise(signal_hook::consts::SIGQUIT); // it is a valid signal
}

/// There is no such signal.
#[cfg(not(unix))]
pub fn raise_quit() {}

/// Whether the signal was ignored when the process started. Known only on Linux.
#[cfg(unix)]
pub(super) fn is_ignored(number: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (number - 1) & 1 == 1)
}
