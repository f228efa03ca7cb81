//! The first line of a request, and its headers.

use super::{Importer, at, comment, part};
use crate::scenario::language::syntax::{Connect, Field, OptionLine, Sections};
use crate::scenario::language::template::{Piece, Template};
use crate::scenario::language::{Diagnostic, Line};

/// The method of a request, and what follows it; GET is left out by some.
pub(super) fn method<'a>(line: Line<'a>) -> (&'a str, Line<'a>) {
    let whole = part(line, 0..line.text.len());
    let end = whole.text.find([' ', '\t']).unwrap_or(whole.text.len());
    let word = &whole.text[..end];
    let is_method = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    match is_method {
        true => (word, part(whole, end..whole.text.len())),
        false => ("GET", whole),
    }
}

/// Whether a request opens a WebSocket connection.
pub(super) fn is_web_socket(method: &str, url: &str) -> bool {
    let scheme = url.split("://").next().unwrap_or_default();
    let has_scheme = scheme.eq_ignore_ascii_case("ws") || scheme.eq_ignore_ascii_case("wss");
    method.eq_ignore_ascii_case("WEBSOCKET") || method == "WS" || has_scheme
}

impl Importer<'_> {
    /// The connection of a request, and the lines behind its headers.
    pub(super) fn connect<'l, 's>(
        &mut self,
        line: Line<'s>,
        url: Line<'s>,
        rest: &'l [Line<'s>],
        options: Vec<OptionLine>,
    ) -> (Connect, &'l [Line<'s>]) {
        let is_continued =
            |line: &Line<'_>| line.text.starts_with([' ', '\t']) && !line.text.trim().is_empty();
        let more = rest.iter().take_while(|line| is_continued(line)).count();
        let mut lines = vec![url];
        lines.extend(rest[..more].iter().map(|line| part(*line, 0..line.text.len())));
        let mut connect = Connect {
            at: at(line),
            url: self.url(&lines),
            name: None,
            headers: Vec::new(),
            options,
            response: None,
            sections: Sections::default(),
        };
        let mut rest = &rest[more..];
        while let [line, behind @ ..] = rest {
            if line.text.trim().is_empty() {
                return (connect, behind);
            }
            if line.text.starts_with("===") {
                break;
            }
            if comment(line.text).is_none()
                && let Err(error) = self.header(*line, &mut connect)
            {
                self.errors.push(error);
            }
            rest = behind;
        }
        (connect, rest)
    }

    /// The URL, which may go on in further lines.
    fn url(&mut self, lines: &[Line<'_>]) -> Template {
        let mut pieces = Vec::new();
        let errors = self.errors.len();
        let place = lines[0].start..lines[0].start + lines[0].text.len();
        for (index, line) in lines.iter().enumerate() {
            let is_last = index + 1 == lines.len();
            let text = match line.text.rsplit_once([' ', '\t']) {
                Some((url, "HTTP/1.1")) if is_last => url.trim_end(),
                _ => line.text,
            };
            match self.variables.template(Line { text, ..*line }) {
                Ok(template) => pieces.extend_from_slice(template.pieces()),
                Err(error) => self.errors.push(error),
            }
        }
        let has_space = |piece: &Piece| match piece {
            Piece::Literal(text) => text.contains(char::is_whitespace),
            Piece::Variable(_) => false,
        };
        let problem = match pieces.first() {
            None => Some("a URL is missing"),
            Some(Piece::Literal(text)) if text.starts_with('/') => {
                Some("the URL needs a host: it cannot begin with a path")
            }
            _ if pieces.iter().any(has_space) => Some("a URL cannot contain spaces"),
            _ => None,
        };
        if let Some(problem) = problem.filter(|_| self.errors.len() == errors) {
            self.errors.push(Diagnostic::new(place.clone(), problem));
        }
        Template::from_pieces(pieces, place)
    }

    fn header(&mut self, line: Line<'_>, connect: &mut Connect) -> Result<(), Diagnostic> {
        let is_name = |name: &str| {
            !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        let colon = line.text.find(':').filter(|colon| is_name(line.text[..*colon].trim_end()));
        let Some(colon) = colon.filter(|_| !line.text.starts_with([' ', '\t'])) else {
            return Err(Diagnostic::new(at(line), "not a header field")
                .with_help("a blank line separates the messages from the headers"));
        };
        let name = part(line, 0..colon);
        let value = part(line, colon + 1..line.text.len());
        match name.text.to_ascii_lowercase().as_str() {
            // For editors only: a message has no type.
            "content-type" => return Ok(()),
            "authorization" if scheme(value.text, "Digest").is_some() => {
                let message = "Digest authentication is not supported";
                return Err(Diagnostic::new(at(line), message));
            }
            "authorization" => {
                if let Some((user, password)) = user_and_password(value) {
                    let user = self.variables.template(user)?;
                    let password = self.variables.template(password)?;
                    let colon = [Piece::Literal(":".to_owned())];
                    let pieces = [user.pieces(), &colon, password.pieces()].concat();
                    let value = Template::from_pieces(pieces, at(value));
                    let name = "user".to_owned();
                    connect.options.push(OptionLine { at: at(line), name, value, pattern: None });
                    return Ok(());
                }
            }
            _ => {}
        }
        let value = self.variables.template(value)?;
        connect.headers.push(Field { at: at(line), name: Template::literal(name.text), value });
        Ok(())
    }
}

/// What follows the scheme of credentials, if it is this one.
fn scheme<'a>(credentials: &'a str, scheme: &str) -> Option<&'a str> {
    let (given, rest) = credentials.split_once([' ', '\t'])?;
    given.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// The parts of `Basic USER PASSWORD`, which is encoded before it is sent.
fn user_and_password(value: Line<'_>) -> Option<(Line<'_>, Line<'_>)> {
    let rest = scheme(value.text, "Basic")?.trim_start();
    let start = value.text.len() - rest.len();
    let mut depth = 0_usize;
    let end = rest.bytes().position(|byte| {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && matches!(byte, b' ' | b'\t')
    })?;
    Some((part(value, start..start + end), part(value, start + end..value.text.len())))
}
