//! Sets of slash commands: what a typed line means, and what help and completion know.

use std::fs;

use data_encoding::BASE64;

use crate::input::decode_hex;
use crate::protocol::CloseCode;

/// A command, for help and completion.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) name: &'static str,
    pub(super) arguments: &'static str,
    pub(super) summary: &'static str,
}

/// Of `/frame`, wherever it is.
pub(super) const FRAME_SUMMARY: &str =
    "send any frame, such as: text nofin rsv1 nomask length=9 hi";

/// The commands of one kind of session, and what they become.
#[derive(Debug)]
pub struct CommandSet<T: 'static> {
    pub(super) commands: &'static [Command],
    /// What a command with this name and argument asks for.
    pub(super) execute: fn(&str, &str) -> Result<T, String>,
    /// What a line that is no command asks for.
    pub(super) text: fn(&str) -> T,
    /// A command that explains why it does nothing else.
    pub(super) problem: fn(String) -> T,
    /// Ctrl-C.
    pub(super) interrupt: fn() -> T,
}

impl<T> CommandSet<T> {
    /// What a line asks for; `None` if nothing.
    pub(super) fn parse(&self, line: &str) -> Option<T> {
        let line = line.trim_end_matches(['\n', '\r']);
        let Some(command) = line.strip_prefix('/') else {
            return (!line.is_empty()).then(|| (self.text)(line));
        };
        if command.starts_with('/') {
            return Some((self.text)(command));
        }
        Some(self.command(command).unwrap_or_else(self.problem))
    }

    /// What a command asks for, without the slash before its name.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(in crate::input) fn command(&self, command: &str) -> Result<T, String> {
        let (name, argument) = split(command);
        (self.execute)(name, argument)
    }
}

/// The first word, and what follows the blank after it.
pub(super) fn split(text: &str) -> (&str, &str) {
    text.split_once(char::is_whitespace).unwrap_or((text, ""))
}

pub(super) fn unknown(name: &str) -> String {
    format!("unknown command /{name}; /help lists the commands, //{name} sends it as text")
}

/// A line on what is no command, and one on each command.
pub(super) fn help(intro: &str, commands: &[Command]) -> String {
    let mut text = format!("  {intro}\n");
    for command in commands {
        let usage = format!("/{} {}", command.name, command.arguments);
        text += &format!("  {usage:<30} {}\n", command.summary);
    }
    text.trim_end().to_owned()
}

/// The argument of `/binary`.
pub(super) fn bytes(argument: &str) -> Result<Vec<u8>, String> {
    if argument.is_empty() {
        return Err(
            "/binary wants bytes: /binary 00ff, /binary base64:AP8= or /binary @FILE".to_owned()
        );
    }
    if let Some(path) = argument.strip_prefix('@') {
        return read(path);
    }
    if let Some(data) = argument.strip_prefix("base64:") {
        return BASE64.decode(data.as_bytes()).map_err(|error| format!("not base64: {error}"));
    }
    decode_hex(argument)
}

pub(super) fn read(path: &str) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{path}: {error}"))
}

/// `CODE [REASON]`, as `/close` and `/kick` take it after `usage`.
pub(super) fn code_and_reason(argument: &str, usage: &str) -> Result<(CloseCode, String), String> {
    let (code, reason) = split(argument);
    let code = code.strip_suffix(',').unwrap_or(code); // as wscat's help writes it
    let code: CloseCode = code.parse().map_err(|_| {
        format!(
            "{code:?} is no close code: {usage} [CODE [REASON]], for example {usage} 1000 \"all done\""
        )
    })?;
    if !code.may_be_sent() {
        return Err(format!(
            "close code {code} must not be sent: use 1000 to 1003, 1007 to 1014 or 3000 to 4999"
        ));
    }
    Ok((code, unquote(reason.trim()).to_owned()))
}

fn unquote(text: &str) -> &str {
    let inner = |quote| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}
