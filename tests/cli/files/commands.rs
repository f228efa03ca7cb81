//! Files of commands: the event loop continues while they are loaded, and later lines wait.

use super::{fifo, wait_until_opened, writer};
use crate::scripts::{answer_close, serve};
use crate::support::{Key, Peer, Signal, Terminal, ping, text, wscope};
use std::io::Write;
use std::sync::mpsc::channel;

/// Pings the client, whose event loop replies unless it is blocked.
#[track_caller]
fn assert_responsive(peer: &mut Peer) {
    peer.send(ping(b"alive"));
    peer.expect_pong(b"alive");
}

#[test]
fn the_event_loop_continues_while_a_command_waits_for_its_file() {
    for command in ["/file", "/binary @"] {
        let (resume, resumed) = channel();
        let server = serve(move |peer| {
            peer.expect_text("before");
            resumed.recv().expect("a sender in the test");
            assert_responsive(peer);
            peer.send(text("meanwhile"));
            match command {
                "/file" => peer.expect_text("from a FIFO"),
                _ => peer.expect_binary(b"from a FIFO"),
            }
            peer.expect_text("after");
            answer_close(peer);
        });
        let client = wscope();
        let path = fifo(&client.home());
        let writer = writer(&path);
        let command = if command == "/file" { "/file fifo" } else { "/binary @fifo" };
        let client = client.args(["--slash", "-w", "0", &server.url()]);
        let mut program = client.stdin(&format!("before\n{command}\nafter\n")).spawn();
        let mut file = wait_until_opened(&writer);
        resume.send(()).expect("a server");
        assert_eq!(program.read_stdout_line(), "meanwhile");
        file.write_all(b"from a FIFO").expect("a reader");
        drop(file);
        program.wait().code(0);
        server.join();
    }
}

#[test]
fn signals_and_time_limits_end_the_wait_for_a_file() {
    for signal in [None, Some((Signal::INT, 130, 1000)), Some((Signal::TERM, 143, 1001))] {
        let server = serve(move |peer| {
            let code = signal.map_or(1000, |(_, _, code)| code);
            peer.expect_close(code);
            peer.close(code, "");
        });
        let client = wscope();
        let path = fifo(&client.home());
        let writer = writer(&path);
        let limit = if signal.is_none() { "200ms" } else { "1m" };
        let client = client.args(["--slash", "-m", limit, &server.url()]);
        let program = client.stdin("/file fifo\nafter\n").spawn();
        let _file = wait_until_opened(&writer);
        if let Some((signal, ..)) = signal {
            program.signal(signal);
        }
        program.wait().code(signal.map_or(7, |(_, code, _)| code));
    }
}

#[test]
fn an_unreadable_file_is_an_error_with_its_line() {
    let server = serve(|peer| {
        peer.expect_text("one");
        answer_close(peer);
    });
    let client = wscope().args(["--slash", "-w", "0", &server.url()]);
    client.stdin("one\n/file missing\ntwo\n").run().code(8).stderr_contains(
        "wscope: cannot read input: standard input: line 2: missing: No such file or directory",
    );
}

#[test]
#[cfg(target_os = "linux")]
fn an_endless_device_is_an_error() {
    let server = serve(answer_close);
    let client = wscope().args(["--slash", "-w", "0", &server.url()]);
    client.stdin("/file /dev/zero\n").run().code(8).stderr_contains(
        "standard input: line 1: /dev/zero: more than 64 MiB; only a regular file can be larger\n",
    );
}

/// A prompt that waits for a FIFO to be read.
fn waiting_prompt(url: &str) -> (Terminal, std::fs::File, tempfile::TempDir) {
    let terminal = Terminal::spawn([url], 100, 24);
    terminal.wait_for_prompt();
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = fifo(folder.path());
    let writer = writer(&path);
    terminal.type_line(&format!("/file {}", path.display()));
    let file = wait_until_opened(&writer);
    (terminal, file, folder)
}

#[test]
fn a_prompt_accepts_input_while_waiting_for_a_file() {
    let (resume, resumed) = channel();
    let server = serve(move |peer| {
        resumed.recv().expect("a sender in the test");
        assert_responsive(peer);
        peer.send(text("meanwhile"));
        peer.expect_text("from a FIFO");
        peer.expect_text("after");
        answer_close(peer);
    });
    let (mut terminal, mut file, _folder) = waiting_prompt(&server.url());
    terminal.type_line("after");
    resume.send(()).expect("a server");
    terminal.wait_for("< meanwhile");
    file.write_all(b"from a FIFO").expect("a reader");
    drop(file);
    terminal.press(Key::CtrlD);
    assert_eq!(terminal.wait_exit(), 0);
    server.join();
}

#[test]
fn ctrl_c_at_a_prompt_does_not_wait_for_a_file() {
    let server = serve(answer_close);
    let (mut terminal, _file, _folder) = waiting_prompt(&server.url());
    terminal.type_line("never sent");
    terminal.wait_for("> never sent");
    terminal.press(Key::CtrlC);
    assert_eq!(terminal.wait_exit(), 130);
    server.join();
}

/// Nothing ever writes to the FIFO.
#[test]
fn a_line_that_ends_the_session_does_not_wait_for_ever_for_a_file() {
    for term in ["xterm-256color", "dumb"] {
        for (command, end) in [("/binary @", "/quit"), ("/file ", "/close 1000")] {
            let server = serve(answer_close);
            let args = ["--close-timeout", "300ms", &server.url()];
            let mut terminal = Terminal::spawn_with(args, 100, 24, &[("TERM", term)]);
            terminal.wait_for("connected");
            let folder = tempfile::tempdir().expect("a temporary directory");
            let path = fifo(folder.path());
            terminal.type_line(&format!("{command}{}", path.display()));
            terminal.type_line(end);
            assert_eq!(terminal.wait_exit(), 0, "{term}");
            terminal.wait_for("was not read to its end within --close-timeout");
            server.join();
        }
    }
}
