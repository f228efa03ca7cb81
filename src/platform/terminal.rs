//! The terminal's modes, to be found again as they were.

#[cfg(unix)]
pub use unix::{SavedModes, interrupt_self, is_ours, size, take_typed, width};

#[cfg(not(unix))]
pub use other::{SavedModes, interrupt_self, is_ours, size, take_typed, width};

use super::stdio::Writer;

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

/// Writes a few bytes to standard output, if it takes them at once.
pub fn write(bytes: &[u8]) {
    if let Ok(mut stdout) = Writer::stdout() {
        let _ = stdout.write(bytes); // nowhere to report it
    }
}

/// What was typed before anything read it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TypedAhead {
    /// Whole lines.
    pub lines: Vec<u8>,
    /// Ctrl-D came after them.
    pub ended: bool,
}

#[cfg(unix)]
mod unix {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::process::{Signal, getpgrp, getpid, kill_process};
    use rustix::stdio::stdin;
    use rustix::termios::{
        InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp,
        tcgetwinsize, tcsetattr,
    };

    use super::TypedAhead;

    /// The most that is read at once of what was typed: a terminal holds 4 KiB.
    const TYPED_AT_ONCE: usize = 4 << 10;

    /// No key does that (`_POSIX_VDISABLE`).
    const DISABLED: u8 =
        if cfg!(any(target_os = "linux", target_os = "android")) { 0 } else { 0xff };

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

        /// Has Ctrl-C send SIGINT, or be a key as any other again; other keys send nothing.
        pub fn set_interruptible(&self, is_interruptible: bool) {
            let Some(Self(mut modes)) = Self::read().filter(|_| is_ours()) else { return };
            modes.local_modes.set(LocalModes::ISIG, is_interruptible);
            for key in [SpecialCodeIndex::VSUSP, SpecialCodeIndex::VQUIT] {
                modes.special_codes[key] =
                    if is_interruptible { DISABLED } else { self.0.special_codes[key] };
            }
            let _ = tcsetattr(stdin(), OptionalActions::Now, &modes);
        }

        /// Sets them again, and bracketed paste off, as after a line editor was cut short. A terminal
        /// that takes no output, as after Ctrl-S, is not waited for.
        pub fn restore(&self) {
            let _ = tcsetattr(stdin(), OptionalActions::Now, &self.0);
            super::write(b"\x1b[?2004l");
        }
    }

    /// Takes the lines that were typed so far, and the end of them. A line editor would find its keys
    /// changed: what was Ctrl-D becomes a NUL when the modes change.
    pub fn take_typed(modes: &SavedModes) -> TypedAhead {
        let mut typed = TypedAhead::default();
        let reads_lines = modes.0.local_modes.contains(LocalModes::ICANON);
        while reads_lines && !typed.ended && typed.lines.len() < TYPED_AT_ONCE && is_waiting() {
            let mut bytes = [0; TYPED_AT_ONCE];
            match rustix::io::read(stdin(), &mut bytes) {
                Ok(count) => {
                    typed.lines.extend_from_slice(&bytes[..count]);
                    typed.ended = count == 0;
                }
                Err(_) => break, // whoever reads next hears of it
            }
        }
        typed
    }

    fn is_waiting() -> bool {
        let mut stdin = [PollFd::from_borrowed_fd(stdin(), PollFlags::IN)];
        let ready = poll(&mut stdin, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
        ready.is_ok() && stdin[0].revents().contains(PollFlags::IN)
    }

    /// Columns of the terminal on standard output.
    pub fn width() -> usize {
        match size() {
            Some((_, columns)) if columns > 0 => usize::from(columns),
            _ => super::DEFAULT_WIDTH,
        }
    }

    /// Rows and columns of the terminal on standard output.
    pub fn size() -> Option<(u16, u16)> {
        let size = tcgetwinsize(rustix::stdio::stdout()).ok()?;
        Some((size.ws_row, size.ws_col))
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
    use super::TypedAhead;

    /// The console restores its modes with the line editor.
    #[derive(Clone, Debug)]
    pub struct SavedModes;

    impl SavedModes {
        /// Nothing to read here.
        pub fn read() -> Option<Self> {
            None
        }

        /// Nothing to set here.
        pub fn set_interruptible(&self, _: bool) {}

        /// Nothing to set here.
        pub fn quieten(&self) {}

        /// Nothing to set here.
        pub fn restore(&self) {}
    }

    /// The console keeps what is typed for the line editor.
    pub fn take_typed(_: &SavedModes) -> TypedAhead {
        TypedAhead::default()
    }

    /// Columns of the terminal on standard output.
    pub fn width() -> usize {
        super::DEFAULT_WIDTH
    }

    /// It is not known here.
    pub fn size() -> Option<(u16, u16)> {
        None
    }

    /// No program is stopped for reading here.
    pub fn is_ours() -> bool {
        true
    }

    /// There is no such signal here: the line being read ends with the process.
    pub fn interrupt_self() {}
}
