//! What the page can do with connections, rules and held messages: the commands of the prompt.

use std::sync::Arc;

use super::grammar::{Command, payload_of_page, rule_of_page};
use super::server::{ConnectionReport, Server};
use super::tables;
use crate::commands::page::About;
use crate::event::Carried;
use crate::input::repl::ProxyCommand;
use crate::page::{
    Abilities, Control, ControlState, HeldMessage, Hello, Mode, Payload, PayloadKind, RuleText,
    Target,
};
use crate::protocol::close::ClosePayload;
use crate::protocol::{MessageKind, Opcode, Side};
use crate::proxy;

/// What the page of this proxy is about.
pub(super) fn about(server: &Arc<Server>) -> About {
    let (address, target) = (server.address, &server.config.endpoint.target);
    let target = server.config.redaction.url(&target.url()).into_owned();
    let s = if server.config.tls.is_some() { "s" } else { "" };
    let both = || vec![Side::Server, Side::Client];
    let hello = Hello {
        mode: Mode::Proxy,
        title: format!("proxy {address} → {target}"),
        clients_url: Some(format!("ws{s}://{address}/")),
        target: Some(target),
        can: Abilities { send: both(), close: both(), hold: true, rules: true },
    };
    let server = Arc::clone(server);
    About { hello, control: Arc::new(move || Box::new(PageControl(Arc::clone(&server)))) }
}

/// Acts on a proxy.
struct PageControl(Arc<Server>);

/// The start of a held message that is shown, in bytes.
const START: usize = 1 << 10;

impl PageControl {
    /// Carries out a command. `line`: what is shown of it at the prompt, as it would be typed; `None`: its event shows it.
    fn execute(&self, command: Command, line: Option<String>) -> Result<(), String> {
        self.0.answer(command).map_err(for_page)?;
        line.map_or(Ok(()), |line| self.show(line))
    }

    fn show(&self, line: String) -> Result<(), String> {
        self.0.shared.report(ConnectionReport::Page(line));
        Ok(())
    }

    fn held(&self, number: u64) -> Result<proxy::Held, String> {
        self.0.holding.get(number).ok_or_else(|| for_page(tables::not_held(number)))
    }
}

/// A problem without the command that lists what there is, as in `no rule 3; /rules lists them`: the page lists it itself.
fn for_page(mut problem: String) -> String {
    if let Some(hint) = problem.rfind("; /") {
        problem.truncate(hint);
    }
    problem
}

/// A proxy numbers all connections; the page chooses one as long as any is open.
fn chosen(connection: Option<u64>) -> Result<u64, String> {
    connection.ok_or_else(|| "no connection is open".to_owned())
}

impl Control for PageControl {
    fn send(&mut self, connection: Option<u64>, to: Side, payload: Payload) -> Result<(), String> {
        let connection = chosen(connection)?;
        let payload = payload_of_page(payload);
        self.execute(ProxyCommand::Inject { to, connection, payload }, None)
    }

    fn close(
        &mut self,
        connection: Option<u64>,
        to: Target,
        payload: ClosePayload,
    ) -> Result<(), String> {
        let connection = chosen(connection)?;
        let (side, name) = match to {
            Target::Client => (Some(Side::Client), " client"),
            Target::Server => (Some(Side::Server), " server"),
            Target::Both => (None, ""),
        };
        let code = payload.code.map(|code| format!(" {}", code.get())).unwrap_or_default();
        let line = format!("/close {connection}{name}{code} {}", payload.reason);
        let line = line.trim_end().to_owned();
        self.0.close(connection, side, payload, "closed on the page").map_err(for_page)?;
        self.show(line)
    }

    fn hold(&mut self, on: bool) -> Result<(), String> {
        let line = format!("/hold {}", if on { "on" } else { "off" });
        self.execute(ProxyCommand::Hold(Some(on)), Some(line))
    }

    fn held(&mut self, most: usize) -> Result<Vec<HeldMessage>, String> {
        let holding = &self.0.holding;
        let waiting = holding.waiting().into_iter().take(most);
        let message = |(number, held): (u64, proxy::Held)| {
            let after = held.is_released.then(|| holding.before(number)).flatten();
            HeldMessage { after, ..held_message(number, &held) }
        };
        Ok(waiting.map(message).collect())
    }

    fn held_payload(&mut self, number: u64) -> Result<Payload, String> {
        let held = Self::held(self, number)?;
        let (kind, data) = parts(&held.payload);
        Ok(Payload { kind, data: data.to_vec() })
    }

    fn release(&mut self, number: Option<u64>, drop: bool) -> Result<(), String> {
        let name = if drop { "/drop" } else { "/go" };
        let line = number.map_or_else(|| name.to_owned(), |number| format!("{name} {number}"));
        self.execute(ProxyCommand::Release { number, is_dropped: drop }, Some(line))
    }

    fn edit(&mut self, number: u64, payload: Payload) -> Result<(), String> {
        let line = format!("/edit {number}");
        self.execute(ProxyCommand::Edit(number, payload_of_page(payload)), Some(line))
    }

    fn rules(&mut self) -> Result<Vec<RuleText>, String> {
        let rules = self.0.rules.snapshot();
        let text = |rule: &crate::rules::NumberedRule| RuleText {
            number: rule.number,
            text: rule.rule.to_string(),
            applied: rule.applied(),
        };
        Ok(rules.list().iter().map(text).collect())
    }

    fn add_rule(&mut self, text: &str) -> Result<(), String> {
        let line = format!("/rule {text}");
        self.execute(ProxyCommand::AddRule(rule_of_page(text)?), Some(line))
    }

    fn remove_rule(&mut self, number: u64) -> Result<(), String> {
        self.execute(ProxyCommand::RemoveRule(number), Some(format!("/unrule {number}")))
    }

    fn state(&self) -> ControlState {
        let holding = &self.0.holding;
        ControlState {
            is_holding: holding.is_on(),
            held: holding.len() as u64,
            held_version: holding.version(),
            rules_version: self.0.rules.version(),
        }
    }
}

fn held_message(number: u64, held: &proxy::Held) -> HeldMessage {
    let (kind, data) = parts(&held.payload);
    let mut message = HeldMessage {
        number,
        connection: held.connection,
        rule: held.rule,
        from: held.from,
        kind,
        size: data.len() as u64,
        after: None,
        start: data[..data.len().min(START)].to_vec(),
    };
    if let Carried::Close(close) = &held.original {
        message.size = close.to_bytes().len() as u64;
        message.start = tables::close_text(close).into_bytes();
    }
    message
}

fn parts(payload: &proxy::Payload) -> (PayloadKind, &[u8]) {
    match payload {
        proxy::Payload::Message(MessageKind::Text, data) => (PayloadKind::Text, data),
        proxy::Payload::Message(MessageKind::Binary, data) => (PayloadKind::Binary, data),
        proxy::Payload::Control(Opcode::Ping, data) => (PayloadKind::Ping, data),
        proxy::Payload::Control(Opcode::Pong, data) => (PayloadKind::Pong, data),
        proxy::Payload::Control(_, data) => (PayloadKind::Close, data),
    }
}
