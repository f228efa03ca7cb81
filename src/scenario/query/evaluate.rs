//! The values that queries give.

use std::time::Duration;

use serde_json::Number;

use super::error::EvalError;
use super::facts::{
    CertificateFacts, CloseFacts, CommandFacts, Facts, HandshakeFacts, MessageFacts, PeriodFacts,
    Timings, Variables,
};
use super::tree::{CertificateField, Phase, Query, QueryKind};
use super::value::Value;
use crate::protocol::MessageKind;
use crate::scenario::json;

/// The value that a query gives; nothing if there is none, such as a header that did not come.
///
/// # Errors
/// With a variable that has no value, a message of the wrong kind, or a query that has no meaning behind
/// this step.
pub fn evaluate(
    query: &Query,
    facts: &Facts<'_>,
    variables: &dyn Variables,
) -> Result<Option<Value>, EvalError> {
    if let QueryKind::Variable(name) = &query.kind {
        return Ok(variables.typed(name));
    }
    let found = match facts {
        Facts::Handshake(handshake) => of_handshake(query, handshake, variables)?,
        Facts::Message(message) => of_message(query, message, variables)?,
        Facts::Close(close) => of_close(&query.kind, close),
        Facts::Pong(pong) => match &query.kind {
            QueryKind::Rtt => Found::duration(pong.rtt),
            _ => Found::Elsewhere,
        },
        Facts::Period(period) => of_period(&query.kind, period),
        Facts::Command(command) => of_command(&query.kind, command),
        Facts::Nothing => Found::Elsewhere,
    };
    match found {
        Found::Here(value) => Ok(value),
        Found::Elsewhere => {
            let message = format!("{} has no meaning here", query.kind.name());
            Err(EvalError::in_scenario(query.at.clone(), message))
        }
    }
}

/// What a step has to say to a query.
enum Found {
    /// A value, or nothing.
    Here(Option<Value>),
    /// The query is about another step.
    Elsewhere,
}

impl Found {
    fn value(value: Value) -> Self {
        Self::Here(Some(value))
    }

    fn integer(number: impl Into<Number>) -> Self {
        Self::value(Value::integer(number))
    }

    fn text(text: &str) -> Self {
        Self::value(Value::String(text.to_owned()))
    }

    fn duration(duration: Option<Duration>) -> Self {
        Self::Here(duration.map(Value::Duration))
    }
}

fn of_message(
    query: &Query,
    message: &MessageFacts<'_>,
    variables: &dyn Variables,
) -> Result<Found, EvalError> {
    Ok(match &query.kind {
        QueryKind::JsonPath(path) => {
            let value = json::parse(message.data).map_err(|error| {
                EvalError::in_data(query.at.clone(), format!("the message is not JSON: {error}"))
            })?;
            Found::Here(path.query(&value, variables)?)
        }
        QueryKind::Regex(regex) => Found::Here(regex.find(text_of(query, message)?, variables)?),
        QueryKind::Text => Found::text(text_of(query, message)?),
        QueryKind::Bytes => Found::value(Value::Bytes(message.data.to_vec())),
        QueryKind::Type => Found::text(message.kind.name()),
        QueryKind::Size => Found::integer(message.data.len()),
        QueryKind::WireSize => Found::integer(message.wire_size),
        QueryKind::Frames => Found::integer(message.frames),
        QueryKind::Compressed => Found::value(Value::Bool(message.is_compressed)),
        QueryKind::Duration => Found::duration(message.duration),
        _ => Found::Elsewhere,
    })
}

/// The text of a text message.
fn text_of<'a>(query: &Query, message: &MessageFacts<'a>) -> Result<&'a str, EvalError> {
    let failed = |message| EvalError::in_data(query.at.clone(), message);
    match message.kind {
        MessageKind::Binary => Err(failed("a text message is expected, got a binary one")),
        MessageKind::Text => {
            str::from_utf8(message.data).map_err(|_| failed("the message is not UTF-8"))
        }
    }
}

fn of_handshake(
    query: &Query,
    handshake: &HandshakeFacts,
    variables: &dyn Variables,
) -> Result<Found, EvalError> {
    let text = |text: &Option<String>| Found::Here(text.clone().map(Value::String));
    Ok(match &query.kind {
        QueryKind::Status => Found::integer(handshake.status),
        QueryKind::Header(name) => {
            let name = name.expand(variables).map_err(EvalError::unknown)?;
            Found::Here(header(&handshake.headers, &name))
        }
        QueryKind::Subprotocol => text(&handshake.subprotocol),
        QueryKind::Extensions => text(&handshake.extensions),
        QueryKind::Body => Found::Here(handshake.body.as_deref().map(Value::text_or_bytes)),
        QueryKind::Timing(phase) => Found::duration(timing(&handshake.timings, *phase)),
        QueryKind::TlsVersion => text(&handshake.tls_version),
        QueryKind::Certificate(field) => {
            let certificate = handshake.certificate.as_ref();
            Found::Here(certificate.map(|certificate| certificate_field(certificate, *field)))
        }
        _ => Found::Elsewhere,
    })
}

/// The value of a header, or the list of its values if it came several times.
fn header(headers: &[(String, String)], name: &str) -> Option<Value> {
    let values = headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
    let mut values: Vec<_> = values.map(|(_, value)| Value::String(value.clone())).collect();
    match values.len() {
        0 | 1 => values.pop(),
        _ => Some(Value::List(values)),
    }
}

fn timing(timings: &Timings, phase: Phase) -> Option<Duration> {
    match phase {
        Phase::Dns => timings.dns,
        Phase::Tcp => timings.tcp,
        Phase::Tls => timings.tls,
        Phase::Upgrade => timings.upgrade,
        Phase::Total => timings.total,
    }
}

fn certificate_field(certificate: &CertificateFacts, field: CertificateField) -> Value {
    match field {
        CertificateField::Subject => Value::String(certificate.subject.clone()),
        CertificateField::Issuer => Value::String(certificate.issuer.clone()),
        CertificateField::NotAfter => Value::Date(certificate.not_after),
        CertificateField::DaysLeft => Value::integer(certificate.days_left),
    }
}

fn of_close(query: &QueryKind, close: &CloseFacts) -> Found {
    match query {
        QueryKind::Code => Found::integer(close.code),
        QueryKind::Reason => Found::text(&close.reason),
        QueryKind::Clean => Found::value(Value::Bool(close.is_clean)),
        QueryKind::Initiator => Found::text(if close.is_by_peer { "peer" } else { "self" }),
        _ => Found::Elsewhere,
    }
}

fn of_period(query: &QueryKind, period: &PeriodFacts<'_>) -> Found {
    let times = || period.messages.iter().map(|(at, _)| *at);
    match query {
        QueryKind::Count => Found::integer(period.messages.len()),
        QueryKind::Rate => {
            let rate = period.messages.len() as f64 / period.length.as_secs_f64();
            Found::Here(Number::from_f64(rate).map(Value::Number))
        }
        QueryKind::Gap => {
            let gaps = times().zip(times().skip(1));
            Found::duration(gaps.map(|(one, next)| next.saturating_sub(one)).max())
        }
        _ => Found::Elsewhere,
    }
}

fn of_command(query: &QueryKind, command: &CommandFacts) -> Found {
    match query {
        QueryKind::Stdout => Found::value(Value::text_or_bytes(without_line_ends(&command.stdout))),
        QueryKind::Exit => Found::Here(command.exit.map(Value::integer)),
        _ => Found::Elsewhere,
    }
}

/// What a command wrote, without the line endings behind it, as a shell's `$(…)` has it.
fn without_line_ends(output: &[u8]) -> &[u8] {
    let end = output.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r'));
    &output[..end.map_or(0, |at| at + 1)]
}
