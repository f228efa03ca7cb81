//! The messages between a tab and this program: objects of JSON. `docs/page.md` describes them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::protocol::Side;

/// The largest request, in bytes: a message of 16 MiB in hexadecimal digits or base64 has room. The connection of a tab
/// ends with a larger one.
pub const MAX_REQUEST: usize = 20 << 20;

/// What the answer to `hello` says of the command.
#[derive(Clone, Debug, Serialize)]
pub struct Hello {
    /// The command.
    pub mode: Mode,
    /// What the page is about, in a few words.
    pub title: String,
    /// The URL that clients connect to, if this program listens for them.
    pub clients_url: Option<String>,
    /// The URL of the server, if there is one.
    pub target: Option<String>,
    /// What the page may do.
    pub can: Abilities,
}

/// The command that shows the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// This program is the client.
    Connect,
    /// This program is the server.
    Listen,
    /// This program is between clients and a server.
    Proxy,
    /// A recording is shown.
    View,
}

/// What the page may do.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Abilities {
    /// Where messages can be sent.
    #[serde(serialize_with = "sides")]
    pub send: Vec<Side>,
    /// Where Close frames can be sent.
    #[serde(serialize_with = "sides")]
    pub close: Vec<Side>,
    /// Messages can be held.
    pub hold: bool,
    /// There can be rules.
    pub rules: bool,
}

fn sides<S: Serializer>(sides: &[Side], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(sides.iter().map(|side| side.name()))
}

/// The direction of what a side sends.
pub(super) const fn direction(from: Side) -> &'static str {
    match from {
        Side::Client => "out",
        Side::Server => "in",
    }
}

/// A side as requests name it.
#[derive(Clone, Copy, Debug)]
pub(super) struct To(pub(super) Side);

impl<'de> Deserialize<'de> for To {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum Name {
            Client,
            Server,
        }

        Ok(Self(match Name::deserialize(deserializer)? {
            Name::Client => Side::Client,
            Name::Server => Side::Server,
        }))
    }
}
