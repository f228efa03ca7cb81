//! Working in a stream of messages: filters, pauses, times, numbers, and messages that were shown before.

use std::fs;
use std::sync::mpsc;

use super::{enter_line, leave, server, session};
use crate::scripts::{close, serve};
use crate::support::{DEADLINE, Key, Peer, Terminal, binary, ping, text};

/// Sends these texts as messages.
fn send_all(peer: &mut Peer, texts: &[&str]) {
    texts.iter().for_each(|message| peer.send(text(message)));
}

/// The shown lines that start so, in order.
fn lines(terminal: &Terminal, start: &str) -> Vec<String> {
    let screen = terminal.screen();
    let rows = screen.lines().filter(|row| row.starts_with(start));
    rows.map(|row| row.trim_end().to_owned()).collect()
}

#[test]
fn a_filter_shows_only_what_matches() {
    let server = server(|peer| {
        peer.expect_text("go");
        send_all(peer, &[r#"{"type":"tick"}"#, r#"{"type":"order","id":7}"#, "plain"]);
        peer.expect_text("more");
        send_all(peer, &["plain 2", "end"]);
    });
    let terminal = session(&server);
    enter_line(&terminal, r#"/filter {"type":"order"}"#);
    terminal.wait_for(r#"shown: {"type":"order"}"#);
    enter_line(&terminal, "go");
    terminal.wait_for(r#"< {"type":"order","id":7}"#);
    enter_line(&terminal, "/filter /(/");
    terminal.wait_for("unclosed group; nothing was changed");
    enter_line(&terminal, "/filter off");
    terminal.wait_for("all messages are shown");
    enter_line(&terminal, "/mute /plain/");
    terminal.wait_for("not shown: /plain/");
    enter_line(&terminal, "more");
    terminal.wait_for("< end");
    let order = r#"< {"type":"order","id":7}"#.to_owned();
    assert_eq!(lines(&terminal, "< {"), [order], "{}", terminal.screen());
    assert_eq!(lines(&terminal, "< plain"), [""; 0], "{}", terminal.screen());
    leave(terminal);
}

#[test]
fn a_plain_filter_is_the_whole_message_and_says_so() {
    let server = server(|_| {});
    let terminal = session(&server);
    enter_line(&terminal, "/filter error");
    terminal.wait_for("/error/ finds it anywhere");
    leave(terminal);
}

#[test]
fn what_is_received_during_a_pause_is_shown_in_order_afterwards() {
    let server = server(|peer| {
        peer.expect_text("go");
        send_all(peer, &["one", "two", "three"]);
        peer.send(ping(b"all sent"));
        peer.expect_pong(b"all sent");
        peer.expect_text("again");
        send_all(peer, &["four"]);
    });
    let terminal = session(&server);
    enter_line(&terminal, "/resume");
    terminal.wait_for("not paused");
    terminal.type_line("/pause");
    terminal.wait_for("0 held back ");
    terminal.type_line("go");
    terminal.wait_for("3 held back ");
    assert!(!terminal.screen().contains("< one"), "{}", terminal.screen());
    terminal.type_line("/resume");
    terminal.wait_for("resumed: 3 messages were held back");
    terminal.wait_for("< one\n< two\n< three\n");
    super::wait_for_prompt(&terminal, "");
    enter_line(&terminal, "again");
    terminal.wait_for("< four");
    leave(terminal);
}

#[test]
fn what_is_held_back_is_shown_when_the_connection_ends() {
    let server = serve(|peer| {
        peer.expect_text("go");
        send_all(peer, &["one", "two"]);
        close(peer, 1000, "bye");
    });
    let mut terminal = session(&server);
    terminal.type_line("/pause");
    terminal.wait_for("held back ");
    terminal.type_line("go");
    assert_eq!(terminal.wait_exit(), 0);
    terminal.wait_for("< one\n< two\n");
}

#[test]
fn times_are_switched_while_connected_and_stand_before_sent_lines_too() {
    let server = server(|peer| {
        peer.expect_text("hello");
        send_all(peer, &["world"]);
    });
    let terminal = session(&server);
    enter_line(&terminal, "/time");
    terminal.wait_for("times: off");
    terminal.type_line("/time relative");
    terminal.wait_for("times: relative");
    terminal.type_line("hello");
    terminal.wait_for(" < world");
    let screen = terminal.screen();
    let times = |end: &str| {
        let line = screen.lines().find(|line| line.trim_end().ends_with(end));
        let line = line.unwrap_or_else(|| panic!("no {end:?} in {screen}"));
        let time = line.trim_end().strip_suffix(end).expect("the end");
        (time.len(), time.trim().parse::<f64>().unwrap_or_else(|_| panic!("{line:?}")))
    };
    let (sent, received) = (times(" > hello"), times(" < world"));
    assert_eq!(sent.0, received.0, "the lines are aligned: {screen}");
    assert!(0.0 < sent.1 && sent.1 <= received.1, "{screen}");
    terminal.type_line("/time off");
    terminal.wait_for("times: off\n>");
    terminal.type_line("/time never");
    terminal.wait_for("off, local, utc, relative or delta, not \"never\"");
    leave(terminal);
}

#[test]
fn an_answer_shows_the_time_since_its_request() {
    let server = server(|peer| {
        peer.expect_text(r#"{"id":1,"method":"a"}"#);
        send_all(peer, &[r#"{"id":2}"#, r#"{"id":1,"result":true}"#]);
    });
    let terminal = session(&server);
    enter_line(&terminal, r#"{"id":1,"method":"a"}"#);
    terminal.wait_until("a latency", |screen| {
        screen.lines().any(|line| {
            let behind = line.trim_end().strip_prefix(r#"< {"id":1,"result":true} ("#);
            behind.is_some_and(|behind| behind.ends_with(" ms)") || behind.ends_with(" µs)"))
        })
    });
    assert_eq!(lines(&terminal, r#"< {"id":2}"#), [r#"< {"id":2}"#]);
    leave(terminal);
}

#[test]
fn messages_are_numbered_in_both_directions() {
    let server = server(|peer| {
        peer.expect_text("a");
        send_all(peer, &["b"]);
        peer.expect_text("c");
        send_all(peer, &["d"]);
    });
    let terminal = session(&server);
    enter_line(&terminal, "a");
    terminal.wait_for("< b");
    enter_line(&terminal, "/numbers on");
    terminal.wait_for("numbers: on; kept: 1 to 2");
    enter_line(&terminal, "c");
    terminal.wait_for("[4] < d");
    enter_line(&terminal, "/full 2");
    terminal.wait_for("\n< b");
    for (line, shown) in [
        ("/full 9", "message 9 is not kept (kept: 1 to 4)"),
        ("/full x", "takes the number of a message, not \"x\""),
    ] {
        enter_line(&terminal, line);
        terminal.wait_for(shown);
    }
    leave(terminal);
}

#[test]
fn a_message_is_sent_again() {
    let server = server(|peer| {
        peer.expect_text("first");
        peer.send(binary(&[0, 1, 255]));
        peer.expect_text("first");
        peer.expect_binary(&[0, 1, 255]);
    });
    let terminal = session(&server);
    enter_line(&terminal, "/again");
    terminal.wait_for("no message has been sent yet");
    enter_line(&terminal, "first");
    terminal.wait_for("< binary, 3 bytes");
    enter_line(&terminal, "/again");
    terminal.wait_until("the message twice", |screen| screen.matches("> first").count() == 2);
    enter_line(&terminal, "/again 2");
    terminal.wait_for("> binary, 3 bytes");
    leave(terminal);
}

#[test]
fn a_message_is_saved_to_a_new_file() {
    let server = server(|peer| send_all(peer, &["contents\n", "second"]));
    let terminal = session(&server);
    terminal.wait_for("< second");
    let file = |name: &str| terminal.home().join(name);
    fs::create_dir(file("folder")).expect("a folder");
    for (line, shown) in [
        ("/save 1 a file", "message 1, 9 bytes, written to a file"),
        ("/save 2 a file", "a file exists: /save -f 2 a file replaces it"),
        ("/save -f 2 a file", "message 2, 6 bytes, written to a file"),
        ("/save ~/last", "message 2, 6 bytes, written to ~/last"),
        ("/save -f 1 folder", "folder: "),
        ("/save none/x", "none/x: No such file"),
        ("/save", "/save requires a file"),
        ("/save 3", "/save requires a file"),
        ("/save 7 x", "message 7 is not kept"),
    ] {
        enter_line(&terminal, line);
        terminal.wait_for(shown);
    }
    assert_eq!(fs::read(file("a file")).expect("the file"), b"second");
    assert_eq!(fs::read(file("last")).expect("the file"), b"second");
    leave(terminal);
}

#[test]
fn a_message_is_copied_by_the_terminal() {
    let server = server(|peer| {
        send_all(peer, &["copy me"]);
        peer.expect_text("large");
        send_all(peer, &[&"x".repeat(80_000)]);
    });
    let terminal = session(&server);
    terminal.wait_for("< copy me");
    enter_line(&terminal, "/copy");
    terminal.wait_for("7 bytes, sent to the clipboard of the terminal");
    let raw = terminal.raw_output();
    assert!(raw.contains("\x1b]52;c;Y29weSBtZQ==\x07"), "{raw:?}");
    enter_line(&terminal, "large");
    terminal.wait_for("80,000 bytes");
    enter_line(&terminal, "/copy");
    terminal.wait_for("more than terminals copy: /save 3 FILE");
    leave(terminal);
}

#[test]
fn grep_lists_the_messages_that_contain_a_text() {
    let server = server(|peer| {
        peer.expect_text("go ERROR");
        for number in 0..200 {
            peer.send(text(&format!("message {number}")));
        }
        send_all(peer, &["an error here", &format!("{}Error{}", "a".repeat(300), "b".repeat(300))]);
    });
    let terminal = session(&server);
    enter_line(&terminal, "go ERROR");
    terminal.wait_for("bbb");
    enter_line(&terminal, "/grep error");
    terminal.wait_for("found in 3 messages; messages 1 to 203 were searched");
    let screen = terminal.screen();
    for row in ["[1] > go ERROR", "[202] < an error here", "[203] < …aaa"] {
        assert!(screen.contains(row), "{row} in {screen}");
    }
    assert!(
        screen.lines().any(|row| row.contains("aErrorb") && row.chars().count() <= 80),
        "{screen}"
    );
    enter_line(&terminal, "/grep /^message 1.7$/");
    terminal.wait_for("[119] < message 117");
    enter_line(&terminal, r#"/grep {"no":1}"#);
    terminal.wait_for("not found; messages");
    enter_line(&terminal, "/grep Zebra");
    terminal.wait_for("not found; messages 1 to 203 were searched");
    enter_line(&terminal, "/grep /(/");
    terminal.wait_for("unclosed group");
    leave(terminal);
}

#[test]
fn tab_completes_the_commands_of_the_prompt_itself() {
    let server = server(|_| {});
    let terminal = session(&server);
    terminal.type_text("/gre");
    terminal.press(Key::Tab);
    terminal.wait_for("> /grep TEXT|/REGEX/|{…}");
    terminal.press(Key::CtrlU);
    leave(terminal);
}

#[test]
fn filters_of_the_command_line_hold_at_the_prompt() {
    let server = server(|peer| {
        send_all(peer, &["one", "two"]);
        peer.expect_text("go");
        send_all(peer, &["three"]);
    });
    let url = server.url();
    let terminal = Terminal::spawn([&url, "--mute", "one", "--timestamps=utc"], 80, 24);
    terminal.wait_for("Z < two");
    assert!(!terminal.screen().contains("< one"));
    terminal.type_line("/mute off");
    terminal.wait_for("all messages are shown");
    terminal.type_line("go");
    terminal.wait_for("Z < three");
    leave(terminal);
}

#[test]
fn nothing_that_was_held_back_is_lost_at_the_end() {
    const COUNT: usize = 20_000;
    let (received, all) = mpsc::channel();
    let server = server(move |peer| {
        peer.expect_text("go");
        let messages: Vec<u8> =
            (0..COUNT).flat_map(|number| text(&format!("message {number}"))).collect();
        peer.send(messages);
        peer.send(ping(b"all sent"));
        peer.expect_pong(b"all sent");
        received.send(()).expect("the test");
    });
    let mut terminal = session(&server);
    terminal.type_line("/pause");
    terminal.wait_for("held back ");
    terminal.type_line("go");
    terminal.wait_for("999+ held back ");
    all.recv_timeout(DEADLINE).expect("all messages");
    terminal.type_line("/quit");
    assert_eq!(terminal.wait_exit(), 0);
    let output = terminal.raw_output();
    let shown: Vec<usize> =
        output.split("message ").filter_map(|rest| rest.split('\r').next()?.parse().ok()).collect();
    assert!(shown.into_iter().eq(0..COUNT), "all of them, in order");
    assert!(!output.contains("not shown"));
}

#[test]
fn frames_are_held_back_with_their_messages() {
    let server = server(|peer| {
        peer.expect_text("go");
        send_all(peer, &["one"]);
        peer.send(ping(b"beat"));
        peer.expect_pong(b"beat");
    });
    let url = server.url();
    let terminal = Terminal::spawn([&url, "-vv"], 80, 40);
    super::wait_for_prompt(&terminal, "");
    terminal.type_line("/pause");
    terminal.wait_for("0 held back ");
    terminal.type_line("go");
    terminal.wait_for("frame ping");
    terminal.wait_for("1 held back ");
    assert!(!terminal.screen().contains("frame text"), "{}", terminal.screen());
    terminal.type_line("/resume");
    terminal.wait_for(" < one");
    super::wait_for_prompt(&terminal, "");
    leave(terminal);
}

#[test]
fn a_filter_that_is_almost_something_else_is_refused() {
    let server = server(|peer| send_all(peer, &["from a file", "other"]));
    let terminal = session(&server);
    fs::write(terminal.home().join("wanted"), "from a file").expect("a file");
    for (line, shown) in [
        (r#"/filter {"a":"#, "not JSON"),
        ("/mute /error/i", "flags are written inside"),
        ("/filter text:@missing", "missing: No such file"),
        ("/filter text:@/dev/zero", "/dev/zero: it is not a regular file"),
        ("/filter text:@wanted", "shown: text:@wanted"),
        ("/mute ping", "not shown: ping"),
        ("/mute pong", "not shown: ping or pong"),
    ] {
        enter_line(&terminal, line);
        terminal.wait_for(shown);
    }
    leave(terminal);
}

#[test]
fn a_typed_message_shows_its_number_too() {
    let server = server(|peer| peer.expect_text("hello"));
    let terminal = session(&server);
    enter_line(&terminal, "/numbers on");
    terminal.wait_for("numbers: on");
    terminal.type_line("hello");
    terminal.wait_for("> hello\n[1] > (sent)\n>");
    leave(terminal);
}

#[test]
fn a_long_message_is_shown_by_the_pager() {
    let server = server(|peer| {
        send_all(peer, &["short", &format!("{}end of it", "line\n".repeat(100))]);
    });
    let pager = "grep -c line; echo the pager; read line < /dev/tty #";
    let terminal = Terminal::spawn_with([server.url()], 80, 24, &[("PAGER", pager)]);
    terminal.wait_for("end of it");
    super::wait_for_prompt(&terminal, "");
    terminal.type_line("/full 1");
    terminal.wait_for("/full 1\n< short\n>");
    terminal.type_line("/full 2");
    terminal.wait_for("100\nthe pager");
    terminal.type_text("\r");
    super::wait_for_prompt(&terminal, "");
    leave(terminal);
}
