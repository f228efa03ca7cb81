//! The lines as they are written.

use std::time::SystemTime;

use super::*;
use crate::event::head_view::MalformedView;
use crate::event::{HeadView, Stamp};

const STAMP: Stamp = Stamp { wall: SystemTime::UNIX_EPOCH, elapsed: Duration::from_micros(12_345) };

const MESSAGE: Message<'_> = Message {
    direction: Direction::Received,
    kind: MessageKind::Text,
    data: "h\"é\n".as_bytes(),
    wire_size: 7,
    compressed: false,
    frames: 1,
    typed: false,
    surplus: false,
    masked: false,
};

fn shown(what: EventKind<'_>) -> String {
    let mut out = Outlet::memory();
    Json::new(JsonFrames::Payloads)
        .event(&Event { at: STAMP, connection: None, mark: None, transit: None, what }, &mut out);
    out.text()
}

#[test]
fn messages_are_as_documented() {
    assert_eq!(
        shown(EventKind::Message(MESSAGE)),
        "{\"event\":\"message\",\"time\":\"1970-01-01T00:00:00.000000Z\",\"elapsed_ms\":12.345,\
         \"direction\":\"received\",\"type\":\"text\",\"data\":\"h\\\"é\\n\",\"size\":5,\"wire_size\":7,\
         \"compressed\":false,\"frames\":1}\n"
    );
    let binary = Message { kind: MessageKind::Binary, data: &[0, 255], ..MESSAGE };
    assert!(
        shown(EventKind::Message(binary))
            .contains("\"type\":\"binary\",\"encoding\":\"base64\",\"data\":\"AP8=\"")
    );
}

#[test]
fn long_payloads_are_written_in_parts_and_parsed_back() {
    for (kind, byte) in
        [(MessageKind::Text, 1), (MessageKind::Text, b'x'), (MessageKind::Binary, 0xff)]
    {
        for size in [(64 << 10) - 1, 64 << 10, 200_001] {
            let data = vec![byte; size];
            let mut format = Json::new(JsonFrames::None);
            let mut out = Outlet::memory();
            let what = EventKind::Message(Message { kind, data: &data, ..MESSAGE });
            format.event(
                &Event { at: STAMP, connection: None, mark: None, transit: None, what },
                &mut out,
            );
            let event: serde_json::Value = serde_json::from_str(&out.text()).expect("JSON");
            let shown = event["data"].as_str().expect("a string");
            match kind {
                MessageKind::Text => assert_eq!(shown.as_bytes(), data),
                MessageKind::Binary => assert_eq!(shown, data_encoding::BASE64.encode(&data)),
            }
            assert!(format.part.capacity() <= 256 << 10, "{}", format.part.capacity());
        }
    }
}

#[test]
fn no_string_of_an_event_has_hidden_characters() {
    let evil = "a\u{9b}31m\u{202e}\u{200b}\u{7f}\u{e0041}";
    let hop = Redirect {
        status: 302,
        reason: evil.to_owned(),
        from: evil.to_owned(),
        to: evil.to_owned(),
        request: HeadView { fields: vec![("X".to_owned(), evil.into())], ..HeadView::empty() },
        interim: Vec::new(),
    };
    let head = HeadView {
        start_line: Vec::new(),
        fields: vec![("X".to_owned(), evil.into()), ("X".to_owned(), b"\x9b\xff".into())],
        malformed: [evil.as_bytes(), b"\x9b\xff"]
            .map(|text| MalformedView { fields_before: 1, text: text.into() })
            .into(),
        secret_ids: Vec::new(),
    };
    let response = crate::event::FailedResponse {
        status: 403,
        head,
        body: [evil.as_bytes(), b"\x9b\xff"].concat(),
        is_partial: false,
        notes: Vec::new(),
    };
    let failure = Failure {
        kind: crate::event::FailureKind::Handshake,
        message: evil.to_owned(),
        hint: Some(evil.to_owned()),
        request: None,
        interim: Vec::new(),
        response: Some(response),
        excerpt: Vec::new(),
        certificate: None,
        attempt: Some(Box::new(crate::event::AttemptView {
            url: evil.to_owned(),
            ..Default::default()
        })),
    };
    for what in [EventKind::Redirect(&hop), EventKind::Failure(&failure)] {
        let text = shown(what);
        assert!(!text.trim_end().contains(crate::output::escape::is_hidden), "{text}");
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
    }
}

#[test]
fn pongs_have_the_round_trip_time() {
    let text =
        shown(EventKind::Pong(Direction::Received, b"p".into(), Some(Duration::from_micros(1500))));
    assert!(
        text.ends_with("\"encoding\":\"base64\",\"data\":\"cA==\",\"size\":1,\"rtt_ms\":1.500}\n"),
        "{text}"
    );
}

#[test]
fn a_sent_file_is_named_instead_of_its_data() {
    let file = FileSent { kind: MessageKind::Binary, path: "a \"b\"", size: 1 << 40, wire_size: 7 };
    assert!(shown(EventKind::FileSent(&file)).ends_with(
        "\"direction\":\"sent\",\"type\":\"binary\",\"file\":\"a \\\"b\\\"\",\
         \"size\":1099511627776,\"wire_size\":7,\"compressed\":false,\"frames\":1}\n"
    ));
}
