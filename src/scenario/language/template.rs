//! Text with `{{name}}` in it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use super::diagnostic::{Diagnostic, Partial};
pub use crate::template::is_name;

/// A text of the file, with places for values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// Where it stands in the file, in bytes.
    pub at: Range<usize>,
    pieces: Vec<Piece>,
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A text that stands for itself.
    Literal(String),
    /// A place for a value.
    Variable(Variable),
}

/// A place for a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// The name of the value.
    pub name: String,
    /// Where `{{name}}` stands in the file, in bytes.
    pub at: Range<usize>,
}

/// Where values come from.
pub trait Values {
    /// The value of this name, if there is one. `{{newUuid}}` is another one each time.
    fn value(&self, name: &str) -> Option<Cow<'_, str>>;
}

impl Values for BTreeMap<String, String> {
    fn value(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).map(|value| Cow::Borrowed(value.as_str()))
    }
}

impl Template {
    /// Reads a text that stands at `offset` of the file. `\{{` is `{{`.
    ///
    /// # Errors
    /// With a `{{` that no name and `}}` follow; the first of several.
    pub fn parse(text: &str, offset: usize) -> Result<Self, Diagnostic> {
        let Partial { value, errors } = Self::read(text, offset);
        errors.into_iter().next().map_or(Ok(value), Err)
    }

    /// The same; what is wrong is left in the text as it is written.
    pub fn read(text: &str, offset: usize) -> Partial<Self> {
        let mut template = Self { at: offset..offset + text.len(), pieces: Vec::new() };
        let mut errors = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(found) = rest.find("{{") {
            let (before, from) = rest.split_at(found);
            if let Some(before) = before.strip_suffix('\\') {
                literal.push_str(before);
                literal.push_str("{{");
                rest = &from[2..];
                continue;
            }
            literal.push_str(before);
            let start = offset + text.len() - from.len();
            rest = match variable(from) {
                Ok((name, length)) => {
                    template.push(&mut literal);
                    let at = start..start + length;
                    template.pieces.push(Piece::Variable(Variable { name: name.to_owned(), at }));
                    &from[length..]
                }
                Err(error) => {
                    // Without "}}" the rest of the text has no variables.
                    let length = if error.at.len() > 2 { error.at.len() } else { from.len() };
                    literal.push_str(&from[..length]);
                    errors.push(error.shifted(start));
                    &from[length..]
                }
            };
        }
        literal.push_str(rest);
        template.push(&mut literal);
        Partial { value: template, errors }
    }

    /// A text without variables.
    pub fn literal(text: impl Into<String>) -> Self {
        let mut template = Self::default();
        template.push(&mut text.into());
        template
    }

    /// A text from several lines of the file, joined by line feeds.
    pub fn join(lines: Vec<Self>, at: Range<usize>) -> Self {
        let mut template = Self { at, pieces: Vec::new() };
        for (index, line) in lines.into_iter().enumerate() {
            if index > 0 {
                template.push(&mut "\n".to_owned());
            }
            template.pieces.extend(line.pieces);
        }
        template
    }

    /// A text from its parts.
    pub fn from_pieces(pieces: Vec<Piece>, at: Range<usize>) -> Self {
        Self { at, pieces }
    }

    /// Its parts, in order.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    fn push(&mut self, literal: &mut String) {
        if !literal.is_empty() {
            self.pieces.push(Piece::Literal(std::mem::take(literal)));
        }
    }

    /// The places for values.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable(variable) => Some(variable),
            Piece::Literal(_) => None,
        })
    }

    /// The text, if there is no variable in it.
    pub fn as_literal(&self) -> Option<Cow<'_, str>> {
        match self.pieces.as_slice() {
            [] => Some(Cow::Borrowed("")),
            [Piece::Literal(text)] => Some(Cow::Borrowed(text)),
            pieces => pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Literal(text) => Some(text.as_str()),
                    Piece::Variable(_) => None,
                })
                .collect::<Option<String>>()
                .map(Cow::Owned),
        }
    }

    /// The text before the first variable, if there is any.
    pub fn leading_literal(&self) -> Option<&str> {
        match self.pieces.first()? {
            Piece::Literal(text) => Some(text),
            Piece::Variable(_) => None,
        }
    }

    /// The same without so many bytes of literal text at its start.
    #[must_use]
    pub fn without_prefix(mut self, bytes: usize) -> Self {
        if let Some(Piece::Literal(text)) = self.pieces.first_mut() {
            text.drain(..bytes.min(text.len()));
            self.at.start += bytes;
        }
        self.pieces.retain(|piece| !matches!(piece, Piece::Literal(text) if text.is_empty()));
        self
    }

    /// The same without so many bytes of literal text at its end.
    #[must_use]
    pub fn without_suffix(mut self, bytes: usize) -> Self {
        if let Some(Piece::Literal(text)) = self.pieces.last_mut() {
            text.truncate(text.len().saturating_sub(bytes));
            self.at.end -= bytes;
        }
        self.pieces.retain(|piece| !matches!(piece, Piece::Literal(text) if text.is_empty()));
        self
    }

    /// The text with its values.
    ///
    /// # Errors
    /// With the first variable that has no value.
    pub fn expand(&self, values: &dyn Values) -> Result<String, Variable> {
        self.expand_with(values, |value| value.into_owned())
    }

    /// The same, with each value changed before it is put in.
    ///
    /// # Errors
    /// With the first variable that has no value.
    pub fn expand_with(
        &self,
        values: &dyn Values,
        change: impl Fn(Cow<'_, str>) -> String,
    ) -> Result<String, Variable> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Variable(variable) => {
                    let value = values.value(&variable.name).ok_or_else(|| variable.clone())?;
                    text.push_str(&change(value));
                }
            }
        }
        Ok(text)
    }
}

/// The name in the `{{name}}` at the start of `text`, and how long that is.
fn variable(text: &str) -> Result<(&str, usize), Diagnostic> {
    let help = "\\{{ stands for two braces";
    let Some(end) = text.find("}}") else {
        return Err(Diagnostic::new(0..2, "\"{{\" without \"}}\"").with_help(help));
    };
    let name = text[2..end].trim_matches(' ');
    if !is_name(name) {
        let message = match name {
            "" => "a name is missing between \"{{\" and \"}}\"".to_owned(),
            name => format!("{name:?} is not the name of a variable"),
        };
        return Err(Diagnostic::new(0..end + 2, message).with_help(help));
    }
    Ok((name, end + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<String, String> {
        let values = [("a", "1"), ("b-2", "{{a}}"), ("_", "")];
        let values: BTreeMap<_, _> =
            values.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let template = Template::parse(text, 10).map_err(|error| error.message)?;
        template.expand(&values).map_err(|variable| format!("{:?}", variable.at))
    }

    /// Scenario language, section 1: "`\{{` stands for `{{`"; "what came in through `{{…}}` is not expanded again"
    #[test]
    fn values_are_put_in_once() {
        for (text, result) in [
            ("", ""),
            ("plain", "plain"),
            ("{{a}}", "1"),
            ("x{{ a }}y{{_}}z", "x1yz"),
            ("{{b-2}}", "{{a}}"),
            (r"\{{a}}", "{{a}}"),
            (r"\\{{a}}", r"\{{a}}"),
            ("{a} }} {", "{a} }} {"),
            (r#"{"n":{{a}}}"#, r#"{"n":1}"#),
        ] {
            assert_eq!(expanded(text).as_deref(), Ok(result), "{text}");
        }
    }

    /// Scenario language, section 1: "A name that is not known is an error at that place."
    #[test]
    fn an_unknown_variable_has_its_place() {
        assert_eq!(expanded("é{{x}}"), Err("12..17".to_owned()));
    }

    /// Scenario language, section 1: "NAME is `[A-Za-z_][A-Za-z0-9_-]*`."
    #[test]
    fn broken_variables_are_errors() {
        for (text, message, at) in [
            ("ab{{a", "\"{{\" without \"}}\"", 12..14),
            ("{{}}", "a name is missing between \"{{\" and \"}}\"", 10..14),
            ("{{1a}}", "\"1a\" is not the name of a variable", 10..16),
            ("{{a b}}", "\"a b\" is not the name of a variable", 10..17),
        ] {
            let error = Template::parse(text, 10).expect_err(text);
            assert_eq!((error.message.as_str(), error.at), (message, at), "{text}");
        }
    }

    #[test]
    fn what_is_around_a_broken_variable_is_read() {
        let Partial { value, errors } = Template::read("{{a}}{{1}}{{b}} {{c {{d", 0);
        let names: Vec<_> = value.variables().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(errors.iter().map(|it| it.at.clone()).collect::<Vec<_>>(), [5..10, 16..18]);
        let literals = value.pieces().iter().filter(|it| matches!(it, Piece::Literal(_))).count();
        assert_eq!(literals, 2);
    }

    #[test]
    fn a_text_without_variables_is_literal() {
        let literal = |text| Template::parse(text, 0).unwrap().as_literal().map(Cow::into_owned);
        assert_eq!(literal("a"), Some("a".to_owned()));
        assert_eq!(literal(r"a\{{b"), Some("a{{b".to_owned()));
        assert_eq!(literal("{{a}}"), None);
    }
}
