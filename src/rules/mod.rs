//! The rules of `wscope proxy`: what is done to the messages and control frames of a connection.
//!
//! Pure: the time since the connection was opened and the seed of what is random are arguments.
//!
//! - [`ProxyRule::parse`] reads a rule, `SIDE [PATTERN] [WHEN] => ACTION`. [`files`] names the files whose content it
//!   needs.
//! - [`Rules`] has the rules in their order, [`SharedRules`] those of all connections, which may change meanwhile.
//! - A [`Judge`] for each connection counts and decides: for each message or control frame, at most one [`Verdict`].

mod action;
mod judge;
mod judged;
mod payload;
mod problem;
mod random;
mod rule;
mod set;
mod split;
#[cfg(test)]
mod tests;
mod when;

pub use action::{Jitter, Replacement, RuleAction};
pub use judge::{Effect, Judge, Verdict};
pub use judged::Judged;
pub use problem::RuleError;
pub use rule::{ProxyRule, files};
pub use set::{MAX_RULES, NumberedRule, Rules, Scope, SharedRules, TooManyRules};
pub use split::MAX_LENGTH;
pub use when::When;
