//! Rules of the proxy and what they decide.
//!
//! Input: a line for each rule, an empty line, then what is judged: for each a byte that chooses the side, the kind and
//! what else occurs, and a payload with its length in the byte before it.

use std::time::Duration;

use wscope::protocol::close::ClosePayload;
use wscope::protocol::{CloseCode, MessageKind, Side};
use wscope::rules::{
    Effect, Judge, Judged, ProxyRule, RuleAction, Rules, SharedRules, Verdict, files,
};

use super::input::Input;

/// Nothing panics, errors stand at a place in the rule, what is shown of a rule is the same rule, two judges with the
/// same seed decide the same, and decisions are those of a rule that is about what was judged.
pub fn run(data: &[u8]) {
    let end = data.windows(2).position(|pair| pair == b"\n\n").unwrap_or(data.len());
    let (written, rest) = data.split_at(end);
    let rules = SharedRules::default();
    for line in String::from_utf8_lossy(written).lines().take(MAX_RULES) {
        if let Some(rule) = parse(line) {
            rules.add(rule).expect("not too many");
        }
    }
    judge_all(&rules, &mut Input::new(rest.get(2..).unwrap_or_default()));
}

const MAX_RULES: usize = 20;

const CONTENT: &[u8] = b"{\"a\":1}";

fn parse(line: &str) -> Option<ProxyRule> {
    let contents = || vec![CONTENT.to_vec(); files(line).len()];
    match ProxyRule::parse(line, contents()) {
        Ok(rule) => {
            let shown = rule.to_string();
            let again = ProxyRule::parse(&shown, contents()).expect("the same rule");
            assert_eq!(format!("{again:?}"), format!("{rule:?}"));
            Some(rule)
        }
        Err(error) => {
            assert!(line.get(error.at.clone()).is_some(), "{:?} of {line:?}", error.at);
            assert!(!error.reason.is_empty());
            None
        }
    }
}

fn judge_all(rules: &SharedRules, input: &mut Input<'_>) {
    let mut judges = [(); 2].map(|()| Judge::new(rules.snapshot(), 7, 1));
    let mut since_open = Duration::ZERO;
    while !input.is_empty() {
        let choice = input.byte();
        let from = if choice & 1 == 0 { Side::Client } else { Side::Server };
        let payload = input.bytes();
        let close = ClosePayload {
            code: payload.first_chunk().map(|code| CloseCode::new(u16::from_be_bytes(*code))),
            reason: String::from_utf8_lossy(payload.get(2..).unwrap_or_default()).into_owned(),
        };
        let what = match choice >> 1 & 7 {
            0..3 => Judged::Message { kind: MessageKind::Text, data: payload },
            3 => Judged::Message { kind: MessageKind::Binary, data: payload },
            4 => Judged::Ping(payload),
            5 => Judged::Pong(payload),
            _ => Judged::Close(&close),
        };
        if choice & 16 != 0 {
            since_open += Duration::from_secs(1);
        }
        if choice & 32 != 0 {
            rules.remove(u64::from(choice >> 6));
            for judge in &mut judges {
                judge.refresh(rules);
            }
        }
        let [one, other] = judges.each_mut().map(|judge| judge.judge(from, &what, since_open));
        assert_eq!(one, other);
        if let Some(verdict) = one {
            check(judges[0].rules(), from, &what, &verdict);
        }
    }
}

fn check(rules: &Rules, from: Side, what: &Judged<'_>, verdict: &Verdict) {
    let rule = rules.list().iter().find(|rule| rule.number == verdict.rule).expect("a rule");
    assert!(rule.rule.is_about(from));
    let scope = rules.scope(from);
    let is_message = matches!(what, Judged::Message { .. });
    assert!(if is_message { scope.messages } else { scope.control_frames });
    match (rule.rule.action(), &verdict.effect) {
        (RuleAction::Delay(jitter), Effect::Delay(time)) => {
            let range = jitter.time - jitter.spread..=jitter.time + jitter.spread;
            assert!(range.contains(time), "{time:?} is not in {range:?}");
        }
        (RuleAction::Replace(given), Effect::Replace(replacement)) => {
            assert_eq!(given, replacement);
            assert!(is_message || (replacement.data.len() <= 125 && replacement.kind.is_none()));
            assert!(!matches!(what, Judged::Close(_)));
        }
        (RuleAction::Close(given), Effect::Close(close)) => {
            assert_eq!(given, close);
            assert!(close.code.is_some_and(CloseCode::may_be_sent) && close.reason.len() <= 123);
        }
        (RuleAction::Drop, Effect::Drop)
        | (RuleAction::Hold, Effect::Hold)
        | (RuleAction::Abort, Effect::Abort) => {}
        (RuleAction::Duplicate, Effect::Duplicate)
        | (RuleAction::Corrupt, Effect::Corrupt { .. }) => {
            assert!(!matches!(what, Judged::Close(_)));
        }
        (action, effect) => panic!("{effect:?} of {action:?}"),
    }
}
