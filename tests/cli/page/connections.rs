//! The page of `wscope URL` and of `wscope listen`: what it sends and closes.

use serde_json::json;

use super::{Page, message};
use crate::listen::{client, listen};
use crate::support::{PING, Server, binary, masked, ping, pong, text, wscope};

#[test]
fn clients_of_listen_are_sent_messages_and_closed() {
    let (mut running, port) = listen(&["--ui", "--json"]);
    let mut tab = Page::of(&mut running).tab();
    let hello = tab.ask("hello", json!({}));
    assert_eq!(hello["mode"], "listen");
    assert_eq!(hello["clients_url"], format!("ws://127.0.0.1:{port}/"));
    assert_eq!(
        hello["can"],
        json!({"send": ["client"], "close": ["client"], "hold": false, "rules": false})
    );
    assert_eq!(hello["state"]["phase"], "waiting");
    assert_eq!(
        tab.refused("send", message(None, "client", "hi")),
        "no client is connected: nothing was sent"
    );
    let (mut one, mut two) = (client(port), client(port));
    tab.wait(|state| state["connections"] == 2 && state["phase"] == "live");
    tab.ask("send", message(Some(1), "client", "to the first"));
    one.expect_text("to the first");
    tab.ask("send", message(None, "client", "to all"));
    one.expect_text("to all");
    two.expect_text("to all");
    tab.ask("send", json!({"connection": 2, "to": "client", "type": "ping", "encoding": "hex", "data": "00 ff"}));
    let frame = two.read_frame();
    assert_eq!((frame.opcode, frame.payload), (PING, vec![0, 255]));
    two.send(masked(&pong(&[0, 255])));
    tab.ask("send", json!({"connection": 2, "to": "client", "type": "binary", "encoding": "base64", "data": "AP8="}));
    two.expect_binary(&[0, 255]);
    one.send(masked(&text("from a client")));
    tab.wait_for_messages(5);
    let messages = tab.messages();
    assert!(messages.contains(&("out".to_owned(), "from a client".to_owned())), "{messages:?}");
    assert!(messages.contains(&("in".to_owned(), "to the first".to_owned())), "{messages:?}");
    assert_eq!(
        tab.refused("send", message(Some(9), "client", "x")),
        "no client 9; /clients lists the connected clients"
    );
    tab.ask("close", json!({"connection": 1, "to": "client", "code": 4001, "reason": "enough"}));
    assert_eq!(one.expect_close(4001), "enough");
    running.wait_stderr("page: /close 1 4001 enough");
    let mut shown = String::new();
    while !shown.contains("to all") {
        shown = running.read_stdout_line(); // an event as any other
    }
    assert!(shown.contains("\"direction\":\"sent\""), "{shown}");
}

#[test]
fn the_server_is_sent_messages_also_after_the_end_of_the_input() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.expect_text("typed");
        peer.expect_text("from the page");
        peer.send(text("an answer"));
        peer.expect_binary(&[1, 2]);
        peer.answer_close(4000);
    });
    let program = wscope().args(["--ui", "--json", "--wait", "forever", &server.url()]);
    let mut running = program.stdin("typed\n").spawn();
    let mut tab = Page::of(&mut running).tab();
    let hello = tab.ask("hello", json!({}));
    assert_eq!(
        (hello["mode"].as_str(), hello["can"]["hold"].as_bool()),
        (Some("connect"), Some(false))
    );
    tab.wait_for_messages(1);
    tab.ask("send", message(None, "server", "from the page"));
    tab.wait_for_messages(3);
    let expected = [("out", "typed"), ("out", "from the page"), ("in", "an answer")];
    let expected = expected.map(|(direction, text)| (direction.to_owned(), text.to_owned()));
    assert_eq!(tab.messages(), expected);
    assert!(
        tab.refused("send", message(None, "client", "x")).contains("this program is the client")
    );
    assert!(
        tab.refused("send", message(Some(7), "server", "x")).contains("connection 7 is not open")
    );
    let too_long = "00".repeat(126);
    let ping = json!({"connection": null, "to": "server", "type": "ping", "encoding": "hex", "data": too_long});
    assert!(tab.refused("send", ping).contains("125"));
    let bytes = json!({"connection": null, "to": "server", "type": "binary", "encoding": "hex", "data": "0102"});
    tab.ask("send", bytes);
    tab.ask("close", json!({"connection": null, "to": "server", "code": 4000, "reason": "a\nb"}));
    tab.expect_end();
    let outcome = running.wait();
    assert!(outcome.stdout.contains("from the page"), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("page: /close 4000 a\\nb\n"), "{}", outcome.stderr);
}

#[test]
fn the_page_alone_does_not_keep_a_run_alive() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(text("bye"));
        peer.close_and_expect_reply(1000);
    });
    let mut running = wscope().args(["--ui", &server.url()]).stdin_open().spawn();
    Page::of(&mut running);
    running.wait().code(0);
}

#[test]
fn rows_have_the_frames_that_the_display_does_not_ask_for() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(crate::support::frame(false, 0, crate::support::TEXT, b"in two "));
        peer.send(crate::support::frame(true, 0, crate::support::CONTINUATION, b"frames"));
        peer.send(binary(b"x"));
        peer.send(ping(b"p"));
        peer.expect_pong(b"p");
        peer.expect_text("done");
        peer.answer_close(1000);
    });
    let url = server.url();
    let args = ["--ui", "--record", "x.ndjson", "--wait", "forever", &url];
    let mut running = wscope().args(args).stdin_null().spawn();
    let mut tab = Page::of(&mut running).tab();
    tab.wait(|state| state["rows"].as_u64() >= Some(5));
    let rows = tab.rows(false);
    let row = rows.iter().find(|row| row["preview"] == "in two frames").expect("the message");
    assert_eq!(row["frames"], 2, "{row}");
    let event = tab.ask("event", json!({"row": row["row"], "limit": 65536}));
    assert_eq!(event["event"]["data"], "in two frames", "{event}");
    assert_eq!(event["frames"].as_array().map(Vec::len), Some(2), "{event}");
    tab.ask("send", message(None, "server", "done"));
    tab.ask("close", json!({"connection": null, "to": "server", "code": 1000, "reason": ""}));
    tab.expect_end();
    let outcome = running.wait().code(0);
    let recorded = String::from_utf8(outcome.file("x.ndjson")).expect("UTF-8");
    assert!(!recorded.contains("\"event\":\"frame\""), "without -vv a recording has no frames");
    assert!(!outcome.stderr.contains("frame "), "{}", outcome.stderr);
}

#[test]
fn secrets_are_masked_on_the_page() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(text("hi"));
        peer.expect_close(1000);
        peer.close(1000, "");
    });
    let url = format!("{}/?token=hunter2secret", server.url());
    let program = wscope().args(["--ui", "--bearer", "swordfish123", "--wait", "forever", &url]);
    let mut running = program.stdin_null().spawn();
    let mut tab = Page::of(&mut running).tab();
    let hello = tab.ask("hello", json!({}));
    tab.wait_for_messages(1);
    let rows = tab.rows(false);
    let open = tab.ask("event", json!({"row": 0, "limit": 65536}));
    let list = tab.ask("connections", json!({"from": 0, "count": 10}));
    for answer in [&hello, &json!(rows), &open, &list] {
        let answer = answer.to_string();
        assert!(!answer.contains("hunter2secret") && !answer.contains("swordfish123"), "{answer}");
    }
    tab.ask("close", json!({"connection": null, "to": "server", "code": 1000, "reason": ""}));
    tab.expect_end();
    running.wait().code(0);
}
