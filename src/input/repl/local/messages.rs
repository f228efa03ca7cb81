//! Commands on single messages that are kept: show, save, copy and send them again.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use super::text;
use crate::input::repl::context::PromptContext;
use crate::input::repl::parsed::{LongText, Parsed, split, unquote};
use crate::input::repl::words::SlashCommand;
use crate::input::{Action, Show};
use crate::platform::files::expand_home;
use crate::platform::private::create_file;
use crate::protocol::counted::counted;
use crate::view::{Kept, View};

pub(super) const FULL: SlashCommand = SlashCommand {
    name: "full",
    arguments: "[N]",
    summary: "message N, or the last received one, whole",
};
pub(super) const AGAIN: SlashCommand = SlashCommand {
    name: "again",
    arguments: "[N]",
    summary: "send message N, or the last sent one, again",
};
pub(super) const SAVE: SlashCommand = SlashCommand {
    name: "save",
    arguments: "[-f] [N] FILE",
    summary: "write message N to a new file; -f: replace it",
};
pub(super) const COPY: SlashCommand = SlashCommand {
    name: "copy",
    arguments: "[N]",
    summary: "copy message N to the clipboard (OSC 52)",
};

/// Terminals ignore longer texts, in bytes of the message: 100,000 characters of base64.
const MAX_COPY: usize = 74_994;

pub(super) fn full(argument: &str, context: &PromptContext) -> Result<Parsed<Action>, String> {
    let kept = chosen("full", argument, &context.view)?;
    let (render, message) = (Arc::clone(&context.render), kept.clone());
    let text = LongText::new(move || render(&message));
    Ok(Parsed::Long { text, line: Action::Show(Show::Full(Box::new(kept))) })
}

pub(super) fn again(argument: &str, view: &View) -> Result<Action, String> {
    let kept = match argument {
        "" => view.last_sent().ok_or("no message has been sent yet")?,
        number => chosen("again", number, view)?,
    };
    Ok(Action::Composed(kept.kind, kept.data))
}

pub(super) fn copy(argument: &str, view: &View) -> Result<Action, String> {
    let kept = chosen("copy", argument, view)?;
    if kept.data.len() > MAX_COPY {
        let size = kept.data.len();
        return Err(format!(
            "message {} has {size} bytes, more than terminals copy: /save {0} FILE writes it to a file",
            kept.number
        ));
    }
    Ok(Action::Show(Show::Copied(Box::new(kept))))
}

/// `/save [-f] [N] FILE`.
pub(super) fn save(argument: &str, view: &View) -> Result<Action, String> {
    let (replaces, rest) = match split(argument) {
        ("-f", rest) => (true, rest.trim_start()),
        (option, _) if option.starts_with('-') => {
            return Err(format!("/save has no option {option}; ./{option} is a file"));
        }
        _ => (false, argument),
    };
    let (number, path) = match split(rest) {
        (number, path) if number_of(number).is_some() && !path.trim().is_empty() => {
            (number, path.trim())
        }
        _ => ("", rest),
    };
    if path.is_empty() || (number.is_empty() && number_of(path).is_some()) {
        return Err("/save requires a file: /save FILE, or /save N FILE".to_owned());
    }
    let kept = chosen("save", number, view)?;
    let path = unquote(path);
    let full_path = expand_home(path);
    match write(&full_path, &kept, replaces) {
        Ok(()) => {
            let size = counted(kept.data.len() as u64, "byte");
            Ok(text(format!("message {}, {size}, written to {path}", kept.number)))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(format!("{path} exists: /save -f {} {path} replaces it", kept.number))
        }
        Err(error) => Err(format!("{path}: {error}")),
    }
}

/// Only the user can read a new file: a message may have secrets.
fn write(path: &Path, kept: &Kept, replaces: bool) -> io::Result<()> {
    let mut file = match path.metadata() {
        Ok(found) if replaces && found.is_file() => File::create(path)?,
        Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        // Never what could block, such as a FIFO.
        Ok(_) if replaces => return Err(io::Error::other("it is not a regular file")),
        _ => create_file(path)?,
    };
    file.write_all(&kept.data)
}

/// The message that an argument names; without one the last received.
pub(in crate::input::repl) fn chosen(
    command: &str,
    argument: &str,
    view: &View,
) -> Result<Kept, String> {
    if argument.is_empty() {
        return view.message(None).ok_or_else(|| match view.kept() {
            Some(_) => "no received message is kept".to_owned(),
            None => "no message has been received yet".to_owned(),
        });
    }
    let number = number_of(argument).ok_or_else(|| {
        format!(
            "/{command} takes the number of a message, not {argument:?}; /numbers on shows them"
        )
    })?;
    view.message(Some(number)).ok_or_else(|| match view.kept() {
        Some(kept) => format!("message {number} is not kept (kept: {})", range(kept)),
        None => "no message has been sent or received yet".to_owned(),
    })
}

/// The first and the last number, in words.
pub(super) fn range((first, last): (u64, u64)) -> String {
    match first == last {
        true => first.to_string(),
        false => format!("{first} to {last}"),
    }
}

/// A number, as it is typed or shown.
fn number_of(text: &str) -> Option<u64> {
    let digits = text.trim_start_matches(['#', '[']).trim_end_matches(']');
    digits.parse().ok().filter(|_| !digits.starts_with('+'))
}
