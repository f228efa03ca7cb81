//! What passes through a proxy.

use std::borrow::Cow;

use super::object::Object;
use super::{close_members, ended, side, text_of};
use crate::event::{
    Carried, Changed, Decided, Event, EventKind, HttpExchange, Omitted, ProxyClosed, Undelivered,
};
use crate::protocol::MessageKind;
use crate::protocol::close::ClosePayload;
use crate::protocol::vocabulary::{Direction, Partial, TransportEnd};

/// Adds what was done to a message, if anything was, and that it was not passed on at once.
pub(super) fn touch(object: &mut Object<'_>, event: &Event<'_>) {
    if event.transit.is_some_and(|transit| transit.waits) {
        object.boolean("delivered", false);
    }
    let Some(touch) = event.touch() else { return };
    object.number_or_null("rule", touch.rule);
    object.text("action", touch.action);
    if let Some(number) = touch.held {
        object.number("held", number);
    }
    let Some(changed) = &touch.changed_to else { return };
    object.object("changed_to", |inner| match changed {
        Changed::Message(kind, data) => {
            inner.text("type", kind.name());
            payload(inner, *kind, data);
        }
        Changed::Control(data) => {
            let is_pong = matches!(event.what, EventKind::Pong(..));
            inner.text("type", if is_pong { "pong" } else { "ping" });
            inner.base64(data);
        }
        Changed::Close(close) => {
            inner.text("type", "close");
            close_members(inner, close);
        }
    });
}

/// Text that is not UTF-8 has its bytes beside it, as in messages.
fn payload(object: &mut Object<'_>, kind: MessageKind, data: &[u8]) {
    match kind {
        MessageKind::Binary => object.base64(data),
        MessageKind::Text => {
            let text = text_of(data);
            object.text("data", &text);
            if let Cow::Owned(_) = text {
                object.base64_text("bytes", data);
            }
        }
    }
}

/// What became of something held, or that waited. It has what was received, as the event of a message has.
pub(super) fn decided(mut object: Object<'_>, event: &Event<'_>, decided: &Decided) {
    object.start("held", event);
    object.text("direction", event.direction_name(decided.direction));
    object.number_or_null("number", decided.number);
    object.text("outcome", decided.outcome.name());
    object.millis("held_ms", Some(decided.waited));
    carried(&mut object, &decided.content);
    if let Some(changed) = &decided.changed_to {
        object.object("changed_to", |inner| carried(inner, changed));
    }
    if decided.duplicated {
        object.boolean("duplicated", true);
    }
    object.end();
}

/// The names of the sides of which something is true: the client, the server.
fn names(sides: [bool; 2]) -> Vec<String> {
    let names = ["client", "server"].into_iter().zip(sides);
    names.filter(|(_, is_it)| *is_it).map(|(name, _)| name.to_owned()).collect()
}

fn carried(object: &mut Object<'_>, carried: &Carried) {
    object.text("type", carried.name());
    let size = match carried {
        Carried::Message(kind, data) => {
            payload(object, *kind, data);
            data.len()
        }
        Carried::Ping(data) | Carried::Pong(data) => {
            object.base64(data);
            data.len()
        }
        Carried::Close(close) => return close_members(object, close),
    };
    object.number("size", size as u64);
}

/// A message without its data.
pub(super) fn omitted(mut object: Object<'_>, event: &Event<'_>, omitted: &Omitted) {
    object.start("message", event);
    object.text("direction", event.direction_name(omitted.direction));
    object.text("type", omitted.kind.name());
    object.number("size", omitted.size);
    object.number("wire_size", omitted.wire_size);
    object.boolean("compressed", omitted.compressed);
    object.number("frames", omitted.frames);
    object.boolean("omitted", true);
    if let Some(reason) = omitted.reason {
        object.text("omitted_for", reason.name());
    }
    touch(&mut object, event);
    object.end();
}

/// A Close frame that was not just passed on. Others are in the event of the end.
pub(super) fn close_frame(
    mut object: Object<'_>,
    event: &Event<'_>,
    direction: Direction,
    close: &ClosePayload,
) {
    object.start("close_frame", event);
    object.text("direction", event.direction_name(direction));
    close_members(&mut object, close);
    touch(&mut object, event);
    object.end();
}

pub(super) fn http(mut object: Object<'_>, event: &Event<'_>, http: &HttpExchange) {
    object.start("http", event);
    object.text("method", &http.method);
    object.text("target", &http.target);
    object.number_or_null("status", http.status.map(u64::from));
    object.millis("duration_ms", Some(http.duration));
    if let Some(note) = &http.note {
        object.text("note", note);
    }
    object.end();
}

/// The end of a connection, with the Close frames and totals of both sides.
pub(super) fn closed(mut object: Object<'_>, event: &Event<'_>, closed: &ProxyClosed) {
    let code = closed.code();
    object.start("close", event);
    object.number("code", u64::from(code.get()));
    object.text("name", code.name());
    object.text("reason", closed.reason());
    object.boolean("was_clean", closed.is_clean());
    object.text("initiator", closed.initiator.name());
    side(&mut object, "client", closed.client.as_ref());
    side(&mut object, "server", closed.server.as_ref());
    if closed.own.is_some() {
        side(&mut object, "self", closed.own.as_ref());
        object.texts("awaited", &names(closed.awaited));
    }
    if closed.not_delivered != [false; 2] {
        object.texts("not_delivered", &names(closed.not_delivered));
    }
    if closed.undelivered != [None; 2] {
        object.object("undelivered", |inner| {
            for (side, undelivered) in ["client", "server"].into_iter().zip(closed.undelivered) {
                if let Some(undelivered) = undelivered {
                    inner.object(side, |inner| amount(inner, undelivered));
                }
            }
        });
    }
    object.object("end", |inner| {
        end(inner, ["client", "client_error"], closed.client_end.as_ref());
        end(inner, ["server", "server_error"], closed.server_end.as_ref());
    });
    if closed.cut != [None; 2] {
        object.object("cut", |inner| {
            for (side, partial) in ["client", "server"].into_iter().zip(&closed.cut) {
                if let Some(Partial { message, position }) = partial {
                    inner.object(side, |inner| {
                        ended::incomplete(inner, message.as_ref());
                        ended::position(inner, position);
                    });
                }
            }
        });
    }
    object.millis("duration_ms", Some(closed.age));
    object.object("totals", |inner| {
        inner.object("client", |inner| ended::totals(inner, &closed.from_client));
        inner.object("server", |inner| ended::totals(inner, &closed.from_server));
    });
    object.number("violations", closed.violations);
    object.number("touched", closed.touched);
    if let Some(why) = &closed.why {
        object.text("why", why);
    }
    if closed.is_masked {
        object.boolean("secrets_masked", true);
    }
    object.end();
}

/// What of a side's traffic was not delivered.
fn amount(object: &mut Object<'_>, undelivered: Undelivered) {
    let (unit, count) = match undelivered {
        Undelivered::Messages(count) => ("messages", count),
        Undelivered::MessagesAtLeast(count) => ("messages_at_least", count),
        Undelivered::Bytes(count) => ("bytes", count),
        Undelivered::BytesAtLeast(count) => ("bytes_at_least", count),
        Undelivered::BytesAtMost(count) => ("bytes_at_most", count),
    };
    object.number(unit, count);
}

/// How the transport of one side ended.
fn end(object: &mut Object<'_>, [name, error_name]: [&str; 2], end: Option<&TransportEnd>) {
    object.text_or_null(name, end.map(ended::transport_name));
    if let Some(TransportEnd::Error(error)) = end {
        object.text(error_name, error);
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use crate::event::*;
    use crate::output::json::line;
    use crate::protocol::close::ClosePayload;
    use crate::protocol::vocabulary::{Counters, Direction, TransportEnd};
    use crate::protocol::{CloseCode, MessageKind};

    /// The line of an event on connection 3, without what all lines have.
    fn shown(touch: Option<Touch<'_>>, what: EventKind<'_>) -> String {
        let at = Stamp { wall: SystemTime::UNIX_EPOCH, elapsed: Duration::ZERO };
        let transit = Some(Transit { touch: touch.as_ref(), ..Transit::default() });
        let bytes = line(&Event { at, connection: Some(3), mark: None, transit, what });
        let text = String::from_utf8(bytes).expect("UTF-8");
        serde_json::from_str::<serde_json::Value>(&text).expect("JSON");
        text.replace(
            ",\"time\":\"1970-01-01T00:00:00.000000Z\",\"elapsed_ms\":0.000,\"connection\":3",
            "",
        )
    }

    fn message(direction: Direction, kind: MessageKind, data: &[u8]) -> EventKind<'_> {
        EventKind::Message(Message { direction, ..Message::received(kind, data) })
    }

    fn touched<'a>(rule: Option<u64>, changed_to: Option<Changed<'a>>) -> Option<Touch<'a>> {
        Some(Touch { rule, action: "replace", changed_to, held: None })
    }

    #[test]
    fn a_message_names_its_sender_and_what_was_done_to_it() {
        let sizes = "\"size\":1,\"wire_size\":0,\"compressed\":false,\"frames\":1";
        let text = message(Direction::Sent, MessageKind::Text, b"a");
        assert_eq!(
            shown(None, text),
            format!(
                "{{\"event\":\"message\",\"direction\":\"client\",\"type\":\"text\",\"data\":\"a\",{sizes}}}\n"
            )
        );
        for (touch, kind, end) in [
            (touched(Some(2), None), MessageKind::Text, r#""rule":2,"action":"replace"}"#),
            (
                touched(None, Some(Changed::Message(MessageKind::Text, b"\"\xff"))),
                MessageKind::Binary,
                "\"rule\":null,\"action\":\"replace\",\"changed_to\":\
                 {\"type\":\"text\",\"data\":\"\\\"\u{fffd}\",\"bytes\":\"Iv8=\"}}",
            ),
            (
                touched(Some(1), Some(Changed::Message(MessageKind::Binary, b"b"))),
                MessageKind::Text,
                "\"rule\":1,\"action\":\"replace\",\"changed_to\":\
                 {\"type\":\"binary\",\"encoding\":\"base64\",\"data\":\"Yg==\"}}",
            ),
        ] {
            let line = shown(touch, message(Direction::Received, kind, b"a"));
            assert!(line.contains("\"direction\":\"server\""), "{line}");
            assert!(line.ends_with(&format!("{sizes},{end}\n")), "{line}");
        }
    }

    #[test]
    fn control_frames_have_what_was_done_to_them() {
        let changed = touched(Some(4), Some(Changed::Control(b"q")));
        let line = shown(changed, EventKind::Pong(Direction::Received, b"p".into(), None));
        assert!(line.contains("\"direction\":\"server\""), "{line}");
        assert!(
            line.ends_with(
                "\"rule\":4,\"action\":\"replace\",\"changed_to\":\
                 {\"type\":\"pong\",\"encoding\":\"base64\",\"data\":\"cQ==\"}}\n"
            ),
            "{line}"
        );
        let going = ClosePayload { code: Some(CloseCode::GOING_AWAY), reason: "a".to_owned() };
        let empty = ClosePayload { code: None, reason: String::new() };
        let changed = touched(Some(4), Some(Changed::Close(&empty)));
        assert_eq!(
            shown(changed, EventKind::CloseFrame(Direction::Sent, &going)),
            "{\"event\":\"close_frame\",\"direction\":\"client\",\"code\":1001,\"reason\":\"a\",\
             \"rule\":4,\"action\":\"replace\",\
             \"changed_to\":{\"type\":\"close\",\"code\":1005,\"reason\":\"\"}}\n"
        );
    }

    #[test]
    fn what_became_of_something_held_has_both_forms() {
        let held = Touch { rule: None, action: "hold", changed_to: None, held: Some(7) };
        let line = shown(Some(held), message(Direction::Sent, MessageKind::Text, b"a"));
        assert!(line.ends_with("\"rule\":null,\"action\":\"hold\",\"held\":7}\n"), "{line}");
        let carried = |kind, data: &'static [u8]| Carried::Message(kind, data.into());
        let edited = Decided {
            number: Some(7),
            direction: Direction::Sent,
            content: carried(MessageKind::Text, b"a"),
            outcome: HeldOutcome::Edited,
            changed_to: Some(carried(MessageKind::Binary, b"bc")),
            duplicated: false,
            waited: Duration::from_millis(1500),
        };
        assert_eq!(
            shown(None, EventKind::Decided(&edited)),
            "{\"event\":\"held\",\"direction\":\"client\",\"number\":7,\"outcome\":\"edited\",\
             \"held_ms\":1500.000,\"type\":\"text\",\"data\":\"a\",\"size\":1,\"changed_to\":\
             {\"type\":\"binary\",\"encoding\":\"base64\",\"data\":\"YmM=\",\"size\":2}}\n"
        );
        let going = ClosePayload { code: Some(CloseCode::GOING_AWAY), reason: String::new() };
        let dropped = Decided {
            content: Carried::Close(going),
            outcome: HeldOutcome::Dropped,
            changed_to: None,
            ..edited
        };
        let line = shown(None, EventKind::Decided(&dropped));
        assert!(line.ends_with("\"type\":\"close\",\"code\":1001,\"reason\":\"\"}\n"), "{line}");
    }

    #[test]
    fn other_events_are_as_documented() {
        let omitted = Omitted {
            direction: Direction::Received,
            kind: MessageKind::Binary,
            size: 70,
            wire_size: 80,
            compressed: true,
            frames: 2,
            reason: Some(OmittedFor::Memory),
        };
        assert_eq!(
            shown(None, EventKind::Omitted(&omitted)),
            "{\"event\":\"message\",\"direction\":\"server\",\"type\":\"binary\",\"size\":70,\
             \"wire_size\":80,\"compressed\":true,\"frames\":2,\"omitted\":true,\"omitted_for\":\"max_memory\"}\n"
        );
        let http = HttpExchange {
            method: "GET".to_owned(),
            target: "/a\u{202e}".to_owned(),
            status: None,
            duration: Duration::from_micros(1500),
            note: None,
        };
        assert_eq!(
            shown(None, EventKind::Http(&http)),
            "{\"event\":\"http\",\"method\":\"GET\",\"target\":\"/a\\u202e\",\"status\":null,\
             \"duration_ms\":1.500}\n"
        );
    }

    #[test]
    fn an_end_that_the_proxy_brought_about_has_its_close_frame_and_who_had_to_answer() {
        let closed = ProxyClosed {
            initiator: ProxyInitiator::Local,
            own: Some(ClosePayload {
                code: Some(CloseCode::PROTOCOL_ERROR),
                reason: String::new(),
            }),
            awaited: [true, false],
            ..ProxyClosed::sample()
        };
        let line = shown(None, EventKind::ProxyClosed(&closed));
        let expected = "\"initiator\":\"self\",\"client\":null,\"server\":null,\
                        \"self\":{\"code\":1002,\"reason\":\"\"},\"awaited\":[\"client\"],";
        assert!(line.contains(expected), "{line}");
    }

    #[test]
    fn what_was_not_delivered_is_part_of_the_end() {
        let closed = ProxyClosed {
            undelivered: [None, Some(Undelivered::BytesAtMost(7))],
            ..ProxyClosed::sample()
        };
        let line = shown(None, EventKind::ProxyClosed(&closed));
        assert!(
            line.contains(",\"undelivered\":{\"server\":{\"bytes_at_most\":7}},\"end\""),
            "{line}"
        );
    }

    #[test]
    fn the_end_has_both_sides() {
        let closed = ProxyClosed {
            initiator: ProxyInitiator::Server,
            server: Some(ClosePayload { code: Some(CloseCode::NORMAL), reason: "b".to_owned() }),
            client_end: Some(TransportEnd::Reset),
            from_client: Counters { messages: 1, ..Counters::default() },
            violations: 2,
            age: Duration::from_millis(5),
            ..ProxyClosed::sample()
        };
        assert_eq!(
            shown(None, EventKind::ProxyClosed(&closed)),
            "{\"event\":\"close\",\"code\":1000,\"name\":\"Normal Closure\",\"reason\":\"b\",\
             \"was_clean\":false,\"initiator\":\"server\",\"client\":null,\
             \"server\":{\"code\":1000,\"reason\":\"b\"},\
             \"end\":{\"client\":\"reset\",\"server\":null},\"duration_ms\":5.000,\"totals\":{\
             \"client\":{\"messages\":1,\"bytes\":0,\"frames\":0,\"wire_bytes\":0},\
             \"server\":{\"messages\":0,\"bytes\":0,\"frames\":0,\"wire_bytes\":0}},\
             \"violations\":2,\"touched\":0}\n"
        );
    }
}
