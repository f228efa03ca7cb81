//! The commands at the prompt of `wscope URL`: those on a connection, and those on the set of connections.

use super::composing::{EDIT, SAVE_AS, SEND, SET, UNSET};
use super::connection::{
    self, BINARY, CLOSE, FILE, FRAGMENT, FRAME, HEADERS, HELP, PING, PONG, QUIT, STATUS, TEXT,
};
use super::local::SCENARIO;
use super::names::PromptNames;
use super::parsed::Parsed;
use super::set::{CommandSet, CommandWords};
use super::words::SlashCommand;
use crate::input::Action;

/// A line at the prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PromptCommand {
    /// Not for one connection: a text to show, or the end of the run.
    Action(Action),
    /// On the connection with this name.
    To(String, Action),
    /// Open a connection to this URL, under this name.
    Connect(Option<String>, String),
    /// Open the connection again; `None`: the current one.
    Reconnect(Option<String>),
    /// Send lines to this connection from now on.
    Use(String),
    /// List the connections.
    Connections,
    /// Enter on the empty line, at the prompt of this connection.
    Enter(String),
    /// Ctrl-C while this connection is being opened.
    Cancel(String),
    /// `/close` with this word in place of a code, which may be meant as the name of a connection. It is refused, for
    /// this reason if there is none of that name.
    CloseWord(String, String),
    /// Close all connections and exit.
    Quit,
}

impl PromptCommand {
    /// Whether it sends a data message.
    pub fn is_message(&self) -> bool {
        matches!(self, Self::Action(action) | Self::To(_, action) if action.is_message())
    }
}

impl From<Action> for PromptCommand {
    fn from(action: Action) -> Self {
        Self::Action(action)
    }
}

/// What can be typed at the prompt of `wscope URL`.
pub static PROMPT_COMMANDS: CommandSet<PromptCommand> = CommandSet {
    words: CommandWords::sending(&COMMANDS, &[]),
    intro: "text is sent as a message; //text sends /text",
    end_of_input: "does the same as /quit",
    execute: |name, argument, _| execute(name, argument),
    ends: |command| {
        matches!(command, PromptCommand::Quit | PromptCommand::To(_, Action::Close(..)))
    },
    address,
    enter: |names| names.entered().map(PromptCommand::Enter),
    cancel: |names| names.cancellable().map(PromptCommand::Cancel),
};

const COMMANDS: [SlashCommand; 22] = [
    HELP,
    TEXT,
    BINARY,
    FILE,
    PING,
    PONG,
    FRAGMENT,
    FRAME,
    SET,
    UNSET,
    SEND,
    SAVE_AS,
    EDIT,
    CLOSE,
    SlashCommand {
        name: "connect",
        arguments: "[NAME] URL",
        summary: "open a connection; with NAME beside the others",
    },
    SlashCommand {
        name: "reconnect",
        arguments: "[NAME]",
        summary: "connect again once a connection has ended",
    },
    SlashCommand { name: "use", arguments: "NAME", summary: "send lines to this connection" },
    SlashCommand { name: "connections", arguments: "", summary: "list the connections" },
    STATUS,
    HEADERS,
    SCENARIO,
    SlashCommand { summary: "close all connections and exit", ..QUIT },
];

fn execute(name: &str, argument: &str) -> Result<Parsed<PromptCommand>, String> {
    let words: Vec<_> = argument.split_whitespace().collect();
    let usage = |usage: &str| Err(format!("/{name} requires {usage}"));
    let command = match (name, &words[..]) {
        ("connect", [url]) => PromptCommand::Connect(None, (*url).to_owned()),
        ("connect", [name, url]) => {
            PromptCommand::Connect(Some((*name).to_owned()), (*url).to_owned())
        }
        ("connect", _) => return usage("a URL or an @ENDPOINT: /connect URL or /connect NAME URL"),
        ("reconnect", []) => PromptCommand::Reconnect(None),
        ("reconnect", [name]) => PromptCommand::Reconnect(Some((*name).to_owned())),
        ("reconnect", _) => return Err("/reconnect takes one name at most".to_owned()),
        ("use", [name]) => PromptCommand::Use((*name).to_owned()),
        ("use", _) => return usage("the name of a connection: /connections lists them"),
        ("connections", []) => PromptCommand::Connections,
        ("quit", []) => PromptCommand::Quit,
        ("close", [word, ..]) => match connection::execute(name, argument) {
            Ok(parsed) => return Ok(parsed.map(PromptCommand::Action)),
            Err(reason) => PromptCommand::CloseWord((*word).to_owned(), reason),
        },
        ("connections" | "quit", _) => return Err(format!("/{name} takes no argument")),
        _ => return Ok(connection::execute(name, argument)?.map(PromptCommand::Action)),
    };
    Ok(Parsed::Ready(command))
}

/// Gives a line the connection that it is for.
fn address(parsed: Parsed<PromptCommand>, names: &PromptNames) -> Parsed<PromptCommand> {
    match parsed {
        Parsed::Ready(command) => {
            let resolved = resolve(command, names);
            let problem = |reason| PromptCommand::Action(Action::problem(reason));
            Parsed::Ready(resolved.unwrap_or_else(problem))
        }
        parsed @ (Parsed::Long { .. } | Parsed::File(_)) => {
            let name = names.current();
            parsed.map(|command| to(name, command))
        }
    }
}

fn resolve(command: PromptCommand, names: &PromptNames) -> Result<PromptCommand, String> {
    Ok(match command {
        PromptCommand::Connect(name, url) => {
            let name = names.connect(name.as_deref(), &url)?;
            PromptCommand::Connect(Some(name), url)
        }
        PromptCommand::Reconnect(name) => {
            let name = name.unwrap_or_else(|| names.current());
            names.check(&name)?;
            PromptCommand::Reconnect(Some(name))
        }
        PromptCommand::CloseWord(word, _) if names.check(&word).is_ok() => {
            return Err(format!(
                "{word:?} is not a close code: /use {word}, then /close closes that connection"
            ));
        }
        PromptCommand::CloseWord(_, reason) => return Err(reason),
        PromptCommand::Use(name) => {
            names.select(&name)?;
            PromptCommand::Use(name)
        }
        command => to(names.current(), command),
    })
}

/// An action on a connection is for the one with this name.
fn to(name: String, command: PromptCommand) -> PromptCommand {
    match command {
        PromptCommand::Action(action @ Action::Leave(_)) => PromptCommand::Action(action),
        PromptCommand::Action(Action::Show(show)) if show.shown().is_some() => {
            PromptCommand::Action(Action::Show(show))
        }
        PromptCommand::Action(action) => PromptCommand::To(name, action),
        command => command,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Show;
    use crate::input::repl::{Liveness, Prompt};

    fn typed(line: &str, names: &PromptNames) -> PromptCommand {
        let parsed = PROMPT_COMMANDS.parse(line, Prompt::Editor, None).expect("a line");
        match address(parsed, names) {
            Parsed::Ready(command) => command,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn problem(line: &str, names: &PromptNames) -> String {
        match typed(line, names) {
            PromptCommand::Action(Action::Show(Show::Problem(text))) => text,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn names() -> PromptNames {
        crate::input::repl::names::tests::names(true)
    }

    #[test]
    fn lines_are_for_the_connection_of_their_prompt() {
        let names = names();
        let to = |name: &str, action| PromptCommand::To(name.to_owned(), action);
        assert_eq!(typed("hi", &names), to("main", Action::text("hi")));
        let connect = PromptCommand::Connect(Some("b".to_owned()), "ws://h".to_owned());
        assert_eq!(typed("/connect b ws://h", &names), connect);
        assert_eq!(typed("hi", &names), to("b", Action::text("hi")));
        assert_eq!(typed("/close", &names), to("b", Action::Close(None, None)));
        assert_eq!(typed("/use main", &names), PromptCommand::Use("main".to_owned()));
        assert_eq!(typed("/status", &names), to("main", Action::Show(Show::Status)));
        let reconnect = |name: &str| PromptCommand::Reconnect(Some(name.to_owned()));
        assert_eq!(typed("/reconnect", &names), reconnect("main"));
        assert_eq!(typed("/reconnect b", &names), reconnect("b"));
        assert_eq!(typed("/quit", &names), PromptCommand::Quit);
    }

    #[test]
    fn wrong_lines_change_nothing() {
        let names = names();
        names.set("main", Liveness::Open);
        for (line, reason) in [
            ("/connect", "requires a URL"),
            ("/connect a b c", "requires a URL"),
            ("/connect ws://h", "main is still connected"),
            ("/connect b bad", "bad URL"),
            ("/connect a/b ws://h", "not a name"),
            ("/close main", "\"main\" is not a close code: /use main, then /close closes"),
            ("/close b", "\"b\" is not a close code: /close [CODE [REASON]]"),
            ("/close 1006", "must not be sent"),
            ("/use", "requires the name"),
            ("/use b", "no connection is called \"b\""),
            ("/reconnect b", "no connection is called \"b\""),
            ("/reconnect a b", "one name"),
            ("/connections x", "no argument"),
            ("/quit now", "no argument"),
        ] {
            assert!(problem(line, &names).contains(reason), "{line}: {}", problem(line, &names));
        }
        assert_eq!((names.all(), names.current()), (vec!["main".to_owned()], "main".to_owned()));
    }
}
