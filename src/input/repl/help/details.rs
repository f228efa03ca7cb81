//! What `/help COMMAND` adds to the summary of a command.

/// The headings of `/help`, in order; the last one is for commands without an entry below.
pub(super) const GROUPS: &[&str] = &[SENDING, INTERCEPTING, LOOKING, CONNECTION, "Others"];

pub(super) const SENDING: &str = "Sending";
pub(super) const INTERCEPTING: &str = "Intercepting";
pub(super) const LOOKING: &str = "Looking";
pub(super) const CONNECTION: &str = "Connection";

/// The group, the explanation and an example of commands.
#[derive(Debug)]
pub(in crate::input::repl) struct Details {
    pub(super) names: &'static [&'static str],
    pub(super) group: &'static str,
    pub(super) text: &'static str,
    pub(super) example: &'static str,
}

pub(super) const fn entry(
    names: &'static [&'static str],
    group: &'static str,
    text: &'static str,
    example: &'static str,
) -> Details {
    Details { names, group, text, example }
}

/// Of `/filter` and `/mute`.
const PATTERN: &str = "PATTERN is as for --expect: {…} for JSON that contains it, /regex/, a text; also in, out, ping and pong. \
     Without one the current ones are shown, off removes them. If what /again, /send or /ping would show is hidden, a line \
     says that it was sent.";

pub(super) const FILTER_EXAMPLE: &str = "/filter {\"type\":\"error\"}";
pub(super) const MUTE_EXAMPLE: &str = "/mute {\"type\":\"heartbeat\"}";

/// Those of all commands.
pub(super) const DETAILS: &[Details] = &[
    entry(
        &["text"],
        SENDING,
        "With -e these escapes are replaced: \\n \\r \\t \\0 \\\\ \\\" \\xHH (a byte of UTF-8), \\uXXXX and \\u{…}. What follows -- is \
         sent as it is, also -e. In every text {{NAME}} is replaced by the value that /set gave, {{newUuid}} by a new UUID, \
         {{now}} by the time; \\{{ sends two braces.",
        "/text -e one\\ntwo",
    ),
    entry(
        &["binary"],
        SENDING,
        "Spaces between the hex digits are ignored. @FILE sends a file as one binary message.",
        "/binary 00 ff 10",
    ),
    entry(
        &["file"],
        SENDING,
        "The path is the rest of the line, spaces included; quotes around the whole are removed, and ~/ is the home directory. \
         Tab completes it.",
        "/file ~/messages/login.json",
    ),
    entry(
        &["ping"],
        SENDING,
        "DATA is at most 125 bytes. The answer is shown with the time that it took.",
        "/ping hello",
    ),
    entry(&["pong"], SENDING, "The peer does not answer a pong.", "/pong still here"),
    entry(
        &["fragment"],
        SENDING,
        "The text is cut into N parts of about the same length; a character may be split between two of them.",
        "/fragment 3 hello",
    ),
    entry(
        &["frame"],
        SENDING,
        "Options: nofin rsv1 rsv2 rsv3 nomask mask=KEY length=N bits=7|16|64. The payload is text, hex:…, base64:… or text:….",
        "/frame ping rsv1 hi",
    ),
    entry(
        &["set"],
        SENDING,
        "In what is typed {{NAME}} is replaced by VALUE, which is the rest of the line and is not expanded again. It is put in as \
         text, so that it can be a number or an object of JSON: for a string of JSON, write \\\" for a quote in VALUE and \\\\ \
         for a backslash. Without VALUE it is shown, without NAME all are listed.",
        "/set user Kim",
    ),
    entry(&["unset"], SENDING, "Lines with {{NAME}} are not sent any more.", "/unset user"),
    entry(
        &["save-as"],
        SENDING,
        "What was typed is saved with its {{NAME}}s, in a file beside the configuration file, which can be edited: NAME.json, \
         NAME.txt or NAME.hex, for the endpoint of the connection in use. -f replaces a message of this name. Secrets that options gave are saved as ***.",
        "/save-as login",
    ),
    entry(
        &["send"],
        SENDING,
        "{{KEY}} in it is replaced by VALUE, which may be in quotes as in a shell; others have the values of /set. Values are put \
         in as text; NAME.json has to be JSON with them.",
        "/send login user=\"Kim Lee\" n=3",
    ),
    entry(
        &["edit"],
        SENDING,
        "Message N, else the last one that was sent or received, is opened in VISUAL or EDITOR. If it is changed and saved, it is \
         sent when the editor ends; nothing is sent if the editor fails or the text is empty.",
        "/edit 12",
    ),
    entry(
        &["again"],
        SENDING,
        "Without N the last one that was sent. N counts the messages of both directions, as /numbers on shows; the frames of -vv \
         have the number of the message in its own direction.",
        "/again 12",
    ),
    entry(
        &["to"],
        SENDING,
        "TEXT or the command is for this client only. /clients shows the numbers.",
        "/to 2 hello",
    ),
    entry(&["full"], LOOKING, "What is longer than the screen goes through PAGER.", "/full 12"),
    entry(
        &["save"],
        LOOKING,
        "The bytes of message N, or of the last received one, are written to a new file. /save-as keeps a text to be sent again.",
        "/save 12 answer.json",
    ),
    entry(&["copy"], LOOKING, "The terminal has to support and allow it (OSC 52).", "/copy 12"),
    entry(
        &["grep"],
        LOOKING,
        "In the newest messages of both directions, 64 MiB of them. A text is found whatever its case unless it has upper-case \
         letters; {…} and [...] find JSON that contains them.",
        "/grep error",
    ),
    entry(
        &["record"],
        LOOKING,
        "The end of the name is the format: .ndjson (the events of --json), .har or .wscope. --force replaces a file that exists, \
         --append adds to an .ndjson file. Filters and pauses change nothing. Without FILE the recordings are listed; \
         off ends all of them, off FILE that one.",
        "/record session.ndjson",
    ),
    entry(
        &["scenario"],
        LOOKING,
        "What was sent and received on this connection, at a server's prompt on those of all clients, as wscope check runs it: \
         with FILE it is written to a new file that only you can read. At a proxy's prompt it is what servers received and sent themselves. Secrets of the handshake become variables; messages are written as they were.",
        "/scenario login.wscope",
    ),
    entry(&["filter"], LOOKING, PATTERN, FILTER_EXAMPLE),
    entry(&["mute"], LOOKING, PATTERN, MUTE_EXAMPLE),
    entry(
        &["pause"],
        LOOKING,
        "Messages are still received and counted; the newest 64 MiB of them are kept.",
        "/pause",
    ),
    entry(&["resume"], LOOKING, "What was received meanwhile is shown first.", "/resume"),
    entry(
        &["time"],
        LOOKING,
        "relative: since the start; delta: since the line before.",
        "/time delta",
    ),
    entry(
        &["numbers"],
        LOOKING,
        "The number is what /full, /save, /again and others take; that of a line that you type is shown below it. Without on or off \
         it changes from one to the other.",
        "/numbers on",
    ),
    entry(&["status"], LOOKING, "The counts are those of this connection.", "/status"),
    entry(&["headers"], LOOKING, "The request and the response, as they were sent.", "/headers"),
    entry(&["clients"], LOOKING, "/to and /kick take these numbers.", "/clients"),
    entry(
        &["help"],
        LOOKING,
        "With COMMAND that one is explained, with an example; keys and all list those with what they do.",
        "/help send",
    ),
    entry(
        &["close"],
        CONNECTION,
        "Tab completes the code; `wscope codes` explains them. Without one it is that of --close-code, 1000 if not given.",
        "/close 4000 \"not needed any more\"",
    ),
    entry(
        &["kick"],
        CONNECTION,
        "Tab completes the code. The connection ends even if its socket cannot be written to.",
        "/kick 2 1008 policy",
    ),
    entry(
        &["connect"],
        CONNECTION,
        "@NAME in place of the URL is an endpoint of the configuration file, with its options there; Tab completes it. Other options \
         are those of the first connection. Its credentials are for scheme, host and port of its URL only.",
        "/connect wss://example.com/ws",
    ),
    entry(
        &["reconnect"],
        CONNECTION,
        "Enter on an empty line does the same. A prompt with one connection ends with it, unless --stay is given.",
        "/reconnect",
    ),
    entry(&["use"], CONNECTION, "What is typed goes to this one from now on.", "/use main"),
    entry(&["connections"], CONNECTION, "The current one is marked.", "/connections"),
    entry(
        &["quit"],
        CONNECTION,
        "It waits for files that are being read, for what is being sent and for the Close frame of the peer; Ctrl-C ends the wait.",
        "/quit",
    ),
];
