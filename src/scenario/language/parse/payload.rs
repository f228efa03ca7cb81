//! What is sent, and the patterns of what is received.

use super::{Content, Parser};
use crate::scenario::json::{JsonError, JsonPlace};
use crate::scenario::language::diagnostic::Diagnostic;
use crate::scenario::language::literal::{
    base64, between_slashes, broken_json, close_code, close_parts, close_reason, close_to_send,
    control, hex, hex_pattern, json, json_string, regex,
};
use crate::scenario::language::prefix::{Form, form};
use crate::scenario::language::syntax::{Payload, PayloadKind};
use crate::scenario::language::template::Template;

/// What a payload is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Send,
    Pattern,
}

/// The fewest backticks of a fence.
const FENCE: &str = "```";

impl<'a> Parser<'a> {
    /// The payload that begins with `rest`; if that opens a fence, all lines up to the closing one.
    pub(super) fn payload(&mut self, rest: Content<'a>, purpose: Use) -> Payload {
        let fence = rest.text.trim_end();
        let is_fence = fence.starts_with(FENCE) && fence.bytes().all(|byte| byte == b'`');
        let is_marked = !is_fence && self.has_marked_fence(rest);
        let errors = self.errors.len();
        let (template, end) = match is_fence || is_marked {
            true => self.fenced(rest, fence.trim_end_matches(|c| c != '`')),
            false => (self.template(rest), rest.start + rest.text.len()),
        };
        self.is_behind_payload = !is_fence;
        let is_fenced = is_fence || is_marked;
        let kind = self.kind(template, rest, is_fenced, purpose);
        let payload = Payload { at: rest.start..end, kind, is_fenced };
        if self.errors.len() > errors {
            return payload;
        }
        if !is_fenced && self.skip_json(&payload, rest) {
            self.is_behind_payload = false;
        } else if let Err(problem) = check(&payload.kind, purpose) {
            let error = self.problem_of(&payload, problem);
            self.errors.push(error);
        } else {
            self.warn_of_broken_json(&payload);
            if !is_fenced {
                self.warn_of_lookalikes(&payload, rest, purpose);
            }
        }
        payload
    }

    /// Whether a payload is a fence but for a word behind its backticks, which is an error.
    fn has_marked_fence(&mut self, rest: Content<'a>) -> bool {
        let word = rest.text.trim_start_matches('`');
        let fence = &rest.text[..rest.text.len() - word.len()];
        if fence.len() < FENCE.len() || !word.trim_end().bytes().all(|b| b.is_ascii_alphanumeric())
        {
            return false;
        }
        let mut lines = (0..).map_while(|ahead| self.peek(ahead)).map(|line| line.text.trim());
        let closes = lines.find_map(|line| match line {
            line if line == fence => Some(true),
            line if line.contains(fence) || line.starts_with("###") => Some(false),
            _ => None,
        });
        if closes != Some(true) {
            return false;
        }
        self.error(rest.at(), "nothing may follow the backticks of a fence").help =
            Some(format!("write  {fence}  alone"));
        true
    }

    /// The lines up to the closing fence, and where that ends.
    fn fenced(&mut self, rest: Content<'a>, fence: &str) -> (Template, usize) {
        let (first, errors) = (self.next, self.errors.len());
        let mut lines = Vec::new();
        // A search that has failed once would fail again: many fences that are not closed take no more time than one.
        let is_unclosed = self.unclosed_fences.contains(fence);
        while let Some(line) = self.next_line().filter(|_| !is_unclosed) {
            if line.text.trim() == fence {
                let last = line.start + line.text.len();
                return (Template::join(lines, rest.start..last), last);
            }
            lines.push(self.template(Content { text: line.text, start: line.start }));
        }
        self.unclosed_fences.insert(fence.to_owned());
        self.errors.truncate(errors); // its lines are read again
        self.error(rest.at(), format!("no line with {fence} alone closes this payload"));
        // The next part is not in it.
        self.next = first;
        while let Some(content) = self.peek(0).map(Content::new)
            && !content.text.starts_with("###")
        {
            self.note_name(content);
            self.next += 1;
        }
        (Template::join(lines, rest.at()), rest.at().end)
    }

    /// Reports JSON that goes on in the next lines, and passes over these. False if the payload is something else.
    fn skip_json(&mut self, payload: &Payload, rest: Content<'a>) -> bool {
        if !matches!(payload.kind, PayloadKind::Bare(_) | PayloadKind::Json(_))
            || !rest.text.trim_start().trim_start_matches("json:").starts_with(['{', '['])
        {
            return false;
        }
        let lines = self.json_lines(rest.text);
        if lines > 0 {
            let message = "a payload ends with its line; this JSON goes on in the next one";
            self.error(rest.at(), message).help = Some(
                "write it between lines of three backticks, the first after the sign:  > ```"
                    .to_owned(),
            );
            self.skip_lines(lines);
        }
        lines > 0
    }

    /// Text that may have been meant as something else.
    fn warn_of_lookalikes(&mut self, payload: &Payload, rest: Content<'a>, purpose: Use) {
        if !matches!(payload.kind, PayloadKind::Bare(_)) {
            return;
        }
        let behind = rest.text.trim_start_matches('`');
        let (message, help) = if rest.text.starts_with(FENCE) && !behind.contains('`') {
            let message = "taken as text: nothing may follow the backticks of a fence";
            (message.to_owned(), "write text:… if it is meant to be text".to_owned())
        } else if let Some((expression, flags)) =
            flags(rest.text).filter(|_| purpose == Use::Pattern)
        {
            let message = "taken as text: a regular expression ends with its slash".to_owned();
            (message, format!("write flags inside the expression: /(?{flags}){expression}/"))
        } else if let Some(sign) = self.doubled_sign(rest) {
            let message = format!("taken as text: the second {sign} is part of the payload");
            (message, format!("write one {sign}, or  {sign} {sign}  if it is meant to be text"))
        } else {
            return;
        };
        let warning = Diagnostic::new(payload.at.clone(), message).with_help(help);
        self.scenario.warnings.push(warning);
    }

    /// The sign of a line such as `>> x`, whose payload begins with another one.
    fn doubled_sign(&self, rest: Content<'_>) -> Option<char> {
        let before = self.source.text()[..rest.start].chars().next_back();
        before.filter(|sign| matches!(sign, '<' | '>') && rest.text.starts_with(*sign))
    }

    fn warn_of_broken_json(&mut self, payload: &Payload) {
        let PayloadKind::Bare(text) = &payload.kind else { return };
        let Some(text) = text.as_literal() else { return };
        if let Some(error) = broken_json(&text) {
            let reason = format!("taken as text, as it is not JSON: {}", error.reason);
            let mut warning = self.problem_of(payload, JsonError { reason, ..error }.into());
            let help = || "write text:… if it is meant to be text".to_owned();
            warning.help.get_or_insert_with(help);
            self.scenario.warnings.push(warning);
        }
    }

    /// What is wrong with a payload: as a whole, or at a place of its JSON.
    fn problem_of(&self, payload: &Payload, problem: Problem) -> Diagnostic {
        let Some(JsonPlace { line, column }) = problem.place else {
            return Diagnostic::new(payload.at.clone(), problem.message);
        };
        let template = payload.kind.template();
        let start = match payload.is_fenced {
            true => self.source.line(self.source.line_of(payload.at.start) + line),
            false => self.source.line(self.source.line_of(payload.at.start)),
        };
        let Some(start) = start else {
            return Diagnostic::new(payload.at.clone(), problem.message);
        };
        let first = if payload.is_fenced { start.start } else { template.at.start };
        let text = &self.source.text()[first..start.start + start.text.len()];
        let at = text.floor_char_boundary(column.saturating_sub(1));
        let end = text.ceil_char_boundary((at + 1).min(text.len()));
        let is_comment = problem.message.ends_with("trailing characters") && text[at..end] == *"#";
        let error = Diagnostic::new(first + at..first + end, problem.message);
        match is_comment {
            true => error.with_help("a comment has a line of its own"),
            false => error,
        }
    }

    fn kind(
        &mut self,
        template: Template,
        rest: Content<'a>,
        is_fenced: bool,
        purpose: Use,
    ) -> PayloadKind {
        // A prefix counts only where the file has it, not where a value does.
        let Some(start) = template.leading_literal() else { return PayloadKind::Bare(template) };
        let is_regex = !is_fenced && between_slashes(rest.text).is_some();
        if purpose == Use::Pattern && start.starts_with('/') && is_regex {
            return PayloadKind::Regex(template.without_prefix(1).without_suffix(1));
        }
        if start.starts_with("binary:") && !start.starts_with("binary:@") {
            self.error(rest.at(), "binary: takes a file: binary:@PATH").help =
                Some("bytes are written hex:00 ff or base64:AP8=".to_owned());
        }
        let Some((form, length)) = form(start, rest.text) else {
            return PayloadKind::Bare(template);
        };
        let template = template.without_prefix(length);
        match form {
            Form::Text => PayloadKind::Text(template),
            Form::JsonString => PayloadKind::JsonString(template),
            Form::Json => PayloadKind::Json(template),
            Form::Hex => PayloadKind::Hex(template),
            Form::Base64 => PayloadKind::Base64(template),
            Form::File(kind) => PayloadKind::File(kind, template),
            Form::Ping => PayloadKind::Ping(template),
            Form::Pong => PayloadKind::Pong(template),
            Form::Close => PayloadKind::Close(template),
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

/// What is wrong with a payload, with the place if it is known.
struct Problem {
    message: String,
    place: Option<JsonPlace>,
}

impl From<String> for Problem {
    fn from(message: String) -> Self {
        Self { message, place: None }
    }
}

impl From<JsonError> for Problem {
    fn from(JsonError { reason, place }: JsonError) -> Self {
        Self { message: reason, place: Some(place) }
    }
}

/// What can be seen without the values of variables.
fn check(kind: &PayloadKind, purpose: Use) -> Result<(), Problem> {
    let Some(text) = kind.template().as_literal() else { return Ok(()) };
    match kind {
        PayloadKind::Bare(_) | PayloadKind::Text(_) | PayloadKind::Any(_) => {}
        PayloadKind::JsonString(_) => drop(json_string(&text)?),
        PayloadKind::Json(_) => drop(json(&text)?),
        PayloadKind::Hex(_) if purpose == Use::Pattern => drop(hex_pattern(&text)?),
        PayloadKind::Hex(_) => drop(hex(&text)?),
        PayloadKind::Base64(_) => drop(base64(&text)?),
        PayloadKind::File(..) if text.trim().is_empty() => {
            return Err("the path of a file has to follow @".to_owned().into());
        }
        PayloadKind::File(..) => {}
        PayloadKind::Regex(_) => drop(regex(&text)?),
        PayloadKind::Ping(_) | PayloadKind::Pong(_) => drop(control(&text)?),
        PayloadKind::Close(_) => close(&text, purpose)?,
    }
    Ok(())
}

fn close(text: &str, purpose: Use) -> Result<(), String> {
    if purpose == Use::Send {
        return close_to_send(text).map(drop);
    }
    let (code, reason) = close_parts(text);
    if close_code(code)?.is_none() {
        return Ok(());
    }
    match between_slashes(reason) {
        Some(expression) => regex(expression).map(drop),
        None => close_reason(reason).map(drop),
    }
}
