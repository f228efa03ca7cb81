//! Long messages whose rendering is several times as long, while stdout is not read.

use super::TIME_TO_END;
use crate::scripts::{peak_memory, serve, wait_until_blocked};
use crate::support::{BINARY, Running, Server, Signal, TEXT, close, frame, text, wscope};

/// The size of a message in bytes.
const SIZE: usize = 9 << 20;

/// In MiB: the message twice, as it is copied once, and the memory of the program without it and without its file.
const MAX_MEMORY: usize = 2 * (SIZE >> 20) + 8;

fn serve_long(opcode: u8, code: u16) -> Server {
    serve(move |peer| {
        peer.send([frame(true, 0, opcode, &vec![1; SIZE]), text("next")].concat());
        peer.send(close(1000, ""));
        peer.expect_close(code);
    })
}

fn spawn(options: &[&str], server: &Server) -> Running {
    let mut running = wscope().args(options).arg(server.url()).stdin_null().spawn();
    running.wait_stderr("connected to");
    running
}

#[test]
fn a_message_is_not_rendered_ahead_of_a_stalled_stdout() {
    let json = |kind: &str, data: &str| {
        format!(r#""type":"{kind}","data":"{data}","size":{},"#, data.len().div_ceil(6))
    };
    let text_event = json("text", &r"\u0001".repeat(SIZE));
    for (options, opcode, expected) in [
        (&["--json"][..], TEXT, &*text_event),
        (&["--output", "hex"], BINARY, &*("01".repeat(SIZE) + "\n6e657874\n")),
        (&["--output", "base64"], BINARY, &*("AQEB".repeat(SIZE / 3) + "\nbmV4dA==\n")),
    ] {
        let server = serve_long(opcode, 1000);
        let running = spawn(options, &server);
        wait_until_blocked(running.id());
        let peak = peak_memory(running.id());
        assert!(peak < MAX_MEMORY, "{options:?}: {peak} MiB");
        let outcome = running.wait().code(0);
        assert!(outcome.stdout.contains(expected), "{options:?}: {} bytes", outcome.stdout.len());
        if opcode == TEXT {
            let [long, next, close] = outcome.stdout.lines().skip(1).collect::<Vec<_>>()[..] else {
                panic!("{} bytes", outcome.stdout.len());
            };
            assert!(long.ends_with(r#""compressed":false,"frames":1}"#));
            assert!(next.contains(r#""data":"next""#), "{next}");
            assert!(close.contains(r#""event":"close""#), "{close}");
        }
    }
}

#[test]
fn a_signal_ends_the_run_and_counts_unrendered_messages() {
    let server = serve_long(TEXT, 1001);
    let running = spawn(&["--json"], &server);
    wait_until_blocked(running.id());
    running.signal(Signal::TERM);
    let outcome = running.wait_with_stdout_stalled(TIME_TO_END).code(143);
    outcome.stderr_contains("received and not written: standard output was not read");
}
