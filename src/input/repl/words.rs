//! The names of commands, and where they are typed.

use super::closest::closest;

/// A command, for help and completion.
#[derive(Debug)]
pub(super) struct SlashCommand {
    pub(super) name: &'static str,
    pub(super) arguments: &'static str,
    pub(super) summary: &'static str,
}

/// Where commands are typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::input) enum Prompt {
    /// In the line editor.
    Editor,
    /// On a terminal without a line editor.
    Terminal,
    /// They do not come from a prompt.
    None,
}

/// That a command is unknown, which of these was probably meant, and how its line is sent as a text.
pub(super) fn unknown<'c>(
    name: &str,
    commands: impl IntoIterator<Item = &'c SlashCommand>,
) -> String {
    format!("{}, //{name} sends it as text", unknown_command(name, commands))
}

/// That a command is unknown, and which of these was probably meant.
pub(super) fn unknown_command<'c>(
    name: &str,
    commands: impl IntoIterator<Item = &'c SlashCommand>,
) -> String {
    let names: Vec<_> = commands.into_iter().map(|command| command.name).collect();
    let close = closest(name, names.iter().copied()).or_else(|| only_continuation(name, &names));
    let guess = close.map_or_else(String::new, |name| format!("did you mean /{name}? "));
    format!("unknown command /{name}; {guess}/help lists the commands")
}

/// The only name that starts with this word.
fn only_continuation(word: &str, names: &[&'static str]) -> Option<&'static str> {
    let mut longer = names.iter().filter(|name| !word.is_empty() && name.starts_with(word));
    let only = *longer.next()?;
    longer.next().is_none().then_some(only)
}
