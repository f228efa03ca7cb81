//! Scenario files.
//!
//! Input: the bytes of a file.

use std::collections::BTreeSet;

use wscope::scenario::language::{Diagnostic, Partial, Source, parse};
use wscope::scenario::plan::plan;

/// Nothing panics, all lines are kept as they are, and what is wrong stands at a place in the file.
pub fn run(data: &[u8]) {
    let source = Source::new("file.wscope", data.to_vec());
    check_lines(&source, data);
    let given = BTreeSet::from(["host".to_owned(), "token".to_owned()]);
    let Partial { value: plan, errors } = plan(parse(&source), &source, &given);
    for part in &plan.parts {
        check_range(&source, part.at.clone());
        part.steps.iter().for_each(|step| check_range(&source, step.at.clone()));
    }
    plan.warnings.iter().chain(&errors).for_each(|it| check_diagnostic(&source, it));
    assert!(errors.is_sorted_by_key(|error| error.at.start));
    assert!(str::from_utf8(data).is_ok() || !errors.is_empty());
}

/// Lines and their endings are the whole file.
fn check_lines(source: &Source, data: &[u8]) {
    let mut end = source.text().len() - source.text().trim_start_matches('\u{feff}').len();
    for line in source.lines() {
        assert!(line.start >= end || line.number == 1);
        assert_eq!(&source.text()[line.start..line.start + line.text.len()], line.text);
        end = line.start + line.text.len();
    }
    assert!(
        source.text()[end.min(data.len())..].chars().all(|c| matches!(c, '\r' | '\n' | '\u{feff}'))
    );
}

fn check_diagnostic(source: &Source, diagnostic: &Diagnostic) {
    check_range(source, diagnostic.at.clone());
    let text = source.render("error", diagnostic);
    let place = source.place(diagnostic.at.start);
    assert!(text.starts_with(&format!("file.wscope:{place}: error: ")), "{text}");
    assert!(!diagnostic.message.is_empty());
}

fn check_range(source: &Source, at: std::ops::Range<usize>) {
    assert!(source.text().get(at.clone()).is_some(), "{at:?} of {} bytes", source.text().len());
}
