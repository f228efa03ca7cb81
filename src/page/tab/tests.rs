use std::sync::{Mutex, PoisonError};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::page::control::{ControlState, HeldMessage, Payload, PayloadKind, RuleText, Target};
use crate::page::protocol::{Abilities, Mode};
use crate::page::testing::{line, message, store, store_of};
use crate::protocol::Side;
use crate::protocol::close::ClosePayload;

mod downloads;
mod rows;

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
            rule: Some(2),
            from: Side::Client,
            kind: PayloadKind::Text,
            size: 44,
            after: Some(4),
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
        Ok(vec![RuleText { number: 1, text: "client => drop".to_owned(), applied: 2 }])
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
    let held = json!({"number": 7, "connection": 3, "rule": 2, "direction": "out", "type": "text", "size": 44, "preview": "h", "after": 4});
    assert_eq!(result(&mut tab, json!({"method": "held"})), json!({"version": 2, "list": [held]}));
    let payload =
        |tab: &mut Tab, number| result(tab, json!({"method": "held_payload", "number": number}));
    assert_eq!(payload(&mut tab, 7), json!({"type": "text", "encoding": "utf8", "data": "hello"}));
    assert_eq!(
        payload(&mut tab, 8),
        json!({"type": "binary", "encoding": "base64", "data": "aGVsbG8="})
    );
    let rules =
        json!({"version": 3, "list": [{"number": 1, "text": "client => drop", "applied": 2}]});
    assert_eq!(result(&mut tab, json!({"method": "rules"})), rules);
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
