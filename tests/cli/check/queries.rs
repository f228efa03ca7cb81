//! Queries of real connections: what a server did is what they find.

use std::sync::mpsc::channel;

use super::{check, run};
use crate::support::{BINARY, CONTINUATION, NO_STATUS, Peer, Server, TEXT};
use crate::support::{close, deflate, frame, pong, script, text};

/// A query, a predicate that holds for what the server did, and one that does not.
pub(super) type Judged = (&'static str, &'static str, &'static str);

/// Runs the steps twice, with these assertions behind them. All of the first hold, none of the second does.
#[track_caller]
pub(super) fn judge(
    serve: impl Fn(&mut Peer) + Send + Sync + 'static,
    steps: &str,
    table: &[Judged],
) {
    let server = Server::repeat(2, serve);
    let line = steps.lines().count() + 2; // behind [Asserts]
    let scenario = |predicate: fn(&Judged) -> &str| {
        let lines = table.iter().map(|it| format!("{} {}\n", it.0, predicate(it)));
        format!("{steps}[Asserts]\n{}", lines.collect::<String>())
    };
    run(&server, &scenario(|it| it.1)).code(0);
    let outcome = run(&server, &scenario(|it| it.2))
        .code(1)
        .stdout_contains(&format!("s.wscope:{line}:1: the assertion does not hold\n"));
    for (index, (query, ..)) in table.iter().enumerate().skip(1) {
        let also = format!("also line {}: ", line + index);
        assert!(outcome.stdout.contains(&also), "{query}\n{}", outcome.stdout);
    }
}

const JSON: &str =
    r#"{"a":{"b":[1,2.5]},"id":42,"text":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}"#;

/// Sends [`JSON`] compressed, in three frames, and closes.
fn sends_compressed_frames(peer: &mut Peer) {
    let head = peer.read_head();
    peer.accept_with(&head, &["Sec-WebSocket-Extensions: permessage-deflate"]);
    let data = deflate(JSON.as_bytes());
    peer.send(frame(false, 4, TEXT, &data[..10]));
    peer.send(frame(false, 0, CONTINUATION, &data[10..20]));
    peer.send(frame(true, 0, CONTINUATION, &data[20..]));
    peer.answer_close(1000);
}

/// Scenario language, section 4: "Queries: `jsonpath`, `regex`, `text`, `bytes`, `type`, `size`, `wire_size`,
/// `frames`, `compressed`, `duration`, `variable`".
#[test]
fn queries_of_a_message_see_its_data_and_its_frames() {
    let wire = format!("== {}", deflate(JSON.as_bytes()).len() + 3 * 2).leak();
    let size = format!("== {}", JSON.len()).leak();
    let table = [
        (r#"jsonpath "$.a.b[0]""#, "== 1", "isList"),
        ("regex /\"id\":(\\d+)/", "== \"42\"", "contains \"id\""),
        ("text", "startsWith \"{\"", "startsWith \"[\""),
        ("bytes", "startsWith hex:7b", "startsWith hex:7c"),
        ("type", "== \"text\"", "== \"binary\""),
        ("size", size, "== 1"),
        ("wire_size", wire, "== 1"),
        ("frames", "== 3", "== 1"),
        ("compressed", "== true", "== false"),
        ("duration", "not exists", "exists"),
        (r#"variable "url""#, "startsWith \"ws://\"", "not exists"),
    ];
    judge(sends_compressed_frames, "WS {{url}}\n< {}\n", &table);
}

/// Scenario language, section 4: "`type` (`"text"`, `"binary"`)", and the other queries of a message that is neither
/// text nor compressed nor in several frames.
#[test]
fn queries_of_a_binary_message_see_its_bytes() {
    let serve = |peer: &mut Peer| {
        peer.accept_request();
        peer.send(frame(true, 0, BINARY, &[1, 0, 10]));
        peer.answer_close(1000);
    };
    let table = [
        ("bytes", "== hex:01 00 0a", "== hex:01 00 0b"),
        ("type", "== \"binary\"", "== \"text\""),
        ("size", "== 3", "== 5"),
        ("wire_size", "== 5", "== 3"),
        ("frames", "== 1", "== 0"),
        ("compressed", "== false", "== true"),
    ];
    judge(serve, "WS {{url}}\n< hex:01 ..\n", &table);
}

/// Scenario language, section 4: "a singular query gives the value, another a list".
#[test]
fn a_singular_json_path_gives_the_value_and_another_a_list() {
    let table = [
        (r#"jsonpath "$.a.b[1]""#, "== 2.5", "isList"),
        (r#"jsonpath "$['a']['b']""#, "count == 2", "count == 1"),
        (r#"jsonpath "$.a.b[*]""#, "count == 2", "== 1"),
        (r#"jsonpath "$.a.b[0:1]""#, "isList", "== 1"),
        (r#"jsonpath "$..id""#, "isList", "== 42"),
        (r#"jsonpath "$.a.b[?@ > 2]""#, "count == 1", "== 2.5"),
        (r#"jsonpath "$.none""#, "not exists", "exists"),
        (r#"jsonpath "$..none""#, "isEmpty", "count == 1"),
    ];
    judge(sends_compressed_frames, "WS {{url}}\n< {}\n", &table);
}

/// Scenario language, section 4: "`regex /…/` (its first group, else the match; flags as `(?i)`, `/x/i` is an error)".
#[test]
fn a_regex_gives_its_first_group_else_the_match() {
    let table = [
        ("regex /\"(id)\":(\\d+)/", "== \"id\"", "== \"42\""),
        ("regex /\"id\":\\d+/", "== \"\\\"id\\\":42\"", "== \"42\""),
        ("regex /(?i)\"(ID)\"/", "== \"id\"", "== \"ID\""),
        ("regex /ID/", "not exists", "exists"),
    ];
    judge(sends_compressed_frames, "WS {{url}}\n< {}\n", &table);
    check("WS ws://h\n< {}\n[Asserts]\nregex /id/i exists\n")
        .run()
        .code(2)
        .stderr_contains("s.wscope:4:")
        .stderr_contains("(?i)");
}

/// Scenario language, section 4: "of a connection: `status`, `header "Name"` (all of them: a list when there are
/// several), `subprotocol`, `extensions`".
#[test]
fn queries_of_a_connection_see_the_response() {
    let serve = |peer: &mut Peer| {
        let head = peer.read_head();
        let headers = [
            "X-One: 1",
            "Set-Cookie: a=1",
            "set-cookie: b=2",
            "Sec-WebSocket-Protocol: chat",
            "Sec-WebSocket-Extensions: permessage-deflate",
        ];
        peer.accept_with(&head, &headers);
        peer.answer_close(1000);
    };
    let table = [
        ("status", "== 101", "== 200"),
        (r#"header "x-one""#, "== \"1\"", "isList"),
        (r#"header "Set-Cookie""#, "count == 2", "isString"),
        (r#"header "Set-Cookie""#, "nth 0 == \"a=1\"", "nth 0 == \"b=2\""),
        (r#"header "X-Two""#, "not exists", "exists"),
        ("subprotocol", "== \"chat\"", "== \"talk\""),
        ("extensions", "== \"permessage-deflate\"", "not exists"),
        ("body", "not exists", "exists"),
        ("tls_version", "not exists", "exists"),
        (r#"certificate "subject""#, "not exists", "exists"),
    ];
    judge(serve, "WS {{url}}\n[Options]\nsubprotocol: talk, chat\nHTTP 101\n", &table);
}

/// Scenario language, section 4: "`body` (of a refusal)".
#[test]
fn queries_of_a_refusal_see_status_headers_and_body() {
    let serve = |peer: &mut Peer| {
        peer.read_head();
        peer.respond(
            "HTTP/1.1 403 Forbidden\r\nX-Why: closed\r\nContent-Length: 14\r\n\r\n{\"why\":\"shut\"}",
        );
    };
    let table = [
        ("status", "== 403", "== 101"),
        (r#"header "X-Why""#, "== \"closed\"", "not exists"),
        ("body", "contains \"shut\"", "isEmpty"),
        (r#"body jsonpath "$.why""#, "== \"shut\"", "== \"open\""),
        ("subprotocol", "not exists", "exists"),
    ];
    judge(serve, "WS {{url}}\nHTTP 403\n", &table);
}

/// A step that takes the end of a connection, what the server does, and what the queries find.
type End = (&'static str, fn(&mut Peer), &'static [Judged]);

const ENDS: [End; 5] = [
    (
        "> close:4000 bye\n< close:\n",
        |peer| {
            assert_eq!(peer.expect_close(4000), "bye");
            peer.send(close(4000, "so long"));
        },
        &[
            ("code", "== 4000", "== 1000"),
            ("reason", "== \"so long\"", "== \"bye\""),
            ("clean", "== true", "== false"),
            ("initiator", "== \"self\"", "== \"peer\""),
        ],
    ),
    (
        "< close:\n",
        |peer| {
            peer.send(close(4001, "kicked"));
            peer.expect_close(4001);
        },
        &[
            ("code", "== 4001", "== 1000"),
            ("reason", "== \"kicked\"", "isEmpty"),
            ("clean", "== true", "== false"),
            ("initiator", "== \"peer\"", "== \"self\""),
        ],
    ),
    (
        "< close:\n",
        |peer| peer.close_and_expect_reply(NO_STATUS),
        &[("code", "== 1005", "== 1000"), ("reason", "isEmpty", "not isEmpty")],
    ),
    (
        "< close:1006\n",
        Peer::eof,
        &[
            ("code", "== 1006", "== 1005"),
            ("reason", "isEmpty", "not isEmpty"),
            ("clean", "== false", "== true"),
            ("initiator", "== \"peer\"", "== \"self\""),
        ],
    ),
    (
        "> close:1000\n< close:1006\n",
        |peer| {
            peer.expect_close(1000);
            peer.eof();
        },
        &[("code", "== 1006", "== 1000"), ("clean", "== false", "== true")],
    ),
];

/// Scenario language, section 4: "after `< close:` `code`, `reason`, `clean`, `initiator`".
#[test]
fn queries_of_a_close_see_who_ended_the_connection_and_how() {
    for (steps, end, table) in ENDS {
        let serve = move |peer: &mut Peer| {
            peer.accept_request();
            end(peer);
        };
        judge(serve, &format!("WS {{{{url}}}}\n{steps}"), table);
    }
}

/// Scenario language, section 4: "after `< pong:` `rtt`".
#[test]
fn the_round_trip_time_is_that_of_the_ping_with_this_data() {
    let serve = |peer: &mut Peer| {
        peer.accept_request();
        peer.expect_ping(b"a");
        peer.send([pong(b"b"), pong(b"a")].concat());
        peer.answer_close(1000);
    };
    let steps = "WS {{url}}\n> ping:a\n< pong:b\n";
    judge(serve, steps, &[("rtt", "not exists", "exists")]);
    let steps = "WS {{url}}\n> ping:a\n< pong:a\n";
    judge(serve, steps, &[("rtt", "> 0ms", "not exists"), ("rtt", "< 10s", "> 10s")]);
}

/// Sends messages of one byte each when it is told how many, and answers pings.
fn counts(peer: &mut Peer) {
    peer.accept_request();
    loop {
        let frame = peer.read_frame();
        match frame.opcode {
            TEXT => {
                let count = String::from_utf8_lossy(&frame.payload).parse().expect("a number");
                peer.send((1..=count).flat_map(|n: u8| text(&n.to_string())).collect::<Vec<_>>());
            }
            crate::support::PING => peer.send(pong(&frame.payload)),
            _ => return peer.send(close(1000, "")),
        }
    }
}

/// Two messages that came at least 60 ms before another three, then a period of 20 ms in which nothing comes.
const PERIOD: &str = "\
WS {{url}}
> 2
> ping:a
< pong:a
SLEEP 60ms
> 3
> ping:b
< pong:b
DURING 20ms
";

/// Scenario language, section 4: "after DURING `count`, `rate` (a second), `gap` (the longest between two)".
#[test]
fn queries_of_a_period_see_how_many_messages_came_and_when() {
    let table = [
        ("count", "== 5", "== 3"),
        ("rate", "== 250", "== 5"),
        ("gap", ">= 60ms", "< 60ms"),
        ("gap", "< 10s", "> 10s"),
    ];
    judge(counts, PERIOD, &table);
}

/// Scenario language, section 4: "and any message query behind `each`, `any` or `none`".
#[test]
fn queries_of_a_message_judge_each_any_or_none_of_a_period() {
    let table = [
        (r#"each jsonpath "$""#, "> 0", "> 1"),
        (r#"any jsonpath "$""#, "== 3", "== 4"),
        (r#"none jsonpath "$""#, "== 4", "== 3"),
        ("each regex /[0-9]/", "exists", "== \"1\""),
        ("any text", "== \"2\"", "== \"22\""),
        ("none bytes", "== hex:34", "== hex:33"),
        ("each type", "== \"text\"", "== \"binary\""),
        ("each size", "== 1", "== 2"),
        ("each wire_size", "== 3", "== 1"),
        ("none frames", "> 1", "== 1"),
        ("any compressed", "== false", "== true"),
        ("each duration", "< 10s", "> 10s"),
    ];
    judge(counts, PERIOD, &table);
}

/// Scenario language, section 4, `duration`, which counts from the last send on that connection (section 3).
#[test]
fn the_duration_is_the_time_since_the_last_send_on_the_connection() {
    for (predicate, code) in [(">= 50ms", 0), ("< 50ms", 1)] {
        let (may_answer, answer) = channel();
        let server = Server::scripts([
            script(move |peer: &mut Peer| {
                peer.accept_request();
                peer.expect_text("question");
                answer.recv().expect("the other connection");
                peer.send(text("answer"));
                peer.answer_close(1000);
            }),
            script(move |peer: &mut Peer| {
                peer.accept_request();
                peer.expect_text("now");
                may_answer.send(()).expect("the first connection");
                peer.answer_close(1000);
            }),
        ]);
        let scenario = format!(
            "WS {{{{url}}}} as a\nWS {{{{url}}}} as b\na> question\nSLEEP 100ms\nb> now\na< answer\n\
             [Asserts]\nduration {predicate}\n"
        );
        run(&server, &scenario).code(code);
    }
}

/// Scenario language, section 4: "after `$` `stdout`, `exit`".
#[test]
#[cfg(unix)]
fn queries_of_a_command_see_its_output_and_its_status() {
    for (assertions, code) in [
        ("stdout == \"out\"\nexit == 3\n", 0),
        ("stdout == \"err\"\nexit == 3\n", 1),
        ("stdout == \"out\"\nexit == 0\n", 1),
    ] {
        let scenario = format!("$ echo out; echo err >&2; exit 3\n[Asserts]\n{assertions}");
        check(&scenario).arg("--allow-run").run().code(code);
    }
}

/// Scenario language, section 4, where queries may stand: "of a connection", "after `< close:`", "after `< pong:`",
/// "after DURING", "after `$`".
#[test]
fn a_query_in_another_place_is_an_error() {
    for (steps, query) in [
        ("< a", "status"),
        ("< a", "rtt"),
        ("< close:", "text"),
        ("< pong:", "code"),
        ("HTTP 101", "size"),
        ("DURING 1s", "text"),
        ("< a", "count"),
        ("> a", "duration"),
        ("< a", "exit"),
    ] {
        check(&format!("WS ws://h\n{steps}\n[Asserts]\n{query} exists\n"))
            .run()
            .code(2)
            .stdout("")
            .stderr_contains("s.wscope:4:1: error: ");
    }
}
