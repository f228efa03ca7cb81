//! Messages and control frames of an entry.

use std::time::Duration;

use bytes::Bytes;

use super::{At, Builder};
use crate::event::{Failure, FailureKind, Omitted};
use crate::protocol;
use crate::recording::har::entry::usual_wire_size;
use crate::recording::har::message::{Message, MessageKind, Opcode, OwnFields, Sender};
use crate::recording::har::time::{MessageTime, Micros};
use crate::recording::{RecordedControl, RecordedKind, RecordedMessage};

/// The times of messages.
struct Clock {
    opened: At,
    is_own: bool,
    /// The first time by a clock with an unknown start: that of the opening.
    first: Option<Micros>,
}

impl Clock {
    /// The time of a message that follows an event of the time `now`.
    fn at(&mut self, now: At, message: &Message) -> At {
        let time = match message.time {
            Some(MessageTime::Wall(time)) => time,
            // Our own are never relative, even if the clock is not set.
            Some(MessageTime::Relative(time)) if self.is_own => time,
            Some(MessageTime::Relative(time)) => {
                let since = time.saturating_sub(*self.first.get_or_insert(time));
                self.opened.time.saturating_add(since)
            }
            None => now.time,
        };
        let since = time.saturating_sub(self.opened.time);
        let elapsed = message.own.as_ref().and_then(|own| own.elapsed);
        let usual = self.opened.elapsed.map(|elapsed| elapsed.saturating_add(since).max(0));
        At { time, elapsed: elapsed.or(usual) }
    }
}

impl Builder<'_> {
    /// Adds messages and control frames in their order.
    pub(super) fn messages(&mut self, messages: Vec<Message>, control: Vec<Message>) {
        let mut clock = Clock { opened: self.now, is_own: self.is_own(), first: None };
        let mut control = control.into_iter().peekable();
        for (count, message) in (0..).zip(messages) {
            let at = clock.at(self.now, &message);
            while let Some(next) = control.peek() {
                let next_at = clock.at(self.now, next);
                let is_first = match next.own.as_ref().and_then(|own| own.after) {
                    Some(after) => after <= count,
                    None => next_at.time <= at.time,
                };
                let Some(next) = control.next_if(|_| is_first) else { break };
                self.message(next_at, next);
            }
            self.message(at, message);
        }
        for next in control {
            let at = clock.at(self.now, &next);
            self.message(at, next);
        }
    }

    fn message(&mut self, at: At, message: Message) {
        let Message { what, data, own, .. } = message;
        let own = own.unwrap_or_default();
        let (sender, opcode) = match what {
            MessageKind::Frames(sender, opcode) => (sender, opcode),
            MessageKind::Error => {
                let text = format!("connection failed: {}", String::from_utf8_lossy(&data));
                let failure = Failure::new(FailureKind::Abnormal, text);
                return self.push(at, RecordedKind::Failure(Box::new(failure)));
            }
        };
        let direction = self.direction(sender);
        let payload = |data: Bytes| RecordedControl { is_masked: own.masked, ..data.into() };
        let kind = match opcode {
            Opcode::Text => protocol::MessageKind::Text,
            Opcode::Binary => protocol::MessageKind::Binary,
            Opcode::Ping => return self.push(at, RecordedKind::Ping(direction, payload(data))),
            Opcode::Pong => {
                let rtt = own.rtt.and_then(|rtt| u64::try_from(rtt).ok());
                let rtt = rtt.map(Duration::from_micros);
                return self.push(at, RecordedKind::Pong(direction, payload(data), rtt));
            }
            Opcode::Close => return self.close_frame(at, direction, &data),
        };
        self.totals.count(direction, data.len());
        let OwnFields { wire_size, compressed, frames, masked, file, omitted, size, .. } = *own;
        let usual = || match self.is_own() {
            true => usual_wire_size(data.len() as u64, sender == Sender::Client),
            false => 0,
        };
        let wire_size = wire_size.unwrap_or_else(usual);
        if omitted && self.is_proxied {
            let frames = frames.unwrap_or(1);
            let reason = None; // a HAR does not say
            let it = Omitted { direction, kind, size, wire_size, compressed, frames, reason };
            return self.push(at, RecordedKind::Omitted(it));
        }
        self.push(
            at,
            match file {
                Some(path) => RecordedKind::FileSent { kind, path, size, wire_size },
                None => RecordedKind::Message(RecordedMessage {
                    direction,
                    kind,
                    data,
                    wire_size,
                    compressed,
                    frames: frames.unwrap_or(1),
                    is_masked: masked,
                    secret_ids: Box::default(),
                }),
            },
        );
    }
}
