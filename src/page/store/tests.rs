use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::page::block::Row;
use crate::page::facts::{Kind, Level};
use crate::page::testing::{line, message, store, store_of};
use crate::protocol::Side;

mod connections;

/// The lines of all rows that are kept.
fn lines(store: &Store) -> Vec<String> {
    let (mut next, end) = store.rows();
    let mut all = Vec::new();
    while next < end {
        let block = store.block(store.block_of(next).expect("kept"), Want::All).expect("readable");
        all.extend(block.rows_from(next).map(|row| String::from_utf8_lossy(row.line).into_owned()));
        next = block.end();
    }
    all
}

fn with_row<T>(store: &Store, row: u64, take: impl FnOnce(&Row<'_>) -> T) -> T {
    let block = store.block(store.block_of(row).expect("kept"), Want::All).expect("readable");
    take(&block.numbered(row).expect("a row"))
}

#[test]
fn lines_are_rows_wherever_they_are_split() {
    let all = [
        line("open", 1, r#""url":"ws://h/""#),
        message("sent", 2, "a"),
        "garbage\n\n{\"event\":\"x\"}\n{\"event\":\"message\",\"data\":\"\n".to_owned(),
        message("received", 3, "b"),
    ];
    let bytes = all.concat();
    for cut in 0..=bytes.len() {
        let store = store(1 << 20, 1 << 20);
        store.append(&bytes.as_bytes()[..cut]);
        store.append(&bytes.as_bytes()[cut..]);
        let expected = [&all[0], &all[1], &all[3]].map(|line| line.trim_end().to_owned());
        assert_eq!(lines(&store), expected, "{cut}");
    }
}

#[test]
fn a_server_waits_whenever_no_client_is_connected() {
    let store = store(1 << 20, 1 << 20);
    let phase = || store.summary().phase;
    assert_eq!(phase(), Phase::Waiting);
    for (event, members, expected) in [
        ("error", r#""connection":1,"kind":"handshake","message":"no""#, Phase::Waiting),
        ("open", r#""connection":2,"url":"ws://h/""#, Phase::Live),
        ("open", r#""connection":3,"url":"ws://h/""#, Phase::Live),
        ("close", r#""connection":2,"code":1000"#, Phase::Live),
        ("close", r#""connection":3,"code":1006"#, Phase::Waiting),
        ("open", r#""connection":4,"url":"ws://h/""#, Phase::Live),
    ] {
        store.append(line(event, 1, members).as_bytes());
        assert_eq!(phase(), expected, "{event} {members}");
    }
    store.set_phase(Phase::Ended, None, None);
    assert_eq!(phase(), Phase::Ended);
}

#[test]
fn the_runs_of_a_recording_follow_each_other() {
    let options = StoreOptions { is_recording: true, ..StoreOptions::default() };
    let store = Store::new(options);
    let event = |event: &str, time: &str, at: u64, members: &str| {
        let line = format!(
            "{{\"event\":\"{event}\",\"time\":\"2026-01-01T00:{time}Z\",\"elapsed_ms\":{at}.000,{members}}}\n"
        );
        store.append(line.as_bytes());
    };
    let request = r#""direction":"sent","type":"text","data":"{\"id\":1}","size":8"#;
    let answer = r#""direction":"received","type":"text","data":"{\"id\":1}","size":8"#;
    event("redirect", "00:10.000000", 0, r#""status":301,"from":"a","to":"b""#);
    event("open", "00:10.100000", 100, r#""url":"ws://h/a""#);
    event("message", "00:12.940001", 2940, request);
    event("frame", "00:12.950000", 2950, r#""direction":"sent","opcode":"close","fin":true"#);
    event("close", "00:13.000000", 3000, r#""code":1000,"initiator":"self""#);
    event("open", "00:13.150000", 50, r#""url":"ws://h/b""#); // started 100 ms after the end
    event("message", "00:16.100000", 3000, answer);
    event("error", "01:00.000000", 5, r#""kind":"connect","message":"m","url":"ws://h/c""#);
    event("retry", "01:00.000010", 5, r#""attempt":1,"delay_ms":1"#);
    event("open", "01:01.000000", 1005, r#""url":"ws://h/d""#);
    event("message", "00:59.000000", 1010, answer); // the clock was set back
    let rows: Vec<_> = (0..store.summary().rows)
        .map(|row| store.facts(row).map(|it| (it.connection.unwrap_or(0), it.elapsed / 1000)))
        .map(|row| row.expect("a row"))
        .collect();
    let expected = [
        (1, 0),
        (1, 100),
        (1, 2940),
        (1, 3000),
        (2, 3150),
        (2, 6100),
        (3, 50_000),
        (3, 50_000),
        (4, 51_000),
        (4, 49_000),
    ];
    assert_eq!(rows, expected);
    let late = (0..10).filter_map(|row| store.facts(row)?.late()).count();
    assert_eq!(late, 0, "what one run asked is not answered in another");
    let list = serde_json::to_value(store.connections(0, 10)).expect("JSON");
    let list: Vec<_> = list["list"].as_array().expect("a list").iter().collect();
    let numbers: Vec<_> = list.iter().map(|it| (&it["number"], &it["state"])).collect();
    assert_eq!(
        serde_json::json!(numbers),
        serde_json::json!([[4, "open"], [3, "refused"], [2, "open"], [1, "closed"]])
    );
}

#[test]
fn connections_of_a_recording_keep_their_numbers() {
    let options = StoreOptions { is_recording: true, ..StoreOptions::default() };
    let store = Store::new(options);
    for (event, members) in [
        ("open", r#""connection":7,"url":"ws://h/""#),
        ("error", r#""kind":"io","message":"m""#),
        ("open", r#""url":"ws://h/""#),
        ("open", r#""connection":9,"url":"ws://h/""#),
        ("close", r#""code":1000"#),
        ("open", r#""connection":7,"url":"ws://h/""#),
    ] {
        store.append(line(event, 1, members).as_bytes());
    }
    let numbers: Vec<_> =
        (0..6).map(|row| store.facts(row).and_then(|facts| facts.connection)).collect();
    assert_eq!(numbers, [Some(7), None, Some(2), Some(9), Some(2), Some(7)]);
}

#[test]
fn the_start_of_a_line_can_be_dropped() {
    let store = store(1 << 20, 1 << 20);
    store.append(b"{\"event\":\"mess");
    store.discard_partial();
    store.append(message("sent", 1, "a").as_bytes());
    assert_eq!(store.summary().rows, 1);
}

#[test]
fn rows_know_their_facts() {
    let store = store_of(&[
        line("open", 0, r#""url":"ws://h/a?b","status":101,"protocol":"p","extensions":null"#),
        message("sent", 5, "hello"),
        line(
            "message",
            6,
            r#""direction":"received","type":"binary","encoding":"base64","data":"AP8=","size":2,"wire_size":4,"compressed":true,"frames":3"#,
        ),
        line("message", 7, r#""direction":"received","type":"text","size":9,"omitted":true"#),
        line("close", 9, r#""code":1006,"name":"x","reason":"","initiator":"peer","end":"reset""#),
    ]);
    let facts = |row| store.facts(row).expect("a row");
    assert_eq!((facts(0).kind, facts(0).elapsed), (Kind::Open, 0));
    assert_eq!(
        (facts(1).from, facts(1).size, facts(1).wire_size),
        (Some(Side::Client), Some(5), 7)
    );
    let binary = facts(2);
    assert_eq!((binary.kind, binary.from, binary.frames), (Kind::Binary, Some(Side::Server), 3));
    assert!(binary.is_base64 && binary.compressed);
    assert_eq!(with_row(&store, 2, |row| row.data().to_vec()), b"AP8=");
    assert_eq!(facts(3).kind, Kind::Omitted);
    assert_eq!((facts(4).code, facts(4).level), (1006, Level::Bad));
    let summary = store.summary();
    assert_eq!((summary.rows, summary.messages, summary.bytes), (5, 3, 16));
    assert_eq!(summary.connections, 1);
    let ConnectionList { total, list, .. } = store.connections(0, 10);
    let shown = serde_json::to_value(&list[0]).expect("JSON");
    assert_eq!(total, 1);
    for (key, value) in
        [("path", "/a?b"), ("state", "closed"), ("why", "reset by server"), ("initiator", "server")]
    {
        assert_eq!(shown[key], value);
    }
    assert_eq!((&shown["out"], &shown["in"], &shown["code"]), (&1.into(), &2.into(), &1006.into()));
}

#[test]
fn the_server_of_a_connection_receives_from_its_client() {
    let store = store_of(&[
        line("open", 0, r#""connection":1,"initiator":"peer""#),
        line("open", 0, r#""connection":2"#),
        line("ping", 1, r#""connection":1,"direction":"received","data":"""#),
        line("ping", 1, r#""connection":2,"direction":"received","data":"""#),
        line("ping", 1, r#""connection":2,"direction":"client","data":"""#),
    ]);
    let from: Vec<_> = (2..5).map(|row| store.facts(row).and_then(|facts| facts.from)).collect();
    assert_eq!(from, [Some(Side::Client), Some(Side::Server), Some(Side::Client)]);
    let options = StoreOptions { is_server: true, ..StoreOptions::default() };
    let store = Store::new(options);
    store.append(message("received", 1, "a").as_bytes());
    assert_eq!(store.facts(0).and_then(|facts| facts.from), Some(Side::Client));
}

#[test]
fn the_newest_row_is_kept_however_large_it_is() {
    for (memory, history) in [(1 << 20, 1 << 20), (1 << 20, 2 << 20)] {
        let store = store(memory, history);
        let large = "x".repeat(3 << 20);
        for at in 0..3 {
            store.append(message("sent", at, "small").as_bytes());
            store.append(message("sent", at, &large).as_bytes());
            assert_eq!(store.rows(), (2 * at + 1, 2 * at + 2), "{history}");
            assert_eq!(lines(&store).len(), 1);
        }
        store.append(message("sent", 9, "small").as_bytes());
        assert_eq!(store.rows(), (6, 7), "{history}");
        assert_eq!(store.summary().dropped, 6);
    }
}

/// What is dropped is a small part of what may be kept.
#[test]
fn most_of_the_history_is_used() {
    for (history, size) in [
        (64 << 10, 64),
        (64 << 10, 10_000),
        (1 << 20, 64),
        (1 << 20, 100_000),
        (3 << 19, 600_000), // more than the file may have
        (4 << 20, 64),
        (4 << 20, 1_000_000),
    ] {
        let store = store(1 << 20, history);
        let text = "x".repeat(size as usize);
        let rows = 3 * history / size;
        (0..rows).for_each(|at| store.append(message("sent", at, &text).as_bytes()));
        let (first, end) = store.rows();
        let kept: u64 = lines(&store).iter().map(|line| line.len() as u64).sum();
        assert!(first > 0 && end == rows && kept <= history, "{history} {size}");
        assert!(kept > history / 2, "{history} {size}: {kept} bytes of {} rows", end - first);
    }
}

#[test]
fn only_frames_that_tell_something_are_kept() {
    let frame = |members: &str| {
        line(
            "frame",
            1,
            &format!(r#""direction":"sent",{members},"masked":true,"minimal":true,"raw":false"#),
        )
    };
    let plain = frame(r#""opcode":"text","fin":true,"rsv1":false,"fragment":1"#);
    let first = frame(r#""opcode":"text","fin":false,"rsv1":false,"fragment":1"#);
    let ping = frame(r#""opcode":"ping","fin":true,"rsv2":true"#);
    let last = frame(r#""opcode":"continuation","fin":true,"rsv1":false,"fragment":2"#);
    let sent_ping = line("ping", 2, r#""direction":"sent","data":"""#);
    let store = store_of(&[
        plain,
        message("sent", 1, "a"),
        first.clone(),
        ping.clone(),
        sent_ping,
        last.clone(),
        message("sent", 3, "b"),
        message("sent", 4, "c"),
    ]);
    let frames =
        |row| with_row(&store, row, |row| String::from_utf8_lossy(row.frames).into_owned());
    assert_eq!(
        (0..4).map(frames).collect::<Vec<_>>(),
        ["".to_owned(), ping, first + &last, "".to_owned()]
    );
}

#[test]
fn answers_know_their_requests() {
    let store = store_of(&[
        message("sent", 1, r#"{"id":7,"method":"a"}"#),
        line("ping", 2, r#""direction":"received","encoding":"base64","data":"AP8=","size":2"#),
        message("received", 5, r#"{"id":7,"result":1}"#),
        line("pong", 9, r#""direction":"sent","encoding":"base64","data":"AP8=","size":2"#),
    ]);
    let late = |row| store.facts(row).and_then(|facts| Some((facts.request, facts.late()?)));
    let found: Vec<_> = (0..4).map(late).collect();
    assert_eq!(found, [None, None, Some((2, 4000)), Some((2, 7000))]);
}

#[test]
fn the_oldest_rows_go_first() {
    let (memory, history) = (200 << 10, 800 << 10);
    let store = store(memory, history);
    let text = "x".repeat(900);
    for number in 0..2000 {
        store.append(message("sent", number, &format!("{number} {text}")).as_bytes());
    }
    let (first, end) = store.rows();
    assert_eq!(end, 2000);
    let kept = lines(&store);
    assert_eq!(kept.len() as u64, end - first);
    for (line, number) in kept.iter().zip(first..) {
        assert!(line.contains(&format!("\"{number} x")), "{number}: {line}");
    }
    let bytes: usize = kept.iter().map(|line| line.len() + 1).sum();
    assert!(bytes as u64 <= history && bytes as u64 > history / 2, "{bytes}");
    assert!(store.state().over(memory).is_none());
    assert_eq!(store.summary().dropped, first);
    assert!(store.block_of(first - 1).is_none());
}

#[test]
fn a_line_that_is_longer_than_everything_goes() {
    let store = store(4 << 10, 8 << 10);
    store.append(message("sent", 1, "a").as_bytes());
    store.append(message("sent", 2, &"x".repeat(100 << 10)).as_bytes());
    store.append(message("sent", 3, "b").as_bytes());
    assert_eq!(store.rows(), (2, 3));
    assert!(lines(&store)[0].contains("\"b\""));
}

#[test]
fn of_a_long_line_the_start_is_enough() {
    let store = store(0, 64 << 20);
    store.append(message("sent", 1, &"x".repeat(1 << 20)).as_bytes());
    store.append(message("sent", 2, "b").as_bytes());
    let block = store.block(store.block_of(0).expect("kept"), Want::Starts).expect("readable");
    let row = block.numbered(0).expect("a row");
    assert!(row.is_cut() && row.line.len() < 256 << 10 && row.data().len() > 128 << 10);
    assert!(with_row(&store, 0, |row| !row.is_cut()));
}

#[test]
fn without_a_file_the_newest_rows_are_kept() {
    let folder = PathBuf::from("/nonexistent/folder");
    let options =
        StoreOptions { memory: 100 << 10, history: 1 << 30, folder, ..StoreOptions::default() };
    let store = Store::new(options);
    for number in 0..1000 {
        store.append(message("sent", number, &"x".repeat(500)).as_bytes());
    }
    let summary = store.summary();
    assert!(summary.dropped > 0 && summary.rows == 1000, "{summary:?}");
    let text = summary.recorded_end.expect("a remark");
    assert!(text.starts_with("the file for older messages takes no more: "), "{text}");
    assert_eq!(lines(&store).len() as u64, 1000 - summary.dropped);
}

#[test]
fn readers_see_whole_rows_while_others_are_added() {
    let store = store(100 << 10, 400 << 10);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..20_000 {
                let text = format!("{number} {}", "x".repeat(100));
                store.append(message("sent", number, &text).as_bytes());
            }
            is_over.store(true, Ordering::Release);
        });
        while !is_over.load(Ordering::Acquire) {
            let (first, end) = store.rows();
            for row in [first, first + (end - first) / 2, end.saturating_sub(1)] {
                let block = store.block_of(row).and_then(|number| store.block(number, Want::All));
                let Some(block) = block else { continue };
                let row = block.numbered(row).expect("a row");
                assert!(row.data().starts_with(format!("{} x", row.number).as_bytes()));
            }
        }
    });
}
