//! The server's prompt on a terminal.

use std::io::Write;
use std::thread;
use std::time::Duration;

use super::{client, client_at, leave, port_in};
use crate::files::{fifo, wait_until_opened, writer};
use crate::stalls::SHOWN_WHILE_STOPPING;
use crate::support::{Key, Peer, Terminal, masked, ping, pong, text};

/// A server on a terminal with a prompt, and its port.
fn serve(options: &[&str]) -> (Terminal, u16) {
    let terminal = Terminal::spawn([&["listen", ":0"], options].concat(), 110, 40);
    terminal.wait_until("a prompt below the address", |screen| {
        port_in(screen).is_some() && screen.trim_end().ends_with('>')
    });
    let port = port_in(&terminal.screen()).expect("a port on the screen");
    (terminal, port)
}

/// A client, after the server has reported its number.
fn connect(terminal: &Terminal, port: u16, number: usize) -> Peer {
    let peer = client(port);
    terminal.wait_for(&format!("#{number} client 127.0.0.1:"));
    peer
}

#[track_caller]
fn expect_going_away(mut peer: Peer) {
    peer.answer_close(1001);
    peer.expect_eof();
}

#[test]
fn lines_are_sent_to_all_clients_or_to_one() {
    let (mut terminal, port) = serve(&[]);
    let mut peers = [connect(&terminal, port, 1), connect(&terminal, port, 2)];
    terminal.type_line("hello all");
    terminal.type_line("//slash");
    terminal.type_line("/to 2 only you");
    terminal.type_line("/binary 00ff");
    for (index, peer) in peers.iter_mut().enumerate() {
        peer.expect_text("hello all");
        peer.expect_text("/slash");
        if index == 1 {
            peer.expect_text("only you");
        }
        peer.expect_binary(&[0, 255]);
    }
    terminal.wait_for("> /binary 00ff");
    let screen = terminal.screen();
    assert_eq!(screen.matches("hello all").count(), 1, "shown once: {screen}");
    terminal.press(Key::CtrlD);
    peers.into_iter().for_each(expect_going_away);
    assert_eq!(terminal.wait_exit(), 0);
    assert!(terminal.termios_restored());
}

#[test]
fn the_commands_of_a_connection_work_at_the_server_prompt() {
    let (mut terminal, port) = serve(&[]);
    terminal.type_line("/full");
    terminal.wait_for("no message has been received yet");
    let mut peer = connect(&terminal, port, 1);
    std::fs::write(terminal.home().join("greeting.txt"), "from a file").expect("a file");
    terminal.type_line("/text /not a command");
    peer.expect_text("/not a command");
    terminal.type_line("/file greeting.txt");
    peer.expect_text("from a file");
    peer.send(masked(&text(&format!("{}the end", "x".repeat(20_000)))));
    terminal.wait_for("/full 3 shows it whole");
    assert!(!terminal.screen().contains("the end"));
    terminal.type_line("/full");
    terminal.wait_for("xthe end");
    terminal.press(Key::CtrlD);
    expect_going_away(peer);
    assert_eq!(terminal.wait_exit(), 0);
}

#[test]
fn raw_frames_are_sent_to_all_clients() {
    let (mut terminal, port) = serve(&[]);
    let mut peers = [connect(&terminal, port, 1), connect(&terminal, port, 2)];
    terminal.type_line("/frame 11 nofin rsv2 mask=01020304 hi");
    for peer in &mut peers {
        let frame = peer.read_frame();
        assert_eq!((frame.fin, frame.rsv, frame.opcode, frame.masked), (false, 2, 11, true));
        assert_eq!(frame.payload, b"hi");
    }
    terminal.wait_for("#2 >> raw frame reserved opcode 11, RSV2, mask 01020304");
    terminal.press(Key::CtrlD);
    peers.into_iter().for_each(expect_going_away);
    assert_eq!(terminal.wait_exit(), 0);
}

#[test]
fn clients_are_listed_with_their_details() {
    let (mut terminal, port) = serve(&["-s", "chat", "-x", "welcome"]);
    terminal.type_line("/clients");
    terminal.wait_for("no client is connected");
    let headers = ["Sec-WebSocket-Protocol: chat"];
    let mut peer = client_at(port, "/room?token=secret", &headers);
    peer.expect_text("welcome");
    peer.send(masked(&text("one")));
    terminal.wait_for("#1 < one");
    terminal.type_line("/clients");
    terminal.wait_until("the list", |screen| {
        screen.lines().any(|line| {
            line.starts_with("  #1  127.0.0.1:")
                && line.contains(" s  /room?token=***  chat  received 1, sent 1")
        })
    });
    leave(peer);
    terminal.type_line("/quit");
    assert_eq!(terminal.wait_exit(), 0);
}

#[test]
fn kick_closes_with_code_and_reason() {
    let (terminal, port) = serve(&[]);
    let [mut first, mut second] = [connect(&terminal, port, 1), connect(&terminal, port, 2)];
    terminal.type_line("/kick 1 4001 \"not you\"");
    assert_eq!(first.expect_close(4001), "not you");
    first.close(4001, "");
    first.expect_eof();
    terminal.wait_for("#1 closed by us: 4001");
    terminal.type_line("/kick 2");
    second.expect_close(1000);
    terminal.type_line("/kick 7");
    terminal.wait_for("no client 7; /clients lists the connected clients");
}

#[test]
fn a_command_behind_an_address_is_for_one_client() {
    let (mut terminal, port) = serve(&[]);
    let mut peers = [connect(&terminal, port, 1), connect(&terminal, port, 2)];
    std::fs::write(terminal.home().join("a file"), [0xff]).expect("a file");
    for line in ["//slash", "/binary 00", "/file a file", "/pong data", "/fragment 2 ab"] {
        terminal.type_line(&format!("/to 2 {line}"));
    }
    terminal.type_line("to all");
    peers[1].expect_text("/slash");
    peers[1].expect_binary(&[0]);
    peers[1].expect_binary(&[0xff]);
    peers[1].expect_pong(b"data");
    let frames = [(); 2].map(|()| peers[1].read_frame());
    assert_eq!(
        frames.map(|frame| (frame.fin, frame.payload)),
        [(false, b"a".to_vec()), (true, b"b".to_vec())]
    );
    peers.iter_mut().for_each(|peer| peer.expect_text("to all"));
    terminal.type_line("/to 2 /status");
    terminal.wait_for("  state           OPEN (1)");
    terminal.type_line("/to 1 /headers");
    terminal.wait_for("#1 < GET / HTTP/1.1");
    terminal.wait_for("#1 > HTTP/1.1 101 Switching Protocols");
    terminal.type_line("/to 1 /quit");
    terminal.wait_for("/quit does not apply to one client");
    terminal.type_line("/to 3 /status");
    terminal.wait_for("no client 3");
    terminal.type_line("/to 2 /close 4001 bye");
    let [first, mut second] = peers;
    assert_eq!(second.expect_close(4001), "bye");
    second.close(4001, "");
    second.expect_eof();
    terminal.wait_for("#2 closed by us: 4001");
    terminal.press(Key::CtrlD);
    expect_going_away(first);
    assert_eq!(terminal.wait_exit(), 0);
}

#[test]
fn commands_without_an_address_are_for_all_clients() {
    let (mut terminal, port) = serve(&[]);
    let peers = [connect(&terminal, port, 1), connect(&terminal, port, 2)];
    for line in ["/ping are you there", "/pong", "/fragment 2 ab", "/close 4001 \"all out\""] {
        terminal.type_line(line);
    }
    for mut peer in peers {
        peer.expect_ping(b"are you there");
        peer.expect_pong(b"");
        let frames = [(); 2].map(|()| peer.read_frame());
        assert_eq!(frames.map(|frame| frame.payload), [b"a", b"b"]);
        assert_eq!(peer.expect_close(4001), "all out");
        peer.close(4001, "");
        peer.expect_eof();
    }
    let last = connect(&terminal, port, 3); // the server goes on
    terminal.press(Key::CtrlD);
    expect_going_away(last);
    assert_eq!(terminal.wait_exit(), 0);
}

#[test]
fn a_client_that_is_being_closed_is_not_called_unknown() {
    let (mut terminal, port) = serve(&[]);
    let mut peer = connect(&terminal, port, 1);
    terminal.type_line("/close");
    peer.expect_close(1000);
    terminal.type_line("hello");
    terminal.wait_for("all connections are being closed: nothing was sent");
    terminal.type_line("/to 1 hello");
    terminal.wait_for("client 1 is being closed: nothing was sent");
    peer.close(1000, "");
    peer.expect_eof();
    terminal.wait_for("#1 closed by us: 1000");
    terminal.press(Key::CtrlD);
    assert_eq!(terminal.wait_exit(), 0);
}

#[test]
fn the_state_of_the_server_is_shown() {
    let (mut terminal, port) = serve(&["--path", "/chat", "--echo", "--max-memory", "64M"]);
    let at = |port| client_at(port, "/chat", &[]);
    let mut first = at(port);
    for message in ["one", "two"] {
        first.send(masked(&text(message)));
        first.expect_text(message);
    }
    leave(first);
    terminal.wait_for("#1 closed");
    let mut second = at(port);
    terminal.wait_for("#2 client 127.0.0.1:");
    terminal.type_line("to the second");
    second.expect_text("to the second");
    terminal.type_line("/status");
    terminal.wait_for("  age ");
    let screen = terminal.screen();
    for row in [
        &format!("  url             ws://127.0.0.1:{port}/chat"),
        "  clients         1 connected, 2 in all",
        "  received        2 messages",
        "  sent            3 messages",
        "  memory          0 bytes of 64 MiB",
    ] {
        assert!(screen.contains(row), "no {row:?} in:\n{screen}");
    }
    terminal.press(Key::CtrlD);
    drop(second);
    assert_eq!(terminal.wait_exit(), 0);
}

#[test]
fn tab_completes_a_command_behind_an_address() {
    let (terminal, _) = serve(&[]);
    terminal.type_text("/to 1 /fra");
    terminal.press(Key::Tab);
    terminal.press(Key::Tab);
    terminal.wait_for("/fragment  /frame");
    terminal.type_text("g");
    terminal.press(Key::Tab);
    terminal.wait_for("> /to 1 /fragment N TEXT");
    terminal.press(Key::CtrlU);
    terminal.type_text("/to 1 /k");
    terminal.press(Key::Tab);
    terminal.type_text("x");
    terminal.wait_for("> /to 1 /kx");
}

/// The exit status follows the one client, whichever side ended the connection.
#[test]
fn an_unreached_count_at_quit_is_a_failure() {
    let (mut terminal, port) = serve(&["--once", "--count", "5"]);
    let mut peer = connect(&terminal, port, 1);
    peer.send(masked(&text("one")));
    terminal.wait_for("#1 < one");
    terminal.type_line("/quit");
    expect_going_away(peer);
    assert_eq!(terminal.wait_exit(), 1);
}

#[test]
fn pings_show_the_round_trip_time() {
    let (terminal, port) = serve(&[]);
    let mut peer = connect(&terminal, port, 1);
    for line in ["/ping", "/to 1 /ping"] {
        terminal.type_line(line);
        peer.expect_ping(b"");
        peer.send(masked(&pong(b"")));
    }
    terminal.wait_until("two round trips", |screen| screen.matches("round trip").count() == 2);
}

#[test]
fn help_lists_every_command_and_errors_are_explained() {
    let (terminal, _) = serve(&[]);
    terminal.type_line("/help all");
    terminal.wait_for("  Ctrl-Z "); // the last line
    let screen = terminal.raw_output();
    let names =
        "help clients to text binary file ping pong fragment close kick status headers full quit";
    for name in names.split(' ') {
        assert!(screen.contains(&format!("  /{name} ")), "no /{name} in:\n{screen}");
    }
    terminal.type_line("/closed");
    terminal.wait_for("unknown command /closed");
    terminal.type_line("/close 2 4000 bye");
    terminal.wait_for("close code 2 Unused must not be sent");
    assert!(!terminal.screen().contains("/kick 2"), "{}", terminal.screen());
    terminal.type_line("hello?");
    terminal.wait_for("no client is connected: nothing was sent");
}

#[test]
fn a_close_with_the_number_of_a_client_has_a_hint() {
    let (terminal, port) = serve(&[]);
    let _peer = connect(&terminal, port, 1);
    terminal.type_line("/close 1 4000 bye");
    terminal.wait_for("; to close client 1: /kick 1 4000 bye");
}

#[test]
fn the_edited_line_is_kept_below_messages() {
    let (terminal, port) = serve(&[]);
    terminal.type_text("half a li");
    terminal.wait_for("> half a li");
    let mut peers = [client(port), client(port)];
    for turn in 0..20 {
        for peer in &mut peers {
            peer.send(masked(&text(&format!("message {turn}"))));
        }
    }
    terminal.wait_until("the last messages above the line", |screen| {
        screen.contains("#1 < message 19")
            && screen.contains("#2 < message 19")
            && screen.lines().last().is_some_and(|line| line.trim_end() == "> half a li")
    });
    terminal.type_line("ne");
    for peer in &mut peers {
        peer.expect_text("half a line");
    }
    peers.into_iter().for_each(leave);
}

#[test]
fn ctrl_c_closes_all_connections() {
    let (mut terminal, port) = serve(&[]);
    let peer = connect(&terminal, port, 1);
    terminal.press(Key::CtrlC);
    expect_going_away(peer);
    assert_eq!(terminal.wait_exit(), 130);
    assert!(terminal.termios_restored());
}

#[test]
fn clients_are_served_while_waiting_for_a_file() {
    let (mut terminal, port) = serve(&[]);
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = fifo(folder.path());
    let writer = writer(&path);
    terminal.type_line(&format!("/binary @{}", path.display()));
    let mut file = wait_until_opened(&writer);
    let mut peer = connect(&terminal, port, 1);
    peer.send(masked(&text("served")));
    terminal.wait_for("served");
    terminal.type_line("after");
    file.write_all(&[0, 255]).expect("a reader");
    drop(file);
    peer.expect_binary(&[0, 255]);
    peer.expect_text("after");
    terminal.press(Key::CtrlD);
    expect_going_away(peer);
    assert_eq!(terminal.wait_exit(), 0);
}

/// A request target may have any character that is not ASCII.
#[test]
fn a_request_target_is_escaped() {
    let (mut terminal, port) = serve(&["-v"]);
    let hostile = "/\u{9b}31m\u{202e}\u{200b}";
    let headers = ["X-Evil: \u{9b}\u{202e}", "Origin: http://localhost/\u{9b}\u{202e}"];
    let mut peer = Peer::connect(port);
    peer.request(hostile, &headers);
    terminal.wait_for(r"/\x9b31m\u{202e}\u{200b}");
    drop(peer);
    let peer = client(port);
    terminal.wait_for(" client 127.0.0.1:");
    terminal.type_line("/clients");
    terminal.type_line("/status 1");
    terminal.wait_for("> /status 1");
    terminal.press(Key::CtrlD);
    expect_going_away(peer);
    assert_eq!(terminal.wait_exit(), 0);
    let written = terminal.raw_output();
    for c in ['\u{9b}', '\u{202e}', '\u{200b}'] {
        assert!(!written.contains(c), "{c:?} was written:\n{written:?}");
    }
}

/// The display stops immediately, and the client need not answer the Close frame.
#[test]
fn ctrl_c_in_a_flood_stops_the_display_and_counts_unshown_messages() {
    let (mut terminal, port) = serve(&[]);
    let mut peer = connect(&terminal, port, 1);
    let mut socket = peer.socket();
    let batch = masked(&text("a line of the flood that fills the screen")).repeat(1000);
    // Fails when the server closes the connection.
    let flood = thread::spawn(move || while socket.write_all(&batch).is_ok() {});
    terminal.wait_for("fills the screen");
    terminal.press(Key::CtrlC);
    peer.expect_close(1001);
    let before = terminal.raw_output().len();
    assert_eq!(terminal.wait_exit_within(Duration::from_secs(2)), 130);
    assert!(terminal.termios_restored());
    let output = terminal.raw_output();
    assert!(output.contains(" messages were received and not shown"), "{}", terminal.screen());
    let after = output.len() - before;
    assert!(after < SHOWN_WHILE_STOPPING, "{after} bytes were shown after the Close frame");
    flood.join().expect("a writer that does not panic");
}

#[test]
fn the_password_of_clients_is_masked_in_the_history() {
    let (terminal, _) = serve(&["--user", "me:s3cr3t-V4lue"]);
    terminal.type_line("the password is s3cr3t-V4lue");
    terminal.type_line("/help");
    terminal.wait_for("/help all everything");
    let history =
        std::fs::read_to_string(terminal.home().join(".local/state/wscope/listen-history"));
    let history = history.expect("a history file");
    assert!(history.contains("the password is ***") && !history.contains("s3cr3t"), "{history}");
}

#[test]
fn the_operator_works_in_the_stream_of_all_clients() {
    let (mut terminal, port) = serve(&[]);
    let mut peers = [connect(&terminal, port, 1), connect(&terminal, port, 2)];
    terminal.type_line("/mute /noise/");
    terminal.wait_for("not shown: /noise/");
    terminal.type_line("/pause");
    terminal.wait_for("0 held back ");
    for (number, peer) in peers.iter_mut().enumerate() {
        peer.send(masked(&text("noise")));
        peer.send(masked(&text(&format!("message {number}"))));
        peer.send(masked(&ping(b"")));
        peer.expect_pong(b"");
    }
    terminal.wait_for("2 held back ");
    terminal.type_line("/resume");
    terminal.wait_for("#1 < message 0\n#2 < message 1\n");
    terminal.type_line("/grep message");
    terminal.wait_for("#1 [2] < message 0\n#2 [4] < message 1\n");
    terminal.type_line("/to 2 /again 2");
    peers[1].expect_text("message 0");
    terminal.wait_for("#2 > message 0");
    terminal.type_line("/full 4");
    terminal.wait_for("/full 4\n#2 < message 1");
    terminal.press(Key::CtrlD);
    peers.into_iter().for_each(expect_going_away);
    assert_eq!(terminal.wait_exit(), 0);
}
