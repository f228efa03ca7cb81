//! The commands of a proxy's operator.

use std::path::PathBuf;

use super::closest::closest;
use super::connection::{self, HELP, QUIT, STATUS};
use super::context::PromptContext;
use super::help::PROXY_DETAILS;
use super::local::SCENARIO;
use super::parsed::{FileRequest, Parsed, split};
use super::set::{CommandSet, CommandWords, code_and_reason};
use super::words::SlashCommand;
use crate::input::Action;
use crate::platform::files::expand_home;
use crate::protocol::close::ClosePayload;
use crate::protocol::{CloseCode, Side};

/// A command of a proxy's operator, with rules `R` and payloads `P`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyCommand<R, P> {
    /// What is not about a proxy: a text to show, the state, a signal, or a line that is not a command.
    Action(Action),
    /// List the connections.
    Connections,
    /// Send one side of a connection what the other did not send.
    Inject {
        /// Who receives it.
        to: Side,
        /// The number of the connection.
        connection: u64,
        /// What it receives.
        payload: P,
    },
    /// Add a rule behind the others.
    AddRule(R),
    /// List the rules.
    Rules,
    /// Remove the rule with this number.
    RemoveRule(u64),
    /// Hold every data message, or none any more; `None`: show whether they are.
    Hold(Option<bool>),
    /// List the held messages.
    Held,
    /// Let the held message with this number go, or all of them.
    Release {
        /// `None`: all.
        number: Option<u64>,
        /// They are not delivered.
        is_dropped: bool,
    },
    /// Have something else delivered in place of the held message with this number.
    Edit(u64, P),
    /// Close a connection.
    Close {
        /// Its number.
        connection: u64,
        /// Who is sent the Close frame; `None`: both.
        side: Option<Side>,
        /// What it has.
        payload: ClosePayload,
    },
    /// Close all connections and exit.
    Quit,
}

impl<R, P> ProxyCommand<R, P> {
    /// Whether it sends something.
    pub fn is_message(&self) -> bool {
        matches!(self, Self::Inject { .. })
    }
}

impl<R, P> From<Action> for ProxyCommand<R, P> {
    fn from(action: Action) -> Self {
        Self::Action(action)
    }
}

/// The grammars of what commands take. They belong to layers above this one.
pub trait ProxyGrammar: 'static {
    /// A rule.
    type Rule: Send + 'static;
    /// What is sent, or delivered in place of a held message.
    type Payload: Send + 'static;

    /// The files whose content a rule needs.
    fn rule_files(source: &str) -> Vec<PathBuf>;

    /// Parses a rule, with the contents of these files.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    fn rule(source: &str, contents: Vec<Vec<u8>>) -> Result<Self::Rule, String>;

    /// The file whose content a payload needs.
    fn payload_file(source: &str) -> Option<PathBuf>;

    /// Parses a payload, with the content of this file.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    fn payload(source: &str, content: Option<Vec<u8>>) -> Result<Self::Payload, String>;
}

/// What a line is parsed to with these grammars.
type Command<G> = ProxyCommand<<G as ProxyGrammar>::Rule, <G as ProxyGrammar>::Payload>;

/// What a proxy's operator can type.
pub const fn proxy_commands<G: ProxyGrammar>() -> CommandSet<Command<G>> {
    CommandSet {
        words: WORDS,
        intro: INTRO,
        end_of_input: "does the same as /quit",
        execute: execute::<G>,
        ends: |command| matches!(command, ProxyCommand::Quit),
        address: |parsed, _| parsed,
        enter: |_| None,
        cancel: |_| None,
    }
}

/// The first line of help.
pub(super) const INTRO: &str = "messages pass through; commands send, hold and change them";

/// The commands in help and completion.
pub(super) const WORDS: CommandWords = CommandWords {
    all: &COMMANDS,
    addressed: &[],
    sends_lines: false,
    details: PROXY_DETAILS,
    frequent: &["rule", "hold", "go"],
};

const COMMANDS: [SlashCommand; 16] = [
    HELP,
    SlashCommand { name: "connections", arguments: "", summary: "list the open connections" },
    CLIENT,
    SERVER,
    RULE,
    SlashCommand { name: "rules", arguments: "", summary: "list the rules" },
    UNRULE,
    HOLD,
    SlashCommand { name: "held", arguments: "", summary: "list the messages that are held" },
    GO,
    DROP,
    EDIT,
    CLOSE,
    SlashCommand { summary: "addresses, rules, counts, memory", ..STATUS },
    SlashCommand { summary: "what all sides sent, as a scenario for wscope check", ..SCENARIO },
    SlashCommand { summary: "close all connections and exit", ..QUIT },
];

const CLIENT: SlashCommand = SlashCommand {
    name: "client",
    arguments: "N PAYLOAD",
    summary: "send PAYLOAD to the client of connection N",
};
const SERVER: SlashCommand =
    SlashCommand { name: "server", arguments: "N PAYLOAD", summary: "send PAYLOAD to the server" };
const RULE: SlashCommand = SlashCommand {
    name: "rule",
    arguments: "SIDE [PATTERN] [WHEN] => ACTION",
    summary: "from now on do ACTION to what matches",
};
const UNRULE: SlashCommand =
    SlashCommand { name: "unrule", arguments: "N", summary: "remove rule N" };
const HOLD: SlashCommand = SlashCommand {
    name: "hold",
    arguments: "[on|off]",
    summary: "hold every data message until /go or /drop",
};
const GO: SlashCommand =
    SlashCommand { name: "go", arguments: "[N]", summary: "deliver held message N, or all" };
const DROP: SlashCommand =
    SlashCommand { name: "drop", arguments: "[N]", summary: "drop held message N, or all" };
const EDIT: SlashCommand = SlashCommand {
    name: "edit",
    arguments: "N PAYLOAD",
    summary: "replace held message N, which stays held",
};
const CLOSE: SlashCommand = SlashCommand {
    name: "close",
    arguments: "N [SIDE] [CODE [REASON]]",
    summary: "close connection N, on both sides or one",
};

/// The largest file of a rule or a payload, in bytes.
const MAX_FILE: u64 = 64 << 20;

/// What a number is that a command takes.
#[derive(Clone, Copy)]
struct Numbered {
    what: &'static str,
    /// The command that lists them.
    list: &'static str,
}

const CONNECTION: Numbered = Numbered { what: "a connection", list: "connections" };
const HELD: Numbered = Numbered { what: "a held message", list: "held" };
const NUMBERED_RULE: Numbered = Numbered { what: "a rule", list: "rules" };

fn execute<G: ProxyGrammar>(
    name: &str,
    argument: &str,
    _: Option<&PromptContext>,
) -> Result<Parsed<Command<G>>, String> {
    let word = argument.trim();
    let none = |command| match word {
        "" => Ok(command),
        _ => Err(format!("/{name} takes no argument")),
    };
    let command = match name {
        "client" => return inject::<G>(Side::Client, &CLIENT, argument),
        "server" => return inject::<G>(Side::Server, &SERVER, argument),
        "edit" => {
            let (number, source) = numbered_payload(&EDIT, HELD, argument)?;
            return payload::<G>(source, move |payload| ProxyCommand::Edit(number, payload));
        }
        "rule" => return rule::<G>(word),
        "connections" => none(ProxyCommand::Connections)?,
        "rules" => none(ProxyCommand::Rules)?,
        "unrule" => ProxyCommand::RemoveRule(number(&UNRULE, NUMBERED_RULE, word)?),
        "hold" => ProxyCommand::Hold(hold(word)?),
        "held" => none(ProxyCommand::Held)?,
        "go" => ProxyCommand::Release { number: number_or_all(&GO, word)?, is_dropped: false },
        "drop" => ProxyCommand::Release { number: number_or_all(&DROP, word)?, is_dropped: true },
        "close" => close(argument.trim_start())?,
        "quit" => none(ProxyCommand::Quit)?,
        _ => return Ok(connection::execute(name, argument)?.map(ProxyCommand::Action)),
    };
    Ok(Parsed::Ready(command))
}

fn inject<G: ProxyGrammar>(
    to: Side,
    command: &SlashCommand,
    argument: &str,
) -> Result<Parsed<Command<G>>, String> {
    let (connection, source) = numbered_payload(command, CONNECTION, argument)?;
    payload::<G>(source, move |payload| ProxyCommand::Inject { to, connection, payload })
}

/// `N PAYLOAD`
fn numbered_payload<'a>(
    command: &SlashCommand,
    numbered: Numbered,
    argument: &'a str,
) -> Result<(u64, &'a str), String> {
    let (word, source) = split(argument.trim_start());
    let number = number(command, numbered, word)?;
    match source {
        "" => Err(format!(
            "/{name} {number} requires what is sent, as in /{name} {number} hello; text: alone is an \
             empty message",
            name = command.name
        )),
        source => Ok((number, source)),
    }
}

fn payload<G: ProxyGrammar>(
    source: &str,
    finish: impl FnOnce(G::Payload) -> Command<G> + Send + 'static,
) -> Result<Parsed<Command<G>>, String> {
    let Some(path) = G::payload_file(source) else {
        return G::payload(source, None).map(finish).map(Parsed::Ready);
    };
    let source = source.to_owned();
    let make =
        move |contents: Vec<Vec<u8>>| G::payload(&source, contents.into_iter().next()).map(finish);
    Ok(Parsed::File(FileRequest::contents(vec![home(path)], MAX_FILE, make)))
}

fn rule<G: ProxyGrammar>(source: &str) -> Result<Parsed<Command<G>>, String> {
    if source.is_empty() {
        return Err(format!(
            "/rule {} requires a rule, as in /rule client {{\"type\":\"ping\"}} => drop",
            RULE.arguments
        ));
    }
    let files = G::rule_files(source);
    if files.is_empty() {
        return G::rule(source, Vec::new()).map(ProxyCommand::AddRule).map(Parsed::Ready);
    }
    let source = source.to_owned();
    let make = move |contents| G::rule(&source, contents).map(ProxyCommand::AddRule);
    let files = files.into_iter().map(home).collect();
    Ok(Parsed::File(FileRequest::contents(files, MAX_FILE, make)))
}

fn home(path: PathBuf) -> PathBuf {
    path.to_str().map(expand_home).unwrap_or(path)
}

fn hold(word: &str) -> Result<Option<bool>, String> {
    match word {
        "" => Ok(None),
        "on" => Ok(Some(true)),
        "off" => Ok(Some(false)),
        other => Err(format!("/hold takes on or off, not {other:?}")),
    }
}

/// `N [client|server] [CODE [REASON]]`
fn close<R, P>(argument: &str) -> Result<ProxyCommand<R, P>, String> {
    let (word, rest) = split(argument);
    let connection = number(&CLOSE, CONNECTION, word)?;
    let rest = rest.trim();
    let (side, rest) = match split(rest) {
        ("client", rest) => (Some(Side::Client), rest.trim()),
        ("server", rest) => (Some(Side::Server), rest.trim()),
        (word, _) => match closest(word, ["client", "server"]) {
            Some(side) => {
                return Err(format!(
                    "{word:?} is neither a side nor a close code: did you mean /close {connection} {side}?"
                ));
            }
            None if word == "both" => {
                return Err(format!(
                    "/close {connection} closes both sides without a word for that: /close {connection} \
                     [client|server] [CODE [REASON]]"
                ));
            }
            None => (None, rest),
        },
    };
    let (code, reason) = match rest {
        "" => (CloseCode::NORMAL, String::new()),
        rest => code_and_reason(rest, &format!("/close {connection}"))?,
    };
    let payload = ClosePayload { code: Some(code), reason };
    Ok(ProxyCommand::Close { connection, side, payload })
}

fn number_or_all(command: &SlashCommand, word: &str) -> Result<Option<u64>, String> {
    match word {
        "" => Ok(None),
        word => number(command, HELD, word).map(Some),
    }
}

/// A number, as it is typed or shown.
fn number(command: &SlashCommand, numbered: Numbered, word: &str) -> Result<u64, String> {
    let digits = word.trim_start_matches('#');
    let number = digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()));
    number.ok_or_else(|| {
        let SlashCommand { name, arguments, .. } = command;
        let got = if word.is_empty() { String::new() } else { format!(", not {word:?}") };
        let Numbered { what, list } = numbered;
        format!("/{name} {arguments} requires the number of {what}{got}; /{list} lists them")
    })
}

#[cfg(test)]
mod tests;
