//! The commands of a server's operator: those of a connection, for all clients or one, and its own.

use super::composing::{EDIT, SAVE_AS, SEND, SET, UNSET};
use super::connection::{
    self, BINARY, CLOSE, FILE, FRAGMENT, FRAME, HEADERS, HELP, PING, PONG, QUIT, STATUS, TEXT,
};
use super::context::PromptContext;
use super::help::SERVER_DETAILS;
use super::local::{self, LOCAL_COMMANDS, SCENARIO};
use super::parsed::{Parsed, split};
use super::set::{CommandSet, CommandWords, LineKind, code_and_reason};
use super::words::{SlashCommand, unknown};
use crate::input::Action;
use crate::protocol::CloseCode;

/// A command of a server's operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperatorCommand {
    /// By the server as a whole: messages are sent to all clients.
    Action(Action),
    /// On the connection of the client with this number.
    To(u64, Action),
    /// List the clients.
    Clients,
    /// `/close` with the arguments of `/kick`: what is wrong with it, the number of the client, and the arguments.
    CloseOne(String, u64, String),
    /// Close a client's connection, even if its socket cannot be written to.
    Kick(u64, CloseCode, String),
    /// Close all connections and exit.
    Quit,
}

impl OperatorCommand {
    /// Whether it sends a data message.
    pub fn is_message(&self) -> bool {
        match self {
            Self::Action(action) | Self::To(_, action) => action.is_message(),
            Self::Clients | Self::CloseOne(..) | Self::Kick(..) | Self::Quit => false,
        }
    }
}

impl From<Action> for OperatorCommand {
    fn from(action: Action) -> Self {
        Self::Action(action)
    }
}

/// What a server's operator can type.
pub static SERVER_COMMANDS: CommandSet<OperatorCommand> = CommandSet {
    words: CommandWords {
        details: SERVER_DETAILS,
        ..CommandWords::sending(&COMMANDS, &CLIENT_COMMANDS)
    },
    intro: "text is sent to all clients; //text sends /text",
    end_of_input: "does the same as /quit",
    execute,
    ends: |command| matches!(command, OperatorCommand::Quit),
    address: |parsed, _| parsed,
    enter: |_| None,
    cancel: |_| None,
};

const COMMANDS: [SlashCommand; 21] = [
    HELP,
    SlashCommand { name: "clients", arguments: "", summary: "list the connected clients" },
    SlashCommand {
        name: "to",
        arguments: "N TEXT|/COMMAND",
        summary: "send TEXT, or run /COMMAND, for client N only",
    },
    TEXT,
    SlashCommand { summary: "send a binary message to all", ..BINARY },
    SlashCommand { summary: "send a file to all, as text if it is UTF-8", ..FILE },
    SlashCommand { summary: "send a ping to all, show the round-trip times", ..PING },
    PONG,
    FRAGMENT,
    FRAME,
    SET,
    UNSET,
    SlashCommand { summary: "send a saved message to all, or list them", ..SEND },
    SAVE_AS,
    EDIT,
    SlashCommand { summary: "close the connections of all clients", ..CLOSE },
    SlashCommand {
        name: "kick",
        arguments: "N [CODE [REASON]]",
        summary: "close the connection of client N",
    },
    SlashCommand { summary: "address, number of clients, counts, memory", ..STATUS },
    SlashCommand { summary: "the heads of the opening handshakes", ..HEADERS },
    SlashCommand { summary: "what all clients did, as a scenario for wscope check", ..SCENARIO },
    SlashCommand { summary: "close all connections and exit", ..QUIT },
];

/// What can follow `/to N`.
const CLIENT_COMMANDS: [SlashCommand; 10] =
    [TEXT, BINARY, FILE, PING, PONG, FRAGMENT, FRAME, CLOSE, STATUS, HEADERS];

fn execute(
    name: &str,
    argument: &str,
    context: Option<&PromptContext>,
) -> Result<Parsed<OperatorCommand>, String> {
    let word = argument.trim();
    let none = |command| match word {
        "" => Ok(Parsed::Ready(command)),
        _ => Err(format!("/{name} takes no argument")),
    };
    match name {
        "clients" => none(OperatorCommand::Clients),
        "quit" => none(OperatorCommand::Quit),
        "kick" => kick(word).map(Parsed::Ready),
        "close" => close(argument),
        "to" => to(argument, context),
        _ => Ok(connection::execute(name, argument)?.for_server(OperatorCommand::Action)),
    }
}

fn to(argument: &str, context: Option<&PromptContext>) -> Result<Parsed<OperatorCommand>, String> {
    let (number, line) = split(argument);
    let number = client_number(number, "/to N TEXT")?;
    let parsed = match LineKind::of(line) {
        LineKind::Text(text) => Parsed::Ready(Action::text(text)),
        LineKind::Command(command) => client_command(command, context)?,
    };
    Ok(parsed.for_server(move |action| OperatorCommand::To(number, action)))
}

fn client_command(
    command: &str,
    context: Option<&PromptContext>,
) -> Result<Parsed<Action>, String> {
    let (name, argument) = split(command);
    if let Some(context) = context
        && name == "again" // the one that sends
        && let Some(parsed) = local::execute(name, argument, context)
    {
        return parsed;
    }
    let is_in = |commands: &[SlashCommand]| commands.iter().any(|command| command.name == name);
    if is_in(&CLIENT_COMMANDS) {
        return connection::execute(name, argument);
    }
    match is_in(&COMMANDS) || is_in(&LOCAL_COMMANDS) {
        true => Err(format!("/{name} does not apply to one client: use it without /to")),
        false => Err(unknown(name, &CLIENT_COMMANDS)),
    }
}

fn kick(argument: &str) -> Result<OperatorCommand, String> {
    let (number, rest) = split(argument);
    let number = client_number(number, "/kick N [CODE [REASON]]")?;
    let (code, reason) = match rest.trim() {
        "" => (CloseCode::NORMAL, String::new()),
        rest => code_and_reason(rest, &format!("/kick {number}"))?,
    };
    Ok(OperatorCommand::Kick(number, code, reason))
}

/// A number that is no close code may be that of a client.
fn close(argument: &str) -> Result<Parsed<OperatorCommand>, String> {
    connection::execute("close", argument)
        .map(|parsed| parsed.for_server(OperatorCommand::Action))
        .or_else(|problem| match split(argument).0.trim_start_matches('#').parse() {
            Ok(number) if kick(argument.trim()).is_ok() => {
                let arguments = argument.trim().to_owned();
                Ok(Parsed::Ready(OperatorCommand::CloseOne(problem, number, arguments)))
            }
            _ => Err(problem),
        })
}

fn client_number(word: &str, usage: &str) -> Result<u64, String> {
    word.trim_start_matches('#').parse().map_err(|_| {
        let got = if word.is_empty() { String::new() } else { format!(", not {word:?}") };
        format!("{usage} requires the number of a client{got}; /clients lists them")
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::input::Show;
    use crate::input::repl::Prompt;
    use crate::protocol::MessageKind;

    fn parse(line: &str) -> Option<OperatorCommand> {
        match SERVER_COMMANDS.parse(line, Prompt::Editor, None)? {
            Parsed::Ready(command) | Parsed::Long { line: command, .. } => Some(command),
            Parsed::File(file) => panic!("{file:?}"),
        }
    }

    fn all(action: Action) -> Option<OperatorCommand> {
        Some(OperatorCommand::Action(action))
    }

    fn two(action: Action) -> Option<OperatorCommand> {
        Some(OperatorCommand::To(2, action))
    }

    fn binary(bytes: &'static [u8]) -> Action {
        Action::Send(MessageKind::Binary, Bytes::from_static(bytes))
    }

    fn problem(line: &str) -> String {
        match parse(line) {
            Some(OperatorCommand::Action(Action::Show(Show::Problem(text)))) => text,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn lines_and_commands_are_for_all_clients() {
        assert_eq!(parse("hello /x"), all(Action::text("hello /x")));
        assert_eq!(parse("//x"), all(Action::text("/x")));
        assert_eq!(parse(""), None);
        assert_eq!(parse("/text"), all(Action::text("")));
        assert_eq!(parse("/text /a"), all(Action::text("/a")));
        assert_eq!(parse("/status"), all(Action::Show(Show::Status)));
        assert_eq!(parse("/binary 00 ff"), all(binary(&[0, 255])));
        assert_eq!(parse("/ping"), all(Action::Ping(Bytes::new())));
        assert_eq!(parse("/ping a b"), all(Action::Ping(Bytes::from_static(b"a b"))));
        assert_eq!(parse("/pong"), all(Action::Pong(Bytes::new())));
        let code = CloseCode::new(4000);
        assert_eq!(parse("/close 4000"), all(Action::Close(Some(code), Some(String::new()))));
        assert_eq!(parse("/quit "), Some(OperatorCommand::Quit));
        for line in ["/close 2 4000 bye", "/close 2"] {
            let one = parse(line);
            assert!(matches!(&one, Some(OperatorCommand::CloseOne(_, 2, _))), "{line}: {one:?}");
        }
        assert!(problem("/close 2 bye").contains("close code"), "no valid /kick either");
    }

    #[test]
    fn lines_and_commands_after_an_address_are_for_one_client() {
        assert_eq!(parse("/to 2 a  b"), two(Action::text("a  b")));
        assert_eq!(parse("/to 2 //a  b"), two(Action::text("/a  b")));
        assert_eq!(parse("/to #2"), two(Action::text("")));
        assert_eq!(parse("/to 2 /text /a"), two(Action::text("/a")));
        assert_eq!(parse("/to 2 /binary 00 ff"), two(binary(&[0, 255])));
        assert_eq!(parse("/to 2 /ping"), two(Action::Ping(Bytes::new())));
        assert_eq!(parse("/to 2 /status"), two(Action::Show(Show::Status)));
        let fragments = Action::Fragments(MessageKind::Text, Bytes::from_static(b"abc"), 3);
        assert_eq!(parse("/to 2 /fragment 3 abc"), two(fragments));
        assert_eq!(
            parse("/kick 2"),
            Some(OperatorCommand::Kick(2, CloseCode::NORMAL, String::new()))
        );
        let kicked = OperatorCommand::Kick(2, CloseCode::new(4001), "not you".to_owned());
        assert_eq!(parse("/kick 2 4001 \"not you\""), Some(kicked));
    }

    #[test]
    fn a_file_is_sent_with_its_type_and_loaded_even_if_large() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("file");
        let large = "a".repeat(2 << 20);
        for (contents, kind) in [
            ("é".as_bytes(), MessageKind::Text),
            (b"\xff", MessageKind::Binary),
            (large.as_bytes(), MessageKind::Text),
        ] {
            std::fs::write(&path, contents).expect("a file");
            let sent = Action::Send(kind, Bytes::copy_from_slice(contents));
            for (line, expected) in [("/file", all(sent.clone())), ("/to 2 /file", two(sent))] {
                let line = format!("{line} {}", path.display());
                match SERVER_COMMANDS.parse(&line, Prompt::Editor, None) {
                    Some(Parsed::File(file)) => assert_eq!(file.load().ok(), expected),
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    #[test]
    fn invalid_commands_are_explained() {
        for (line, reason) in [
            ("/nope", "/help lists"),
            ("/to", "/to N TEXT requires the number of a client; /clients"),
            ("/to all hi", "not \"all\""),
            ("/kick 1 1006", "must not be sent"),
            ("/kick 1 x", "not a close code: /kick 1 [CODE"),
            ("/clients now", "no argument"),
            ("/file", "requires the path"),
            ("/to 2 /nope", "unknown command /nope; /help lists"),
            ("/to 2 /quit", "/quit does not apply to one client: use it without /to"),
            ("/to 2 /to 3 x", "/to does not apply to one client"),
            ("/to 2 /full", "/full does not apply to one client"),
            ("/to 2 /close 1006", "must not be sent"),
        ] {
            let text = problem(line);
            assert!(text.contains(reason), "{line}: {text}");
        }
        let long = format!("/kick 1 1000 {}", "x".repeat(124));
        assert!(problem(&long).contains("123"));
    }
}
