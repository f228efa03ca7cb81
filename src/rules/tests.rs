//! Tests of the layer.

mod errors;
mod grammar;
mod judging;
mod properties;
mod sharing;

use std::sync::Arc;
use std::time::Duration;

use super::{Effect, Judge, Judged, ProxyRule, Rules};
use crate::protocol::{MessageKind, Side};

/// A rule that needs no files.
fn rule(source: &str) -> ProxyRule {
    ProxyRule::parse(source, Vec::new()).unwrap_or_else(|error| panic!("{source}: {error}"))
}

fn rules(sources: &[&str]) -> Arc<Rules> {
    let mut rules = Rules::default();
    for source in sources {
        rules.add(rule(source)).unwrap();
    }
    Arc::new(rules)
}

fn text(data: &str) -> Judged<'_> {
    Judged::Message { kind: MessageKind::Text, data: data.as_bytes() }
}

/// What a judge decides about these texts of the client at the start of the connection: the number of the rule and the
/// name of the effect, or `-`.
fn decisions(judge: &mut Judge, texts: &[&str]) -> Vec<String> {
    let decide = |data: &&str| match judge.judge(Side::Client, &text(data), Duration::ZERO) {
        Some(verdict) => format!("{} {}", verdict.rule, verdict.effect.name()),
        None => "-".to_owned(),
    };
    texts.iter().map(decide).collect()
}

/// The effect of a rule on what the client sends first.
fn effect(source: &str, what: &Judged<'_>) -> Option<Effect> {
    let mut judge = Judge::new(rules(&[source]), 1, 1);
    judge.judge(Side::Client, what, Duration::ZERO).map(|verdict| verdict.effect)
}
