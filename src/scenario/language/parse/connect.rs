//! `WS`, its headers and options, and `HTTP`.

use super::payload::Use;
use super::{Block, Content, Parser};
use crate::scenario::language::source::Diagnostic;
use crate::scenario::language::syntax::{
    Connect, ExpectedResponse, ExpectedStatus, Field, OptionLine, Sections, status_code,
};
use crate::scenario::language::template::is_name;

impl<'a> Parser<'a> {
    /// `WS URL [as NAME]`
    pub(super) fn connect(
        &mut self,
        content: Content<'a>,
        rest: Content<'a>,
    ) -> Result<(), Diagnostic> {
        let (url, name) = match rest.text.rfind(" as ") {
            Some(at) => (
                Content { text: &rest.text[..at], ..rest }.trim(),
                Some(rest.skip(at + " as ".len()).trim()),
            ),
            None => (rest, None),
        };
        let connect = Connect {
            at: content.at(),
            url: url.template()?,
            name: name.map(|name| name.text.to_owned()),
            headers: Vec::new(),
            options: Vec::new(),
            response: None,
            sections: Sections::default(),
        };
        let problem = self.connect_problem(content, url, name);
        // Even if something is wrong with it, what follows belongs to it.
        self.push_connect(connect);
        problem.map_or(Ok(()), Err)
    }

    fn connect_problem(
        &self,
        content: Content<'a>,
        url: Content<'a>,
        name: Option<Content<'a>>,
    ) -> Option<Diagnostic> {
        if url.text.is_empty() {
            let help = "for example  WS ws://localhost:8080/chat";
            return Some(Diagnostic::new(content.at(), "a URL is missing").with_help(help));
        }
        if let Some(at) = outside_braces(url.text).find(|(_, c)| c.is_whitespace()).map(|it| it.0) {
            let rest = url.skip(at).trim();
            let help = "a connection is written WS URL, or WS URL as NAME";
            let message = format!("{:?} is not expected behind the URL", rest.text);
            return Some(Diagnostic::new(rest.at(), message).with_help(help));
        }
        let name = name?;
        if let Some(error) = variable_in_name(name, "a connection") {
            return Some(error);
        }
        if !is_name(name.text) {
            let message = format!("{:?} is not the name of a connection", name.text);
            let help = "a name has letters, digits, _ and -, and does not start with a digit";
            return Some(Diagnostic::new(name.at(), message).with_help(help));
        }
        let is_taken = self.connects().any(|it| it.name.as_deref() == Some(name.text));
        is_taken.then(|| {
            let message = format!("there is a connection {:?} in this part already", name.text);
            Diagnostic::new(name.at(), message)
        })
    }

    /// `HTTP STATUS` or `HTTP *`
    pub(super) fn response(
        &mut self,
        content: Content<'a>,
        rest: Content<'a>,
    ) -> Result<(), Diagnostic> {
        let (status, problem) = match expected_status(content, rest) {
            Ok(status) => (status, None),
            Err(problem) => (ExpectedStatus::Any, Some(problem)),
        };
        // Even if something is wrong with it, what follows belongs to it.
        let expected = ExpectedResponse { at: content.at(), status, headers: Vec::new() };
        if let Some(connect) = self.last_connect() {
            connect.response = Some(expected);
        }
        self.block = Block::Response;
        problem.map_or(Ok(()), Err)
    }

    /// A header of the request or the response, or an option.
    pub(super) fn line_of_connect(&mut self, content: Content<'a>) -> Result<(), Diagnostic> {
        let colon = outside_braces(content.text).find(|(_, c)| *c == ':').map(|(at, _)| at);
        let name = colon.map(|at| Content { text: &content.text[..at], ..content });
        let is_token = |text: &str| {
            let allowed = |c: char| c.is_ascii_graphic() && !r#"()<>@,;\"/[]?="#.contains(c);
            !text.is_empty() && text.chars().all(allowed)
        };
        let (Some(colon), Some(name)) = (colon, name.filter(|name| is_token(name.text.trim_end())))
        else {
            return Err(self.not_a_field(content));
        };
        if self.block == Block::Options {
            return self.option(content, name.trim(), content.skip(colon + 1).trim());
        }
        let field = Field {
            at: content.at(),
            name: name.trim().template()?,
            value: content.skip(colon + 1).trim().template()?,
        };
        let block = self.block;
        match self.last_connect() {
            Some(connect) if block == Block::Request => connect.headers.push(field),
            Some(Connect { response: Some(response), .. }) => response.headers.push(field),
            _ => {}
        }
        Ok(())
    }

    fn option(
        &mut self,
        content: Content<'a>,
        name: Content<'a>,
        value: Content<'a>,
    ) -> Result<(), Diagnostic> {
        if let Some(error) = variable_in_name(name, "an option") {
            return Err(error);
        }
        let pattern = match name.text {
            "ignore" if value.text.is_empty() => {
                return Err(Diagnostic::new(content.at(), "a pattern is missing")
                    .with_help("an empty text message is written  ignore: text:"));
            }
            "ignore" => Some(self.payload(value, Use::Pattern)?),
            _ => None,
        };
        let line = OptionLine {
            at: content.at(),
            name: name.text.trim_start_matches('-').to_owned(),
            value: value.template()?,
            pattern,
        };
        if name.text.starts_with('-') {
            let message = "options are written without dashes here";
            return Err(Diagnostic::new(name.at(), message)
                .with_help(format!("write  {}: {}", line.name, value.text)));
        }
        if let Some(connect) = self.last_connect() {
            connect.options.push(line);
        }
        Ok(())
    }

    fn not_a_field(&self, content: Content<'a>) -> Diagnostic {
        if let Some(error) = self.unknown_connection(content) {
            return error;
        }
        let (what, example) = match self.block {
            Block::Options => ("an option, which is written NAME: VALUE", "for a flag  NAME: true"),
            _ => ("a header field, a section or a step", "a header field is written NAME: VALUE"),
        };
        Diagnostic::new(content.at(), format!("not {what}")).with_help(example)
    }
}

/// What follows `HTTP`.
fn expected_status(content: Content<'_>, rest: Content<'_>) -> Result<ExpectedStatus, Diagnostic> {
    let template = rest.template()?;
    if rest.text == "*" {
        return Ok(ExpectedStatus::Any);
    }
    let is_one_word = !outside_braces(rest.text).any(|(_, c)| c.is_whitespace());
    let status = match template.as_literal() {
        None => is_one_word.then_some(ExpectedStatus::Given(template)),
        Some(text) => status_code(&text).map(ExpectedStatus::Is),
    };
    status.ok_or_else(|| {
        let at = if rest.text.is_empty() { content.at() } else { rest.at() };
        Diagnostic::new(at, "a status code (100 to 599) or * has to follow HTTP")
    })
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
