//! `<` with the `<?` before it and the `<&` behind it.

use std::time::Instant;

use super::passed::Passed;
use super::{Closest, Control, End, Inbox, Progress, Received, Seen, SeenMessage, WaitFailure};
use crate::scenario::pattern::{Candidate, Pattern, PatternClass};
use crate::scenario::phrase::Phrase;

/// After how much work a poll returns: comparisons of a short message with a pattern, some 100 ns each.
const MOST_WORK: usize = 1 << 17;

/// Patterns that are awaited together.
#[derive(Clone, Debug)]
pub struct Group {
    /// `<`, then each `<&`.
    wanted: Vec<Wanted>,
    /// Each `<?`.
    optional: Vec<Wanted>,
    /// The next message has to match.
    is_strict: bool,
    deadline: Instant,
    seen: Seen,
    /// What was passed over, if that is kept.
    passed: Option<Passed>,
}

#[derive(Clone, Debug)]
struct Wanted {
    pattern: Pattern,
    /// For a message: which of the others it could be is asked again when another message needs its place.
    taken: Option<Taken>,
    /// How many of the kept pings and pongs are known not to match: a peer may send millions of them.
    compared: usize,
    /// The message that came closest to it, if one had anything in common.
    closest: Option<Closest>,
}

/// What a pattern took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// A data message.
    Message(Received),
    /// A ping or a pong.
    Control(Control),
    /// The end of the connection.
    End(End),
}

/// What the patterns took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupOutcome {
    /// By `<`, then by each `<&`.
    pub wanted: Vec<Taken>,
    /// By each `<?`, if it was received.
    pub optional: Vec<Option<Taken>>,
}

impl Group {
    /// Awaits `wanted`, of which there is at least one, until `deadline`.
    pub fn new(
        wanted: Vec<Pattern>,
        optional: Vec<Pattern>,
        is_strict: bool,
        deadline: Instant,
    ) -> Self {
        let all = |patterns: Vec<Pattern>| {
            patterns
                .into_iter()
                .map(|pattern| Wanted { pattern, taken: None, compared: 0, closest: None })
                .collect()
        };
        let (wanted, optional) = (all(wanted), all(optional));
        let seen = Seen::default();
        Self { wanted, optional, is_strict, deadline, seen, passed: None }
    }

    /// The same; what is passed over is kept for [`Group::settle`].
    #[must_use]
    pub fn keeping_passed(self) -> Self {
        Self { passed: Some(Passed::default()), ..self }
    }

    /// What was received and not taken.
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// The message that came closest to the first pattern that has taken nothing, if one had anything in common, and
    /// how it differs, in words. The names of its members are known if it is not longer than what is kept of it.
    pub fn closest(&self) -> Option<(&SeenMessage, Phrase)> {
        let wanted = self.wanted.iter().find(|it| it.taken.is_none())?;
        let Closest { message, near } = wanted.closest.as_ref()?;
        let whole = Some(&message.start).filter(|start| start.len() == message.size);
        let known = whole.and_then(|data| wanted.pattern.json_difference(data));
        Some((message, known.unwrap_or_else(|| near.text.clone())))
    }

    /// Which of the awaited patterns have taken nothing, by their index: 0 for `<`.
    pub fn missing(&self) -> impl Iterator<Item = usize> {
        self.wanted.iter().enumerate().filter(|(_, it)| it.taken.is_none()).map(|(index, _)| index)
    }

    /// The messages that were passed over, in order, as far as they are kept.
    pub fn passed(&self) -> impl Iterator<Item = &Received> {
        self.passed.iter().flat_map(Passed::messages)
    }

    /// How many messages were passed over and not kept, for want of room.
    pub fn left_out(&self) -> usize {
        self.passed.as_ref().map_or(0, Passed::left_out)
    }

    /// After a failure: patterns that have taken nothing, by their index, take messages that were passed over, by
    /// theirs. What was received after the last message that a pattern has now is given back. `None` if a pattern
    /// still has nothing.
    pub fn settle(&mut self, inbox: &mut Inbox, chosen: &[(usize, usize)]) -> Option<GroupOutcome> {
        let mut passed = self.passed.take()?;
        for (pattern, message) in chosen {
            if let Some(wanted) = self.wanted.get_mut(*pattern) {
                wanted.taken = passed.take(*message).map(Taken::Message);
            }
        }
        passed.give_back(inbox);
        let is_complete = self.missing().next().is_none();
        is_complete.then(|| self.outcome(inbox))
    }

    /// A pattern that is wanted, by its index: 0 for `<`.
    pub fn pattern(&self, index: usize) -> Option<&Pattern> {
        self.wanted.get(index).map(|it| &it.pattern)
    }

    /// What the patterns have taken, by their index: 0 for `<`.
    pub fn taken(&self) -> impl Iterator<Item = (usize, &Taken)> {
        self.wanted.iter().enumerate().filter_map(|(index, it)| Some((index, it.taken.as_ref()?)))
    }

    /// Takes what is there. After some work it is [`Progress::Pending`] until now, so that who waits can look at the
    /// time and at signals.
    pub fn poll(&mut self, inbox: &mut Inbox, now: Instant) -> Progress<GroupOutcome> {
        if let Some(fault) = inbox.fault() {
            return Progress::Failed(fault);
        }
        self.take_controls(inbox);
        let mut work = 0;
        while self.awaits(PatternClass::Message)
            && let Some(message) = inbox.take_message()
        {
            let (patterns, size) = (self.wanted.len() + self.optional.len(), message.data.len());
            work += patterns * (1 + size / 256) + size / 16; // to compare it, and to parse it once
            if let Err(message) = self.offer(message) {
                self.seen.push(&message);
                match &mut self.passed {
                    Some(passed) => passed.push(&message, inbox),
                    None => inbox.earlier.push(&message, false),
                }
                if self.is_strict {
                    return Progress::Failed(WaitFailure::Unexpected(message));
                }
            } else if let Some(passed) = &mut self.passed {
                passed.note_taken();
            }
            if work > MOST_WORK && !inbox.messages.is_empty() {
                return match now >= self.deadline {
                    true => Progress::Failed(WaitFailure::Timeout),
                    false => Progress::Pending(now),
                };
            }
        }
        self.take_end(inbox);
        if self.missing().next().is_none() {
            if let Some(passed) = self.passed.take() {
                passed.release(inbox);
            }
            return Progress::Done(self.outcome(inbox));
        }
        match inbox.end() {
            Some(end) => Progress::Failed(WaitFailure::Ended(end.clone())),
            None if now >= self.deadline => Progress::Failed(WaitFailure::Timeout),
            None => Progress::Pending(self.deadline),
        }
    }

    fn outcome(&mut self, inbox: &mut Inbox) -> GroupOutcome {
        for wanted in self.wanted.iter().chain(&self.optional) {
            if let Some(Taken::Message(message)) = &wanted.taken {
                inbox.earlier.push(message, true);
            }
        }
        let wanted = self.wanted.iter_mut().filter_map(|it| it.taken.take()).collect();
        let optional = self.optional.iter_mut().map(|it| it.taken.take()).collect();
        GroupOutcome { wanted, optional }
    }

    fn awaits(&self, class: PatternClass) -> bool {
        self.wanted.iter().any(|it| it.taken.is_none() && it.pattern.class() == class)
    }

    fn take_controls(&mut self, inbox: &mut Inbox) {
        let mut has_taken = false;
        for wanted in self.optional.iter_mut().chain(&mut self.wanted) {
            if wanted.taken.is_none() && wanted.pattern.class() == PatternClass::Control {
                let control = inbox.take_control(&wanted.pattern, wanted.compared);
                has_taken |= control.is_some();
                wanted.compared = inbox.controls.len();
                wanted.taken = control.map(Taken::Control);
            }
        }
        if has_taken {
            // What is kept has moved up.
            self.optional.iter_mut().chain(&mut self.wanted).for_each(|it| it.compared = 0);
        }
    }

    fn take_end(&mut self, inbox: &Inbox) {
        let Some(end) = inbox.end() else { return };
        for wanted in self.optional.iter_mut().chain(&mut self.wanted) {
            if wanted.taken.is_none() && wanted.pattern.matches_close(end.code, &end.reason) {
                wanted.taken = Some(Taken::End(end.clone()));
            }
        }
    }

    /// Gives a message to the pattern that it is for; back if there is none.
    fn offer(&mut self, message: Received) -> Result<(), Received> {
        let only = match (self.wanted.as_slice(), self.optional.as_slice()) {
            ([only], []) => Some(&only.pattern),
            _ => None,
        };
        let candidate = Candidate::new(message.kind, &message.data, only);
        let fits: Vec<_> = self.wanted.iter().map(|it| it.pattern.accepts(&candidate)).collect();
        if let Some(index) = fits.iter().position(|fits| *fits)
            && let Some(path) = self.path(index, &fits)
        {
            self.place(&path, message);
            return Ok(());
        }
        let is_free = |it: &Wanted| it.taken.is_none() && it.pattern.accepts(&candidate);
        if let Some(index) = self.optional.iter().position(is_free) {
            self.optional[index].taken = Some(Taken::Message(message));
            return Ok(());
        }
        let nearer = |wanted: &Wanted| {
            let before = wanted.closest.as_ref().map(|closest| closest.near.distance);
            // Of two that are as close, the later one is shown.
            let is_free = wanted.taken.is_none();
            is_free.then(|| wanted.pattern.nearer(&candidate, before)).flatten()
        };
        let nearer: Vec<_> = self.wanted.iter().map(nearer).collect();
        for (wanted, near) in self.wanted.iter_mut().zip(nearer) {
            if let Some(near) = near {
                wanted.closest = Some(Closest { message: SeenMessage::of(&message), near });
            }
        }
        Err(message)
    }

    /// The patterns that have to change their message so that this one finds a place: from the one that gets
    /// it to one that has none (an augmenting path).
    fn path(&self, first: usize, fits: &[bool]) -> Option<Vec<usize>> {
        let mut visited = vec![false; self.wanted.len()];
        let starts = (first..fits.len()).filter(|index| fits[*index]);
        for start in starts {
            if let Some(path) = self.path_from(start, &mut visited) {
                return Some(path);
            }
        }
        None
    }

    fn path_from(&self, index: usize, visited: &mut [bool]) -> Option<Vec<usize>> {
        if std::mem::replace(&mut visited[index], true) {
            return None;
        }
        let message = match &self.wanted[index].taken {
            None => return Some(vec![index]),
            Some(Taken::Message(message)) => message,
            Some(_) => return None,
        };
        for other in 0..self.wanted.len() {
            if !visited[other]
                && self.wanted[other].pattern.is_match(message.kind, &message.data)
                && let Some(mut path) = self.path_from(other, visited)
            {
                path.insert(0, index);
                return Some(path);
            }
        }
        None
    }

    fn place(&mut self, path: &[usize], message: Received) {
        let mut moving = Some(Taken::Message(message));
        for index in path {
            moving = std::mem::replace(&mut self.wanted[*index].taken, moving);
        }
    }
}
