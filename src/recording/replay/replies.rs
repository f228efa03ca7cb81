//! Answers as a recorded server did.

use std::sync::Arc;

use super::check::Rules;
use super::differences::changes_on_one_line;
use super::script::{Content, Script, Side, StepKind};
use crate::protocol::MessageKind;
use crate::protocol::close::ClosePayload;
use crate::recording::compare::{Changes, Fingerprint, shown};

/// Plays the server's side of a script for one client, by count: after each message of the client, what the recorded
/// server sent before the client's next one.
#[derive(Debug)]
pub struct Replies {
    script: Arc<Script>,
    rules: Rules,
    /// The next step of the script.
    next: usize,
    /// How many data messages of the client lie before that step.
    passed: usize,
    /// How many data messages the client has sent.
    received: usize,
    is_closed: bool,
}

/// A message of a client that was not recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// Which one it is, short enough for the reason of a Close frame.
    pub summary: String,
    /// The differences, or the message, on one line; safe to show.
    pub details: String,
}

/// What is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A message, ping or pong.
    Send(StepKind),
    /// The Close frame; without a code if the recorded one had none.
    Close(ClosePayload),
    /// The end of TCP, without a Close frame.
    End {
        /// It is a reset.
        is_reset: bool,
    },
}

impl Replies {
    /// The start of a connection. Messages of the client are compared with the recorded ones by `rules`.
    pub fn new(script: Arc<Script>, rules: Rules) -> Self {
        Self { script, rules, next: 0, passed: 0, received: 0, is_closed: false }
    }

    /// The client has sent a data message: how it differs from what was recorded.
    pub fn on_message(&mut self, kind: MessageKind, data: &[u8]) -> Option<Deviation> {
        self.received += 1;
        let copy = || Content::new(kind, data.to_vec());
        let number = self.received;
        let Some(recorded) = self.script.content(Side::Client, number - 1) else {
            let total = self.script.messages(Side::Client);
            let summary = format!("message {number}: only {total} were recorded");
            return Some(Deviation { summary, details: shown(&copy()) });
        };
        let ignore = &self.rules.ignore;
        if recorded.fingerprint(ignore) == Fingerprint::of(kind, data, ignore) {
            return None;
        }
        let details = changes_on_one_line(&Changes::between(recorded, &copy(), ignore));
        Some(Deviation { summary: format!("message {number} is not as recorded"), details })
    }

    /// The last message of the client calls for no answers.
    pub fn forget_last_message(&mut self) {
        self.received = self.received.saturating_sub(1);
    }

    /// What is to be sent next; `None`: nothing before another message of the client.
    pub fn next_reply(&mut self) -> Option<Reply> {
        loop {
            let Some(step) = self.script.steps.get(self.next) else { return self.close() };
            match (step.side, &step.what) {
                (Side::Client, StepKind::Message(..)) if self.passed == self.received => {
                    return None;
                }
                (Side::Client, StepKind::Message(..)) => self.passed += 1,
                (Side::Server, StepKind::Close) => {
                    self.next = self.script.steps.len();
                    return self.close();
                }
                (Side::Server, what) => {
                    self.next += 1;
                    return Some(Reply::Send(what.clone()));
                }
                (Side::Client, _) => {}
            }
            self.next += 1;
        }
    }

    /// The server's Close frame, or its end of TCP, if the recorded server closed first.
    fn close(&mut self) -> Option<Reply> {
        let close =
            self.script.close.as_ref().filter(|close| close.initiator == Some(Side::Server))?;
        let reply = match &close.server {
            Some(payload) => Reply::Close(payload.clone()),
            None => Reply::End { is_reset: close.is_reset },
        };
        (!std::mem::replace(&mut self.is_closed, true)).then_some(reply)
    }
}

#[cfg(test)]
mod tests;
