//! Hints for the errors of engine.io, on which socket.io is based.

use serde_json::Value;

use crate::error::RejectedHandshake;

/// The path is not mentioned, since the server chooses it.
pub(super) const ENGINE_IO: &str =
    "this is engine.io (socket.io), whose WebSocket URLs have the query EIO=4&transport=websocket";

/// Messages in engine.io's `Server.errorMessages`, with their codes in `Server.errors`.
const MESSAGES: [(&str, u64); 4] = [
    ("Transport unknown", 0),
    ("Session ID unknown", 1),
    ("Bad handshake method", 2),
    ("Unsupported protocol version", 5),
];

/// Whether a text is an error of engine.io: JSON, or just the message for a refused upgrade.
pub(super) fn is_engine_io(body: &str) -> bool {
    let has_message = MESSAGES.iter().any(|(message, _)| body.contains(message));
    bare_code(body).is_some() || (body.contains("\"code\":") && has_message)
}

/// The code of a text that is just the message.
fn bare_code(body: &str) -> Option<u64> {
    let known = MESSAGES.iter().find(|(message, _)| *message == body.trim());
    known.map(|(_, code)| *code)
}

/// The hint, if this body is an error of engine.io.
pub(super) fn hint(rejected: &RejectedHandshake, body: &str) -> Option<String> {
    if !is_engine_io(body) {
        return None;
    }
    let error: Option<Value> = serde_json::from_str(body).ok();
    let code = error.and_then(|error| error.get("code")?.as_u64()).or_else(|| bare_code(body));
    Some(advice(code, &rejected.path, &rejected.query))
}

fn advice(code: Option<u64>, path: &str, query: &str) -> String {
    let value = |name: &str| {
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).next()
    };
    const THIS: &str = "this is engine.io (socket.io)";
    let version = value("EIO").filter(|version| version.bytes().all(|b| b.is_ascii_digit()));
    match (code, version.as_deref()) {
        (Some(0), _) if value("transport").as_deref() == Some("websocket") => {
            format!("{THIS}, and it does not allow transport=websocket (its option transports)")
        }
        (Some(0), _) => {
            format!("{THIS}: the query must name the transport: {path}?EIO=4&transport=websocket")
        }
        (Some(1), _) if value("sid").is_some() => {
            format!(
                "{THIS}: it has no session with the sid of the URL: leave out sid, and {path}?EIO=4&transport=websocket starts one"
            )
        }
        (Some(5), None) => format!("{THIS}: the query must name the version, as in EIO=4"),
        (Some(5), Some("4")) => {
            format!("{THIS}, and it does not accept version 4: EIO=3 requests the previous one")
        }
        (Some(5), Some(version)) => {
            format!(
                "{THIS}, and it does not accept version {version}: EIO=4 requests the current one"
            )
        }
        _ => ENGINE_IO.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_a_hint() {
        for (code, query, expected) in [
            (0, "", "name the transport: /io/?EIO=4&transport=websocket"),
            (0, "EIO=4&transport=polling", "name the transport: /io/?EIO=4&transport=websocket"),
            (0, "EIO=4&transport=websocket", "does not allow transport=websocket"),
            (
                1,
                "EIO=4&transport=websocket&sid=x",
                "leave out sid, and /io/?EIO=4&transport=websocket starts",
            ),
            (1, "EIO=4&transport=websocket", "WebSocket URLs have the query"),
            (2, "", "WebSocket URLs have the query"),
            (5, "transport=websocket", "name the version, as in EIO=4"),
            (5, "EIO=3&transport=websocket", "does not accept version 3: EIO=4"),
            (5, "EIO=4&transport=websocket", "does not accept version 4: EIO=3"),
            (5, "EIO=hunter2", "name the version, as in EIO=4"),
        ] {
            let got = advice(Some(code), "/io/", query);
            assert!(got.starts_with("this is engine.io (socket.io)"), "{got}");
            assert!(got.contains(expected), "{code} {query}: {got}");
        }
    }
}
