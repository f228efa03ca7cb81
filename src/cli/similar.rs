//! Commands in place of a URL: misspelled, or behind an option.

use std::ffi::OsString;

use clap::CommandFactory;
use strsim::osa_distance;

use super::Cli;

/// The command that is probably meant by a word: written in capitals, shortened, or with a typing error. Words that may as
/// well be host names, such as `nodes` and `main`, are not considered misspelt.
pub fn similar_command(word: &str) -> Option<String> {
    if !word.bytes().all(|byte| byte.is_ascii_alphabetic()) || is_command(word) {
        return None;
    }
    let word = word.to_ascii_lowercase();
    let names = names();
    let is_start = |name: &&String| {
        let common = word.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
        common >= 4 && common == word.len() || common >= 7
    };
    let mut longer = names.iter().filter(is_start);
    if let (Some(name), None) = (longer.next(), longer.next()) {
        return Some(name.clone());
    }
    let misspelt = |name: &&String| **name == word || is_misspelt(&word, name);
    names.iter().filter(misspelt).min_by_key(|name| osa_distance(&word, name)).cloned()
}

/// The command at an edit distance of one from a word. Unlike in [`similar_command`], the word may also be a host name.
pub fn close_command(word: &str) -> Option<String> {
    if word.len() < MIN_CLOSE || !word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let word = word.to_ascii_lowercase();
    names().into_iter().find(|name| has_same_start(&word, name) && osa_distance(&word, name) == 1)
}

/// The length of the shortest words that are compared so.
const MIN_CLOSE: usize = 5;

/// Whether a word differs from a name by a typing error. The shorter the name, the more host names are close to it.
fn is_misspelt(word: &str, name: &str) -> bool {
    let (shorter, longer) = (word.len().min(name.len()), word.len().max(name.len()));
    let has_same_start = has_same_start(word, name);
    match osa_distance(word, name) {
        1 if is_swapped(word, name) => shorter >= 4,
        1 if shorter == longer => has_same_start && shorter >= 6,
        1 => has_same_start && shorter >= 4 && longer >= 5,
        2 => has_same_start && shorter >= 8,
        _ => false,
    }
}

/// Whether two words begin with the same letter.
fn has_same_start(word: &str, name: &str) -> bool {
    word.bytes().next() == name.bytes().next()
}

/// Whether one word is a permutation of the other.
fn is_swapped(word: &str, name: &str) -> bool {
    let [word, name] = [word, name].map(|text| {
        let mut letters = text.as_bytes().to_vec();
        letters.sort_unstable();
        letters
    });
    word == name
}

/// Whether this is the name of a command.
pub fn is_command(word: &str) -> bool {
    names().iter().any(|name| name == word)
}

/// The first argument that is neither an option nor the value of one, which is where the URL is written. Other arguments
/// may be invalid.
pub fn url_argument(args: &[OsString]) -> Option<String> {
    let matches = Cli::command().ignore_errors(true).try_get_matches_from(args).ok()?;
    matches.try_get_one::<String>("url").ok()?.cloned()
}

fn names() -> Vec<String> {
    let mut command = Cli::command();
    command.build(); // adds the command for help
    command.get_subcommands().map(|command| command.get_name().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::{close_command, is_command, similar_command, url_argument};

    #[test]
    fn a_command_behind_an_option_stands_for_a_url() {
        for (args, url) in [
            (&["-v", "listen"][..], Some("listen")),
            (&["-q", "listen", ":0"], Some("listen")),
            (&["-v", "listen", "--tls-cert", "a"], Some("listen")),
            (&["-x", "listen", ":1"], Some(":1")),
            (&["listen", ":0"], None),
            (&["-v"], None),
        ] {
            let args: Vec<_> = ["wscope"].iter().chain(args).map(Into::into).collect();
            assert_eq!(url_argument(&args).as_deref(), url, "{args:?}");
        }
        assert!(is_command("listen") && is_command("help"));
        assert!(!is_command("lisen") && !is_command(""));
    }

    #[test]
    fn typing_errors_are_recognised() {
        for (word, command) in [
            ("lisen", "listen"),
            ("listn", "listen"),
            ("lsiten", "listen"),
            ("lissen", "listen"),
            ("listenn", "listen"),
            ("codse", "codes"),
            ("cods", "codes"),
            ("chekc", "check"),
            ("chek", "check"),
            ("hlep", "help"),
            ("hepl", "help"),
            ("compleitons", "completions"),
            ("compeltion", "completions"),
            ("completion", "completions"),
            ("complete", "completions"),
            ("compl", "completions"),
            ("code", "codes"),
            ("Listen", "listen"),
            ("LISTEN", "listen"),
            ("Help", "help"),
            ("MAN", "man"),
            ("Chekc", "check"),
            ("porxy", "proxy"),
            ("prox", "proxy"),
        ] {
            assert_eq!(similar_command(word).as_deref(), Some(command), "{word}");
        }
    }

    #[test]
    fn words_that_may_be_hosts_are_close_to_commands() {
        for (word, command) in [
            ("proxi", Some("proxy")),
            ("Proxi", Some("proxy")),
            ("coder", Some("codes")),
            ("proxy", None),
            ("nodes", None),
            ("main", None),
            ("roxy", None),
            ("proxi.example", None),
        ] {
            assert_eq!(close_command(word).as_deref(), command, "{word}");
        }
    }

    #[test]
    fn names_of_hosts_are_not_misspelt_commands() {
        for word in [
            "listen", "check", "codes", "man", "help", "host", "listener", "echo", "example",
            "lis", "com", "che", "", "nodes", "coder", "codex", "modes", "main", "mac", "map",
            "men", "lists", "heap", "held", "yelp", "chuck", "glisten", "mans", "listen.",
            "code-1", "code1", "Main", "prod", "pro", "proxies", "roxy",
        ] {
            assert_eq!(similar_command(word), None, "{word}");
        }
    }
}
