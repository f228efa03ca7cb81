//! Close codes defined by applications that can be recognised by their subprotocol or host.

use std::fmt;

/// An application protocol with close codes of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Application {
    /// GraphQL over WebSocket, the subprotocol `graphql-transport-ws`.
    GraphqlTransportWs,
    /// The gateway of Discord.
    DiscordGateway,
}

/// All known applications.
pub const APPLICATIONS: [Application; 2] =
    [Application::GraphqlTransportWs, Application::DiscordGateway];

type Codes = &'static [(u16, &'static str)];

/// <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md> and the codes of its library.
const GRAPHQL_TRANSPORT_WS: Codes = &[
    (4004, "Bad Response: the client cannot read a message of the server"),
    (4005, "Internal Client Error"),
    (4400, "Bad Request: the server cannot read a message: invalid JSON or an invalid type"),
    (4401, "Unauthorized: a subscription before the server's connection_ack"),
    (4403, "Forbidden: the server refused connection_init"),
    (4406, "Subprotocol Not Acceptable"),
    (4408, "Connection Initialisation Timeout: no connection_init within the server's limit"),
    (4409, "Subscriber Already Exists: a second subscription with the id of one that is active"),
    (4429, "Too Many Initialisation Requests: more than one connection_init"),
    (4500, "Internal Server Error"),
    (4504, "Connection Acknowledgement Timeout: no connection_ack within the client's limit"),
];

/// <https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes>
const DISCORD_GATEWAY: Codes = &[
    (4000, "Unknown error"),
    (4001, "Unknown opcode: an invalid opcode, or an invalid payload for an opcode"),
    (4002, "Decode error: an invalid payload"),
    (4003, "Not authenticated: a payload before Identify"),
    (4004, "Authentication failed: the token of Identify is wrong"),
    (4005, "Already authenticated: more than one Identify"),
    (4007, "Invalid sequence number in Resume"),
    (4008, "Rate limited: too many payloads"),
    (4009, "Session timed out"),
    (4010, "Invalid shard in Identify"),
    (4011, "Sharding required: too many guilds for one connection"),
    (4012, "Invalid version of the gateway"),
    (4013, "Invalid intents"),
    (4014, "Disallowed intents: one that is not enabled for the application"),
];

impl Application {
    /// The application identified by a subprotocol or by the host of a URL.
    pub fn of(subprotocol: Option<&str>, url: &str) -> Option<Self> {
        if subprotocol == Some("graphql-transport-ws") {
            return Some(Self::GraphqlTransportWs);
        }
        let host = host(url)?.to_ascii_lowercase();
        let is_discord = host == "discord.gg" || host.ends_with(".discord.gg");
        is_discord.then_some(Self::DiscordGateway)
    }

    /// The meaning of a code in this application.
    pub fn meaning(self, code: super::CloseCode) -> Option<&'static str> {
        let codes = match self {
            Self::GraphqlTransportWs => GRAPHQL_TRANSPORT_WS,
            Self::DiscordGateway => DISCORD_GATEWAY,
        };
        codes.iter().find(|(number, _)| *number == code.get()).map(|(_, meaning)| *meaning)
    }
}

impl fmt::Display for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GraphqlTransportWs => "graphql-transport-ws",
            Self::DiscordGateway => "Discord gateway",
        })
    }
}

/// The host of a URL, without its port.
fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let address = authority.rsplit('@').next()?;
    address.split(':').next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::CloseCode;

    #[test]
    fn an_application_is_recognised_by_its_subprotocol_or_host() {
        let graphql = Some(Application::GraphqlTransportWs);
        let discord = Some(Application::DiscordGateway);
        for (subprotocol, url, application) in [
            (Some("graphql-transport-ws"), "ws://localhost:4000/graphql", graphql),
            (Some("graphql-ws"), "ws://localhost:4000/graphql", None),
            (None, "ws://localhost:4000/graphql-transport-ws", None),
            (None, "wss://gateway.discord.gg/?v=10", discord),
            (None, "wss://GATEWAY-us-east1-b.Discord.gg:443", discord),
            (None, "wss://example.com/discord.gg", None),
            (None, "wss://notdiscord.gg/", None),
            (None, "wss://discord.gg.example.com/", None),
            (None, "wss://[::1]:80/", None),
            (None, "", None),
        ] {
            assert_eq!(Application::of(subprotocol, url), application, "{subprotocol:?} {url}");
        }
    }

    #[test]
    fn each_application_defines_its_own_codes() {
        for codes in [GRAPHQL_TRANSPORT_WS, DISCORD_GATEWAY] {
            assert!(codes.is_sorted_by_key(|(code, _)| code));
            assert!(codes.iter().all(|(code, _)| (4000..5000).contains(code)));
        }
        let meanings = APPLICATIONS.map(|it| it.meaning(CloseCode::new(4004)));
        assert!(meanings[0].is_some_and(|it| it.starts_with("Bad Response")));
        assert!(meanings[1].is_some_and(|it| it.starts_with("Authentication failed")));
        assert_eq!(Application::DiscordGateway.meaning(CloseCode::new(4401)), None);
    }
}
