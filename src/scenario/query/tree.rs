//! The lines of `[Captures]` and `[Asserts]` as they are read.

use std::ops::Range;

use super::argument::{JsonPathArgument, RegexArgument};
use super::literal::BytesEncoding;
use super::value::Value;
use crate::scenario::language::{Template, Variable};

/// What is looked at: a query and the filters behind it.
#[derive(Clone, Debug)]
pub struct Expression {
    /// For which messages of a period.
    pub quantifier: Option<Quantifier>,
    /// What gives the value.
    pub query: Query,
    /// What changes it, in order.
    pub filters: Vec<Filter>,
}

/// A line of `[Asserts]`.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// What is looked at.
    pub expression: Expression,
    /// What it has to be.
    pub predicate: Predicate,
}

/// Which messages of a period an assertion is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// It has to hold for all of them.
    Each,
    /// It has to hold for at least one.
    Any,
    /// It must not hold for any.
    None,
}

impl Quantifier {
    /// The word in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Each => "each",
            Self::Any => "any",
            Self::None => "none",
        }
    }
}

/// What gives a value.
#[derive(Clone, Debug)]
pub struct Query {
    /// Where it stands in the file, in bytes.
    pub at: Range<usize>,
    /// What it looks at.
    pub kind: QueryKind,
}

impl Expression {
    /// Whether it is the exit status of a command.
    pub fn is_exit(&self) -> bool {
        matches!(self.query.kind, QueryKind::Exit)
    }

    /// Whether it is the subprotocol of a connection.
    pub fn is_subprotocol(&self) -> bool {
        matches!(self.query.kind, QueryKind::Subprotocol)
    }
}

/// What a query looks at.
#[derive(Clone, Debug)]
pub enum QueryKind {
    /// Values in a message that is JSON.
    JsonPath(JsonPathArgument),
    /// A part of a text message.
    Regex(RegexArgument),
    /// A text message.
    Text,
    /// The data of a message.
    Bytes,
    /// `"text"` or `"binary"`.
    Type,
    /// The bytes of the message.
    Size,
    /// The bytes on the wire: compressed, with the frame headers.
    WireSize,
    /// The number of frames.
    Frames,
    /// Whether it came compressed.
    Compressed,
    /// The time since the last send.
    Duration,
    /// A variable by its name.
    Variable(String),
    /// The status code of the handshake.
    Status,
    /// The values of the header of this name.
    Header(Template),
    /// The negotiated subprotocol.
    Subprotocol,
    /// The negotiated extensions, as the header has them.
    Extensions,
    /// The body of a refusal.
    Body,
    /// How long a phase of connecting took.
    Timing(Phase),
    /// The version of TLS.
    TlsVersion,
    /// A field of the server's certificate.
    Certificate(CertificateField),
    /// The close code.
    Code,
    /// The close reason.
    Reason,
    /// Whether both sent a Close.
    Clean,
    /// Who closed first: `"peer"` or `"self"`.
    Initiator,
    /// The time from the ping to its pong.
    Rtt,
    /// The number of messages in a period.
    Count,
    /// The messages a second in a period.
    Rate,
    /// The longest time between two messages of a period.
    Gap,
    /// The standard output of a command.
    Stdout,
    /// The exit status of a command.
    Exit,
}

impl QueryKind {
    /// The word in the file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::JsonPath(_) => "jsonpath",
            Self::Regex(_) => "regex",
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::Type => "type",
            Self::Size => "size",
            Self::WireSize => "wire_size",
            Self::Frames => "frames",
            Self::Compressed => "compressed",
            Self::Duration => "duration",
            Self::Variable(_) => "variable",
            Self::Status => "status",
            Self::Header(_) => "header",
            Self::Subprotocol => "subprotocol",
            Self::Extensions => "extensions",
            Self::Body => "body",
            Self::Timing(_) => "timing",
            Self::TlsVersion => "tls_version",
            Self::Certificate(_) => "certificate",
            Self::Code => "code",
            Self::Reason => "reason",
            Self::Clean => "clean",
            Self::Initiator => "initiator",
            Self::Rtt => "rtt",
            Self::Count => "count",
            Self::Rate => "rate",
            Self::Gap => "gap",
            Self::Stdout => "stdout",
            Self::Exit => "exit",
        }
    }

    /// Whether the value is a duration, whatever was received.
    pub(super) fn is_duration(&self) -> bool {
        matches!(self, Self::Duration | Self::Rtt | Self::Gap | Self::Timing(_))
    }
}

/// A phase of connecting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The lookup of the host.
    Dns,
    /// The TCP connection.
    Tcp,
    /// The TLS handshake.
    Tls,
    /// The WebSocket handshake.
    Upgrade,
    /// All of them.
    Total,
}

/// A field of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateField {
    /// Whom it is for.
    Subject,
    /// Who issued it.
    Issuer,
    /// When it ends.
    NotAfter,
    /// The days until then, negative when it has ended.
    DaysLeft,
}

/// What changes a value.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Where it stands in the file, in bytes.
    pub at: Range<usize>,
    /// What it does.
    pub kind: FilterKind,
}

/// What a filter does.
#[derive(Clone, Debug)]
pub enum FilterKind {
    /// The number of values in a list, or of bytes.
    Count,
    /// The value at an index from 0, or from the end if negative.
    Nth(Index),
    /// The first value of a list.
    First,
    /// The last value of a list.
    Last,
    /// The parts of a text between separators.
    Split(Template),
    /// A text with all occurrences replaced.
    Replace(Replaced, Template),
    /// A part of a text.
    Regex(RegexArgument),
    /// An integer, from a number or text.
    ToInt,
    /// A float, from a number or text.
    ToFloat,
    /// A text.
    ToString,
    /// A date, from a text of this format.
    ToDate(Template),
    /// Values in JSON.
    JsonPath(JsonPathArgument),
    /// Bytes, from base64.
    Base64Decode,
    /// Bytes, from hexadecimal digits.
    HexDecode,
    /// A text without percent-encoding.
    UrlDecode,
    /// The value that MessagePack stands for.
    DecodeMsgpack,
}

impl FilterKind {
    /// The word in the file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Nth(_) => "nth",
            Self::First => "first",
            Self::Last => "last",
            Self::Split(_) => "split",
            Self::Replace(..) => "replace",
            Self::Regex(_) => "regex",
            Self::ToInt => "toInt",
            Self::ToFloat => "toFloat",
            Self::ToString => "toString",
            Self::ToDate(_) => "toDate",
            Self::JsonPath(_) => "jsonpath",
            Self::Base64Decode => "base64Decode",
            Self::HexDecode => "hexDecode",
            Self::UrlDecode => "urlDecode",
            Self::DecodeMsgpack => "decode",
        }
    }
}

/// An index of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Index {
    /// As it is written.
    Literal(i64),
    /// The value of a variable.
    Variable(Variable),
}

/// What `replace` replaces.
#[derive(Clone, Debug)]
pub enum Replaced {
    /// A text.
    Text(Template),
    /// What matches an expression; `$1` in the replacement is its first group.
    Regex(RegexArgument),
}

/// What a value has to be.
#[derive(Clone, Debug)]
pub struct Predicate {
    /// Where it stands in the file, in bytes, with its `not`.
    pub at: Range<usize>,
    /// Whether it must not be so.
    pub is_negated: bool,
    /// The condition.
    pub kind: PredicateKind,
}

/// A condition.
#[derive(Clone, Debug)]
pub enum PredicateKind {
    /// Compared with a value.
    Relation(Relation, Operand),
    /// The regular expression is found in it.
    Matches(RegexArgument),
    /// There is a value.
    Exists,
    /// There is nothing in it.
    IsEmpty,
    /// It has a type.
    Is(ValueType),
    /// It is a text with a date and time as in RFC 3339.
    IsIsoDate,
}

/// How a value is compared with another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// The other is at its start.
    StartsWith,
    /// The other is at its end.
    EndsWith,
    /// The other is in it.
    Contains,
    /// The other is one of the values of the list.
    Includes,
}

impl Relation {
    /// The word in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::StartsWith => "startsWith",
            Self::EndsWith => "endsWith",
            Self::Contains => "contains",
            Self::Includes => "includes",
        }
    }
}

/// A type that a predicate asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// A number written without fraction and exponent.
    Integer,
    /// Another number.
    Float,
    /// True or false.
    Boolean,
    /// A text.
    String,
    /// A list.
    List,
    /// An object.
    Object,
    /// Any number.
    Number,
}

impl ValueType {
    /// The type with its article.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Integer => "an integer",
            Self::Float => "a float",
            Self::Boolean => "a boolean",
            Self::String => "a string",
            Self::List => "a list",
            Self::Object => "an object",
            Self::Number => "a number",
        }
    }
}

/// The value that a predicate compares with.
#[derive(Clone, Debug)]
pub enum Operand {
    /// A number, size, duration, boolean or null.
    Literal(Value),
    /// A text in quotes.
    Text(Template),
    /// Bytes.
    Bytes(BytesEncoding, Template),
    /// A variable that stands without quotes: its value, of its own type.
    Variable(Variable),
}
