//! Secrets are masked in what is reported before it is encoded, so that no encoding hides them. In sentences of the
//! program only the values are masked.

use std::borrow::Cow;

use data_encoding::HEXLOWER;

use super::failure::Draft;
use crate::event::{self, ControlPayload, Event, EventKind, Message, message_ids};
use crate::output::json::{SECRET_IDS, visible};
use crate::protocol::vocabulary::FrameEvent;
use crate::redact::{Redaction, Secrets};
use crate::scenario::language::{Source, Template};
use crate::scenario::outcome::{Failure, MAX_SHOWN, ShownMessage};
use crate::scenario::phrase::Phrase;

/// Members of events whose values are words of the format.
const FIXED: [&str; 11] = [
    "event",
    "time",
    "direction",
    "type",
    "encoding",
    "opcode",
    "name",
    "initiator",
    "kind",
    "http_version",
    SECRET_IDS,
];

/// Options of a connection whose values are secret.
const SECRET_OPTIONS: [&str; 4] = ["user", "bearer", "pass", "cookie"];

/// The secrets that the lines of a file contain: in URLs, headers and options. They are masked where lines are shown.
pub(super) fn written(source: &Source, redaction: Redaction) -> Secrets {
    let mut secrets = Secrets::default();
    let mut has_queries = false; // whose names may be those of secrets
    for line in source.lines() {
        let text = line.text.trim();
        let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        if text.starts_with('[') {
            has_queries = matches!(text, "[Captures]" | "[Asserts]");
        }
        let found = match (first, text.split_once(':')) {
            ("WS" | "WEBSOCKET", _) => {
                has_queries = false;
                Secrets::of_request(redaction, url(rest.trim()), std::iter::empty())
            }
            (_, Some((name, value))) if is_field_name(name) && !has_queries => {
                let is_option = redaction == Redaction::Mask && SECRET_OPTIONS.contains(&name);
                let value = value.trim();
                match is_option && !value.starts_with('@') {
                    true => Secrets::of_values(std::iter::once(&value.to_owned())),
                    false => {
                        let field = std::iter::once((name, value.as_bytes()));
                        Secrets::of_request(redaction, "", field)
                    }
                }
            }
            _ => continue,
        };
        if found != Secrets::default() {
            secrets = secrets.and(found);
        }
    }
    secrets.parts(around_variables)
}

/// The URL in what follows `WS`. A space ends it, but it may be one that was forgotten to be encoded in a secret.
fn url(text: &str) -> &str {
    let url = text.rfind(" as ").map_or(text, |at| &text[..at]);
    url.find("}} ").map_or(url, |at| &url[..at + 2])
}

/// What a secret is made of but `{{name}}`, which says only where its value comes from.
fn around_variables(secret: &[u8]) -> Vec<Vec<u8>> {
    let text = str::from_utf8(secret).unwrap_or_default();
    let template = Template::read(text, 0).value;
    let mut parts = Vec::new();
    let mut start = 0;
    for variable in template.variables() {
        parts.push(secret[start..variable.at.start].to_vec());
        start = variable.at.end;
    }
    parts.push(secret[start..].to_vec());
    parts
}

fn is_field_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// A shown line with carets below it, in which secrets are masked. The carets stay below what they mark, and do not
/// reach behind the masked line.
pub(super) fn excerpt(text: String, secrets: &Secrets) -> String {
    let masked = secrets.mask_text(text.clone());
    if masked == text {
        return text;
    }
    let mut lines: Vec<_> = masked.lines().map(str::to_owned).collect();
    for (index, line) in (1..lines.len()).zip(text.lines()) {
        let width = lines[index - 1].chars().count();
        let start = lines[index].len() - lines[index].trim_start().len();
        if !lines[index][start..].starts_with('^') {
            continue;
        }
        let before = secrets.mask_text(line.chars().take(start).collect());
        let is_same = lines[index - 1].starts_with(&before);
        let start = if is_same { before.chars().count() } else { start };
        let mut carets = " ".repeat(start) + lines[index].trim_start();
        carets.truncate(width.max(start + 1));
        lines[index] = carets;
    }
    lines.join("\n")
}

/// A failure without secrets; those in `written` are masked in the line that is shown only.
pub(super) fn failure(draft: Draft, secrets: &Secrets, written: &Secrets) -> Failure {
    let text = |phrase: Phrase| text(phrase, secrets);
    let shown = |mut message: ShownMessage| {
        mask_shown(&mut message, secrets);
        message
    };
    Failure {
        kind: draft.kind,
        line: draft.line,
        column: draft.column,
        message: text(draft.message),
        excerpt: secrets.mask_fragments(excerpt(draft.excerpt, written)),
        expected: draft.expected.map(|expected| cut(text(expected))),
        actual: draft.actual.map(|actual| cut(text(actual))),
        received: draft.received.into_iter().map(shown).collect(),
        omitted: draft.omitted,
        closest: draft.closest.map(|(message, difference)| (shown(message), text(difference))),
        notes: draft.notes.into_iter().map(text).collect(),
    }
}

/// A sentence without secrets. Values in it may have been shortened in the middle of one.
pub(super) fn text(phrase: Phrase, secrets: &Secrets) -> String {
    phrase.masked(|value| secrets.mask_fragments(value))
}

/// The start of a text that is too long to be shown, with its length.
fn cut(text: String) -> String {
    if text.len() <= MAX_SHOWN {
        return text;
    }
    let start = &text[..text.floor_char_boundary(MAX_SHOWN)];
    format!("{start}… ({} bytes)", text.len())
}

/// The start of a message may end in the middle of a secret.
fn mask_shown(message: &mut ShownMessage, secrets: &Secrets) {
    let masked = |bytes: &[u8]| match message.is_cut {
        true => secrets.mask_cut(bytes).into_owned(),
        false => secrets.mask(bytes).into_owned(),
    };
    message.start = match message.kind {
        "text" => String::from_utf8_lossy(&masked(message.start.as_bytes())).into_owned(),
        _ => {
            HEXLOWER.encode(&masked(&HEXLOWER.decode(message.start.as_bytes()).unwrap_or_default()))
        }
    };
}

/// Passes on an event whose payload has no secrets, before it is encoded in any way.
pub(super) fn event(
    event: &Event<'_>,
    secrets: &Secrets,
    pass: impl FnOnce(&Event<'_>, Before<'_>),
) {
    let data = match event.what {
        EventKind::Message(message) => message.data,
        EventKind::Ping(_, payload) | EventKind::Pong(_, payload, _) => payload.data,
        EventKind::Frame(frame) => {
            let (payload, plain) = frame_payload(frame, secrets);
            let frame = FrameEvent { payload: &payload, plain: plain.as_deref(), ..*frame };
            return pass(&Event { what: EventKind::Frame(&frame), ..*event }, Before::AS_IT_IS);
        }
        EventKind::Failure(failure) => {
            let failure = received(failure, secrets);
            let what = EventKind::Failure(&failure);
            return pass(&Event { what, ..*event }, Before::AS_IT_IS);
        }
        EventKind::Closed(closed) => {
            let closed = event::mask::closed(closed, secrets);
            let what = closed.as_ref().map_or(event.what, EventKind::Closed);
            return pass(&Event { what, ..*event }, Before::AS_IT_IS);
        }
        _ => return pass(event, Before::AS_IT_IS),
    };
    let masked = secrets.mask(data);
    let payload = || ControlPayload { data: &masked, masked: true };
    let what = match event.what {
        _ if matches!(masked, Cow::Borrowed(_)) => return pass(event, Before::AS_IT_IS),
        EventKind::Message(message) => {
            EventKind::Message(Message { data: &masked, masked: true, ..message })
        }
        EventKind::Ping(direction, _) => EventKind::Ping(direction, payload()),
        EventKind::Pong(direction, _, rtt) => EventKind::Pong(direction, payload(), rtt),
        _ => return pass(event, Before::AS_IT_IS),
    };
    let event = Event { what, ..*event };
    pass(&event, Before(Some((masked.len(), data))));
}

/// The payload of a frame without secrets, and the inflated one. What is compressed is left out if there are secrets:
/// they cannot be masked in it.
fn frame_payload<'f>(
    frame: &FrameEvent<'f>,
    secrets: &Secrets,
) -> (Cow<'f, [u8]>, Option<Cow<'f, [u8]>>) {
    let is_compressed = frame.part.is_some_and(|part| part.compressed);
    let is_fragment = frame.part.is_some_and(|part| part.fragment > 1) || !frame.header.fin;
    let masked = |data: &'f [u8]| match is_fragment {
        true => secrets.mask_byte_fragments(data),
        false => secrets.mask(data),
    };
    let payload = match is_compressed && *secrets != Secrets::default() {
        true => Cow::Borrowed(&b""[..]),
        false => masked(frame.payload),
    };
    (payload, frame.plain.map(masked))
}

/// A failure without secrets in the bytes of the peer, which may be shown in hex.
fn received(failure: &event::Failure, secrets: &Secrets) -> event::Failure {
    let mut failure = failure.clone();
    failure.excerpt = secrets.mask_cut(&failure.excerpt).into_owned();
    if let Some(response) = &mut failure.response {
        let body = &response.body;
        let masked = if response.is_partial { secrets.mask_cut(body) } else { secrets.mask(body) };
        response.body = masked.into_owned();
    }
    failure
}

/// The size of a payload that was masked, and what it was before.
pub(super) struct Before<'a>(Option<(usize, &'a [u8])>);

impl Before<'_> {
    /// Nothing was masked.
    const AS_IT_IS: Self = Self(None);

    /// The event as JSON with the size of the payload as it was.
    pub(super) fn with_size(&self, mut object: String) -> String {
        let Some((masked, data)) = self.0 else { return object };
        let member = format!("\"size\":{masked}");
        if let Some(at) = object.rfind(&member) {
            object.replace_range(at..at + member.len(), &format!("\"size\":{}", data.len()));
        }
        object
    }

    /// The event as JSON with the hashes of the secrets that were masked, for what makes a scenario.
    pub(super) fn with_ids(&self, object: String, secrets: &Secrets) -> String {
        let Some((_, data)) = self.0 else { return object };
        let ids = message_ids(data, secrets);
        match object.strip_suffix('}') {
            Some(members) if !ids.is_empty() => format!("{members},\"{SECRET_IDS}\":{ids:?}}}"),
            _ => object,
        }
    }
}

/// An event as JSON, with secrets masked in its values: the document stays one, whatever the secrets are.
pub(super) fn json(json: &str, secrets: &Secrets) -> String {
    let mut masked = String::with_capacity(json.len());
    let (mut rest, mut depth, mut key) = (json, 0_usize, "");
    while let Some(start) = rest.find(['"', '{', '}']) {
        masked.push_str(&rest[..start]);
        rest = &rest[start..];
        if !rest.starts_with('"') {
            depth = if rest.starts_with('{') { depth + 1 } else { depth.saturating_sub(1) };
            masked.push_str(&rest[..1]);
            rest = &rest[1..];
            continue;
        }
        let (string, after) = rest.split_at(string_length(rest));
        rest = after;
        if after.starts_with(':') {
            key = string.trim_matches('"');
            masked.push_str(string);
        } else if depth == 1 && FIXED.contains(&key) {
            masked.push_str(string);
        } else {
            masked.push_str(&masked_string(string, secrets));
        }
    }
    masked + rest
}

/// The length of the string that the text starts with, with its quotes.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    end.map_or(text.len(), |end| end + 2)
}

fn masked_string<'a>(string: &'a str, secrets: &Secrets) -> Cow<'a, str> {
    let Ok(text) = serde_json::from_str::<String>(string) else { return Cow::Borrowed(string) };
    match secrets.mask(text.as_bytes()) {
        Cow::Borrowed(_) => Cow::Borrowed(string),
        Cow::Owned(masked) => {
            let text = String::from_utf8_lossy(&masked).into_owned();
            Cow::Owned(visible(&text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(values: &[&str]) -> Secrets {
        let values: Vec<_> = values.iter().map(|value| (*value).to_owned()).collect();
        Secrets::of_values(values.iter())
    }

    /// Digits of a hash may be those of a secret.
    #[test]
    fn hashes_are_not_masked() {
        let line = r#"{"event":"open","secret_ids":[["Cookie","123"]],"url":"ws://h/12"}"#;
        assert_eq!(json(line, &secrets(&["12"])), line.replace("h/12", "h/***"));
        let before = Before(Some((3, b"12")));
        let event = before.with_ids(r#"{"event":"message"}"#.to_owned(), &secrets(&["12"]));
        let id = message_ids(b"12", &secrets(&["12"]));
        assert_eq!(event, format!(r#"{{"event":"message","secret_ids":{id:?}}}"#));
    }

    /// Scenario language, section 1: "only inside values, never the syntax of a document"
    #[test]
    fn only_values_of_an_event_are_masked() {
        let event = r#"{"event":"message","type":"text","data":"a message: \"x\",\"y\"","size":1,"tls":{"name":"text"},"headers":[["message","text"]]}"#;
        let masked = json(event, &secrets(&["message", "\",\"", "data", "text", "size\":"]));
        let expected = r#"{"event":"message","type":"text","data":"a ***: \"x***y\"","size":1,"tls":{"name":"***"},"headers":[["***","***"]]}"#;
        assert_eq!(masked, expected);
        assert_eq!(json(event, &Secrets::default()), event);
        for broken in ["", "{", "\"", "{\"a\":\"\\", "}}}\"x\""] {
            assert_eq!(json(broken, &secrets(&["x-y-z"])), broken);
        }
    }

    /// A name says where a secret comes from, and is what an error may be about.
    #[test]
    fn names_of_variables_in_secrets_are_shown() {
        for (line, shown) in [
            ("Authorization: Bearer {{token}}", "Authorization: Bearer {{token}}"),
            ("Authorization: Bearer hunter2", "Authorization: Bearer ***"),
            ("Authorization: Bearer hunter2{{n}}s3cret", "Authorization: Bearer ***{{n}}***"),
            ("Cookie: sid={{sid}}", "Cookie: sid={{sid}}"),
            ("Cookie: pin=1; sid={{sid}}", "Cookie: ***{{sid}}"),
            ("bearer: {{token}}", "bearer: {{token}}"),
            ("user: ada:{{password}}", "user: ***{{password}}"),
            ("WS ws://ada:{{p}}@h/?token={{token}}", "WS ws://ada:{{p}}@h/?token={{token}}"),
            ("WS ws://h/?token=hunter2", "WS ws://h/?token=***"),
            ("WS ws://h/?token={{token}} as a", "WS ws://h/?token={{token}} as a"),
            ("WS ws://h/?token=hunter2 as a", "WS ws://h/?token=*** as a"),
            ("WS ws://h/?token=hunter2{{n}} rest", "WS ws://h/?token=***{{n}} rest"),
            ("WS ws://h/?token=hunter2 s3cret", "WS ws://h/?token=***"),
            ("X-Api-Key: {{a}}:{{b}}", "X-Api-Key: {{a}}:{{b}}"),
        ] {
            let source = Source::new("x", line.as_bytes().to_vec());
            let secrets = written(&source, Redaction::Mask);
            assert_eq!(excerpt(line.to_owned(), &secrets), shown);
        }
    }

    /// A capture may have the name of a secret, but the file does not contain its value.
    #[test]
    fn captures_are_shown() {
        let text = "WS ws://h\n< x\n[Captures]\ntoken: jsonpath \"$.token\"\n[Asserts]\nx\n";
        let next = "WS ws://h\nX-Token: hunter2-secret\n";
        let source = Source::new("x", format!("{text}{next}").into_bytes());
        let shown = written(&source, Redaction::Mask).mask_text(format!("{text}{next}"));
        assert_eq!(shown, format!("{text}WS ws://h\nX-Token: ***\n"));
    }

    #[test]
    fn carets_stay_below_what_they_mark() {
        let secrets = secrets(&["hunter2-secret", "s3cret"]);
        for (text, expected) in [
            ("  a hunter2-secret{{n}}\n                  ^^^^^", "  a ***{{n}}\n       ^^^^^"),
            ("  a hunter2-secret\n    ^^^^^^^^^^^^^^", "  a ***\n    ^^^"),
            ("  a hunter2-secret\n             ^", "  a ***\n             ^"),
            ("  b s3cret x\n           ^", "  b *** x\n        ^"),
        ] {
            assert_eq!(excerpt(text.to_owned(), &secrets), expected);
        }
    }

    #[test]
    fn a_secret_at_the_end_of_a_shortened_message_is_masked() {
        let shown = |kind, start: &str, is_cut| {
            let mut message = ShownMessage { kind, start: start.to_owned(), size: 9000, is_cut };
            mask_shown(&mut message, &secrets(&["s3cret-token"]));
            message.start
        };
        assert_eq!(shown("text", "you sent s3cret-to", true), "you sent ***");
        assert_eq!(shown("text", "you sent s3cret-to", false), "you sent s3cret-to");
        let hex = |text: &str| HEXLOWER.encode(text.as_bytes());
        assert_eq!(shown("binary", &hex("\0s3cret-token\0"), false), hex("\0***\0"));
        assert_eq!(shown("binary", &hex("\0s3cret"), true), hex("\0***"));
    }

    #[test]
    fn values_may_have_parts_of_secrets_and_words_have_none() {
        let place = Phrase::new("at character 9: expected ").value("\"a\"").own(", got ");
        let draft = Draft {
            notes: vec![place.value("\"ret-token\""), "the connection is open".into()],
            excerpt: "\n  < s3cret-token".to_owned(),
            expected: Some(Phrase::new("the text ").value("text of the connection")),
            ..Failure::default()
        };
        let secrets = secrets(&["s3cret-token", "connection", "text"]);
        let masked = failure(draft, &secrets, &Secrets::default());
        assert_eq!(masked.notes[0], "at character 9: expected \"a\", got \"***\"");
        assert_eq!(masked.notes[1], "the connection is open");
        assert_eq!(masked.expected.as_deref(), Some("the text *** of the ***"));
        assert_eq!(masked.excerpt, "\n  < ***");
    }

    #[test]
    fn a_long_expectation_is_cut_after_it_was_masked() {
        let long = format!("{}s3cret-token{}", "a".repeat(MAX_SHOWN - 5), "é".repeat(900));
        let draft = Draft { expected: Some(long.into()), ..Failure::default() };
        let masked = failure(draft, &secrets(&["s3cret-token"]), &Secrets::default());
        let expected =
            format!("{}***é… ({} bytes)", "a".repeat(MAX_SHOWN - 5), MAX_SHOWN - 5 + 3 + 1800);
        assert_eq!(masked.expected, Some(expected));
    }
}
