//! Sends again what a recorded client sent.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::pace::Pace;
use super::script::{Script, Side, StepKind};
use crate::protocol::counted::counted;
use crate::recording::compare::shown;

/// Plays the client's side of a script. Whoever drives it reports what is received, and calls [`Player::poll`] after
/// that, after it has carried out what that returned, and at [`Player::deadline`].
#[derive(Debug)]
pub struct Player {
    script: Arc<Script>,
    pace: Pace,
    /// How long answers are waited for; `None`: for ever.
    timeout: Option<Duration>,
    sends: VecDeque<Outgoing>,
    /// The answers that are to come in all.
    expected: usize,
    received: usize,
    /// Answers that did not come in time. Those that follow them are not waited for as long.
    given_up: usize,
    /// The number of data messages that were sent.
    sent: usize,
    opened: Option<Instant>,
    /// When something was last sent or received.
    active: Option<Instant>,
    /// When the present wait runs out.
    deadline: Option<Instant>,
    expired: Vec<ExpiredWait>,
    warnings: VecDeque<String>,
    /// The last answers did not come in time.
    has_given_up_answers: bool,
    /// The server was to close, and did not in time.
    has_given_up_close: bool,
    is_done: bool,
}

/// A step of the client that is to be taken.
#[derive(Clone, Copy, Debug)]
struct Outgoing {
    /// Its index in the script.
    step: usize,
    /// How many answers came before it.
    after: usize,
}

/// A wait for answers that ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpiredWait {
    /// How many answers were waited for, counted from the start.
    pub answers: usize,
    /// When it ran out.
    pub at: Instant,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// This is to be sent.
    Send(StepKind),
    /// Nothing, before something is received or [`Player::deadline`].
    Wait,
    /// The connection is to be closed as it was recorded.
    Close,
}

/// What the next step waits for.
enum Obstacle {
    /// Its time; `None`: it is too far away to be counted.
    Time(Option<Instant>),
    /// So many answers, counted from the start.
    Answers(usize),
    /// The server's Close frame.
    Close,
}

impl Player {
    /// Plays a script. After `timeout` in which nothing was received the next message is sent without the answers that
    /// came before it; `None`: never.
    pub fn new(script: Arc<Script>, pace: Pace, timeout: Option<Duration>) -> Self {
        let mut sends = VecDeque::new();
        let mut answers = 0;
        for (index, step) in script.steps.iter().enumerate() {
            match (step.side, &step.what) {
                (Side::Server, StepKind::Message(..)) => answers += 1,
                (Side::Client, _) => sends.push_back(Outgoing { step: index, after: answers }),
                (Side::Server, _) => {}
            }
        }
        Self {
            script,
            pace,
            timeout,
            sends,
            expected: answers,
            received: 0,
            given_up: 0,
            sent: 0,
            opened: None,
            active: None,
            deadline: None,
            expired: Vec::new(),
            warnings: VecDeque::new(),
            has_given_up_answers: false,
            has_given_up_close: false,
            is_done: false,
        }
    }

    /// The connection is open.
    pub fn on_open(&mut self, now: Instant) {
        self.opened = Some(now);
        self.active = Some(now);
    }

    /// A data message was received.
    pub fn on_message(&mut self, now: Instant) {
        self.received += 1;
        self.active = Some(now);
    }

    /// Something was sent.
    pub fn on_sent(&mut self, now: Instant) {
        self.active = Some(now);
    }

    /// The time of [`Player::deadline`] has come. Until [`Player::poll`] is called there is no other.
    pub fn on_deadline(&mut self) {
        self.deadline = None;
    }

    /// A warning about answers that did not come.
    pub fn take_warning(&mut self) -> Option<String> {
        self.warnings.pop_front()
    }

    /// How many data messages the recorded client sent, and how many of them were sent again.
    pub fn sent(&self) -> (usize, usize) {
        (self.script.messages(Side::Client), self.sent)
    }

    /// The waits that ran out, in order.
    pub fn expired_waits(&self) -> &[ExpiredWait] {
        &self.expired
    }

    /// When [`Player::poll`] is to be called if nothing is received; it set this time.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// What is to be done now.
    pub fn poll(&mut self, now: Instant) -> Turn {
        self.deadline = None;
        let Some(opened) = self.opened else { return Turn::Wait };
        while let Some(obstacle) = self.obstacle(opened, now) {
            let until = match obstacle {
                Obstacle::Time(time) => time,
                Obstacle::Answers(_) | Obstacle::Close => self.timeout_at(),
            };
            if until.is_none_or(|until| now < until) {
                self.deadline = until;
                return Turn::Wait;
            }
            match obstacle {
                Obstacle::Answers(answers) => self.give_up(answers, now),
                Obstacle::Close => {
                    self.has_given_up_close = true;
                    self.warn("closing, as the server did not".to_owned());
                }
                Obstacle::Time(_) => {}
            }
        }
        let next = self.sends.pop_front().map(|next| self.script.steps[next.step].what.clone());
        match next {
            None | Some(StepKind::Close) => {
                self.sends.clear(); // nothing follows a Close frame
                self.is_done = true;
                Turn::Close
            }
            Some(what) => {
                self.sent += usize::from(matches!(what, StepKind::Message(..)));
                self.active = Some(now);
                Turn::Send(what)
            }
        }
    }

    fn timeout_at(&self) -> Option<Instant> {
        self.active?.checked_add(self.timeout?)
    }

    /// Why the next step is not taken now.
    fn obstacle(&self, opened: Instant, now: Instant) -> Option<Obstacle> {
        if self.is_done {
            return None;
        }
        let next = self.sends.front();
        let step = next.map_or(self.script.steps.last(), |next| self.script.steps.get(next.step));
        if let Some(due) = step.and_then(|step| self.pace.due(step.at)) {
            let due = opened.checked_add(due);
            if due.is_none_or(|due| now < due) {
                return Some(Obstacle::Time(due));
            }
        }
        match next {
            Some(next) => {
                let is_waiting = self.received.saturating_add(self.given_up) < next.after;
                (self.pace == Pace::Answers && is_waiting).then_some(Obstacle::Answers(next.after))
            }
            None if self.received < self.expected && !self.has_given_up_answers => {
                Some(Obstacle::Answers(self.expected))
            }
            None => (self.awaits_close() && !self.has_given_up_close).then_some(Obstacle::Close),
        }
    }

    /// Whether the server closed the recorded connection, or ended it. Where it is not known who did, the client closes:
    /// the server answers with the same code.
    fn awaits_close(&self) -> bool {
        self.script.close.as_ref().is_some_and(|close| close.initiator == Some(Side::Server))
    }

    fn give_up(&mut self, answers: usize, now: Instant) {
        let missing = answers.saturating_sub(self.received);
        self.expired.push(ExpiredWait { answers, at: now });
        let what = match self.sends.front().map(|next| &self.script.steps[next.step].what) {
            None => {
                self.has_given_up_answers = true;
                "closing".to_owned()
            }
            Some(what) => {
                self.given_up = missing;
                match what {
                    StepKind::Message(content, _) => {
                        format!("sending message {}, {},", self.sent + 1, shown(content))
                    }
                    StepKind::Ping(_) | StepKind::Pong(_) => "sending a ping or pong".to_owned(),
                    StepKind::Close => "closing".to_owned(),
                }
            }
        };
        let all = counted(answers as u64, "answer");
        self.warn(match self.received {
            0 => format!("{what} without the {all} before that"),
            _ => format!("{what} without {missing} of the {all} before that"),
        });
    }

    fn warn(&mut self, text: String) {
        let waited = self.timeout.unwrap_or_default();
        self.warnings.push_back(format!("{text}: nothing was received for {waited:?} (--timeout)"));
    }
}

#[cfg(test)]
mod tests;
