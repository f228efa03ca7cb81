//! The examples of the specification, as they stand, against servers that fit them.

use std::thread;
use std::time::Duration;

use super::check;
use crate::support::{BINARY, Outcome, PONG, Peer, Server, TEXT};
use crate::support::{binary, close, deflate, frame, ping, pong, script, text};

const JOB: &str = r#"### progress of a job
WS ws://{{host}}/graphql
Authorization: Bearer {{token}}
[Options]
subprotocol: graphql-transport-ws
retry: 20
HTTP 101
Sec-WebSocket-Protocol: graphql-transport-ws

> {"type":"connection_init"}
< {"type":"connection_ack"}
> {"id":"1","type":"subscribe","payload":{"query":"subscription { job { id percent } }"}}
< {"type":"next","id":"1"}
[Captures]
job: jsonpath "$.payload.data.job.id"
[Asserts]
duration < 500ms
jsonpath "$.payload.data.job.percent" >= 0
<! {"type":"error"}
< {"type":"next","payload":{"data":{"job":{"id":"{{job}}","percent":100}}}}
< {"type":"complete","id":"1"}
> close:1000
< close:1000
"#;

#[test]
fn progress_of_a_job() {
    let server = Server::scripts([
        script(|peer: &mut Peer| {
            peer.read_head();
            peer.respond("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
        }),
        script(|peer: &mut Peer| {
            let head = peer.read_head();
            assert!(head.contains("\r\nAuthorization: Bearer secret-token\r\n"), "{head}");
            peer.accept_with(&head, &["Sec-WebSocket-Protocol: graphql-transport-ws"]);
            peer.expect_text(r#"{"type":"connection_init"}"#);
            peer.send(text(r#"{"type":"connection_ack"}"#));
            let (_, subscribe) = peer.read_message();
            assert!(subscribe.starts_with(br#"{"id":"1","type":"subscribe""#));
            for percent in [0, 50, 100] {
                peer.send(text(&format!(
                    r#"{{"id":"1","type":"next","payload":{{"data":{{"job":{{"id":"j-7","percent":{percent}}}}}}}}}"#
                )));
            }
            peer.send(text(r#"{"type":"complete","id":"1"}"#));
            peer.answer_close(1000);
        }),
    ]);
    let host = format!("host=127.0.0.1:{}", server.port());
    check(JOB)
        .args(["--variable", &host, "--secret", "token=secret-token"])
        .run()
        .code(0)
        .stdout_contains("passed s.wscope (1 part, 10 steps, ")
        .stdout_contains("1 file, 1 part: 1 passed, 0 failed, 0 skipped, ");
}

const ROOM: &str = r#"### two people in a room
WS {{url}}/chat as alice
WS {{url}}/chat as bob
alice> {"join":"lobby"}
bob> {"join":"lobby"}
alice< {"event":"joined","user":"bob"}
bob< {"event":"joined","user":"bob"}
bob<& {"event":"members","count":2}
bob<? {"event":"motd"}
alice> {"say":"hi {{newUuid}}"}
bob< {"from":"alice"}
[Asserts]
jsonpath "$.text" matches /^hi [0-9a-f-]{36}$/
alice SILENCE 2s
"#;

/// A room in which bob is told of the members before he has joined, and of a message of the day if there is one.
/// Alice may be sent something after she has spoken.
fn room(motd: Option<&'static str>, noise: Option<&'static str>) -> Server {
    let (to_bob, said) = std::sync::mpsc::channel();
    Server::scripts([
        script(move |peer: &mut Peer| {
            peer.accept_request();
            peer.expect_text(r#"{"join":"lobby"}"#);
            peer.send(text(r#"{"event":"joined","user":"bob"}"#));
            let (_, message) = peer.read_message();
            let message: serde_json::Value = serde_json::from_slice(&message).expect("JSON");
            to_bob.send(message["say"].clone()).expect("bob");
            if let Some(noise) = noise {
                peer.send(text(noise));
            }
            peer.answer_close(1000);
        }),
        script(move |peer: &mut Peer| {
            peer.accept_request();
            peer.expect_text(r#"{"join":"lobby"}"#);
            peer.send(text(r#"{"event":"members","count":2}"#));
            peer.send(text(r#"{"event":"joined","user":"bob"}"#));
            if let Some(motd) = motd {
                peer.send(text(motd));
            }
            if let Ok(text_said) = said.recv() {
                peer.send(text(&format!(r#"{{"from":"alice","text":{text_said}}}"#)));
            }
            peer.answer_close(1000);
        }),
    ])
}

const MOTD: &str = r#"{"event":"motd","text":"be kind"}"#;

#[test]
fn two_people_in_a_room() {
    let scenario = ROOM.replace("SILENCE 2s", "SILENCE 100ms");
    for motd in [None, Some(MOTD)] {
        super::run(&room(motd, None), &scenario)
            .code(0)
            .stdout_contains("passed s.wscope (1 part, 9 steps, ");
    }
    // It does not hold if alice is sent something.
    super::run(&room(None, Some(r#"{"event":"left"}"#)), ROOM)
        .code(1)
        .stdout_contains("s.wscope:14:1: ")
        .stdout_contains("alice SILENCE 2s");
}

#[test]
fn the_message_of_the_day_may_come_only_because_the_scenario_says_so() {
    let strict = ROOM
        .replace("SILENCE 2s", "SILENCE 10ms")
        .replace("as bob\n", "as bob\n[Options]\nstrict: true\n\n");
    let without = strict.replace("bob<? {\"event\":\"motd\"}\n", "");
    assert!(without.len() < strict.len());
    for (scenario, motd, code) in [
        (&strict, Some(MOTD), 0),
        (&strict, None, 0),
        (&without, None, 0),
        (&without, Some(MOTD), 1),
    ] {
        super::run(&room(motd, None), scenario).code(code);
    }
}

const REFUSED: &str = r#"### without a token it is refused, and the reason is said
WS {{url}}/feed
HTTP 401
WWW-Authenticate: Bearer
[Asserts]
body contains "token"
"#;

#[test]
fn without_a_token_it_is_refused() {
    let server = Server::respond(
        "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer\r\nContent-Length: 16\r\n\r\na token is missing"
            .replace("16", "18"),
    );
    super::run(&server, REFUSED).code(0);
}

const FEED: &str = r#"### the feed flows, is compressed, and ends as it should
WS {{url}}/feed
Authorization: Bearer {{token}}
[Options]
ignore: {"type":"heartbeat"}
HTTP 101
[Asserts]
extensions contains "permessage-deflate"
> ping:probe
< pong:probe
[Asserts]
rtt < 200ms
> hex:01 00 0a
< hex:01 ..
[Asserts]
size == 4096
DURING 10s
[Asserts]
count >= 95
gap < 250ms
each jsonpath "$.price" > 0
> bye
< close:4001 /see you/
"#;

/// How long the feed pauses after five prices each.
const PAUSE: Duration = Duration::from_millis(10);

/// The price of this number, compressed.
fn price(number: u32) -> Vec<u8> {
    let price = format!(r#"{{"type":"price","price":{number}.25}}"#);
    frame(true, 4, TEXT, &deflate(price.as_bytes()))
}

fn feed(peer: &mut Peer) {
    let head = peer.read_head();
    peer.accept_with(&head, &["Sec-WebSocket-Extensions: permessage-deflate"]);
    peer.expect_ping(b"probe");
    peer.send(pong(b"probe"));
    peer.send(text(r#"{"type":"heartbeat"}"#));
    let frame = peer.read_frame();
    assert_eq!(frame.opcode, BINARY);
    peer.send(binary(&[&[1u8][..], &[0; 4095]].concat()));
    for number in 1..=95 {
        peer.send(price(number));
        if number % 5 == 0 {
            peer.send(text(r#"{"type":"heartbeat"}"#));
            thread::sleep(PAUSE);
        }
    }
    peer.send(ping(b""));
    while peer.read_frame().opcode == PONG {}
    peer.send(close(4001, "see you soon"));
    peer.read_until_eof();
}

/// Runs the example with a shorter period, and with these lines in the place of others.
fn run_feed(changes: &[(&str, &str)]) -> Outcome {
    let mut scenario = FEED.replace("DURING 10s", "DURING 600ms");
    for (line, changed) in changes {
        assert!(scenario.contains(&format!("\n{line}\n")), "{line}");
        scenario = scenario.replace(line, changed);
    }
    let server = Server::script(feed);
    let url = format!("url={}", server.url());
    check(&scenario).args(["--variable", &url, "--secret", "token=abcdef"]).run()
}

#[test]
fn the_feed_flows() {
    run_feed(&[]).code(0);
}

#[test]
fn a_feed_with_fewer_prices_longer_pauses_and_other_values_fails() {
    run_feed(&[
        ("count >= 95", "count >= 96"),
        ("gap < 250ms", "gap < 10ms"),
        ("each jsonpath \"$.price\" > 0", "each jsonpath \"$.price\" > 1.25"),
    ])
    .code(1)
    .stdout_contains("s.wscope:19:1: the assertion does not hold\n")
    .stdout_contains("also line 20: gap < 10ms: expected < 10ms, got ")
    .stdout_contains(
        "also line 21: each jsonpath \"$.price\" > 1.25: expected > 1.25, got 1.25 in message 1 of 95",
    );
}

#[test]
fn heartbeats_are_ignored_only_because_the_scenario_says_so() {
    run_feed(&[("ignore: {\"type\":\"heartbeat\"}", "ignore: {\"type\":\"other\"}")])
        .code(1)
        .stdout_contains("s.wscope:21:1: the assertion does not hold\n");
}
