//! The parts of a scenario, and the file.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;

use super::captures::Captures;
use super::comments::comment;
use super::expected::Sources;
use super::heartbeats::heartbeats;
use super::masked::Masked;
use super::payload::sent_text;
use super::secrets::Secrets;
use super::session::{Connection, Connections, Step, connections, groups, text_of};
use super::steps::{Member, Steps};
use super::texts::{Text, TextKind};
use super::uncaptured::Uncaptured;
use super::unopened::{write_failed, write_not_web_socket};
use super::values::{Piece, Recordings};
use super::{FIRST_LINE, Generated, SecretValues, Settings, head, seconds};
use crate::recording::{Recorded, RecordedMessage};

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
    let Connections { list, failed, not_web_socket } = connections(events);
    let groups = groups(list);
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
    let texts = texts(&parts);
    let captures = Captures::find(&texts, &known, secrets.names());
    let uncaptured = Uncaptured::find(&texts, &captures, &known);
    let mut values = captures.values(known);
    values.extend(masked.values());
    let sources = Sources { captures: &captures, masked: &masked, values: &values };
    let mut body = String::new();
    let are_masks_known = !settings.is_of_file || masked.are_any();
    let mut writer = Steps::new(sources, &uncaptured, are_masks_known, &mut secrets);
    for part in &parts {
        part.write(&mut body, &mut writer);
    }
    writer.warn_of_left_out();
    if is_cut {
        body.push_str("\n# The recording continues: the rest did not fit into a scenario.\n");
    }
    write_failed(&failed, &mut body, &mut secrets);
    write_not_web_socket(&not_web_socket, &mut body, &mut secrets);
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

/// What was sent and received that may hold a value, in the order of the events.
fn texts<'a>(parts: &'a [Part<'_>]) -> Vec<Text<'a>> {
    let mut texts = Vec::new();
    for Member { connection, head, ignored, .. } in parts.iter().flat_map(|part| &part.members) {
        let sent = |text| Text::new(connection.first, true, TextKind::Other, text);
        let place = (connection.start, 0);
        texts.extend(head.iter().map(|line| (place, sent(line.as_str()))));
        let pings = connection.received_pings.iter();
        texts.extend(pings.map(|(number, data)| ((*number, 1), other(*number, false, data))));
        for (index, (number, step)) in connection.steps.iter().enumerate() {
            let number = *number;
            let text = match step {
                Step::Sent(message) => Some(message_text(number, true, message)),
                // What is masked is known to the client: it is not what the server gives it.
                Step::Received(message) => {
                    let is_given = !message.is_masked
                        && text_of(message).is_none_or(|text| !ignored.contains(&text));
                    is_given.then(|| message_text(number, false, message))
                }
                Step::SentPing(data) | Step::SentPong(data) => Some(other(number, true, data)),
                Step::ReceivedPong(data) => (!data.is_masked).then(|| other(number, false, data)),
                Step::SentClose(_, reason) => Some(other(number, true, reason.text.as_bytes())),
                Step::Ended(_, reason) => {
                    let is_given = reason.masked.is_none();
                    is_given.then(|| other(number, false, reason.text.as_bytes()))
                }
                Step::SentFile(..) | Step::Omitted(..) | Step::EndedByEither(_) => None,
            };
            let text = text.map(|text| Text { step: Some(index), ..text });
            texts.extend(text.map(|text| ((number, 1), text)));
        }
    }
    texts.sort_by_key(|(place, _)| *place);
    texts.into_iter().map(|(_, text)| text).collect()
}

fn message_text(number: usize, is_sent: bool, message: &RecordedMessage) -> Text<'_> {
    match text_of(message) {
        Some(text) => Text::new(number, is_sent, TextKind::Message, text),
        None => Text::binary(number, is_sent, &message.data),
    }
}

/// A control frame, or a reason.
fn other(number: usize, is_sent: bool, data: &[u8]) -> Text<'_> {
    match str::from_utf8(data) {
        Ok(text) => Text::new(number, is_sent, TextKind::Other, text),
        Err(_) => Text::binary(number, is_sent, data),
    }
}

/// Connections that were open at the same time.
struct Part<'a> {
    title: String,
    /// A proxy did not just pass on all messages.
    is_touched: bool,
    members: Vec<Member<'a>>,
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
            let steps = member.connection.steps.iter().enumerate();
            let steps = steps.map(|(index, (number, _))| (*number, 1, Block::Step(member, index)));
            blocks.extend(steps);
        }
        // The sort is stable: of one event, its steps stay in order.
        blocks.sort_by_key(|(number, rank, _)| (*number, *rank));
        for (.., block) in blocks {
            match block {
                Block::Open(member) => writer.open(member, body),
                Block::Step(member, index) => writer.step(member, index, body),
            }
        }
    }
}

enum Block<'p, 'a> {
    Open(&'p Member<'a>),
    /// The step with this index.
    Step(&'p Member<'a>, usize),
}

/// The option that sets messages with this text aside.
fn ignore(text: &str) -> String {
    let written = sent_text(&[Piece::Text(text.into())], &Recordings::new());
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
