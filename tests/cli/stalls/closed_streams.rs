//! Standard streams that are closed when the program starts: `>&-`, `2>&-`, `<&-`.

use crate::scripts::{answer_close, serve};
use crate::support::{Server, text, wscope};
use std::fs::OpenOptions;
use std::time::Duration;

fn serve_message() -> Server {
    serve(|peer| {
        peer.send(text("x"));
        answer_close(peer);
    })
}

#[test]
fn a_closed_stdout_is_a_failure() {
    let server = serve_message().optional();
    let outcome = wscope().args(["--count", "1", &server.url()]).redirect(">&-").run();
    outcome.code(8).stderr_contains("standard output");
}

#[test]
fn a_closed_stdout_of_a_listening_server_is_a_failure() {
    // Without an output it does not start serving.
    let program = wscope().args(["listen", ":0"]).redirect(">&-").deadline(Duration::from_secs(2));
    program.run().code(8).stderr_contains("standard output");
}

#[test]
fn a_closed_stdout_of_a_command_that_prints_is_a_failure() {
    for args in [
        &["--help"][..],
        &["--version"],
        &["help", "listen"],
        &["codes"],
        &["man"],
        &["completions", "bash"],
    ] {
        let outcome = wscope().args(args).redirect(">&-").run().code(8);
        outcome.stderr_contains("wscope: cannot write standard output: it was closed");
    }
}

/// Python's `subprocess.DEVNULL` is opened like this, as is a closed descriptor by Rust's runtime.
#[test]
fn a_null_device_for_reading_and_writing_is_a_valid_output() {
    let server = serve_message();
    let null = OpenOptions::new().read(true).write(true).open("/dev/null").expect("a null device");
    wscope().args(["--count", "1", &server.url()]).stdout_to(null).run().code(0);
}

#[test]
fn a_closed_stderr_is_not_a_failure() {
    let server = serve_message();
    let program = wscope().args(["-v", "--count", "1", &server.url()]).redirect("2>&-");
    program.run().code(0).stdout("x\n");
}

#[test]
fn a_closed_stdin_is_an_ended_one() {
    let server = serve_message();
    let program = wscope().args(["--wait", "200ms", &server.url()]).redirect("<&-");
    program.run().code(0).stdout("x\n");
}

#[test]
fn closed_streams_are_not_reused_by_the_connection() {
    let server = serve_message();
    let program = wscope().args(["--count", "1", &server.url()]).redirect("<&- 2>&-");
    program.run().code(0).stdout("x\n");
}
