//! Commands whose names were probably meant.

use clap::CommandFactory;

use super::Cli;

/// The command whose name differs from `word` by a slip of the keyboard or two.
pub fn similar_command(word: &str) -> Option<String> {
    let is_word = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    if !is_word {
        return None;
    }
    let slips = if word.len() > 4 { 2 } else { 1 };
    let mut command = Cli::command();
    command.build(); // adds the command for help
    let names = command.get_subcommands().map(|command| command.get_name().to_owned());
    let distances = names.map(|name| (distance(word, &name), name));
    distances.filter(|(distance, _)| (1..=slips).contains(distance)).min().map(|(_, name)| name)
}

/// How many letters have to be inserted, dropped, replaced or swapped with the next one.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let replaced = rows[i][j] + usize::from(a != b);
            let mut least = replaced.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::similar_command;

    #[test]
    fn slips_are_recognised() {
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
