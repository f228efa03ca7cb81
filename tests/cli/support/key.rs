//! Terminal keys that are not characters.

/// A key that is not a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Enter,
    AltEnter,
    Tab,
    Backspace,
    Escape,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    Delete,
    CtrlA,
    CtrlC,
    CtrlD,
    CtrlE,
    CtrlK,
    CtrlL,
    CtrlR,
    CtrlU,
    CtrlW,
    /// Ctrl-X Ctrl-E
    CtrlXCtrlE,
    CtrlZ,
    CtrlBackslash,
}

impl Key {
    /// The bytes that the terminal sends for it.
    pub(super) fn bytes(self) -> &'static [u8] {
        match self {
            Self::Enter => b"\r",
            Self::AltEnter => b"\x1b\r",
            Self::Tab => b"\t",
            Self::Backspace => b"\x7f",
            Self::Escape => b"\x1b",
            Self::Up => b"\x1b[A",
            Self::Down => b"\x1b[B",
            Self::Right => b"\x1b[C",
            Self::Left => b"\x1b[D",
            Self::Home => b"\x1b[H",
            Self::End => b"\x1b[F",
            Self::Delete => b"\x1b[3~",
            Self::CtrlA => b"\x01",
            Self::CtrlC => b"\x03",
            Self::CtrlD => b"\x04",
            Self::CtrlE => b"\x05",
            Self::CtrlK => b"\x0b",
            Self::CtrlL => b"\x0c",
            Self::CtrlR => b"\x12",
            Self::CtrlU => b"\x15",
            Self::CtrlW => b"\x17",
            Self::CtrlXCtrlE => b"\x18\x05",
            Self::CtrlZ => b"\x1a",
            Self::CtrlBackslash => b"\x1c",
        }
    }
}
