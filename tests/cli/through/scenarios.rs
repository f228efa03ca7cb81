//! A scenario of a proxied session is run with the server: it is what the server received and what it sent.

use super::{Proxied, event, proxy, start};
use crate::support::{BINARY, CLOSE, Outcome, Peer, Server, TEXT, binary, masked, text, wscope};

/// The steps of a recorded scenario.
#[track_caller]
fn steps(outcome: &Outcome) -> Vec<String> {
    let scenario = scenario(outcome);
    scenario.lines().filter(|line| line.starts_with(['>', '<'])).map(str::to_owned).collect()
}

#[track_caller]
fn scenario(outcome: &Outcome) -> String {
    String::from_utf8(outcome.file("x.wscope")).expect("UTF-8")
}

/// What is said where the proxy did not just pass everything on.
const CHANGED: &str = "# Rules or the operator of the proxy changed this session";

/// Sends every message back until the closing handshake.
fn echo(peer: &mut Peer) {
    peer.accept_request();
    loop {
        let frame = peer.read_frame();
        match frame.opcode {
            TEXT => peer.send(text(str::from_utf8(&frame.payload).expect("UTF-8"))),
            BINARY => peer.send(binary(&frame.payload)),
            CLOSE => return peer.close(1000, ""),
            opcode => panic!("opcode {opcode}"),
        }
    }
}

#[test]
fn rules_of_either_side_leave_a_scenario_that_holds_with_the_same_server() {
    let rules = [
        "client drop => drop",
        "client old => replace new",
        "client twice => duplicate",
        "client hex:00 => corrupt",
        "server echoed => corrupt",
        "server changed => replace other",
        "server again => duplicate",
        "server lost => drop",
    ];
    let server = Server::repeat(2, echo);
    let options = rules.iter().flat_map(|rule| ["--rule", rule]);
    let options: Vec<_> =
        ["--json", "--once", "--record", "x.wscope"].into_iter().chain(options).collect();
    let (mut running, port) = start(wscope().stdin_null(), &options, &server.url());
    let mut client = Peer::connect(port);
    client.request("/", &[]);
    client.read_head();
    let mut answered = |words: &str, answers: usize| {
        let is_binary = words == "\0";
        client.send(masked(&if is_binary { binary(b"\0") } else { text(words) }));
        let text = |payload: &[u8]| payload.escape_ascii().to_string();
        (0..answers).map(|_| text(&client.read_frame().payload)).collect::<Vec<_>>()
    };
    answered("drop", 0);
    assert_eq!(answered("old", 1), ["new"]);
    assert_eq!(answered("twice", 2), ["twice", "twice"]);
    let corrupted = answered("\0", 1);
    assert_ne!(corrupted, ["\\x00"]);
    assert_ne!(answered("echoed", 1), ["echoed"]);
    assert_eq!(answered("changed", 1), ["other"]);
    assert_eq!(answered("again", 2), ["again", "again"]);
    answered("lost", 0);
    while event(&mut running, "message")["action"] != "drop" {} // that of the client
    while event(&mut running, "message")["action"] != "drop" {}
    client.close(1000, "");
    client.expect_close(1000);
    drop(client);
    let outcome = running.wait().code(0);
    let scenario = scenario(&outcome);
    assert!(scenario.contains(CHANGED), "{scenario}");
    let steps = steps(&outcome);
    let expected = [
        "> new",
        "< new",
        "> twice",
        "> twice",
        "< twice",
        "< twice",
        "> …",
        "< …",
        "> echoed",
        "< echoed",
        "> changed",
        "< changed",
        "> again",
        "< again",
        "> lost",
        "< lost",
        "> close:1000",
        "< close:1000",
    ];
    assert_eq!(steps.len(), expected.len(), "{scenario}");
    for (step, expected) in steps.iter().zip(expected) {
        assert!(step == expected || expected.ends_with('…'), "{step}, not {expected}: {scenario}");
    }
    wscope().arg("check").arg(outcome.path("x.wscope")).run().code(0);
}

#[test]
fn what_the_client_sent_and_waited_is_a_step_where_it_was_delivered() {
    let rules = [
        "client text:slow => delay 1h",
        "client x => replace y",
        "client two => duplicate",
        "client none => drop",
    ];
    let options = rules.iter().flat_map(|rule| ["--rule", rule]);
    let options: Vec<_> = ["--json", "--record", "x.wscope"].into_iter().chain(options).collect();
    let mut proxy: Proxied = proxy(&options);
    let (mut client, mut server) = proxy.open();
    for words in ["slow", "x", "two", "none", "behind"] {
        client.send(masked(&text(words)));
        while proxy.event("message")["data"] != words {}
    }
    super::deliver(&mut server, &mut client, &text("meanwhile"));
    proxy.running.signal(crate::support::Signal::TERM);
    for words in ["slow", "y", "two", "two", "behind"] {
        server.expect_text(words);
    }
    server.expect_close(1001);
    server.close(1001, "");
    client.expect_close(1001);
    client.close(1001, "");
    let outcome = proxy.running.wait().code(0);
    let expected = [
        "< meanwhile",
        "> slow",
        "> y",
        "> two",
        "> two",
        "> behind",
        "> close:1001",
        "< close:1001",
    ];
    assert_eq!(steps(&outcome), expected);
}

#[test]
fn what_was_still_held_at_the_end_was_not_sent_to_the_server() {
    let options =
        ["--json", "--once", "--ui", "--record", "x.wscope", "--rule", "any text:kept => hold"];
    let mut proxy = proxy(&options);
    let (mut client, mut server) = proxy.open();
    client.send(masked(&text("kept")));
    server.send(text("kept"));
    proxy.event("message");
    proxy.event("message");
    client.reset();
    server.expect_reset(b"");
    let outcome = proxy.running.wait().code(6);
    assert_eq!(steps(&outcome), ["< kept"]);
}

#[test]
fn a_close_frame_of_the_proxy_is_one_of_the_client() {
    let options = ["--once", "--record", "x.wscope", "--rule", "server stop => close 4000 enough"];
    let proxy = proxy(&options);
    let (mut client, mut server) = proxy.open();
    server.send(text("stop"));
    assert_eq!(client.expect_close(4000), "enough");
    server.expect_close(4000);
    client.close(4000, "");
    server.close(4000, "enough");
    let outcome = proxy.running.wait();
    assert_eq!(steps(&outcome), ["< stop", "> close:4000 enough", "< close:4000 enough"]);
}

/// A violation is no step, but the server got the Close frame behind it.
#[test]
fn a_close_frame_is_a_step_also_where_a_violation_of_the_server_was_withheld() {
    let proxy = proxy(&["--once", "--enforce", "--record", "x.wscope"]);
    let (mut client, mut server) = proxy.open();
    super::deliver(&mut server, &mut client, &text("fine"));
    server.send([0xc1, 0]);
    client.expect_close(1002);
    server.expect_close(1002);
    drop((client, server));
    let outcome = proxy.running.wait();
    assert_eq!(steps(&outcome), ["< fine", "> close:1002"]);
}

/// `check` would end there, as it detects the violation, too.
#[test]
fn the_answer_of_a_server_behind_a_violation_is_no_step() {
    let options = ["--once", "--record", "x.wscope", "--rule", "server stop => close 4000 enough"];
    let proxy = proxy(&options);
    let (mut client, mut server) = proxy.open();
    server.send(text("stop"));
    server.expect_close(4000);
    server.send([0xc1, 0]);
    server.close(4000, "enough");
    assert_eq!(client.expect_close(4000), "enough");
    client.close(4000, "");
    let outcome = proxy.running.wait();
    assert_eq!(steps(&outcome), ["< stop", "> close:4000 enough"]);
}

#[test]
fn a_session_that_was_just_passed_on_has_no_remark() {
    let proxy = proxy(&["--once", "--record", "x.wscope", "--rule", "client never => drop"]);
    let (mut client, mut server) = proxy.open();
    super::deliver(&mut client, &mut server, &masked(&text("as it is")));
    super::leave(client, server);
    let outcome = proxy.running.wait().code(0);
    assert!(!scenario(&outcome).contains(CHANGED));
    assert_eq!(steps(&outcome), ["> as it is", "> close:1000", "< close:1000"]);
}
