//! Files that are streamed while they are read.

use crate::events::events;
use crate::scripts::{answer_close, close, next, serve, serve_extension, serve_sink};
use crate::support::{
    BINARY, Key, Peer, Server, Signal, TEXT, Terminal, ping, script, text, wscope,
};
use serde_json::json;
use std::fs::{self, File};
use std::path::Path;
use std::sync::mpsc::channel;

/// Larger than all buffers of the sockets and the program.
const HUGE: u64 = 32 << 20;

/// A sparse file of zeros.
fn zeros(folder: &Path, size: u64) {
    let file = File::create(folder.join("large")).expect("a file");
    file.set_len(size).expect("a sparse file");
}

/// Reads the header of a masked frame of at least 64 KiB. Returns its length.
#[track_caller]
fn read_header(peer: &mut Peer, opcode: u8) -> u64 {
    let header = peer.read_exact(14);
    assert_eq!(header[..2], [0x80 | opcode, 0xff], "FIN, no RSV1, masked, 64 bits of length");
    u64::from_be_bytes(header[2..10].try_into().expect("8 bytes"))
}

/// Reads and discards a payload.
#[track_caller]
fn skip(peer: &mut Peer, mut count: u64) {
    while count > 0 {
        let piece = count.min(256 << 10);
        peer.read_exact(piece as usize);
        count -= piece;
    }
}

#[test]
fn a_large_file_is_one_frame() {
    let text = "é\n".repeat(600_000);
    for (options, opcode) in [(&[][..], TEXT), (&["-b"], BINARY)] {
        let (server, frames) = serve_sink();
        let client = wscope().file("large", &text).args(options);
        let client = client.args(["-x", "before", "--send-file", "large", "-x", "after"]);
        let (outcome, mut events) = events(client.args(["-w", "0", &server.url()]));
        outcome.code(0);
        let frames = next(&frames);
        assert_eq!(frames.len(), 3);
        assert_eq!((frames[1].opcode, frames[1].fin, frames[1].rsv), (opcode, true, 0));
        assert!(frames[1].payload == text.as_bytes());
        assert_eq!(frames[2].payload, b"after");
        let mut event = events.swap_remove(2);
        let object = event.as_object_mut().expect("an object");
        object.retain(|key, _| !["time", "elapsed_ms"].contains(&key.as_str()));
        let kind = if opcode == TEXT { "text" } else { "binary" };
        let size = text.len();
        assert_eq!(
            event,
            json!({"event": "message", "direction": "sent", "type": kind, "file": "large",
                   "size": size, "wire_size": size + 14, "compressed": false, "frames": 1})
        );
    }
}

#[test]
fn commands_stream_large_files_too() {
    let (server, frames) = serve_sink();
    let client = wscope().file("large", "x".repeat(2 << 20)).args(["--slash", "-vv", "-w", "0"]);
    let input = "before\n/file large\n/binary @large\nafter\n";
    let outcome = client.arg(server.url()).stdin(input).run().code(0);
    let sizes: Vec<_> =
        next(&frames).iter().map(|frame| (frame.opcode, frame.payload.len())).collect();
    assert_eq!(sizes, [(TEXT, 6), (TEXT, 2 << 20), (BINARY, 2 << 20), (TEXT, 5)]);
    outcome.stderr_contains("length 2097152 (64 bit), message 2 \"xxx");
}

#[test]
fn a_large_file_is_not_compressed() {
    let server = serve_extension("permessage-deflate", |peer| {
        let size = read_header(peer, BINARY);
        skip(peer, size);
        answer_close(peer);
    });
    let client = wscope();
    zeros(&client.home(), 2 << 20);
    client.args(["-b", "--send-file", "large", "-w", "0", &server.url()]).run().code(0);
}

#[test]
#[cfg(target_os = "linux")]
fn a_large_file_is_sent_in_bounded_memory() {
    let (resume, resumed) = channel();
    let server = serve(move |peer| {
        let size = read_header(peer, BINARY);
        skip(peer, size);
        resumed.recv().expect("a sender in the test");
        answer_close(peer);
    });
    let client = wscope();
    zeros(&client.home(), 2 * HUGE);
    let client = client.args(["-b", "--send-file", "large", "-w", "0", "--json", &server.url()]);
    let mut program = client.stdin_null().spawn();
    program.read_stdout_line();
    assert!(program.read_stdout_line().contains("\"file\":\"large\""));
    let peak = crate::scripts::peak_memory(program.id());
    assert!(peak < 12, "{peak} MiB");
    resume.send(()).expect("a server");
    program.wait().code(0);
}

#[test]
fn receiving_continues_and_replies_follow_the_frame() {
    let (resume, resumed) = channel();
    let server = serve(move |peer| {
        let size = read_header(peer, BINARY);
        peer.send([ping(b"during"), text("meanwhile")].concat());
        resumed.recv().expect("a sender in the test");
        skip(peer, size);
        peer.expect_pong(b"during");
        peer.expect_text("meanwhile");
        close(peer, 1000, "");
    });
    let client = wscope();
    zeros(&client.home(), HUGE);
    let client = client.args(["-b", "--send-file", "large", "--echo", "--output", "lines"]);
    let mut program = client.arg(server.url()).stdin_open().spawn();
    assert_eq!(program.read_stdout_line(), "meanwhile");
    resume.send(()).expect("a server");
    program.wait().code(0);
}

#[test]
fn a_truncated_file_ends_the_connection_inside_the_frame() {
    let (started, is_started) = channel();
    let (resume, resumed) = channel();
    let server = serve(move |peer| {
        let size = read_header(peer, BINARY);
        started.send(()).expect("a receiver in the test");
        resumed.recv().expect("a sender in the test");
        let rest = peer.read_until_eof().len() as u64;
        assert!(rest < size, "{rest} of {size} bytes");
    });
    let client = wscope();
    zeros(&client.home(), HUGE);
    let path = client.home().join("large");
    let client = client.args(["-b", "--send-file", "large", "-x", "after", &server.url()]);
    let program = client.stdin_null().spawn();
    next(&is_started);
    File::options().write(true).open(path).expect("a file").set_len(0).expect("an empty file");
    resume.send(()).expect("a server");
    let outcome = program.wait().code(8);
    outcome
        .stderr_contains("wscope: cannot read input: --send-file large: it ended after ")
        .stderr_contains(" of 33554432 bytes: it was shortened while it was sent\n");
    server.join();
}

#[test]
fn a_large_file_that_is_not_utf8_is_refused_before_connecting() {
    let mut text = vec![b'a'; 3 << 20];
    text[1_000_000] = b'\n';
    text[2_500_000] = 0xff;
    let url = crate::scripts::refused_url();
    let outcome = wscope().file("large", text).args(["--send-file", "large", &url]).run();
    outcome.code(8).stderr(
        "wscope: cannot read input: --send-file large: line 2, byte 1500000: invalid UTF-8 \
         (byte 2500001 of the file); --binary sends any bytes\n",
    );
}

#[test]
fn a_signal_ends_a_large_file_inside_the_frame() {
    let (started, is_started) = channel();
    let server = serve(move |peer| {
        let size = read_header(peer, BINARY);
        started.send(()).expect("a receiver in the test");
        peer.stall();
        assert!((peer.read_until_eof().len() as u64) < size);
    });
    let client = wscope();
    zeros(&client.home(), HUGE);
    let client = client.args(["-b", "--send-file", "large", "--close-timeout", "100ms"]);
    let program = client.arg(server.url()).stdin_open().spawn();
    next(&is_started);
    program.signal(Signal::INT);
    let outcome = program.wait().code(130);
    outcome.stderr_contains("sent only in part: --send-file large (33554432 bytes)\n");
    server.join();
}

#[test]
fn a_large_file_is_sent_again_after_a_reconnect() {
    for is_preset in [true, false] {
        let first = script(|peer: &mut Peer| {
            peer.accept_request();
            read_header(peer, BINARY);
            skip(peer, 300_000);
            peer.reset();
        });
        let second = script(|peer: &mut Peer| {
            peer.accept_request();
            let size = read_header(peer, BINARY);
            assert_eq!(size, HUGE);
            skip(peer, size);
            assert_eq!(peer.read_message().1, b"after");
            answer_close(peer);
        });
        let server = Server::scripts([first, second]);
        let client = wscope().args(["--reconnect", "--reconnect-delay", "1ms", "-w", "0"]);
        zeros(&client.home(), HUGE);
        let outcome = if is_preset {
            let options = ["-b", "--send-file", "large", "--input", "lines"];
            client.args(options).arg(server.url()).stdin("after\n").run()
        } else {
            client.args(["--slash", &server.url()]).stdin("/binary @large\nafter\n").run()
        };
        outcome.code(0);
        server.join();
    }
}

#[test]
fn a_close_frame_is_answered_after_the_frame_being_sent() {
    let server = serve(|peer| {
        let size = read_header(peer, BINARY);
        peer.close(1000, "");
        skip(peer, size);
        peer.expect_close(1000);
    });
    let client = wscope();
    zeros(&client.home(), HUGE);
    client.args(["-b", "--send-file", "large", &server.url()]).stdin_open().run().code(0);
    server.join();
}

#[test]
fn a_deleted_file_is_reported_and_not_sent() {
    let client = wscope();
    zeros(&client.home(), 2 << 20);
    let path = client.home().join("large");
    let server = Server::script(move |peer| {
        let head = peer.read_head();
        fs::remove_file(path).expect("a file");
        peer.accept(&head);
        answer_close(peer);
    });
    let client = client.args(["-b", "--send-file", "large", "-x", "after", &server.url()]);
    client
        .stdin_null()
        .run()
        .code(8)
        .stderr_contains("wscope: cannot read input: --send-file large: No such file or directory");
    server.join();
}

#[test]
fn the_reply_to_a_large_file_is_awaited() {
    let server = serve(|peer| {
        let size = read_header(peer, BINARY);
        skip(peer, size);
        peer.send(text("got it"));
        answer_close(peer);
    });
    let client = wscope();
    zeros(&client.home(), HUGE);
    let options = ["-b", "--output", "lines", "--send-file", "large", "-w", "300ms"];
    client.args(options).arg(server.url()).run().code(0).stdout("got it\n");
}

#[test]
fn ctrl_c_at_a_prompt_works_while_the_socket_is_stalled() {
    let (started, is_started) = channel();
    let server = serve(move |peer| {
        read_header(peer, TEXT);
        started.send(()).expect("a receiver in the test");
        peer.stall();
        peer.read_until_eof();
    });
    let folder = tempfile::tempdir().expect("a temporary directory");
    zeros(folder.path(), HUGE);
    let mut terminal = Terminal::spawn([&server.url(), "--close-timeout", "100ms"], 100, 24);
    terminal.wait_for_prompt();
    terminal.type_line(&format!("/file {}", folder.path().join("large").display()));
    next(&is_started);
    terminal.press(Key::CtrlC);
    assert_eq!(terminal.wait_exit(), 130);
    server.join();
}
