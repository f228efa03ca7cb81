//! Clients that do not read do not delay others.

use std::process::Stdio;

use super::{client, leave, listen, start};
use crate::support::{BINARY, CLOSE, binary, masked, wscope};

const MESSAGE: usize = 1 << 20;

/// More than the limit and the kernel's buffers.
const MESSAGES: usize = 40;

#[test]
fn a_client_over_the_queue_limit_is_closed() {
    let program = wscope().stdin_null().stdout_to(Stdio::null());
    let (mut server, port) = start(program, &["--broadcast"]);
    let [mut sender, mut quick, mut stalled] = [client(port), client(port), client(port)];
    let message = masked(&binary(&vec![7; MESSAGE]));
    for _ in 0..MESSAGES {
        sender.send(&message);
        let (opcode, payload) = quick.read_message();
        assert_eq!((opcode, payload.len()), (BINARY, MESSAGE));
    }
    let line = server.wait_stderr("too slow");
    assert!(
        line.contains("#3 wscope: warning: too slow: 16 MiB are waiting; closing with"),
        "{line}"
    );
    // The data already written to the socket comes first.
    let close = loop {
        let frame = stalled.read_frame();
        if frame.opcode == CLOSE {
            break frame.payload;
        }
    };
    assert_eq!(&close[..2], 1013_u16.to_be_bytes());
    assert_eq!(&close[2..], b"too slow: 16 MiB were waiting");
    stalled.close(1013, "");
    stalled.expect_eof();
    server.wait_stderr("#3 wscope: too slow: 16 MiB were waiting; closed with 1013");
    leave(sender);
    leave(quick);
}

#[test]
fn a_stalled_client_is_disconnected_after_the_close_timeout() {
    let program = wscope().stdin_null().stdout_to(Stdio::null());
    let (mut server, port) = start(program, &["--broadcast", "--close-timeout", "100ms"]);
    let [mut sender, stalled] = [client(port), client(port)];
    let message = masked(&binary(&vec![7; MESSAGE]));
    for _ in 0..MESSAGES {
        sender.send(&message);
    }
    server.wait_stderr("too slow: 16 MiB are waiting");
    server.wait_stderr("the peer accepted no data for 100ms, so our Close frame could not be sent");
    leave(sender);
    drop(stalled);
}

#[cfg(unix)]
#[test]
fn a_stalled_output_does_not_prevent_the_end_of_the_server() {
    let (server, port) = listen(&[]);
    let mut peer = client(port);
    let message = masked(&binary(&vec![7; MESSAGE]));
    peer.send(&message); // the server's output is not read
    server.signal(crate::support::Signal::TERM);
    server.wait().code(143);
}

/// File descriptors run out after one or two clients. Accepted clients are served nevertheless.
#[cfg(target_os = "linux")]
#[test]
fn clients_wait_until_file_descriptors_are_available() {
    use rustix::process::{Pid, Resource, getrlimit, prlimit};
    let (mut server, port) = listen(&["--echo"]);
    let first = client(port);
    server.wait_stderr("#1 ");
    let open = std::fs::read_dir(format!("/proc/{}/fd", server.id())).expect("a process").count();
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = Some(open as u64);
    let process = Pid::from_raw(server.id().cast_signed());
    prlimit(process, Resource::Nofile, limit).expect("a limit on open files");
    let mut served = vec![first];
    let mut waiting = loop {
        let mut peer = crate::support::Peer::connect(port);
        peer.request("/", &[]);
        // "#2 client ...", or the report that no more clients can be accepted.
        if server.wait_stderr("client").contains("no more clients can be accepted for now") {
            break peer;
        }
        assert_upgraded(&mut peer);
        served.push(peer);
    };
    served.into_iter().for_each(leave);
    assert_upgraded(&mut waiting);
    leave(waiting);
}

#[cfg(target_os = "linux")]
#[track_caller]
fn assert_upgraded(peer: &mut crate::support::Peer) {
    let head = peer.read_head();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
}
