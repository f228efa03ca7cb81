//! The terminal's modes, to be found again as they were.

#[cfg(unix)]
pub use unix::{SavedModes, interrupt_self, is_ours, width};

#[cfg(not(unix))]
pub use other::{SavedModes, interrupt_self, is_ours, width};

/// Columns where they cannot be found out.
const DEFAULT_WIDTH: usize = 80;

/// Gives the terminal back as it is now if the program ever panics.
pub fn restore_on_panic() {
    let modes = SavedModes::read();
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if let Some(modes) = &modes {
            modes.restore();
        }
        report(info);
    }));
}

#[cfg(unix)]
mod unix {
    use std::io::Write;

    use rustix::process::{Signal, getpgrp, getpid, kill_process};
    use rustix::stdio::stdin;
    use rustix::termios::{
        InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp,
        tcgetwinsize, tcsetattr,
    };

    /// The modes of the terminal on standard input.
    #[derive(Clone, Debug)]
    pub struct SavedModes(Termios);

    impl SavedModes {
        /// Reads them; `None` where standard input is no terminal.
        pub fn read() -> Option<Self> {
            tcgetattr(stdin()).ok().map(Self)
        }

        /// Between two lines nothing is echoed, and no key has a meaning of its own: what is typed
        /// then is for the line editor.
        pub fn quieten(&self) {
            let mut modes = self.0.clone();
            modes.local_modes &= !(LocalModes::ICANON | LocalModes::ECHO | LocalModes::IEXTEN);
            modes.input_modes &= !InputModes::ICRNL;
            modes.special_codes[SpecialCodeIndex::VMIN] = 1;
            modes.special_codes[SpecialCodeIndex::VTIME] = 0;
            let _ = tcsetattr(stdin(), OptionalActions::Now, &modes);
        }

        /// Sets them again, and bracketed paste off, as after a line editor was cut short.
        pub fn restore(&self) {
            let _ = tcsetattr(stdin(), OptionalActions::Drain, &self.0);
            let mut stdout = std::io::stdout();
            let _ = stdout.write_all(b"\x1b[?2004l").and_then(|()| stdout.flush());
        }
    }

    /// Columns of the terminal on standard output.
    pub fn width() -> usize {
        match tcgetwinsize(rustix::stdio::stdout()) {
            Ok(size) if size.ws_col > 0 => usize::from(size.ws_col),
            _ => super::DEFAULT_WIDTH,
        }
    }

    /// Whether what is typed is for us: a program started with `&` that reads from its terminal is
    /// stopped by the shell.
    pub fn is_ours() -> bool {
        tcgetpgrp(stdin()).is_ok_and(|group| group == getpgrp())
    }

    /// Sends SIGINT to this process: the one way to get a thread out of reading a line.
    pub fn interrupt_self() {
        let _ = kill_process(getpid(), Signal::INT);
    }
}

#[cfg(not(unix))]
mod other {
    /// The console restores its modes with the line editor.
    #[derive(Clone, Debug)]
    pub struct SavedModes;

    impl SavedModes {
        /// Nothing to read here.
        pub fn read() -> Option<Self> {
            None
        }

        /// Nothing to set here.
        pub fn quieten(&self) {}

        /// Nothing to set here.
        pub fn restore(&self) {}
    }

    /// Columns of the terminal on standard output.
    pub fn width() -> usize {
        super::DEFAULT_WIDTH
    }

    /// No program is stopped for reading here.
    pub fn is_ours() -> bool {
        true
    }

    /// There is no such signal here: the line being read ends with the process.
    pub fn interrupt_self() {}
}
