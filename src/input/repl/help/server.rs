//! What `/help COMMAND` adds at the prompt of a server.

use super::details::{CONNECTION, Details, LOOKING, entry};

/// Those of the commands that differ from those of one connection.
pub(in crate::input::repl) const SERVER_DETAILS: &[Details] = &[
    entry(
        &["close"],
        CONNECTION,
        "The server goes on, and clients can connect again. Tab completes the code; `wscope codes` explains them. Without a \
         code it is 1000. /kick closes the connection of one client.",
        "/close 1012 restart",
    ),
    entry(
        &["status"],
        LOOKING,
        "The counts are those of all clients; /to N /status is about one.",
        "/status",
    ),
];
