//! Several connections in one file.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use super::{events, names};
use crate::listen::{client, listen};
use crate::scripts::{answer_close, refused_url};
use crate::support::{Peer, Server, masked, text, wscope};

/// The events of each connection.
fn by_connection(events: Vec<Value>) -> BTreeMap<u64, Vec<String>> {
    let mut all = BTreeMap::<u64, Vec<Value>>::new();
    for event in events {
        let number = event["connection"].as_u64().expect("a number in every event");
        all.entry(number).or_default().push(event);
    }
    all.into_iter().map(|(number, events)| (number, names(&events))).collect()
}

#[cfg(unix)]
#[test]
fn all_clients_of_a_server_are_in_one_file() {
    const CLIENTS: u64 = 20;
    let (running, port) = listen(&["--record", "r.ndjson"]);
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| client(port)).collect();
    for (index, peer) in clients.iter_mut().enumerate() {
        peer.send(
            (0..50).flat_map(|at| masked(&text(&format!("{index}-{at}")))).collect::<Vec<_>>(),
        );
    }
    clients.iter_mut().for_each(|peer| peer.close_and_expect_reply(1000));
    drop(clients);
    let mut refused = Peer::connect(port);
    refused.request("/x?token=s3cr3t", &["Origin: http://elsewhere.example"]);
    assert!(refused.read_head().starts_with("HTTP/1.1 403 "));
    refused.read_until_eof();
    running.signal(crate::support::Signal::TERM);
    let outcome = running.wait().code(143);
    let all = events(&outcome.file("r.ndjson"));
    let error = all.iter().find(|event| event["event"] == "error").expect("an error");
    assert_eq!(error["url"], "ws://localhost/x?token=***");
    assert!(error["request_headers"].to_string().contains("elsewhere"), "{error}");
    let connections = by_connection(all);
    assert_eq!(connections.len() as u64, CLIENTS + 1);
    for number in 1..=CLIENTS {
        let names = &connections[&number];
        assert_eq!((names.len(), &*names[0], &*names[51]), (52, "open", "close"));
        let (client, _) = names[1].split_once('-').expect("a message");
        let expected: Vec<_> = (0..50).map(|at| format!("{client}-{at}")).collect();
        assert_eq!(names[1..51], expected);
    }
}

const SCENARIO: &str = "WS {{url}}\n> hello {{key}}\n< text:hello {{key}}\n\n### two\nWS {{url}}\n> two\n< two\n\n\
                        ### refused\nWS {{nowhere}}\n";

#[test]
fn all_connections_of_scenarios_are_in_one_file() {
    let server = Server::repeat(2, |peer| {
        peer.accept_request();
        let (_, message) = peer.read_message();
        peer.send(text(str::from_utf8(&message).expect("text")));
        answer_close(peer);
    });
    let url = format!("url={}", server.url());
    let nowhere = format!("nowhere={}", refused_url());
    let outcome = wscope()
        .file("s.wscope", SCENARIO)
        .args(["check", "s.wscope", "--record", "r.ndjson", "--secret", "key=s3cr3t-value"])
        .args(["--variable", &url, "--variable", &nowhere])
        .run()
        .code(1);
    let bytes = outcome.file("r.ndjson");
    assert!(!str::from_utf8(&bytes).expect("UTF-8").contains("s3cr3t"));
    let connections = by_connection(events(&bytes));
    assert_eq!(connections[&1], ["open", "sent hello ***", "received hello ***", "close"]);
    assert_eq!(connections[&2], ["open", "sent two", "received two", "close"]);
    assert_eq!(connections[&3], ["error"]);
}

#[test]
fn scenarios_and_reports_are_not_recorded_to() {
    for (args, reason) in [
        (&["--record", "link.ndjson", "--variable", "n=1"][..], "it is a scenario of this run"),
        (
            &["--record", "r.ndjson", "--report-json", "r.ndjson", "--variable", "n=1"],
            "it is a report",
        ),
        (&["--record", "sent.har", "--variable", "n=1"], "it is a payload of a scenario"),
        (&["--record", "awaited.har", "--variable", "n=awaited"], "it is a payload of a scenario"),
    ] {
        const SCENARIO: &str = "WS ws://127.0.0.1:1/\n> text:@sent.har\n<? json:@{{n}}.har\n< x\n";
        let program = wscope().file("s.wscope", SCENARIO).file("sent.har", "1");
        let program = program.file("awaited.har", "2");
        let home = program.home();
        fs::hard_link(home.join("s.wscope"), home.join("link.ndjson")).expect("another name");
        let outcome = program.args(["check", "s.wscope", "--force"]).args(args).run();
        assert_eq!(outcome.file("s.wscope"), SCENARIO.as_bytes());
        assert_eq!(
            (outcome.file("sent.har"), outcome.file("awaited.har")),
            (b"1".into(), b"2".into())
        );
        outcome.code(2).stderr_contains(reason);
    }
}

#[test]
fn nothing_is_recorded_of_scenarios_that_are_only_listed() {
    let program = wscope().file("s.wscope", "WS ws://127.0.0.1:1/\n< x\n");
    let args = ["check", "s.wscope", "--record", "r.ndjson", "--list"];
    let outcome = program.args(args).run().code(0);
    assert!(!outcome.path("r.ndjson").exists());
}
