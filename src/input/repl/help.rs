//! `/help`: the keys and commands of a prompt, and one command with an example.

use unicode_width::UnicodeWidthStr;

use super::visible::in_lines;
use super::words::{Prompt, SlashCommand, unknown_command};

mod details;
mod proxy;
mod server;

pub(super) use details::Details;
use details::{DETAILS, GROUPS};
pub(super) use proxy::PROXY_DETAILS;
pub(super) use server::SERVER_DETAILS;

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
    ("Ctrl-C", "clear the line; on an empty line close and exit; twice: at once"),
    ("Ctrl-D", "on an empty line the same as /quit"),
    ("Ctrl-Z", "stop the program; fg continues it"),
];

/// What Enter does where lines are not sent.
const ENTER: (&str, &str) = ("Enter", "run the command");

/// All of them but Enter in few words, for a screen of 24 lines.
const KEYS_IN_SHORT: &str = "Tab completes, Right takes what is suggested. Alt-Enter and \\ Enter start a new line, \
     Ctrl-X Ctrl-E opens an editor. Up, Down and Ctrl-R find earlier lines. Ctrl-A, Ctrl-E, Ctrl-W, Ctrl-U, Ctrl-K, Ctrl-Y \
     and Ctrl-_ edit, Ctrl-L clears the screen, Ctrl-C the line. Ctrl-D exits, Ctrl-Z stops.";

/// What `/help` shows.
pub(super) struct Help<'a> {
    /// The first line.
    pub(super) intro: &'a str,
    /// What Ctrl-D does on a terminal without a line editor.
    pub(super) end_of_input: &'a str,
    pub(super) prompt: Prompt,
    pub(super) commands: Vec<&'a SlashCommand>,
    /// Those that require the line editor, where there is none.
    pub(super) unavailable: Vec<&'a SlashCommand>,
    /// What is said of commands, before what is said of those of their names elsewhere.
    pub(super) details: &'static [Details],
    /// The commands that `/help` without an argument summarises; the others it only names.
    pub(super) frequent: &'static [&'static str],
    /// A line that is not a command is sent as a message.
    pub(super) sends_lines: bool,
    /// Columns of the terminal.
    pub(super) width: usize,
}

impl Help<'_> {
    /// What an argument asks for: nothing, `keys`, `all` or a command.
    ///
    /// # Errors
    /// If it is unknown, in words.
    pub(super) fn about(&self, argument: &str) -> Result<String, String> {
        match argument {
            // Without a prompt there is no screen that has to hold it.
            "" if self.prompt != Prompt::None => Ok(self.overview()),
            "" | "all" => Ok(self.all()),
            "keys" if self.prompt != Prompt::None => Ok(self.keys().trim_end().to_owned()),
            name => self.command(name),
        }
    }

    /// The names of all commands and keys, with the summaries of frequent ones: at 80 columns less than 24 lines.
    fn overview(&self) -> String {
        let mut text = self.wrapped(self.intro, 0) + "\n";
        for (group, commands) in self.groups() {
            let is_wide = self.columns() >= TWO_COLUMNS;
            let (frequent, others): (Vec<_>, Vec<_>) =
                commands.into_iter().partition(|it| is_wide && self.frequent.contains(&it.name));
            text += &format!("{group}\n");
            text.extend(frequent.iter().map(|it| self.row(&usage(it), it.summary)));
            let names: String = others.iter().map(|it| format!(" /{}", it.name)).collect();
            let also = if frequent.is_empty() { "" } else { "also" };
            if !names.is_empty() {
                text += &self.wrapped(&format!("{also}{names}"), 2);
            }
        }
        text += &match self.prompt {
            Prompt::Editor => {
                let enter = if self.sends_lines { "sends" } else { "runs the command" };
                let keys = format!("Enter {enter}, {KEYS_IN_SHORT}");
                format!("Keys\n{}", self.wrapped(&keys, 2))
            }
            Prompt::Dumb | Prompt::Redirected => self.keys(),
            Prompt::None => String::new(),
        };
        let others = match self.prompt {
            Prompt::Editor => "/help keys lists the keys, /help all everything",
            Prompt::Dumb | Prompt::Redirected | Prompt::None => "/help all lists everything",
        };
        let rest = format!("/help COMMAND explains one, {others}");
        text += &format!("\n{}{}", self.wrapped(&rest, 0), self.note());
        text.trim_end().to_owned()
    }

    /// All keys and commands, in groups.
    fn all(&self) -> String {
        let mut text = self.wrapped(self.intro, 0);
        for (group, commands) in self.groups() {
            text += &format!("\n{group}\n");
            text.extend(commands.iter().map(|it| self.row(&usage(it), it.summary)));
        }
        text += &format!("\n{}{}", self.keys(), self.note());
        text.trim_end().to_owned()
    }

    /// Which commands are not listed, and why.
    fn note(&self) -> String {
        let (Some(reason), [_, ..]) = (self.prompt.lacks_editor(), &self.unavailable[..]) else {
            return String::new();
        };
        let names: String = self.unavailable.iter().map(|it| format!("/{} ", it.name)).collect();
        let text = format!("{names}require the line editor, which is not in use: {reason}");
        format!("\n{}", self.wrapped(&text, 0))
    }

    fn keys(&self) -> String {
        let rows = match self.prompt {
            Prompt::Editor => {
                let enter = if self.sends_lines { &KEYS[0] } else { &ENTER };
                let keys = std::iter::once(enter).chain(&KEYS[1..]);
                keys.map(|(keys, effect)| self.row(keys, effect)).collect()
            }
            Prompt::Dumb | Prompt::Redirected => {
                self.row("Ctrl-D", &format!("on an empty line {}", self.end_of_input))
            }
            Prompt::None => return String::new(),
        };
        format!("Keys\n{rows}")
    }

    /// The groups that have commands.
    fn groups(&self) -> impl Iterator<Item = (&'static str, Vec<&SlashCommand>)> {
        let commands = |group: &str| -> Vec<_> {
            self.commands.iter().copied().filter(|it| self.group(it.name) == group).collect()
        };
        let groups = GROUPS.iter().map(move |group| (*group, commands(group)));
        groups.filter(|(_, commands)| !commands.is_empty())
    }

    /// One command, with an example.
    fn command(&self, name: &str) -> Result<String, String> {
        let name = name.trim_start_matches('/');
        let Some(command) = self.commands.iter().find(|it| it.name == name) else {
            if self.unavailable.iter().any(|it| it.name == name)
                && let Some(problem) = self.prompt.lacks_editor_for(name)
            {
                return Err(problem);
            }
            return Err(unknown_command(name, self.commands.iter().copied()));
        };
        let mut text = format!("  {}\n{}", usage(command), self.wrapped(command.summary, INDENT));
        if let Some(Details { text: details, example, .. }) = self.details(name) {
            text += &self.wrapped(details, INDENT);
            text += &format!("\n  for example:\n      {example}");
        }
        Ok(text.trim_end().to_owned())
    }

    fn details(&self, name: &str) -> Option<&'static Details> {
        self.details.iter().chain(DETAILS).find(|it| it.names.contains(&name))
    }

    /// The group that a command is listed in.
    fn group(&self, name: &str) -> &'static str {
        self.details(name).map_or(GROUPS[GROUPS.len() - 1], |details| details.group)
    }

    fn row(&self, left: &str, right: &str) -> String {
        if self.columns() < TWO_COLUMNS {
            return self.wrapped(left, 2) + &self.wrapped(right, INDENT);
        }
        let left = format!("  {left}");
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::repl::set::CommandWords;
    use crate::input::repl::{CONNECTION_COMMANDS, SERVER_COMMANDS, proxy};

    fn help(prompt: Prompt, width: usize) -> [Help<'static>; 3] {
        let help = |intro, words: CommandWords| Help {
            intro,
            end_of_input: "ends the input",
            prompt,
            // The proxy's with those of the prompt itself.
            commands: words.at_start(!words.sends_lines).collect(),
            unavailable: Vec::new(),
            details: words.details,
            frequent: words.frequent,
            sends_lines: words.sends_lines,
            width,
        };
        [
            help(CONNECTION_COMMANDS.intro, CONNECTION_COMMANDS.words),
            help(SERVER_COMMANDS.intro, SERVER_COMMANDS.words),
            help(proxy::INTRO, proxy::WORDS),
        ]
    }

    #[test]
    fn it_fits_the_terminal() {
        for prompt in [Prompt::Editor, Prompt::Dumb, Prompt::None] {
            for (width, least) in [(40, 30), (80, 70), (200, 82)] {
                for help in help(prompt, width) {
                    for text in [help.all(), help.overview()] {
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
    }

    #[test]
    fn the_overview_names_everything_and_fits_one_screen() {
        for (width, most) in [(80, 23), (64, 28), (40, 34)] {
            for help in help(Prompt::Editor, width) {
                let text = help.about("").expect("an overview");
                assert!(text.lines().count() <= most, "{}:\n{text}", text.lines().count());
                let words: Vec<_> = text.split_whitespace().collect();
                for command in &help.commands {
                    let name = format!("/{}", command.name);
                    assert!(words.contains(&name.as_str()), "{name}:\n{text}");
                }
            }
        }
        for (keys, _) in KEYS {
            let names = keys.split(' ').map(|key| key.trim_end_matches(','));
            for key in names.filter(|key| *key != "Enter") {
                assert!(KEYS_IN_SHORT.split([' ', ',', '.']).any(|word| word == key), "{key}");
            }
        }
    }

    #[test]
    fn arguments_choose_a_part() {
        let [help, ..] = help(Prompt::Editor, 80);
        assert_eq!(help.about("all"), Ok(help.all()));
        let [piped, ..] = self::help(Prompt::None, 80);
        assert_eq!(piped.about(""), Ok(piped.all()));
        let keys = help.about("keys").expect("the keys");
        assert!(keys.starts_with("Keys\n  Enter ") && help.all().ends_with(&keys), "{keys}");
        assert!(help.about("/quit").is_ok_and(|text| text.starts_with("  /quit")));
    }

    #[test]
    fn every_command_has_a_group_an_explanation_and_an_example() {
        for help in help(Prompt::Editor, 80) {
            assert_eq!(
                help.all().lines().filter(|line| *line == "Others").count(),
                0,
                "{}",
                help.all()
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
        let text = |prompt| help(prompt, 80)[0].all();
        for key in ["Ctrl-R", "Ctrl-X Ctrl-E", "Alt-Enter", "Tab", "Ctrl-C", "Ctrl-D", "Ctrl-Z"] {
            assert!(text(Prompt::Editor).contains(key), "{key}");
        }
        assert!(!text(Prompt::Dumb).contains("Ctrl-R"));
        assert!(text(Prompt::Dumb).contains("Ctrl-D"));
        assert!(!text(Prompt::None).contains("Ctrl-"));
    }
}
