//! Suggests a command for a misspelled name.

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
    let mut command = Cli::command();
    command.build(); // adds the command for help
    let names = command.get_subcommands().map(|command| command.get_name().to_owned());
    let distances = names.map(|name| (osa_distance(word, &name), name));
    distances.filter(|(distance, _)| (1..=slips).contains(distance)).min().map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::similar_command;

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
            ("host", None),
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
