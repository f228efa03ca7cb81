//! What `/help COMMAND` adds at the prompt of a server.

use super::details::{CONNECTION, Details, FILTER_EXAMPLE, LOOKING, MUTE_EXAMPLE, entry};

/// Of `/filter` and `/mute`.
const PATTERN: &str = "PATTERN is as for --expect: {…} for JSON that contains it, /regex/, a text; also in, out, #N (client N), ping and \
     pong. Without one the current ones are shown, off removes them. If what /again, /send or /ping would show is hidden, a \
     line says that it was sent.";

/// Those of the commands that differ from those of one connection.
pub(in crate::input::repl) const SERVER_DETAILS: &[Details] = &[
    entry(
        &["close"],
        CONNECTION,
        "The server goes on, and clients can connect again. Tab completes the code; `wscope codes` explains them. Without a \
         code it is 1000. /kick closes the connection of one client.",
        "/close 1012 restart",
    ),
    entry(&["filter"], LOOKING, PATTERN, FILTER_EXAMPLE),
    entry(&["mute"], LOOKING, PATTERN, MUTE_EXAMPLE),
    entry(
        &["status"],
        LOOKING,
        "The counts are those of all clients; /to N /status is about one.",
        "/status",
    ),
];
