//! Events as lines of JSON.

use std::time::SystemTime;

use super::*;

fn shown(what: What<'_>) -> String {
    let at = Stamp { wall: SystemTime::UNIX_EPOCH, elapsed: Duration::from_micros(12_345) };
    let mut out = Outlet::memory();
    Json::new(Frames::Payloads).event(&Event { at, connection: None, what }, &mut out);
    out.text()
}

#[test]
fn messages_are_as_documented() {
    let message = Message {
        direction: Direction::Received,
        kind: MessageKind::Text,
        data: "h\"é\n".as_bytes(),
        wire_size: 7,
        compressed: false,
        frames: 1,
        typed: false,
        surplus: false,
    };
    assert_eq!(
        shown(What::Message(message)),
        "{\"event\":\"message\",\"time\":\"1970-01-01T00:00:00.000000Z\",\"elapsed_ms\":12.345,\
         \"direction\":\"received\",\"type\":\"text\",\"data\":\"h\\\"é\\n\",\"size\":5,\"wire_size\":7,\
         \"compressed\":false,\"frames\":1}\n"
    );
    let binary = Message { kind: MessageKind::Binary, data: &[0, 255], ..message };
    assert!(
        shown(What::Message(binary))
            .contains("\"type\":\"binary\",\"encoding\":\"base64\",\"data\":\"AP8=\"")
    );
}

#[test]
fn a_sent_file_is_named_in_place_of_its_data() {
    let file = FileSent { kind: MessageKind::Binary, path: "a \"b\"", size: 1 << 40, wire_size: 7 };
    assert!(shown(What::FileSent(&file)).ends_with(
        "\"direction\":\"sent\",\"type\":\"binary\",\"file\":\"a \\\"b\\\"\",\
         \"size\":1099511627776,\"wire_size\":7,\"compressed\":false,\"frames\":1}\n"
    ));
}

#[test]
fn pongs_tell_the_round_trip_time() {
    let text = shown(What::Pong(Direction::Received, b"p", Some(Duration::from_micros(1500))));
    assert!(
        text.ends_with("\"encoding\":\"base64\",\"data\":\"cA==\",\"size\":1,\"rtt_ms\":1.500}\n"),
        "{text}"
    );
}
