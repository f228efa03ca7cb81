//! The grammar for editors knows the words of the language. It is text for other programs: the tests compile its
//! expressions, and look which of its rules takes a line.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

use super::options::OWN;
use crate::config::SCENARIO_OPTIONS;
use crate::scenario::query::all_words;

fn text() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/editors/wscope.tmLanguage.json");
    std::fs::read_to_string(path).expect("the grammar")
}

fn grammar() -> Value {
    serde_json::from_str(&text()).expect("JSON")
}

/// Every expression of the grammar below a value, with its kind.
fn expressions(value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if ["match", "begin", "end"].contains(&name.as_str()) => {
                        found.push((name.clone(), text.clone()));
                    }
                    value => expressions(value, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| expressions(value, found)),
        _ => {}
    }
}

/// What begins each rule of the repository.
fn rules() -> BTreeMap<String, Regex> {
    let grammar = grammar();
    let repository = grammar["repository"].as_object().expect("an object");
    let rules = repository.iter().filter_map(|(name, rule)| {
        let expression = rule["match"].as_str().or(rule["begin"].as_str())?;
        Some((name.clone(), Regex::new(expression).expect(expression)))
    });
    rules.collect()
}

/// The rules of lines, in order.
fn line_rules() -> Vec<String> {
    let grammar = grammar();
    let includes = grammar["patterns"].as_array().expect("an array").iter();
    let name = |rule: &Value| rule["include"].as_str().expect("a name")[1..].to_owned();
    includes.map(name).collect()
}

#[test]
fn all_expressions_are_valid() {
    let mut found = Vec::new();
    expressions(&grammar(), &mut found);
    assert!(found.len() > 20, "{}", found.len());
    for (kind, expression) in found {
        assert!(Regex::new(&expression).is_ok(), "{kind}: {expression}");
    }
}

#[test]
fn all_rules_that_are_included_are_there() {
    let known = grammar();
    for part in text().split("\"include\": \"#").skip(1) {
        let name = part.split('"').next().expect("a name");
        assert!(known["repository"][name].is_object(), "{name}");
    }
}

#[test]
fn every_word_of_queries_is_known() {
    let rules = rules();
    let takes = |rule: &str, text: &str| {
        rules[rule].find(text).is_some_and(|found| found.range() == (0..text.len()))
    };
    for word in all_words() {
        let is_known = takes("assertion", word)
            || takes("assertion", &format!("{word} text"))
            || takes("filter", word)
            || takes("predicate", word)
            || takes("argument", &format!("{word:?}"));
        assert!(is_known, "docs/editors/wscope.tmLanguage.json does not know {word:?}");
    }
}

#[test]
fn every_option_is_known() {
    let rules = rules();
    for option in SCENARIO_OPTIONS.iter().chain(&OWN) {
        let line = format!("{option}: x");
        let taken = rules["option"].captures(&line).and_then(|it| it.get(1));
        let name = taken.map(|it| it.as_str());
        assert_eq!(name, Some(*option), "docs/editors/wscope.tmLanguage.json does not know it");
    }
}

#[test]
fn each_kind_of_line_is_taken_by_its_rule() {
    let (rules, order) = (rules(), line_rules());
    for (line, expected) in [
        ("### progress of a job", "title"),
        ("# text", "comment"),
        ("WS ws://{{host}}/graphql", "connect"),
        ("WS {{url}}/chat as alice", "connect"),
        ("Authorization: Bearer {{token}}", "field"),
        ("Sec-WebSocket-Protocol: graphql-transport-ws", "field"),
        ("[Options]", "section"),
        ("[Captures]", "section"),
        ("  [Asserts]", "section"),
        ("subprotocol: graphql-transport-ws", "option"),
        ("retry: 20", "option"),
        ("ignore: {\"type\":\"heartbeat\"}", "ignore-option"),
        ("ignore: /ping/", "option"),
        ("HTTP 101", "response"),
        ("HTTP *", "response"),
        ("> {\"type\":\"connection_init\"}", "json-step"),
        ("bob<& {\"event\":\"members\",\"count\":2}", "json-step"),
        ("bob<? [1]", "json-step"),
        ("<! {\"type\":\"error\"}", "json-step"),
        ("> bye", "plain-step"),
        (">", "plain-step"),
        ("alice > a: b", "plain-step"),
        ("< {a", "plain-step"),
        ("> ```", "fenced-step"),
        ("< text:a", "text-step"),
        ("< json:7", "json-prefix-step"),
        ("> hex:01 00 0a", "bytes-step"),
        ("< hex:01 ..", "bytes-step"),
        ("> binary:@a.bin", "file-step"),
        ("< /^a$/", "regex-step"),
        ("> ping:probe", "control-step"),
        ("< close:4001 /see you/", "close-step"),
        ("alice SILENCE 2s", "keyword-step"),
        ("DURING 10s", "keyword-step"),
        ("SLEEP 1s", "keyword-step"),
        ("$ echo a: b", "command"),
        ("job: jsonpath \"$.payload.data.job.id\"", "capture"),
        ("status: text", "capture"),
        ("duration < 500ms", "assertion"),
        ("jsonpath \"$.text\" matches /^hi [0-9a-f-]{36}$/", "assertion"),
        ("body contains \"token\"", "assertion"),
        ("each jsonpath \"$.price\" > 0", "assertion"),
    ] {
        let taken = order.iter().find(|rule| rules[*rule].is_match(line));
        assert_eq!(taken.map(String::as_str), Some(expected), "{line}");
    }
}

/// An injection reaches what stands between `begin` and `end`, not the captures of a `match`.
#[test]
fn variables_are_known_everywhere() {
    let grammar = grammar();
    assert!(grammar["injections"].to_string().contains("#template"));
    for (name, rule) in grammar["repository"].as_object().expect("an object") {
        let captures = rule["captures"].as_object().into_iter().flatten();
        for (_, capture) in captures.filter(|_| name != "template") {
            let scope = capture["name"].as_str().unwrap_or_default();
            let is_text = scope.starts_with("string") || scope.starts_with("markup.underline");
            let has_template = capture["patterns"].to_string().contains("#template");
            assert!(!is_text || has_template, "{name}: {scope}");
        }
    }
    assert_eq!(rules()["template"].find("a{{ b-1 }}c").map(|it| it.range()), Some(1..10));
}

#[test]
fn the_extension_names_files_that_are_there() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/editors/");
    let read = |name: &str| {
        let text = std::fs::read_to_string(format!("{folder}{name}")).expect(name);
        serde_json::from_str::<Value>(&text).expect(name)
    };
    let extension = read("package.json");
    let [language, grammar] =
        ["languages", "grammars"].map(|kind| &extension["contributes"][kind][0]);
    assert_eq!(read(grammar["path"].as_str().expect("a path"))["scopeName"], grammar["scopeName"]);
    assert!(read(language["configuration"].as_str().expect("a path")).is_object());
    assert_eq!(language["id"], grammar["language"]);
}
