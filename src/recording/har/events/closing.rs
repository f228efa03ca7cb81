//! The end of the connection of an entry.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{At, Builder, EntryEvent, Totals, elapsed};
use crate::protocol::CloseCode;
use crate::protocol::close::ClosePayload;
use crate::protocol::vocabulary::Direction;
use crate::recording::RecordedKind;
use crate::recording::har::time::{MessageTime, Micros, NotATime};
use crate::recording::har::values::{is_true, object, text, unsigned};

#[derive(Default, Deserialize)]
struct Close<'a> {
    #[serde(borrow)]
    code: Option<&'a RawValue>,
    #[serde(borrow)]
    reason: Option<&'a RawValue>,
    #[serde(borrow)]
    initiator: Option<&'a RawValue>,
    #[serde(borrow, rename = "wasClean")]
    was_clean: Option<&'a RawValue>,
    #[serde(borrow)]
    time: Option<&'a RawValue>,
    /// HTTP Toolkit.
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow, rename = "_wscope")]
    own: Option<&'a RawValue>,
}

impl Totals {
    pub(super) fn count(&mut self, direction: Direction, size: usize) {
        let traffic = match direction {
            Direction::Sent => &mut self.sent,
            Direction::Received => &mut self.received,
        };
        traffic.messages += 1;
        traffic.bytes += size as u64;
    }
}

impl Builder<'_> {
    /// Keeps a Close frame that was recorded as a message.
    pub(super) fn close_frame(&mut self, at: At, direction: Direction, data: &[u8]) {
        let code = data.first_chunk().map(|code| CloseCode::new(u16::from_be_bytes(*code)));
        let reason = String::from_utf8_lossy(data.get(2..).unwrap_or_default()).into_owned();
        self.close_frames.push((direction, ClosePayload { code, reason }));
        self.now = at;
    }

    /// Adds how the connection ended, if that is known. No code is made up: a HAR of a browser has none.
    pub(super) fn close(&mut self) {
        let value = self.entry.values.close.as_deref();
        match value.map(RawValue::get) {
            // HTTP Toolkit: without a Close frame.
            Some("\"aborted\"") => {
                let values = json!({ "event": "close", "code": 1006, "was_clean": false });
                self.push_close(self.now, None, values);
            }
            Some(text) if text.starts_with('{') => self.recorded_close(object(value)),
            Some(_) => self.warn("_webSocketClose is not an object: skipped"),
            None => self.close_of_frames(),
        }
    }

    fn recorded_close(&mut self, close: Close<'_>) {
        let at = match close.time.or(close.timestamp).map(MessageTime::of) {
            Some(Ok(Some(MessageTime::Wall(time)))) => self.at_wall(time),
            Some(Ok(Some(MessageTime::Relative(time)))) if self.is_own() => self.at_wall(time),
            Some(Err(NotATime)) => {
                self.warn("the time of _webSocketClose is not a time: ignored");
                self.now
            }
            _ => self.now,
        };
        let at = At { elapsed: elapsed(close.own).or(at.elapsed), ..at };
        let reason = close.reason.and_then(text);
        if close.reason.is_some() && reason.is_none() {
            self.warn("_webSocketClose.reason is not a string: ignored");
        }
        let reason = reason.unwrap_or_default();
        // Without a code the frame had none, which is how HTTP Toolkit writes it.
        let code = close.code.and_then(unsigned).and_then(|code| u16::try_from(code).ok());
        if code.is_none() && close.code.is_some() {
            // Without a code, the reason is not shown.
            let reason = if reason.is_empty() {
                String::new()
            } else {
                format!("; the reason is {reason:?}")
            };
            self.warn(&format!("_webSocketClose.code is not a close code: ignored{reason}"));
        }
        let code = code.map_or(CloseCode::NO_STATUS, CloseCode::new);
        let initiator = close.initiator.and_then(text);
        let initiator =
            initiator.filter(|it| ["self", "peer", "client", "server"].contains(&&**it));
        if initiator.is_none() && close.own.is_none() && code != CloseCode::ABNORMAL {
            self.warn("_webSocketClose does not say which side closed");
        }
        let values = json!({
            "event": "close",
            "code": code.get(),
            "reason": reason,
            "initiator": initiator,
            "was_clean": close.was_clean.map_or(code != CloseCode::ABNORMAL, is_true),
        });
        self.push_close(at, close.own, values);
    }

    /// The end that recorded Close frames are.
    fn close_of_frames(&mut self) {
        let Some((first, _)) = self.close_frames.first() else { return };
        let payload = |direction| {
            let found = self.close_frames.iter().find(|(it, _)| *it == direction);
            found.map(|(_, payload)| payload)
        };
        let close = |payload: Option<&ClosePayload>| {
            payload.map(|it| {
                let code = it.code.unwrap_or(CloseCode::NO_STATUS);
                json!({ "code": code.get(), "reason": it.reason })
            })
        };
        let (sent, received) = (payload(Direction::Sent), payload(Direction::Received));
        let code =
            received.map_or(CloseCode::ABNORMAL, |it| it.code.unwrap_or(CloseCode::NO_STATUS));
        let values = json!({
            "event": "close",
            "code": code.get(),
            "reason": received.map_or("", |it| &it.reason),
            "initiator": if *first == Direction::Sent { "self" } else { "peer" },
            "was_clean": sent.is_some() && received.is_some(),
            "sent": close(sent),
            "received": close(received),
        });
        self.push_close(self.now, None, values);
    }

    fn push_close(&mut self, at: At, own: Option<&RawValue>, mut values: Value) {
        if own.is_none() {
            let opened = self.events.first().map_or(at.time, |event| event.time);
            let Totals { sent, received } = self.totals;
            values["duration_ms"] = (at.time.saturating_sub(opened).max(0) / 1000).into();
            values["totals"] = json!({
                "received": { "messages": received.messages, "bytes": received.bytes },
                "sent": { "messages": sent.messages, "bytes": sent.bytes },
            });
        }
        self.push_object(at, own, values);
    }

    /// A close after which the connection was opened again says that an error follows. A HAR does not have that event: the
    /// close alone shows the end.
    pub(super) fn end_without_error(&mut self) {
        if let Some(EntryEvent { what: RecordedKind::Closed(closed), .. }) = self.events.last_mut()
        {
            closed.failure_follows = false;
        }
    }

    /// Adds a failure of an open connection, which only our HARs have.
    pub(super) fn error(&mut self) {
        let Some(value) = self.entry.values.error.as_deref() else { return };
        let at = self.own_place(value);
        self.push_object(at, Some(value), json!({ "event": "error" }));
    }

    /// Adds the violations that were tolerated, which only our HARs have, each before what came at that time.
    pub(super) fn violations(&mut self) {
        let Some(value) = self.entry.values.violations.as_deref() else { return };
        let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(value.get()) else {
            return self.warn("_wscopeViolations is not an array: ignored");
        };
        let (events, now) = (std::mem::take(&mut self.events), self.now);
        for value in list {
            let at = self.own_place(value);
            self.push_object(at, Some(value), json!({ "event": "violation" }));
        }
        let mut violations = std::mem::take(&mut self.events).into_iter().peekable();
        for event in events {
            let is_first = |violation: &EntryEvent| {
                let is_open = matches!(event.what, RecordedKind::Open(_));
                !is_open && (violation.elapsed, violation.time) <= (event.elapsed, event.time)
            };
            while let Some(violation) = violations.next_if(is_first) {
                self.events.push(violation);
            }
            self.events.push(event);
        }
        self.events.extend(violations);
        self.now = now;
    }

    /// The place in time of an object of an event.
    fn own_place(&self, value: &RawValue) -> At {
        let (time, elapsed) = (super::own_time(Some(value)), elapsed(Some(value)));
        let at = time.map_or(self.now, |time| self.at_wall(time));
        At { elapsed: elapsed.or(at.elapsed), ..at }
    }

    /// A time, with what elapsed since the last event.
    fn at_wall(&self, time: Micros) -> At {
        let since = time.saturating_sub(self.now.time);
        let elapsed = self.now.elapsed.map(|elapsed| elapsed.saturating_add(since).max(0));
        At { time, elapsed }
    }
}
