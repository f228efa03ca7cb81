//! The commands of a server's operator.

use super::set::{
    BinaryArgument, Command, CommandSet, FRAME_SUMMARY, FileRequest, Parsed, bytes,
    code_and_reason, file, split, unknown,
};
use crate::input::file::FileKind;
use crate::input::raw::parse_frame;
use crate::platform::signals::Signal;
use crate::protocol::{CloseCode, MessageKind, RawFrame};

/// Something to be done by a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperatorCommand {
    /// Send a data message.
    Send(Recipients, MessageKind, Vec<u8>),
    /// Send a ping.
    Ping(Recipients),
    /// Send this very frame to every client, allowed or not.
    Frame(RawFrame),
    /// List the clients.
    Clients,
    /// Close a client's connection.
    Kick(u64, CloseCode, String),
    /// Show the last received message, whole.
    Full,
    /// Show these lines.
    Show(String),
    /// A command that was not understood.
    Problem(String),
    /// Close all connections and leave.
    Quit,
    /// End as at this signal: Ctrl-C was pressed where it sends none, or the terminal was closed.
    Leave(Signal),
}

/// Whom something is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipients {
    /// Every client.
    All,
    /// The client with this number.
    One(u64),
}

/// What a server's operator can type.
pub static SERVER_COMMANDS: CommandSet<OperatorCommand> = CommandSet {
    commands: &COMMANDS,
    intro: "text is sent to all clients; //text sends /text",
    end_of_input: "does the same as /quit",
    execute,
    text,
    payload: |kind, data| OperatorCommand::Send(Recipients::All, kind, data),
    large: None, // all clients share it in memory
    show: OperatorCommand::Show,
    problem: OperatorCommand::Problem,
    leave: OperatorCommand::Leave,
};

const COMMANDS: [Command; 11] = [
    Command { name: "help", arguments: "", summary: "list the commands" },
    Command { name: "clients", arguments: "", summary: "list who is connected" },
    Command { name: "to", arguments: "N TEXT", summary: "send TEXT to client N only" },
    Command {
        name: "text",
        arguments: "TEXT",
        summary: "send TEXT, also if it is empty or starts with /",
    },
    Command {
        name: "binary",
        arguments: "HEX|base64:DATA|@FILE",
        summary: "send a binary message to all",
    },
    Command {
        name: "file",
        arguments: "PATH",
        summary: "send a file to all, as text if it is UTF-8",
    },
    Command { name: "ping", arguments: "[N]", summary: "send a ping to client N, or to all" },
    Command { name: "frame", arguments: "OPCODE [OPTION…] [PAYLOAD]", summary: FRAME_SUMMARY },
    Command {
        name: "kick",
        arguments: "N [CODE [REASON]]",
        summary: "close the connection of client N",
    },
    Command { name: "full", arguments: "", summary: "the last received message, whole" },
    Command { name: "quit", arguments: "", summary: "close all connections and leave" },
];

fn execute(name: &str, argument: &str) -> Result<Parsed<OperatorCommand>, String> {
    match name {
        "binary" => binary(argument.trim()),
        "file" => file(argument.trim()).map(Parsed::File),
        _ => order(name, argument).map(Parsed::Ready),
    }
}

fn order(name: &str, argument: &str) -> Result<OperatorCommand, String> {
    let word = argument.trim();
    let none = |order| {
        if word.is_empty() { Ok(order) } else { Err(format!("/{name} takes no argument")) }
    };
    match name {
        "text" => Ok(text(argument)),
        "clients" => none(OperatorCommand::Clients),
        "to" => to(argument),
        "ping" if word.is_empty() => Ok(OperatorCommand::Ping(Recipients::All)),
        "ping" => Ok(OperatorCommand::Ping(Recipients::One(client(word, "/ping [N]")?))),
        "frame" => Ok(OperatorCommand::Frame(parse_frame(argument)?)),
        "kick" => kick(word),
        "full" => none(OperatorCommand::Full),
        "quit" => none(OperatorCommand::Quit),
        "status" => Err(
            "unknown command /status; /clients lists who is connected, //status sends it as text"
                .to_owned(),
        ),
        _ => Err(unknown(name)),
    }
}

fn binary(argument: &str) -> Result<Parsed<OperatorCommand>, String> {
    Ok(match bytes(argument)? {
        BinaryArgument::Given(bytes) => {
            Parsed::Ready(OperatorCommand::Send(Recipients::All, MessageKind::Binary, bytes))
        }
        BinaryArgument::In(path) => Parsed::File(FileRequest::new(path, FileKind::Binary)),
    })
}

fn text(text: &str) -> OperatorCommand {
    OperatorCommand::Send(Recipients::All, MessageKind::Text, text.as_bytes().to_vec())
}

fn to(argument: &str) -> Result<OperatorCommand, String> {
    let (number, text) = split(argument);
    let number = client(number, "/to N TEXT")?;
    Ok(OperatorCommand::Send(Recipients::One(number), MessageKind::Text, text.as_bytes().to_vec()))
}

fn kick(argument: &str) -> Result<OperatorCommand, String> {
    let (number, rest) = split(argument);
    let number = client(number, "/kick N [CODE [REASON]]")?;
    let (code, reason) = match rest.trim() {
        "" => (CloseCode::NORMAL, String::new()),
        rest => code_and_reason(rest, &format!("/kick {number}"))?,
    };
    Ok(OperatorCommand::Kick(number, code, reason))
}

fn client(word: &str, usage: &str) -> Result<u64, String> {
    word.trim_start_matches('#').parse().map_err(|_| {
        let got = if word.is_empty() { String::new() } else { format!(", not {word:?}") };
        format!("{usage} wants the number of a client{got}; /clients lists them")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::repl::Prompt;

    fn parse(line: &str) -> Option<OperatorCommand> {
        match SERVER_COMMANDS.parse(line, Prompt::Editor)? {
            Parsed::Ready(order) => Some(order),
            Parsed::File(file) => panic!("{file:?}"),
        }
    }

    fn sent(recipients: Recipients, kind: MessageKind, bytes: &[u8]) -> Option<OperatorCommand> {
        Some(OperatorCommand::Send(recipients, kind, bytes.to_vec()))
    }

    #[test]
    fn lines_and_commands_do_what_they_say() {
        let (all, two) = (Recipients::All, Recipients::One(2));
        assert_eq!(parse("hello /x"), sent(all, MessageKind::Text, b"hello /x"));
        assert_eq!(parse("//x"), sent(all, MessageKind::Text, b"/x"));
        assert_eq!(parse(""), None);
        assert_eq!(parse("/text"), sent(all, MessageKind::Text, b""));
        assert_eq!(parse("/text /a"), sent(all, MessageKind::Text, b"/a"));
        assert_eq!(parse("/full"), Some(OperatorCommand::Full));
        assert_eq!(parse("/to 2 /a  b"), sent(two, MessageKind::Text, b"/a  b"));
        assert_eq!(parse("/to #2"), sent(two, MessageKind::Text, b""));
        assert_eq!(parse("/binary 00 ff"), sent(all, MessageKind::Binary, &[0, 255]));
        assert_eq!(parse("/ping"), Some(OperatorCommand::Ping(all)));
        assert_eq!(parse("/ping 2"), Some(OperatorCommand::Ping(two)));
        assert_eq!(
            parse("/kick 2"),
            Some(OperatorCommand::Kick(2, CloseCode::NORMAL, String::new()))
        );
        let kicked = OperatorCommand::Kick(2, CloseCode::new(4001), "not you".to_owned());
        assert_eq!(parse("/kick 2 4001 \"not you\""), Some(kicked));
        assert_eq!(parse("/quit "), Some(OperatorCommand::Quit));
    }

    #[test]
    fn a_file_is_sent_as_what_it_is() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        for (contents, kind) in [("é", MessageKind::Text), ("\u{0}", MessageKind::Text)] {
            let path = folder.path().join("file");
            std::fs::write(&path, contents).expect("a file");
            match SERVER_COMMANDS.parse(&format!("/file {}", path.display()), Prompt::Editor) {
                Some(Parsed::File(file)) => {
                    let order = SERVER_COMMANDS.load(file).ok();
                    assert_eq!(order, sent(Recipients::All, kind, contents.as_bytes()));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn wrong_commands_explain_themselves() {
        for (line, reason) in [
            ("/nope", "/help lists"),
            ("/to", "/to N TEXT wants the number of a client; /clients"),
            ("/to all hi", "not \"all\""),
            ("/kick 1 1006", "must not be sent"),
            ("/kick 1 x", "not a close code: /kick 1 [CODE"),
            ("/clients now", "no argument"),
            ("/file", "wants the path"),
            ("/ping x", "/ping [N]"),
        ] {
            match parse(line) {
                Some(OperatorCommand::Problem(text)) => {
                    assert!(text.contains(reason), "{line}: {text}")
                }
                other => panic!("{line}: {other:?}"),
            }
        }
        let long = format!("/kick 1 1000 {}", "x".repeat(124));
        assert!(matches!(parse(&long), Some(OperatorCommand::Problem(_))));
    }
}
