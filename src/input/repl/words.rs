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
    /// On a terminal for which there is no line editor.
    Dumb,
    /// On a terminal, with the output elsewhere.
    Redirected,
    /// They do not come from a prompt.
    None,
}

impl Prompt {
    /// Why there is no line editor; `None`: there is one.
    pub(super) fn lacks_editor(self) -> Option<&'static str> {
        match self {
            Self::Editor => None,
            Self::Dumb => Some("the terminal has no cursor control (TERM=dumb or similar)"),
            Self::Redirected => Some("standard output is not a terminal"),
            Self::None => Some("the input is not typed at a prompt"),
        }
    }

    /// Why a command that needs the line editor cannot be carried out, if that is so.
    pub(super) fn lacks_editor_for(self, command: &str) -> Option<String> {
        let reason = self.lacks_editor()?;
        Some(format!("/{command} requires the line editor, which is not in use: {reason}"))
    }
}

/// Whether only the line editor can carry out the command of this name, at a prompt that sends lines.
pub(super) fn needs_editor(name: &str) -> bool {
    ["set", "unset", "send", "save-as", "edit"].contains(&name)
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
