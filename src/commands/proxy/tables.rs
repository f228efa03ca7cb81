//! What the prompt of a proxy lists.

use std::sync::Arc;

use bytes::Bytes;

use super::connections::Totals;
use super::grammar::typed;
use super::layout::{aligned, fitted, safe, shortened};
use super::server::{Operated, Server};
use crate::commands::age::age;
use crate::event::Carried;
use crate::input::repl::{NumberKind, NumberList};
use crate::output::escape::{Newlines, escape_bytes};
use crate::platform::files::format_size;
use crate::platform::terminal;
use crate::protocol::close::ClosePayload;
use crate::protocol::counted::counted;
use crate::protocol::{MessageKind, Opcode};
use crate::proxy::{Held, Holding, Payload};
use crate::rules::{NumberedRule, Rules};

/// The longest part of a payload in a list, in bytes.
const MAX_PREVIEW: usize = 60;

/// The longest part of a rule in a list, in characters.
const MAX_RULE: usize = 300;

/// What the numbers of commands stand for.
pub(super) fn numbers(operated: Operated) -> NumberList {
    let Operated { connections, rules, holding } = operated;
    Arc::new(move |kind| match kind {
        NumberKind::Connection => connections.list(),
        NumberKind::Held => {
            let what =
                |(number, held): (u64, Held)| (number, held_row(number, &held)[1..].join(" "));
            holding.list().into_iter().map(what).collect()
        }
        NumberKind::HeldPayload(number) => {
            let payload = holding.get(number).and_then(|held| typed(&held.payload));
            payload.into_iter().map(|payload| (number, payload)).collect()
        }
        NumberKind::Rule => {
            let what = |it: &NumberedRule| (it.number, rule_text(it));
            rules.snapshot().list().iter().map(what).collect()
        }
    })
}

/// A line for each message that is held, or waits for one that is.
pub(super) fn held_text(holding: &Holding) -> String {
    let row = |(number, held): &(u64, Held)| {
        let mut row = held_row(*number, held);
        if held.is_released
            && let Some(other) = holding.before(*number)
        {
            row[4] += &format!(", goes after {other}");
        }
        row
    };
    let rows: Vec<_> = holding.waiting().iter().map(row).collect();
    match rows.is_empty() {
        true => "  no message is held".to_owned(),
        false => fitted(rows, 5, terminal::width()),
    }
}

/// That there is no held message of this number.
pub(super) fn not_held(number: u64) -> String {
    format!("no held message {number}; /held lists them")
}

fn held_row(number: u64, held: &Held) -> [String; 6] {
    let close = match &held.original {
        Carried::Close(close) => close_text(close).into(),
        _ => Bytes::new(),
    };
    let (what, data) = match &held.payload {
        Payload::Message(MessageKind::Text, data) => ("text", data),
        Payload::Message(MessageKind::Binary, data) => ("binary", data),
        Payload::Control(Opcode::Ping, data) => ("ping", data),
        Payload::Control(Opcode::Pong, data) => ("pong", data),
        Payload::Control(..) => ("Close frame", &close),
    };
    let end = data.len().min(MAX_PREVIEW);
    let end = str::from_utf8(data).map_or(end, |text| text.floor_char_boundary(end));
    let more = if end < data.len() { "…" } else { "" };
    [
        number.to_string(),
        format!("#{}", held.connection),
        format!("from {}", held.from.name()),
        format!("{what}, {}", counted(data.len() as u64, "byte")),
        if held.is_edited { "edited" } else { "as sent" }.to_owned(),
        format!("{}{more}", escape_bytes(&data[..end], Newlines::Escape)),
    ]
}

/// The code and the reason of a Close frame.
pub(super) fn close_text(close: &ClosePayload) -> String {
    match close.code {
        Some(code) => format!("{} {}", code.get(), close.reason).trim_end().to_owned(),
        None => "no code".to_owned(),
    }
}

/// A line for each rule, in the order in which they are tried.
pub(super) fn rules_text(rules: &Rules) -> String {
    let row = |it: &NumberedRule| {
        let applied = match it.applied() {
            0 => "not applied yet".to_owned(),
            count => format!("applied {}", counted(count, "time")),
        };
        [it.number.to_string(), applied, rule_text(it)]
    };
    let rows: Vec<_> = rules.list().iter().map(row).collect();
    match rows.is_empty() {
        true => "  no rules: /rule SIDE [PATTERN] [WHEN] => ACTION adds one".to_owned(),
        false => aligned(&rows),
    }
}

fn rule_text(rule: &NumberedRule) -> String {
    shortened(&rule.rule.to_string(), MAX_RULE)
}

/// The state of the proxy.
pub(super) fn status_text(server: &Server) -> String {
    let config = &server.config;
    let s = if config.tls.is_some() { "s" } else { "" };
    let Totals { open, attempts, messages } = server.connections.totals();
    let held = server.holding.len();
    let held = match server.holding.is_on() {
        true => format!("{held}; every data message is held"),
        false => held.to_string(),
    };
    let memory = counted(server.memory.held() as u64, "byte");
    let limit = format_size(config.capacity.memory as u64);
    let target = config.redaction.url(&config.endpoint.target.url()).into_owned();
    let rows = [
        ("url", format!("ws{s}://{}/", server.address)),
        ("server", safe(&target)),
        ("connections", format!("{open} open, {attempts} in all")),
        ("from clients", counted(messages.client, "message")),
        ("from the server", counted(messages.server, "message")),
        ("rules", server.rules.snapshot().list().len().to_string()),
        ("held", held),
        ("memory", format!("{memory} of {limit}")),
        ("age", age(server.shared.clock.now().elapsed)),
    ];
    aligned(&rows.map(|(name, value)| [name.to_owned(), value]))
}
