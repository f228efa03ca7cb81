//! TAP version 14, read line by line.

use super::{HOSTILE, HOSTILE_TITLE, hostile, report};
use std::collections::BTreeMap;

/// A test point.
#[derive(Debug)]
struct Point {
    is_ok: bool,
    description: String,
    is_skipped: bool,
    /// Its diagnostics: names with one value, or those of a list.
    yaml: Option<BTreeMap<String, Vec<String>>>,
}

/// Reads a document, and whether the run was given up. Every line has to be a part of it.
fn read(text: &str) -> (Vec<Point>, bool) {
    assert!(!text.contains('\r'), "no other line breaks");
    let mut lines = text.strip_suffix('\n').expect("a last line").split('\n').peekable();
    assert_eq!(lines.next(), Some("TAP version 14"));
    let plan = lines.next().and_then(|line| line.strip_prefix("1..")).expect("a plan");
    let mut points = Vec::new();
    let mut is_given_up = false;
    while let Some(line) = lines.next() {
        assert!(!is_given_up, "{line}");
        if line.starts_with("Bail out!") {
            is_given_up = true;
            continue;
        }
        let mut point = point(line, points.len() + 1);
        if lines.next_if_eq(&"  ---").is_some() {
            let mut block = Vec::new();
            loop {
                match lines.next().expect("the end of the diagnostics") {
                    "  ..." => break,
                    line => block.push(line.strip_prefix("  ").expect("an indented line")),
                }
            }
            point.yaml = Some(yaml(&block));
        }
        points.push(point);
    }
    assert_eq!(plan.parse(), Ok(points.len()));
    (points, is_given_up)
}

fn point(line: &str, number: usize) -> Point {
    let (is_ok, rest) = match line.strip_prefix("not ") {
        Some(rest) => (false, rest),
        None => (true, line),
    };
    let rest = rest.strip_prefix(&format!("ok {number} - ")).unwrap_or_else(|| panic!("{line}"));
    let (mut description, mut directive) = (String::new(), None);
    let mut chars = rest.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let escaped = chars.next();
                assert!(matches!(escaped, Some('\\' | '#')), "{line}");
                description.extend(escaped);
            }
            '#' => {
                directive = Some(chars.as_str());
                break;
            }
            c => description.push(c),
        }
    }
    assert!(directive.is_none_or(|it| it == " SKIP" || it.starts_with(" SKIP ")), "{line}");
    let description = match directive {
        None => description,
        Some(_) => description.strip_suffix(' ').expect("a space before #").to_owned(),
    };
    Point { is_ok, description, is_skipped: directive.is_some(), yaml: None }
}

/// Reads the kind of YAML that is written: a mapping to scalars and to sequences of scalars.
fn yaml(lines: &[&str]) -> BTreeMap<String, Vec<String>> {
    let mut mapping: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut list = None;
    for line in lines {
        if let Some(item) = line.strip_prefix("  - ") {
            let name: &String = list.as_ref().expect("the name of the list");
            mapping.get_mut(name).expect("a list").push(scalar(item));
            continue;
        }
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("{line}"));
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{line}");
        let values = match value.strip_prefix(' ') {
            Some(value) => vec![scalar(value)],
            None => Vec::new(),
        };
        list = values.is_empty().then(|| name.to_owned());
        assert!(mapping.insert(name.to_owned(), values).is_none(), "{name} twice");
    }
    mapping
}

/// A number, a word, or a string in double quotes (YAML 1.2.2 section 7.3.1), in which 1.1 finds no line break.
fn scalar(text: &str) -> String {
    let Some(quoted) = text.strip_prefix('"') else {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.';
        assert!(!text.is_empty() && text.chars().all(is_plain), "{text}");
        return text.to_owned();
    };
    let (mut value, mut chars) = (String::new(), quoted.chars());
    loop {
        match chars.next().expect("a closing quote") {
            '"' => break,
            '\\' => value.push(match chars.next().expect("an escape") {
                c @ ('"' | '\\') => c,
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'x' => number(&mut chars, 2),
                'u' => number(&mut chars, 4),
                'U' => number(&mut chars, 8),
                c => panic!("\\{c} in {text}"),
            }),
            c => {
                let is_break = matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}');
                let is_printable = !c.is_control() && !is_break && u32::from(c) & 0xfffe != 0xfffe;
                assert!(is_printable, "{c:?} in {text}");
                value.push(c);
            }
        }
    }
    assert_eq!(chars.as_str(), "", "behind the string");
    value
}

fn number(chars: &mut std::str::Chars<'_>, digits: usize) -> char {
    let digits: String = chars.take(digits).collect();
    char::from_u32(u32::from_str_radix(&digits, 16).expect("hex digits")).expect("a character")
}

/// Scenario language, section 5: "TAP version 14".
#[test]
fn a_report_with_hostile_messages_is_one() {
    let outcome = hostile();
    let (points, is_given_up) = read(&report(&outcome, "tap"));
    assert!(!is_given_up);
    let states: Vec<_> = points.iter().map(|point| (point.is_ok, point.is_skipped)).collect();
    assert_eq!(states, [(true, false), (false, false), (true, true)]);
    assert_eq!(points[0].description, "s.wscope: a");
    assert_eq!(points[1].description, format!("s.wscope: {HOSTILE_TITLE}"));
    assert!(points[0].yaml.is_none() && points[2].yaml.is_none());
    let yaml = points[1].yaml.as_ref().expect("diagnostics");
    assert_eq!(yaml["received"][..HOSTILE.len()], HOSTILE, "every message comes back as it was");
    for (name, value) in [
        ("message", "line 10: < {\"a\":1}: at $.a expected 1, got 2; nothing matched within 50 ms"),
        ("type", "timeout"),
        ("file", "s.wscope"),
        ("line", "10"),
        ("column", "1"),
        ("expected", "JSON that contains {\"a\":1}"),
        ("difference", "at $.a expected 1, got 2"),
    ] {
        assert_eq!(yaml[name], [value], "{name}");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_is_given_up() {
    let (points, is_given_up) = read(&report(&super::interrupted(), "tap"));
    assert!(is_given_up);
    assert!(points.len() == 2 && points.iter().all(|point| point.is_skipped), "{points:?}");
}
