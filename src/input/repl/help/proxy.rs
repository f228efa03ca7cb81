//! What `/help COMMAND` adds at the prompt of a proxy.

use super::details::{
    CONNECTION, Details, FILTER_EXAMPLE, INTERCEPTING, LOOKING, MUTE_EXAMPLE, SENDING, entry,
};

/// Of `/client` and `/server`.
const PAYLOAD: &str = "PAYLOAD is a text, or text:…, text:\"…\" with the escapes of JSON, json:…, hex:…, base64:…, ping:…, pong:…, and \
     text:@FILE, json:@FILE or binary:@FILE. It is sent between two messages, as if the other side had sent it.";

/// Of `/go`.
const GO: &str = "/held lists the numbers. Without N all are delivered, in the order in which they were sent. If what the same side sent \
     before message N is still held, N is delivered after it.";

/// Of `/drop`.
const DROP: &str = "It is never delivered; what waits only for it is delivered now. /held lists the numbers. Without N all held \
     messages are dropped.";

/// Of `/filter` and `/mute`.
const PATTERN: &str = "PATTERN is as for --expect: {…} for JSON that contains it, /regex/, a text; also client, server (who sent it), #N \
     (connection N), ping and pong. Without one the current ones are shown, off removes them.";

/// Those of the commands that a proxy has of its own.
pub(in crate::input::repl) const PROXY_DETAILS: &[Details] = &[
    entry(&["client"], SENDING, PAYLOAD, "/client 1 {\"type\":\"notice\"}"),
    entry(&["server"], SENDING, PAYLOAD, "/server 1 text:@login.json"),
    entry(
        &["rule"],
        INTERCEPTING,
        "SIDE is who sends it: client, server or any. PATTERN is as for --expect: {…} for JSON that contains it, /regex/, a \
         text; also ping:, pong: and close:; without one every data message. WHEN is nth N, every N, N% or after TIME. ACTION \
         is drop, delay TIME[±TIME], duplicate, replace PAYLOAD, corrupt, hold, close CODE [REASON] or abort. The first rule \
         that matches counts.",
        "/rule client {\"type\":\"order\"} every 3 => delay 2s",
    ),
    entry(
        &["rules"],
        INTERCEPTING,
        "In the order in which they are tried, those of --rule among them, and how often each was applied, on all connections.",
        "/rules",
    ),
    entry(
        &["unrule"],
        INTERCEPTING,
        "/rules lists the numbers; the other rules keep theirs. Messages that it holds or delays stay held or delayed.",
        "/unrule 2",
    ),
    entry(
        &["hold"],
        INTERCEPTING,
        "Each data message then waits for /go, /drop or /edit, and what the same side sends behind it waits too, but for pings \
         and pongs. off: messages pass again; those that are held stay held. Without an argument it shows whether \
         messages are held. /rule … => hold holds only some.",
        "/hold on",
    ),
    entry(
        &["held"],
        INTERCEPTING,
        "/go, /drop and /edit take these numbers. What waits behind them without being held is counted.",
        "/held",
    ),
    entry(&["go"], INTERCEPTING, GO, "/go 3"),
    entry(&["drop"], INTERCEPTING, DROP, "/drop 3"),
    entry(
        &["edit"],
        INTERCEPTING,
        "It is still held, under the same number, until /go or /drop. PAYLOAD is as for /server; Tab behind N \
         completes what is held.",
        "/edit 3 {\"amount\":1}",
    ),
    entry(
        &["connections"],
        LOOKING,
        "With the age, the path, the subprotocol and the numbers of messages of the client and the server.",
        "/connections",
    ),
    entry(&["filter"], LOOKING, PATTERN, FILTER_EXAMPLE),
    entry(&["mute"], LOOKING, PATTERN, MUTE_EXAMPLE),
    entry(
        &["status"],
        LOOKING,
        "Addresses, rules, held messages, and the messages of all connections.",
        "/status",
    ),
    entry(
        &["close"],
        CONNECTION,
        "Both sides get a Close frame with CODE; with client or server for SIDE only that one. Without a code it is 1000.",
        "/close 1 client 1012 \"restart\"",
    ),
];
