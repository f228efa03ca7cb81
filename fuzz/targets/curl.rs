//! Command lines that browsers copied for curl.
//!
//! Input: the text of a command line.

use wscope::config::curl::{Argument, CurlCommand, Fault, Word, split};

/// Nothing panics, places are in the text, words are read again when they are quoted, and no value makes `wscope`
/// read a file.
pub fn run(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let words = match split(text) {
        Ok(words) => words,
        Err(fault) => return check_fault(text, &fault),
    };
    assert!(words.is_sorted_by(|one, next| one.at < next.at));
    assert!(words.iter().all(|word| text.is_char_boundary(word.at) && word.at < text.len()));
    check_quoted(&words);
    match CurlCommand::new(&words) {
        Ok(command) => command.args.iter().for_each(check_argument),
        Err(fault) => check_fault(text, &fault),
    }
}

fn check_fault(text: &str, fault: &Fault) {
    assert!(text.is_char_boundary(fault.at), "{fault:?} of {} bytes", text.len());
    assert!(!fault.reason.is_empty());
}

/// The words in quotes of bash are the same words.
fn check_quoted(words: &[Word]) {
    let quoted = words.iter().map(|word| format!("'{}'", word.text.replace('\'', r"'\''")));
    let line = format!("curl {}", quoted.collect::<Vec<_>>().join(" \\\n  "));
    let again = split(&line).unwrap_or_else(|fault| panic!("{fault:?}: {line:?}"));
    assert!(again[1..].iter().map(|word| &word.text).eq(words.iter().map(|word| &word.text)));
}

fn check_argument(argument: &Argument) {
    const READS_FILES: [&str; 5] = ["header", "user", "bearer", "pass", "proxy-header"];
    let text = &argument.text;
    assert!(text.starts_with("--") || text == "-4" || text == "-6", "{text}");
    for option in READS_FILES {
        assert!(!text.starts_with(&format!("--{option}=@")), "{text}");
    }
}
