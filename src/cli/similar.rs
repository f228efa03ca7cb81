//! Commands in place of a URL: misspelled, or behind an option.

use std::ffi::OsString;

use clap::CommandFactory;
use strsim::osa_distance;

use super::Cli;

/// The command whose name differs from `word` by one or two typing errors.
pub fn similar_command(word: &str) -> Option<String> {
    let is_word = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    if !is_word {
        return None;
    }
    let slips = if word.len() > 4 { 2 } else { 1 };
    let distances = names().into_iter().map(|name| (osa_distance(word, &name), name));
    distances.filter(|(distance, _)| (1..=slips).contains(distance)).min().map(|(_, name)| name)
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
    use super::{is_command, similar_command, url_argument};

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
            ("lisen", Some("listen")),
            ("listn", Some("listen")),
            ("lsiten", Some("listen")),
            ("code", Some("codes")),
            ("codse", Some("codes")),
            ("compleitons", Some("completions")),
            ("listen", None),
            ("chekc", Some("check")),
            ("host", None),
            ("echo", None),
            ("example", None),
            ("lis", None),
            ("hlep", Some("help")),
            ("help", None),
            ("listen.", None),
            ("", None),
        ] {
            assert_eq!(similar_command(word).as_deref(), command, "{word}");
        }
    }
}
