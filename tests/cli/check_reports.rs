//! The reports of `wscope check`, read as strictly as their formats are defined.

mod annotations;
mod gap;
mod html;
mod json;
mod junit;
mod refusals;
mod secrets;
mod tap;

use crate::support::{Outcome, Peer, Server, Wscope, binary, ping, text, wscope};

/// What a peer sends to break reports: markup, the ends of sections, lines that formats or CI systems give a meaning
/// to, control characters, and characters that XML cannot hold.
const HOSTILE: [&str; 9] = [
    "]]></system-out><x>&amp; \" '",
    "\u{1b}[2J\u{0}\u{7f}\u{9b}\u{fffe}\u{202e}\u{2028}\u{e0041}",
    "a\n::error::evil\r\n##[error]x\n  ::add-mask::y",
    "::error file=x::evil",
    "b\n  ...\n---\nok 99 - c # TODO\nBail out! d\n1..7",
    "# SKIP \\ \\# %0A: {\"e\": [&f, *g, !h]}",
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>",
    "{\"a\":2}",
    "",
];

const HOSTILE_TITLE: &str = "b # SKIP \\ ]]> <&\"> ::error::x ##[y";

/// A part that passes and one that fails; with `--fail-fast`, one more that is skipped.
fn scenario() -> String {
    format!(
        "### a\nWS {{{{url}}}}\n< {{\"a\":2}}\n> hex:00 ff 0a\n### {HOSTILE_TITLE}\nWS {{{{url}}}} as x\n\
         [Options]\ntimeout: 50ms\n> hi\n< {{\"a\":1}}\n### c\nWS {{{{url}}}}\n> hi\n< {{\"a\":2}}\n"
    )
}

fn hostile_peer(peer: &mut Peer) {
    peer.accept_request();
    for message in HOSTILE {
        peer.send(text(message));
    }
    peer.send(binary(b"\0\xff\xfe<b>"));
    peer.send(binary(b"readable"));
    peer.send(ping(b"<p>\xff"));
    while peer.read_frame().opcode != crate::support::CLOSE {}
    peer.send(crate::support::close(1000, ""));
}

/// `wscope check` of a scenario with what the server says, and with options.
fn check(server: &Server, scenario: &str, args: &[&str]) -> Wscope {
    let url = format!("url={}", server.url());
    wscope().file("s.wscope", scenario).args(["check", "s.wscope", "--variable", &url]).args(args)
}

/// Asks for all reports.
fn reporting(command: Wscope) -> Wscope {
    let kinds = ["junit", "tap", "json", "html"];
    command.args(kinds.map(|kind| format!("--report-{kind}=r/{kind}")))
}

/// A report as a text.
fn report(outcome: &Outcome, kind: &str) -> String {
    String::from_utf8(outcome.file(&format!("r/{kind}"))).expect("UTF-8")
}

/// A run in which a part passed, one failed with hostile messages, and one was skipped.
fn hostile() -> Outcome {
    let server = Server::repeat(2, hostile_peer);
    reporting(check(&server, &scenario(), &["--fail-fast"])).run().code(1)
}

/// A run that a signal interrupts in its second part.
#[cfg(unix)]
fn interrupted() -> Outcome {
    let (sender, opened) = std::sync::mpsc::channel();
    let server = Server::script(move |peer| {
        peer.accept_request();
        sender.send(()).expect("the test waits");
        // The signal may come before or after the connection is in use: there may be a Close frame or not.
        while let Ok(Some(frame)) = peer.try_read_frame() {
            if frame.opcode == crate::support::CLOSE {
                peer.try_send(crate::support::close(1000, ""));
                break;
            }
        }
    });
    let scenario = "### a\nWS {{url}}\nSLEEP 60s\n### b\nWS {{url}}\nSLEEP 1s\n";
    let running = reporting(check(&server, scenario, &[])).spawn();
    opened.recv_timeout(crate::support::DEADLINE).expect("a connection");
    running.signal(crate::support::Signal::INT);
    running.wait().code(130)
}
