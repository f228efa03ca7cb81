//! What the prompt keeps of what was typed, and which secrets it does not keep.

use std::path::PathBuf;

use super::{ConnectConfig, ListenConfig};
use crate::cli::SettingsArgs;
use crate::net::proxy::Choice;
use crate::redact::{Redaction, Secrets};

/// The file, unless there is to be none.
pub(super) fn file(args: &SettingsArgs, usual: Option<&PathBuf>) -> Option<PathBuf> {
    usual.filter(|_| !args.no_history).cloned()
}

impl ConnectConfig {
    /// The secrets that were given, which a line of the prompt may repeat. `--show-secrets` is about what is
    /// shown, not about what is kept.
    pub fn secrets(&self) -> Secrets {
        let subprotocols = self.handshake.subprotocols.join(", ");
        let route = &self.dial.route;
        let lines = self.handshake.headers.iter().chain(&self.auth.headers);
        let fields = lines
            .chain(&route.proxy_headers)
            .map(|line| (line.name.as_str(), line.value.as_bytes()))
            .chain([("Sec-WebSocket-Protocol", subprotocols.as_bytes())]);
        let secrets = Secrets::of_request(Redaction::Mask, &self.target.resource, fields);
        match route.choose(&self.target) {
            Ok(Choice::Through(proxy, _)) => secrets.and(proxy.secrets(Redaction::Mask)),
            _ => secrets,
        }
    }
}

impl ListenConfig {
    /// The secrets that were given, which a line of the prompt may repeat.
    pub fn secrets(&self) -> Secrets {
        let authorization = self.handshake.credentials.as_ref().map(|it| it.authorization());
        let lines = self.handshake.headers.iter();
        let fields = lines
            .map(|line| (line.name.as_str(), line.value.as_bytes()))
            .chain(authorization.iter().map(|value| ("Authorization", value.as_bytes())));
        Secrets::of_request(Redaction::Mask, "", fields)
    }
}
