//! Terminal modes, and restoring them.

use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(unix)]
pub use unix::{
    SavedModes, discard_typed, drop_typed, echoes_interrupt, has_shell, interrupt_self, is_gone,
    is_hangup, is_in_background, is_ours, is_output_in_background, leads_session, size,
    suspend_group, take_typed, width,
};

#[cfg(not(unix))]
pub use other::{
    SavedModes, discard_typed, drop_typed, echoes_interrupt, interrupt_self, is_gone, is_hangup,
    is_in_background, is_ours, is_output_in_background, size, take_typed, width,
};

/// The number of columns if it is not known.
const DEFAULT_WIDTH: usize = 80;

/// Whether another program of this process group has the terminal: the process has one.
static IS_LENT: AtomicBool = AtomicBool::new(false);

/// Whether another program of this process group has the terminal. Then its modes are not changed here.
pub fn is_lent() -> bool {
    IS_LENT.load(Ordering::SeqCst)
}

/// Records that another program of this process group has the terminal, or has it no more.
pub(super) fn set_lent(is_lent: bool) {
    IS_LENT.store(is_lent, Ordering::SeqCst);
}

/// Input typed ahead.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TypedAhead {
    /// Complete lines.
    pub lines: Vec<u8>,
    /// Ctrl-D followed.
    pub ended: bool,
}

/// The control keys for signals, as bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct ControlKeys {
    /// Ctrl-C.
    pub interrupt: Option<u8>,
    /// Ctrl-Z.
    pub suspend: Option<u8>,
    /// Ctrl-\.
    pub quit: Option<u8>,
}

/// The keys that edit a line in canonical mode; `None` if there is no such key.
#[derive(Clone, Copy, Debug, Default)]
pub struct EditKeys {
    /// Erases the last character.
    pub erase: Option<u8>,
    /// Erases the last word.
    pub erase_word: Option<u8>,
    /// Erases the line.
    pub kill: Option<u8>,
    /// Ends the input, on an empty line.
    pub end: Option<u8>,
    /// Inserts the next key literally.
    pub literal: Option<u8>,
}

#[cfg(unix)]
mod unix {
    use std::io;
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
    use std::time::{Duration, Instant};

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::process::{
        Signal, getpgid, getpgrp, getpid, getppid, getsid, kill_current_process_group, kill_process,
    };
    use rustix::stdio::{stderr, stdin};
    use rustix::termios::{
        InputModes, LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush,
        tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr,
    };

    use super::{ControlKeys, EditKeys, TypedAhead};

    /// The maximum number of typed bytes read at once: a terminal buffers 4 KiB.
    const TYPED_AT_ONCE: usize = 4 << 10;

    /// The code of a disabled key (`_POSIX_VDISABLE`).
    const DISABLED: u8 =
        if cfg!(any(target_os = "linux", target_os = "android")) { 0 } else { 0xff };

    /// The original modes of the terminal on standard input.
    #[derive(Clone, Debug)]
    pub struct SavedModes {
        found: Termios,
        /// Locked while modes are set: between reading and setting them by one thread, no other may change
        /// them. The value is whether [`SavedModes::give_back`] set them last.
        setting: Arc<Mutex<bool>>,
    }

    impl SavedModes {
        /// Reads the current modes; `None` if standard input is not a terminal.
        pub fn read() -> Option<Self> {
            let found = tcgetattr(stdin()).ok()?;
            Some(Self { found, setting: Arc::default() })
        }

        /// Sets the modes of the line editor, so that input between two lines is not echoed or truncated
        /// either: it belongs to the next line.
        pub fn set_raw(&self) {
            let _setting = self.setting();
            if !super::is_lent() {
                let _ = tcsetattr(stdin(), OptionalActions::Now, &self.raw());
            }
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

        /// Whether the kernel edits and echoes lines (canonical mode).
        pub fn edits_lines(&self) -> bool {
            self.found.local_modes.contains(LocalModes::ICANON)
        }

        /// Disables line editing and echo by the kernel; signal keys are still handled.
        pub fn set_unedited(&self) {
            self.take_unedited(&mut self.setting());
        }

        /// As [`SavedModes::set_unedited`], unless [`SavedModes::give_back`] was called last. Returns whether
        /// the terminal has these modes now.
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
            // Modes set by another program, such as a pager, are not changed.
            if current.is_some_and(|modes| modes.edits_lines()) {
                let _ = tcsetattr(stdin(), OptionalActions::Now, &self.unedited());
            }
        }

        /// Restores the original modes if the current ones are those of [`SavedModes::set_unedited`]. They
        /// stay until that is called again.
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
                quit: self.key(SpecialCodeIndex::VQUIT),
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

        /// Enables or disables SIGINT by Ctrl-C; other keys send no signals. Does nothing while the original
        /// modes are restored, or another program has the terminal.
        pub fn set_interruptible(&self, is_interruptible: bool) {
            let _setting = self.setting();
            let is_given_back = Self::read().is_none_or(|modes| modes.edits_lines());
            if is_given_back || super::is_lent() || !is_ours() {
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

        /// Sets the original modes.
        pub fn set(&self) {
            let _setting = self.setting();
            let _ = tcsetattr(stdin(), OptionalActions::Now, &self.found);
        }

        fn setting(&self) -> MutexGuard<'_, bool> {
            self.setting.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    /// Reads the lines typed so far, and their end. When the modes change, a Ctrl-D in the input becomes a
    /// NUL, which a line editor would misinterpret.
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
                Err(_) => break, // the next read reports it
            }
        }
        typed
    }

    /// Discards what was typed and not read yet. In the background this stops the program, as reading does.
    pub fn discard_typed() {
        let _ = tcflush(stdin(), QueueSelector::IFlush); // fails if it is not a terminal
    }

    /// Reads and drops what is typed until a time, or a signal; while keys are pressed, until nothing was typed for
    /// `quiet`, but not beyond `limit`.
    pub fn drop_typed(mut until: Instant, quiet: Duration, limit: Instant) {
        let mut bytes = [0; TYPED_AT_ONCE];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let is_over = left.is_zero() || is_in_background();
            // A terminal that was closed is ready, too.
            if is_over || !is_typed_within(left) || rustix::io::read(stdin(), &mut bytes).is_err() {
                return;
            }
            until = until.max(Instant::now() + quiet).min(limit);
        }
    }

    fn is_waiting() -> bool {
        is_typed_within(Duration::ZERO)
    }

    /// False also if a signal ends the wait.
    fn is_typed_within(time: Duration) -> bool {
        let mut stdin = [PollFd::from_borrowed_fd(stdin(), PollFlags::IN)];
        let timeout = Timespec::try_from(time).ok();
        let ready = poll(&mut stdin, timeout.as_ref());
        ready.is_ok() && !stdin[0].revents().is_empty()
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

    /// Whether the kernel has echoed `^C` on the terminal on standard error when it was pressed there. False in the
    /// background.
    pub fn echoes_interrupt() -> bool {
        let shown = LocalModes::ISIG | LocalModes::ECHO | LocalModes::ECHOCTL;
        let is_shown = tcgetattr(stderr()).is_ok_and(|modes| modes.local_modes.contains(shown));
        is_shown && tcgetpgrp(stderr()).is_ok_and(|group| group == getpgrp())
    }

    /// Whether the process is in the foreground: a background process that reads from its terminal is
    /// stopped.
    pub fn is_ours() -> bool {
        tcgetpgrp(stdin()).is_ok_and(|group| group == getpgrp())
    }

    /// Whether standard input is a terminal that was closed.
    pub fn is_gone() -> bool {
        tcgetattr(stdin()).is_err_and(|error| error == rustix::io::Errno::IO)
    }

    /// Whether an error of reading from the terminal on standard input means that it was closed, which
    /// [`is_gone`] may see later than a reader.
    pub fn is_hangup(error: &io::Error) -> bool {
        error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) && !is_in_background()
    }

    /// Whether another process group is in the foreground of the terminal.
    pub fn is_in_background() -> bool {
        tcgetpgrp(stdin()).is_ok_and(|group| group != getpgrp())
    }

    /// Whether the parent process can continue us after a stop: a shell with job control.
    pub fn has_shell() -> bool {
        let Some(parent) = getppid() else { return false };
        let is_in_session = getsid(Some(parent)).ok() == getsid(None).ok();
        is_in_session && getpgid(Some(parent)).is_ok_and(|group| group != getpgrp())
    }

    /// Whether standard output is a terminal with another process group in the foreground.
    pub fn is_output_in_background() -> bool {
        tcgetpgrp(rustix::stdio::stdout()).is_ok_and(|group| group != getpgrp())
    }

    /// Whether this process is a session leader: then it has no shell as a parent, and its orphaned process
    /// group cannot be stopped by the terminal.
    pub fn leads_session() -> bool {
        getsid(None).is_ok_and(|session| session == getpid())
    }

    /// Sends SIGTSTP to all processes of our group, as Ctrl-Z does.
    pub fn suspend_group() {
        let _ = kill_current_process_group(Signal::TSTP);
    }

    /// Sends SIGINT to this process: the only way to interrupt a thread that reads a line.
    pub fn interrupt_self() {
        let _ = kill_process(getpid(), Signal::INT);
    }
}

#[cfg(not(unix))]
mod other {
    use super::{ControlKeys, TypedAhead};

    /// No modes: the line editor restores those of the console.
    #[derive(Clone, Debug)]
    pub struct SavedModes;

    impl SavedModes {
        /// Always `None`.
        pub fn read() -> Option<Self> {
            None
        }

        /// Does nothing.
        pub fn set_interruptible(&self, _: bool) {}

        /// Does nothing.
        pub fn set_raw(&self) {}

        /// The default keys.
        pub fn control_keys(&self) -> ControlKeys {
            ControlKeys { interrupt: Some(0x03), suspend: None, quit: None }
        }

        /// Does nothing.
        pub fn set(&self) {}
    }

    /// Always empty: the console buffers input for the line editor.
    pub fn take_typed(_: &SavedModes) -> TypedAhead {
        TypedAhead::default()
    }

    /// Does nothing: what the console holds cannot be discarded without blocking.
    pub fn discard_typed() {}

    /// Does nothing: there are no modes that would be kept meanwhile.
    pub fn drop_typed(_: std::time::Instant, _: std::time::Duration, _: std::time::Instant) {}

    /// Columns of the terminal on standard output.
    pub fn width() -> usize {
        super::DEFAULT_WIDTH
    }

    /// Always `None`: the size is not known here.
    pub fn size() -> Option<(u16, u16)> {
        None
    }

    /// Always true: there is no job control here.
    pub fn is_ours() -> bool {
        true
    }

    /// Always false: closing a console ends its processes.
    pub fn is_gone() -> bool {
        false
    }

    /// Always false: see [`is_gone`].
    pub fn is_hangup(_: &std::io::Error) -> bool {
        false
    }

    /// Always false: there is no job control here.
    pub fn is_in_background() -> bool {
        false
    }

    /// Always false: there is no job control here.
    pub fn is_output_in_background() -> bool {
        false
    }

    /// Always false: an echo is not known of here.
    pub fn echoes_interrupt() -> bool {
        false
    }

    /// Does nothing: there is no such signal here.
    pub fn interrupt_self() {}
}
