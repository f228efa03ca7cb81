//! `--relax`: a `<` that fails only because values differ takes the message that came closest, and the part goes on.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::PartRun;
use crate::commands::check::failure::Draft;
use crate::platform::files::format_size;
use crate::scenario::inbox::{Group, GroupOutcome, Received, WaitFailure};
use crate::scenario::phrase::Phrase;
use crate::scenario::plan::PlannedGroup;
use crate::scenario::relax::{Relaxation, relax};

/// How many of the messages that a step passed over are compared with its patterns.
const MOST_COMPARED: usize = 1000;

/// How many bytes of messages are compared in a run, each time with one pattern.
const MOST_BYTES: usize = 256 << 20;

/// What may still be compared in a run.
#[derive(Debug)]
pub(in crate::commands::check) struct Allowance(AtomicUsize);

impl Default for Allowance {
    fn default() -> Self {
        Self(AtomicUsize::new(MOST_BYTES))
    }
}

impl Allowance {
    /// Whether so many bytes may be compared; then they are used up.
    fn take(&self, bytes: usize) -> bool {
        let take = |left: usize| left.checked_sub(bytes);
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok()
    }
}

/// A pattern without a message, and one that it could be made to match.
#[derive(Clone, Copy)]
struct Candidate {
    pattern: usize,
    message: usize,
    /// How much of the pattern would be left.
    left: u32,
}

impl PartRun<'_, '_> {
    /// Gives each pattern of a step that failed the message that came closest, and keeps what has to be changed
    /// in the file. `None` if the step has failed all the same.
    pub(super) fn relax(
        &mut self,
        group: &PlannedGroup,
        waiting: &mut Group,
        failed: &WaitFailure,
        started: Instant,
    ) -> Option<GroupOutcome> {
        let relaxed = self.file.relaxed?;
        let is_about_messages = matches!(
            failed,
            WaitFailure::Timeout | WaitFailure::Ended(_) | WaitFailure::Unexpected(_)
        );
        if !is_about_messages || self.is_out_of_time() {
            return None;
        }
        let (candidates, compared) = self.candidates(group, waiting);
        self.warn_of_skipped(group, compared, waiting);
        let chosen = chosen(candidates);
        if chosen.len() < waiting.missing().count() {
            return None; // the step fails, and what it has seen stays for its report
        }
        let relaxations = chosen.iter().map(|candidate| {
            let message = waiting.passed().nth(candidate.message)?;
            Some((candidate.pattern, self.relaxation(group, candidate.pattern, message)?))
        });
        let relaxations = relaxations.collect::<Option<Vec<_>>>()?;
        let pairs: Vec<_> = chosen.iter().map(|it| (it.pattern, it.message)).collect();
        let link = self.links.get(group.connection).and_then(Option::as_ref)?;
        let outcome = waiting.settle(&mut link.inbox(), &pairs)?;
        for (pattern, relaxation) in relaxations {
            let at = &group.wanted[pattern].at;
            if !self.file.config.yes && !self.file.config.asks_to_rewrite() {
                self.unwritten.get_or_insert_with(|| at.clone());
            }
            self.note(at, Phrase::new("the pattern is relaxed: other values were received"));
            relaxed.push(relaxation);
        }
        // The time of a step that is relaxed does not count: the steps behind it have theirs all the same.
        self.uncounted += self.file.clock.now() - started;
        self.set_deadline();
        Some(outcome)
    }

    /// The failure of a part that holds with relaxed patterns, if they are not written to the file.
    pub(super) fn not_relaxed(&self) -> Option<Draft> {
        let at = self.unwritten.as_ref()?;
        Some(self.failed(
            at,
            "relax",
            "the pattern matches when it is relaxed, which was not written",
        ))
    }

    /// What each pattern could be made to match, and how many messages were compared with all of them.
    fn candidates(&self, group: &PlannedGroup, waiting: &Group) -> (Vec<Candidate>, usize) {
        let mut candidates = Vec::new();
        let mut compared = usize::MAX;
        for pattern in waiting.missing() {
            let mut count = 0;
            for (message, received) in waiting.passed().take(MOST_COMPARED).enumerate() {
                let is_over = self.is_interrupted() || self.is_out_of_time();
                if is_over || !self.file.allowance.take(received.data.len()) {
                    break;
                }
                count += 1;
                let relaxation = self.relaxation(group, pattern, received);
                let candidate = |it: Relaxation| Candidate { pattern, message, left: it.left };
                candidates.extend(relaxation.map(candidate));
            }
            compared = compared.min(count);
        }
        (candidates, compared)
    }

    fn warn_of_skipped(&mut self, group: &PlannedGroup, compared: usize, waiting: &Group) {
        let total = waiting.passed().count() + waiting.left_out();
        let skipped = total.saturating_sub(compared);
        if skipped == 0 || self.is_interrupted() {
            return;
        }
        let text = Phrase::new("--relax did not consider ");
        let text = text.number(skipped as u64).own(" of ").number(total as u64).own(" messages: ");
        let text = match self.is_out_of_time() {
            true => text.own("the time of the part is over"),
            false => text
                .own("it compares at most ")
                .number(MOST_COMPARED as u64)
                .own(" messages a step and ")
                .value(format_size(MOST_BYTES as u64))
                .own(" a run"),
        };
        self.note(&group.wanted[0].at, text);
    }

    fn relaxation(
        &self,
        group: &PlannedGroup,
        pattern: usize,
        message: &Received,
    ) -> Option<Relaxation> {
        let payload = &group.wanted.get(pattern)?.payload;
        let (source, values) = (self.file.source.text(), &self.file.values);
        let relaxation = relax(source, payload, values, message.kind, &message.data)?;
        // What is left of a secret that stands in a text could no longer be masked.
        let is_rewritten = relaxation.edits.iter().any(|edit| !edit.text.is_empty());
        let masked = self.file.secrets.mask(source[payload.at.clone()].as_bytes());
        let has_secret = matches!(masked, Cow::Owned(_));
        (!is_rewritten || !has_secret).then_some(relaxation)
    }
}

/// The best candidate of each pattern. Of two with as much in common, the earlier message.
fn chosen(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.sort_by_key(|it| (Reverse(it.left), it.message, it.pattern));
    let mut chosen: Vec<Candidate> = Vec::new();
    for candidate in candidates {
        let is_taken =
            |it: &Candidate| it.pattern == candidate.pattern || it.message == candidate.message;
        if !chosen.iter().any(is_taken) {
            chosen.push(candidate);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compared_in_a_run_is_bounded_in_bytes() {
        let allowance = Allowance::default();
        assert!(allowance.take(MOST_BYTES - 10));
        assert_eq!([11, 10, 1, 0].map(|bytes| allowance.take(bytes)), [false, true, false, true]);
    }
}
