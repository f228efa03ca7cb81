//! `wscope diff`: recordings written by hand and by a live run, compared.

use crate::support::{Outcome, Wscope, wscope};

const OPEN: &str = r#"{"event":"open","elapsed_ms":1,"url":"ws://a/chat","request_headers":[["Host","a"],["Sec-WebSocket-Key","1"],["Cookie","***"]],"response_headers":[["Server","x"]]}"#;
const CLOSE: &str = r#"{"event":"close","elapsed_ms":9,"code":1000,"reason":"bye","was_clean":true,"initiator":"peer","sent":{"code":1000,"reason":""},"received":{"code":1000,"reason":"bye"}}"#;

/// A message: `>` or `<`, then a text.
fn message(at: u64, text: &str) -> String {
    let direction = if text.starts_with('>') { "sent" } else { "received" };
    let data = serde_json::Value::from(&text[1..]);
    format!(
        r#"{{"event":"message","elapsed_ms":{at},"direction":"{direction}","type":"text","data":{data}}}"#
    )
}

/// A recording of one connection.
fn recording(messages: &[&str]) -> String {
    let messages = messages.iter().zip(2..).map(|(text, at)| message(at, text));
    let lines = [OPEN.to_owned()].into_iter().chain(messages).chain([CLOSE.to_owned()]);
    lines.map(|line| line + "\n").collect()
}

fn diff(one: &str, other: &str) -> Wscope {
    wscope()
        .file("a.ndjson", one)
        .file("b.ndjson", other)
        .arg("diff")
        .args(["a.ndjson", "b.ndjson"])
}

fn run(one: &[&str], other: &[&str], options: &[&str]) -> Outcome {
    diff(&recording(one), &recording(other)).args(options).run()
}

#[test]
fn equal_recordings_are_exit_0_without_a_word() {
    let messages = [r#">{"op":"sub"}"#, r#"<{"v":1,"w":2}"#];
    let again = [r#">{"op":"sub"}"#, r#"<{ "w":2.0, "v":1 }"#];
    run(&messages, &again, &[]).code(0).stdout("").stderr("");
    let itself = wscope().file("a.ndjson", recording(&messages));
    itself.args(["diff", "a.ndjson", "a.ndjson"]).run().code(0).stdout("").stderr("");
}

#[test]
fn differences_are_exit_1_with_signs_numbers_and_places() {
    let one = [r#">{"op":"sub"}"#, "<old", r#"<{"type":"p","v":1}"#, "<same"];
    let other = [r#">{"op":"sub"}"#, r#"<{"type":"p","v":2}"#, "<same", ">new"];
    run(&one, &other, &[])
        .code(1)
        .stdout(
            "\
--- a.ndjson
+++ b.ndjson
- 2   < \"old\"
~ 3 2 < {\"type\":\"p\",\"v\":1}
    $.v: 1 → 2
+   4 > \"new\"
1 missing, 1 added, 1 changed; 2 messages are the same
",
        )
        .stderr("");
    run(&one, &other, &["-q"]).code(1).stdout("").stderr("");
}

#[test]
fn what_is_ignored_is_no_difference() {
    let (one, other) = ([r#"<{"v":1,"ts":1}"#, "<a", "<b"], ["<b", r#"<{"ts":2,"v":1}"#, "<a"]);
    run(&one, &other, &["--ignore", "$.ts", "--ignore-order"]).code(0).stdout("");
    run(&one, &other, &["--ignore", "$.ts"])
        .code(1)
        .stdout_contains("1 missing, 1 added; 2 messages");
    run(&one, &other, &["--ignore", "ts"])
        .code(2)
        .stdout("")
        .stderr_contains("bad --ignore \"ts\"")
        .stderr_contains("not a JSONPath");
}

#[test]
fn another_close_is_a_difference() {
    let one = recording(&["<a"]);
    let other = one.replace(
        r#""received":{"code":1000,"reason":"bye"}"#,
        r#""received":{"code":1011,"reason":"bye\u001b"}"#,
    );
    diff(&one, &other).run().code(1).stdout_contains(
        "~ close\n    Close frame of the server: 1000 \"bye\" → 1011 \"bye\\e\"\n1 close differs; 1 message is",
    );
    // A run that was killed does not show how the peer would have closed.
    let cut = one.replace(CLOSE, "");
    for (files, lacking) in [([&one, &cut], "b.ndjson"), ([&cut, &one], "a.ndjson")] {
        let text = format!("wscope: the close is not compared: {lacking} does not have it\n");
        diff(files[0], files[1]).run().code(0).stdout("").stderr(&text);
    }
}

#[test]
fn heads_are_compared_on_request_without_keys() {
    let one = recording(&["<a"]);
    let other = one
        .replace(
            r#"["Sec-WebSocket-Key","1"],["Cookie","***"]"#,
            r#"["Sec-WebSocket-Key","2"],["Cookie","secret"]"#,
        )
        .replace(r#"["Server","x"]"#, r#"["Server","y"],["Date","1"]"#);
    diff(&one, &other).run().code(0).stdout("");
    // The secret of another program's recording is masked before it is compared.
    diff(&one, &other).arg("--handshake").run().code(1).stdout(
        "\
--- a.ndjson
+++ b.ndjson
~ response header Server: x → y
1 handshake difference; 1 message is the same
",
    );
    diff(&one, &other)
        .args(["--handshake", "--show-secrets"])
        .run()
        .code(1)
        .stdout_contains("~ request header Cookie: *** → secret\n");
}

#[test]
fn times_are_compared_on_request() {
    let lines = |at: u64| format!("{OPEN}\n{}\n{}\n", message(2, ">q"), message(at, "<a"));
    diff(&lines(12), &lines(412)).run().code(0).stdout("");
    diff(&lines(12), &lines(412)).arg("--timing").run().code(1).stdout_contains(
        "~ 2 2 < after 10 ms → 410 ms: \"a\"\n1 time differs; 2 messages are the same\n",
    );
    diff(&lines(12), &lines(52)).arg("--timing").run().code(0).stdout("");
}

#[test]
fn connections_are_chosen_and_paired_by_path() {
    let connection = |number: u64, url: &str, text: &str| {
        let with = |line: String| line.replacen('{', &format!(r#"{{"connection":{number},"#), 1);
        let open = with(format!(r#"{{"event":"open","url":"{url}"}}"#));
        format!("{open}\n{}\n", with(message(2, text)))
    };
    let one = [connection(1, "ws://a/x", "<1"), connection(2, "ws://a/y", "<2")].concat();
    let other = [connection(7, "ws://b/y", "<3"), connection(8, "ws://b/x", "<1")].concat();
    diff(&one, &other).run().code(1).stdout(
        "\
--- a.ndjson
+++ b.ndjson
connection 2 / 7 (ws://a/y)
~ 1 1 < \"2\"
    character 1: \"2\" → \"3\"
1 changed; 1 message is the same
",
    );
    diff(&one, &other).args(["--entry", "/x"]).run().code(0).stdout("");
    diff(&one, &other)
        .args(["--entry", "/z"])
        .run()
        .code(2)
        .stdout("")
        .stderr_contains("wscope: a.ndjson: --entry /z: no connection has this number or text")
        .stderr_contains("\n1  ws://a/x\n2  ws://a/y\n");
}

#[test]
fn json_has_an_object_for_each_difference_and_the_counts() {
    let outcome =
        run(&[r#"<{"type":"p","v":1}"#, ">a"], &[r#"<{"type":"p","v":null}"#], &["--json"]);
    let outcome = outcome.code(1);
    let lines = outcome.json_lines();
    let [changed, missing, summary] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((&changed["kind"], &changed["a"]["message"]), (&"changed".into(), &1.into()));
    assert_eq!(changed["changes"], serde_json::json!([{"path":"$.v","a":1,"b":null}]));
    assert_eq!((&missing["kind"], &missing["a"]["data"]), (&"missing".into(), &"a".into()));
    assert_eq!((&missing["b"], &missing["a"]["direction"]), (&().into(), &"client".into()));
    assert_eq!((&summary["event"], &summary["differences"]), (&"summary".into(), &2.into()));
    let same = run(&["<a"], &["<a"], &["--json"]).code(0);
    assert_eq!(same.json_lines()[0]["same"], 1);
    let error = run(&["<a"], &["<a"], &["--json", "--entry", "9"]).code(2);
    assert_eq!(error.json_lines()[0]["kind"], "usage");
}

#[test]
fn files_that_cannot_be_compared_are_named() {
    let good = recording(&["<a"]);
    let broken = format!("{good}{{\"event\":\"message\",\"data\":}}\n");
    for (content, code, words) in [
        ("", 2, "b.ndjson: it is empty"),
        ("hello\n", 2, "cannot read the recording: b.ndjson"),
        (&*broken, 2, "b.ndjson:4:"),
        ("{\"event\":\"retry\",\"attempt\":1,\"delay_ms\":1}\n", 2, "has no WebSocket connection"),
    ] {
        diff(&good, content).run().code(code).stdout("").stderr_contains(words);
    }
    let missing = wscope().file("a.ndjson", &good).args(["diff", "a.ndjson", "none.ndjson"]).run();
    missing.code(8).stdout("").stderr_contains("none.ndjson: ");
    wscope().args(["diff", "-", "-"]).stdin(&good).run().code(2).stderr_contains("only one");
    wscope().file("a.ndjson", &good).args(["diff", "a.ndjson"]).run().code(2).stdout("");
    let piped = wscope().file("a.ndjson", &good).args(["diff", "-", "a.ndjson"]).stdin(&good);
    piped.run().code(0).stdout("").stderr("");
}

#[test]
fn refused_and_opened_connections_differ() {
    let refused = r#"{"event":"error","kind":"handshake","message":"refused: 401","status":401}"#;
    let other = refused.replace("401", "503");
    diff(refused, refused).run().code(0).stdout("");
    diff(refused, &other).run().code(1).stdout_contains(
        "~ opening: failed: refused: 401 → failed: refused: 503\n1 opening differs;",
    );
    diff(refused, &recording(&["<a"]))
        .run()
        .code(1)
        .stdout_contains("~ opening: failed: refused: 401 → open, 1 message\n");
}

/// The reader of the output went away: what it has seen is a difference.
#[cfg(unix)]
#[test]
fn a_closed_output_is_still_a_difference() {
    let many = |from: usize| (from..from + 20_000).map(|at| format!("<m{at}")).collect::<Vec<_>>();
    let [one, other] = [many(0), many(100_000)]
        .map(|messages| recording(&messages.iter().map(String::as_str).collect::<Vec<_>>()));
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    diff(&one, &other).stdout_to(writer).run().code(1).stderr("");
}

/// That nothing else differs does not mean that they are the same.
#[test]
fn messages_that_cannot_be_read_are_exit_2_unless_others_differ() {
    let har = |first: &str| {
        let list = format!(
            r#"[{{"type":"send","time":1.0,"opcode":1,"data":"{first}"}},{{"type":"other","time":1.0,"opcode":1,"data":"b"}}]"#
        );
        format!(
            r#"{{"log":{{"entries":[{{"startedDateTime":"2024-01-02T03:04:05Z","request":{{"url":"ws://a/"}},"response":{{"status":101}},"_webSocketMessages":{list}}}]}}}}"#
        )
    };
    let run = |one: &str, other: &str| {
        let files = wscope().file("a.har", har(one)).file("b.har", har(other));
        files.args(["diff", "a.har", "b.har"]).run()
    };
    run("a", "a")
        .code(2)
        .stderr_contains("a.har:1:")
        .stderr_contains("a connection without some of its messages cannot be checked");
    run("a", "c").code(1).stdout_contains("\"a\"");
}

#[test]
fn messages_that_a_proxy_did_not_keep_are_compared_by_their_size() {
    const OPEN: &str = r#"{"event":"open","elapsed_ms":1,"connection":1,"url":"ws://a/chat","initiator":"client"}"#;
    let file = |size: u64| {
        let omitted = |direction: &str| {
            format!(
                r#"{{"event":"message","elapsed_ms":2,"connection":1,"direction":"{direction}","type":"binary","size":{size},"wire_size":9,"compressed":false,"frames":1,"omitted":true}}"#
            )
        };
        format!("{OPEN}\n{}\n{}\n", omitted("client"), omitted("server"))
    };
    diff(&file(5), &file(5))
        .run()
        .code(0)
        .stderr_contains("a.ndjson: only the size of 2 messages is compared");
    diff(&file(5), &file(6)).run().code(1).stdout_contains(
        "> message that the proxy did not keep (5 bytes)\n    size: 5 bytes → 6 bytes\n",
    );
}
