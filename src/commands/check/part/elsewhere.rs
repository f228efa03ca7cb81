//! Where else a message is that a step waits for, and what the other connections of a part do.

use super::PartRun;
use crate::commands::check::failure::Draft;
use crate::commands::check::link::Link;
use crate::commands::check::received::{shown, summary};
use crate::scenario::inbox::{EarlierMessage, Inbox, SeenMessage, WaitFailure};
use crate::scenario::pattern::Pattern;
use crate::scenario::phrase::Phrase;
use crate::scenario::plan::{PlannedAction, PlannedStep};

/// How many other connections are shown, and searched for a message.
const MOST_CONNECTIONS: usize = 10;

/// Failures whose reason may be on another connection.
const CONNECTION_FAILURES: [&str; 5] = ["timeout", "closed", "unexpected", "forbidden", "overflow"];

impl PartRun<'_, '_> {
    /// Messages that a pattern of `connection` would have matched: one that an earlier step has passed over or
    /// taken, or that was received on another connection. `inbox` is that of the connection.
    pub(super) fn elsewhere(
        &self,
        pattern: &Pattern,
        connection: usize,
        inbox: &Inbox,
    ) -> Option<Phrase> {
        if let Some(earlier) = inbox.earlier(pattern) {
            return Some(self.earlier(Phrase::new("a message that matches"), earlier));
        }
        self.others(connection).take(MOST_CONNECTIONS).find_map(|(name, link)| {
            let inbox = link.inbox();
            let came = Phrase::new("a message that matches came on ").value(name);
            match inbox.kept_match(pattern) {
                Some(message) => {
                    let message = shown(&SeenMessage::of(message)).one_line();
                    Some(came.own(": ").value(message))
                }
                None => Some(self.earlier(came.own(" and"), inbox.earlier(pattern)?)),
            }
        })
    }

    /// That an unexpected message repeats one that an earlier step has taken.
    pub(super) fn repeated(&self, failed: &WaitFailure, inbox: &Inbox) -> Option<Phrase> {
        let (WaitFailure::Unexpected(message) | WaitFailure::NotSilent(message)) = failed else {
            return None;
        };
        let line = self.line_of(inbox.earlier_equal(message)?.step);
        let text = Phrase::new("the step of line ").number(line as u64);
        Some(text.own(" has taken a message that is equal to it"))
    }

    fn line_of(&self, step: usize) -> usize {
        self.file.source.place(self.part.steps[step].at.start).line
    }

    fn earlier(&self, what: Phrase, earlier: &EarlierMessage) -> Phrase {
        let line = self.line_of(earlier.step);
        let verb = match earlier.is_taken {
            true => " was taken by the step of line ",
            false => " was passed over by the step of line ",
        };
        let message = shown(&earlier.shown()).one_line();
        what.own(verb).number(line as u64).own(": ").value(message)
    }

    /// Adds what the other connections do.
    pub(super) fn add_others(&self, failure: &mut Draft, step: &PlannedStep) {
        let Some(connection) = connection(&step.action) else { return };
        if !CONNECTION_FAILURES.contains(&failure.kind) {
            return;
        }
        let mut others = self.others(connection);
        let shown = others.by_ref().take(MOST_CONNECTIONS);
        failure.notes.extend(shown.map(|(name, link)| summary(name, &link.inbox())));
        let more = others.count() as u64;
        if more > 0 {
            failure.notes.push(Phrase::default().counted(more, "more connection"));
        }
    }

    pub(super) fn name(&self, connection: usize) -> Option<&str> {
        self.part.connections[connection].connect.name.as_deref()
    }

    /// The other connections that are open or were, with their names.
    fn others(&self, connection: usize) -> impl Iterator<Item = (&str, &Link)> {
        let links = self.links.iter().zip(&self.part.connections).enumerate();
        links.filter(move |(index, _)| *index != connection).filter_map(|(_, (link, planned))| {
            let link = link.as_ref().filter(|link| link.is_usable())?;
            Some((planned.connect.name.as_deref()?, link))
        })
    }
}

/// The connection that a step is about.
fn connection(action: &PlannedAction) -> Option<usize> {
    match action {
        PlannedAction::Open(connection)
        | PlannedAction::Send(connection, _)
        | PlannedAction::Forbid(connection, _)
        | PlannedAction::Silence(connection, ..)
        | PlannedAction::During(connection, ..) => Some(*connection),
        PlannedAction::Receive(group) => Some(group.connection),
        PlannedAction::Sleep(_) | PlannedAction::Run(_) => None,
    }
}
