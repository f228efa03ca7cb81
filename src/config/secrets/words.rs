//! The words of a command line, each as the value of an option or alone. Clap is not used: this happens at
//! every start, before anything else.

use std::borrow::Cow;

use super::Kind;

/// Short options that take a value.
const LETTERS: [char; 11] = ['A', 'H', 'c', 'j', 'l', 'm', 'o', 's', 'u', 'w', 'x'];

/// Long options whose value may begin with a dash, in addition to those of secrets.
const ANY_VALUE: [&str; 11] = [
    "--send",
    "--execute",
    "--expect",
    "--filter",
    "--mute",
    "--wait",
    "--resolve",
    "--count",
    "--max-time",
    "--max-redirs",
    "--max-redirects",
];

/// The options whose value may be missing.
const MAY_LACK_VALUE: [&str; 3] = ["--pass", "--passphrase", "--tls-pass"];

/// A word, or the part of it that is a value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Value<'a> {
    /// The index of the word.
    pub(super) place: usize,
    /// The part of the word before the value.
    pub(super) before: &'a str,
    /// Its kind.
    pub(super) kind: Kind,
    /// The value.
    pub(super) text: &'a str,
}

/// The kind of the word that follows an option.
#[derive(Clone, Copy)]
enum Next {
    /// Its value.
    Value(Kind),
    /// Its value, unless it begins with a dash.
    OptionalValue(Kind),
}

/// The values among the arguments, the first of which is the program's name. Flags are left out.
pub(super) fn values<'a>(args: &'a [Cow<'a, str>]) -> Vec<Value<'a>> {
    let mut found = Vec::new();
    let mut next = None;
    let mut are_options_over = false;
    for (place, word) in args.iter().enumerate().skip(1) {
        let word = word.as_ref();
        let whole = |kind| Value { place, before: "", kind, text: word };
        match next.take() {
            Some(Next::OptionalValue(_)) if word.starts_with('-') => {}
            Some(Next::Value(kind) | Next::OptionalValue(kind)) => {
                found.push(whole(kind));
                continue;
            }
            None => {}
        }
        if are_options_over || !word.starts_with('-') {
            found.push(whole(Kind::Other));
        } else if word == "--" {
            are_options_over = true;
        } else if word.starts_with("--") {
            next = long(place, word, &mut found);
        } else {
            next = cluster(place, word, &mut found);
        }
    }
    found
}

/// `--name` or `--name=value`
fn long<'a>(place: usize, word: &'a str, found: &mut Vec<Value<'a>>) -> Option<Next> {
    if let Some((option, text)) = word.split_once('=') {
        let before = &word[..=option.len()];
        found.push(Value { place, before, kind: Kind::of(option), text });
        return None;
    }
    match Kind::of(word) {
        kind if MAY_LACK_VALUE.contains(&word) => Some(Next::OptionalValue(kind)),
        Kind::Other if !ANY_VALUE.contains(&word) => None,
        kind => Some(Next::Value(kind)),
    }
}

/// Letters after one dash. One that takes a value ends them: `-vuUSER:PASS`, `-vu=USER:PASS`.
fn cluster<'a>(place: usize, word: &'a str, found: &mut Vec<Value<'a>>) -> Option<Next> {
    let (at, letter) = word.char_indices().find(|(_, letter)| LETTERS.contains(letter))?;
    let kind = Kind::of(&format!("-{letter}"));
    let start = at + letter.len_utf8();
    let rest = &word[start..];
    let text = rest.strip_prefix('=').unwrap_or(rest);
    if rest.is_empty() {
        return Some(Next::Value(kind));
    }
    found.push(Value { place, before: &word[..word.len() - text.len()], kind, text });
    None
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Command, CommandFactory};

    use super::*;
    use crate::cli::Cli;

    fn takes_value(arg: &Arg) -> bool {
        arg.get_action().takes_values() && !arg.is_positional()
    }

    fn long_names(arg: &Arg) -> Vec<String> {
        let aliases = arg.get_all_aliases().unwrap_or_default();
        arg.get_long().into_iter().chain(aliases).map(|name| format!("--{name}")).collect()
    }

    fn commands() -> Vec<Command> {
        let mut connect = Cli::command();
        connect.build();
        let other = |name| connect.find_subcommand(name).expect("a command").clone();
        let others = ["listen", "proxy", "check"].map(other);
        [connect].into_iter().chain(others).collect()
    }

    #[test]
    fn the_short_options_are_those_of_clap() {
        for command in commands() {
            for arg in command.get_arguments() {
                for letter in arg.get_short_and_visible_aliases().unwrap_or_default() {
                    assert_eq!(LETTERS.contains(&letter), takes_value(arg), "-{letter}");
                }
            }
        }
    }

    #[test]
    fn each_name_of_an_option_with_secrets_is_recognised() {
        const IDS: [(&str, Kind); 11] = [
            ("user", Kind::User),
            ("bearer", Kind::Bearer),
            ("cookies", Kind::Cookies),
            ("pass", Kind::Passphrase),
            ("tls_pass", Kind::Passphrase),
            ("secrets", Kind::Assignment),
            ("headers", Kind::Header),
            ("proxy_header", Kind::Header),
            ("subprotocols", Kind::Subprotocols),
            ("proxy", Kind::Url),
            ("connect", Kind::Url),
        ];
        for command in commands() {
            for arg in command.get_arguments() {
                let kind = IDS.iter().find(|(id, _)| arg.get_id() == id);
                let kind = kind.map_or(Kind::Other, |(_, kind)| *kind);
                let letter = arg.get_short().map(|letter| format!("-{letter}"));
                for name in long_names(arg).into_iter().chain(letter) {
                    assert_eq!(Kind::of(&name), kind, "{name}");
                }
                for name in long_names(arg) {
                    let may_lack = arg.get_num_args().is_some_and(|count| count.min_values() == 0);
                    let is_secret = kind != Kind::Other && takes_value(arg);
                    let is_listed = MAY_LACK_VALUE.contains(&name.as_str());
                    assert_eq!(is_listed, may_lack && is_secret, "{name}");
                    let may_have_dash =
                        arg.is_allow_hyphen_values_set() || arg.is_allow_negative_numbers_set();
                    let is_listed = ANY_VALUE.contains(&name.as_str());
                    assert_eq!(is_listed, may_have_dash, "{name}");
                }
            }
        }
    }
}
