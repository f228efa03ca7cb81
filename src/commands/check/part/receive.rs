//! The steps that send, and those that wait for what is received.

use std::time::{Duration, Instant};

use super::{PartRun, Stop};
use crate::commands::check::failure::{self, Draft};
use crate::commands::check::link::Link;
use crate::input::Action;
use crate::scenario::inbox::{
    Group, GroupOutcome, Inbox, Progress, Received, Seen, Taken, WaitFailure,
};
use crate::scenario::language::syntax::{Payload, Span};
use crate::scenario::message::Outgoing;
use crate::scenario::pattern::Pattern;
use crate::scenario::phrase::Phrase;
use crate::scenario::plan::{Checks, PlannedGroup, PlannedPattern, PlannedStep};
use crate::scenario::query::{CloseFacts, Facts, MessageFacts, PeriodFacts, PongFacts};

impl PartRun<'_, '_> {
    /// The connection of a step. The plan has made sure that it was opened before.
    fn link(&self, connection: usize, step: &PlannedStep) -> Result<&Link, Stop> {
        let link = self.links.get(connection).and_then(Option::as_ref);
        let link = link.filter(|link| link.is_usable());
        link.ok_or_else(|| {
            self.failed(&step.at, "closed", "the server refused this connection").into()
        })
    }

    pub(super) fn send(
        &mut self,
        step: &PlannedStep,
        connection: usize,
        payload: &Payload,
    ) -> Result<(), Stop> {
        self.warn_of_broken_json(payload)?;
        let outgoing = payload
            .outgoing(self.around())
            .map_err(|error| self.payload_failed(&payload.at, error))?;
        let action = match outgoing {
            Outgoing::Message(kind, data) => Action::Send(kind, data),
            Outgoing::Ping(data) => Action::Ping(data),
            Outgoing::Pong(data) => Action::Pong(data),
            Outgoing::Close(code, reason) => Action::Close(code, Some(reason)),
        };
        self.link(connection, step)?.send(action).map_err(|reason| {
            let text = Phrase::new("cannot send: ").value(reason);
            self.failed(&step.at, "closed", text).into()
        })
    }

    pub(super) fn forbid(
        &mut self,
        index: usize,
        step: &PlannedStep,
        connection: usize,
        payload: &Payload,
    ) -> Result<(), Stop> {
        self.warn_of_broken_json(payload)?;
        let pattern = self.pattern(payload)?;
        self.link(connection, step)?.inbox().forbid(index, pattern);
        Ok(())
    }

    pub(super) fn pattern(&self, payload: &Payload) -> Result<Pattern, Stop> {
        let written = &self.file.source.text()[payload.at.clone()];
        payload
            .pattern(written, self.around())
            .map_err(|error| self.payload_failed(&payload.at, error))
    }

    pub(super) fn receive(&mut self, step: &PlannedStep, group: &PlannedGroup) -> Result<(), Stop> {
        for pattern in group.optional.iter().chain(&group.wanted) {
            self.warn_of_broken_json(&pattern.payload)?;
        }
        let patterns = |list: &[PlannedPattern]| {
            list.iter().map(|it| self.pattern(&it.payload)).collect::<Result<Vec<_>, _>>()
        };
        let (wanted, optional) = (patterns(&group.wanted)?, patterns(&group.optional)?);
        let options = &self.options[group.connection];
        let started = self.now();
        let own = started + options.timeout;
        let until = self.deadline.map_or(own, |deadline| own.min(deadline));
        let mut waiting = Group::new(wanted, optional, options.strict, until);
        if self.file.relaxed.is_some() {
            waiting = waiting.keeping_passed();
        }
        let link = self.link(group.connection, step)?;
        let progress = link.wait(self.limits(), |inbox, now| waiting.poll(inbox, now));
        let passed_over = waiting.seen().count;
        match progress {
            None | Some(Progress::Pending(_)) => {
                let missing = waiting.missing().next().unwrap_or_default();
                let mut place = self.interruption(&step.at);
                place.expected = waiting.pattern(missing).map(Pattern::describe);
                self.add_seen(&mut place, group, &waiting, &link.inbox());
                Err(Stop::Interrupted(Some(Box::new(place))))
            }
            Some(Progress::Done(outcome)) => {
                self.passed_over = passed_over;
                self.check_group(step, group, &outcome, waiting.seen())
            }
            Some(Progress::Failed(failed)) => {
                if let Some(outcome) = self.relax(group, &mut waiting, &failed, started) {
                    return self.check_group(step, group, &outcome, waiting.seen());
                }
                Err(self.receive_failed(step, group, &waiting, &failed, started)?)
            }
        }
    }

    /// A group that failed, with all that is known.
    fn receive_failed(
        &self,
        step: &PlannedStep,
        group: &PlannedGroup,
        waiting: &Group,
        failed: &WaitFailure,
        started: Instant,
    ) -> Result<Stop, Stop> {
        let missing = waiting.missing().next().unwrap_or_default();
        let at = group.wanted.get(missing).map_or(&step.at, |pattern| &pattern.at);
        let timeout = self.options[group.connection].timeout;
        let inbox = &*self.link(group.connection, step)?.inbox();
        let mut failure = self.wait_failed(at, failed, timeout, inbox);
        if !matches!(failed, WaitFailure::Forbidden(_) | WaitFailure::TooMuch(_)) {
            failure.expected = waiting.pattern(missing).map(Pattern::describe);
            self.add_seen(&mut failure, group, waiting, inbox);
            if let Some(pattern) = waiting.pattern(missing) {
                let elsewhere = self.elsewhere(pattern, group.connection, inbox);
                failure.notes.splice(0..0, elsewhere);
            }
            failure.notes.extend(self.repeated(failed, inbox));
            if matches!(failed, WaitFailure::Ended(_)) {
                let waited = Phrase::new("the step had waited for ");
                failure.notes.push(waited.time(self.now() - started));
            }
        }
        failure::add_state(&mut failure, self.name(group.connection), inbox, self.now());
        Ok(failure.into())
    }

    fn add_seen(&self, failure: &mut Draft, group: &PlannedGroup, waiting: &Group, inbox: &Inbox) {
        let line_of = |index: usize| {
            let at = group.wanted.get(index).map_or(0, |pattern| pattern.at.start);
            self.file.source.place(at).line
        };
        failure::add_seen(failure, waiting, inbox, line_of);
    }

    fn wait_failed(
        &self,
        at: &std::ops::Range<usize>,
        failed: &WaitFailure,
        limit: Duration,
        inbox: &Inbox,
    ) -> Draft {
        if matches!(failed, WaitFailure::Timeout) && self.is_out_of_time() {
            return self.out_of_time(at);
        }
        let steps = &self.part.steps;
        let forbidden = |index: usize| steps[index].at.clone();
        failure::of_wait(self.file.source, at, failed, limit, inbox, forbidden)
    }

    fn check_group(
        &mut self,
        step: &PlannedStep,
        group: &PlannedGroup,
        outcome: &GroupOutcome,
        seen: &Seen,
    ) -> Result<(), Stop> {
        for (pattern, taken) in group.optional.iter().zip(&outcome.optional) {
            if let Some(taken) = taken {
                self.check_taken(&pattern.checks, taken, seen)?;
            }
        }
        let mut taken = outcome.wanted.iter().chain(outcome.optional.iter().flatten());
        if taken.any(|taken| matches!(taken, Taken::End(_))) {
            self.ends_taken[group.connection] = true;
        }
        for (index, taken) in outcome.wanted.iter().enumerate() {
            match (index, group.wanted.get(index)) {
                (0, _) | (_, None) => self.check_taken(&step.checks, taken, seen)?,
                (_, Some(pattern)) => self.check_taken(&pattern.checks, taken, seen)?,
            }
        }
        Ok(())
    }

    fn check_taken(&mut self, checks: &Checks, taken: &Taken, seen: &Seen) -> Result<(), Stop> {
        match taken {
            Taken::Message(message) => self
                .check(checks, &Facts::Message(&facts(message)))
                .map_err(|stop| stop.with(|failure| failure::add_judged(failure, seen, message))),
            Taken::Control(control) if control.is_pong => {
                self.check(checks, &Facts::Pong(&PongFacts { rtt: control.rtt }))
            }
            Taken::Control(_) => self.check(checks, &Facts::Nothing),
            Taken::End(end) => {
                let facts = CloseFacts {
                    code: end.code.get(),
                    reason: end.reason.clone(),
                    is_clean: end.is_clean,
                    is_by_peer: !end.is_ours,
                };
                self.check(checks, &Facts::Close(&facts))
            }
        }
    }

    /// A time, or the end of the part if that comes first, and whether it does.
    pub(super) fn limited(&self, until: Instant) -> (Instant, bool) {
        let deadline = self.deadline.map(|deadline| self.file.clock.in_steps(deadline));
        match deadline.filter(|deadline| *deadline < until) {
            Some(deadline) => (deadline, true),
            None => (until, false),
        }
    }

    pub(super) fn silence(
        &mut self,
        step: &PlannedStep,
        connection: usize,
        span: &Span,
        has_end: bool,
    ) -> Result<(), Stop> {
        let started = self.now();
        let (until, is_cut) = self.limited(started + self.duration(step, span)?);
        let link = self.link(connection, step)?;
        let progress = link.wait(self.limits(), |inbox, now| inbox.silence(until, has_end, now));
        match progress {
            None | Some(Progress::Pending(_)) => Err(Stop::Interrupted(None)),
            Some(Progress::Done(())) if is_cut => Err(self.out_of_time(&step.at).into()),
            Some(Progress::Done(())) => Ok(()),
            Some(Progress::Failed(failed)) => {
                let inbox = &*link.inbox();
                let mut failure = self.wait_failed(&step.at, &failed, self.now() - started, inbox);
                if let WaitFailure::NotSilent(first) = &failed {
                    failure.received.clear();
                    let seen = Seen::of(std::iter::once(first).chain(inbox.kept()));
                    failure::add_messages(&mut failure, &seen);
                }
                failure.notes.extend(self.repeated(&failed, inbox));
                failure.notes.push(Phrase::new("after ").time(self.now() - started));
                failure::add_state(&mut failure, self.name(connection), inbox, self.now());
                Err(failure.into())
            }
        }
    }

    pub(super) fn during(
        &mut self,
        step: &PlannedStep,
        connection: usize,
        span: &Span,
        has_end: bool,
    ) -> Result<(), Stop> {
        let started = self.now();
        let length = self.duration(step, span)?;
        let (until, is_cut) = self.limited(started + length);
        let link = self.link(connection, step)?;
        let mut taken: Vec<Received> = Vec::new();
        let progress =
            link.wait(self.limits(), |inbox, now| inbox.during(until, has_end, &mut taken, now));
        match progress {
            None | Some(Progress::Pending(_)) => Err(Stop::Interrupted(None)),
            Some(Progress::Failed(failed)) => {
                let inbox = &*link.inbox();
                let mut failure = self.wait_failed(&step.at, &failed, length, inbox);
                if !matches!(failed, WaitFailure::Forbidden(_)) {
                    failure::add_messages(&mut failure, &Seen::of(taken.iter()));
                }
                failure::add_state(&mut failure, self.name(connection), inbox, self.now());
                Err(failure.into())
            }
            Some(Progress::Done(())) if is_cut => Err(self.out_of_time(&step.at).into()),
            Some(Progress::Done(())) => {
                // Messages that were kept came before the period, and at different times too.
                let first = taken.first().map_or(started, |message| message.at.min(started));
                let messages = taken
                    .iter()
                    .map(|message| (message.at.saturating_duration_since(first), facts(message)));
                let period = PeriodFacts { length, messages: messages.collect() };
                let checked = self.check(&step.checks, &Facts::Period(&period));
                let checked = checked.map_err(|stop| {
                    stop.with(|failure| failure::add_messages(failure, &Seen::of(taken.iter())))
                });
                if let Some(Some(link)) = self.links.get(connection) {
                    link.inbox().release(taken);
                }
                checked
            }
        }
    }
}

fn facts(message: &Received) -> MessageFacts<'_> {
    MessageFacts {
        kind: message.kind,
        data: &message.data,
        wire_size: message.wire_size,
        frames: message.frames,
        is_compressed: message.is_compressed,
        duration: message.since_send,
    }
}
