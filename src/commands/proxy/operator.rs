//! What the control loop does of its own: lines of the prompt, and what connections report.

use std::time::{Duration, Instant};

use super::grammar::Command;
use super::layout::shortened;
use super::server::{ConnectionReport, Server};
use super::tables::{behind, held_text, not_held, rules_text, status_text, waiting_text};
use crate::commands::{page, serving};
use crate::error::Error;
use crate::event::{EventKind, Level, Shown};
use crate::input::repl::ProxyCommand;
use crate::input::{Action, Show};
use crate::platform::files::format_size;
use crate::platform::signals::Signal;
use crate::protocol::close::ClosePayload;
use crate::protocol::counted::{counted, plural};
use crate::protocol::frame::MAX_CONTROL_PAYLOAD;
use crate::protocol::{CloseCode, Opcode, Side};
use crate::proxy::{Held, MAX_UNSENT, Order, Payload};
use crate::rules::ProxyRule;

/// The operator of a proxy.
#[derive(Debug)]
pub(super) struct Operator {
    /// The run ends after this many connections.
    left: Option<u64>,
    /// The outcome of the only connection is that of the run.
    once: bool,
}

type Control = serving::Control<Operator>;

/// What a command shows, or why it cannot be carried out.
type Answer = Result<Option<String>, String>;

/// The limit on a closing handshake without `--close-timeout`.
const NO_CLOSE_TIMEOUT: Duration = Duration::from_secs(3600);

impl Operator {
    pub(super) fn new(once: bool, connections: Option<u64>) -> Self {
        Self { left: if once { Some(1) } else { connections }, once }
    }
}

impl serving::Operator for Operator {
    type Server = Server;
    type Command = Command;

    const AWAITED: &'static str = "both sides' Close frames";

    fn execute(&mut self, command: Command, control: &mut Control) {
        let answer = match command {
            ProxyCommand::Quit => return control.leave(CloseCode::GOING_AWAY, Ok(())),
            ProxyCommand::Action(Action::Leave(signal)) => return control.on_signal(signal),
            ProxyCommand::Action(Action::Show(Show::Status)) => {
                Ok(Some(status_text(control.server())))
            }
            ProxyCommand::Action(Action::Show(show)) => return show_asked(&show, control),
            ProxyCommand::Action(action) => Err(not_sent(&action, control.server())),
            command => control.server().answer(command),
        };
        match answer {
            Ok(Some(text)) => control.emit(None, EventKind::Shown(Shown::Text(&text))),
            Ok(None) => {}
            Err(problem) => control.emit(None, EventKind::Shown(Shown::Problem(&problem))),
        }
    }

    fn on_report(&mut self, report: ConnectionReport, control: &mut Control) {
        let result = match report {
            ConnectionReport::Ended(result) => result,
            ConnectionReport::Page(line) => {
                return control.notice(Level::Info, &page::done_text(&line));
            }
        };
        let Some(left) = &mut self.left else { return };
        *left = left.saturating_sub(1);
        if *left == 0 {
            let result = if self.once { result } else { Ok(()) };
            control.finish(result);
        }
    }

    fn result_of_signal(signal: Signal, is_repeated: bool) -> Result<(), Error> {
        match signal {
            Signal::Interrupt | Signal::Terminate if !is_repeated => Ok(()),
            signal => Err(Error::Signal(signal)),
        }
    }

    fn is_message(command: &Command) -> bool {
        command.is_message()
    }
}

fn show_asked(show: &Show, control: &mut Control) {
    let connection = match show {
        Show::Full(kept) => kept.connection,
        _ => None,
    };
    if let Some(shown) = show.shown() {
        control.emit(connection, EventKind::Shown(shown));
    }
}

/// A line without a slash is for no connection: what to write instead.
fn not_sent(action: &Action, server: &Server) -> String {
    const LONGEST: usize = 40;
    let number = server.connections.list().first().map(|(number, _)| number.to_string());
    let number = number.as_deref().unwrap_or("N");
    let text = match action {
        Action::Send(_, data) => shortened(&String::from_utf8_lossy(data), LONGEST),
        _ => "TEXT".to_owned(),
    };
    format!(
        "nothing was sent: /server {number} {text} sends it to the server of a connection, /client \
         {number} {text} to its client"
    )
}

impl Server {
    /// Carries out a command on connections, rules or held messages.
    pub(super) fn answer(&self, command: Command) -> Answer {
        match command {
            ProxyCommand::Connections => Ok(Some(self.connections.table_text())),
            ProxyCommand::Inject { to, connection, payload } => {
                self.inject(connection, to, payload)
            }
            ProxyCommand::AddRule(rule) => self.add_rule(rule),
            ProxyCommand::Rules => Ok(Some(rules_text(&self.rules.snapshot()))),
            ProxyCommand::RemoveRule(number) => self.remove_rule(number),
            ProxyCommand::Hold(None) => Ok(Some(self.holding_text())),
            ProxyCommand::Hold(Some(is_on)) => {
                self.holding.set(is_on);
                self.connections.refresh();
                Ok(Some(self.holding_text()))
            }
            ProxyCommand::Held => Ok(Some(held_text(&self.holding))),
            ProxyCommand::Release { number: Some(number), is_dropped } => {
                self.release_one(number, is_dropped)
            }
            ProxyCommand::Release { number: None, is_dropped } => self.release_all(is_dropped),
            ProxyCommand::Edit(number, payload) => self.edit(number, payload),
            ProxyCommand::Close { connection, side, payload } => {
                self.close(connection, side, payload, "closed at the prompt")
            }
            // Carried out by the loop.
            ProxyCommand::Action(_) | ProxyCommand::Quit => Ok(None),
        }
    }

    fn inject(&self, connection: u64, to: Side, payload: Payload) -> Answer {
        if !self.connections.orders(connection)?.has_room(to, &payload) {
            let limit = format_size(MAX_UNSENT as u64);
            let to = to.name();
            return Err(format!(
                "not sent: the {to} of connection {connection} takes no more: over {limit} would wait"
            ));
        }
        self.order(connection, Order::Inject { to, payload })
    }

    fn order(&self, connection: u64, order: Order) -> Answer {
        match self.connections.orders(connection)?.push(order) {
            true => Ok(None),
            false => Err(format!("connection {connection} has too many commands to carry out")),
        }
    }

    /// Closes a connection toward one side or both; `why`, for people.
    pub(super) fn close(
        &self,
        connection: u64,
        side: Option<Side>,
        payload: ClosePayload,
        why: &str,
    ) -> Answer {
        let limit = self.config.close_timeout.unwrap_or(NO_CLOSE_TIMEOUT);
        let why = why.to_owned();
        let order = match side {
            Some(side) => Order::CloseSide { side, payload, why },
            None => Order::Close { payload, why, until: Instant::now() + limit },
        };
        self.order(connection, order)
    }

    fn add_rule(&self, rule: ProxyRule) -> Answer {
        let number = self.rules.add(rule).map_err(|error| error.to_string())?;
        self.connections.refresh();
        self.notify_page();
        Ok(Some(format!("rule {number} added")))
    }

    fn remove_rule(&self, number: u64) -> Answer {
        const LONGEST: usize = 100;
        let Some(rule) = self.rules.remove(number) else {
            return Err(format!("no rule {number}; /rules lists them"));
        };
        self.connections.refresh();
        self.notify_page();
        Ok(Some(format!("rule {number} removed: {}", shortened(&rule.to_string(), LONGEST))))
    }

    fn holding_text(&self) -> String {
        let held = self.holding.len();
        match (self.holding.is_on(), held, behind(&self.holding).messages) {
            (true, _, _) => format!("every data message is held: /held lists them; {held} now"),
            (false, 0, _) => "messages are not held".to_owned(),
            (false, _, 0) => {
                format!("messages are not held any more; {held} held before: /go, /drop")
            }
            (false, _, behind) => format!(
                "messages are not held any more; {held} held before, {} behind: /go, /drop",
                waiting_text(behind)
            ),
        }
    }

    fn release_one(&self, number: u64, is_dropped: bool) -> Answer {
        let held = self.held(number)?;
        let before = self.holding.before(number).filter(|_| !is_dropped);
        let followers = self.holding.followers(number);
        match held.orders.push(Order::Release { number, is_dropped }) {
            true => Ok(Some(match before {
                Some(other) => format!("{number} is delivered after {other}, which is still held"),
                None => format!("{} {number}{}", decided(is_dropped), with(is_dropped, followers)),
            })),
            false => Err(BUSY.to_owned()),
        }
    }

    fn release_all(&self, is_dropped: bool) -> Answer {
        let (released, held): (Vec<_>, Vec<_>) =
            self.holding.waiting().into_iter().partition(|(_, held)| held.is_released);
        if held.is_empty() {
            return Err("no message is held".to_owned());
        }
        let released = released.len() as u64;
        let behind: u64 = self.holding.behind().iter().map(|(_, it)| it.messages).sum();
        let push = |(number, held): &(u64, Held)| {
            held.orders.push(Order::Release { number: *number, is_dropped })
        };
        let count = held.iter().filter(|it| push(it)).count() as u64;
        // Those that were let go before are not what is dropped.
        let (count_shown, behind) = match is_dropped {
            true => (count, released + behind),
            false => (count + released, behind),
        };
        let what = counted(count_shown, "message");
        let text = format!("{} {what}{}", decided(is_dropped), with(is_dropped, behind));
        match held.len() as u64 - count {
            0 => Ok(Some(text)),
            left => Err(format!("{text}; {left} message{} not: {BUSY}", plural(left))),
        }
    }

    /// The held message with this number, about which nothing is decided yet.
    fn held(&self, number: u64) -> Result<Held, String> {
        let held = self.holding.get(number).ok_or_else(|| not_held(number))?;
        match held.is_released.then(|| self.holding.before(number)).flatten() {
            Some(other) => {
                Err(format!("{number} was released: it goes after {other}, which is still held"))
            }
            None => Ok(held),
        }
    }

    fn edit(&self, number: u64, payload: Payload) -> Answer {
        let held = self.held(number)?;
        let payload = in_place_of(&held.payload, payload)
            .map_err(|reason| format!("{number} was not changed: {reason}"))?;
        match self.holding.edit(number, payload) {
            true => Ok(Some(format!("{number} changed, and still held: /go {number} delivers it"))),
            false => Err(not_held(number)),
        }
    }
}

/// Why a held message cannot be let go now.
const BUSY: &str = "its connection has too many commands to carry out: try again";

fn decided(is_dropped: bool) -> &'static str {
    if is_dropped { "dropped" } else { "delivered" }
}

/// What is delivered with what was let go or dropped: ", and 5 that waited behind".
fn with(is_dropped: bool, behind: u64) -> String {
    match (behind, is_dropped) {
        (0, _) => String::new(),
        (behind, true) => format!(", delivered {behind} behind"),
        (behind, false) => format!(", and {behind} that waited behind"),
    }
}

/// What can be delivered in place of something held: a message for a message, the payload of a ping or pong for that.
fn in_place_of(held: &Payload, new: Payload) -> Result<Payload, String> {
    match (held, new) {
        (Payload::Message(..), new @ Payload::Message(..)) => Ok(new),
        (Payload::Control(Opcode::Close, _), _) => {
            Err("it is a Close frame: /drop and /close send another one".to_owned())
        }
        (Payload::Control(held, _), Payload::Message(_, data)) => match data.len() {
            0..=MAX_CONTROL_PAYLOAD => Ok(Payload::Control(*held, data)),
            long => {
                Err(format!("{long} bytes: a control frame takes at most {MAX_CONTROL_PAYLOAD}"))
            }
        },
        (Payload::Control(held, _), Payload::Control(new, data)) if *held == new => {
            Ok(Payload::Control(new, data))
        }
        (_, Payload::Control(..)) => {
            Err("it cannot become a ping or pong; text:ping:… is a text".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::MessageKind;

    #[test]
    fn only_what_is_alike_takes_the_place_of_something_held() {
        let text = |data: &str| Payload::Message(MessageKind::Text, data.to_owned().into());
        let ping = |data: &str| Payload::Control(Opcode::Ping, data.to_owned().into());
        let pong = Payload::Control(Opcode::Pong, "x".into());
        let long = "x".repeat(126);
        let binary = Payload::Message(MessageKind::Binary, vec![0].into());
        let close = Payload::Control(Opcode::Close, Default::default());
        for (held, new, expected) in [
            (text("a"), text("b"), Ok(text("b"))),
            (text("a"), binary.clone(), Ok(binary)),
            (text("a"), ping("b"), Err("ping or pong")),
            (ping("a"), text("b"), Ok(ping("b"))),
            (ping("a"), ping("b"), Ok(ping("b"))),
            (ping("a"), pong, Err("ping or pong")),
            (ping("a"), text(&long), Err("126 bytes")),
            (close, text("b"), Err("Close frame")),
        ] {
            let result = in_place_of(&held, new);
            match expected {
                Ok(payload) => assert_eq!(result, Ok(payload)),
                Err(reason) => assert!(result.is_err_and(|it| it.contains(reason)), "{reason}"),
            }
        }
    }
}
