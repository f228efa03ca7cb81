//! The tree of a scenario file. Every node knows where it stands, in bytes of the file.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use super::diagnostic::Diagnostic;
use super::template::Template;

/// What was read of a file.
#[derive(Clone, Debug, Default)]
pub struct Scenario {
    /// Its parts, in order.
    pub parts: Vec<Part>,
    /// What may be wrong in it.
    pub warnings: Vec<Diagnostic>,
    /// Variables that lines which could not be read may give a value.
    pub unread_names: BTreeSet<String>,
}

/// A part: connections of its own, and what is done on them.
#[derive(Clone, Debug)]
pub struct Part {
    /// The text behind `###`.
    pub title: Option<Template>,
    /// Its first line.
    pub at: Range<usize>,
    /// Connections and steps, in order.
    pub items: Vec<Item>,
}

/// What a part is made of.
#[derive(Clone, Debug)]
pub enum Item {
    /// A connection is opened.
    Connect(Box<Connect>),
    /// Something is done on one that is open.
    Step(Box<Step>),
}

/// A connection to be opened, and how that has to go.
#[derive(Clone, Debug)]
pub struct Connect {
    /// Its `WS` line.
    pub at: Range<usize>,
    /// Where to.
    pub url: Template,
    /// The name that steps use.
    pub name: Option<String>,
    /// Headers of the request.
    pub headers: Vec<Field>,
    /// The lines below `[Options]`.
    pub options: Vec<OptionLine>,
    /// The `HTTP` block.
    pub response: Option<ExpectedResponse>,
    /// What is taken from the handshake, and what it has to be like.
    pub sections: Sections,
}

/// A header field.
#[derive(Clone, Debug)]
pub struct Field {
    /// The line.
    pub at: Range<usize>,
    /// Its name.
    pub name: Template,
    /// Its value, without white space around it.
    pub value: Template,
}

/// A line below `[Options]`.
#[derive(Clone, Debug)]
pub struct OptionLine {
    /// The line.
    pub at: Range<usize>,
    /// The option, without dashes.
    pub name: String,
    /// Its value.
    pub value: Template,
    /// The pattern of `ignore`.
    pub pattern: Option<Payload>,
}

/// What the response of the opening handshake has to be like.
#[derive(Clone, Debug)]
pub struct ExpectedResponse {
    /// The `HTTP` line.
    pub at: Range<usize>,
    /// Its status.
    pub status: ExpectedStatus,
    /// Header fields that it has to have.
    pub headers: Vec<Field>,
}

/// The status that a response has to have.
#[derive(Clone, Debug)]
pub enum ExpectedStatus {
    /// Any (`*`).
    Any,
    /// This one.
    Is(u16),
    /// One that a variable gives.
    Given(Template),
}

impl ExpectedStatus {
    /// The status, where the file has it.
    pub fn known(&self) -> Option<u16> {
        match self {
            Self::Is(status) => Some(*status),
            Self::Any | Self::Given(_) => None,
        }
    }
}

/// Reads a status: three digits, from 100 to 599.
pub fn status_code(text: &str) -> Option<u16> {
    text.parse().ok().filter(|status| text.len() == 3 && (100..600).contains(status))
}

/// `[Captures]` and `[Asserts]` behind a step or a handshake, in order.
#[derive(Clone, Debug, Default)]
pub struct Sections {
    /// What is kept as variables.
    pub captures: Vec<Capture>,
    /// What has to hold.
    pub asserts: Vec<Assert>,
}

impl Sections {
    /// Whether there is nothing in them.
    pub fn is_empty(&self) -> bool {
        self.captures.is_empty() && self.asserts.is_empty()
    }
}

/// `name: query filter…`
#[derive(Clone, Debug)]
pub struct Capture {
    /// The line.
    pub at: Range<usize>,
    /// The name of the variable.
    pub name: String,
    /// What it gets.
    pub query: Text,
}

/// `query filter… predicate`
#[derive(Clone, Debug)]
pub struct Assert {
    /// The line.
    pub at: Range<usize>,
    /// What has to hold.
    pub query: Text,
}

/// A text of the file and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The place.
    pub at: Range<usize>,
    /// The text.
    pub text: String,
}

/// Something that is done.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its first line, from the first character to the last.
    pub at: Range<usize>,
    /// The connection that it is done on, where it is named.
    pub connection: Option<Text>,
    /// What is done.
    pub kind: StepKind,
    /// What is taken from what it brings, and what that has to be like.
    pub sections: Sections,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum StepKind {
    /// `>`: sends.
    Send(Payload),
    /// `<`, `<&`, `<?` or `<!`: judges what is received.
    Receive(Wanted, Payload),
    /// No data message for this time.
    Silence(Span),
    /// Takes what is received for this time.
    During(Span),
    /// Does nothing for this time.
    Sleep(Span),
    /// `$`: runs a command.
    Run(Template),
}

/// How a pattern is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// `<`: a message like this is awaited.
    Next,
    /// `<&`: this one too, in any order.
    Also,
    /// `<?`: it may come first.
    Optional,
    /// `<!`: it must not come from here on.
    Never,
}

/// A duration: known, or a variable.
#[derive(Clone, Debug)]
pub struct Span {
    /// As it is written.
    pub text: Template,
    /// What it means, if there is no variable in it.
    pub known: Option<Duration>,
}

/// What is sent, or the pattern of what is received.
#[derive(Clone, Debug)]
pub struct Payload {
    /// As it is written, with its prefix, or its fences.
    pub at: Range<usize>,
    /// What it is.
    pub kind: PayloadKind,
    /// It stands between fences.
    pub is_fenced: bool,
}

/// The forms of a payload. Which one it is depends on what the file says, never on a value.
#[derive(Clone, Debug)]
pub enum PayloadKind {
    /// Without a prefix: text, or JSON if it is that.
    Bare(Template),
    /// `text:…`
    Text(Template),
    /// `text:"…"`, a JSON string.
    JsonString(Template),
    /// `json:…`
    Json(Template),
    /// `hex:…`
    Hex(Template),
    /// `base64:…`
    Base64(Template),
    /// `text:@…`, `json:@…` or `binary:@…`
    File(FileKind, Template),
    /// `/…/`, a regular expression; only a pattern.
    Regex(Template),
    /// `ping:…`
    Ping(Template),
    /// `pong:…`
    Pong(Template),
    /// `close:CODE REASON`
    Close(Template),
    /// Any data message; only a pattern, which files of other programs have. Its text is empty.
    Any(Template),
}

/// How a file is sent or compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// As a text message.
    Text,
    /// As a text message with JSON.
    Json,
    /// As a binary message.
    Binary,
}

impl PayloadKind {
    /// Its text, without the prefix.
    pub fn template(&self) -> &Template {
        match self {
            Self::Bare(text)
            | Self::Text(text)
            | Self::JsonString(text)
            | Self::Json(text)
            | Self::Hex(text)
            | Self::Base64(text)
            | Self::File(_, text)
            | Self::Regex(text)
            | Self::Ping(text)
            | Self::Pong(text)
            | Self::Close(text)
            | Self::Any(text) => text,
        }
    }
}
