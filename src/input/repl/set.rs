//! Sets of slash commands: parsing of typed lines, help and completion.

use super::context::PromptContext;
use super::help::{Details, Help};
use super::local::{self, LOCAL_COMMANDS};
use super::names::PromptNames;
use super::parsed::{LongText, Parsed, split, unquote};
use super::words::{Prompt, SlashCommand, needs_editor, unknown, unknown_command};
use crate::input::{Action, Show};
use crate::platform::terminal;
use crate::protocol::CloseCode;
use crate::protocol::close::ClosePayload;

/// Parses the command with a name and an argument. The error is the reason, as text.
type Execute<T> = fn(&str, &str, Option<&PromptContext>) -> Result<Parsed<T>, String>;

/// The commands of one kind of prompt.
#[derive(Debug)]
pub struct CommandSet<T: 'static> {
    pub(super) words: CommandWords,
    /// The first line of help.
    pub(super) intro: &'static str,
    /// What Ctrl-D does on a terminal without a line editor.
    pub(super) end_of_input: &'static str,
    /// Parses the command with this name and argument, where there is no such command of the prompt itself.
    pub(super) execute: Execute<T>,
    /// Whether a line ends the session.
    pub(super) ends: fn(&T) -> bool,
    /// What becomes of a line at a prompt that has several connections.
    pub(super) address: fn(Parsed<T>, &PromptNames) -> Parsed<T>,
    /// What Enter on the empty line does, if anything.
    pub(super) enter: fn(&PromptNames) -> Option<T>,
    /// What Ctrl-C does in place of ending the session, if anything.
    pub(super) cancel: fn(&PromptNames) -> Option<T>,
}

/// The commands in help and completion.
#[derive(Clone, Copy, Debug)]
pub(super) struct CommandWords {
    /// Those at the start of a line, beside those that every prompt carries out itself.
    pub(super) all: &'static [SlashCommand],
    /// After `/to N`; empty where there is no such command.
    pub(super) addressed: &'static [SlashCommand],
    /// A line that is not a command is sent as a message.
    pub(super) sends_lines: bool,
    /// What help says of commands, before what it says of those of their names elsewhere.
    pub(super) details: &'static [Details],
    /// Those that `/help` without an argument summarises; the others it only names.
    pub(super) frequent: &'static [&'static str],
}

/// Those at a prompt that sends lines.
const FREQUENT: &[&str] = &["to", "file", "ping", "again", "clients", "full", "filter", "quit"];

impl CommandWords {
    /// Those of a prompt that sends lines as messages.
    pub(super) const fn sending(
        all: &'static [SlashCommand],
        addressed: &'static [SlashCommand],
    ) -> Self {
        Self { all, addressed, sends_lines: true, details: &[], frequent: FREQUENT }
    }

    /// Those at the start of a line, with those of the prompt itself where it has a context.
    pub(super) fn at_start(self, has_context: bool) -> impl Iterator<Item = &'static SlashCommand> {
        let local: &'static [SlashCommand] = if has_context { &LOCAL_COMMANDS } else { &[] };
        let can_send = self.sends_lines;
        self.all.iter().chain(local.iter().filter(move |it| can_send || !local::sends(it)))
    }
}

/// A line, classified by its first characters. Two slashes at its start are sent as one.
pub(super) enum LineKind<'a> {
    Text(&'a str),
    /// Without its slash.
    Command(&'a str),
}

impl<'a> LineKind<'a> {
    pub(super) fn of(line: &'a str) -> Self {
        match line.strip_prefix('/') {
            None => Self::Text(line),
            Some(text) if text.starts_with('/') => Self::Text(text),
            Some(command) => Self::Command(command),
        }
    }
}

impl<T> CommandSet<T> {
    /// Whether this line ends the session.
    pub(in crate::input) fn is_end(&self, line: &Parsed<T>) -> bool {
        matches!(line, Parsed::Ready(line) | Parsed::Long { line, .. } if (self.ends)(line))
    }
}

impl<T: From<Action>> CommandSet<T> {
    /// Parses a line that was typed at `prompt`; `None` for an empty one.
    pub(in crate::input) fn parse(
        &self,
        line: &str,
        prompt: Prompt,
        context: Option<&PromptContext>,
    ) -> Option<Parsed<T>> {
        let line = line.trim_end_matches(['\n', '\r']);
        let ready = |action: Action| Parsed::Ready(action.into());
        (!line.is_empty()).then(|| match LineKind::of(line) {
            LineKind::Text(text) => ready(Action::text(text)),
            LineKind::Command(command) => {
                let parsed = self.command(command, prompt, context);
                parsed.unwrap_or_else(|problem| ready(Action::problem(problem)))
            }
        })
    }

    /// Parses a command without the slash before its name.
    ///
    /// # Errors
    /// The reason, as text.
    pub(in crate::input) fn command(
        &self,
        command: &str,
        prompt: Prompt,
        context: Option<&PromptContext>,
    ) -> Result<Parsed<T>, String> {
        let (name, argument) = split(command);
        if name == "help" {
            let help = self.help(prompt, context.is_some());
            let text = help.about(argument.trim())?;
            let line = Action::Show(Show::Text(text.clone())).into();
            return Ok(Parsed::Long { text: LongText::new(move || text + "\n"), line });
        }
        let commands = || self.words.at_start(context.is_some());
        if commands().all(|command| command.name != name) {
            return Err(match self.words.sends_lines {
                true => unknown(name, commands()),
                false => unknown_command(name, commands()),
            });
        }
        if self.words.sends_lines
            && needs_editor(name)
            && let Some(problem) = prompt.lacks_editor_for(name)
        {
            return Err(problem);
        }
        match context.and_then(|context| local::execute(name, argument, context)) {
            Some(parsed) => parsed.map(|parsed| parsed.map(T::from)),
            None => (self.execute)(name, argument, context),
        }
    }

    /// What `/help` shows at `prompt`.
    fn help(&self, prompt: Prompt, has_context: bool) -> Help<'_> {
        let is_unavailable = |command: &&SlashCommand| {
            self.words.sends_lines && needs_editor(command.name) && prompt != Prompt::Editor
        };
        let (unavailable, commands) =
            self.words.at_start(has_context).partition(|it| is_unavailable(it));
        Help {
            intro: self.intro,
            end_of_input: self.end_of_input,
            prompt,
            commands,
            unavailable,
            details: self.words.details,
            frequent: self.words.frequent,
            sends_lines: self.words.sends_lines,
            width: terminal::width(),
        }
    }
}

/// The reason of a Close frame as it is typed: quotes around it are not part of it.
///
/// # Errors
/// That a quote is not closed.
pub(crate) fn close_reason(typed: &str) -> Result<&str, String> {
    let reason = typed.trim();
    // A single ' is an apostrophe.
    if reason.starts_with('"') && reason.matches('"').count() == 1 {
        return Err(format!("the quote \" before the reason is not closed: {reason}"));
    }
    Ok(unquote(reason))
}

/// `CODE [REASON]`, as in `/close` and `/kick` after `usage`.
pub(super) fn code_and_reason(argument: &str, usage: &str) -> Result<(CloseCode, String), String> {
    let (code, reason) = split(argument);
    let code = code.strip_suffix(',').unwrap_or(code); // as wscat's help writes it
    let code: CloseCode = code.parse().map_err(|_| {
        format!(
            "{code:?} is not a close code: {usage} [CODE [REASON]], for example {usage} 1000 \"all done\""
        )
    })?;
    let reason = close_reason(reason)?;
    ClosePayload::to_send(Some(code), reason).map_err(|error| error.to_string())?;
    Ok((code, reason.to_owned()))
}
