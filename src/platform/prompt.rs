//! Asks for a secret on the terminal, without showing it.

pub use terminal::ask_secret;

#[cfg(unix)]
mod terminal {
    use std::fs::{File, OpenOptions};
    use std::io::{self, ErrorKind, Read, Write};
    use std::os::unix::fs::OpenOptionsExt;
    use std::os::unix::net::UnixStream;

    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::fs::OFlags;
    use rustix::io::Errno;
    use rustix::termios::{
        LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
    };
    use signal_hook::SigId;
    use signal_hook::consts::SIGCONT;
    use signal_hook::low_level::{pipe, unregister};

    /// More than any password or token has, in bytes.
    const MAX_SECRET: usize = 16 << 10;

    const CTRL_C: u8 = 0x03;
    const CTRL_D: u8 = 0x04;
    const CTRL_U: u8 = 0x15;
    const CTRL_BACKSLASH: u8 = 0x1c;

    /// Asks on the controlling terminal, whatever the standard streams are; `None` where there is
    /// none. The answer has no line break, and may be empty.
    ///
    /// # Errors
    /// `Interrupted` after Ctrl-C, `UnexpectedEof` after Ctrl-D on an empty line, and what the
    /// terminal itself has to say.
    pub fn ask_secret(prompt: &str) -> io::Result<Option<String>> {
        let Ok(terminal) = open(OpenOptions::new().read(true).write(true)) else {
            return Ok(None);
        };
        let answer = {
            let mut silence = Silence::keep(&terminal, prompt)?;
            read_secret(&mut silence)
        };
        (&terminal).write_all(b"\n")?;
        answer.map(Some)
    }

    /// The controlling terminal.
    fn open(options: &OpenOptions) -> io::Result<File> {
        options.open("/dev/tty")
    }

    fn nonblocking() -> i32 {
        OFlags::NONBLOCK.bits().cast_signed()
    }

    /// While it lives nothing is echoed, and keys come one at a time: a Ctrl-C that ended the program
    /// would leave the terminal mute. A shell sets modes of its own when it stops and continues a program:
    /// then they are set again, and the question is asked again.
    struct Silence<'a> {
        terminal: &'a File,
        /// The same, read without blocking: a shell may take what was announced.
        keys: File,
        before: Termios,
        modes: Termios,
        prompt: &'a str,
        /// SIGCONT was sent.
        continued: UnixStream,
        handler: SigId,
    }

    impl<'a> Silence<'a> {
        fn keep(terminal: &'a File, prompt: &'a str) -> io::Result<Self> {
            let before = tcgetattr(terminal)?;
            let mut modes = before.clone();
            modes.local_modes &= !(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
            modes.special_codes[SpecialCodeIndex::VMIN] = 1;
            modes.special_codes[SpecialCodeIndex::VTIME] = 0;
            let (continued, sender) = UnixStream::pair()?;
            continued.set_nonblocking(true)?;
            let handler = pipe::register(SIGCONT, sender)?;
            let keys = open(OpenOptions::new().read(true).custom_flags(nonblocking()))?;
            let silence = Self { terminal, keys, before, modes, prompt, continued, handler };
            silence.ask()?;
            Ok(silence)
        }

        /// In the background this stops the program, as it should: the terminal is not its own.
        fn ask(&self) -> io::Result<()> {
            tcsetattr(self.terminal, OptionalActions::Drain, &self.modes)?;
            let mut terminal = self.terminal;
            terminal.write_all(self.prompt.as_bytes())
        }
    }

    impl Read for Silence<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            loop {
                let mut ready = [
                    PollFd::new(&self.continued, PollFlags::IN),
                    PollFd::new(&self.keys, PollFlags::IN),
                ];
                match poll(&mut ready, None) {
                    Err(Errno::INTR) => continue,
                    result => result?,
                };
                let is_continued = !ready[0].revents().is_empty();
                if !is_continued {
                    match self.keys.read(buffer) {
                        Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                        read => return read,
                    }
                }
                while matches!(self.continued.read(&mut [0; 16]), Ok(1..)) {}
                self.ask()?;
                if let Some(key) = buffer.first_mut() {
                    *key = CTRL_U; // what was typed before is asked for again
                    return Ok(1);
                }
            }
        }
    }

    impl Drop for Silence<'_> {
        fn drop(&mut self) {
            unregister(self.handler);
            let _ = tcsetattr(self.terminal, OptionalActions::Drain, &self.before); // it was ours a moment ago
        }
    }

    fn read_secret(keys: &mut impl Read) -> io::Result<String> {
        let mut typed = Vec::new();
        let mut key = [0];
        loop {
            match keys.read(&mut key) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            match key[0] {
                b'\r' | b'\n' => break,
                CTRL_C | CTRL_BACKSLASH => return Err(ErrorKind::Interrupted.into()),
                CTRL_D if typed.is_empty() => return Err(ErrorKind::UnexpectedEof.into()),
                CTRL_D => break,
                CTRL_U => typed.clear(),
                0x08 | 0x7f => erase_character(&mut typed),
                byte if typed.len() < MAX_SECRET => typed.push(byte),
                _ => return Err(io::Error::new(ErrorKind::InvalidInput, "that is too long")),
            }
        }
        String::from_utf8(typed)
            .map_err(|_| io::Error::new(ErrorKind::InvalidData, "that is not UTF-8"))
    }

    fn erase_character(typed: &mut Vec<u8>) {
        while typed.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn keys_edit_what_was_typed() {
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
                assert_eq!(read_secret(&mut keys.as_bytes()).ok().as_deref(), Some(secret));
            }
        }

        #[test]
        fn giving_up_is_no_answer() {
            for (keys, kind) in [
                ("abc\x03", ErrorKind::Interrupted),
                ("\x04", ErrorKind::UnexpectedEof),
                ("abc", ErrorKind::UnexpectedEof),
                (&"x".repeat(MAX_SECRET + 1), ErrorKind::InvalidInput),
            ] {
                assert_eq!(read_secret(&mut keys.as_bytes()).unwrap_err().kind(), kind);
            }
            assert!(read_secret(&mut &b"\xff\r"[..]).is_err());
        }
    }
}

#[cfg(not(unix))]
mod terminal {
    use std::io::{self, IsTerminal};

    /// Asks on the console; `None` where there is none. The answer may be empty.
    ///
    /// # Errors
    /// What the console has to say.
    pub fn ask_secret(prompt: &str) -> io::Result<Option<String>> {
        if !io::stdin().is_terminal() {
            return Ok(None);
        }
        rpassword::prompt_password(prompt).map(Some)
    }
}
