use std::sync::Arc;

use serde_json::{Value, json};

use super::{result, search_all, tab};
use crate::page::store::Store;
use crate::page::tab::Tab;
use crate::page::testing::{line, message, store, store_of};

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
    let with_handshake = [&*lines[0], &lines[2]].concat();
    assert_eq!(saved(&mut tab, &store, "ndjson", true).1, with_handshake, "for replay");
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
    // As Clear does.
    result(&mut tab, json!({"method": "filter", "text": "", "after": 2}));
    search_all(&mut tab);
    let har: Value = serde_json::from_str(&saved(&mut tab, &store, "har", true).1).expect("JSON");
    let entry = &har["log"]["entries"][0];
    assert_eq!(entry["request"]["url"], "ws://h/a", "it was opened before");
    assert_eq!(entry["_webSocketMessages"].as_array().map(Vec::len), Some(1));
    let (_, scenario) = saved(&mut tab, &store, "wscope", true);
    assert!(scenario.contains("\nWS ws://h/a\n"), "{scenario}");
    let with_handshake = [&*lines[0], &lines[2], &lines[3]].concat();
    assert_eq!(saved(&mut tab, &store, "ndjson", true).1, with_handshake);
}

#[test]
fn what_would_be_empty_is_not_saved_and_nothing_once_the_program_ends() {
    let save = |filtered: bool| json!({"method": "save", "format": "har", "filtered": filtered});
    let (store, empty) = (store_of(&[message("sent", 1, "one")]), store_of(&[]));
    let (mut tab, _) = tab(&store);
    let mut refused = |request| super::ask(&mut tab, request)["error"].clone();
    assert_eq!(refused(json!({"method": "filter", "text": "two"})), Value::Null);
    assert_eq!(refused(save(true)), Value::Null, "it is not known yet");
    search_all(&mut tab);
    let mut refused = |request| super::ask(&mut tab, request)["error"].clone();
    assert_eq!(refused(save(true)), "nothing is saved: the filter finds nothing");
    assert_eq!(refused(save(false)), Value::Null);
    // As Clear does, with nothing in the filter box.
    assert_eq!(refused(json!({"method": "filter", "text": "", "after": 1})), Value::Null);
    search_all(&mut tab);
    let mut refused = |request| super::ask(&mut tab, request)["error"].clone();
    assert_eq!(refused(save(true)), "nothing is saved: there is nothing since Clear");
    store.end("stopped".to_owned(), String::new());
    assert_eq!(refused(save(false)), "nothing is saved: the run has ended (--record FILE)");
    let (mut tab, _) = super::tab(&empty);
    let error = super::ask(&mut tab, save(false))["error"].clone();
    assert_eq!(error, "nothing is saved: there are no messages yet");
}

#[test]
fn a_file_says_how_many_events_it_lacks() {
    let store = store(1 << 20, 1 << 20);
    let data = "x".repeat(1000);
    let lines: Vec<_> = (0..2000).map(|at| message("sent", at, &data)).collect();
    store.append(lines.concat().as_bytes());
    let (first, _) = store.rows();
    assert!(first > 0);
    let (mut tab, _) = tab(&store);
    let answer = result(&mut tab, json!({"method": "save", "format": "har"}));
    assert_eq!(answer["missing"], first);
    let text = format!("{first} events before or between these were no longer kept (--ui-history)");
    let (_, events) = saved(&mut tab, &store, "ndjson", false);
    let note: Value = serde_json::from_str(events.lines().last().expect("a line")).expect("JSON");
    assert_eq!(note, json!({"event": "note", "message": text}));
    let har: Value = serde_json::from_str(&saved(&mut tab, &store, "har", false).1).expect("JSON");
    assert_eq!(har["log"]["comment"], text);
    let (_, scenario) = saved(&mut tab, &store, "wscope", false);
    assert!(scenario.starts_with(&format!("# {text}\n")), "{scenario}");
    result(&mut tab, json!({"method": "filter", "text": "", "after": first}));
    search_all(&mut tab);
    assert_eq!(saved(&mut tab, &store, "ndjson", true).1.lines().count() as u64, 2000 - first);
}

#[test]
fn downloads_are_bounded() {
    let store = store_of(&[message("sent", 1, "one")]);
    let (mut tab, _) = tab(&store);
    let mut save = || result(&mut tab, json!({"method": "save", "format": "har"}))["path"].clone();
    let first = save();
    (0..16).for_each(|_| drop(save()));
    assert!(store.take_save(&first.as_str().expect("a path")[6..]).is_none());
}
