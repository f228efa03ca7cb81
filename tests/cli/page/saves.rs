//! What a tab saves.

use serde_json::{Value, json};

use super::{Page, Tab, assert_status, message};
use crate::listen::{client, listen};
use crate::support::{header, masked, text, wscope};

/// What `save` has prepared, once it is downloaded: the head and the body.
#[track_caller]
pub(super) fn download(page: &Page, tab: &Tab, saved: &Value) -> (String, String) {
    let path = saved["path"].as_str().expect("a path");
    assert!(path.starts_with("/save/") && path.len() == 6 + 32, "{path}");
    let (head, body) = page.get(path, &[&tab.cookie]);
    assert_status(&head, 200);
    assert_eq!(header(&head, "Transfer-Encoding"), Some("chunked"));
    (head, dechunked(&body))
}

/// The data of all chunks.
#[track_caller]
fn dechunked(mut body: &str) -> String {
    let mut data = String::new();
    loop {
        let (size, rest) = body.split_once("\r\n").expect("the size of a chunk");
        let size = usize::from_str_radix(size, 16).expect("a size");
        data += &rest[..size];
        body = rest[size..].strip_prefix("\r\n").expect("the end of a chunk");
        if size == 0 {
            assert_eq!(body, "", "nothing follows");
            return data;
        }
    }
}

#[test]
fn all_formats_can_be_read_again() {
    let (mut running, port) = listen(&["--ui"]);
    let page = Page::of(&mut running);
    let mut tab = page.tab();
    let mut peer = client(port);
    for words in ["one <b>", "two"] {
        peer.send(masked(&text(words)));
    }
    tab.ask("send", message(Some(1), "client", "three"));
    peer.expect_text("three");
    tab.wait_for_messages(3);
    for (format, ending) in [("ndjson", ".ndjson"), ("har", ".har"), ("wscope", ".wscope")] {
        let saved = tab.ask("save", json!({"format": format, "filtered": false}));
        let name = saved["name"].as_str().expect("a name").to_owned();
        assert!(name.starts_with("wscope-") && name.ends_with(ending), "{name}");
        let (head, file) = download(&page, &tab, &saved);
        let disposition = format!("attachment; filename=\"{name}\"");
        assert_eq!(header(&head, "Content-Disposition"), Some(&*disposition));
        assert_eq!(header(&head, "X-Content-Type-Options"), Some("nosniff"));
        for words in ["one <b>", "two", "three"] {
            assert!(file.contains(words), "{words} in {file}");
        }
        if format != "wscope" {
            let program = wscope().file(&name, &file);
            let outcome = program.args(["view", "--output", "lines", &name]).run().code(0);
            assert!(outcome.stdout.contains("two\n"), "{}", outcome.stdout);
        }
        // Once.
        let (head, _) = page.get(saved["path"].as_str().expect("a path"), &[&tab.cookie]);
        assert_status(&head, 404);
    }
}

#[test]
fn what_a_filter_finds_is_saved_alone() {
    let (mut running, port) = listen(&["--ui"]);
    let page = Page::of(&mut running);
    let mut tab = page.tab();
    let mut peer = client(port);
    for words in ["apple", "pear", "pineapple"] {
        peer.send(masked(&text(words)));
    }
    tab.wait_for_messages(3);
    let filter = json!({"text": "apple", "control": true, "after": 0, "connection": null});
    tab.ask("filter", filter);
    tab.wait(|state| state["filter"]["done"] == true);
    assert_eq!(tab.state["filter"]["found"], 2);
    let rows = tab.rows(true);
    let previews: Vec<_> = rows.iter().map(|row| row["preview"].clone()).collect();
    assert_eq!(previews, ["apple", "pineapple"]);
    let saved = tab.ask("save", json!({"format": "ndjson", "filtered": true}));
    let (_, file) = download(&page, &tab, &saved);
    assert!(file.contains("pineapple") && !file.contains("\"pear\""), "{file}");
    let wrong = json!({"text": "size:>x", "control": true, "after": 0, "connection": null});
    let answer = tab.answer("filter", wrong);
    assert!(answer["error"].is_string() && answer["at"].is_u64(), "{answer}");
}

#[test]
fn a_download_needs_the_cookie_and_does_not_go_with_the_path() {
    let (mut running, port) = listen(&["--ui"]);
    let page = Page::of(&mut running);
    let mut tab = page.tab();
    client(port).send(masked(&text("hi")));
    tab.wait_for_messages(1);
    let saved = tab.ask("save", json!({"format": "ndjson", "filtered": false}));
    let path = saved["path"].as_str().expect("a path");
    assert_status(&page.get(path, &[]).0, 403);
    let site = "Sec-Fetch-Site: same-site";
    assert_status(&page.get(path, &[&tab.cookie, site]).0, 403);
    let (_, file) = download(&page, &tab, &saved);
    assert!(file.contains("\"hi\""), "still there for those who may have it");
}
