//! The parts of a scenario, and the file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;

use super::captures::{Captures, Text};
use super::comments::{comment, push_omitted, push_uncaptured, unwritable};
use super::expected::{self, Sources};
use super::heartbeats::heartbeats;
use super::masked::Masked;
use super::payload::{
    MAX_WHOLE, control, expected_binary, expected_close, sent_binary, sent_close, sent_text,
};
use super::secrets::Secrets;
use super::session::{Connection, Step, connections, groups, text_of};
use super::values::Recordings;
use super::{FIRST_LINE, Generated, SecretValues, Settings, head, seconds};
use crate::event::Failure;
use crate::protocol::counted::counted;
use crate::protocol::{CloseCode, MessageKind};
use crate::recording::seen::not_kept;
use crate::recording::{Recorded, RecordedMessage};
use crate::redact::Redaction;

/// The time that a `<` has unless an option says otherwise.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The time that a part has unless an option says otherwise.
const MAX_TIME: Duration = Duration::from_secs(30);

/// What is said of a part with messages that a proxy did not just pass on.
const TOUCHED: &str = "# Rules or the operator of the proxy changed this session: > is what the server received, < what it sent.\n";

/// The most connections of a part: `check` has a thread for each.
const MAX_CONNECTIONS: usize = 256;

/// The scenario of these events. `is_cut`: the recording has more.
/// `touched`: the first events of connections on whose messages a proxy acted.
pub(super) fn generate(
    events: &[Recorded],
    touched: &BTreeSet<usize>,
    settings: &Settings,
    is_cut: bool,
) -> Generated {
    let mut secrets = Secrets::new(settings.secrets);
    let (connections, failed) = connections(events);
    let groups = groups(connections);
    let mut parts = Vec::new();
    for mut group in groups {
        if group.len() > MAX_CONNECTIONS {
            let all = group.len();
            secrets.warn(format!(
                "only {MAX_CONNECTIONS} of {all} simultaneous connections are written"
            ));
            group.truncate(MAX_CONNECTIONS);
        }
        let is_touched = group.iter().any(|it| touched.contains(&it.first));
        parts.push(Part::new(group, is_touched, events, settings, &mut secrets));
    }
    let known = secrets.values();
    let known = if settings.secrets == SecretValues::Verbatim { Recordings::new() } else { known };
    let members = parts.iter().flat_map(|part| &part.members);
    let steps = members.flat_map(|member| &member.connection.steps);
    let masked = Masked::of(steps, &mut secrets);
    let captures = Captures::find(&texts(&parts), &known, secrets.names());
    let mut values = captures.values(known);
    values.extend(masked.values());
    let sources = Sources { captures: &captures, masked: &masked, values: &values };
    let mut body = String::new();
    let left_out = BTreeMap::new();
    let mut writer = Steps { sources, secrets: &mut secrets, left_out, omitted: 0 };
    for part in &parts {
        part.write(&mut body, &mut writer);
    }
    writer.warn_of_left_out();
    if is_cut {
        body.push_str("\n# The recording continues: the rest did not fit into a scenario.\n");
    }
    write_failed(&failed, &mut body, &mut secrets);
    let why_empty = parts.is_empty().then_some(match failed.is_empty() {
        true => "the recording has no WebSocket connection",
        false => "no connection of the recording was opened: the scenario has nothing to check",
    });
    why_empty.iter().for_each(|reason| secrets.warn((*reason).to_owned()));
    let (unknown, warnings) = secrets.into_unknown();
    let mut text = format!("{FIRST_LINE}\n");
    if !unknown.is_empty() {
        text.push_str("# These variables need a value:\n");
    }
    for value in &unknown {
        let _ = writeln!(text, "#   {}: {}", comment(&value.what), value.advice());
    }
    Generated { text: text + &body, warnings, unknown, why_empty }
}

/// The most connections that failed that a scenario names.
const MAX_FAILED: usize = 20;

/// Names connections that could not be opened, which no step can expect.
fn write_failed(failed: &[&Failure], body: &mut String, secrets: &mut Secrets) {
    if failed.is_empty() {
        return;
    }
    let count = counted(failed.len() as u64, "connection");
    secrets.warn(format!("{count} could not be opened: a scenario cannot expect that"));
    body.push_str("\n# A scenario cannot expect that a connection fails, as here:\n");
    for failure in failed.iter().take(MAX_FAILED) {
        let url = failure.attempt.as_ref().map(|it| Redaction::Mask.url(&it.url));
        let url = url.map(|url| format!(" (WS {})", comment(&url))).unwrap_or_default();
        let _ = writeln!(body, "#   {}{url}", comment(&failure.message));
    }
    if let Some(more @ 1..) = failed.len().checked_sub(MAX_FAILED) {
        let _ = writeln!(body, "#   and {}", counted(more as u64, "other"));
    }
}

/// The text messages, and what else the client sent that may hold a value, in the order of their events.
fn texts<'a>(parts: &'a [Part<'_>]) -> Vec<Text<'a>> {
    let mut texts = Vec::new();
    for Member { connection, head, ignored, .. } in parts.iter().flat_map(|part| &part.members) {
        let sent = |text| Text::new(connection.first, true, text);
        let place = (connection.start, 0);
        texts.extend(head.iter().map(|line| (place, sent(line.as_str()))));
        for (number, step) in &connection.steps {
            let (message, is_sent) = match step {
                Step::Sent(message) => (message, true),
                Step::Received(message) => (message, false),
                _ => continue,
            };
            // What is masked is known to the client: it is not what the server gives it.
            let text = text_of(message)
                .filter(|text| is_sent || !(message.is_masked || ignored.contains(text)));
            let place = (*number, 1);
            texts.extend(text.map(|text| (place, Text::new(*number, is_sent, text))));
        }
    }
    texts.sort_by_key(|(place, _)| *place);
    texts.into_iter().map(|(_, text)| text).collect()
}

/// Connections that were open at the same time.
struct Part<'a> {
    title: String,
    /// A proxy did not just pass on all messages.
    is_touched: bool,
    members: Vec<Member<'a>>,
}

/// A connection of a part.
struct Member<'a> {
    connection: Connection<'a>,
    name: Option<String>,
    /// The lines that open it.
    head: Vec<String>,
    /// Messages that are ignored.
    ignored: Vec<&'a str>,
}

impl<'a> Part<'a> {
    fn new(
        group: Vec<Connection<'a>>,
        is_touched: bool,
        events: &[Recorded],
        settings: &Settings,
        secrets: &mut Secrets,
    ) -> Self {
        let title = group.first().map(|first| title(&events[first.first])).unwrap_or_default();
        let start = group.iter().map(|it| it.times.0).min().unwrap_or_default();
        let end = group.iter().map(|it| it.times.1).max().unwrap_or_default();
        let took = end.saturating_sub(start);
        let are_several = group.len() > 1;
        let members = group.into_iter().enumerate().map(|(index, connection)| {
            let name = are_several.then(|| name(index));
            let ignored = heartbeats(&connection, events);
            let mut options: Vec<_> = ignored.iter().map(|text| ignore(text)).collect();
            if connection.longest_wait * 2 > TIMEOUT {
                options.push(format!("timeout: {}", seconds(connection.longest_wait * 2)));
            }
            if took * 2 > MAX_TIME && index == 0 {
                options.push(format!("max-time: {}", seconds(took * 2)));
            }
            let head = head::lines(&connection, name.as_deref(), &options, settings, secrets);
            Member { connection, name, head, ignored }
        });
        Self { title, is_touched, members: members.collect() }
    }

    fn write(&self, body: &mut String, writer: &mut Steps<'_>) {
        let _ = writeln!(body, "\n### {}", self.title);
        if self.is_touched {
            body.push_str(TOUCHED);
        }
        let mut blocks = Vec::new();
        for member in &self.members {
            blocks.push((member.connection.start, 0, Block::Open(member)));
            let steps = member.connection.steps.iter();
            blocks.extend(steps.map(|(number, step)| (*number, 1, Block::Step(member, step))));
        }
        // The sort is stable: of one event, its steps stay in order.
        blocks.sort_by_key(|(number, rank, _)| (*number, *rank));
        for (number, _, block) in blocks {
            match block {
                Block::Open(member) => writer.open(member, body),
                Block::Step(member, step) => writer.step(number, member, step, body),
            }
        }
    }
}

enum Block<'p, 'a> {
    Open(&'p Member<'a>),
    Step(&'p Member<'a>, &'p Step<'a>),
}

/// Writes steps.
struct Steps<'a> {
    sources: Sources<'a>,
    secrets: &'a mut Secrets,
    /// What a scenario cannot express, with how often it was.
    left_out: BTreeMap<&'static str, u64>,
    /// How many messages a proxy did not keep.
    omitted: u64,
}

impl Steps<'_> {
    /// Writes the lines that open a connection, with variables in its URL and headers.
    fn open(&self, member: &Member<'_>, body: &mut String) {
        let captures = self.sources.captures;
        if let Some(value) = captures.uncaptured(member.connection.first) {
            push_uncaptured(body, value);
        }
        let is_request = |line: &&String| !(line.starts_with('[') || line.starts_with("HTTP "));
        let request = member.head.iter().take_while(is_request).count();
        for (index, line) in member.head.iter().enumerate() {
            match index < request {
                true => body.push_str(&captures.in_head(member.connection.start, line)),
                false => body.push_str(line),
            }
            body.push('\n');
        }
        if member.connection.opening.is_none() {
            body.push_str("# The recording begins after this connection was opened.\n");
        }
    }

    fn step(&mut self, number: usize, member: &Member<'_>, step: &Step<'_>, body: &mut String) {
        let name = member.name.as_deref().unwrap_or_default();
        let (sign, payload) = match step {
            Step::Sent(message) => {
                if let Some(value) = self.sources.captures.uncaptured(number) {
                    push_uncaptured(body, value);
                }
                if message.is_masked && text_of(message).is_none() {
                    self.push_masked_binary(body);
                }
                ('>', self.sent(number, message))
            }
            Step::Received(message) => {
                if text_of(message).is_some_and(|text| member.ignored.contains(&text)) {
                    return;
                }
                ('<', self.received(number, message))
            }
            Step::SentFile(path, size) => {
                let size = counted(*size, "byte");
                let path = comment(path);
                self.secrets.warn(format!("the data of a file is not recorded: {path}, {size}"));
                let _ = writeln!(
                    body,
                    "# A file was sent here whose data is not recorded: {path}, {size}.\n\
                     # To send it again, write  {name}> binary:@PATH  or  {name}> text:@PATH"
                );
                return;
            }
            Step::Omitted(omitted, is_sent) => {
                self.omitted += 1;
                push_omitted(body, name, omitted, *is_sent);
                return;
            }
            Step::SentPing(data) => ('>', control("ping", data, true)),
            Step::SentPong(data) => ('>', control("pong", data, true)),
            Step::ReceivedPong(data) => ('<', control("pong", data, false)),
            Step::SentClose(code, reason) => ('>', self.sent_close(*code, reason, body)),
            Step::Ended(code, reason) => match ended(member, *code, reason) {
                Some(payload) => ('<', payload),
                None => return,
            },
        };
        match payload {
            Some(payload) => push_line(body, &format!("{name}{sign}"), &payload),
            None => {
                let what = unwritable(step);
                *self.left_out.entry(what).or_default() += 1;
                let _ = writeln!(body, "# A {what} is left out: a scenario cannot express it.");
            }
        }
        if let Step::Received(message) = step {
            self.sections(number, message, body);
        }
    }

    fn push_masked_binary(&mut self, body: &mut String) {
        let text = "a binary message is sent with *** in place of a secret that was masked";
        self.secrets.warn(text.to_owned());
        let _ = writeln!(body, "# In place of a secret that was masked this message has ***.");
    }

    fn warn_of_left_out(&mut self) {
        for (what, count) in &self.left_out {
            let times = if *count > 1 { format!(" ({count} times)") } else { String::new() };
            let reason = "is left out: a scenario cannot express it";
            self.secrets.warn(format!("a {what} {reason}{times}"));
        }
        if self.omitted > 0 {
            self.secrets.warn(not_kept(self.omitted));
        }
    }

    fn sent(&self, number: usize, message: &RecordedMessage) -> Option<String> {
        match message.kind {
            MessageKind::Binary => Some(sent_binary(&message.data)),
            MessageKind::Text => {
                let pieces = self.sources.sent_pieces(number, text_of(message)?);
                Some(sent_text(&pieces, self.sources.values))
            }
        }
    }

    fn sent_close(
        &mut self,
        code: Option<CloseCode>,
        reason: &str,
        body: &mut String,
    ) -> Option<String> {
        let (payload, is_whole) = sent_close(code.map(CloseCode::get), reason)?;
        if !is_whole {
            self.secrets
                .warn("a scenario cannot express the reason of this Close frame".to_owned());
            let reason = comment(reason);
            let _ =
                writeln!(body, "# Its reason is left out: a scenario cannot express it: {reason}");
        }
        Some(payload)
    }

    fn received(&self, number: usize, message: &RecordedMessage) -> Option<String> {
        match message.kind {
            MessageKind::Binary => Some(expected_binary(&message.data)),
            MessageKind::Text => Some(expected::text(number, text_of(message)?, self.sources)),
        }
    }

    fn sections(&self, number: usize, message: &RecordedMessage, body: &mut String) {
        let captures = self.sources.captures.of(number);
        if !captures.is_empty() {
            body.push_str("[Captures]\n");
        }
        for capture in captures {
            let _ = writeln!(body, "{}: {}", capture.name, capture.query);
        }
        if message.kind == MessageKind::Binary && message.data.len() > MAX_WHOLE {
            let _ = writeln!(body, "[Asserts]\nsize == {}", message.data.len());
        }
    }
}

/// How the end of a connection is expected. An answer to our Close frame depends on what is written of that: `None` if
/// nothing is, the code alone if the reason that was left out comes back in it.
fn ended(member: &Member<'_>, code: CloseCode, reason: &str) -> Option<Option<String>> {
    let sent = member.connection.steps.iter().find_map(|(_, step)| match step {
        Step::SentClose(code, reason) => Some((code.map(CloseCode::get), *reason)),
        _ => None,
    });
    let reason = match sent {
        None => reason,
        Some((sent_code, sent_reason)) => match sent_close(sent_code, sent_reason)? {
            (_, false) if reason.contains(sent_reason) => "",
            _ => reason,
        },
    };
    Some(expected_close(code.get(), reason))
}

fn push_line(body: &mut String, sign: &str, payload: &str) {
    match payload {
        "" => body.push_str(sign),
        payload => body.extend([sign, " ", payload]),
    }
    body.push('\n');
}

/// The option that sets messages with this text aside.
fn ignore(text: &str) -> String {
    let written = sent_text(&[super::values::Piece::Text(text.into())], &Recordings::new());
    match written.strip_prefix("text:") {
        Some(_) => format!("ignore: {written}"),
        // Exactly this text: as JSON it would be all that contains it.
        None => format!("ignore: text:{written}"),
    }
}

/// The name of a connection.
fn name(index: usize) -> String {
    match u8::try_from(index) {
        Ok(index @ 0..26) => char::from(b'a' + index).to_string(),
        _ => format!("c{}", index + 1),
    }
}

fn title(event: &Recorded) -> String {
    let seconds = Timestamp::try_from(event.at.wall).map(|time| time.as_second());
    match seconds.and_then(Timestamp::from_second) {
        Ok(time) => format!("recorded {time}"),
        Err(_) => "recorded".to_owned(),
    }
}
