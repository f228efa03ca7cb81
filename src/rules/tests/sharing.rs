//! Rules that change while connections are open.

use std::sync::Arc;
use std::thread;

use super::super::{Judge, MAX_RULES, Rules, Scope, SharedRules, TooManyRules};
use super::{decisions, rule, rules};
use crate::protocol::Side;

fn shared(sources: &[&str]) -> SharedRules {
    SharedRules::new(Arc::unwrap_or_clone(rules(sources)))
}

fn listed(rules: &Rules) -> Vec<String> {
    rules.list().iter().map(|it| format!("{} {}", it.number, it.rule)).collect()
}

#[test]
fn numbers_are_stable() {
    let rules = shared(&["client => drop", "server => drop"]);
    assert_eq!(rules.add(rule("any => hold")), Ok(3));
    assert_eq!(rules.remove(2).map(|rule| rule.to_string()).as_deref(), Some("server => drop"));
    assert!(rules.remove(2).is_none() && rules.remove(0).is_none() && rules.remove(4).is_none());
    assert_eq!(listed(&rules.snapshot()), ["1 client => drop", "3 any => hold"]);
    assert!(rules.remove(3).is_some());
    assert_eq!(rules.add(rule("any => abort")), Ok(4));
    assert_eq!(listed(&rules.snapshot()), ["1 client => drop", "4 any => abort"]);
}

#[test]
fn a_connection_notices_changes_and_keeps_its_counters() {
    let rules = shared(&["client nth 1 => drop", "client every 2 => hold"]);
    let mut judge = Judge::new(rules.snapshot(), 1, 1);
    assert_eq!(decisions(&mut judge, &["a", "a"]), ["1 drop", "-"]);
    assert!(!judge.refresh(&rules));
    rules.remove(1).unwrap();
    rules.add(rule("client nth 2 => abort")).unwrap();
    assert_eq!(listed(judge.rules()).len(), 2);
    assert!(judge.refresh(&rules) && !judge.refresh(&rules));
    assert_eq!(decisions(&mut judge, &["a", "a", "a", "a"]), ["2 hold", "-", "2 hold", "3 abort"]);
}

/// Another rule in front does not change what a seed decides about those behind it.
#[test]
fn removing_a_rule_does_not_change_what_others_draw() {
    let rules = shared(&["server => drop", "client 50% => drop"]);
    let mut judge = Judge::new(rules.snapshot(), 3, 1);
    let before = decisions(&mut judge, &["a"; 64]);
    rules.remove(1).unwrap();
    let mut judge = Judge::new(rules.snapshot(), 3, 1);
    assert_eq!(decisions(&mut judge, &["a"; 64]), before);
}

#[test]
fn a_snapshot_does_not_change() {
    let rules = shared(&["client => drop"]);
    let before = rules.snapshot();
    rules.add(rule("server => drop")).unwrap();
    assert_eq!((before.list().len(), rules.snapshot().list().len()), (1, 2));
    assert_eq!((before.version(), rules.version()), (1, 2));
    assert_eq!(rules.snapshot().version(), 2);
}

#[test]
fn a_side_is_touched_by_what_its_rules_are_about() {
    let scope = |messages, control_frames| Scope { messages, control_frames };
    for (sources, client, server) in [
        (&[][..], scope(false, false), scope(false, false)),
        (&["client => drop"], scope(true, false), scope(false, false)),
        (&["client ping: => drop"], scope(false, true), scope(false, false)),
        (&["server close: => drop"], scope(false, false), scope(false, true)),
        (&["any a => drop", "server pong: => drop"], scope(true, false), scope(true, true)),
    ] {
        let rules = rules(sources);
        assert_eq!((rules.scope(Side::Client), rules.scope(Side::Server)), (client, server));
        assert_eq!(rules.may_touch(Side::Client), client != Scope::default());
    }
}

#[test]
fn what_holds_messages_is_found() {
    let hold = |sources| rules(sources).first_hold().map(|rule| rule.number);
    assert_eq!(hold(&["client => drop", "any ping: => hold", "any => hold"]), Some(2));
    assert_eq!(hold(&["client hold => drop"]), None);
}

#[test]
fn there_are_not_too_many_rules() {
    let mut rules = Rules::default();
    for _ in 0..MAX_RULES {
        rules.add(rule("any => drop")).unwrap();
    }
    assert_eq!(rules.add(rule("any => drop")), Err(TooManyRules));
    rules.remove(1).unwrap();
    assert_eq!(rules.add(rule("any => drop")), Ok(MAX_RULES as u64 + 1));
}

#[test]
fn threads_share_rules() {
    let rules = SharedRules::default();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut judge = Judge::new(rules.snapshot(), 1, 1);
                for _ in 0..50 {
                    let number = rules.add(rule("any => drop")).unwrap();
                    judge.refresh(&rules);
                    assert!(judge.rules().list().iter().any(|rule| rule.number == number));
                    assert!(judge.rules().list().is_sorted_by_key(|rule| rule.number));
                }
            });
        }
    });
    assert_eq!((rules.snapshot().list().len(), rules.version()), (200, 200));
}
