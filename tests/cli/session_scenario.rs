//! `/scenario`: from a session at the prompt to a check that holds.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc;

use crate::listen::{client, port_in};
use crate::repl::leave;
use crate::scripts::answer_close;
use crate::support::{
    DEADLINE, Outcome, Peer, Script, Server, Terminal, masked, ping, script, text, wscope,
};

/// A chat that gives each connection another session and other times, and refuses the session of another one.
fn chat(number: usize) -> Script {
    script(move |peer| {
        peer.accept_request();
        let session = format!("session-000{number}");
        peer.send(text(&format!(r#"{{"type":"welcome","session":"{session}","version":3}}"#)));
        peer.expect_text(&format!(r#"{{"hello":"{session}"}}"#));
        peer.send(text(&format!(r#"{{"type":"hello","by":"{session}","at":{number}}}"#)));
        peer.send(text(&format!("it is {number} o'clock")));
        answer_close(peer);
    })
}

fn server(connections: usize) -> Server {
    Server::scripts((1..=connections).map(chat))
}

/// A session with the first connection, up to the last message of the server.
fn session(server: &Server) -> Terminal {
    let terminal = Terminal::spawn([&server.url(), "--bearer", "letmein"], 120, 40);
    terminal.wait_for("welcome");
    terminal.type_line(r#"{"hello":"session-0001"}"#);
    terminal.wait_for("o'clock");
    terminal
}

fn check(scenario: &[u8], args: &[&str]) -> Outcome {
    let scenario = str::from_utf8(scenario).expect("UTF-8");
    let all = ["check", "s.wscope", "--secret", "authorization=letmein"];
    wscope().file("s.wscope", scenario).args(all).args(args).run()
}

/// Contract, section 6: "a scenario that `check` runs"; scenario language, section 5: "a recorded session, run once or
/// twice with `--relax`, is a check that holds".
#[test]
fn a_session_at_the_prompt_becomes_a_check_that_holds() {
    let server = server(4);
    let terminal = session(&server);
    let path = terminal.home().join("s.wscope");
    terminal.type_line(&format!("/scenario {}", path.display()));
    terminal.wait_for("--secret authorization=VALUE");
    let mode = fs::metadata(&path).expect("the scenario").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let written = fs::read(&path).expect("the scenario");
    leave(terminal);

    let text = String::from_utf8(written.clone()).expect("UTF-8");
    assert!(!text.contains("letmein") && !text.contains("session-0001"), "{text}");
    let (_, steps) = text.split_once("HTTP 101\n").expect("a handshake");
    assert_eq!(
        steps,
        "< {\"type\":\"welcome\",\"version\":3}\n[Captures]\nsession: jsonpath \"$.session\"\n\
         > {\"hello\":\"{{session}}\"}\n< {\"type\":\"hello\",\"by\":\"{{session}}\",\"at\":1}\n\
         < it is 1 o'clock\n"
    );

    // A short limit: each pattern that differs waits for its whole time.
    let quick = text.replace("HTTP 101", "[Options]\ntimeout: 300ms\nHTTP 101").into_bytes();
    check(&quick, &[]).code(1).stdout_contains("at $.at expected 1, got 2");
    let relaxed = check(&quick, &["--relax", "--yes"]).code(0).file("s.wscope");
    check(&relaxed, &["--relax", "--yes"]).code(0).stdout_contains("1 passed, 0 failed");
    server.join();
}

#[test]
fn the_scenario_is_shown_without_a_file() {
    let server = server(1);
    let terminal = session(&server);
    terminal.type_line("/scenario");
    terminal.wait_for("session: jsonpath \"$.session\"");
    leave(terminal);
}

/// The clients of a server are what the scenario does.
#[test]
fn what_clients_of_a_server_did_is_a_scenario() {
    let mut terminal = Terminal::spawn(["listen", ":0"], 100, 40);
    terminal.wait_for("listening on ");
    terminal.wait_for_prompt();
    let port = port_in(&terminal.screen()).expect("a port");
    let first = client(port);
    terminal.wait_for(" client 127.0.0.1:"); // a client gets its number after the 101
    let mut peers = [first, client(port)];
    terminal.wait_for("#2 client");
    terminal.type_line("hello all");
    for (index, peer) in peers.iter_mut().enumerate() {
        peer.expect_text("hello all");
        peer.send(masked(&text(&format!("from {index}"))));
        terminal.wait_for(&format!("from {index}"));
    }
    let path = terminal.home().join("s.wscope");
    terminal.type_line(&format!("/scenario {}", path.display()));
    terminal.wait_for("scenario written to ");
    let scenario = fs::read_to_string(&path).expect("the scenario");
    for line in ["a< hello all", "b< hello all", "a> from 0", "b> from 1"] {
        assert!(scenario.lines().any(|it| it == line), "{line}: {scenario}");
    }
    terminal.type_line("/to 1 /scenario");
    terminal.wait_for("/scenario does not apply to one client");
    terminal.type_line("/quit");
    peers.iter_mut().for_each(|peer| peer.answer_close(1001));
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());
}

#[test]
fn a_file_that_exists_is_kept() {
    let server = server(1);
    let terminal = session(&server);
    let path = terminal.home().join("old.wscope");
    fs::write(&path, "old").expect("a file");
    terminal.type_line(&format!("/scenario {}", path.display()));
    terminal.wait_for("exists: /scenario writes new files only");
    assert_eq!(fs::read(&path).expect("the file"), b"old");
    terminal.type_line("/scenario --force");
    terminal.wait_for("/scenario has no option --force");
    terminal.type_line("/scenario /no/such/folder/s.wscope");
    terminal.wait_for("No such file or directory");
    leave(terminal);
}

/// Filters and pauses are about what is shown.
#[test]
fn what_is_not_shown_is_in_the_scenario() {
    let server = Server::script(|peer: &mut Peer| {
        peer.accept_request();
        peer.expect_text("begin");
        peer.send(text("hidden"));
        peer.send(text("shown"));
        answer_close(peer);
    });
    let terminal = Terminal::spawn([&server.url(), "--mute", "hidden"], 120, 40);
    terminal.wait_for_prompt();
    terminal.type_line("begin");
    terminal.wait_for("shown");
    assert!(!terminal.raw_output().contains("< hidden"));
    terminal.type_line("/scenario");
    terminal.wait_for("< hidden\n< shown");
    leave(terminal);
}

/// A server of two connections. The handshake of the second ends when the client has read what is sent to the first because
/// of it.
fn meeting() -> [Script; 2] {
    let ((ask, asked), (allow, allowed)) = (mpsc::channel(), mpsc::channel());
    let first = script(move |peer: &mut Peer| {
        peer.accept_request();
        asked.recv_timeout(DEADLINE).expect("a request of the second");
        // When a handshake began follows from when its end was noticed, which may take longer than the way of a message.
        for _ in 0..200 {
            peer.send(ping(b"later"));
            peer.expect_pong(b"later");
        }
        peer.send([text("somebody comes"), ping(b"read")].concat());
        peer.expect_pong(b"read");
        allow.send(()).expect("the second");
        peer.expect_text("who is it?");
        peer.send(text("me"));
        answer_close(peer);
    });
    let second = script(move |peer: &mut Peer| {
        let head = peer.read_head();
        ask.send(()).expect("the first");
        allowed.recv_timeout(DEADLINE).expect("the message to the first was read");
        peer.accept(&head);
        peer.send(text("welcome"));
        answer_close(peer);
    });
    [first, second]
}

/// The server sends to one connection when another is requested, before that is accepted.
#[test]
fn a_connection_is_opened_where_its_handshake_began() {
    let server = Server::scripts((0..3).flat_map(|_| meeting()));
    let records = ["--record", "x.ndjson", "--record", "x.har", "--record", "x.wscope"];
    let url = server.url();
    let mut terminal = Terminal::spawn([&records[..], &[url.as_str()]].concat(), 100, 40);
    terminal.wait_for_prompt();
    terminal.type_line(&format!("/connect b {url}"));
    terminal.wait_for("welcome");
    terminal.type_line("/use main");
    terminal.type_line("who is it?");
    terminal.wait_for("< me");
    let read = ["x.ndjson", "x.har", "x.wscope"].map(|name| terminal.home().join(name));
    terminal.type_line("/quit");
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());

    let [ndjson, har, recorded] = read.map(|path| fs::read(path).expect("a recording"));
    let steps = format!(
        "WS {url}/ as a\nHTTP 101\nWS {url}/ as b\nHTTP 101\na< somebody comes\nb< welcome\n\
         a> who is it?\na< me\n"
    );
    // Which of them is closed first differs.
    let before_close = |text: &str| {
        let (before, _) = text.split_once("> close:")?;
        Some(before.trim_end_matches(['a', 'b']).to_owned())
    };
    let recorded = String::from_utf8(recorded).expect("UTF-8");
    assert!(recorded.contains(&steps), "{recorded}");
    for (name, content) in [("x.ndjson", ndjson), ("x.har", har)] {
        let view = ["view", name, "-q", "--record", "y.wscope"];
        let outcome = wscope().file(name, content).args(view).run().code(0);
        let converted = String::from_utf8(outcome.file("y.wscope")).expect("UTF-8");
        // Only the scenario of the session has the Close frames where they were sent.
        let expected = before_close(&recorded).expect("a Close frame");
        assert_eq!(before_close(&converted), Some(expected), "{name}");
        wscope().file("y.wscope", converted).args(["check", "y.wscope"]).run().code(0);
    }
    server.join();
}
