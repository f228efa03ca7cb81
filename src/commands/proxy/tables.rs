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
use crate::protocol::{MessageKind, Opcode, Side};
use crate::proxy::{Backlog, Held, Holding, Payload};
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
            let what = |(number, held): (u64, Held)| {
                let [_, cells @ ..] = held_row(number, &held);
                let cells: Vec<_> = cells.into_iter().filter(|cell| !cell.is_empty()).collect();
                (number, cells.join(" "))
            };
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

/// A line for each message that is held, or was let go and waits for one that is; then how many others wait behind them.
pub(super) fn held_text(holding: &Holding) -> String {
    let row = |(number, held): &(u64, Held)| {
        let mut row = held_row(*number, held);
        if held.is_released
            && let Some(other) = holding.before(*number)
        {
            let separator = if row[3].is_empty() { "" } else { ", " };
            row[3] += &format!("{separator}goes after {other}");
        }
        row
    };
    let rows: Vec<_> = holding.waiting().iter().map(row).collect();
    if rows.is_empty() {
        return "  no message is held".to_owned();
    }
    let mut text = held_table(rows, terminal::width());
    for (number, backlog) in holding.behind() {
        text += &format!("\n  {} behind {number}", waiting_text(backlog.messages));
    }
    text
}

/// The rows, without the column of what was decided if nothing was.
fn held_table(rows: Vec<[String; 5]>, width: usize) -> String {
    match rows.iter().all(|row| row[3].is_empty()) {
        true => {
            let rows =
                rows.into_iter().map(|[number, from, what, _, data]| [number, from, what, data]);
            fitted(rows.collect(), 3, width)
        }
        false => fitted(rows, 4, width),
    }
}

/// What waits for held messages and is not held itself, or was let go.
pub(super) fn behind(holding: &Holding) -> Backlog {
    let mut all = Backlog::default();
    for (_, backlog) in holding.behind() {
        all.add(backlog);
    }
    for (_, held) in holding.waiting().iter().filter(|(_, held)| held.is_released) {
        all.add(Backlog { messages: 1, bytes: held.payload.size() as u64 });
    }
    all
}

/// "5 messages wait".
pub(super) fn waiting_text(count: u64) -> String {
    format!("{} wait{}", counted(count, "message"), if count == 1 { "s" } else { "" })
}

/// That there is no held message of this number.
pub(super) fn not_held(number: u64) -> String {
    format!("no held message {number}; /held lists them")
}

fn held_row(number: u64, held: &Held) -> [String; 5] {
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
    let arrow = match held.from {
        Side::Client => '>',
        Side::Server => '<',
    };
    let what = match (&held.payload, data.len()) {
        (Payload::Control(Opcode::Close, _), _) => what.to_owned(),
        (_, bytes @ 0..1024) => format!("{what} {bytes} B"),
        (_, bytes) => format!("{what} {}", format_size(bytes as u64)),
    };
    [
        number.to_string(),
        format!("#{} {arrow}", held.connection),
        what,
        if held.is_edited { "edited" } else { "" }.to_owned(),
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

/// "1, 5 messages wait behind; 186 bytes".
fn held_state(holding: &Holding) -> String {
    let held = holding.list();
    let mut text = held.len().to_string();
    let Backlog { messages, mut bytes } = behind(holding);
    if messages > 0 {
        text += &format!(", {} behind", waiting_text(messages));
    }
    bytes += held.iter().map(|(_, held)| held.payload.size() as u64).sum::<u64>();
    if bytes > 0 {
        text += &format!("; {}", counted(bytes, "byte"));
    }
    if holding.is_on() {
        text += "; every data message is held";
    }
    text
}

/// The state of the proxy.
pub(super) fn status_text(server: &Server) -> String {
    let config = &server.config;
    let s = if config.tls.is_some() { "s" } else { "" };
    let Totals { open, attempts, messages } = server.connections.totals();
    let held = held_state(&server.holding);
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
