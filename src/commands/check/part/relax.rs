//! `--relax`: a `<` that fails only because values differ takes the message that came closest, and the part goes on.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::time::Instant;

use super::PartRun;
use crate::scenario::inbox::{Group, GroupOutcome, Received, WaitFailure};
use crate::scenario::plan::PlannedGroup;
use crate::scenario::relax::{Relaxation, relax};

/// How many of the messages that a step passed over are compared with its patterns.
const MOST_COMPARED: usize = 1000;

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
        let chosen = chosen(self.candidates(group, waiting));
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
            let line = self.file.source.place(group.wanted[pattern].at.start).line;
            self.warnings.push(format!("line {line} is relaxed: other values were received"));
            relaxed.push(relaxation);
        }
        // The time of a step that is relaxed does not count: the steps behind it have theirs all the same.
        self.uncounted += started.elapsed();
        self.set_deadline();
        Some(outcome)
    }

    fn candidates(&self, group: &PlannedGroup, waiting: &Group) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        for pattern in waiting.missing() {
            for (message, received) in waiting.passed().take(MOST_COMPARED).enumerate() {
                if self.is_interrupted() || self.is_out_of_time() {
                    return candidates;
                }
                let relaxation = self.relaxation(group, pattern, received);
                let candidate = |it: Relaxation| Candidate { pattern, message, left: it.left };
                candidates.extend(relaxation.map(candidate));
            }
        }
        candidates
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
