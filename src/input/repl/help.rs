//! `/help`: the keys and commands of a prompt, and one command with an example.

use unicode_width::UnicodeWidthStr;

use super::visible::in_lines;
use super::words::{Prompt, SlashCommand};

mod details;

use details::{DETAILS, Details, GROUPS};

/// The narrowest and the widest text, in columns.
const WIDTHS: (usize, usize) = (30, 100);

/// From this width on usage and summary stand side by side.
const TWO_COLUMNS: usize = 64;

/// The column at which the second of them begins.
const SUMMARY_COLUMN: usize = 33;

/// The same where there is one column.
const INDENT: usize = 6;

/// The keys of the line editor.
const KEYS: [(&str, &str); 14] = [
    ("Enter", "send the line; JSON that is broken only when it is pressed twice"),
    ("Alt-Enter, \\ Enter", "start a new line of the same message"),
    ("Ctrl-X Ctrl-E", "edit the line in VISUAL or EDITOR"),
    ("Tab", "complete commands, names, files and JSON; twice: list what fits"),
    ("Right", "at the end of the line: take what is shown behind it"),
    ("Up, Down", "earlier lines, or the lines of a message"),
    ("Ctrl-R", "search the history; again: further back"),
    ("Ctrl-A, Ctrl-E", "to the start, to the end"),
    ("Ctrl-W, Ctrl-U, Ctrl-K", "delete the word, all before the cursor, all behind it"),
    ("Ctrl-Y, Ctrl-_", "insert what was deleted, undo"),
    ("Ctrl-L", "clear the screen"),
    ("Ctrl-C", "clear the line; on an empty one close and exit, again at once"),
    ("Ctrl-D", "on an empty line the same as /quit"),
    ("Ctrl-Z", "stop the program; fg continues it"),
];

/// What `/help` shows.
pub(super) struct Help<'a> {
    /// The first line.
    pub(super) intro: &'a str,
    /// What Ctrl-D does on a terminal without a line editor.
    pub(super) end_of_input: &'a str,
    pub(super) prompt: Prompt,
    pub(super) commands: Vec<&'a SlashCommand>,
    /// Columns of the terminal.
    pub(super) width: usize,
}

impl Help<'_> {
    /// All keys and commands, in groups.
    pub(super) fn text(&self) -> String {
        let mut text = self.wrapped(self.intro, 0);
        for group in GROUPS {
            let commands = self.commands.iter().filter(|it| self::group(it.name) == *group);
            let rows: Vec<_> = commands.map(|it| (usage(it), it.summary)).collect();
            if !rows.is_empty() {
                text += &format!("\n{group}\n");
                text.extend(rows.iter().map(|(usage, summary)| self.row(usage, summary)));
            }
        }
        match self.prompt {
            Prompt::Editor => {
                text += "\nKeys\n";
                text.extend(KEYS.iter().map(|(keys, effect)| self.row(keys, effect)));
            }
            Prompt::Terminal => {
                text += &format!(
                    "\nKeys\n{}",
                    self.row("Ctrl-D", &format!("on an empty line {}", self.end_of_input))
                );
            }
            Prompt::None => {}
        }
        text.trim_end().to_owned()
    }

    /// One command, with an example.
    ///
    /// # Errors
    /// If it is unknown, in words.
    pub(super) fn command(&self, name: &str) -> Result<String, String> {
        let name = name.trim_start_matches('/');
        let Some(command) = self.commands.iter().find(|it| it.name == name) else {
            return Err(super::words::unknown(name, self.commands.iter().copied()));
        };
        let mut text = format!("  {}\n{}", usage(command), self.wrapped(command.summary, INDENT));
        if let Some(Details { text: details, example, .. }) = details(name) {
            text += &self.wrapped(details, INDENT);
            text += &format!("\n  for example:\n      {example}");
        }
        Ok(text.trim_end().to_owned())
    }

    fn row(&self, left: &str, right: &str) -> String {
        let left = format!("  {left}");
        if self.columns() < TWO_COLUMNS {
            return format!("{left}\n{}", self.wrapped(right, INDENT));
        }
        let right = self.wrapped(right, SUMMARY_COLUMN);
        match left.width() < SUMMARY_COLUMN {
            true => format!("{left:<SUMMARY_COLUMN$}{}", right.trim_start()),
            false => format!("{left}\n{right}"),
        }
    }

    /// A text in lines that fit, indented.
    fn wrapped(&self, text: &str, indent: usize) -> String {
        in_lines(text, indent, self.columns())
    }

    fn columns(&self) -> usize {
        self.width.clamp(WIDTHS.0, WIDTHS.1)
    }
}

fn usage(command: &SlashCommand) -> String {
    format!("/{} {}", command.name, command.arguments).trim_end().to_owned()
}

fn details(name: &str) -> Option<&'static Details> {
    DETAILS.iter().find(|it| it.names.contains(&name))
}

/// The group that a command is listed in.
fn group(name: &str) -> &'static str {
    details(name).map_or(GROUPS[GROUPS.len() - 1], |details| details.group)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::repl::{CONNECTION_COMMANDS, SERVER_COMMANDS};

    fn help(prompt: Prompt, width: usize) -> [Help<'static>; 2] {
        let help = |intro, commands: &'static [SlashCommand]| Help {
            intro,
            end_of_input: "ends the input",
            prompt,
            commands: commands.iter().collect(),
            width,
        };
        [
            help(CONNECTION_COMMANDS.intro, CONNECTION_COMMANDS.words.all),
            help(SERVER_COMMANDS.intro, SERVER_COMMANDS.words.all),
        ]
    }

    #[test]
    fn it_fits_the_terminal() {
        for prompt in [Prompt::Editor, Prompt::Terminal, Prompt::None] {
            for (width, least) in [(40, 30), (80, 70), (200, 82)] {
                for help in help(prompt, width) {
                    let text = help.text();
                    let widest = text.lines().map(UnicodeWidthStr::width).max().unwrap_or(0);
                    assert!(widest <= width.min(100), "{text}");
                    assert!(
                        widest >= least || prompt != Prompt::Editor,
                        "{width}: {widest}\n{text}"
                    );
                }
            }
        }
    }

    #[test]
    fn every_command_has_a_group_an_explanation_and_an_example() {
        for help in help(Prompt::Editor, 80) {
            assert_eq!(
                help.text().lines().filter(|line| *line == "Others").count(),
                0,
                "{}",
                help.text()
            );
            for command in &help.commands {
                let text = help.command(command.name).expect("known");
                assert!(text.starts_with(&format!("  /{}", command.name)), "{text}");
                assert!(text.contains(&format!("for example:\n      /{}", command.name)), "{text}");
                assert!(text.lines().all(|line| line.width() <= 80), "{text}");
                assert_eq!(help.command(&format!("/{}", command.name)), Ok(text));
            }
            assert!(help.command("clsoe").is_err_and(|text| text.contains("did you mean /close?")));
        }
    }

    #[test]
    fn the_keys_are_those_of_the_prompt() {
        let text = |prompt| help(prompt, 80)[0].text();
        for key in ["Ctrl-R", "Ctrl-X Ctrl-E", "Alt-Enter", "Tab", "Ctrl-C", "Ctrl-D", "Ctrl-Z"] {
            assert!(text(Prompt::Editor).contains(key), "{key}");
        }
        assert!(!text(Prompt::Terminal).contains("Ctrl-R"));
        assert!(text(Prompt::Terminal).contains("Ctrl-D"));
        assert!(!text(Prompt::None).contains("Ctrl-"));
    }
}
