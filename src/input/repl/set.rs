//! Sets of slash commands: what a typed line means, and what help and completion know.

use std::path::PathBuf;
use std::sync::Arc;

use data_encoding::BASE64;
use mio::Waker;

use crate::input::decode_hex;
use crate::input::file::{FileKind, FileMessage, LoadError, Loaded, load, load_payload};
use crate::platform::files::Background;
use crate::platform::signals::Signal;
use crate::protocol::close::ClosePayload;
use crate::protocol::{CloseCode, MessageKind};

/// A command, for help and completion.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) name: &'static str,
    pub(super) arguments: &'static str,
    pub(super) summary: &'static str,
}

/// Of `/frame`, wherever it is.
pub(super) const FRAME_SUMMARY: &str = "send any frame, as in /frame text nofin rsv1 hi";

/// Where commands are typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::input) enum Prompt {
    /// In the line editor.
    Editor,
    /// On a terminal without a line editor.
    Terminal,
    /// They come from elsewhere.
    None,
}

/// Where the second column of help begins.
const SUMMARY_COLUMN: usize = 33;

/// The commands of one kind of session, and what they become.
#[derive(Debug)]
pub struct CommandSet<T: 'static> {
    pub(super) commands: &'static [Command],
    /// What help says first.
    pub(super) intro: &'static str,
    /// What Ctrl-D does on a terminal without a line editor.
    pub(super) end_of_input: &'static str,
    /// What a command with this name and argument asks for.
    pub(super) execute: fn(&str, &str) -> Result<Parsed<T>, String>,
    /// What a line that is no command asks for.
    pub(super) text: fn(&str) -> T,
    /// What the contents of a file that a command names become.
    pub(super) payload: fn(MessageKind, Vec<u8>) -> T,
    /// What a large one becomes; `None`: it has to be held in memory as well.
    pub(super) large: Option<fn(FileMessage) -> T>,
    /// A command that shows these lines.
    pub(super) show: fn(String) -> T,
    /// A command that explains why it does nothing else.
    pub(in crate::input) problem: fn(String) -> T,
    /// The end, as at this signal: Ctrl-C was pressed, or the terminal was closed.
    pub(in crate::input) leave: fn(Signal) -> T,
}

impl<T> CommandSet<T> {
    /// What a line asks for that was typed at `prompt`; `None` if nothing.
    pub(in crate::input) fn parse(&self, line: &str, prompt: Prompt) -> Option<Parsed<T>> {
        let line = line.trim_end_matches(['\n', '\r']);
        let text = |text| Parsed::Ready((self.text)(text));
        let Some(command) = line.strip_prefix('/') else {
            return (!line.is_empty()).then(|| text(line));
        };
        if command.starts_with('/') {
            return Some(text(command));
        }
        let problem = |problem| Parsed::Ready((self.problem)(problem));
        Some(self.command(command, prompt).unwrap_or_else(problem))
    }

    /// What a command asks for, without the slash before its name.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(in crate::input) fn command(
        &self,
        command: &str,
        prompt: Prompt,
    ) -> Result<Parsed<T>, String> {
        match split(command) {
            ("help", _) => Ok(Parsed::Ready((self.show)(self.help(prompt)))),
            (name, argument) => (self.execute)(name, argument),
        }
    }

    /// What can be typed at `prompt`, in two columns.
    fn help(&self, prompt: Prompt) -> String {
        let mut text = format!("  {}\n", self.intro);
        text += &match prompt {
            Prompt::Editor => {
                "  Ctrl-R searches the history; Ctrl-D on an empty line does the same as /quit\n"
                    .to_owned()
            }
            Prompt::Terminal => format!("  Ctrl-D on an empty line {}\n", self.end_of_input),
            Prompt::None => String::new(),
        };
        for Command { name, arguments, summary } in self.commands {
            let usage = format!("  /{name} {arguments}");
            text += &match usage.chars().count() < SUMMARY_COLUMN {
                true => format!("{usage:<SUMMARY_COLUMN$}{summary}\n"),
                false => format!("{usage}\n{:SUMMARY_COLUMN$}{summary}\n", ""),
            };
        }
        text.trim_end().to_owned()
    }

    /// Loads the file that a command has named, and blocks as long as it does.
    ///
    /// # Errors
    /// Why it cannot be sent, in words.
    pub(super) fn load(&self, file: FileRequest) -> Result<T, String> {
        let FileRequest { path, kind } = file;
        let name = path.display().to_string();
        let become_message = || match self.large {
            None => load_payload(&path, kind).map(|(kind, data)| (self.payload)(kind, data)),
            Some(large) => Ok(match load(&path, kind)? {
                Loaded::Payload(kind, data) => (self.payload)(kind, data),
                Loaded::Large(kind) => {
                    large(FileMessage { path: path.clone(), kind, name: name.clone() })
                }
            }),
        };
        become_message().map_err(|error: LoadError| format!("{name}: {error}"))
    }
}

/// What a line asks for.
#[derive(Debug)]
pub enum Parsed<T> {
    /// This.
    Ready(T),
    /// What becomes of a file, which is still to be loaded.
    File(FileRequest),
}

/// A file that a command names.
#[derive(Debug)]
pub struct FileRequest {
    path: PathBuf,
    kind: FileKind,
}

impl FileRequest {
    pub(super) fn new(path: &str, kind: FileKind) -> Self {
        Self { path: PathBuf::from(path), kind }
    }
}

/// A file that is being loaded by a thread.
#[derive(Debug)]
pub(in crate::input) struct Loading<T> {
    thread: Background<Result<T, String>>,
}

impl<T: Send + 'static> Loading<T> {
    /// Starts it; `waker` announces its end.
    ///
    /// # Errors
    /// When the system refuses a thread, in words.
    pub(in crate::input) fn start(
        commands: &'static CommandSet<T>,
        file: FileRequest,
        waker: &Arc<Waker>,
    ) -> Result<Self, String> {
        let thread = Background::start(Some(Arc::clone(waker)), || commands.load(file));
        thread.map(|thread| Self { thread }).map_err(|error| error.to_string())
    }

    /// What the file becomes, once it is there.
    pub(in crate::input) fn poll(&self) -> Option<Result<T, String>> {
        self.thread.poll().unwrap_or_else(|error| Some(Err(error.to_string())))
    }
}

/// The first word, and what follows the blank after it.
pub(super) fn split(text: &str) -> (&str, &str) {
    text.split_once(char::is_whitespace).unwrap_or((text, ""))
}

pub(super) fn unknown(name: &str) -> String {
    format!("unknown command /{name}; /help lists the commands, //{name} sends it as text")
}

/// The bytes that the argument of `/binary` has, or the file that it names.
pub(super) enum BinaryArgument<'a> {
    Given(Vec<u8>),
    In(&'a str),
}

/// The argument of `/binary`.
pub(super) fn bytes(argument: &str) -> Result<BinaryArgument<'_>, String> {
    if argument.is_empty() {
        return Err(
            "/binary wants bytes: /binary 00ff, /binary base64:AP8= or /binary @FILE".to_owned()
        );
    }
    if let Some(path) = argument.strip_prefix('@') {
        return Ok(BinaryArgument::In(path));
    }
    let bytes = match argument.strip_prefix("base64:") {
        Some(data) => {
            BASE64.decode(data.as_bytes()).map_err(|error| format!("not base64: {error}"))
        }
        None => decode_hex(argument),
    };
    bytes.map(BinaryArgument::Given)
}

/// The argument of `/file`.
pub(super) fn file(path: &str) -> Result<FileRequest, String> {
    match path {
        "" => Err("/file wants the path of a file".to_owned()),
        path => Ok(FileRequest::new(path, FileKind::Detected)),
    }
}

/// `CODE [REASON]`, as `/close` and `/kick` take it after `usage`.
pub(super) fn code_and_reason(argument: &str, usage: &str) -> Result<(CloseCode, String), String> {
    let (code, reason) = split(argument);
    let code = code.strip_suffix(',').unwrap_or(code); // as wscat's help writes it
    let code: CloseCode = code.parse().map_err(|_| {
        format!(
            "{code:?} is not a close code: {usage} [CODE [REASON]], for example {usage} 1000 \"all done\""
        )
    })?;
    let reason = unquote(reason.trim());
    ClosePayload::to_send(Some(code), reason).map_err(|misuse| misuse.to_string())?;
    Ok((code, reason.to_owned()))
}

fn unquote(text: &str) -> &str {
    let inner = |quote| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::repl::{CONNECTION_COMMANDS, SERVER_COMMANDS};

    #[test]
    fn help_fits_into_80_columns() {
        for prompt in [Prompt::Editor, Prompt::Terminal, Prompt::None] {
            let texts = [CONNECTION_COMMANDS.help(prompt), SERVER_COMMANDS.help(prompt)];
            for text in texts {
                let long: Vec<_> = text.lines().filter(|line| line.chars().count() > 80).collect();
                assert_eq!(long, [""; 0], "{prompt:?}");
                assert!(text.contains("\n  /quit                          close "), "{text}");
                let long = "\n  /frame OPCODE [OPTION…] [PAYLOAD]\n                                 send any";
                assert!(text.contains(long), "{text}");
            }
        }
    }

    #[test]
    fn help_names_the_keys_of_its_prompt() {
        let help = |prompt| CONNECTION_COMMANDS.help(prompt);
        assert!(help(Prompt::Editor).contains("Ctrl-R"));
        assert!(!help(Prompt::Terminal).contains("Ctrl-R"));
        assert!(help(Prompt::Terminal).contains("--wait"));
        assert!(!help(Prompt::None).contains("Ctrl-"));
    }
}
