//! The signals that a run can be ended by.

/// A request to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGHUP: the terminal is gone.
    Hangup,
    /// SIGINT, as Ctrl-C sends it.
    Interrupt,
    /// SIGQUIT, as Ctrl-\ sends it.
    Quit,
    /// SIGTERM.
    Terminate,
}

impl Signal {
    /// The exit status after it: 128 and the signal's number.
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
