//! How connections are opened and closed.

use serde_json::Value;

use super::{check, run};
use crate::listen::start;
use crate::support::{Outcome, Peer, Server, close, header, text, wscope};

/// Runs a scenario with `--strict`.
fn strict(server: &Server, scenario: &str) -> Outcome {
    check(scenario).args(["--strict", "--variable", &format!("url={}", server.url())]).run()
}

/// Scenario language, section 3: "A connection is open until its Close"
#[test]
fn nothing_is_sent_behind_a_close_frame_of_our_own() {
    for payload in ["x", "ping:", "close:1000"] {
        let scenario = format!("WS ws://h\n> close:1000\n> {payload}\n< close:\n");
        check(&scenario).run().code(2).stderr_contains(
            "s.wscope:3:1: error: a step before closes this connection: nothing can be sent any more",
        );
    }
    let scenario = "WS ws://h as a\n> close:1000\na> x\n";
    check(scenario).run().code(2).stderr_contains("s.wscope:3:1: error: a step before closes");
    // Another connection is another matter.
    let server = Server::repeat(2, |peer| {
        peer.accept_request();
        let frame = peer.read_frame();
        if frame.opcode == 1 {
            peer.answer_close(1000);
        } else {
            peer.send(close(1000, ""));
        }
    });
    let scenario = "WS {{url}} as a\nWS {{url}} as b\na> close:1000\nb> x\na< close:1000\n";
    run(&server, scenario).code(0);
}

/// Scenario language, section 3: "A Close of the peer's […] that no step asked for fails the step that waits or sends
/// next"
#[test]
fn what_is_sent_behind_a_close_frame_of_the_peer_is_not_lost_silently() {
    // Whether the Close frame is received before the step or after it.
    for pause in ["", "SLEEP 50ms\n"] {
        let server = Server::script(|peer| {
            peer.accept_request();
            peer.send([text("a"), close(1000, "enough")].concat());
            peer.read_until_eof();
        });
        let scenario = format!("WS {{{{url}}}}\n< a\n{pause}> x\n> y\n");
        let line = scenario.lines().count() - 1;
        run(&server, &scenario).code(1).stdout_contains(&format!(
            "s.wscope:{line}:1: cannot send: the connection ended: closed by the peer: 1000"
        ));
    }
}

/// Scenario language, section 3: "after the last step a code other than 1000, 1001, 1005 is a warning (with
/// `--strict` a failure)"
#[test]
fn the_code_of_the_peer_counts_whoever_closed_first() {
    let kicks = |peer: &mut Peer| {
        peer.accept_request();
        peer.send([text("a"), close(4001, "kicked")].concat());
        peer.read_until_eof();
    };
    let answers = |peer: &mut Peer| {
        peer.accept_request();
        peer.send(text("a"));
        peer.expect_close(1000);
        peer.send(close(4001, "kicked"));
    };
    for server in [Server::script(kicks), Server::script(answers)] {
        strict(&server, "WS {{url}}\n< a\n")
            .code(1)
            .stdout_contains("4001")
            .stdout_contains("kicked");
    }
    let server = Server::script(answers);
    run(&server, "WS {{url}}\n< a\n").code(0).stderr_contains("warning: ");
    let server = Server::script(kicks);
    strict(&server, "WS {{url}}\n< a\n< close:4001\n").code(0);
}

/// Scenario language, section 5: "`-H` …; the file's own counts more".
/// Scenario language, section 3: "Options are the long options of `wscope URL`"; section 5: "the file's own counts
/// more"
#[test]
fn headers_of_the_file_replace_those_of_the_command_line() {
    let server = Server::script(|peer| {
        let head = peer.accept_request();
        let values: Vec<_> = head.lines().filter(|line| line.contains("X-A")).collect();
        assert_eq!(values, ["X-A: 1", "X-A: 2"], "{head}");
        assert_eq!(header(&head, "X-B"), Some("b"), "{head}");
        assert_eq!(header(&head, "X-O"), Some("file"), "{head}");
        for removed in ["User-Agent", "X-C", "X-F"] {
            assert_eq!(header(&head, removed), None, "{head}");
        }
        peer.answer_close(1000);
    });
    let scenario = "\
WS {{url}}
X-A: 1
X-A: 2
User-Agent:
X-C:
X-F:
[Options]
header: X-O: file
HTTP 101
";
    let given = ["x-a: 9", "X-B: b", "X-C: c", "X-O: option", "@headers"];
    let given = given.map(|line| ["-H", line]).concat();
    let url = format!("url={}", server.url());
    let program = check(scenario).file("headers", "X-F: f\n");
    program.args(["--variable", &url]).args(given).run().code(0);
}

#[test]
fn a_variable_may_give_the_status() {
    let refuses = || Server::respond("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n");
    let scenario = "WS {{url}}\nHTTP {{status}}\n[Asserts]\nstatus == {{status}}\n";
    let run = |server: &Server, status: &str| {
        let url = format!("url={}", server.url());
        check(scenario).args(["--variable", &url, "--variable", status]).run()
    };
    run(&refuses(), "status=401").code(0);
    run(&refuses(), "status=403")
        .code(1)
        .stdout_contains("  expected  status 403\n")
        .stdout_contains("status 401\n");
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.answer_close(1000);
    });
    run(&server, "status=101").code(0);
    for status in ["*", "4010", "none", ""] {
        let expected = format!("s.wscope:2:6: {status:?} is not a status code (100 to 599)\n");
        let status = format!("status={status}");
        let url = "url=ws://127.0.0.1:1";
        let program = check(scenario).args(["--variable", url, "--variable", &status]);
        program.run().code(1).stdout_contains(&expected);
    }
    check("WS ws://127.0.0.1:1\nHTTP {{status}}\n")
        .run()
        .code(2)
        .stderr_contains("s.wscope:2:6: error: unknown variable \"status\"");
}

#[test]
fn a_refusal_has_timings() {
    let server = Server::respond("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n");
    let scenario = "\
WS {{url}}
HTTP 401
[Captures]
upgrade: timing \"upgrade\"
[Asserts]
timing \"tcp\" < 5s
timing \"upgrade\" < 5s
timing \"total\" < 10s
timing \"total\" >= {{upgrade}}
timing \"dns\" not exists
timing \"tls\" not exists
";
    run(&server, scenario).code(0);
}

#[test]
fn a_subprotocol_that_the_server_does_not_choose_is_a_warning() {
    let server = || {
        Server::script(|peer| {
            peer.accept_request();
            peer.answer_close(1000);
        })
    };
    let scenario = "WS {{url}}\n[Options]\nsubprotocol: a, b\nHTTP 101\n";
    let message = "the server chose none of the subprotocols offered (a, b)";
    run(&server(), scenario).code(0).stderr_contains(message);
    strict(&server(), scenario).code(1).stdout_contains(message);
    let scenario = format!("{scenario}[Asserts]\nsubprotocol not exists\n");
    strict(&server(), &scenario).code(0).stderr("");
}

/// Scenario language, section 3: "With two or more connections named in a part, a step without NAME is an error"
#[test]
fn several_connections_need_names() {
    check("WS ws://h\nWS ws://h as b\nb> y\n> x\n< x\n").run().code(2).stderr_contains(
        "s.wscope:1:1: error: this part has several connections: each needs a name",
    );
    check("WS ws://h as a\nWS ws://h as b\n> y\n")
        .run()
        .code(2)
        .stderr_contains("s.wscope:3:1: error: which connection? This part has several");
    // Parts have connections of their own.
    check("### a\nWS ws://h\n< a\n### b\nWS ws://h\n< a\n").arg("--list").run().code(0);
}

/// Scenario language, section 2: "`json:@PATH` | the file's content"
#[test]
fn a_file_that_is_sent_as_json_has_to_be_that() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.answer_close(1000);
    });
    check("WS {{url}}\n> json:@bad.json\n< a\n")
        .file("bad.json", "{\"a\":")
        .args(["--variable", &format!("url={}", server.url())])
        .run()
        .code(1)
        .stdout_contains(
            "s.wscope:2:3: bad.json: not JSON: EOF while parsing a value at line 1 column 5",
        );
}

/// Scenario language, section 1: "a server must not be able to make a scenario send a file of ours"
#[test]
fn a_server_cannot_choose_a_file() {
    for (line, place) in [
        ("> text:@{{p}}", "5:9"),
        ("< json:@x/{{p}}", "5:11"),
        ("WS ws://h\n[Options]\ncacert: {{p}}", "7:9"),
        ("WS ws://h\n[Options]\nheader: @{{p}}", "7:10"),
    ] {
        let scenario = format!("WS ws://h as a\na< a\n[Captures]\np: text\n{line}\n");
        let scenario = match line.starts_with("WS") {
            true => scenario.replace("WS ws://h\n", "WS ws://h as b\n"),
            false => scenario.replace(" as a", "").replace("a<", "<"),
        };
        let expected = format!(
            "s.wscope:{place}: error: the captured value \"p\" cannot be part of a file's name"
        );
        check(&scenario).args(["--variable", "p=x"]).run().code(2).stderr_contains(&expected);
    }
    // An option reads a file only if the scenario has the @.
    check("WS ws://127.0.0.1:1\n[Options]\nbearer: {{token}}\nHTTP 101\n")
        .file("secret", "x")
        .args(["--variable", "token=@secret"])
        .run()
        .code(1)
        .stdout_contains("s.wscope:3:9: a value cannot name a file: it begins with @");
}

#[test]
fn what_is_recorded_of_several_connections_is_in_the_order_of_its_times() {
    let (_server, port) = start(wscope().stdin_null(), &["--echo"]);
    let url = format!("ws://127.0.0.1:{port}/");
    let part = format!("###\nWS {url} as x\nWS {url} as y\nx> a\ny> b\nx< a\ny< b\n\n");
    let names = ["a.wscope", "b.wscope", "c.wscope", "d.wscope"];
    let program = names.iter().fold(wscope(), |program, name| program.file(name, part.repeat(4)));
    let program = program.args(["check", "--jobs", "4", "--record", "x.ndjson"]).args(names);
    let recorded = String::from_utf8(program.run().code(0).file("x.ndjson")).expect("UTF-8");
    let events: Vec<Value> =
        recorded.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(events.iter().filter(|event| event["event"] == "close").count(), 32);
    assert!(events.is_sorted_by_key(|event| event["time"].to_string()), "{recorded}");
}
