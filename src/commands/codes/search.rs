//! The codes and words of a command line, and what is found for them.

use super::{describe, overview, row, wrapped};
use crate::error::Error;
use crate::protocol::close::{APPLICATIONS, CloseCode, Explanation, KNOWN, RANGES};

/// What is shown for codes and words, and the error for those that mean nothing.
pub fn answer(terms: &[String]) -> (String, Option<Error>) {
    if terms.is_empty() {
        return (overview(), None);
    }
    let (mut codes, mut matches, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for term in terms {
        match Term::read(term) {
            Term::Code(code) => codes.push(code),
            Term::Invalid(reason) => unknown.push(reason),
            Term::Word(word) => {
                let found = find(&word);
                if found.is_empty() {
                    unknown.push(format!("no close code matches {term:?}"));
                }
                matches.extend(found);
            }
        }
    }
    let error = (!unknown.is_empty()).then(|| Error::Usage {
        message: unknown.join("; "),
        hint: Some("'wscope codes' lists all codes".to_owned()),
    });
    (text(codes, matches), error)
}

enum Term {
    Code(CloseCode),
    /// In lower case.
    Word(String),
    /// A number that is not a close code.
    Invalid(String),
}

impl Term {
    fn read(term: &str) -> Self {
        let is_number = !term.is_empty() && term.bytes().all(|byte| byte.is_ascii_digit());
        match term.parse() {
            Ok(code) => Self::Code(code),
            Err(error) if is_number => Self::Invalid(format!("bad close code {term:?}: {error}")),
            Err(_) => Self::Word(term.trim().to_lowercase()),
        }
    }
}

/// A code or a range that a word was found in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Match {
    /// The code, or the first one of a range.
    code: u16,
    /// `1006`, or `4000-4999`
    label: String,
    name: &'static str,
    /// The text that has the word.
    text: String,
}

fn text(mut codes: Vec<CloseCode>, mut matches: Vec<Match>) -> String {
    matches.sort();
    matches.dedup_by(|next, kept| next.label == kept.label);
    matches.retain(|it| !codes.iter().any(|code| code.get().to_string() == it.label));
    if let [only] = matches.as_slice() {
        codes.push(CloseCode::new(only.code));
        matches.clear();
    }
    let mut shown = Vec::new();
    for code in codes {
        let description = describe(code);
        if !shown.contains(&description) {
            shown.push(description);
        }
    }
    if !matches.is_empty() {
        let lines = matches.iter().map(|it| {
            let start = row(&it.label, it.name, "");
            wrapped(start.trim_end_matches('\n'), INDENT, &it.text)
        });
        let table = row("CODE", "NAME", "MEANING OR CAUSE") + &lines.collect::<String>();
        shown.push(table + "\n`wscope codes CODE` explains one of them.\n");
    }
    shown.join("\n")
}

/// The width of the columns of codes and names.
const INDENT: &str = "                                  ";

/// The codes and ranges that have this word in their name, meaning or causes.
fn find(word: &str) -> Vec<Match> {
    if word.is_empty() {
        return Vec::new();
    }
    let known = KNOWN.iter().filter_map(|&code| {
        let it = CloseCode::new(code);
        let text = matching(word, it.name(), it.explain())?;
        Some(Match { code, label: code.to_string(), name: it.name(), text: text.to_owned() })
    });
    let ranges = RANGES.iter().filter_map(|range| {
        let text = matching(word, range.name, range.explanation)?;
        let label = format!("{}-{}", range.first, range.last);
        Some(Match { code: range.first, label, name: range.name, text: text.to_owned() })
    });
    known.chain(ranges).chain(of_applications(word)).collect()
}

/// The codes to which an application gives a meaning with this word.
fn of_applications(word: &str) -> impl Iterator<Item = Match> {
    (4000..5000).filter_map(move |code| {
        let it = CloseCode::new(code);
        let mut meanings = APPLICATIONS.iter().filter_map(|application| {
            let text = format!("{application}: {}", application.meaning(it)?);
            has(&text, word).then_some(text)
        });
        let text = meanings.next()?;
        Some(Match { code, label: code.to_string(), name: it.name(), text })
    })
}

/// The first text about a code that has this word; where its name has it, the summary.
fn matching(word: &str, name: &str, explanation: Explanation) -> Option<&'static str> {
    if has(name, word) {
        return Some(explanation.summary);
    }
    let texts = [explanation.summary, explanation.meaning];
    texts.into_iter().chain(explanation.causes.iter().copied()).find(|text| has(text, word))
}

fn has(text: &str, word: &str) -> bool {
    text.to_lowercase().contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(terms: &[&str]) -> (String, String) {
        let terms: Vec<_> = terms.iter().map(|term| (*term).to_owned()).collect();
        let (text, error) = answer(&terms);
        (text, error.map(|error| error.message()).unwrap_or_default())
    }

    fn described(code: u16) -> String {
        describe(CloseCode::new(code))
    }

    #[test]
    fn several_codes_are_explained_in_the_order_given() {
        let both = format!("{}\n{}", described(4401), described(1006));
        for terms in [&["4401", "1006"][..], &["4401", "1006", "4401"]] {
            assert_eq!(answered(terms), (both.clone(), String::new()), "{terms:?}");
        }
        assert_eq!(answered(&[]).0, overview());
    }

    #[test]
    fn a_word_with_one_match_is_explained() {
        for word in ["going", "GOING AWAY", "Jetty"] {
            assert_eq!(answered(&[word]), (described(1001), String::new()), "{word}");
        }
    }

    #[test]
    fn several_matches_are_listed_with_the_text_that_has_the_word() {
        let (text, error) = answered(&["auth"]);
        assert_eq!(error, "");
        let expected = "\n4401        Private Use           graphql-transport-ws: Unauthorized: a\n                                  \
                        subscription before the server's\n                                  connection_ack\n";
        assert!(text.contains(expected), "{text}");
        for line in ["CODE ", "4003 ", "4004 "] {
            assert_eq!(text.lines().filter(|it| it.starts_with(line)).count(), 1, "{line}\n{text}");
        }
        assert!(!text.contains("1001"), "{text}");
        assert!(text.lines().all(|line| line.len() <= super::super::WIDTH), "{text}");
    }

    #[test]
    fn codes_and_words_are_mixed() {
        let (text, error) = answered(&["auth", "1006"]);
        assert_eq!(error, "");
        assert!(text.starts_with(&format!("{}\nCODE ", described(1006))), "{text}");
        assert_eq!(answered(&["going", "1001"]), (described(1001), String::new()));
    }

    #[test]
    fn what_is_not_found_is_named_and_the_rest_is_shown() {
        let (text, error) = answered(&["1001", "nosuchword", "70000", " "]);
        assert_eq!(text, described(1001));
        for part in ["no close code matches \"nosuchword\"", "\"70000\"", "matches \" \""] {
            assert!(error.contains(part), "{error}");
        }
    }
}
