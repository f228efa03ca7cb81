//! `{{name}}` and `@name = value` in `.http` files.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{at, part};
use crate::scenario::language::template::{Piece, Template, Variable, is_name};
use crate::scenario::language::{Diagnostic, Line};

/// The most that the values of `@name = value` lines may grow to where they are used, in bytes of a file.
const MAX_EXPANDED: usize = 16 << 20;

/// Variables that are another value each time, with ours.
const DYNAMIC: [(&str, &str); 3] =
    [("$uuid", "newUuid"), ("$random.uuid", "newUuid"), ("$isoTimestamp", "newDate")];

/// The values that a file gives to variables.
pub(super) struct FileVariables<'a> {
    /// Those with a value from elsewhere, which counts more.
    given: &'a BTreeSet<String>,
    defined: BTreeMap<String, Vec<Piece>>,
    /// How much values have grown to, in bytes.
    expanded: usize,
}

impl<'a> FileVariables<'a> {
    pub(super) fn new(given: &'a BTreeSet<String>) -> Self {
        Self { given, defined: BTreeMap::new(), expanded: 0 }
    }

    /// Reads `@name = value`, which counts for what follows it; a warning if the value is not always the same.
    pub(super) fn define(&mut self, line: Line<'_>) -> Result<Option<Diagnostic>, Diagnostic> {
        let Some(end) = line.text.find('=') else {
            return Err(Diagnostic::new(at(line), "a variable is written @name = value"));
        };
        let name = part(line, line.text.find('@').map_or(0, |sign| sign + 1)..end);
        if name.text.is_empty() || name.text.contains([' ', '\t', '{', '}', '$']) {
            let message = format!("{:?} is not the name of a variable", name.text);
            return Err(Diagnostic::new(at(line), message));
        }
        let value = self.template(part(line, end + 1..line.text.len()))?;
        let is_dynamic =
            |variable: &Variable| DYNAMIC.iter().any(|(_, ours)| *ours == variable.name);
        let warning = value.variables().find(|it| is_dynamic(it)).map(|variable| {
            let message = format!("{{{{{}}}}} is another value wherever it is used", name.text);
            Diagnostic::new(variable.at.clone(), message)
                .with_help(format!("--variable {}=VALUE gives it one value", name.text))
        });
        self.defined.insert(name.text.to_owned(), value.pieces().to_vec());
        Ok(warning.filter(|_| !self.given.contains(name.text)))
    }

    /// A text with the values that the file gives put in.
    pub(super) fn template(&mut self, line: Line<'_>) -> Result<Template, Diagnostic> {
        let mut pieces = Vec::new();
        let mut rest = line.text;
        while let Some(found) = rest.find("{{") {
            push(&mut pieces, &rest[..found]);
            let start = line.start + line.text.len() - rest.len() + found;
            let Some(length) = rest[found..].find("}}") else {
                return Err(Diagnostic::new(start..start + 2, "\"{{\" without \"}}\""));
            };
            let name = rest[found + 2..found + length].trim();
            pieces.extend(self.value(name, start..start + length + 2)?);
            rest = &rest[found + length + 2..];
        }
        push(&mut pieces, rest);
        Ok(Template::from_pieces(pieces, line.start..line.start + line.text.len()))
    }

    fn value(&mut self, name: &str, at: Range<usize>) -> Result<Vec<Piece>, Diagnostic> {
        if let Some((_, ours)) = DYNAMIC.iter().find(|(theirs, _)| *theirs == name) {
            return Ok(vec![Piece::Variable(Variable { name: (*ours).to_owned(), at })]);
        }
        if let Some(value) = self.defined.get(name).filter(|_| !self.given.contains(name)) {
            self.expanded += value.iter().map(size).sum::<usize>();
            return match self.expanded > MAX_EXPANDED {
                true => Err(Diagnostic::new(at, "the values of variables exceed 16 MiB")),
                false => Ok(value.clone()),
            };
        }
        if is_name(name) {
            return Ok(vec![Piece::Variable(Variable { name: name.to_owned(), at })]);
        }
        Err(match name.starts_with('$') {
            true => {
                let message = format!("{{{{{name}}}}} cannot be translated");
                Diagnostic::new(at, message).with_help(
                    "write {{name}} and give it a value with --variable name=VALUE; of the dynamic \
                     variables $uuid, $random.uuid and $isoTimestamp are known",
                )
            }
            false => Diagnostic::new(at, format!("{name:?} is not the name of a variable"))
                .with_help("a name has letters, digits, _ and -; expressions are not evaluated"),
        })
    }
}

/// The name in `@name = value`, if it is one.
pub(super) fn name(line: Line<'_>) -> Option<&str> {
    let text = line.text.trim().strip_prefix('@')?;
    let name = text.split(['=', ' ', '\t']).next().unwrap_or_default();
    is_name(name).then_some(name)
}

fn push(pieces: &mut Vec<Piece>, literal: &str) {
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal.to_owned()));
    }
}

/// How much memory a piece takes.
fn size(piece: &Piece) -> usize {
    let text = match piece {
        Piece::Literal(text) => text.len(),
        Piece::Variable(variable) => variable.name.len(),
    };
    text + size_of::<Piece>()
}
