//! The rules of all connections, which the operator may change.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::action::RuleAction;
use super::rule::ProxyRule;
use crate::protocol::Side;
use crate::scenario::pattern::PatternClass;

/// How many rules there may be at once.
pub const MAX_RULES: usize = 1000;

/// Rules in the order in which they are tried.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    rules: Vec<NumberedRule>,
    /// The number of the last rule that was added.
    last: u64,
    version: u64,
}

/// A rule with its number.
#[derive(Clone, Debug)]
pub struct NumberedRule {
    /// From 1, in the order in which rules are added. The number of a rule that was removed is not used again.
    pub number: u64,
    /// The rule.
    pub rule: Arc<ProxyRule>,
    /// How often it was applied, on all connections.
    applied: Arc<AtomicU64>,
}

/// What a rule may apply to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Data messages.
    pub messages: bool,
    /// Pings, pongs or Close frames.
    pub control_frames: bool,
}

/// There are [`MAX_RULES`] already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are {MAX_RULES} rules already: remove one first")]
pub struct TooManyRules;

impl NumberedRule {
    /// How often it was applied, on all connections.
    pub fn applied(&self) -> u64 {
        self.applied.load(Ordering::Relaxed)
    }

    /// Counts that it is applied.
    pub(super) fn note_applied(&self) {
        self.applied.fetch_add(1, Ordering::Relaxed);
    }
}

impl Rules {
    /// Adds a rule behind the others, and returns its number.
    ///
    /// # Errors
    /// If there are too many already.
    pub fn add(&mut self, rule: ProxyRule) -> Result<u64, TooManyRules> {
        if self.rules.len() >= MAX_RULES {
            return Err(TooManyRules);
        }
        self.last += 1;
        self.version += 1;
        self.rules.push(NumberedRule {
            number: self.last,
            rule: Arc::new(rule),
            applied: Arc::default(),
        });
        Ok(self.last)
    }

    /// Removes a rule; the others keep their numbers. `None` if there is none with this number.
    pub fn remove(&mut self, number: u64) -> Option<Arc<ProxyRule>> {
        let at = self.rules.iter().position(|rule| rule.number == number)?;
        self.version += 1;
        Some(self.rules.remove(at).rule)
    }

    /// The rules in the order in which they are tried.
    pub fn list(&self) -> &[NumberedRule] {
        &self.rules
    }

    /// How often rules have been added and removed.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// What rules may apply to of that which this side sends.
    pub fn scope(&self, from: Side) -> Scope {
        let classes =
            self.rules.iter().filter(|it| it.rule.is_about(from)).map(|it| it.rule.class());
        classes.fold(Scope::default(), |scope, class| match class {
            PatternClass::Message => Scope { messages: true, ..scope },
            PatternClass::Control | PatternClass::Close => Scope { control_frames: true, ..scope },
        })
    }

    /// Whether a rule may apply to anything that this side sends.
    pub fn may_touch(&self, from: Side) -> bool {
        self.scope(from) != Scope::default()
    }

    /// The first rule that holds messages, which takes an operator.
    pub fn first_hold(&self) -> Option<&NumberedRule> {
        self.rules.iter().find(|it| *it.rule.action() == RuleAction::Hold)
    }
}

/// Rules that the threads of connections read while the operator changes them.
#[derive(Debug, Default)]
pub struct SharedRules {
    rules: RwLock<Arc<Rules>>,
    /// That of `rules`, to be read without waiting.
    version: AtomicU64,
}

impl SharedRules {
    /// With these rules.
    pub fn new(rules: Rules) -> Self {
        Self { version: AtomicU64::new(rules.version), rules: RwLock::new(Arc::new(rules)) }
    }

    /// The rules as they are now. They do not change with later ones.
    pub fn snapshot(&self) -> Arc<Rules> {
        self.rules.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The version of the rules; a snapshot with another one is outdated.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// As [`Rules::add`].
    ///
    /// # Errors
    /// If there are too many already.
    pub fn add(&self, rule: ProxyRule) -> Result<u64, TooManyRules> {
        self.change(|rules| rules.add(rule))
    }

    /// As [`Rules::remove`].
    pub fn remove(&self, number: u64) -> Option<Arc<ProxyRule>> {
        self.change(|rules| rules.remove(number))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Rules) -> T) -> T {
        let mut current = self.rules.write().unwrap_or_else(PoisonError::into_inner);
        let result = change(Arc::make_mut(&mut current));
        self.version.store(current.version, Ordering::Release);
        result
    }
}
