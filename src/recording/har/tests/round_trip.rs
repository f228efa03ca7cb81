//! What is written is read back.

use std::io;
use std::ops::ControlFlow;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::importer::check;
use super::sessions::{proxied_session, session};
use super::*;
use crate::event::Stamp;
use crate::protocol::MessageKind;
use crate::protocol::vocabulary::Direction;
use crate::recording::sink::Sink;
use crate::recording::{RecordedKind, RecordedMessage, ndjson};

fn lines(events: &[Recorded]) -> Vec<String> {
    events.iter().map(shown).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_event_is_read_back(session in session()) {
        let har = written(&session);
        prop_assert_eq!(lines(&events(&har)), lines(&session));
        check(&har);
    }

    #[test]
    fn lines_become_a_har_and_lines_again(session in session()) {
        let before = lines(&session).join("\n") + "\n";
        let mut parsed = Vec::new();
        let summary = ndjson::read("x.ndjson", before.as_bytes(), &Limits::default(), &mut |event| {
            parsed.push(event);
            ControlFlow::Continue(())
        });
        prop_assert_eq!(summary.map(|it| it.warnings).map_err(|it| it.to_string()), Ok(vec![]));
        let after = lines(&events(&written(&parsed)));
        prop_assert_eq!(after.join("\n") + "\n", before);
    }

    #[test]
    fn what_a_proxy_recorded_is_read_back(session in proxied_session()) {
        let seen: Vec<_> = session.iter().cloned().flat_map(Recorded::seen_in_har).collect();
        prop_assert_eq!(lines(&seen), lines(&session));
        let har = written(&seen);
        prop_assert_eq!(lines(&events(&har)), lines(&session));
        check(&har);
    }

    #[test]
    fn whatever_is_cut_or_changed_does_no_harm(
        session in session(), cut in any::<prop::sample::Index>(), byte in any::<u8>(), change in any::<prop::sample::Index>(),
    ) {
        let mut har = written(&session);
        let whole = events(&har).len();
        let cut = cut.index(har.len() - 1); // the last byte ends the line
        let (some, result) = read_all(&har[..cut]);
        prop_assert!(some.len() <= whole);
        match result {
            Ok(summary) => {
                prop_assert_eq!(summary.warnings.len(), 1);
                prop_assert!(summary.warnings[0].contains("the HAR is incomplete"));
            }
            Err(error) => prop_assert!(!har[..cut].windows(9).any(|it| it == b"\"entries\""), "{error}"),
        }
        let at = change.index(har.len());
        har[at] = byte;
        let _ = read_all(&har);
    }
}

fn at(micros: u64) -> Stamp {
    let elapsed = Duration::from_micros(micros);
    Stamp { wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000) + elapsed, elapsed }
}

fn message(connection: Option<u64>, micros: u64, kind: MessageKind, data: Vec<u8>) -> Recorded {
    let message = RecordedMessage {
        direction: Direction::Received,
        kind,
        wire_size: super::super::entry::usual_wire_size(data.len() as u64, false),
        data: data.into(),
        compressed: false,
        frames: 1,
        is_masked: false,
        secret_ids: Box::default(),
    };
    Recorded { at: at(micros), connection, transit: None, what: RecordedKind::Message(message) }
}

#[test]
fn a_message_is_as_chrome_writes_it() {
    let har = written(&[message(None, 5, MessageKind::Text, b"hi \"you\"".into())]);
    let text = String::from_utf8(har).expect("UTF-8");
    let line = text.lines().find(|line| line.starts_with("{\"type\"")).expect("a message");
    assert!(
        line.starts_with(
            r#"{"type":"receive","time":1700000000.000005,"opcode":1,"data":"hi \"you\""}"#
        ),
        "{line}"
    );
}

/// Counts bytes, and the most that were written at once.
#[derive(Default)]
struct Counter {
    bytes: usize,
    most: usize,
}

impl Sink for Counter {}

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len();
        self.most = self.most.max(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn long_messages_are_written_in_pieces() {
    let text = "\u{1}é".repeat(60_000);
    for (kind, data) in [
        (MessageKind::Text, text.into_bytes()),
        (MessageKind::Binary, vec![7; 300_001]),
        (MessageKind::Text, vec![0xff; 150_001]),
    ] {
        let session = [
            message(Some(1), 1, MessageKind::Text, b"1".into()),
            message(Some(2), 2, kind, data.clone()),
            message(Some(1), 3, kind, data),
        ];
        let mut counter = Counter::default();
        let mut writer = HarWriter::new(std::env::temp_dir());
        session.iter().for_each(|event| writer.event(event, &mut counter).expect("no error"));
        assert!(counter.most < 320 << 10, "{}", counter.most);
        let read = events(&written(&session));
        let messages = read.iter().filter_map(Recorded::message).collect::<Vec<_>>();
        let expected = session.iter().filter_map(Recorded::message).collect::<Vec<_>>();
        assert!(messages == expected);
    }
}

#[test]
fn the_file_has_what_the_first_connection_received() {
    let mut file = Vec::new();
    let mut writer = HarWriter::new(std::env::temp_dir());
    for micros in 1..=100 {
        for connection in [1, 2] {
            let event = message(Some(connection), micros, MessageKind::Text, b"x".into());
            writer.event(&event, &mut file).expect("a Vec");
        }
    }
    let (events, result) = read_all(&file);
    assert_eq!(events.iter().filter(|event| event.message().is_some()).count(), 100);
    let warnings = result.expect("only a warning").warnings;
    assert!(warnings[0].contains("the HAR is incomplete"), "{warnings:?}");
}

#[test]
fn a_full_disk_is_an_error_once() {
    struct Full;
    impl Sink for Full {}
    impl io::Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut writer = HarWriter::new(std::env::temp_dir());
    let event = message(None, 1, MessageKind::Text, b"x".into());
    let error = writer.event(&event, &mut Full).expect_err("an error");
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}

/// A session over two connections, as it is in tests/data/har/wscope.har.
fn example() -> Vec<Recorded> {
    let lines = [
        r#"{"event":"open","time":"2026-05-04T09:00:01.125000Z","elapsed_ms":12.500,"connection":1,"url":"ws://localhost:9001/a?x=1&token=***","remote":"127.0.0.1:9001","local":"127.0.0.1:50000","http_version":"HTTP/1.1","status":101,"reason":"Switching Protocols","request_headers":[["Host","localhost:9001"],["Cookie","***"],["X-Two","1"],["X-Two","2"]],"response_headers":[["upgrade","websocket"],["Sec-WebSocket-Protocol","chat"]],"protocol":"chat","extensions":"permessage-deflate","tls":null,"timings_ms":{"dns":0.250,"tcp":1.000,"proxy":null,"tls":null,"upgrade":3.500,"total":4.750}}"#,
        r#"{"event":"message","time":"2026-05-04T09:00:01.250125Z","elapsed_ms":137.625,"connection":1,"direction":"sent","type":"text","data":"ask\u202e","size":6,"wire_size":12,"compressed":false,"frames":1}"#,
        r#"{"event":"open","time":"2026-05-04T09:00:01.260000Z","elapsed_ms":147.500,"connection":2,"url":"ws://localhost:9001/b","remote":"127.0.0.1:9001","local":"127.0.0.1:50001","http_version":"HTTP/1.1","status":101,"reason":"Switching Protocols","request_headers":[["Host","localhost:9001"]],"response_headers":[],"protocol":null,"extensions":null,"tls":null,"timings_ms":{"dns":null,"tcp":1.000,"proxy":null,"tls":null,"upgrade":1.000,"total":2.000}}"#,
        r#"{"event":"message","time":"2026-05-04T09:00:01.300000Z","elapsed_ms":187.501,"connection":2,"direction":"received","type":"binary","encoding":"base64","data":"AP8=","size":2,"wire_size":9,"compressed":true,"frames":2}"#,
        r#"{"event":"ping","time":"2026-05-04T09:00:01.400000Z","elapsed_ms":287.500,"connection":1,"direction":"sent","encoding":"base64","data":"cA==","size":1,"rtt_ms":null}"#,
        r#"{"event":"pong","time":"2026-05-04T09:00:01.401500Z","elapsed_ms":289.000,"connection":1,"direction":"received","encoding":"base64","data":"cA==","size":1,"rtt_ms":1.500}"#,
        r#"{"event":"close","time":"2026-05-04T09:00:01.500000Z","elapsed_ms":387.500,"connection":2,"code":1000,"name":"Normal Closure","reason":"done","was_clean":true,"initiator":"peer","sent":{"code":1000,"reason":""},"received":{"code":1000,"reason":"done"},"end":"handshake","duration_ms":240.000,"totals":{"received":{"messages":1,"bytes":2,"frames":2,"wire_bytes":9},"sent":{"messages":0,"bytes":0,"frames":0,"wire_bytes":0}}}"#,
        r#"{"event":"error","time":"2026-05-04T09:00:01.600000Z","elapsed_ms":487.500,"connection":3,"kind":"handshake","message":"the server refused","hint":null,"status":403,"response_headers":[["Content-Type","text/plain"]],"body":"no","status_line":"HTTP/1.1 403 Forbidden"}"#,
    ];
    let mut events = Vec::new();
    let text = lines.join("\n") + "\n";
    let result = ndjson::read("x", text.as_bytes(), &Limits::default(), &mut |event| {
        events.push(event);
        ControlFlow::Continue(())
    });
    assert_eq!(result.map(|it| it.warnings).map_err(|it| it.to_string()), Ok(vec![]));
    events
}

/// Whoever reads our HARs, among them versions of this program, relies on this form.
#[test]
fn the_form_of_a_har_does_not_change_by_accident() {
    let har = String::from_utf8(written(&example())).expect("UTF-8");
    let har = har.replace(&format!("\"{}\"", env!("CARGO_PKG_VERSION")), "\"0.1.0\"");
    check(har.as_bytes());
    assert_eq!(har, include_str!("../../../../tests/data/har/wscope.har"), "\n{har}");
}
