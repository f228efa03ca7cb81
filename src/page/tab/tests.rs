use std::sync::{Mutex, PoisonError};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::page::control::{ControlState, HeldMessage, Payload, PayloadKind, RuleText, Target};
use crate::page::protocol::{Abilities, Mode};
use crate::page::testing::{line, message, store, store_of};
use crate::protocol::Side;
use crate::protocol::close::ClosePayload;

/// Writes down what it is asked for.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, text: String) -> Result<(), String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        Ok(())
    }

    fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).join(" | ")
    }
}

impl Control for Log {
    fn send(&mut self, number: Option<u64>, to: Side, payload: Payload) -> Result<(), String> {
        match number {
            Some(9) => Err("there is no connection 9".to_owned()),
            number => {
                self.add(format!("send {number:?} {to:?} {:?} {:?}", payload.kind, payload.data))
            }
        }
    }

    fn close(
        &mut self,
        number: Option<u64>,
        to: Target,
        close: ClosePayload,
    ) -> Result<(), String> {
        self.add(format!("close {number:?} {to:?} {:?} {:?}", close.code, close.reason))
    }

    fn hold(&mut self, on: bool) -> Result<(), String> {
        self.add(format!("hold {on}"))
    }

    fn held(&mut self, _: usize) -> Result<Vec<HeldMessage>, String> {
        Ok(vec![HeldMessage {
            number: 7,
            connection: 3,
            from: Side::Client,
            kind: PayloadKind::Text,
            size: 44,
            start: "h\u{e9}llo".as_bytes()[..2].to_vec(),
        }])
    }

    fn held_payload(&mut self, number: u64) -> Result<Payload, String> {
        match number {
            7 => Ok(Payload { kind: PayloadKind::Text, data: b"hello".to_vec() }),
            8 => Ok(Payload { kind: PayloadKind::Binary, data: b"hello".to_vec() }),
            _ => Err("nothing of this number is held".to_owned()),
        }
    }

    fn release(&mut self, number: Option<u64>, drop: bool) -> Result<(), String> {
        self.add(format!("release {number:?} {drop}"))
    }

    fn edit(&mut self, number: u64, payload: Payload) -> Result<(), String> {
        self.add(format!("edit {number} {payload:?}"))
    }

    fn rules(&mut self) -> Result<Vec<RuleText>, String> {
        Ok(vec![RuleText { number: 1, text: "client => drop".to_owned() }])
    }

    fn add_rule(&mut self, text: &str) -> Result<(), String> {
        self.add(format!("rule {text}"))
    }

    fn remove_rule(&mut self, number: u64) -> Result<(), String> {
        self.add(format!("unrule {number}"))
    }

    fn state(&self) -> ControlState {
        ControlState { is_holding: true, held: 1, held_version: 2, rules_version: 3 }
    }
}

fn tab(store: &Arc<Store>) -> (Tab, Log) {
    let hello = Hello {
        mode: Mode::Proxy,
        title: "proxy".to_owned(),
        clients_url: None,
        target: Some("ws://h/".to_owned()),
        can: Abilities { send: vec![Side::Client, Side::Server], ..Abilities::default() },
    };
    let log = Log::default();
    (Tab::new(Arc::clone(store), hello, Box::new(log.clone())), log)
}

/// The answer to a request with these members.
fn ask(tab: &mut Tab, mut request: Value) -> Value {
    request["id"] = json!(1);
    let answer: Value = serde_json::from_str(&tab.request(&request.to_string())).expect("JSON");
    assert_eq!(answer["id"], 1, "{answer}");
    answer
}

fn result(tab: &mut Tab, request: Value) -> Value {
    let answer = ask(tab, request);
    assert!(answer["error"].is_null(), "{answer}");
    answer["result"].clone()
}

fn search_all(tab: &mut Tab) {
    while tab.work(Duration::ZERO) {}
}

fn notice(tab: &mut Tab, now: Instant) -> Value {
    serde_json::from_str(&tab.notice(now).expect("a notice")).expect("JSON")
}

fn numbers(rows: &Value) -> Vec<u64> {
    let rows = rows["rows"].as_array().expect("rows").iter();
    rows.map(|row| row["row"].as_u64().expect("a number")).collect()
}

#[test]
fn a_tab_is_greeted() {
    let store = store_of(&[message("sent", 1, "a")]);
    store.set_phase(Phase::Live, None, None);
    let (mut tab, _) = tab(&store);
    let hello = result(&mut tab, json!({"method": "hello"}));
    assert_eq!(
        (&hello["mode"], &hello["can"]["send"]),
        (&json!("proxy"), &json!(["client", "server"]))
    );
    assert_eq!(hello["history"], json!({"memory": 1 << 20, "total": 1 << 20}));
    let state = &hello["state"];
    assert_eq!(
        (&state["rows"], &state["phase"], &state["filter"]),
        (&json!(1), &json!("live"), &Value::Null)
    );
    assert_eq!((&state["holding"], &state["held_version"]), (&json!(true), &json!(2)));
}

#[test]
fn requests_that_are_wrong_are_refused() {
    let (mut tab, log) = tab(&store(1 << 20, 1 << 20));
    for (request, expected) in [
        ("", r#"{"id":null,"error":"the request is not a JSON object"}"#),
        ("[1,\"hello\"]", r#"{"id":null,"error":"the request is not a JSON object"}"#),
        (r#"{"id":5,"method":"x"}"#, r#"{"id":5,"error":"there is no method \"x\""}"#),
        (
            r#"{"id":5,"method":"send","connection":9,"to":"server","type":"text","encoding":"utf8","data":"a"}"#,
            r#"{"id":5,"error":"there is no connection 9"}"#,
        ),
        (
            r#"{"id":5,"method":"send","to":"server","type":"text","encoding":"hex","data":"fg"}"#,
            r#"{"id":5,"error":"the data is not hexadecimal digits at byte 2"}"#,
        ),
        (
            r#"{"id":5,"method":"send","to":"server","type":"text","encoding":"hex","data":"41 ff"}"#,
            r#"{"id":5,"error":"a text message must be UTF-8: byte 2 is not"}"#,
        ),
        (
            r#"{"id":5,"method":"close","to":"both","code":1005}"#,
            r#"{"id":5,"error":"close code 1005 No Status Received must not be sent: use 1000 to 1003, 1007 to 1014 or 3000 to 4999"}"#,
        ),
        (
            r#"{"id":5,"method":"event","row":0,"limit":9}"#,
            r#"{"id":5,"error":"row 0 is no longer kept"}"#,
        ),
        (
            r#"{"id":5,"method":"lane","buckets":9}"#,
            r#"{"id":5,"error":"a lane needs two rows or two times"}"#,
        ),
        (
            r#"{"id":5,"method":"filter","text":"\ud83d\ude00 dir:x"}"#,
            r#"{"id":5,"error":"a direction is in or out","at":7}"#,
        ),
    ] {
        assert_eq!(tab.request(request), expected, "{request}");
    }
    let long = json!({"method": "send", "to": "server", "type": "ping", "encoding": "utf8", "data": "x".repeat(126)});
    assert_eq!(ask(&mut tab, long)["error"], "a ping or pong has at most 125 bytes, not 126");
    for request in [
        r#"{"method":"hello"}"#,
        r#"{"id":-1,"method":"hello"}"#,
        r#"{"id":1,"method":"rows","count":"x"}"#,
    ] {
        let answer = tab.request(request);
        assert!(answer.contains("\"error\":\"the request is invalid: "), "{answer}");
    }
    assert_eq!(log.take(), "");
}

#[test]
fn what_is_done_to_connections_is_done_by_the_control() {
    let (mut tab, log) = tab(&store(1 << 20, 1 << 20));
    for (request, expected) in [
        (
            json!({"method": "send", "connection": 3, "to": "client", "type": "binary", "encoding": "base64", "data": "AQI="}),
            "send Some(3) Client Binary [1, 2]",
        ),
        (
            json!({"method": "send", "to": "server", "type": "ping", "encoding": "hex", "data": "01 0A"}),
            "send None Server Ping [1, 10]",
        ),
        (
            json!({"method": "close", "to": "both", "code": 1000, "reason": "bye"}),
            "close None Both Some(CloseCode(1000)) \"bye\"",
        ),
        (json!({"method": "hold", "on": false}), "hold false"),
        (json!({"method": "release", "number": 7, "drop": true}), "release Some(7) true"),
        (
            json!({"method": "edit", "number": 7, "type": "text", "encoding": "utf8", "data": "a"}),
            "edit 7 Payload { kind: Text, data: [97] }",
        ),
        (json!({"method": "add_rule", "text": "x"}), "rule x"),
        (json!({"method": "remove_rule", "number": 1}), "unrule 1"),
    ] {
        assert_eq!(result(&mut tab, request), json!({}));
        assert_eq!(log.take(), expected);
    }
    let held = json!({"number": 7, "connection": 3, "direction": "out", "type": "text", "size": 44, "preview": "h"});
    assert_eq!(result(&mut tab, json!({"method": "held"})), json!({"version": 2, "list": [held]}));
    let payload =
        |tab: &mut Tab, number| result(tab, json!({"method": "held_payload", "number": number}));
    assert_eq!(payload(&mut tab, 7), json!({"type": "text", "encoding": "utf8", "data": "hello"}));
    assert_eq!(
        payload(&mut tab, 8),
        json!({"type": "binary", "encoding": "base64", "data": "aGVsbG8="})
    );
    let rules = json!({"version": 3, "list": [{"number": 1, "text": "client => drop"}]});
    assert_eq!(result(&mut tab, json!({"method": "rules"})), rules);
}

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
    let store = store(64 << 10, 600 << 10);
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
    search_all(&mut tab);
    assert!(tab.notice(start).is_none() && tab.deadline() == Some(start + NOTICE_INTERVAL));
    let filter = notice(&mut tab, start + NOTICE_INTERVAL)["filter"].clone();
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
    assert_eq!(numbers(&rows), [0, 1]);
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

#[test]
fn notices_are_merged() {
    let store = store(1 << 20, 1 << 20);
    let (mut tab, _) = tab(&store);
    let start = Instant::now();
    assert_eq!(notice(&mut tab, start)["rows"], 0);
    assert_eq!((tab.notice(start), tab.deadline()), (None, None));
    store.append(message("sent", 1, "a").as_bytes());
    let due = start + NOTICE_INTERVAL;
    assert_eq!(tab.deadline(), Some(due));
    assert!(tab.notice(due - Duration::from_millis(1)).is_none());
    store.append(message("sent", 2, "b").as_bytes());
    assert_eq!(notice(&mut tab, due)["rows"], 2);
    assert_eq!((tab.notice(due + NOTICE_INTERVAL), tab.deadline()), (None, None));
}

fn saved(tab: &mut Tab, store: &Arc<Store>, format: &str, filtered: bool) -> (String, String) {
    let answer = result(tab, json!({"method": "save", "format": format, "filtered": filtered}));
    let path = answer["path"].as_str().expect("a path");
    let id = path.strip_prefix("/save/").expect("a path");
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    let save = store.take_save(id).expect("a download");
    assert!(store.take_save(id).is_none(), "only once");
    assert_eq!(save.name(), answer["name"]);
    let (name, mut out) = (save.name().to_owned(), Vec::new());
    save.write_to(&mut out).expect("written");
    (name, String::from_utf8(out).expect("UTF-8"))
}

#[test]
fn what_is_shown_can_be_saved() {
    let lines = [
        line(
            "open",
            1,
            r#""url":"ws://h/a","remote":"","local":"","http_version":"HTTP/1.1","status":101,"reason":"","request_headers":[],"response_headers":[],"protocol":null,"extensions":null,"tls":null,"timings_ms":{"total":1}"#,
        ),
        message("sent", 2, "one"),
        message("received", 3, "two"),
        line(
            "close",
            4,
            r#""code":1000,"name":"","reason":"","was_clean":true,"initiator":"peer","sent":{"code":1000,"reason":""},"received":{"code":1000,"reason":""}"#,
        ),
    ];
    let store = store_of(&lines);
    let (mut tab, _) = tab(&store);
    let (name, all) = saved(&mut tab, &store, "ndjson", false);
    assert_eq!(all, lines.concat());
    assert!(name.starts_with("wscope-20") && name.ends_with(".ndjson"), "{name}");
    result(&mut tab, json!({"method": "filter", "text": "two"}));
    search_all(&mut tab);
    assert_eq!(saved(&mut tab, &store, "ndjson", true).1, lines[2]);
    assert_eq!(saved(&mut tab, &store, "ndjson", false).1, lines.concat());
    let har: Value = serde_json::from_str(&saved(&mut tab, &store, "har", true).1).expect("JSON");
    let entry = &har["log"]["entries"][0];
    assert_eq!(
        entry["request"]["url"], "ws://h/a",
        "the handshake is there although it is not shown"
    );
    assert_eq!(entry["_webSocketMessages"].as_array().map(Vec::len), Some(1));
    let (_, scenario) = saved(&mut tab, &store, "wscope", false);
    assert!(scenario.contains("\n> one\n") && scenario.contains("\n< two\n"), "{scenario}");
}

#[test]
fn downloads_are_bounded() {
    let store = store(1 << 20, 1 << 20);
    let (mut tab, _) = tab(&store);
    let mut save = || result(&mut tab, json!({"method": "save", "format": "har"}))["path"].clone();
    let first = save();
    (0..16).for_each(|_| drop(save()));
    assert!(store.take_save(&first.as_str().expect("a path")[6..]).is_none());
}

/// A value that a hostile page may send.
fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop::sample::select(vec![0_u64, 1, 3, 499, 500, u64::MAX - 1, u64::MAX])
            .prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        prop::sample::select(vec![
            "server", "both", "text", "hex", "utf8", "har", "wscope", "dir:in", "$.a"
        ])
        .prop_map(Value::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_request_is_answered(
        method in prop::sample::select(vec![
            "hello", "connections", "rows", "event", "filter", "find", "lane", "send", "close", "hold",
            "held", "held_payload", "release", "edit", "rules", "add_rule", "remove_rule", "save",
        ]),
        values in prop::collection::vec((0_usize..MEMBERS.len(), any_value()), 0..6),
    ) {
        let store = store_of(&[message("sent", 1, "{\"a\":1}"), line("close", 2, "\"code\":1000")]);
        let (mut tab, _) = tab(&store);
        result(&mut tab, json!({"method": "filter", "text": "-x"}));
        search_all(&mut tab);
        let mut request = json!({"method": method});
        for (member, value) in values {
            request[MEMBERS[member]] = value;
        }
        let answer = ask(&mut tab, request);
        prop_assert!(answer["result"].is_object() != answer["error"].is_string(), "{answer}");
    }
}

const MEMBERS: [&str; 23] = [
    "from",
    "count",
    "filtered",
    "row",
    "limit",
    "text",
    "control",
    "after",
    "connection",
    "from_row",
    "to_row",
    "from_ms",
    "to_ms",
    "buckets",
    "to",
    "type",
    "encoding",
    "data",
    "code",
    "reason",
    "number",
    "format",
    "drop",
];
