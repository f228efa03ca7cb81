//! Sets of slash commands: parsing of typed lines, help and completion.

use std::fmt;
use std::path::PathBuf;

use super::context::PromptContext;
use super::help::Help;
use super::names::PromptNames;
use super::words::{Prompt, SlashCommand, unknown};
use crate::input::file::{FileKind, Loaded, load, load_payload};
use crate::input::{Action, Show};
use crate::platform::files::expand_home;
use crate::platform::terminal;
use crate::protocol::CloseCode;
use crate::protocol::close::ClosePayload;

/// Parses the command with a name and an argument. The error is the reason, as text.
type Execute<T> = fn(&str, &str, Option<&PromptContext>) -> Result<Parsed<T>, String>;

/// Carries out a command of the prompt itself; `None`: there is none with this name.
type ExecuteLocal = fn(&str, &str, &PromptContext) -> Option<Result<Parsed<Action>, String>>;

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
    /// Carries out the command with this name if it is one of the prompt itself.
    pub(super) execute_local: ExecuteLocal,
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
    /// Those that the prompt itself carries out.
    pub(super) local: &'static [SlashCommand],
    /// The others at the start of a line.
    pub(super) all: &'static [SlashCommand],
    /// After `/to N`; empty where there is no such command.
    pub(super) addressed: &'static [SlashCommand],
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
            let text = match argument.trim() {
                "" => help.text(),
                name => help.command(name)?,
            };
            return Ok(Parsed::Ready(Action::Show(Show::Text(text)).into()));
        }
        if self.commands(true).all(|command| command.name != name) {
            return Err(unknown(name, self.commands(context.is_some())));
        }
        match context.and_then(|context| (self.execute_local)(name, argument, context)) {
            Some(parsed) => parsed.map(Parsed::into_line),
            None => (self.execute)(name, argument, context),
        }
    }

    /// The commands that can be typed where there are those of the prompt itself, or not.
    fn commands(&self, has_context: bool) -> impl Iterator<Item = &'static SlashCommand> {
        let local: &'static [SlashCommand] = if has_context { self.words.local } else { &[] };
        self.words.all.iter().chain(local)
    }

    /// What `/help` shows at `prompt`.
    fn help(&self, prompt: Prompt, has_context: bool) -> Help<'_> {
        Help {
            intro: self.intro,
            end_of_input: self.end_of_input,
            prompt,
            commands: self.commands(has_context).collect(),
            width: terminal::width(),
        }
    }
}

/// The result of parsing a line.
#[derive(Debug)]
pub enum Parsed<T> {
    /// This.
    Ready(T),
    /// What shows `text`, which may be longer than the screen.
    Long {
        /// The lines that are shown.
        text: String,
        /// What shows them between the others.
        line: T,
    },
    /// What is made of a file, which is still to be loaded.
    File(FileRequest<T>),
}

impl<T: 'static> Parsed<T> {
    /// What `finish` makes of it.
    pub(super) fn map<U>(self, finish: impl FnOnce(T) -> U + Send + 'static) -> Parsed<U> {
        match self {
            Self::Ready(line) => Parsed::Ready(finish(line)),
            Self::Long { text, line } => Parsed::Long { text, line: finish(line) },
            Self::File(FileRequest { path, kind, is_held, finish: inner }) => {
                let finish = Box::new(move |action| finish(inner(action)));
                Parsed::File(FileRequest { path, kind, is_held, finish })
            }
        }
    }
}

impl Parsed<Action> {
    /// A command that the prompt has carried out, as a line of it.
    fn into_line<T: From<Action> + 'static>(self) -> Parsed<T> {
        self.for_server(T::from)
    }

    /// What `finish` makes of the action, at a prompt of a server: a file is kept in memory as a whole,
    /// since several clients share it.
    pub(super) fn for_server<T: 'static>(
        self,
        finish: impl Fn(Action) -> T + Send + 'static,
    ) -> Parsed<T> {
        match self {
            Self::Ready(action) => Parsed::Ready(finish(action)),
            Self::Long { text, line } => Parsed::Long { text, line: finish(line) },
            Self::File(file) => Parsed::File(FileRequest {
                path: file.path,
                kind: file.kind,
                is_held: true,
                finish: Box::new(finish),
            }),
        }
    }
}

/// A file that a command names.
pub struct FileRequest<T> {
    path: PathBuf,
    kind: FileKind,
    /// It is loaded even if it is large.
    is_held: bool,
    /// What is made of the action that sends it.
    finish: Box<dyn FnOnce(Action) -> T + Send>,
}

impl FileRequest<Action> {
    pub(super) fn new(path: &str, kind: FileKind) -> Self {
        Self {
            path: expand_home(unquote(path)),
            kind,
            is_held: false,
            finish: Box::new(|action| action),
        }
    }
}

impl<T> FileRequest<T> {
    /// Loads the file; blocks until that is done.
    ///
    /// # Errors
    /// Why it cannot be sent, as text.
    pub(super) fn load(self) -> Result<T, String> {
        let Self { path, kind, is_held, finish } = self;
        let name = path.display().to_string();
        let loaded = match is_held {
            true => load_payload(&path, kind).map(|(kind, data)| Loaded::Payload(kind, data)),
            false => load(&path, kind),
        };
        match loaded {
            Ok(loaded) => Ok(finish(Action::file(loaded, path, name))),
            Err(error) => Err(format!("{name}: {error}")),
        }
    }
}

impl<T> fmt::Debug for FileRequest<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FileRequest").field(&self.path).field(&self.kind).finish()
    }
}

/// The first word, and the rest after the space.
pub(super) fn split(text: &str) -> (&str, &str) {
    text.split_once(char::is_whitespace).unwrap_or((text, ""))
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
    let reason = unquote(reason.trim());
    ClosePayload::to_send(Some(code), reason).map_err(|error| error.to_string())?;
    Ok((code, reason.to_owned()))
}

fn unquote(text: &str) -> &str {
    let inner = |quote| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}
