//! The payload behind `replace`, as scenarios write what they send.

use std::path::Path;

use bytes::Bytes;

use super::problem::{Problem, shortened};
use crate::protocol::MessageKind;
use crate::scenario::language::literal;
use crate::scenario::language::prefix::{Form, form};
use crate::scenario::language::syntax::FileKind;

/// A payload whose file, if it names one, has not been read.
#[derive(Clone, Debug)]
pub(super) enum Written<'a> {
    /// Nothing: an empty payload of whatever is replaced.
    Empty,
    /// The payload itself.
    Given(MessageKind, Bytes),
    /// The content of a file.
    File(FileKind, &'a str),
}

impl<'a> Written<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, Problem<'a>> {
        let Some((form, length)) = form(text, text) else {
            return Ok(if text.is_empty() { Self::Empty } else { Self::text(text) });
        };
        let value = &text[length..];
        let invalid = |reason: String| Problem::new(text, reason);
        Ok(match form {
            Form::Text => Self::text(value),
            Form::JsonString => {
                let text = literal::json_string(value).map_err(|error| invalid(error.into()))?;
                Self::text(&text)
            }
            Form::Json => {
                literal::json(value).map_err(|error| invalid(error.into()))?;
                Self::text(value)
            }
            Form::Hex => Self::binary(literal::hex(value).map_err(invalid)?),
            Form::Base64 => Self::binary(literal::base64(value).map_err(invalid)?),
            Form::File(kind) => Self::File(kind, value.trim()),
            Form::Ping | Form::Pong | Form::Close => {
                let reason = format!(
                    "{:?} is not a payload: only what is inside of the frame is replaced; the \
                     text is written text:{}",
                    shortened(text),
                    shortened(text)
                );
                return Err(invalid(reason));
            }
        })
    }

    fn text(text: &str) -> Self {
        Self::Given(MessageKind::Text, Bytes::copy_from_slice(text.as_bytes()))
    }

    fn binary(bytes: Vec<u8>) -> Self {
        Self::Given(MessageKind::Binary, bytes.into())
    }

    /// The file that it names.
    pub(super) fn file(&self) -> Option<&'a Path> {
        match self {
            Self::File(_, path) => Some(Path::new(*path)),
            _ => None,
        }
    }

    /// What is sent; `content` is that of the file. `None` in place of the kind: that of what is replaced.
    pub(super) fn read(
        self,
        content: Vec<u8>,
    ) -> Result<(Option<MessageKind>, Bytes), Problem<'a>> {
        let (kind, path) = match self {
            Self::Empty => return Ok((None, Bytes::new())),
            Self::Given(kind, data) => return Ok((Some(kind), data)),
            Self::File(kind, path) => (kind, path),
        };
        if kind == FileKind::Binary {
            return Ok((Some(MessageKind::Binary), content.into()));
        }
        let invalid = |reason: String| Problem::new(path, format!("{path}: {reason}"));
        let text = str::from_utf8(&content)
            .map_err(|error| invalid(format!("not UTF-8 at byte {}", error.valid_up_to())))?;
        if kind == FileKind::Json {
            literal::json(text).map_err(|error| invalid(error.into()))?;
        }
        Ok((Some(MessageKind::Text), content.into()))
    }
}
