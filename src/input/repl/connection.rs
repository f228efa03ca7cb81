//! The commands on a connection, which every prompt shares. A wrong one explains itself and does nothing
//! else.

use bytes::Bytes;
use data_encoding::BASE64;

use super::composing::{EDIT, SAVE_AS, SEND, SET, UNSET};
use super::escapes::unescape;
use super::json_text::Fault;
use super::local::SCENARIO;
use super::parsed::{FileRequest, Parsed, split};
use super::place::place;
use super::set::{CommandSet, CommandWords, code_and_reason};
use super::text_part::text_argument;
use super::words::{SlashCommand, unknown};
use crate::input::file::FileKind;
use crate::input::raw::parse_frame;
use crate::input::{Action, Show, decode_hex};
use crate::protocol::MessageKind;

/// What can be typed on a connection.
pub static CONNECTION_COMMANDS: CommandSet<Action> = CommandSet {
    words: CommandWords::sending(&COMMANDS, &[]),
    intro: "text is sent as a message; //text sends /text",
    end_of_input: "ends the input; --wait defines what follows",
    execute: |name, argument, _| execute(name, argument),
    ends: |action| matches!(action, Action::Close(..)),
    address: |parsed, _| parsed,
    enter: |_| None,
    cancel: |_| None,
};

const COMMANDS: [SlashCommand; 18] = [
    HELP, TEXT, BINARY, FILE, PING, PONG, FRAGMENT, FRAME, SET, UNSET, SEND, SAVE_AS, EDIT, CLOSE,
    STATUS, HEADERS, SCENARIO, QUIT,
];

pub(super) const HELP: SlashCommand = SlashCommand {
    name: "help",
    arguments: "[COMMAND|keys|all]",
    summary: "name the commands, or explain one",
};
pub(super) const TEXT: SlashCommand = SlashCommand {
    name: "text",
    arguments: "[-e] TEXT",
    summary: "send TEXT, also if it starts with /",
};
pub(super) const BINARY: SlashCommand = SlashCommand {
    name: "binary",
    arguments: "HEX|base64:DATA|@FILE",
    summary: "send a binary message",
};
pub(super) const FILE: SlashCommand = SlashCommand {
    name: "file",
    arguments: "PATH",
    summary: "send a file, as text if it is UTF-8",
};
pub(super) const PING: SlashCommand = SlashCommand {
    name: "ping",
    arguments: "[DATA]",
    summary: "send a ping and show the round-trip time",
};
pub(super) const PONG: SlashCommand =
    SlashCommand { name: "pong", arguments: "[DATA]", summary: "send an unsolicited pong" };
pub(super) const FRAGMENT: SlashCommand = SlashCommand {
    name: "fragment",
    arguments: "N TEXT",
    summary: "send TEXT as one message in N frames",
};
pub(super) const FRAME: SlashCommand = SlashCommand {
    name: "frame",
    arguments: "OPCODE [OPTION…] [PAYLOAD]",
    summary: "send any frame, as in /frame text nofin rsv1 hi",
};
pub(super) const CLOSE: SlashCommand =
    SlashCommand { name: "close", arguments: "[CODE [REASON]]", summary: "close the connection" };
pub(super) const STATUS: SlashCommand = SlashCommand {
    name: "status",
    arguments: "",
    summary: "state, subprotocol, counts, round-trip time",
};
pub(super) const HEADERS: SlashCommand =
    SlashCommand { name: "headers", arguments: "", summary: "the heads of the opening handshake" };
pub(super) const QUIT: SlashCommand =
    SlashCommand { name: "quit", arguments: "", summary: "close and exit" };

/// The most frames that a message is sent in.
const MAX_FRAGMENTS: usize = 100_000;

/// Parses the command with this name and argument.
pub(super) fn execute(name: &str, argument: &str) -> Result<Parsed<Action>, String> {
    match name {
        "binary" => binary(argument.trim()),
        "file" => file(argument.trim()),
        _ => action(name, argument).map(Parsed::Ready),
    }
}

fn action(name: &str, argument: &str) -> Result<Action, String> {
    let word = argument.trim();
    let none = |action| {
        if word.is_empty() { Ok(action) } else { Err(format!("/{name} takes no argument")) }
    };
    match name {
        "text" => text(argument),
        "ping" => Ok(Action::Ping(control_data(argument)?)),
        "pong" => Ok(Action::Pong(control_data(argument)?)),
        "fragment" => fragment(argument),
        "frame" => Ok(Action::Frame(Box::new(parse_frame(argument)?))),
        "close" => close(word),
        "status" => none(Action::Show(Show::Status)),
        "headers" => none(Action::Show(Show::Headers)),
        "quit" => none(Action::Close(None, None)),
        _ => Err(unknown(name, &COMMANDS)),
    }
}

fn text(argument: &str) -> Result<Action, String> {
    let (reads_escapes, text) = text_argument(argument);
    if !reads_escapes {
        return Ok(Action::text(text));
    }
    let unescaped = unescape(text).map_err(|Fault { at, what }| {
        format!("/text -e: {} of the text: {what}", place(text, at))
    })?;
    Ok(Action::text(&unescaped))
}

fn binary(argument: &str) -> Result<Parsed<Action>, String> {
    if argument.is_empty() {
        return Err(
            "/binary requires bytes: /binary 00ff, /binary base64:AP8= or /binary @FILE".to_owned()
        );
    }
    if let Some(path) = argument.strip_prefix('@') {
        return Ok(Parsed::File(FileRequest::new(path, FileKind::Binary)));
    }
    let bytes = match argument.strip_prefix("base64:") {
        Some(data) => {
            BASE64.decode(data.as_bytes()).map_err(|error| format!("not base64: {error}"))
        }
        None => decode_hex(argument),
    };
    Ok(Parsed::Ready(Action::Send(MessageKind::Binary, bytes?.into())))
}

fn file(path: &str) -> Result<Parsed<Action>, String> {
    match path {
        "" => Err("/file requires the path of a file".to_owned()),
        path => Ok(Parsed::File(FileRequest::new(path, FileKind::Detected))),
    }
}

fn fragment(argument: &str) -> Result<Action, String> {
    let (count, text) = split(argument);
    match count.parse() {
        Ok(1..=MAX_FRAGMENTS) if text.is_empty() => {
            Err(format!("/fragment N TEXT requires a text, as in /fragment {count} hello"))
        }
        Ok(frames @ 1..=MAX_FRAGMENTS) => {
            let text = Bytes::copy_from_slice(text.as_bytes());
            Ok(Action::Fragments(MessageKind::Text, text, frames))
        }
        _ => Err(format!(
            "/fragment N TEXT requires a number from 1 to {MAX_FRAGMENTS}, not {count:?}"
        )),
    }
}

fn control_data(argument: &str) -> Result<Bytes, String> {
    match argument.len() {
        0..=125 => Ok(Bytes::copy_from_slice(argument.as_bytes())),
        long => Err(format!("a ping or pong takes at most 125 bytes, not {long}")),
    }
}

fn close(argument: &str) -> Result<Action, String> {
    if argument.is_empty() {
        return Ok(Action::Close(None, None));
    }
    let (code, reason) = code_and_reason(argument, "/close")?;
    Ok(Action::Close(Some(code), Some(reason)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::file::FileMessage;
    use crate::input::repl::Prompt;
    use crate::protocol::CloseCode;

    fn parse(line: &str) -> Option<Action> {
        match CONNECTION_COMMANDS.parse(line, Prompt::Editor, None)? {
            Parsed::Ready(action) | Parsed::Long { line: action, .. } => Some(action),
            Parsed::File(file) => Some(file.load().unwrap_or_else(Action::problem)),
        }
    }

    fn problem(line: &str) -> String {
        match parse(line) {
            Some(Action::Show(Show::Problem(text))) => text,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn sent(kind: MessageKind, bytes: &[u8]) -> Option<Action> {
        Some(Action::Send(kind, Bytes::copy_from_slice(bytes)))
    }

    #[test]
    fn lines_are_messages_unless_they_start_with_a_slash() {
        assert_eq!(parse("hello /x"), sent(MessageKind::Text, b"hello /x"));
        assert_eq!(parse("a\nb\n"), sent(MessageKind::Text, b"a\nb"));
        assert_eq!(parse("//x y"), sent(MessageKind::Text, b"/x y"));
        assert_eq!(parse(""), None);
        assert_eq!(parse("/text"), sent(MessageKind::Text, b""));
        assert_eq!(parse("/text  a"), sent(MessageKind::Text, b" a"));
    }

    #[test]
    fn each_command_is_parsed() {
        assert_eq!(parse("/binary 00 ff"), sent(MessageKind::Binary, &[0, 255]));
        assert_eq!(parse("/binary base64:AP8="), sent(MessageKind::Binary, &[0, 255]));
        assert_eq!(parse("/ping a b"), Some(Action::Ping(b"a b"[..].into())));
        assert_eq!(parse("/close"), Some(Action::Close(None, None)));
        let close = |code, reason: &str| {
            Some(Action::Close(Some(CloseCode::new(code)), Some(reason.to_owned())))
        };
        assert_eq!(parse("/close 1000 \"Work complete\""), close(1000, "Work complete"));
        assert_eq!(parse("/close 4000 a b"), close(4000, "a b"));
        assert_eq!(parse("/close 4000, a, b"), close(4000, "a, b"));
        assert_eq!(parse("/status"), Some(Action::Show(Show::Status)));
        assert_eq!(parse("/quit "), Some(Action::Close(None, None)));
    }

    #[test]
    fn a_file_is_sent_with_its_type_and_a_large_one_while_it_is_read() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("a file");
        let name = path.display().to_string();
        let sent_file = |contents: &[u8], line: &str| {
            std::fs::write(&path, contents).expect("a file");
            parse(&format!("{line}{name}"))
        };
        assert_eq!(sent_file(b"abc", "/file "), sent(MessageKind::Text, b"abc"));
        assert_eq!(sent_file(b"\xff", "/file "), sent(MessageKind::Binary, b"\xff"));
        assert_eq!(sent_file(b"abc", "/binary @"), sent(MessageKind::Binary, b"abc"));
        let large = |kind| {
            let (path, name) = (path.clone(), name.clone());
            Some(Action::File(FileMessage { path, kind, name }))
        };
        let text = vec![b'a'; 2 << 20];
        assert_eq!(sent_file(&text, "/file "), large(MessageKind::Text));
        assert_eq!(sent_file(&text, "/binary @"), large(MessageKind::Binary));
    }

    #[test]
    fn what_requires_the_line_editor_is_not_listed_without_it() {
        let shown = |line, prompt| match CONNECTION_COMMANDS.parse(line, prompt, None) {
            Some(Parsed::Long { line: Action::Show(Show::Text(text)), .. }) => text,
            Some(Parsed::Ready(Action::Show(Show::Problem(text)))) => text,
            other => panic!("{other:?}"),
        };
        for (prompt, reason) in [
            (Prompt::Dumb, "TERM=dumb"),
            (Prompt::Redirected, "standard output is not a terminal"),
            (Prompt::None, "not typed at a prompt"),
        ] {
            for line in ["/set a b", "/help set"] {
                let text = shown(line, prompt);
                assert!(text.starts_with("/set requires the line editor, "), "{text}");
                assert!(text.contains(reason), "{text}");
            }
            for line in ["/help", "/help all"] {
                let text = shown(line, prompt);
                assert!(!text.contains("  /set NAME"), "{text}");
                let names = "/set /unset /send /save-as /edit require the line editor";
                assert!(text.replace('\n', " ").contains(names), "{text}");
            }
        }
        assert!(!shown("/help all", Prompt::Editor).contains("require the line editor"));
    }

    #[test]
    fn invalid_commands_are_explained() {
        assert!(problem("/nope").contains("/help lists"));
        assert!(problem("/close abc").contains("not a close code"));
        assert!(problem("/close 1006").contains("must not be sent"));
        assert!(problem("/binary xyz").contains("not hex"));
        assert!(problem("/binary").contains("requires bytes"));
        assert!(problem("/file /nonexistent/file").contains("/nonexistent/file: "));
        assert!(problem(&format!("/ping {}", "x".repeat(126))).contains("125"));
        assert!(problem("/status now").contains("no argument"));
        assert!(problem("/fragment 3").contains("requires a text"));
        assert!(problem("/fragment 3 ").contains("requires a text"));
        assert!(problem("/fragment x hi").contains("requires a number"));
    }
}
