//! What is sent, and the patterns of what is received.

use super::{Content, Parser};
use crate::protocol::CloseCode;
use crate::scenario::json;
use crate::scenario::language::literal::{
    base64, between_slashes, broken_json, close_parts, hex, hex_pattern, json_string, regex,
};
use crate::scenario::language::source::Diagnostic;
use crate::scenario::language::syntax::{FileKind, Payload, PayloadKind};
use crate::scenario::language::template::Template;

/// What a payload is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Send,
    Pattern,
}

/// The fewest backticks of a fence.
const FENCE: &str = "```";

type Form = fn(Template) -> PayloadKind;

/// Prefixes with what they mean.
const PREFIXES: [(&str, Form); 8] = [
    ("text:", PayloadKind::Text),
    ("json:", PayloadKind::Json),
    ("hex:", PayloadKind::Hex),
    ("base64:", PayloadKind::Base64),
    ("ping:", PayloadKind::Ping),
    ("pong:", PayloadKind::Pong),
    ("close:", PayloadKind::Close),
    ("binary:@", |path| PayloadKind::File(FileKind::Binary, path)),
];

impl<'a> Parser<'a> {
    /// The payload that begins with `rest`; if that opens a fence, all lines up to the closing one.
    pub(super) fn payload(
        &mut self,
        rest: Content<'a>,
        purpose: Use,
    ) -> Result<Payload, Diagnostic> {
        let fence = rest.text.trim_end();
        let is_fence = fence.starts_with(FENCE) && fence.bytes().all(|byte| byte == b'`');
        let (template, end) = match is_fence {
            true => self.fenced(rest, fence)?,
            false => (rest.template()?, rest.start + rest.text.len()),
        };
        let kind = kind(template, rest, is_fence, purpose)?;
        let payload = Payload { at: rest.start..end, kind, is_fenced: is_fence };
        check(&payload.kind, purpose).map_err(|error| with_place(error, &payload))?;
        self.warn_of_broken_json(&payload);
        if !is_fence {
            self.warn_of_lookalikes(&payload, rest, purpose);
        }
        Ok(payload)
    }

    /// The lines up to the closing fence, and where that ends.
    fn fenced(&mut self, rest: Content<'a>, fence: &str) -> Result<(Template, usize), Diagnostic> {
        let mut lines = Vec::new();
        let mut first_error = None;
        while let Some(line) = self.next_line() {
            if line.text.trim() == fence {
                let last = line.start + line.text.len();
                let template = Template::join(lines, rest.start..last);
                return first_error.map_or(Ok((template, last)), Err);
            }
            match Template::parse(line.text, line.start) {
                Ok(text) => lines.push(text),
                Err(error) => {
                    first_error.get_or_insert(error);
                }
            }
        }
        Err(Diagnostic::new(rest.at(), format!("no line with {fence} alone closes this payload")))
    }

    /// Text that may have been meant as something else.
    fn warn_of_lookalikes(&mut self, payload: &Payload, rest: Content<'a>, purpose: Use) {
        if !matches!(payload.kind, PayloadKind::Bare(_)) {
            return;
        }
        let behind = rest.text.trim_start_matches('`');
        let warning = if rest.text.starts_with(FENCE) && !behind.contains('`') {
            let message = "taken as text: nothing may follow the backticks of a fence";
            Diagnostic::new(payload.at.clone(), message)
                .with_help("write text:… if it is meant to be text")
        } else if let Some((expression, flags)) =
            flags(rest.text).filter(|_| purpose == Use::Pattern)
        {
            let message = "taken as text: a regular expression ends with its slash";
            Diagnostic::new(payload.at.clone(), message)
                .with_help(format!("write flags inside the expression: /(?{flags}){expression}/"))
        } else {
            return;
        };
        self.scenario.warnings.push(warning);
    }

    fn warn_of_broken_json(&mut self, payload: &Payload) {
        let PayloadKind::Bare(text) = &payload.kind else { return };
        let Some(text) = text.as_literal() else { return };
        if let Some(reason) = broken_json(&text) {
            let message = format!("taken as text, as it is not JSON: {reason}");
            let warning = Diagnostic::new(payload.at.clone(), message);
            self.scenario
                .warnings
                .push(warning.with_help("write text:… if it is meant to be text"));
        }
    }
}

/// `/expression/flags`.
fn flags(text: &str) -> Option<(&str, &str)> {
    let (expression, flags) = text.trim_end().strip_prefix('/')?.rsplit_once('/')?;
    let is_flag = |c: char| matches!(c, 'i' | 'm' | 's' | 'u' | 'x' | 'g');
    let is_regex = !expression.is_empty() && !flags.is_empty() && flags.len() <= 3;
    (is_regex && flags.chars().all(is_flag)).then_some((expression, flags))
}

fn kind(
    template: Template,
    rest: Content<'_>,
    is_fenced: bool,
    purpose: Use,
) -> Result<PayloadKind, Diagnostic> {
    // A prefix counts only where the file has it, not where a value does.
    let Some(start) = template.leading_literal() else { return Ok(PayloadKind::Bare(template)) };
    let is_regex = !is_fenced && rest.text.len() > 1 && rest.text.ends_with('/');
    if purpose == Use::Pattern && start.starts_with('/') && is_regex {
        return Ok(PayloadKind::Regex(template.without_prefix(1).without_suffix(1)));
    }
    for (prefix, kind) in [("text:@", FileKind::Text), ("json:@", FileKind::Json)] {
        if start.starts_with(prefix) {
            return Ok(PayloadKind::File(kind, template.without_prefix(prefix.len())));
        }
    }
    if start.starts_with("text:\"") && rest.text.trim_end().ends_with('"') {
        return Ok(PayloadKind::JsonString(template.without_prefix("text:".len())));
    }
    if start.starts_with("binary:") && !start.starts_with("binary:@") {
        let message = "binary: takes a file: binary:@PATH";
        return Err(Diagnostic::new(rest.at(), message)
            .with_help("bytes are written hex:00 ff or base64:AP8="));
    }
    match PREFIXES.iter().find(|(prefix, _)| start.starts_with(prefix)) {
        Some((prefix, form)) => Ok(form(template.without_prefix(prefix.len()))),
        None => Ok(PayloadKind::Bare(template)),
    }
}

/// What can be seen without the values of variables: a message with the place inside of the text, in bytes,
/// where that is known.
struct Problem {
    message: String,
    help: Option<&'static str>,
}

impl Problem {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }
}

fn with_place(problem: Problem, payload: &Payload) -> Diagnostic {
    let error = Diagnostic::new(payload.at.clone(), problem.message);
    match problem.help {
        Some(help) => error.with_help(help),
        None => error,
    }
}

fn check(kind: &PayloadKind, purpose: Use) -> Result<(), Problem> {
    let Some(text) = kind.template().as_literal() else { return Ok(()) };
    match kind {
        PayloadKind::Bare(_) | PayloadKind::Text(_) | PayloadKind::Any(_) => Ok(()),
        PayloadKind::JsonString(_) => json_string(&text).map(drop).map_err(Problem::new),
        PayloadKind::Json(_) => match json::parse(text.as_bytes()) {
            Ok(_) => Ok(()),
            Err(error) => Err(Problem::new(format!("not JSON: {error}"))),
        },
        PayloadKind::Hex(_) => match purpose {
            Use::Pattern => hex_pattern(&text).map(drop).map_err(Problem::new),
            Use::Send => hex(&text).map(drop).map_err(Problem::new),
        },
        PayloadKind::Base64(_) => base64(&text).map(drop).map_err(Problem::new),
        PayloadKind::File(..) if text.trim().is_empty() => {
            Err(Problem::new("the path of a file has to follow @"))
        }
        PayloadKind::File(..) => Ok(()),
        PayloadKind::Regex(_) => regex(&text).map(drop).map_err(Problem::new),
        PayloadKind::Ping(_) | PayloadKind::Pong(_) => match text.len() {
            0..=125 => Ok(()),
            length => Err(Problem::new(format!(
                "{length} bytes: a control frame takes at most 125 (RFC 6455 section 5.5)"
            ))),
        },
        PayloadKind::Close(_) => close(&text, purpose),
    }
}

fn close(text: &str, purpose: Use) -> Result<(), Problem> {
    let (code, reason) = close_parts(text);
    if code.is_empty() {
        return Ok(());
    }
    let code: CloseCode = code.parse().map_err(|error| Problem::new(format!("{error}")))?;
    match purpose {
        Use::Pattern => {
            let expression = between_slashes(reason).map(regex).transpose();
            expression.map(drop).map_err(Problem::new)
        }
        Use::Send => crate::protocol::close::ClosePayload::to_send(Some(code), reason)
            .map(drop)
            .map_err(|misuse| Problem::new(misuse.to_string())),
    }
}
