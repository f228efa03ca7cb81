//! A system without random bytes.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::Listener;

/// Runs its arguments where `getrandom(2)` fails with EIO. On ENOSYS the devices would be asked.
const WITHOUT_RANDOM_BYTES: &str = r#"
import ctypes, os, struct, sys
GETRANDOM = {"x86_64": 318, "aarch64": 278}[os.uname().machine]
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, FILTER, EIO = 22, 38, 2, 5
ERRNO, ALLOW = 0x00050000, 0x7FFF0000
code = b"".join(struct.pack("HBBI", *instruction) for instruction in [
    (0x20, 0, 0, 0),  # loads the number of the system call
    (0x15, 0, 1, GETRANDOM),
    (0x06, 0, 0, ERRNO | EIO),
    (0x06, 0, 0, ALLOW),
])
buffer = ctypes.create_string_buffer(code)
program = struct.pack("HxxxxxxP", 4, ctypes.addressof(buffer))
prctl = ctypes.CDLL(None, use_errno=True).prctl
prctl.argtypes = [ctypes.c_int] + [ctypes.c_void_p] * 4
if prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or prctl(PR_SET_SECCOMP, FILTER, program, 0, 0):
    sys.exit("SKIPPED: no filter of system calls")
os.execve(sys.argv[1], sys.argv[1:], {})
"#;

const FAILURE: &str =
    "cannot get random bytes from getrandom(2) or /dev/urandom: Input/output error (os error 5)";

/// `None` if this machine cannot take them away.
#[expect(clippy::print_stdout, reason = "a skipped test must be reported")]
fn run(args: &[&str]) -> Option<Output> {
    let mut python = Command::new("python3");
    python.args(["-c", WITHOUT_RANDOM_BYTES]).arg(assert_cmd::cargo::cargo_bin!("wscope"));
    python.args(args).stdin(Stdio::null());
    match python.output() {
        Ok(output) if !output.stderr.starts_with(b"SKIPPED: ") => Some(output),
        _ => {
            println!("SKIPPED: needs python3 and seccomp");
            None
        }
    }
}

fn stderr(output: &Output) -> &str {
    str::from_utf8(&output.stderr).expect("UTF-8")
}

#[test]
fn a_command_that_needs_random_bytes_reports_that_there_are_none() {
    let server = Listener::new();
    let url = server.url();
    let commands = [
        &["-x", "hello", &url][..],
        &["listen", "127.0.0.1:0"],
        &["proxy", "127.0.0.1:0", &url],
        &["check", "."],
        &["view", "session.ndjson"],
        &["replay", "session.ndjson", &url],
        &["diff", "a.ndjson", "b.ndjson"],
    ];
    for args in commands {
        let Some(output) = run(args) else { return };
        assert_eq!(stderr(&output), format!("wscope: {FAILURE}\n"), "{args:?}");
        assert_eq!(output.status.code(), Some(8), "{args:?}");
        assert_eq!(output.stdout, b"", "{args:?}");
    }
    server.expect_none();
}

#[test]
fn the_failure_is_an_event() {
    let url = Listener::new().url();
    for args in [&["--json", &url][..], &["listen", "--output", "json", "127.0.0.1:0"]] {
        let Some(output) = run(args) else { return };
        let event: Value = serde_json::from_slice(&output.stdout).expect("one event");
        assert_eq!(event["kind"], "local", "{event}");
        assert_eq!(event["message"], FAILURE);
        assert_eq!(output.status.code(), Some(8), "{args:?}");
    }
}

#[test]
fn texts_need_none() {
    for args in [&["codes", "1006"][..], &["man", "listen"], &["completions", "fish"], &["--help"]]
    {
        let Some(output) = run(args) else { return };
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""), "{args:?}");
        assert_ne!(output.stdout, b"", "{args:?}");
    }
}
