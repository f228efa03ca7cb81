//! What the page does to connections: each command carries it out in its own way.

use serde::{Deserialize, Serialize};

use crate::protocol::Side;
use crate::protocol::close::ClosePayload;

/// Carries out what a tab asks for. Errors are texts for the user, as the prompt would show them.
///
/// The calls come from the thread of the tab. After anything changes in what [`Control::state`] returns, also through
/// others, [`Store::notify`](super::Store::notify) has to be called.
pub trait Control: Send {
    /// Sends a message, ping or pong toward `to`. `connection`: its number; `None` where there is only one.
    ///
    /// # Errors
    /// Why it was not sent.
    fn send(&mut self, connection: Option<u64>, to: Side, payload: Payload) -> Result<(), String>;

    /// Closes a connection toward one side or both.
    ///
    /// # Errors
    /// Why it was not closed.
    fn close(
        &mut self,
        connection: Option<u64>,
        to: Target,
        close: ClosePayload,
    ) -> Result<(), String>;

    /// Holds each data message from now on, or no longer.
    ///
    /// # Errors
    /// Why nothing can be held.
    fn hold(&mut self, on: bool) -> Result<(), String>;

    /// The messages that are held, and those that were released and wait for one of them, in the order in which they would be
    /// delivered; at most `most`.
    ///
    /// # Errors
    /// Why nothing can be held.
    fn held(&mut self, most: usize) -> Result<Vec<HeldMessage>, String>;

    /// The payload of a message that is held.
    ///
    /// # Errors
    /// If there is none of this number.
    fn held_payload(&mut self, number: u64) -> Result<Payload, String>;

    /// Delivers a message that is held, or drops it. `None`: all of them.
    ///
    /// # Errors
    /// If there is none of this number.
    fn release(&mut self, number: Option<u64>, drop: bool) -> Result<(), String>;

    /// Replaces the payload of a message that is held, which stays so.
    ///
    /// # Errors
    /// If there is none of this number, or it cannot have this payload.
    fn edit(&mut self, number: u64, payload: Payload) -> Result<(), String>;

    /// The rules, in order.
    ///
    /// # Errors
    /// Why there are none.
    fn rules(&mut self) -> Result<Vec<RuleText>, String>;

    /// Adds a rule behind the others.
    ///
    /// # Errors
    /// Why it is not a rule.
    fn add_rule(&mut self, text: &str) -> Result<(), String>;

    /// Removes a rule.
    ///
    /// # Errors
    /// If there is none of this number.
    fn remove_rule(&mut self, number: u64) -> Result<(), String>;

    /// What all tabs show of this. Called for each notice: it must not wait.
    fn state(&self) -> ControlState;
}

/// What tabs show of what is held, and of the rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ControlState {
    /// Each data message is held.
    pub is_holding: bool,
    /// How many messages are held.
    pub held: u64,
    /// Changes with the list of them.
    pub held_version: u64,
    /// Changes with the rules.
    pub rules_version: u64,
}

/// Where a Close frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// To the client.
    Client,
    /// To the server.
    Server,
    /// To both.
    Both,
}

impl Target {
    /// The sides that get one.
    pub(super) const fn sides(self) -> &'static [Side] {
        match self {
            Self::Client => &[Side::Client],
            Self::Server => &[Side::Server],
            Self::Both => &[Side::Client, Side::Server],
        }
    }
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The type of message or control frame.
    pub kind: PayloadKind,
    /// Its data. That of a text message is UTF-8, that of a control frame at most 125 bytes.
    pub data: Vec<u8>,
}

/// The type of a message or control frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PayloadKind {
    /// A text message.
    Text,
    /// A binary message.
    Binary,
    /// A ping.
    Ping,
    /// A pong.
    Pong,
    /// A Close frame, which is held by a rule. It is not sent as a payload.
    Close,
}

/// A message that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldMessage {
    /// Its number.
    pub number: u64,
    /// That of its connection.
    pub connection: u64,
    /// The number of the rule that holds it.
    pub rule: Option<u64>,
    /// Who sent it.
    pub from: Side,
    /// Its type.
    pub kind: PayloadKind,
    /// The length of its payload, in bytes.
    pub size: u64,
    /// It was released, and is delivered after the message with this number, which is still held.
    pub after: Option<u64>,
    /// The start of its payload: 1 KiB is enough. Of a Close frame its code and reason as text.
    pub start: Vec<u8>,
}

/// A rule as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleText {
    /// Its number.
    pub number: u64,
    /// As it would be written.
    pub text: String,
    /// How often it was applied.
    pub applied: u64,
}
