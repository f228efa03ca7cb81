//! Asks for a secret on the terminal, without showing it.

pub use terminal::ask_secret;

#[cfg(unix)]
mod terminal {
    use std::fs::{File, OpenOptions};
    use std::io::{self, ErrorKind, Read, Write};

    use rustix::termios::{
        LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
    };

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
        let Ok(terminal) = OpenOptions::new().read(true).write(true).open("/dev/tty") else {
            return Ok(None);
        };
        let answer = {
            let mut silence = Silence::keep(&terminal)?;
            silence.terminal.write_all(prompt.as_bytes())?;
            read_secret(&mut silence.terminal)
        };
        (&terminal).write_all(b"\n")?;
        answer.map(Some)
    }

    /// While it lives nothing is echoed, and keys come one at a time: a Ctrl-C that ended the program
    /// would leave the terminal mute.
    struct Silence<'a> {
        terminal: &'a File,
        before: Termios,
    }

    impl<'a> Silence<'a> {
        fn keep(terminal: &'a File) -> io::Result<Self> {
            let before = tcgetattr(terminal)?;
            let mut modes = before.clone();
            modes.local_modes &= !(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
            modes.special_codes[SpecialCodeIndex::VMIN] = 1;
            modes.special_codes[SpecialCodeIndex::VTIME] = 0;
            tcsetattr(terminal, OptionalActions::Drain, &modes)?;
            Ok(Self { terminal, before })
        }
    }

    impl Drop for Silence<'_> {
        fn drop(&mut self) {
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
