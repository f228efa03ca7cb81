//! What passes through a proxy: `>` is from the client to the server, `<` from the server to the client.

use unicode_width::UnicodeWidthStr;

use super::connection::{close_text, messages_of, packed_directions};
use super::message::counted;
use super::preview::payload_preview;
use super::stamp::short;
use super::{Detail, Human, OURS, arrow, role};
use crate::event::{
    Behind, Changed, Event, EventKind, Failure, HttpExchange, Level, Message, Omitted, OmittedFor,
    Opened, ProxyClosed, ProxyInitiator, Touch, Transit,
};
use crate::output::escape::{Newlines, escape};
use crate::output::style::Role;
use crate::output::wrap::HANGING;
use crate::platform::files::format_size;
use crate::protocol::MessageKind;
use crate::protocol::close::ClosePayload;
use crate::protocol::frame::Opcode;
use crate::protocol::violation::Violation;
use crate::protocol::vocabulary::{Direction, Partial, Position, TransportEnd};

mod held;

/// Payload bytes shown of a control frame that replaces another: all there can be.
const MAX_CONTROL: usize = 125;

/// Bytes shown of a replaced message where another output has the messages.
const MAX_REPLACEMENT: usize = 500;

/// The same of a binary one.
const MAX_BINARY: usize = 32;

impl Human {
    /// The lines of an event in a proxy.
    pub(super) fn transit_lines_of(
        &mut self,
        event: &Event<'_>,
        transit: Transit<'_>,
    ) -> Option<String> {
        match &event.what {
            EventKind::Open(opened) => return self.relayed(opened),
            EventKind::Violation(direction, it) => return self.breach(*direction, it, "withheld"),
            EventKind::Tolerated(direction, it) if transit.is_reframed => {
                return self.breach(*direction, it, "removed by re-framing");
            }
            EventKind::Tolerated(direction, it) => return self.breach(*direction, it, "passed on"),
            EventKind::Omitted(omitted) => return self.omitted(omitted),
            EventKind::Decided(decided) => return self.decided(decided),
            EventKind::Http(http) => return self.http(http),
            EventKind::ProxyClosed(closed) => return self.proxy_closed(closed),
            EventKind::Failure(failure) => {
                let is_shown = self.options.failures && event.connection.is_some();
                return is_shown.then(|| self.unopened(failure));
            }
            _ => {}
        }
        let lines = match transit.touch {
            Some(touch) => self.touched(event, touch),
            None => self.own_lines_of(event),
        };
        let is_elsewhere = matches!(event.what, EventKind::Message(_)) && !self.options.messages;
        match transit.behind {
            Some(behind) if !is_elsewhere => lines.map(|lines| lines + &self.wait_line(behind)),
            _ => lines,
        }
    }

    /// "  waits behind held message 11", below a message that is not delivered at once, or not at all.
    fn wait_line(&self, behind: Behind) -> String {
        let text = match behind {
            Behind::Held(number) => format!("waits behind held message {number}"),
            Behind::Delayed => "waits behind a delayed message".to_owned(),
            Behind::End => "not delivered: the connection is ending".to_owned(),
        };
        let line = format!("{}{text}", " ".repeat(HANGING));
        self.paragraph(Role::Dim, &line, 0, HANGING) + "\n"
    }

    /// A message or control frame, and what was done to it.
    fn touched(&mut self, event: &Event<'_>, touch: &Touch<'_>) -> Option<String> {
        if let EventKind::Message(message) = &event.what
            && !self.options.messages
        {
            let notes = self.notes(message);
            let text = self.touch_remark(message, touch);
            return Some(notes + &text.unwrap_or_default()).filter(|text| !text.is_empty());
        }
        if !self.shows(Detail::Line) {
            return None;
        }
        let original = match &event.what {
            EventKind::Ping(direction, data) => self.control_line("ping", *direction, data) + "\n",
            EventKind::Pong(direction, data, _) => {
                self.control_line("pong", *direction, data) + "\n"
            }
            EventKind::CloseFrame(direction, close) => self.close_line(*direction, close),
            _ => self.own_lines_of(event)?,
        };
        // At a prompt the next line says what can be done with what the operator holds.
        let is_announced =
            self.options.full_command && touch.rule.is_none() && touch.held.is_some();
        let lines = if is_announced { String::new() } else { self.touch_lines(touch) };
        Some(original + &lines)
    }

    /// "  rule 2: replace → …", behind the message.
    fn touch_lines(&self, touch: &Touch<'_>) -> String {
        let text = escape(&touch_text(touch), Newlines::Escape).into_owned();
        let line = format!("{}{text}", " ".repeat(HANGING));
        let paragraph = self.paragraph(Role::Warning, &line, 0, HANGING);
        let Some(changed) = &touch.changed_to else { return format!("{paragraph}\n") };
        let arrow = self.paint(Role::Dim, "→");
        let content = match changed {
            Changed::Message(kind, data) => {
                let lead = text.width() + " → ".width();
                self.replacement(*kind, data, lead).trim_end_matches('\n').to_owned()
            }
            Changed::Control([]) => self.paint(Role::Dim, "(no payload)"),
            Changed::Control(data) => payload_preview(data, MAX_CONTROL).trim_start().to_owned(),
            Changed::Close(close) => close_text(close),
        };
        format!("{paragraph} {arrow} {content}\n")
    }

    /// What was done to a message that another output has.
    fn touch_remark(&self, message: &Message<'_>, touch: &Touch<'_>) -> Option<String> {
        self.shows(Detail::Line).then(|| {
            let from = side(message.direction);
            let kind = message.kind.name();
            let text = format!("{kind} message from the {from}: {}", touch_text(touch));
            self.remark(Role::Warning, &(text + &replacement_text(touch)))
        })
    }

    /// A client that was connected to the server.
    fn relayed(&self, opened: &Opened) -> Option<String> {
        if !self.shows(Detail::Control) {
            return self.opened(opened);
        }
        let heads = self.opened_in_full(opened, Some(Direction::Sent), Direction::Received);
        Some(heads + &self.rewritten(opened))
    }

    /// "changed toward the server: Host: localhost:9000 → example.com", for all that was.
    fn rewritten(&self, opened: &Opened) -> String {
        let none = || "(none)".to_owned();
        let line = |(name, from): &(String, Option<String>)| {
            let from = from.clone().unwrap_or_else(none);
            let to = opened.server_got(name).unwrap_or_else(none);
            self.notice(Level::Info, &format!("changed toward the server: {name}: {from} → {to}"))
        };
        opened.client_sent.iter().map(line).collect()
    }

    /// What did not become a connection. The words of the server are shown as those of `wscope URL` are.
    fn unopened(&self, failure: &Failure) -> String {
        let mut text = self.failure_message(failure);
        let attempted = || failure.attempt.as_ref().and_then(|it| it.request.as_ref());
        let request = failure.request.as_ref().or_else(attempted);
        if let Some(request) = request.filter(|_| self.shows(Detail::Control)) {
            text += &self.head(Direction::Sent, request);
        }
        let interim = failure.interim.iter().map(|interim| &interim.head);
        for head in interim.chain(failure.response.iter().map(|response| &response.head)) {
            text += &self.head(Direction::Received, head);
        }
        let body = failure.response.as_ref().map_or(&[][..], |response| &response.body);
        text + &self.excerpt(body) + &self.excerpt(&failure.excerpt)
    }

    fn breach(&self, direction: Direction, violation: &Violation, fate: &str) -> Option<String> {
        if self.options.detail == Detail::Quiet {
            return None;
        }
        let text =
            escape(&format!("violation: {violation}, {fate}"), Newlines::Escape).into_owned();
        let line = self.behind_arrow(direction, Role::Warning, &text);
        Some(line + &self.offending(violation))
    }

    fn omitted(&self, omitted: &Omitted) -> Option<String> {
        if !self.options.messages && !self.shows(Detail::Line) {
            return None;
        }
        let size = match omitted {
            Omitted { compressed: false, size, .. } => format_size(*size),
            // Only what it is on the wire is known.
            Omitted { size, wire_size, .. } if size == wire_size => {
                format!("{} compressed", format_size(*size))
            }
            Omitted { size, wire_size, .. } => {
                format!("{} (compressed to {})", format_size(*size), format_size(*wire_size))
            }
        };
        let kind = omitted.kind.name();
        let why = omitted.reason.map_or("not kept", OmittedFor::text);
        let text = format!("{kind} message of {size} passed on, {why}");
        Some(self.behind_arrow(omitted.direction, Role::Dim, &text))
    }

    /// A line behind the arrow of a direction, marked as ours in a pipe.
    fn behind_arrow(&self, direction: Direction, role_of_text: Role, text: &str) -> String {
        let prefix = if self.options.escapes { "" } else { OURS };
        let arrow = arrow(direction);
        let lead = prefix.len() + arrow.len() + 1;
        let text = self.paragraph(role_of_text, text, lead, HANGING);
        format!("{prefix}{} {text}\n", self.paint(role(direction), arrow))
    }

    /// Each request of a page is shown on a terminal; what is unusual also in a pipe.
    fn http(&self, http: &HttpExchange) -> Option<String> {
        let is_shown = match http.note {
            Some(_) => self.shows(Detail::Line),
            None => self.shows(Detail::Head),
        };
        let HttpExchange { method, target, duration, .. } = http;
        let status = http.status.map_or_else(|| "no response".to_owned(), |it| it.to_string());
        let note = http.note.as_ref().map_or_else(String::new, |note| format!(": {note}"));
        let text = format!("http {method} {target} {status} ({}){note}", short(*duration));
        is_shown.then(|| self.remark(Role::Dim, &text))
    }

    fn proxy_closed(&self, closed: &ProxyClosed) -> Option<String> {
        if !self.shows(Detail::Line) {
            return None;
        }
        let role = if closed.is_clean() { Role::Good } else { Role::Warning };
        let mut text: String = cut_texts(closed).iter().map(|text| self.warning(text)).collect();
        text += &self.remark(role, &proxy_closed_text(closed));
        if self.shows(Detail::Head) {
            text += &self.remark(Role::Dim, &totals(closed));
            let packed = packed_directions([
                ("client", &closed.from_client),
                ("server", &closed.from_server),
            ]);
            if !packed.is_empty() {
                text += &self.remark(Role::Dim, &format!("compression: {}", packed.join("; ")));
            }
        }
        Some(text)
    }
}

/// "rule 2: replace", "rule 2: hold as 7", "held as 7".
fn touch_text(touch: &Touch<'_>) -> String {
    match (touch.rule, touch.held) {
        (Some(rule), Some(number)) => format!("rule {rule}: {} as {number}", touch.action),
        (Some(rule), None) => format!("rule {rule}: {}", touch.action),
        (None, Some(number)) => format!("held as {number}"),
        (None, None) => {
            let action = if touch.action == "inject" { "sent" } else { touch.action };
            format!("by the operator: {action}")
        }
    }
}

/// " → hi": what is delivered in place of a message that another output has.
fn replacement_text(touch: &Touch<'_>) -> String {
    match &touch.changed_to {
        Some(Changed::Message(kind, data)) => message_text(*kind, data),
        _ => String::new(),
    }
}

/// " → hi", " → binary, 2 bytes 00 ff".
fn message_text(kind: MessageKind, data: &[u8]) -> String {
    match str::from_utf8(data) {
        Ok("") => " → (empty message)".to_owned(),
        Ok(text) if kind == MessageKind::Text => {
            let end = text.floor_char_boundary(MAX_REPLACEMENT);
            let ellipsis = if end < text.len() { "…" } else { "" };
            format!(" → {}{ellipsis}", &text[..end])
        }
        Err(_) if kind == MessageKind::Text => {
            format!(" → text that is not UTF-8{}", payload_preview(data, MAX_BINARY))
        }
        _ => format!(
            " → {}, {}{}",
            kind.name(),
            format_size(data.len() as u64),
            payload_preview(data, MAX_BINARY)
        ),
    }
}

const fn side(direction: Direction) -> &'static str {
    match direction {
        Direction::Sent => "client",
        Direction::Received => "server",
    }
}

/// How a connection through a proxy ended, in a sentence.
pub fn proxy_closed_text(closed: &ProxyClosed) -> String {
    let sides = [("client", &closed.client), ("server", &closed.server)];
    match closed.initiator {
        _ if closed.is_closed_by_proxy() => ended_by_proxy(closed, sides),
        ProxyInitiator::Client => ended_by(closed, sides, &closed.client_end, 0),
        ProxyInitiator::Server | ProxyInitiator::Local => {
            ended_by(closed, sides, &closed.server_end, 1)
        }
    }
}

/// A side of a connection and the Close frame that it sent.
type SideClose<'a> = (&'a str, &'a Option<ClosePayload>);

/// An end that one side brought about: that with index `first`.
fn ended_by(
    closed: &ProxyClosed,
    sides: [SideClose<'_>; 2],
    end: &Option<TransportEnd>,
    first: usize,
) -> String {
    let other = 1 - first;
    let ((who, _), (other_name, answer)) = (sides[first], sides[other]);
    let Some(close) = closed.delivered_of(first) else {
        return ended_by_transport(closed, sides, end, first);
    };
    let mut text = format!("closed by the {who}{}", named(close));
    match (&closed.own, &closed.why) {
        (Some(own), None) => text += &format!("; wscope closed{}", named(own)),
        (Some(own), Some(why)) => text += &format!("; wscope closed{} ({why})", named(own)),
        (None, Some(why)) => text += &format!("; {why}"),
        (None, None) => {}
    }
    match answer {
        None => text += &format!("; the {other_name} did not answer (1006)"),
        Some(answer) if closed.not_delivered[other] => {
            text += &format!("; the {other_name} answered{}, not delivered", named(answer));
        }
        Some(answer) if is_echo(close, answer) => {}
        Some(answer) => text += &format!("; the {other_name} answered{}", named(answer)),
    }
    text
}

/// An end that one side brought about without a Close frame that the other one got.
fn ended_by_transport(
    closed: &ProxyClosed,
    sides: [SideClose<'_>; 2],
    end: &Option<TransportEnd>,
    first: usize,
) -> String {
    let who = sides[first].0;
    let mut text = match end {
        Some(TransportEnd::Reset) => format!("reset by the {who} (1006)"),
        Some(TransportEnd::Error(error)) => format!("lost the {who} (1006): {error}"),
        Some(end) => format!("ended by the {who} without a Close frame (1006): {end}"),
        None => format!("ended by the {who} without a Close frame (1006)"),
    };
    if let Some(Partial { position, .. }) = closed.cut[first].filter(|it| !it.is_boundary()) {
        text += &format!(", {position}");
    }
    for (side, (name, close)) in sides.into_iter().enumerate() {
        text += &match close {
            Some(close) if closed.not_delivered[side] => {
                format!("; the {name} had closed{}, not delivered", named(close))
            }
            Some(close) => format!("; the {name} closed{}", named(close)),
            None => continue,
        };
    }
    text
}

/// What a side has not finished, unless the line about the end says it.
fn cut_texts(closed: &ProxyClosed) -> Vec<String> {
    let first = match closed.initiator {
        _ if closed.is_closed_by_proxy() => None,
        ProxyInitiator::Client => Some(0),
        ProxyInitiator::Server | ProxyInitiator::Local => Some(1),
    };
    let mut texts = Vec::new();
    for (side, name) in ["client", "server"].into_iter().enumerate() {
        let Some(Partial { message, position }) = closed.cut[side] else { continue };
        let is_told = first == Some(side) && closed.delivered_of(side).is_none();
        let is_in_frame =
            matches!(position, Position::Payload { opcode: Opcode::Text | Opcode::Binary, .. });
        match message {
            Some(_) if is_told && is_in_frame => {}
            Some(message) => {
                texts.push(format!(
                    "the {name} did not finish a message: {message} had been received"
                ));
            }
            None if is_told => {}
            None => texts.push(format!("what the {name} sent ended {position}")),
        }
    }
    texts
}

/// An end that the proxy brought about, and what each side answered if that differs.
fn ended_by_proxy(closed: &ProxyClosed, sides: [SideClose<'_>; 2]) -> String {
    let mut text = match (&closed.own, &closed.why) {
        (Some(own), None) => format!("closed by wscope{}", named(own)),
        (Some(own), Some(why)) => format!("closed by wscope{} ({why})", named(own)),
        (None, None) => "ended by wscope without a Close frame (1006)".to_owned(),
        (None, Some(why)) => format!("ended by wscope without a Close frame (1006): {why}"),
    };
    let answers = closed.awaited.into_iter().zip(closed.not_delivered);
    for ((name, close), (is_awaited, is_lost)) in sides.into_iter().zip(answers) {
        match (close, &closed.own) {
            (Some(close), _) if is_lost => {
                text += &format!("; the {name} had closed{}, not delivered", named(close));
            }
            (Some(close), Some(own)) if is_echo(own, close) => {}
            (Some(close), Some(_)) => text += &format!("; the {name} answered{}", named(close)),
            (Some(close), None) => text += &format!("; the {name} closed{}", named(close)),
            (None, Some(_)) if is_awaited => text += &format!("; the {name} did not answer"),
            (None, _) => {}
        }
    }
    text
}

/// ": 1000 Normal Closure", " without a code (1005)".
fn named(close: &ClosePayload) -> String {
    let separator = if close.code.is_some() { ": " } else { " " };
    format!("{separator}{}", close_text(close))
}

/// Whether a Close frame just answers another one (RFC 6455 section 5.5.1).
fn is_echo(close: &ClosePayload, answer: &ClosePayload) -> bool {
    close.code == answer.code && (close.reason == answer.reason || answer.reason.is_empty())
}

fn totals(closed: &ProxyClosed) -> String {
    let [client, server] = [&closed.from_client, &closed.from_server].map(messages_of);
    let mut text = format!("client sent {client}, server sent {server}, in {}", short(closed.age));
    if closed.violations > 0 {
        text += &format!("; {}", counted(closed.violations, "violation"));
    }
    if closed.touched > 0 {
        let times = counted(closed.touched, "time");
        text += &format!("; rules and commands applied {times}");
    }
    text
}

#[cfg(test)]
mod tests;
