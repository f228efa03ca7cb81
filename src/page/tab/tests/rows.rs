use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{ask, notice, numbers, result, search_all, tab};
use crate::page::tab::{NOTICE_INTERVAL, Tab};
use crate::page::testing::{line, message, store, store_of};

#[test]
fn rows_are_as_the_list_shows_them() {
    let store = store_of(&[
        line("open", 1, r#""connection":3,"url":"ws://h/","status":101,"reason":"OK""#),
        message("sent", 3, "a\u{202e}\"b\""),
        message("received", 2, &"\u{e9}".repeat(300)),
        line(
            "message",
            4,
            r#""direction":"client","type":"binary","encoding":"base64","data":"AP8Q","size":3,"rule":1,"action":"drop""#,
        ),
        line("close", 5, r#""code":4000,"reason":"x""#),
        line("http", 6, r#""connection":4,"method":"GET","target":"/a","status":null"#),
        line("pong", 7, r#""direction":"received","encoding":"base64","data":"aGk=","size":2"#),
    ]);
    let (mut tab, _) = tab(&store);
    let rows =
        result(&mut tab, json!({"method": "rows", "from": 0, "count": 1000, "filtered": false}));
    assert_eq!((&rows["from"], numbers(&rows)), (&json!(0), (0..7).collect()));
    assert_eq!(
        rows["rows"][0],
        json!({"row": 0, "connection": 3, "time": "2026-01-01T00:00:00.001000Z", "elapsed_ms": 1.0,
            "delta_ms": null, "event": "open", "direction": null, "type": "open", "size": null,
            "wire_size": null, "compressed": false, "frames": null, "preview": "101 OK ws://h/", "cut": false,
            "code": null, "rule": null, "action": null, "late_ms": null, "level": null})
    );
    let row = |at: usize| rows["rows"][at].clone();
    assert_eq!((&row(1)["preview"], &row(1)["delta_ms"]), (&json!("a\u{202e}\"b\""), &json!(2.0)));
    assert_eq!((&row(2)["preview"], &row(2)["cut"]), (&json!("\u{e9}".repeat(200)), &json!(true)));
    assert_eq!((&row(2)["direction"], &row(2)["delta_ms"]), (&json!("in"), &json!(-1.0)));
    assert_eq!((&row(3)["preview"], &row(3)["action"]), (&json!("00 ff 10"), &json!("drop")));
    assert_eq!(
        (&row(4)["preview"], &row(4)["level"]),
        (&json!("4000 Private Use \"x\""), &json!("warn"))
    );
    assert_eq!(row(5)["preview"], "GET /a → no response");
    assert_eq!(row(6)["preview"], "hi");
    let some = result(&mut tab, json!({"method": "rows", "from": 4, "count": 2}));
    assert_eq!(numbers(&some), [4, 5]);
    assert_eq!(some["rows"][0]["delta_ms"], 1.0);
    let none = result(&mut tab, json!({"method": "rows", "from": 7, "count": 2}));
    assert_eq!(none, json!({"from": 7, "rows": []}));
}

#[test]
fn the_row_of_what_was_not_passed_on_at_once_says_so() {
    let store = store_of(&[
        line("message", 1, r#""direction":"client","type":"text","data":"a","size":1"#),
        line(
            "message",
            2,
            r#""direction":"client","type":"text","data":"\"delivered\":false","size":1,"delivered":false"#,
        ),
        line("message", 3, r#""direction":"client","type":"text","data":"a","delivered":true"#),
    ]);
    let (mut tab, _) = tab(&store);
    let rows = result(&mut tab, json!({"method": "rows", "from": 0, "count": 3}));
    let waited: Vec<_> = (0..3).map(|at| rows["rows"][at].get("waited")).collect();
    assert_eq!(waited, [None, Some(&json!(true)), None]);
}

#[test]
fn the_row_of_something_held_says_what_became_of_it() {
    let held = |at, members| line("held", at, members);
    let store = store_of(&[
        held(
            1,
            r#""direction":"client","number":7,"outcome":"edited","type":"text","data":"a","size":1,"changed_to":{"type":"text","data":"\"b","size":2}"#,
        ),
        held(
            2,
            r#""direction":"server","number":8,"outcome":"not_delivered","type":"ping","encoding":"base64","data":"aGk=","size":2"#,
        ),
        held(
            3,
            r#""direction":"server","number":9,"outcome":"delivered","type":"binary","encoding":"base64","data":"AP8=","size":2"#,
        ),
        held(
            4,
            r#""direction":"server","number":10,"outcome":"dropped","type":"close","code":1001,"reason":"x""#,
        ),
        held(
            5,
            r#""direction":"server","number":null,"outcome":"delivered","type":"text","data":"b","size":1"#,
        ),
    ]);
    let (mut tab, _) = tab(&store);
    let rows =
        result(&mut tab, json!({"method": "rows", "from": 0, "count": 10, "filtered": false}));
    let shown = |at: usize| {
        let row = &rows["rows"][at];
        assert_eq!((&row["event"], &row["type"]), (&json!("held"), &json!("held")));
        json!([row["direction"], row["preview"], row["level"]])
    };
    assert_eq!(shown(0), json!(["out", "#7 edited: \"b", "warn"]));
    assert_eq!(shown(1), json!(["in", "#8 not delivered: hi", "warn"]));
    assert_eq!(shown(2), json!(["in", "#9 delivered: 00 ff", null]));
    assert_eq!(shown(3), json!(["in", "#10 dropped: close 1001", "warn"]));
    assert_eq!(shown(4), json!(["in", "delivered: b", null]));
    let event = result(&mut tab, json!({"method": "event", "row": 0, "limit": 1}));
    assert_eq!(
        (&event["event"]["changed_to"]["data"], &event["cut"]),
        (&json!("\""), &json!(true))
    );
}

#[test]
fn an_event_is_cut_at_the_limit() {
    let store = store_of(&[
        message("sent", 1, "{\"id\":1}\n\u{e9}\u{202e}x"),
        message("received", 5, "hello"),
        message("sent", 6, "{\"id\":1}"),
        message("received", 9, "{\"id\":1, \"result\":true}"),
    ]);
    let (mut tab, _) = tab(&store);
    for (limit, data) in [
        (0, ""),
        (9, "{\"id\":1}\n"),
        (10, "{\"id\":1}\n"),
        (11, "{\"id\":1}\n\u{e9}"),
        (13, "{\"id\":1}\n\u{e9}"),
        (14, "{\"id\":1}\n\u{e9}\u{202e}"),
        (1_u64 << 40, "{\"id\":1}\n\u{e9}\u{202e}x"),
    ] {
        let shown = result(&mut tab, json!({"method": "event", "row": 0, "limit": limit}));
        assert_eq!(shown["event"]["data"], data, "{limit}");
        assert_eq!(
            (&shown["event"]["size"], &shown["cut"]),
            (&json!(15), &json!(limit < 1_u64 << 40))
        );
    }
    let mut pair =
        |row| result(&mut tab, json!({"method": "event", "row": row, "limit": 9}))["pair"].clone();
    assert_eq!(pair(2), json!({"row": 3, "late_ms": 3.0, "is_answer": false}));
    assert_eq!(pair(3), json!({"row": 2, "late_ms": 3.0, "is_answer": true}));
    assert_eq!(pair(0), Value::Null);
    let shown = result(&mut tab, json!({"method": "event", "row": 3, "limit": 100}));
    assert_eq!(shown["scenario"], "< {\"id\":1, \"result\":true}");
}

#[test]
fn a_filter_numbers_what_it_finds() {
    let store = store(64 << 10, 1 << 20);
    let add = |from: u64, to: u64| {
        for number in from..to {
            let kind = if number % 3 == 0 { "order" } else { "tick" };
            store.append(
                message("sent", number, &format!("{kind} {number} {}", "x".repeat(200))).as_bytes(),
            );
        }
    };
    add(0, 1000);
    let (mut tab, _) = tab(&store);
    let start = Instant::now();
    notice(&mut tab, start);
    assert_eq!(
        result(&mut tab, json!({"method": "filter", "text": "order"})),
        json!({"generation": 1})
    );
    assert_eq!(tab.deadline(), Some(start + NOTICE_INTERVAL));
    tab.work(Duration::ZERO);
    let first = notice(&mut tab, start)["filter"].clone();
    assert_eq!((&first["found"], &first["done"]), (&json!(48), &json!(false)), "at once");
    tab.work(Duration::ZERO);
    assert!(tab.notice(start).is_none() && tab.deadline() == Some(start + NOTICE_INTERVAL));
    search_all(&mut tab);
    assert_eq!(tab.deadline(), Some(start));
    let filter = notice(&mut tab, start)["filter"].clone();
    assert_eq!(
        filter,
        json!({"generation": 1, "found": 334, "first": 0, "scanned": 1000, "done": true})
    );
    let rows = |tab: &mut Tab, from: u64, count: u64| {
        result(tab, json!({"method": "rows", "from": from, "count": count, "filtered": true}))
    };
    let some = rows(&mut tab, 100, 3);
    assert_eq!((numbers(&some), &some["generation"]), (vec![300, 303, 306], &json!(1)));
    assert_eq!(some["rows"][0]["delta_ms"], 3.0);
    assert_eq!(rows(&mut tab, 0, 1)["rows"][0]["delta_ms"], Value::Null);
    let find = |tab: &mut Tab, row: u64| {
        result(tab, json!({"method": "find", "row": row}))["index"].clone()
    };
    assert_eq!(
        [find(&mut tab, 300), find(&mut tab, 301), find(&mut tab, 999), find(&mut tab, 1000)],
        [json!(100), json!(101), json!(333), Value::Null]
    );
    for hundred in 10..40 {
        add(100 * hundred, 100 * (hundred + 1));
        search_all(&mut tab);
    }
    let state = notice(&mut tab, start + 2 * NOTICE_INTERVAL);
    let kept = state["first"].as_u64().expect("a number");
    assert!(kept > 1000, "{state}");
    let first = state["filter"]["first"].as_u64().expect("a number");
    assert_eq!(state["filter"]["found"], 1334);
    assert!(first * 3 >= kept && first * 3 < kept + 3, "{state}");
    let some = rows(&mut tab, 0, 2);
    assert_eq!((&some["from"], numbers(&some)), (&json!(first), vec![first * 3, first * 3 + 3]));
    assert_eq!(find(&mut tab, 3600), 1200);
    assert_eq!(find(&mut tab, 0), first);
}

#[test]
fn a_filter_that_shows_everything_is_none() {
    let (mut tab, _) = tab(&store_of(&[message("sent", 1, "a"), message("sent", 2, "b")]));
    let set = |tab: &mut Tab, members: Value| {
        let mut request = json!({"method": "filter", "text": "", "control": true, "after": 0, "connection": null});
        for (key, value) in members.as_object().expect("an object") {
            request[key] = value.clone();
        }
        let generation = result(tab, request)["generation"].clone();
        search_all(tab);
        generation
    };
    assert_eq!(set(&mut tab, json!({"after": 1})), 1);
    let rows = result(&mut tab, json!({"method": "rows", "from": 0, "count": 9, "filtered": true}));
    assert_eq!((numbers(&rows), &rows["generation"]), (vec![1], &json!(1)));
    assert_eq!(set(&mut tab, json!({})), Value::Null);
    assert!(!tab.work(Duration::ZERO));
    let rows = result(&mut tab, json!({"method": "rows", "from": 0, "count": 9, "filtered": true}));
    assert_eq!((numbers(&rows), rows.get("generation")), (vec![0, 1], Some(&Value::Null)));
    assert_eq!(set(&mut tab, json!({"control": false})), 3);
    assert_eq!(set(&mut tab, json!({"after": 2})), 4, "it shows what comes");
    assert_eq!(ask(&mut tab, json!({"method": "filter", "text": "dir:x"}))["at"], 4);
    let state = notice(&mut tab, Instant::now());
    assert_eq!((&state["filter"]["generation"], &state["filter"]["found"]), (&json!(4), &json!(0)));
}

#[test]
fn a_lane_counts_every_row_once() {
    let store = store(64 << 10, 4 << 20);
    for number in 0..5000 {
        let direction = if number % 5 == 0 { "sent" } else { "received" };
        store.append(message(direction, number, &"x".repeat(300)).as_bytes());
    }
    store.append(line("close", 5000, r#""code":1006"#).as_bytes());
    let (mut tab, _) = tab(&store);
    let lane = |tab: &mut Tab, request: Value| {
        let mut all = json!({"method": "lane", "filtered": false});
        for (key, value) in request.as_object().expect("an object") {
            all[key] = value.clone();
        }
        let lane = result(tab, all);
        let buckets = lane["buckets"].as_array().expect("a list").clone();
        let sums: Vec<u64> = (0..4)
            .map(|at| buckets.iter().map(|it| it[at].as_u64().expect("a number")).sum())
            .collect();
        (lane, sums)
    };
    for buckets in [1, 7, 600, 1_000_000] {
        let (all, sums) =
            lane(&mut tab, json!({"from_row": 0, "to_row": 5000, "buckets": buckets}));
        assert_eq!(sums, [1000, 4000, 0, 1], "{buckets}");
        assert_eq!((&all["from_ms"], &all["to_ms"]), (&json!(0.0), &json!(5000.0)));
        assert!(all["dots"].is_null());
        assert_eq!(all["buckets"].as_array().map(Vec::len), Some(buckets.min(600)));
    }
    let (some, sums) = lane(&mut tab, json!({"from_row": 10, "to_row": 19, "buckets": 10}));
    assert_eq!((sums, some["dots"].as_array().map(Vec::len)), (vec![2, 8, 0, 0], Some(10)));
    assert_eq!(some["dots"][0], json!([10, 10.0, "out", "text"]));
    let (_, sums) = lane(&mut tab, json!({"from_ms": 1000.0, "to_ms": 1099.0, "buckets": 10}));
    assert_eq!(sums, [20, 80, 0, 0]);
    result(&mut tab, json!({"method": "filter", "text": "dir:out"}));
    search_all(&mut tab);
    for buckets in [1, 100] {
        let (_, sums) = lane(
            &mut tab,
            json!({"from_row": 0, "to_row": 5000, "buckets": buckets, "filtered": true}),
        );
        assert_eq!(sums, [1000, 0, 0, 0]);
    }
    let (odd, sums) = lane(&mut tab, json!({"from_ms": -5.0, "to_ms": -9.0, "buckets": 0}));
    assert_eq!((sums, odd["buckets"].as_array().map(Vec::len)), (vec![1, 0, 0, 0], Some(1)));
    let (_, sums) = lane(&mut tab, json!({"from_row": 9000, "to_row": 3, "buckets": 9}));
    assert_eq!(sums, [0; 4]);
}

#[test]
fn a_lane_shows_pairs() {
    let store = store_of(&[message("sent", 1, "{\"id\":1}"), message("received", 4, "{\"id\":1}")]);
    let (mut tab, _) = tab(&store);
    let lane =
        result(&mut tab, json!({"method": "lane", "from_row": 0, "to_row": 1, "buckets": 4}));
    assert_eq!(lane["pairs"], json!([[0, 1, 1.0, 4.0]]));
}
