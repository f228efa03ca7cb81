//! The codes and words of a command line, and what is found for them.

use super::{describe, overview, row};
use crate::error::Error;
use crate::protocol::close::{APPLICATIONS, CloseCode, Explanation, KNOWN, RANGES};

/// What is shown for codes and words, in lines of at most `width` columns, and the error for those that mean nothing.
pub fn answer(terms: &[String], width: usize) -> (String, Option<Error>) {
    if terms.is_empty() {
        return (overview(width), None);
    }
    let (mut found, mut unknown) = (Vec::new(), Vec::new());
    for term in terms {
        let is_number = !term.is_empty() && term.bytes().all(|byte| byte.is_ascii_digit());
        match term.parse() {
            Ok(code) => found.push(Found::Code(code)),
            Err(error) if is_number => unknown.push(error.to_string()),
            Err(_) => {
                let matches = find(&term.trim().to_lowercase());
                if matches.is_empty() {
                    unknown.push(format!("no close code matches {term:?}"));
                }
                found.push(Found::Matches(matches));
            }
        }
    }
    let error = (!unknown.is_empty()).then(|| Error::Usage {
        message: unknown.join("; "),
        hint: Some("'wscope codes' lists all codes".to_owned()),
    });
    (text(found, width), error)
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

/// What is shown for a term.
enum Found {
    Code(CloseCode),
    /// What has a word, in order.
    Matches(Vec<Match>),
}

/// What is found, in the order of the terms. Words that follow each other have one table.
fn text(found: Vec<Found>, width: usize) -> String {
    let is_code = |it: &Match| {
        let is_it = |code: &CloseCode| code.get().to_string() == it.label;
        found.iter().any(|found| matches!(found, Found::Code(code) if is_it(code)))
    };
    let mut sections: Vec<Found> = Vec::new();
    let mut listed = Vec::new();
    for found in &found {
        match (found, sections.last_mut()) {
            (Found::Code(code), _) => sections.push(Found::Code(*code)),
            (Found::Matches(matches), last) => {
                let mut new = matches.clone();
                new.retain(|it| !is_code(it) && !listed.contains(&it.label));
                listed.extend(new.iter().map(|it| it.label.clone()));
                match last {
                    Some(Found::Matches(before)) => before.extend(new),
                    _ => sections.push(Found::Matches(new)),
                }
            }
        }
    }
    let mut shown = Vec::new();
    for section in sections {
        let text = match section {
            Found::Code(code) => describe(code, width),
            Found::Matches(matches) => match matches.as_slice() {
                [] => continue,
                [only] => describe(CloseCode::new(only.code), width),
                matches => table(matches, width),
            },
        };
        if !shown.contains(&text) {
            shown.push(text);
        }
    }
    shown.join("\n")
}

fn table(matches: &[Match], width: usize) -> String {
    let lines = matches.iter().map(|it| row(&it.label, it.name, &it.text, width));
    let table = row("CODE", "NAME", "MEANING OR CAUSE", width) + &lines.collect::<String>();
    table + "\n`wscope codes CODE` explains one of them.\n"
}

/// The start of a word, and other words for the same subject.
const RELATED: [(&str, &[&str]); 2] = [
    ("auth", &["unauth", "credential", "logged in", "token", "cookie"]),
    ("timeout", &["timed out", "time limit", "idle"]),
];

/// The codes and ranges that have this word, in lower case, or one for the same subject, in their name, meaning or causes, in order.
fn find(word: &str) -> Vec<Match> {
    if word.is_empty() {
        return Vec::new();
    }
    let related = RELATED.iter().find(|(start, _)| word.starts_with(start));
    let related = related.into_iter().flat_map(|(_, words)| words.iter().copied());
    let words: Vec<_> = [word].into_iter().chain(related).collect();
    let known = KNOWN.iter().filter_map(|&code| {
        let it = CloseCode::new(code);
        let text = matching(&words, it.name(), it.explain())?;
        Some(Match { code, label: code.to_string(), name: it.name(), text: text.to_owned() })
    });
    let ranges = RANGES.iter().filter_map(|range| {
        let text = matching(&words, range.name, range.explanation)?;
        let label = format!("{}-{}", range.first, range.last);
        Some(Match { code: range.first, label, name: range.name, text: text.to_owned() })
    });
    let mut found: Vec<_> = known.chain(ranges).chain(of_applications(&words)).collect();
    found.sort();
    found
}

/// The codes to which an application gives a meaning with one of these words.
fn of_applications(words: &[&str]) -> impl Iterator<Item = Match> {
    (4000..5000).filter_map(move |code| {
        let it = CloseCode::new(code);
        let mut meanings = APPLICATIONS.iter().filter_map(|application| {
            let text = format!("{application}: {}", application.meaning(it)?);
            has(&text, words).then_some(text)
        });
        let text = meanings.next()?;
        Some(Match { code, label: code.to_string(), name: it.name(), text })
    })
}

/// The first text about a code that has one of these words; where its name has it, the summary.
fn matching(words: &[&str], name: &str, explanation: Explanation) -> Option<&'static str> {
    if has(name, words) {
        return Some(explanation.summary);
    }
    let texts = [explanation.summary, explanation.meaning];
    texts.into_iter().chain(explanation.causes.iter().copied()).find(|text| has(text, words))
}

/// Whether a word of the text starts with one of these, which may be several words each.
fn has(text: &str, words: &[&str]) -> bool {
    let text = text.to_lowercase();
    let is_at_start = |at: usize| !text[..at].ends_with(char::is_alphanumeric);
    words.iter().any(|word| text.match_indices(word).any(|(at, _)| is_at_start(at)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::codes::WIDTH;

    fn answered(terms: &[&str]) -> (String, String) {
        let terms: Vec<_> = terms.iter().map(|term| (*term).to_owned()).collect();
        let (text, error) = answer(&terms, WIDTH);
        (text, error.map(|error| error.message()).unwrap_or_default())
    }

    fn described(code: u16) -> String {
        describe(CloseCode::new(code), WIDTH)
    }

    #[test]
    fn several_codes_are_explained_in_the_order_given() {
        let both = format!("{}\n{}", described(4401), described(1006));
        for terms in [&["4401", "1006"][..], &["4401", "1006", "4401"]] {
            assert_eq!(answered(terms), (both.clone(), String::new()), "{terms:?}");
        }
        assert_eq!(answered(&[]).0, overview(WIDTH));
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
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
    }

    #[test]
    fn codes_and_words_are_mixed() {
        let (text, error) = answered(&["auth", "1006"]);
        assert_eq!(error, "");
        let (table, _) = answered(&["auth"]);
        assert_eq!(text, format!("{table}\n{}", described(1006)));
        assert_eq!(answered(&["1006", "auth"]).0, format!("{}\n{table}", described(1006)));
        assert_eq!(answered(&["going", "1001"]), (described(1001), String::new()));
        let (text, _) = answered(&["1001", "auth", "1006", "going", "3008"]);
        let expected =
            format!("{}\n{table}\n{}\n{}", described(1001), described(1006), described(3008));
        assert_eq!(text, expected);
    }

    /// The codes of the lines of a table.
    fn listed(terms: &[&str]) -> Vec<String> {
        let (text, _) = answered(terms);
        let lines =
            text.lines().skip(1).filter(|line| line.starts_with(|c: char| c.is_ascii_digit()));
        lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
    }

    #[test]
    fn words_are_found_from_their_start() {
        assert!(has("The peer: timed out.", &["time"]) && has("(nginx) x", &["ngi"]));
        assert!(!has("without a code", &["out"]) && !has("a_x1y", &["1"]));
        let out = listed(&["time", "out"]);
        assert!(!out.contains(&"1005".to_owned()), "without: {out:?}");
        let auth = listed(&["auth"]);
        for code in ["1008", "3000", "4003", "4401"] {
            assert!(auth.contains(&code.to_owned()), "{code}: {auth:?}");
        }
        assert!(!listed(&["token"]).contains(&"4003".to_owned()));
    }

    #[test]
    fn words_are_listed_in_the_order_given() {
        let both = listed(&["token", "proxy"]);
        let expected: Vec<_> = [listed(&["token"]), listed(&["proxy"])].concat();
        assert_eq!(both, expected);
        assert_eq!(listed(&["token", "auth"])[..2], listed(&["token"])[..2]);
        assert_eq!(listed(&["token", "token"]), listed(&["token"]));
    }

    #[test]
    fn what_is_not_found_is_named_and_the_rest_is_shown() {
        let (text, error) = answered(&["1001", "nosuchword", "70000", " "]);
        assert_eq!(text, described(1001));
        assert_eq!(error.matches("not a close code").count(), 1, "{error}");
        for part in ["no close code matches \"nosuchword\"", "\"70000\"", "matches \" \""] {
            assert!(error.contains(part), "{error}");
        }
    }
}
