//! Requests of a page, and its filters.
//!
//! Input: lines of events, an empty line, then a request in each line. One that does not start with `{` is the text of a
//! filter.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wscope::page::{
    Abilities, Control, ControlState, HeldMessage, Hello, Mode, Payload, PayloadKind, RuleText,
    Store, StoreOptions, Tab, Target,
};
use wscope::protocol::Side;
use wscope::protocol::close::ClosePayload;

/// Nothing panics, each request has one answer, which is JSON and has its id, errors stand at a place in the text, what
/// is sent may be sent, and a search finds as many rows as it counts.
pub fn run(data: &[u8]) {
    let end = data.windows(2).position(|pair| pair == b"\n\n").unwrap_or(data.len());
    let (events, rest) = data.split_at(end);
    let store = Arc::new(Store::new(StoreOptions {
        memory: 4 << 10,
        history: 16 << 10,
        ..StoreOptions::default()
    }));
    let (first, second) = events.split_at(events.len() / 2);
    store.append(first);
    let hello = Hello {
        mode: Mode::Proxy,
        title: String::new(),
        clients_url: None,
        target: None,
        can: Abilities::default(),
    };
    let mut tab = Tab::new(Arc::clone(&store), hello, Box::new(Checks));
    let requests = String::from_utf8_lossy(rest.get(2..).unwrap_or_default());
    for (at, line) in requests.lines().take(MAX_REQUESTS).enumerate() {
        if at == 1 {
            store.append(second);
            store.append(b"\n");
        }
        if line.starts_with('{') {
            ask(&mut tab, line);
        } else {
            filter(&mut tab, &store, line);
        }
        tab.notice(Instant::now());
    }
}

const MAX_REQUESTS: usize = 20;

fn ask(tab: &mut Tab, request: &str) -> Value {
    let answer: Value = serde_json::from_str(&tab.request(request)).expect("JSON");
    assert!(answer["result"].is_object() != answer["error"].is_string(), "{answer}");
    if let Some(path) = answer["result"]["path"].as_str() {
        assert!(path.starts_with("/save/"), "{answer}");
    }
    let id = serde_json::from_str::<Value>(request).ok().and_then(|it| it["id"].as_u64());
    assert!(answer["id"].is_null() || answer["id"].as_u64() == id, "{answer}");
    answer
}

fn filter(tab: &mut Tab, store: &Arc<Store>, text: &str) {
    let answer = ask(tab, &json!({"id": 1, "method": "filter", "text": text}).to_string());
    if answer["error"].is_string() {
        let at = answer["at"].as_u64().expect("a place");
        assert!(at <= text.encode_utf16().count() as u64, "{answer}");
        return;
    }
    while tab.work(Duration::ZERO) {}
    let hello = ask(tab, "{\"id\":1,\"method\":\"hello\"}");
    let found = &hello["result"]["state"]["filter"];
    if found.is_null() {
        return;
    }
    let (found, mut from) =
        (found["found"].as_u64().expect("found"), found["first"].as_u64().expect("first"));
    let mut last = None;
    while from < found {
        let request =
            json!({"id": 1, "method": "rows", "from": from, "count": 100, "filtered": true});
        let rows = ask(tab, &request.to_string());
        let rows = rows["result"]["rows"].as_array().expect("rows").clone();
        assert!(!rows.is_empty() && rows.len() <= 100, "at {from} of {found}");
        for row in &rows {
            let number = row["row"].as_u64();
            assert!(number > last, "{number:?} is behind {last:?}");
            let find = json!({"id": 1, "method": "find", "row": number});
            assert_eq!(ask(tab, &find.to_string())["result"]["index"], from);
            (last, from) = (number, from + 1);
        }
    }
    save(tab, store);
}

fn save(tab: &mut Tab, store: &Arc<Store>) {
    let answer = ask(tab, "{\"id\":1,\"method\":\"save\",\"format\":\"ndjson\",\"filtered\":true}");
    let Some(path) = answer["result"]["path"].as_str() else {
        assert!(answer["error"].is_string(), "nothing is found: {answer}");
        return;
    };
    let save = store.take_save(path.trim_start_matches("/save/")).expect("a download");
    save.write_to(&mut Vec::new()).expect("memory");
}

/// Checks what it is asked for.
struct Checks;

impl Checks {
    fn check(payload: &Payload) {
        match payload.kind {
            PayloadKind::Text => assert!(str::from_utf8(&payload.data).is_ok()),
            PayloadKind::Ping | PayloadKind::Pong => assert!(payload.data.len() <= 125),
            _ => {}
        }
    }
}

impl Control for Checks {
    fn send(&mut self, _: Option<u64>, _: Side, payload: Payload) -> Result<(), String> {
        Self::check(&payload);
        Ok(())
    }

    fn close(&mut self, _: Option<u64>, _: Target, close: ClosePayload) -> Result<(), String> {
        assert!(close.code.is_none_or(|code| code.may_be_sent()) && close.reason.len() <= 123);
        Ok(())
    }

    fn hold(&mut self, _: bool) -> Result<(), String> {
        Ok(())
    }

    fn held(&mut self, _: usize) -> Result<Vec<HeldMessage>, String> {
        Ok(Vec::new())
    }

    fn held_payload(&mut self, number: u64) -> Result<Payload, String> {
        Ok(Payload { kind: PayloadKind::Binary, data: number.to_be_bytes().to_vec() })
    }

    fn release(&mut self, _: Option<u64>, _: bool) -> Result<(), String> {
        Ok(())
    }

    fn edit(&mut self, _: u64, payload: Payload) -> Result<(), String> {
        Self::check(&payload);
        Ok(())
    }

    fn rules(&mut self) -> Result<Vec<RuleText>, String> {
        Ok(Vec::new())
    }

    fn add_rule(&mut self, text: &str) -> Result<(), String> {
        Err(text.to_owned())
    }

    fn remove_rule(&mut self, _: u64) -> Result<(), String> {
        Ok(())
    }

    fn state(&self) -> ControlState {
        ControlState::default()
    }
}
