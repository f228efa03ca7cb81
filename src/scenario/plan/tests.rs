use std::collections::BTreeSet;

use super::{Plan, PlannedAction, plan};
use crate::scenario::language::{Source, parse};

fn planned(text: &str) -> Result<Plan, String> {
    let source = Source::new("x", text.as_bytes().to_vec());
    let given = BTreeSet::from(["url".to_owned()]);
    plan(parse(&source), &source, &given).complete().map_err(|errors| {
        let lines = errors.iter().map(|error| {
            let help = error.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
            format!("{}: {}{help}", source.place(error.at.start), error.message)
        });
        lines.collect::<Vec<_>>().join("\n")
    })
}

#[test]
fn groups_have_what_is_before_and_behind_them() {
    let text = "\
WS {{url}} as a
WS {{url}} as b
b<? o
a> x
b< 1
b<& 2
[Asserts]
size == 1
SLEEP 1s
a SILENCE 1s
a< close:
";
    let plan = planned(text).expect("a plan");
    let part = &plan.parts[0];
    assert_eq!((part.connections.len(), part.steps.len()), (2, 7));
    let PlannedAction::Receive(group) = &part.steps[3].action else { panic!("a group") };
    assert_eq!((group.connection, group.wanted.len(), group.optional.len()), (1, 2, 1));
    assert_eq!(group.wanted[1].checks.asserts.len(), 1);
    assert!(matches!(part.steps[5].action, PlannedAction::Silence(0, _, true)));
}

/// Scenario language, section 3: "`<&` […] to the one before"
#[test]
fn a_group_goes_on_behind_what_waits_on_other_connections() {
    let text = "WS {{url}} as a\nWS {{url}} as b\na< 1\nb<? o\nb< 2\na<& 4\nb<& 5\n";
    let part = &planned(text).expect("a plan").parts[0];
    let groups = part.steps.iter().filter_map(|step| match &step.action {
        PlannedAction::Receive(group) => Some((group.connection, group.wanted.len())),
        _ => None,
    });
    assert_eq!(groups.collect::<Vec<_>>(), [(0, 2), (1, 2)]);
}

/// Scenario language, section 1: "A name that is not known is an error at that place."
#[test]
fn variables_need_a_value_before_they_are_used() {
    for (text, expected) in [
        ("WS {{urk}}", "1:4: unknown variable \"urk\" (did you mean \"url\"?)"),
        (
            "WS {{url}}\n> {{abcdef}}",
            "2:3: unknown variable \"abcdef\" (give it a value with --variable abcdef=VALUE, \
             or --secret abcdef=VALUE to have it masked)",
        ),
        (
            "WS {{url}}\n> {{token}}\n< a\n[Captures]\ntoken: text",
            "2:3: unknown variable \"token\" (it is captured only further down)",
        ),
        (
            "WS {{url}}\n< a\n[Asserts]\ntext == {{nothing}}",
            "4:9: unknown variable \"nothing\" (give it a value with --variable nothing=VALUE, \
             or --secret nothing=VALUE to have it masked)",
        ),
    ] {
        assert_eq!(planned(text).map(|_| ()), Err(expected.to_owned()), "{text}");
    }
    planned("WS {{url}}\n< a\n[Captures]\nb: text\n> {{b}} {{newUuid}}").expect("known");
}

/// Scenario language, section 3: "the names of queries cannot name connections"
#[test]
fn queries_are_read_where_they_stand() {
    for (text, expected) in [
        (
            "WS {{url}} as count\n< a\n",
            "1:15: a connection cannot be named \"count\": it is a query",
        ),
        ("WS {{url}}\n< a\n[Asserts]\nstatus == 1", "4:1: "),
        ("WS {{url}}\n< a\n[Asserts]\nsiez == 1", "4:1: "),
        ("WS {{url}}\n< a\n[Captures]\nn: code", "4:4: "),
        ("WS {{url}}\n> a\n[Asserts]\nsize == 1", "4:1: "),
        (
            "WS {{url}}\n< a\n[Asserts]\nbob< hi\n[Captures]\na: code",
            "4:1: \"bob\" is neither a query nor a connection of this part",
        ),
    ] {
        let error = planned(text).map(|_| ()).expect_err(text);
        assert!(error.starts_with(expected), "{text}: {error}");
    }
}
