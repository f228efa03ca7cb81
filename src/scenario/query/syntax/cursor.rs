//! Words, strings, regular expressions and variables of a line, with their places.

use std::ops::Range;

use crate::scenario::language::template::Piece;
use crate::scenario::language::{Diagnostic, Template, Variable};

/// A text in quotes.
pub(super) struct Quoted {
    pub(super) template: Template,
    /// Whether the file has it character for character: no escapes and no variables. The template's
    /// place is then what stands between the quotes.
    pub(super) is_verbatim: bool,
}

/// A position in a line.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    /// Where the line starts in the file, in bytes.
    offset: usize,
    /// The position in the line, in bytes.
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str, offset: usize) -> Self {
        Self { text, offset, at: 0 }
    }

    /// What is still to be read.
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The position in the file, in bytes.
    pub(super) fn position(&self) -> usize {
        self.offset + self.at
    }

    /// Skips spaces; whether something follows.
    pub(super) fn has_more(&mut self) -> bool {
        self.at = self.text.len() - self.rest().trim_start_matches([' ', '\t']).len();
        !self.rest().is_empty()
    }

    /// The place of what stands here: up to the next space, or the end of the line if nothing does.
    pub(super) fn here(&self) -> Range<usize> {
        let length = self.rest().find([' ', '\t']).unwrap_or(self.rest().len());
        self.position()..self.position() + length
    }

    /// From a position in the file to where this is.
    pub(super) fn since(&self, start: usize) -> Range<usize> {
        start..self.position()
    }

    /// The next word, without reading it: letters, digits and `_`, or signs such as `==`. Empty before
    /// anything else.
    pub(super) fn peek(&self) -> &'a str {
        let rest = self.rest();
        let is_sign = |c: char| "=!<>~&|".contains(c);
        let end = match rest.chars().next() {
            Some(first) if first.is_alphabetic() || first == '_' => {
                rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-')))
            }
            Some(first) if is_sign(first) => rest.find(|c| !is_sign(c)),
            _ => Some(0),
        };
        &rest[..end.unwrap_or(rest.len())]
    }

    /// Reads a text that stands here, with its place.
    pub(super) fn take(&mut self, text: &str) -> Range<usize> {
        let start = self.position();
        self.at = (self.at + text.len()).min(self.text.len());
        self.since(start)
    }

    /// The rest of the line without the spaces behind it, with its place.
    pub(super) fn take_rest(&mut self) -> (&'a str, Range<usize>) {
        let rest = self.rest().trim_end_matches([' ', '\t']);
        let at = self.take(rest);
        self.at = self.text.len();
        (rest, at)
    }

    /// What stands here up to the next space, with its place.
    pub(super) fn take_here(&mut self) -> (&'a str, Range<usize>) {
        let at = self.here();
        let text = &self.rest()[..at.len()];
        (text, self.take(text))
    }

    /// A text in quotes, which has to begin here.
    ///
    /// # Errors
    /// With an unknown escape, a broken variable, or without a closing quote.
    pub(super) fn quoted(&mut self) -> Result<Quoted, Diagnostic> {
        let start = self.position();
        self.at += 1;
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut is_verbatim = true;
        loop {
            let rest = self.rest();
            let Some(next) = rest.chars().next() else {
                let message = "a text without its closing quote";
                return Err(Diagnostic::new(self.since(start), message));
            };
            match next {
                '"' => break,
                '\\' => {
                    is_verbatim = false;
                    literal.push_str(&self.escape()?);
                }
                '{' if rest.starts_with("{{") => {
                    is_verbatim = false;
                    push(&mut pieces, &mut literal);
                    pieces.push(Piece::Variable(self.variable('"')?));
                }
                c => {
                    literal.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
        push(&mut pieces, &mut literal);
        self.at += 1;
        let outer = self.since(start);
        let at = if is_verbatim { outer.start + 1..outer.end - 1 } else { outer };
        Ok(Quoted { template: Template::from_pieces(pieces, at), is_verbatim })
    }

    /// What an escape stands for. The text begins with a backslash.
    fn escape(&mut self) -> Result<String, Diagnostic> {
        let rest = self.rest();
        if let Some(digits) = rest.strip_prefix("\\u{") {
            return self.code_point(digits);
        }
        if rest.starts_with("\\{{") {
            self.at += 3;
            return Ok("{{".to_owned());
        }
        let next = rest[1..].chars().next();
        let c = match next {
            Some(c @ ('"' | '\\')) => c,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            _ => {
                let length = 1 + next.map_or(0, char::len_utf8);
                let at = self.position()..self.position() + length;
                let message = format!("{} is not an escape", &rest[..length]);
                let help = r#"escapes are \" \\ \b \f \n \r \t \u{E9} and \{{"#;
                return Err(Diagnostic::new(at, message).with_help(help));
            }
        };
        self.at += 2;
        Ok(c.to_string())
    }

    /// The character of `\u{…}`, from its digits on.
    fn code_point(&mut self, digits: &str) -> Result<String, Diagnostic> {
        let end = digits.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(digits.len());
        let is_closed = digits[end..].starts_with('}');
        let character = u32::from_str_radix(&digits[..end], 16).ok().and_then(char::from_u32);
        let length = "\\u{".len() + end + usize::from(is_closed);
        match character {
            Some(c) if is_closed => {
                self.at += length;
                Ok(c.to_string())
            }
            _ => {
                let at = self.position()..self.position() + length;
                let message = format!("{} is not a character", &self.rest()[..length]);
                let help = r"a character is written \u{E9}, with up to 6 hexadecimal digits";
                Err(Diagnostic::new(at, message).with_help(help))
            }
        }
    }

    /// The variable that begins here with `{{`; it ends before this character.
    fn variable(&mut self, end: char) -> Result<Variable, Diagnostic> {
        let rest = self.rest();
        let until = rest.find(end).unwrap_or(rest.len());
        let length = rest.find("}}").map(|at| at + 2).filter(|length| *length <= until);
        let text = &rest[..length.unwrap_or(until)];
        let template = Template::parse(text, self.position())?;
        self.at += text.len();
        match template.variables().next() {
            Some(variable) => Ok(variable.clone()),
            None => Err(Diagnostic::new(template.at.clone(), "a variable is missing")),
        }
    }

    /// A variable without quotes, which has to begin here.
    ///
    /// # Errors
    /// With a broken variable.
    pub(super) fn bare_variable(&mut self) -> Result<Variable, Diagnostic> {
        self.variable('\n')
    }

    /// A regular expression between slashes, which has to begin here.
    ///
    /// # Errors
    /// With flags, a broken variable, or without a closing slash.
    pub(super) fn slashed(&mut self) -> Result<Template, Diagnostic> {
        let start = self.position();
        let body = &self.rest()[1..];
        let Some(end) = closing_slash(body) else {
            let at = start..start + self.rest().trim_end().len();
            let message = "a regular expression without its closing slash";
            return Err(Diagnostic::new(at, message).with_help(r"a slash in it is written \/"));
        };
        let template = Template::parse(&body[..end], start + 1)?;
        self.at += end + 2;
        let flags = self.peek();
        if flags.is_empty() {
            return Ok(template);
        }
        let start = self.position();
        let message = "a regular expression has no flags after it";
        let help = format!("put them into it: /(?{flags}){}/", &body[..end]);
        Err(Diagnostic::new(start..start + flags.len(), message).with_help(help))
    }
}

fn push(pieces: &mut Vec<Piece>, literal: &mut String) {
    if !literal.is_empty() {
        pieces.push(Piece::Literal(std::mem::take(literal)));
    }
}

/// Where the slash is that no backslash stands before.
fn closing_slash(body: &str) -> Option<usize> {
    let mut is_escaped = false;
    body.bytes().position(|byte| {
        let is_end = byte == b'/' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    })
}
