//! Which files are recorded to.

use std::fs::{self, File};
use std::io::Write;

use super::{TALK, events, events_at, names, recorded, talk};
use crate::scripts::{refused_url, serve};
use crate::support::{Outcome, Peer, wscope};

/// Runs without a server: the file is refused before anything else.
#[track_caller]
fn refused(code: i32, args: &[&str], reason: &str) -> Outcome {
    let program = wscope().file("there.ndjson", "kept").file("sent.ndjson", "sent");
    let outcome = program.arg(refused_url()).args(args).stdin_null().run();
    assert_eq!(outcome.file("there.ndjson"), b"kept");
    assert!(outcome.stderr.lines().count() == 1, "{}", outcome.stderr);
    outcome.code(code).stderr_contains(reason)
}

#[test]
fn files_that_cannot_be_recorded_to_are_refused_before_connecting() {
    for (code, args, reason) in [
        (8, &["--record", "there.ndjson"][..], "it exists (--force replaces it, --append"),
        (8, &["--record", "no/r.ndjson"], "cannot record to no/r.ndjson: No such file"),
        (2, &["--record", "r.json"], "the name has to end in .ndjson, .har or .wscope"),
        (2, &["--record", "-"], "--json writes them to standard output"),
        (2, &["--record", "/dev/stdout"], "--json writes them to standard output"),
        (2, &["--record", "r.har", "--append"], "only .ndjson files can be continued"),
        (2, &["--record", "r.wscope", "--append"], "only .ndjson files can be continued"),
        (2, &["--force"], "--force requires --record FILE"),
        (2, &["--append"], "--append requires --record FILE"),
        (2, &["--record", "r.ndjson", "--record", "./r.ndjson"], "already being recorded to"),
        (
            2,
            &["--force", "--record", "sent.ndjson", "--send-file", "sent.ndjson"],
            "it is read by this run (--send-file)",
        ),
    ] {
        refused(code, args, reason);
    }
}

#[test]
fn nothing_is_left_of_a_file_beside_one_that_is_refused() {
    let args = ["--record", "r.ndjson", "--record", "there.ndjson"];
    let outcome = refused(8, &args, "cannot record to there.ndjson: it exists");
    assert!(!outcome.path("r.ndjson").exists());
}

#[test]
fn no_file_is_replaced_if_another_one_cannot_be_opened() {
    let args = ["--force", "--record", "there.ndjson", "--record", "no/r.har"];
    refused(8, &args, "cannot record to no/r.har: No such file");
}

#[test]
fn the_input_is_not_replaced() {
    let program = wscope().file("in.ndjson", "hello\n");
    let input = File::open(program.home().join("in.ndjson")).expect("a file");
    let args = [&refused_url(), "--force", "--record", "in.ndjson"];
    let outcome = program.args(args).stdin_from(input).run();
    assert_eq!(outcome.file("in.ndjson"), b"hello\n");
    outcome.code(2).stderr_contains("it is standard input of this run");
}

#[test]
fn a_file_is_replaced_or_continued_on_demand() {
    let run = |option: &str, before: &str| {
        let server = serve(talk);
        let program = wscope().file("r.ndjson", before);
        let args = [&server.url(), "--record", "r.ndjson", option, "-x", "hello"];
        program.args(args).stdin_null().run().code(0)
    };
    assert_eq!(recorded(&run("--force", "{\"event\":\"old\"}\n")), TALK);
    let continued = recorded(&run("--append", "{\"event\":\"old\"}\n"));
    assert_eq!((&*continued[0], &continued[1..]), ("old", &TALK.map(str::to_owned)[..]));
    // What a run that was killed has left of a line.
    let outcome = run("--append", "{\"event\":\"old\"}\n{\"event\":\"mess");
    let bytes = outcome.file("r.ndjson");
    let text = str::from_utf8(&bytes).expect("UTF-8");
    assert_eq!(text.lines().nth(1), Some("{\"event\":\"mess"));
    let rest: String = text.lines().skip(2).map(|line| format!("{line}\n")).collect();
    assert_eq!(names(&events(rest.as_bytes())), TALK);
}

/// Nothing was said, and the messages of the run could be read by all users.
#[cfg(unix)]
#[test]
fn a_file_to_continue_that_others_can_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    for (mode, is_open) in [(0o644, true), (0o640, true), (0o600, false)] {
        let server = serve(talk);
        let program = wscope().file("r.ndjson", "");
        let path = program.home().join("r.ndjson");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
        let args = [&server.url(), "--record", "r.ndjson", "--append", "-x", "hello"];
        let outcome = program.args(args).stdin_null().run().code(0);
        let found = fs::metadata(outcome.path("r.ndjson")).expect("a file").permissions();
        assert_eq!(found.mode() & 0o777, mode, "the mode is the user's");
        let warning =
            format!("wscope: warning: r.ndjson has mode {mode:04o}: other users can read");
        match is_open {
            true => outcome.stderr_contains(&warning),
            false => outcome.stderr_lacks("warning"),
        };
    }
}

#[test]
fn a_file_to_continue_is_created_if_there_is_none() {
    let server = serve(talk);
    let args = [&server.url(), "--record", "r.ndjson", "--append", "-x", "hello"];
    let outcome = wscope().args(args).stdin_null().run().code(0);
    assert_eq!(recorded(&outcome), TALK);
}

#[test]
fn a_run_that_was_killed_and_continued_is_readable() {
    let server = serve(talk);
    let old = "{\"event\":\"open\",\"url\":\"ws://old\"}\n{\"event\":\"mess";
    let args = [&server.url(), "--record", "r.ndjson", "--append", "-x", "hello"];
    let outcome = wscope().file("r.ndjson", old).args(args).stdin_null().run().code(0);
    let warning = "wscope: warning: r.ndjson:2: the line is cut: ";
    let view = wscope().file("r.ndjson", outcome.file("r.ndjson")).args(["view", "r.ndjson"]);
    view.run().code(0).stderr_contains(warning).stderr_contains("connected to ws://old");
}

#[test]
fn only_recordings_are_continued() {
    for (content, looks) in [
        (&b"# Notes\n"[..], "it is plain text"),
        (b"\x7fELF\x02\x01", "it is a program (ELF)"),
        (b"a\0b", "it is binary data"),
        (b"{\n  \"log\": {\"version\":\"1.2\"}}", "it is a HAR"),
        (b"WS ws://h\n> a\n", "it looks like a scenario"),
        (b"Notes\n{\"event\":\"open\"}\n", "its first line is not an event"),
    ] {
        let program = wscope().file("other.ndjson", content).arg(refused_url());
        let outcome = program.args(["--record", "other.ndjson", "--append"]).stdin_null().run();
        assert_eq!(outcome.file("other.ndjson"), content);
        let reason = format!("wscope: cannot record to other.ndjson: {looks}, and --append adds");
        outcome.code(8).stderr_contains(&reason);
    }
    for empty in ["", "\n"] {
        let server = serve(talk);
        let program = wscope().file("r.ndjson", empty);
        let args = [&server.url(), "--record", "r.ndjson", "--append", "-x", "hello"];
        let outcome = program.args(args).stdin_null().run().code(0);
        assert_eq!(names(&events(outcome.file("r.ndjson").trim_ascii_start())), TALK);
    }
}

#[test]
fn several_files_are_alike() {
    let server = serve(talk);
    let args = [&server.url(), "-x", "hello", "--record", "r.ndjson", "--record", "s.ndjson"];
    let outcome = wscope().args(args).stdin_null().run().code(0);
    assert_eq!(recorded(&outcome), TALK);
    assert_eq!(outcome.file("s.ndjson"), outcome.file("r.ndjson"));
}

#[cfg(unix)]
#[test]
fn only_the_user_can_read_it_and_a_link_is_followed_on_demand() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let server = serve(talk);
    let program = wscope().file("target.ndjson", "old");
    symlink("target.ndjson", program.home().join("r.ndjson")).expect("a link");
    let args = [&server.url(), "-x", "hello", "--record", "r.ndjson", "--force"];
    let outcome = program.args(args).stdin_null().run().code(0);
    assert_eq!(recorded(&outcome), TALK);
    let target = outcome.path("target.ndjson");
    let mode = fs::metadata(target).expect("the end of the link").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// The first one overwrote the lines of the second.
#[cfg(unix)]
#[test]
fn two_processes_do_not_record_to_one_file() {
    for (file, first, second) in [
        ("r.ndjson", &[][..], &["--append"][..]),
        ("r.ndjson", &["--append"], &["--append"]),
        ("r.ndjson", &["--force"], &["--force"]),
        ("r.har", &[], &["--force"]),
        ("r.wscope", &[], &["--force"]),
    ] {
        let server = serve(talk_when_asked);
        let args = [&server.url(), "--record", file];
        let mut running = wscope().args(args).args(first).stdin_open().spawn();
        running.wait_stderr("connected");
        let path = running.home().join(file).display().to_string();
        let other = wscope().args([&refused_url(), "--record", &path]).args(second).stdin_null();
        other.run().code(8).stderr_contains("another process is recording to it");
        running.write_stdin("go\n");
        let outcome = running.wait().code(0);
        assert!(outcome.path(file).exists());
    }
}

/// They were overwritten.
#[cfg(unix)]
#[test]
fn lines_that_another_program_adds_stay() {
    let server = serve(talk_when_asked);
    let args = [&server.url(), "--record", "r.ndjson"];
    let mut running = wscope().args(args).stdin_open().spawn();
    running.wait_stderr("connected");
    let path = running.home().join("r.ndjson");
    super::prompt::wait_for(&path, &["open"]);
    let mut other = File::options().append(true).open(&path).expect("the recording");
    other.write_all(b"{\"event\":\"other\"}\n").expect("a write");
    running.write_stdin("go\n");
    let outcome = running.wait().code(0);
    let all = ["open", "other", "sent go", "close"];
    assert_eq!(names(&events_at(&outcome.path("r.ndjson"))), all);
}

fn talk_when_asked(peer: &mut Peer) {
    peer.expect_text("go");
    peer.close_and_expect_reply(1000);
}
