//! Completion, hints and colours while a line is typed.

use std::borrow::Cow;
use std::cell::Cell;

use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::{Context, Helper, Validator};

use super::set::Command;

/// Knows the commands.
#[derive(Helper, Validator)]
pub(super) struct Assistant {
    commands: &'static [Command],
    files: FilenameCompleter,
    /// Whether nothing is typed on the prompt line.
    is_blank: Cell<bool>,
}

impl Assistant {
    /// One that knows these commands.
    pub(super) fn new(commands: &'static [Command]) -> Self {
        Self { commands, files: FilenameCompleter::new(), is_blank: Cell::new(true) }
    }

    /// Whether nothing was typed on the prompt line when it was drawn last.
    pub(super) fn is_blank(&self) -> bool {
        self.is_blank.get()
    }
}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let typed = &line[..pos];
        if let Some(path) = typed.strip_prefix("/file ").or_else(|| typed.strip_prefix("/binary @"))
        {
            let (start, pairs) = self.files.complete_path(path, path.len())?;
            return Ok((pos - path.len() + start, pairs));
        }
        if !typed.starts_with('/') || typed.contains(' ') {
            return Ok((pos, Vec::new()));
        }
        let fitting = self.commands.iter().filter(|command| command.name.starts_with(&typed[1..]));
        let pairs = fitting.map(|command| {
            let space = if command.arguments.is_empty() { "" } else { " " };
            Pair {
                display: format!("/{}", command.name),
                replacement: format!("/{}{space}", command.name),
            }
        });
        Ok((0, pairs.collect()))
    }
}

impl Hinter for Assistant {
    type Hint = String;

    fn hint(&self, line: &str, pos: usize, _: &Context<'_>) -> Option<String> {
        self.is_blank.set(line.is_empty());
        let name = line.strip_prefix('/').filter(|name| !name.is_empty() && pos == line.len())?;
        let (name, has_arguments) = match name.split_once(' ') {
            Some((name, "")) => (name, true),
            Some(_) => return None,
            None => (name, false),
        };
        if let Some(command) = self.commands.iter().find(|command| command.name == name) {
            let arguments = command.arguments;
            return (!arguments.is_empty()).then(|| {
                if has_arguments { arguments.to_owned() } else { format!(" {arguments}") }
            });
        }
        let mut fitting =
            self.commands.iter().filter(|command| command.name.starts_with(name) && !has_arguments);
        let only = fitting.next()?;
        fitting.next().is_none().then(|| {
            format!("{} {}", &only.name[name.len()..], only.arguments).trim_end().to_owned()
        })
    }
}

impl Highlighter for Assistant {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(format!("\x1b[2m{hint}\x1b[0m"))
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        Cow::Owned(format!("\x1b[32m{prompt}\x1b[0m"))
    }
}
