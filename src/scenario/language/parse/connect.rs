//! `WS`, its headers and options, and `HTTP`.

use super::payload::Use;
use super::{Block, Content, Parser, is_url};
use crate::scenario::language::diagnostic::Diagnostic;
use crate::scenario::language::syntax::{
    Connect, ExpectedResponse, ExpectedStatus, Field, OptionLine, Sections, status_code,
};
use crate::scenario::language::template::{Template, is_name};

impl<'a> Parser<'a> {
    /// `WS URL [as NAME]`
    pub(super) fn connect(&mut self, content: Content<'a>, rest: Content<'a>) {
        let (url, name) = match rest.text.rfind(" as ") {
            Some(at) => (
                Content { text: &rest.text[..at], ..rest }.trim(),
                Some(rest.skip(at + " as ".len()).trim()),
            ),
            None => (rest, None),
        };
        let (url, rest) = match outside_braces(url.text).find(|(_, c)| c.is_whitespace()) {
            Some((at, _)) => (Content { text: &url.text[..at], ..url }, Some(url.skip(at).trim())),
            None => (url, None),
        };
        let errors = self.errors.len();
        self.connect_problem(content, url, rest);
        if let Some(name) = name.filter(|_| self.errors.len() == errors) {
            self.name_problem(name);
        }
        self.reported.has_unread_name |= self.errors.len() > errors;
        // Even if something is wrong with it, what follows belongs to it.
        let connect = Connect {
            at: content.at(),
            url: self.template(url),
            name: name.map(|name| name.text.to_owned()),
            headers: Vec::new(),
            options: Vec::new(),
            response: None,
            sections: Sections::default(),
        };
        self.push_connect(connect);
    }

    fn connect_problem(
        &mut self,
        content: Content<'a>,
        url: Content<'a>,
        rest: Option<Content<'a>>,
    ) {
        let help = "a connection is written WS URL, or WS URL as NAME";
        if url.text.is_empty() {
            self.error(content.at(), "a URL is missing").help =
                Some("for example  WS ws://localhost:8080/chat".to_owned());
        } else if let Some(rest) = rest {
            let message = match rest.text {
                "as" => "a name has to follow \"as\"".to_owned(),
                text => format!("{text:?} is not expected after the URL"),
            };
            self.error(rest.at(), message).help = Some(help.to_owned());
        }
    }

    fn name_problem(&mut self, name: Content<'a>) {
        if let Some(error) = variable_in_name(name, "a connection") {
            self.errors.push(error);
        } else if !is_name(name.text) {
            let message = format!("{:?} is not the name of a connection", name.text);
            let help = "a name has letters, digits, _ and -, and does not start with a digit";
            self.error(name.at(), message).help = Some(help.to_owned());
        } else if self.has_connection(name.text) {
            let message = format!("another connection of this part is named {:?}", name.text);
            self.error(name.at(), message);
        }
    }

    /// `HTTP STATUS` or `HTTP *`
    pub(super) fn response(&mut self, content: Content<'a>, rest: Content<'a>) {
        if !self.has_request() {
            let message = match self.block {
                Block::Response => "this connection has a line with HTTP already",
                _ => "HTTP belongs directly below a connection with its headers and [Options]",
            };
            if !(self.connections.is_empty() && self.reported.may_have_connection) {
                self.error(content.at(), message);
            }
            self.block = Block::Unread;
            return;
        }
        // Even if something is wrong with it, what follows belongs to it.
        let status = expected_status(content, rest).unwrap_or_else(|error| {
            self.errors.push(error);
            ExpectedStatus::Any
        });
        let expected = ExpectedResponse { at: content.at(), status, headers: Vec::new() };
        if let Some(connect) = self.last_connect() {
            connect.response = Some(expected);
        }
        self.block = Block::Response;
    }

    /// A header of the request or the response, or an option; false if it cannot be one.
    pub(super) fn line_of_connect(&mut self, content: Content<'a>) -> bool {
        let colon = outside_braces(content.text).find(|(_, c)| *c == ':').map(|(at, _)| at);
        let name = colon.map(|at| Content { text: &content.text[..at], ..content });
        let is_token = |text: &str| {
            let allowed = |c: char| c.is_ascii_graphic() && !r#"()<>@,;\"/[]?="#.contains(c);
            !text.is_empty() && text.chars().all(allowed)
        };
        let (Some(colon), Some(name)) = (colon, name.filter(|_| !is_url(content.text))) else {
            return false;
        };
        if !is_token(name.text.trim_end()) {
            return self.wrong_field(name.trim());
        }
        let (name, value) = (name.trim(), content.skip(colon + 1).trim());
        if self.block == Block::Options {
            self.option(content, name, value);
            return true;
        }
        let (name, value) = (self.template(name), self.template(value));
        let (field, block) = (Field { at: content.at(), name, value }, self.block);
        match self.last_connect() {
            Some(connect) if block == Block::Request => connect.headers.push(field),
            Some(Connect { response: Some(response), .. }) => response.headers.push(field),
            _ => {}
        }
        true
    }

    /// A name of several words, which is not the name of a field; false if it does not look like one at all.
    fn wrong_field(&mut self, name: Content<'a>) -> bool {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ' ');
        let is_similar = self.unknown_lines.is_none() && name.text.chars().all(is_part);
        if is_similar && name.text.is_empty() {
            self.error(name.start..name.start + 1, "a name is missing before the colon");
        } else if is_similar {
            let what = if self.block == Block::Options { "an option" } else { "a header field" };
            let message = format!("{:?} is not the name of {what}", name.text);
            self.error(name.at(), message).help = Some("a name has no spaces".to_owned());
        }
        is_similar
    }

    fn option(&mut self, content: Content<'a>, name: Content<'a>, value: Content<'a>) {
        if let Some(error) = variable_in_name(name, "an option") {
            self.errors.push(error);
            return;
        }
        if name.text.starts_with('-') {
            let help = format!("write  {}: {}", name.text.trim_start_matches('-'), value.text);
            self.error(name.at(), "options are written without dashes here").help = Some(help);
            return;
        }
        let pattern = match name.text {
            "ignore" if value.text.is_empty() => {
                self.error(content.at(), "a pattern is missing").help =
                    Some("an empty text message is written  ignore: text:".to_owned());
                return;
            }
            "ignore" => Some(self.payload(value, Use::Pattern)),
            _ => None,
        };
        let value = match &pattern {
            Some(_) => Template::read(value.text, value.start).value, // its errors are the pattern's
            None => self.template(value),
        };
        let line = OptionLine { at: content.at(), name: name.text.to_owned(), value, pattern };
        if let Some(connect) = self.last_connect() {
            connect.options.push(line);
        }
    }

    /// What is wrong with a line that should be a header or an option; `None` in other blocks.
    pub(super) fn not_a_field(&self, content: Content<'a>) -> Option<Diagnostic> {
        let (what, example) = match self.block {
            Block::Options => ("an option, which is written NAME: VALUE", "for a flag  NAME: true"),
            Block::Request | Block::Response => (
                "a header field, a section or a step",
                "a header field is written NAME: VALUE; a step starts with >, < or another sign",
            ),
            _ => return None,
        };
        Some(Diagnostic::new(content.at(), format!("not {what}")).with_help(example))
    }
}

/// What follows `HTTP`.
fn expected_status(content: Content<'_>, rest: Content<'_>) -> Result<ExpectedStatus, Diagnostic> {
    let template = Template::parse(rest.text, rest.start)?;
    if rest.text == "*" {
        return Ok(ExpectedStatus::Any);
    }
    let is_one_word = !outside_braces(rest.text).any(|(_, c)| c.is_whitespace());
    let status = match template.as_literal() {
        None => is_one_word.then_some(ExpectedStatus::Given(template)),
        Some(text) => status_code(&text).map(ExpectedStatus::Is),
    };
    status.ok_or_else(|| {
        if let Some(error) = behind_status(rest) {
            return error;
        }
        let at = if rest.text.is_empty() { content.at() } else { rest.at() };
        Diagnostic::new(at, "a status code (100 to 599) or * has to follow HTTP")
            .with_help("for example  HTTP 101")
    })
}

/// What stands behind a status code that could be read.
fn behind_status(rest: Content<'_>) -> Option<Diagnostic> {
    let length = rest.text.find(char::is_whitespace)?;
    let status = rest.text.get(..length).filter(|it| *it == "*" || status_code(it).is_some())?;
    let behind = rest.skip(length).trim();
    let message = match behind.text.starts_with('#') {
        true => "a comment cannot follow something else in its line",
        false => "the reason phrase is not written",
    };
    Some(Diagnostic::new(behind.at(), message).with_help(format!("write  HTTP {status}")))
}

/// Names tell what a line is about: they are known before there are values.
pub(super) fn variable_in_name(name: Content<'_>, of: &str) -> Option<Diagnostic> {
    name.text.contains("{{").then(|| {
        Diagnostic::new(name.at(), format!("the name of {of} cannot contain a variable"))
            .with_help("{{name}} is replaced in values, not in names: write the name itself")
    })
}

/// The characters of a text that are not inside of `{{…}}`.
pub(super) fn outside_braces(text: &str) -> impl Iterator<Item = (usize, char)> + '_ {
    let mut inside_until = 0;
    text.char_indices().filter(move |(at, _)| {
        if *at >= inside_until && text[*at..].starts_with("{{") {
            inside_until = text[*at..].find("}}").map_or(0, |end| at + end + 2);
        }
        *at >= inside_until
    })
}
