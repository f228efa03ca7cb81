//! What rules decide on one connection.

use std::sync::Arc;
use std::time::Duration;

use super::action::{Replacement, RuleAction};
use super::judged::Judged;
use super::random::SplitMix64;
use super::set::{NumberedRule, Rules, SharedRules};
use super::when::When;
use crate::protocol::Side;
use crate::protocol::close::ClosePayload;

/// What is to be done, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The number of the rule that decided.
    pub rule: u64,
    /// What is to be done.
    pub effect: Effect,
}

/// What is to be done to one message or control frame: a [`RuleAction`] with what is random drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Do not deliver it.
    Drop,
    /// Deliver it after this time, and what the same side sends behind it not earlier.
    Delay(Duration),
    /// Deliver it twice.
    Duplicate,
    /// Deliver something else.
    Replace(Replacement),
    /// Flip one bit of the payload.
    Corrupt {
        /// Any number: the bit is its remainder by the number of bits of the payload. An empty payload has none, and is
        /// delivered as it is.
        bit: u64,
    },
    /// Wait for the operator.
    Hold,
    /// Do not deliver it, and send this Close frame to both sides.
    Close(ClosePayload),
    /// Do not deliver it, and reset both TCP connections.
    Abort,
}

/// Applies rules to one connection: it has the counters and random numbers of the rules there.
#[derive(Debug)]
pub struct Judge {
    rules: Arc<Rules>,
    /// One for each of the rules, in their order.
    counters: Vec<Counter>,
    seed: u64,
    connection: u64,
}

/// What a rule has had to do with on this connection.
#[derive(Debug)]
struct Counter {
    /// The number of the rule.
    rule: u64,
    /// How many messages or control frames its SIDE and PATTERN have matched.
    matched: u64,
    random: SplitMix64,
}

impl Effect {
    /// The word that the rule has for it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Delay(_) => "delay",
            Self::Duplicate => "duplicate",
            Self::Replace(_) => "replace",
            Self::Corrupt { .. } => "corrupt",
            Self::Hold => "hold",
            Self::Close(_) => "close",
            Self::Abort => "abort",
        }
    }
}

impl Judge {
    /// For the connection with this number. With the same seed, number and rules it decides the same about the same
    /// messages, whatever occurs on other connections.
    pub fn new(rules: Arc<Rules>, seed: u64, connection: u64) -> Self {
        let mut judge = Self { rules: Arc::default(), counters: Vec::new(), seed, connection };
        judge.replace_rules(rules);
        judge
    }

    /// The rules that it applies.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Takes the rules as they are now, and returns whether they are others than before. Counters of rules that are
    /// still there go on; those of new ones begin.
    pub fn refresh(&mut self, shared: &SharedRules) -> bool {
        let is_outdated = self.rules.version() != shared.version();
        if is_outdated {
            self.replace_rules(shared.snapshot());
        }
        is_outdated
    }

    fn replace_rules(&mut self, rules: Arc<Rules>) {
        // Both lists are in the order of numbers.
        let mut before = std::mem::take(&mut self.counters).into_iter().peekable();
        self.counters.reserve_exact(rules.list().len());
        for NumberedRule { number, .. } in rules.list() {
            while before.next_if(|counter| counter.rule < *number).is_some() {}
            let counter = before.next_if(|counter| counter.rule == *number);
            let new = || Counter {
                rule: *number,
                matched: 0,
                random: SplitMix64::of_rule(self.seed, self.connection, *number),
            };
            self.counters.push(counter.unwrap_or_else(new));
        }
        self.rules = rules;
    }

    /// Decides about what `from` has sent, `since_open` after the opening handshake was complete. `None`: it is
    /// delivered as it came. Once for each, in the order in which they come: the rules count them. A rule does not count
    /// what one before it has taken.
    pub fn judge(
        &mut self,
        from: Side,
        what: &Judged<'_>,
        since_open: Duration,
    ) -> Option<Verdict> {
        let rules = self.rules.list().iter().zip(&mut self.counters);
        for (numbered, counter) in rules {
            let NumberedRule { number, rule, .. } = numbered;
            if rule.matches(from, what) && counter.holds(rule.when(), since_open) {
                numbered.note_applied();
                return Some(Verdict { rule: *number, effect: counter.effect(rule.action()) });
            }
        }
        None
    }
}

impl Counter {
    /// Counts one more that matches, and says whether WHEN holds for it.
    fn holds(&mut self, when: When, since_open: Duration) -> bool {
        self.matched += 1;
        match when {
            When::Always => true,
            When::Nth(number) => self.matched == number.get(),
            When::Every(number) => self.matched.is_multiple_of(number.get()),
            When::Share(share) => self.random.is_in(share),
            When::After(time) => since_open >= time,
        }
    }

    fn effect(&mut self, action: &RuleAction) -> Effect {
        match action {
            RuleAction::Drop => Effect::Drop,
            RuleAction::Delay(jitter) => Effect::Delay(jitter.draw(&mut self.random)),
            RuleAction::Duplicate => Effect::Duplicate,
            RuleAction::Replace(replacement) => Effect::Replace(replacement.clone()),
            RuleAction::Corrupt => Effect::Corrupt { bit: self.random.next() },
            RuleAction::Hold => Effect::Hold,
            RuleAction::Close(payload) => Effect::Close(payload.clone()),
            RuleAction::Abort => Effect::Abort,
        }
    }
}
