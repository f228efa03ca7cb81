//! What the page can do where there is less to do than in a proxy.

use crate::input::Action;
use crate::page::{Control, ControlState, HeldMessage, Payload, PayloadKind, RuleText, Target};
use crate::protocol::close::ClosePayload;
use crate::protocol::{MessageKind, Side};

/// The actions of a command that sends and closes, and has neither rules nor anything that is held.
pub(in crate::commands) trait OnlyActions: Send {
    /// See [`Control::send`].
    ///
    /// # Errors
    /// Why it was not sent.
    fn send(&mut self, connection: Option<u64>, to: Side, payload: Payload) -> Result<(), String>;

    /// See [`Control::close`].
    ///
    /// # Errors
    /// Why it was not closed.
    fn close(&mut self, connection: Option<u64>, close: ClosePayload) -> Result<(), String>;
}

/// Makes a [`Control`] of these actions.
pub(in crate::commands) struct Unavailable<A>(pub(in crate::commands) A);

/// That of a recording: nothing.
pub(in crate::commands) struct ReadOnly;

/// Why nothing is held.
const NO_HOLD: &str = "only a proxy can hold messages: wscope proxy ADDR URL";

/// Why there are no rules.
const NO_RULES: &str = "only a proxy has rules: wscope proxy ADDR URL";

/// Why nothing can be sent or closed.
const RECORDED: &str = "this is a recording: there is no connection";

/// What sends a payload on a connection of ours.
///
/// # Errors
/// If it is that of a Close frame.
pub(in crate::commands) fn action_of(payload: Payload) -> Result<Action, String> {
    let data = payload.data.into();
    match payload.kind {
        PayloadKind::Text => Ok(Action::Send(MessageKind::Text, data)),
        PayloadKind::Binary => Ok(Action::Send(MessageKind::Binary, data)),
        PayloadKind::Ping => Ok(Action::Ping(data)),
        PayloadKind::Pong => Ok(Action::Pong(data)),
        PayloadKind::Close => Err("a Close frame is sent by closing".to_owned()),
    }
}

impl OnlyActions for ReadOnly {
    fn send(&mut self, _: Option<u64>, _: Side, _: Payload) -> Result<(), String> {
        Err(RECORDED.to_owned())
    }

    fn close(&mut self, _: Option<u64>, _: ClosePayload) -> Result<(), String> {
        Err(RECORDED.to_owned())
    }
}

impl<A: OnlyActions> Control for Unavailable<A> {
    fn send(&mut self, connection: Option<u64>, to: Side, payload: Payload) -> Result<(), String> {
        self.0.send(connection, to, payload)
    }

    fn close(
        &mut self,
        connection: Option<u64>,
        _: Target,
        close: ClosePayload,
    ) -> Result<(), String> {
        self.0.close(connection, close) // there is one peer
    }

    fn hold(&mut self, _: bool) -> Result<(), String> {
        Err(NO_HOLD.to_owned())
    }

    fn held(&mut self, _: usize) -> Result<Vec<HeldMessage>, String> {
        Ok(Vec::new())
    }

    fn held_payload(&mut self, _: u64) -> Result<Payload, String> {
        Err(NO_HOLD.to_owned())
    }

    fn release(&mut self, _: Option<u64>, _: bool) -> Result<(), String> {
        Err(NO_HOLD.to_owned())
    }

    fn edit(&mut self, _: u64, _: Payload) -> Result<(), String> {
        Err(NO_HOLD.to_owned())
    }

    fn rules(&mut self) -> Result<Vec<RuleText>, String> {
        Ok(Vec::new())
    }

    fn add_rule(&mut self, _: &str) -> Result<(), String> {
        Err(NO_RULES.to_owned())
    }

    fn remove_rule(&mut self, _: u64) -> Result<(), String> {
        Err(NO_RULES.to_owned())
    }

    fn state(&self) -> ControlState {
        ControlState::default()
    }
}
