//! Observers receive every event of a connection and control it.
//!
//! `--count`, `--expect`, `--echo` and the bookkeeping of `listen` are observers. One that only watches
//! implements [`Observer::on_event`] and nothing else.

use std::time::Instant;

use crate::event::{EventKind, Message};
use crate::input::Action;
use crate::protocol::Payload;
use crate::protocol::vocabulary::{Direction, Partial};

/// Receives the events of one connection, or of several one after the other.
///
/// The events are [`EventKind::Open`], everything received and sent, and last [`EventKind::Closed`].
pub trait Observer {
    /// Receives an event, before the outputs show it.
    fn on_event(&mut self, event: &Observed<'_>) -> ObserverResponse;

    /// What was received behind the last whole message has changed: the start of another one, or of a frame. Only if
    /// [`Observer::wants_partial`].
    fn on_partial(&mut self, _partial: Option<Partial>) {}

    /// Whether [`Observer::on_partial`] is called.
    fn wants_partial(&self) -> bool {
        false
    }

    /// Whether it also receives data messages that we send. Building their events takes time.
    fn wants_sent(&self) -> bool {
        false
    }

    /// The next action to carry out. After a response with [`ObserverResponse::acts`], the session calls this until
    /// there is none, and carries all of them out at once, even if the socket does not keep up. Only a file
    /// waits for the file that is being sent.
    fn next_action(&mut self) -> Option<Action> {
        None
    }

    /// When to call [`Observer::on_deadline`], by the clock of [`Observed::at`].
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// The same, in real time: it comes also while the session does not read.
    fn real_deadline(&self) -> Option<Instant> {
        None
    }

    /// A deadline has passed, by its own clock. The next one has to be later.
    fn on_deadline(&mut self, _now: Instant) -> ObserverResponse {
        ObserverResponse::default()
    }

    /// The progress of its goal; `None`: it has no goal. When all goals are met, or one is missed, the session
    /// starts the closing handshake.
    fn progress(&self) -> Option<Progress> {
        None
    }

    /// What is missing for its goal, as text.
    fn shortfall(&self) -> String {
        String::new()
    }

    /// Whether a goal that was not met is reported (exit status 6) even if the connection ended abnormally
    /// (exit status 1).
    fn outranks_abnormal_end(&self) -> bool {
        false
    }
}

/// An event as an observer receives it.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// The time, by a clock that is paused while the session does not read.
    pub at: Instant,
    /// The event. Secrets are not masked.
    pub event: &'a EventKind<'a>,
    /// The buffer of a long received message, which can be kept without a copy.
    pub payload: Option<&'a Payload>,
}

impl<'a> Observed<'a> {
    /// The message, if one was received.
    #[inline]
    pub fn received_message(&self) -> Option<&'a Message<'a>> {
        match self.event {
            EventKind::Message(message) if message.direction == Direction::Received => {
                Some(message)
            }
            _ => None,
        }
    }
}

/// What an event has changed for an observer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ObserverResponse {
    /// [`Observer::next_action`] returns an action.
    pub acts: bool,
    /// [`Observer::progress`] is no longer [`Progress::Open`].
    pub is_decided: bool,
    /// The message was received after the requested number of messages. It counts as such once no goal is open.
    pub surplus: bool,
}

impl ObserverResponse {
    /// Combines two responses.
    #[inline]
    pub fn and(self, other: Self) -> Self {
        Self {
            acts: self.acts | other.acts,
            is_decided: self.is_decided | other.is_decided,
            surplus: self.surplus | other.surplus,
        }
    }
}

/// The progress of a goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Not met yet.
    Open,
    /// Met.
    Met,
    /// It cannot be met any more.
    Missed,
    /// The run is over: goals that are still open are missed.
    Over,
}

/// The progress of all goals together: missed if one is missed, or is open when the run is over; met if all are met.
/// `None`: there is no goal.
pub fn overall(observers: &[Box<dyn Observer>]) -> Option<Progress> {
    let goals = || observers.iter().filter_map(|observer| observer.progress());
    let is_over = goals().any(|goal| goal == Progress::Over);
    let ended = |goal| match goal {
        Progress::Open if is_over => Progress::Missed,
        Progress::Over => Progress::Met,
        goal => goal,
    };
    goals().map(ended).reduce(|one, other| match (one, other) {
        (Progress::Missed, _) | (_, Progress::Missed) => Progress::Missed,
        (Progress::Open, _) | (_, Progress::Open) => Progress::Open,
        _ => Progress::Met,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(Option<Progress>);

    impl Observer for Fixed {
        fn on_event(&mut self, _: &Observed<'_>) -> ObserverResponse {
            ObserverResponse::default()
        }

        fn progress(&self) -> Option<Progress> {
            self.0
        }
    }

    #[test]
    fn all_goals_have_to_be_met_and_none_missed() {
        use Progress::{Met, Missed, Open, Over};
        for (goals, expected) in [
            (&[][..], None),
            (&[None], None),
            (&[Some(Met), None], Some(Met)),
            (&[Some(Met), Some(Open)], Some(Open)),
            (&[Some(Open), Some(Missed), Some(Met)], Some(Missed)),
            (&[Some(Over)], Some(Met)),
            (&[Some(Over), Some(Met)], Some(Met)),
            (&[Some(Open), Some(Over)], Some(Missed)),
        ] {
            let observers: Vec<_> =
                goals.iter().map(|it| Box::new(Fixed(*it)) as Box<dyn Observer>).collect();
            assert_eq!(overall(&observers), expected, "{goals:?}");
        }
    }
}
