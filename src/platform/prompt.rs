//! Prompts for a secret on the terminal, without echo.

use std::io;

use super::signal::Signal;
pub use terminal::ask_secret;

/// Why a prompt was not answered.
#[derive(Debug)]
pub enum PromptError {
    /// A signal was received, or Ctrl-C was pressed.
    Signal(Signal),
    /// The timeout ran out.
    TimedOut,
    /// An error of the terminal; `UnexpectedEof` after Ctrl-D on an empty line.
    Io(io::Error),
}

impl From<io::Error> for PromptError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

#[cfg(unix)]
mod terminal {
    use std::fs::{File, OpenOptions};
    use std::io::{self, ErrorKind, Read, Write};
    use std::os::unix::fs::OpenOptionsExt;
    use std::time::{Duration, Instant};

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::OFlags;
    use rustix::io::Errno;
    use rustix::termios::{
        LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
    };

    use super::{PromptError, Signal};
    use crate::platform::early_signals::EarlySignals;
    use crate::platform::terminal::suspend_group;

    /// The maximum length of a secret, in bytes.
    const MAX_SECRET: usize = 16 << 10;

    const CTRL_C: u8 = 0x03;
    const CTRL_D: u8 = 0x04;
    const CTRL_U: u8 = 0x15;
    const CTRL_BACKSLASH: u8 = 0x1c;

    /// Prompts on the controlling terminal, independently of the standard streams; `None` if there is
    /// none. The answer has no line break, and may be empty. `limit` is a timeout.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn ask_secret(
        prompt: &str,
        limit: Option<Duration>,
    ) -> Result<Option<String>, PromptError> {
        let Ok(terminal) = open(OpenOptions::new().read(true).write(true)) else {
            return Ok(None);
        };
        let answer = {
            let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
            let mut no_echo = NoEcho::enable(&terminal, prompt)?;
            read_secret(|| no_echo.key(deadline))
        };
        match ((&terminal).write_all(b"\n"), answer) {
            (Err(error), Ok(_)) => Err(error.into()),
            (_, answer) => answer.map(Some),
        }
    }

    /// The controlling terminal.
    fn open(options: &OpenOptions) -> io::Result<File> {
        options.open("/dev/tty")
    }

    fn nonblocking() -> i32 {
        OFlags::NONBLOCK.bits().cast_signed()
    }

    /// Disables echo, line editing and signal keys of the terminal until dropped: a Ctrl-C that ended the
    /// program would leave the terminal without echo. A shell sets its own modes when it stops and
    /// continues a program: then these are set again, and the prompt is shown again.
    struct NoEcho<'a> {
        terminal: &'a File,
        /// The terminal in non-blocking mode: a shell may consume input after it was reported as readable.
        keys: File,
        before: Termios,
        modes: Termios,
        prompt: &'a str,
        signals: EarlySignals,
    }

    impl<'a> NoEcho<'a> {
        fn enable(terminal: &'a File, prompt: &'a str) -> io::Result<Self> {
            let before = tcgetattr(terminal)?;
            let mut modes = before.clone();
            modes.local_modes &= !(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
            modes.special_codes[SpecialCodeIndex::VMIN] = 1;
            modes.special_codes[SpecialCodeIndex::VTIME] = 0;
            let signals = EarlySignals::catch()?;
            let keys = open(OpenOptions::new().read(true).custom_flags(nonblocking()))?;
            let no_echo = Self { terminal, keys, before, modes, prompt, signals };
            no_echo.ask()?;
            Ok(no_echo)
        }

        /// Sets the modes and shows the prompt. In the background this stops the program, as intended.
        fn ask(&self) -> io::Result<()> {
            tcsetattr(self.terminal, OptionalActions::Drain, &self.modes)?;
            let mut terminal = self.terminal;
            terminal.write_all(self.prompt.as_bytes())
        }

        /// Handles Ctrl-Z, which sends no signal in these modes. Returns immediately if the program cannot
        /// be stopped.
        fn suspend(&self) -> io::Result<()> {
            tcsetattr(self.terminal, OptionalActions::Drain, &self.before)?;
            let mut terminal = self.terminal;
            terminal.write_all(b"\n")?;
            suspend_group();
            Ok(())
        }

        fn is_suspend_key(&self, key: Option<u8>) -> bool {
            let suspend = self.before.special_codes[SpecialCodeIndex::VSUSP];
            suspend != 0 && key == Some(suspend)
        }

        /// The next key; `None` if the terminal was closed.
        fn key(&mut self, deadline: Option<Instant>) -> Result<Option<u8>, PromptError> {
            loop {
                let left = deadline.map(|it| it.saturating_duration_since(Instant::now()));
                if left.is_some_and(|left| left.is_zero()) {
                    return Err(PromptError::TimedOut);
                }
                let mut ready = [
                    PollFd::new(&self.signals, PollFlags::IN),
                    PollFd::new(&self.keys, PollFlags::IN),
                ];
                // A timeout beyond the range of the system means none.
                let timeout = left.and_then(|left| Timespec::try_from(left).ok());
                match poll(&mut ready, timeout.as_ref()) {
                    Err(Errno::INTR) => continue,
                    result => result.map_err(io::Error::from)?,
                };
                if !ready[0].revents().is_empty() {
                    if let Some(signal) = self.signals.take() {
                        return Err(PromptError::Signal(signal));
                    }
                    self.ask()?;
                    return Ok(Some(CTRL_U)); // discards what was typed before
                }
                match self.read_key()? {
                    None => {}
                    Some(key) if self.is_suspend_key(key) => {
                        self.suspend()?;
                        if let Some(signal) = self.signals.take() {
                            return Err(PromptError::Signal(signal));
                        }
                        self.ask()?;
                        return Ok(Some(CTRL_U));
                    }
                    Some(key) => return Ok(key),
                }
            }
        }

        /// `None` if no key was typed, `Some(None)` at the end of the input.
        fn read_key(&mut self) -> io::Result<Option<Option<u8>>> {
            let mut key = [0];
            match self.keys.read(&mut key) {
                Ok(0) => Ok(Some(None)),
                Ok(_) => Ok(Some(Some(key[0]))),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::Interrupted => Ok(None),
                    _ => Err(error),
                },
            }
        }
    }

    impl Drop for NoEcho<'_> {
        fn drop(&mut self) {
            let _ = tcsetattr(self.terminal, OptionalActions::Drain, &self.before); // it was usable before
        }
    }

    fn read_secret(
        mut next_key: impl FnMut() -> Result<Option<u8>, PromptError>,
    ) -> Result<String, PromptError> {
        let io = |kind, what: &str| PromptError::Io(io::Error::new(kind, what));
        let mut typed = Vec::new();
        loop {
            match next_key()? {
                Some(b'\r' | b'\n') => break,
                Some(CTRL_C | CTRL_BACKSLASH) => {
                    return Err(PromptError::Signal(Signal::Interrupt));
                }
                Some(CTRL_D) if !typed.is_empty() => break,
                None | Some(CTRL_D) => return Err(io(ErrorKind::UnexpectedEof, "no answer")),
                Some(CTRL_U) => typed.clear(),
                Some(0x08 | 0x7f) => erase_character(&mut typed),
                Some(byte) if typed.len() < MAX_SECRET => typed.push(byte),
                Some(_) => return Err(io(ErrorKind::InvalidInput, "the answer is too long")),
            }
        }
        String::from_utf8(typed)
            .map_err(|_| io(ErrorKind::InvalidData, "the answer is not valid UTF-8"))
    }

    fn erase_character(typed: &mut Vec<u8>) {
        while typed.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        fn answer(keys: &[u8]) -> Result<String, PromptError> {
            let mut keys = keys.iter().copied();
            read_secret(|| Ok(keys.next()))
        }

        #[test]
        fn keys_edit_the_secret() {
            for (keys, secret) in [
                ("abc\r", "abc"),
                ("\n", ""),
                ("ab\x7fc\r", "ac"),
                ("pä\x7f\x08x\r", "x"),
                ("\x7f\x7fa\r", "a"),
                ("wrong\x15right\r", "right"),
                ("abc\x04", "abc"),
                ("tab\tand ❤\rrest", "tab\tand ❤"),
            ] {
                assert_eq!(answer(keys.as_bytes()).ok().as_deref(), Some(secret));
            }
        }

        #[test]
        fn aborting_is_not_an_answer() {
            for (keys, kind) in [
                ("\x04", ErrorKind::UnexpectedEof),
                ("abc", ErrorKind::UnexpectedEof),
                (&"x".repeat(MAX_SECRET + 1), ErrorKind::InvalidInput),
            ] {
                let answer = answer(keys.as_bytes());
                assert!(matches!(answer, Err(PromptError::Io(error)) if error.kind() == kind));
            }
            assert!(answer(b"\xff\r").is_err());
            let interrupted = answer(b"abc\x03");
            assert!(matches!(interrupted, Err(PromptError::Signal(Signal::Interrupt))));
        }
    }
}

#[cfg(not(unix))]
mod terminal {
    use std::io::{self, ErrorKind, IsTerminal};
    use std::time::Duration;

    use super::{PromptError, Signal};

    /// Prompts on the console; `None` if there is none. The answer may be empty. The timeout is not
    /// supported.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn ask_secret(prompt: &str, _: Option<Duration>) -> Result<Option<String>, PromptError> {
        if !io::stdin().is_terminal() {
            return Ok(None);
        }
        match rpassword::prompt_password(prompt) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                Err(PromptError::Signal(Signal::Interrupt))
            }
            answer => Ok(Some(answer?)),
        }
    }
}
