//! Colour, decided per stream.
//!
//! The `colored` crate decides once for the whole process, by looking at stdout. Here stdout and
//! stderr may differ (one piped, one a terminal), so the decision is a value for each stream, and the crate's
//! global switch is ignored.

use colored::Color;

/// Whether text for one stream is coloured.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    color: bool,
}

/// What a piece of text is, which decides how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A message or frame that we sent.
    Sent,
    /// A message or frame that the peer sent.
    Received,
    /// Ping, pong, close and other traffic that carries no message.
    Control,
    /// A passed check, a successful step.
    Good,
    /// Something odd that does not stop the program.
    Warning,
    /// Something that failed.
    Error,
    /// Advice on what to do next.
    Hint,
    /// Details that should stay in the background: times, offsets, sizes.
    Dim,
    /// Emphasised text.
    Bold,
    /// The name of an HTTP header.
    HeaderName,
    /// A member name in a JSON object.
    Key,
    /// A JSON string.
    Str,
    /// A JSON number.
    Number,
    /// `true`, `false` and `null` in JSON.
    Literal,
    /// Brackets, commas and colons.
    Punctuation,
}

impl Style {
    /// A style that paints if `color` is true and leaves text alone otherwise.
    pub const fn new(color: bool) -> Self {
        Self { color }
    }

    /// The style that never paints.
    pub const fn plain() -> Self {
        Self::new(false)
    }

    /// Whether this style paints.
    pub fn is_colored(self) -> bool {
        self.color
    }

    /// `text` as it looks in `role`.
    pub fn paint(self, role: Role, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        self.paint_into(&mut out, role, text);
        out
    }

    /// The same for several lines, so that line breaks are not painted.
    pub fn paint_lines(self, role: Role, text: &str) -> String {
        let lines: Vec<_> = text.split('\n').map(|line| self.paint(role, line)).collect();
        lines.join("\n")
    }

    /// Appends `text` to `out` as it looks in `role`.
    pub fn paint_into(self, out: &mut String, role: Role, text: &str) {
        let (attribute, color) = look(role);
        let color = color.map(|color| color.to_fg_str());
        let codes = [attribute, color.as_deref()];
        if !self.color || text.is_empty() || codes == [None, None] {
            out.push_str(text);
            return;
        }
        let mut lead = "\x1b[";
        for code in codes.into_iter().flatten() {
            out.push_str(lead);
            out.push_str(code);
            lead = ";";
        }
        out.push('m');
        out.push_str(text);
        out.push_str("\x1b[0m");
    }
}

const BOLD: Option<&str> = Some("1");
const DIMMED: Option<&str> = Some("2");

/// The attribute and the colour of a role. Only the 16 colours of the terminal's own theme are
/// used, so that they suit dark and light backgrounds; plain blue is too dark on many, hence bold.
const fn look(role: Role) -> (Option<&'static str>, Option<Color>) {
    match role {
        Role::Sent | Role::Good | Role::Str => (None, Some(Color::Green)),
        Role::Received | Role::Number => (None, Some(Color::Cyan)),
        Role::Control | Role::Literal => (None, Some(Color::Magenta)),
        Role::Warning => (None, Some(Color::Yellow)),
        Role::Error => (BOLD, Some(Color::BrightRed)),
        Role::HeaderName | Role::Key => (BOLD, Some(Color::Blue)),
        Role::Hint | Role::Dim => (DIMMED, None),
        Role::Bold => (BOLD, None),
        Role::Punctuation => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLES: [Role; 15] = [
        Role::Sent,
        Role::Received,
        Role::Control,
        Role::Good,
        Role::Warning,
        Role::Error,
        Role::Hint,
        Role::Dim,
        Role::Bold,
        Role::HeaderName,
        Role::Key,
        Role::Str,
        Role::Number,
        Role::Literal,
        Role::Punctuation,
    ];

    #[test]
    fn plain_style_returns_the_text_unchanged() {
        for role in ROLES {
            assert_eq!(Style::plain().paint(role, "text"), "text");
            assert_eq!(Style::new(false).paint(role, "text"), "text");
        }
        assert!(!Style::plain().is_colored());
    }

    #[test]
    fn colored_style_ignores_the_global_switch() {
        colored::control::set_override(false);
        let style = Style::new(true);
        assert!(style.is_colored());
        for (role, painted) in [
            (Role::Sent, "\x1b[32mx\x1b[0m"),
            (Role::Received, "\x1b[36mx\x1b[0m"),
            (Role::Error, "\x1b[1;91mx\x1b[0m"),
            (Role::Key, "\x1b[1;34mx\x1b[0m"),
            (Role::Dim, "\x1b[2mx\x1b[0m"),
            (Role::Bold, "\x1b[1mx\x1b[0m"),
            (Role::Punctuation, "x"),
        ] {
            assert_eq!(style.paint(role, "x"), painted, "{role:?}");
        }
        colored::control::unset_override();
    }

    #[test]
    fn an_empty_text_is_not_painted() {
        assert_eq!(Style::new(true).paint(Role::Error, ""), "");
    }

    #[test]
    fn paint_into_appends() {
        let mut out = String::from("a ");
        Style::new(true).paint_into(&mut out, Role::Warning, "b");
        assert_eq!(out, "a \x1b[33mb\x1b[0m");
    }
}
