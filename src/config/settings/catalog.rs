//! The options of the command line, looked up by how they are written.

use std::ffi::OsString;
use std::path::Path;

use clap::{Arg, ArgAction, Command, CommandFactory};

use super::file::Line;
use crate::cli::Cli;

/// What knows the options.
pub(in crate::config) struct Catalog {
    connect: Command,
}

/// An option from elsewhere than the command line.
#[derive(Clone, Debug)]
pub(in crate::config) struct Given {
    /// Clap's name of it; `None` if there is no such option.
    pub(in crate::config) id: Option<String>,
    /// As it is written: `--name` or `-n`.
    pub(in crate::config) option: String,
    /// The long name with its dashes, if it has one.
    pub(super) long: Option<String>,
    /// Its value.
    pub(super) value: Option<String>,
    /// It takes no value, other than one that says whether it is on.
    pub(super) is_flag: bool,
    /// A flag that is to be off.
    pub(super) is_off: bool,
    /// It wants a value and has none.
    pub(super) lacks_value: bool,
    /// The line of the file; `None` for WSCOPE_OPTIONS.
    pub(super) line: Option<Line>,
}

impl Given {
    /// As it would stand on the command line.
    pub(in crate::config) fn args(&self) -> Vec<OsString> {
        match &self.value {
            None => vec![self.option.clone().into()],
            Some(value) if self.option.starts_with("--") => {
                vec![format!("{}={value}", self.option).into()]
            }
            Some(value) => vec![self.option.clone().into(), value.into()],
        }
    }
}

impl Catalog {
    pub(in crate::config) fn new() -> Self {
        let mut connect = Cli::command();
        connect.build();
        Self { connect }
    }

    /// The option that is written so; of several letters behind one dash it is the first.
    pub(super) fn find(&self, option: &str) -> Option<&Arg> {
        if let Some(name) = option.strip_prefix("--") {
            return self.connect.get_arguments().find(|arg| {
                arg.get_long() == Some(name)
                    || arg.get_all_aliases().is_some_and(|aliases| aliases.contains(&name))
            });
        }
        let letter = option.strip_prefix('-')?.chars().next()?;
        self.connect.get_arguments().find(|arg| arg.get_short() == Some(letter))
    }

    /// Whether one of them cannot stand beside the other.
    pub(super) fn exclude(&self, one: &str, other: &str) -> bool {
        let by_id = |id: &str| self.connect.get_arguments().find(|arg| arg.get_id() == id);
        let (Some(one), Some(other)) = (by_id(one), by_id(other)) else { return false };
        let excludes = |one: &Arg, other: &Arg| {
            let found = self.connect.get_arg_conflicts_with(one);
            found.iter().any(|arg| arg.get_id() == other.get_id())
        };
        excludes(one, other) || excludes(other, one)
    }

    /// Whether an option is for this command: a subcommand takes over what is about the display.
    pub(super) fn is_for(&self, id: &str, subcommand: Option<&str>) -> bool {
        let Some(subcommand) = subcommand else { return true };
        let command = self.connect.find_subcommand(subcommand);
        let arg = command.and_then(|command| command.get_arguments().find(|it| it.get_id() == id));
        arg.is_some_and(|arg| arg.get_help_heading() == Some("Display"))
    }

    /// The option of a line. `~/` begins a path in the home directory, as a shell would have it.
    pub(super) fn line(&self, line: &Line, home: Option<&Path>) -> Given {
        let mut given = self.given(&line.option, line.value.clone());
        given.line = Some(line.clone());
        let arg = self.find(&line.option);
        let names_path = arg.and_then(Arg::get_value_names).is_some_and(|names| {
            names.iter().any(|name| name.contains("FILE") || name.contains("PATH"))
        });
        if let (Some(value), Some(home)) = (&mut given.value, home) {
            let home = home.to_string_lossy();
            match (value.strip_prefix("~/"), value.strip_prefix("@~/")) {
                (Some(rest), _) if names_path => *value = format!("{home}/{rest}"),
                (_, Some(rest)) => *value = format!("@{home}/{rest}"),
                _ => {}
            }
        }
        given
    }

    /// The options of a list of words.
    ///
    /// # Errors
    /// With the word that is none.
    pub(in crate::config) fn words(&self, words: Vec<String>) -> Result<Vec<Given>, String> {
        let mut all = Vec::new();
        let mut words = words.into_iter().peekable();
        while let Some(word) = words.next() {
            if !word.starts_with('-') || word == "-" || word == "--" {
                return Err(format!(
                    "'{word}' is not an option; a URL belongs on the command line"
                ));
            }
            if let Some((option, value)) = word.split_once('=').filter(|_| word.starts_with("--")) {
                all.push(self.given(option, Some(value.to_owned())));
            } else if word.starts_with("--") {
                let takes_value = match self.find(&word) {
                    Some(arg) if wants_next_word(arg) => true,
                    Some(arg) if !takes_next_word(arg) => false,
                    // Of an option unknown: the complaint is to be about it, not about its value.
                    _ => words.peek().is_some_and(|next| !next.starts_with('-')),
                };
                let value = if takes_value { words.next() } else { None };
                all.push(self.given(&word, value));
            } else {
                self.cluster(&word, &mut words, &mut all);
            }
        }
        Ok(all)
    }

    /// Letters behind one dash; one that takes a value ends them.
    fn cluster(&self, word: &str, words: &mut impl Iterator<Item = String>, all: &mut Vec<Given>) {
        for (at, letter) in word.char_indices().skip(1) {
            let option = format!("-{letter}");
            if !self.find(&option).is_some_and(wants_next_word) {
                all.push(self.given(&option, None));
                continue;
            }
            let rest = &word[at + letter.len_utf8()..];
            let value = if rest.is_empty() { words.next() } else { Some(rest.to_owned()) };
            all.push(self.given(&option, value));
            return;
        }
    }

    fn given(&self, option: &str, value: Option<String>) -> Given {
        let arg = self.find(option);
        let is_without_value = value.is_none();
        let is_flag = arg.is_some_and(|arg| !arg.get_action().takes_values());
        let (is_on, is_off) = match value.as_deref().filter(|_| is_flag) {
            Some("true" | "yes" | "on") => (true, false),
            Some("false" | "no" | "off") => (false, true),
            _ => (false, false),
        };
        Given {
            id: arg.map(|arg| arg.get_id().to_string()),
            option: option.to_owned(),
            long: arg.and_then(Arg::get_long).map(|long| format!("--{long}")),
            value: value.filter(|_| !is_on && !is_off),
            is_flag,
            is_off,
            lacks_value: is_without_value && arg.is_some_and(wants_next_word),
            line: None,
        }
    }
}

/// Whether a value may stand in the next word.
fn takes_next_word(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set | ArgAction::Append) && !arg.is_require_equals_set()
}

/// Whether it has to.
fn wants_next_word(arg: &Arg) -> bool {
    takes_next_word(arg) && arg.get_num_args().is_none_or(|count| count.min_values() > 0)
}
