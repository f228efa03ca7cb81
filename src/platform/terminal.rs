//! The terminal's modes, to be found again as they were.

#[cfg(unix)]
pub use unix::{
    SavedModes, end_echoed_line, has_shell, interrupt_self, is_gone, is_in_background, is_ours,
    leads_session, size, suspend_group, take_typed, width,
};

#[cfg(not(unix))]
pub use other::{
    SavedModes, interrupt_self, is_gone, is_in_background, is_ours, size, take_typed, width,
};

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

/// Writes a few bytes to standard output, if that is a terminal and takes them at once.
pub fn write(bytes: &[u8]) {
    if let Ok(mut stdout) = Writer::stdout()
        && stdout.is_terminal()
    {
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

/// The keys that control programs, as bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct ControlKeys {
    /// Ctrl-C.
    pub interrupt: Option<u8>,
    /// Ctrl-Z.
    pub suspend: Option<u8>,
}

/// The keys that edit a line in canonical mode; `None` where there is no such key.
#[derive(Clone, Copy, Debug, Default)]
pub struct EditKeys {
    /// Takes the last character back.
    pub erase: Option<u8>,
    /// Takes the last word back.
    pub erase_word: Option<u8>,
    /// Takes the line back.
    pub kill: Option<u8>,
    /// The end of the input, on an empty line.
    pub end: Option<u8>,
    /// Makes the next key one without a meaning.
    pub literal: Option<u8>,
}

#[cfg(unix)]
mod unix {
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::process::{
        Signal, getpgid, getpgrp, getpid, getppid, getsid, kill_current_process_group, kill_process,
    };
    use rustix::stdio::{stderr, stdin};
    use rustix::termios::{
        InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp,
        tcgetwinsize, tcsetattr,
    };

    use super::{ControlKeys, EditKeys, TypedAhead, Writer};

    /// The most that is read at once of what was typed: a terminal holds 4 KiB.
    const TYPED_AT_ONCE: usize = 4 << 10;

    /// No key does that (`_POSIX_VDISABLE`).
    const DISABLED: u8 =
        if cfg!(any(target_os = "linux", target_os = "android")) { 0 } else { 0xff };

    /// The modes of the terminal on standard input, as they were found.
    #[derive(Clone, Debug)]
    pub struct SavedModes {
        found: Termios,
        /// Held while modes are set: what one thread has read, another must not have changed before it is
        /// written back.
        /// Says whether [`SavedModes::give_back`] was the last to set them.
        setting: Arc<Mutex<bool>>,
    }

    impl SavedModes {
        /// Reads them; `None` where standard input is not a terminal.
        pub fn read() -> Option<Self> {
            let found = tcgetattr(stdin()).ok()?;
            Some(Self { found, setting: Arc::default() })
        }

        /// Sets the modes that the line editor reads keys in, so that nothing is echoed or cut between
        /// two lines either: what is typed then is for the next one.
        pub fn set_raw(&self) {
            let _setting = self.setting();
            let _ = tcsetattr(stdin(), OptionalActions::Now, &self.raw());
        }

        fn raw(&self) -> Termios {
            let mut modes = self.found.clone();
            modes.local_modes &=
                !(LocalModes::ICANON | LocalModes::ECHO | LocalModes::IEXTEN | LocalModes::ISIG);
            modes.input_modes &= !(InputModes::BRKINT
                | InputModes::ICRNL
                | InputModes::INPCK
                | InputModes::ISTRIP
                | InputModes::IXON);
            modes.special_codes[SpecialCodeIndex::VMIN] = 1;
            modes.special_codes[SpecialCodeIndex::VTIME] = 0;
            modes
        }

        /// Whether the terminal edits lines and shows them, as it does for most programs.
        pub fn edits_lines(&self) -> bool {
            self.found.local_modes.contains(LocalModes::ICANON)
        }

        /// Has keys passed on as they are typed, and not shown; those that send signals still do.
        pub fn set_unedited(&self) {
            self.take_unedited(&mut self.setting());
        }

        /// The same, unless the terminal is given back. Returns whether it has these modes now.
        pub fn keep_unedited(&self) -> bool {
            let mut is_given_back = self.setting();
            if !*is_given_back {
                self.take_unedited(&mut is_given_back);
            }
            self.are_unedited()
        }

        fn take_unedited(&self, is_given_back: &mut bool) {
            *is_given_back = false;
            let current = Self::read();
            // Another program that sets the modes, as a pager does, has more need of them.
            if current.is_some_and(|modes| modes.edits_lines()) {
                let _ = tcsetattr(stdin(), OptionalActions::Now, &self.unedited());
            }
        }

        /// Sets the modes that were found again if they are those of [`SavedModes::set_unedited`], for
        /// whoever uses the terminal next: until that is called again they stay.
        pub fn give_back(&self) {
            let mut is_given_back = self.setting();
            *is_given_back = true;
            if self.are_unedited() {
                let _ = tcsetattr(stdin(), OptionalActions::Now, &self.found);
            }
        }

        fn are_unedited(&self) -> bool {
            Self::read().is_some_and(|modes| modes.found.local_modes == self.unedited().local_modes)
        }

        fn unedited(&self) -> Termios {
            let mut modes = self.found.clone();
            modes.local_modes &= !(LocalModes::ICANON | LocalModes::ECHO | LocalModes::IEXTEN);
            modes.special_codes[SpecialCodeIndex::VMIN] = 1;
            modes.special_codes[SpecialCodeIndex::VTIME] = 0;
            modes
        }

        /// The keys that interrupt and suspend a program.
        pub fn control_keys(&self) -> ControlKeys {
            ControlKeys {
                interrupt: self.key(SpecialCodeIndex::VINTR),
                suspend: self.key(SpecialCodeIndex::VSUSP),
            }
        }

        /// The keys that edit a line.
        pub fn edit_keys(&self) -> EditKeys {
            EditKeys {
                erase: self.key(SpecialCodeIndex::VERASE),
                erase_word: self.key(SpecialCodeIndex::VWERASE),
                kill: self.key(SpecialCodeIndex::VKILL),
                end: self.key(SpecialCodeIndex::VEOF),
                literal: self.key(SpecialCodeIndex::VLNEXT),
            }
        }

        fn key(&self, code: SpecialCodeIndex) -> Option<u8> {
            Some(self.found.special_codes[code]).filter(|byte| *byte != DISABLED)
        }

        /// Has Ctrl-C send SIGINT, or be a key as any other again; other keys send nothing. Does nothing
        /// while the terminal is given back, to a shell for example.
        pub fn set_interruptible(&self, is_interruptible: bool) {
            let _setting = self.setting();
            let is_given_back = Self::read().is_none_or(|modes| modes.edits_lines());
            if is_given_back || !is_ours() {
                return;
            }
            let mut modes = self.raw();
            modes.local_modes.set(LocalModes::ISIG, is_interruptible);
            if is_interruptible {
                modes.special_codes[SpecialCodeIndex::VSUSP] = DISABLED;
                modes.special_codes[SpecialCodeIndex::VQUIT] = DISABLED;
            }
            let _ = tcsetattr(stdin(), OptionalActions::Now, &modes);
        }

        /// Sets them again.
        pub fn set(&self) {
            let _setting = self.setting();
            let _ = tcsetattr(stdin(), OptionalActions::Now, &self.found);
        }

        fn setting(&self) -> MutexGuard<'_, bool> {
            self.setting.lock().unwrap_or_else(PoisonError::into_inner)
        }

        /// Sets them again, and bracketed paste off, as after a line editor was cut short. A terminal
        /// that takes no output, as after Ctrl-S, is not waited for. In the background nothing is done:
        /// the terminal is another's.
        pub fn restore(&self) {
            if is_in_background() {
                return;
            }
            self.set();
            super::write(b"\x1b[?2004l");
        }
    }

    /// Takes the lines that were typed so far, and the end of them. A line editor would find its keys
    /// changed: what was Ctrl-D becomes a NUL when the modes change.
    pub fn take_typed(modes: &SavedModes) -> TypedAhead {
        let mut typed = TypedAhead::default();
        let reads_lines = modes.found.local_modes.contains(LocalModes::ICANON);
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

    /// Columns of the terminal on standard output, else on standard error.
    pub fn width() -> usize {
        let size = tcgetwinsize(rustix::stdio::stdout()).or_else(|_| tcgetwinsize(stderr()));
        match size.map(|size| size.ws_col) {
            Ok(columns @ 1..) => usize::from(columns),
            _ => super::DEFAULT_WIDTH,
        }
    }

    /// Rows and columns of the terminal on standard output.
    pub fn size() -> Option<(u16, u16)> {
        let size = tcgetwinsize(rustix::stdio::stdout()).ok()?;
        Some((size.ws_row, size.ws_col))
    }

    /// Begins a new line on the terminal on standard error, if its driver has just shown `^C` there for
    /// Ctrl-C. In the background what it shows is not ours.
    pub fn end_echoed_line() {
        let shown = LocalModes::ISIG | LocalModes::ECHO | LocalModes::ECHOCTL;
        let is_shown = tcgetattr(stderr()).is_ok_and(|modes| modes.local_modes.contains(shown));
        let is_ours = tcgetpgrp(stderr()).is_ok_and(|group| group == getpgrp());
        if is_shown
            && is_ours
            && let Ok(mut stderr) = Writer::stderr()
        {
            let _ = stderr.write(b"\n"); // it is only for looks
        }
    }

    /// Whether what is typed is for us: a program started with `&` that reads from its terminal is
    /// stopped by the shell.
    pub fn is_ours() -> bool {
        tcgetpgrp(stdin()).is_ok_and(|group| group == getpgrp())
    }

    /// Whether standard input is a terminal that was closed: its window, or the connection to it.
    pub fn is_gone() -> bool {
        tcgetattr(stdin()).is_err_and(|error| error == rustix::io::Errno::IO)
    }

    /// Whether another process group has the terminal: then its modes and what it shows are not ours.
    pub fn is_in_background() -> bool {
        tcgetpgrp(stdin()).is_ok_and(|group| group != getpgrp())
    }

    /// Whether the parent process is one that can continue us after a stop: a shell with job control.
    pub fn has_shell() -> bool {
        let Some(parent) = getppid() else { return false };
        let is_in_session = getsid(Some(parent)).ok() == getsid(None).ok();
        is_in_session && getpgid(Some(parent)).is_ok_and(|group| group != getpgrp())
    }

    /// Whether this process began the session of its terminal: then there is no shell above it, and its
    /// process group is an orphaned one, which keys and the terminal cannot stop.
    pub fn leads_session() -> bool {
        getsid(None).is_ok_and(|session| session == getpid())
    }

    /// Sends SIGTSTP to all processes of our group, as Ctrl-Z does.
    pub fn suspend_group() {
        let _ = kill_current_process_group(Signal::TSTP);
    }

    /// Sends SIGINT to this process: the one way to get a thread out of reading a line.
    pub fn interrupt_self() {
        let _ = kill_process(getpid(), Signal::INT);
    }
}

#[cfg(not(unix))]
mod other {
    use super::{ControlKeys, TypedAhead};

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
        pub fn set_raw(&self) {}

        /// The line editor knows its own.
        pub fn control_keys(&self) -> ControlKeys {
            ControlKeys { interrupt: Some(0x03), suspend: None }
        }

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

    /// A console that is closed ends its processes.
    pub fn is_gone() -> bool {
        false
    }

    /// There is no job control here.
    pub fn is_in_background() -> bool {
        false
    }

    /// There is no such signal here: the line being read ends with the process.
    pub fn interrupt_self() {}
}
