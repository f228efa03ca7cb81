//! What is true of all rules.

use proptest::prelude::*;

use super::super::rule::files;
use super::super::{Judge, ProxyRule, RuleAction};
use super::{decisions, rules};

/// Parts of rules, valid and invalid, in any order.
fn written() -> impl Strategy<Value = String> {
    const PARTS: [&str; 44] = [
        "client",
        "server",
        "any",
        "clinet",
        "=>",
        " ",
        "drop",
        "delay",
        "5s",
        "±",
        "1ms",
        "+-",
        "duplicate",
        "replace",
        "corrupt",
        "hold",
        "close",
        "1000",
        "abort",
        "nth",
        "every",
        "after",
        "3",
        "0",
        "5%",
        "101%",
        "%",
        "text:",
        "\"",
        "json:",
        "{\"a\":1}",
        "{",
        "}",
        "hex:00",
        "base64:AP8=",
        "text:@a",
        "binary:@b",
        "ping:",
        "pong:",
        "close:",
        "/a/",
        "/",
        "ü",
        "\n",
    ];
    let part = prop::sample::select(&PARTS[..]).prop_map(str::to_owned);
    let parts = prop::collection::vec(prop_oneof![8 => part, 1 => any::<String>()], 0..12);
    let separator = prop::sample::select(&[" ", "", "  "][..]);
    let start = prop::sample::select(&["", "client ", "any "][..]);
    let end = prop::sample::select(&["", " => drop", " => replace a", " => delay 1s±1s"][..]);
    (start, parts, separator, end)
        .prop_map(|(start, parts, separator, end)| format!("{start}{}{end}", parts.join(separator)))
}

fn parse(source: &str) -> Option<ProxyRule> {
    let contents = vec![b"{}".to_vec(); files(source).len()];
    match ProxyRule::parse(source, contents) {
        Ok(rule) => Some(rule),
        Err(error) => {
            assert!(source.get(error.at.clone()).is_some(), "{:?} of {source:?}", error.at);
            assert!(!error.reason.is_empty());
            None
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_written_is_a_rule_or_an_error(source in any::<String>()) {
        parse(&source);
        parse(&format!("client {source} => drop"));
        parse(&format!("client => {source}"));
    }

    #[test]
    fn what_is_shown_is_the_same_rule(source in written()) {
        if let Some(rule) = parse(&source) {
            let shown = rule.to_string();
            let again = parse(&shown).expect("a rule");
            prop_assert_eq!(format!("{rule:?}"), format!("{again:?}"));
        }
    }

    /// A payload that is quoted as a JSON string is itself, whatever it has of the grammar; so is a pattern.
    #[test]
    fn what_is_quoted_is_no_grammar(data in any::<String>()) {
        let quoted = serde_json::Value::from(data.as_str()).to_string().replace('>', "\\u003e");
        let rule = parse(&format!("client text:{quoted} => replace text:{quoted}")).expect("a rule");
        let RuleAction::Replace(replacement) = rule.action() else { panic!("{rule:?}") };
        prop_assert_eq!(&replacement.data[..], data.as_bytes());
        let mut judge = Judge::new(rules(&[&rule.to_string()]), 0, 0);
        prop_assert_eq!(decisions(&mut judge, &[&data]), ["1 replace"]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Of 2,000 messages a share of `N%` takes N% within five standard deviations, and a second time the same ones.
    #[test]
    fn a_share_is_what_it_says(
        seed in any::<u64>(),
        connection in any::<u64>(),
        tenths in 0_u32..=1000,
    ) {
        let rules = rules(&[&format!("any {}.{}% => drop", tenths / 10, tenths % 10)]);
        let run = |connection| {
            decisions(&mut Judge::new(rules.clone(), seed, connection), &["a"; 2000])
        };
        let taken = run(connection).iter().filter(|it| *it != "-").count();
        let share = f64::from(tenths) / 1000.0;
        let deviation = (2000.0 * share * (1.0 - share)).sqrt();
        prop_assert!((taken as f64 - 2000.0 * share).abs() <= 5.0 * deviation + 1.0, "{taken}");
        prop_assert_eq!(run(connection), run(connection));
        if (300..700).contains(&tenths) {
            prop_assert_ne!(run(connection), run(connection ^ 1));
        }
    }
}
