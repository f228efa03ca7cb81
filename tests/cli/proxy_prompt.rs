//! The prompt of `wscope proxy`. What it holds or changes is read on both sides.

use std::sync::mpsc::{Sender, channel};

use crate::listen::port_in;
use crate::support::{Key, Peer, Script, Server, Terminal, masked, ping, script, text};

mod boundaries;

/// A proxy on a terminal in front of this server, and its port.
fn proxy(options: &[&str], server: &Server) -> (Terminal, u16) {
    proxy_to(options, &server.url())
}

fn proxy_to(options: &[&str], url: &str) -> (Terminal, u16) {
    let terminal = Terminal::spawn([&["proxy", ":0", url], options].concat(), 120, 40);
    terminal.wait_until("a prompt below the address", |screen| {
        port_in(screen).is_some() && screen.trim_end().ends_with('>')
    });
    let port = port_in(&terminal.screen()).expect("a port on the screen");
    (terminal, port)
}

/// A client, after the proxy has reported its connection.
fn connect(terminal: &Terminal, port: u16, path: &str, headers: &[&str]) -> Peer {
    let mut peer = Peer::connect(port);
    peer.request(path, headers);
    let head = peer.read_head();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    terminal.wait_for("#1 ");
    peer
}

#[track_caller]
fn hold_all(terminal: &mut Terminal) {
    terminal.type_line("/hold on");
    terminal.wait_for("every data message is held");
}

/// The texts that a server receives until the closing handshake, which it takes part in.
fn collect(received: Sender<String>) -> impl FnOnce(&mut Peer) + Send + 'static {
    move |peer| {
        peer.accept_request();
        loop {
            let frame = peer.read_frame();
            match frame.opcode {
                crate::support::TEXT => {
                    let text = String::from_utf8(frame.payload).expect("UTF-8");
                    received.send(text).expect("a test that still runs");
                }
                crate::support::CLOSE => {
                    return peer.close(1000, "");
                }
                opcode => panic!("opcode {opcode}"),
            }
        }
    }
}

fn say(peer: &mut Peer, words: &str) {
    peer.send(masked(&text(words)));
}

/// The closing handshake of a client through the proxy, and the end of the proxy.
fn finish(terminal: &mut Terminal, mut peer: Peer) {
    peer.close_and_expect_reply(1000);
    peer.expect_eof();
    drop(peer);
    terminal.wait_for("#1 closed");
    terminal.press(Key::CtrlD);
    assert_eq!(terminal.wait_exit(), 0);
    assert!(terminal.termios_restored());
}

#[test]
fn messages_are_injected_toward_either_side() {
    let server = Server::script(|peer| {
        peer.accept_request();
        let frame = peer.read_frame();
        assert_eq!((frame.payload.as_slice(), frame.masked), (&b"to the server"[..], true));
        peer.expect_text("from a file");
        peer.expect_ping(b"are you there");
        peer.expect_text("from the client");
        peer.answer_close(1000);
    });
    let (mut terminal, port) = proxy(&[], &server);
    std::fs::write(terminal.home().join("greeting.txt"), "from a file").expect("a file");
    let mut client = connect(&terminal, port, "/", &[]);
    for (line, shown) in [
        ("/server 1 to the server", "#1 > to the server"),
        ("/server 1 text:@greeting.txt", "#1 > from a file"),
        ("/server #1 ping:are you there", "#1 > ping \"are you there\""),
        (r#"/client 1 text:"line\nbreak""#, "#1 < line"),
        ("/client 1 hex:00ff", "#1 < binary, 2 bytes"),
    ] {
        terminal.type_line(line);
        terminal.wait_for(shown);
    }
    client.expect_text("line\nbreak");
    client.expect_binary(&[0, 255]);
    say(&mut client, "from the client");
    for (line, answer) in [
        ("hello", "nothing was sent: /server 1 hello sends it to the server of a connection"),
        ("/server 9 x", "no connection 9; /connections lists the open ones"),
        ("/client 1", "/client 1 requires what is sent, as in /client 1 hello"),
        ("/server 1 hex:0", "not hex: 1 digit"),
        ("/server 1 text:@missing", "missing: No such file"),
        ("/sever 1 x", "unknown command /sever; did you mean /server?"),
        ("/con", "unknown command /con; did you mean /connections?"),
        ("/close 1 1000 \"x", "the quote \" before the reason is not closed: \"x"),
    ] {
        terminal.type_line(line);
        terminal.wait_for(answer);
    }
    finish(&mut terminal, client);
}

#[test]
fn rules_come_and_go_while_messages_pass() {
    let (sender, received) = channel();
    let server = Server::script(collect(sender));
    let (mut terminal, port) = proxy(&["--rule", "server /x/ => drop"], &server);
    let mut client = connect(&terminal, port, "/", &[]);
    let next = || received.recv().expect("a text");
    say(&mut client, "first secret");
    assert_eq!(next(), "first secret");
    terminal.type_line("/rule client /secret/ => drop");
    terminal.wait_for("rule 2 added");
    say(&mut client, "second secret");
    say(&mut client, "third");
    assert_eq!(next(), "third");
    terminal.type_line("/rules");
    terminal.wait_for("  1  not applied yet  server /x/ => drop");
    terminal.wait_for("  2  applied 1 time   client /secret/ => drop");
    terminal.type_line("/unrule 2");
    terminal.wait_for("rule 2 removed: client /secret/ => drop");
    say(&mut client, "fourth secret");
    assert_eq!(next(), "fourth secret");
    for (line, answer) in [
        ("/unrule 2", "no rule 2; /rules lists them"),
        (
            "/rule clinet => drop",
            "no rule was added: unknown side \"clinet\": did you mean client?",
        ),
        ("/rule", "=> ACTION requires a rule, as in /rule client"),
    ] {
        terminal.type_line(line);
        terminal.wait_for(answer);
    }
    finish(&mut terminal, client);
}

#[test]
fn held_messages_are_changed_dropped_and_delivered() {
    let (sender, received) = channel();
    let server = Server::script(collect(sender));
    let (mut terminal, port) = proxy(&[], &server);
    let mut client = connect(&terminal, port, "/", &[]);
    let next = || received.recv().expect("a text");
    hold_all(&mut terminal);
    for words in ["one", "two", "three"] {
        say(&mut client, words);
    }
    terminal.wait_for("held as 3");
    terminal.type_line("/edit 2 text:\"chan\\u0067ed\"");
    terminal.wait_for("2 changed, and still held: /go 2 delivers it");
    terminal.type_line("/held");
    terminal.wait_for("  1  #1 >  text 3 B          one");
    terminal.wait_for("  2  #1 >  text 7 B  edited  changed");
    terminal.type_line("/edit 3 ping:x");
    terminal.wait_for("3 was not changed: it cannot become a ping or pong");
    terminal.type_line("/drop 1");
    terminal.wait_for("dropped 1");
    terminal.type_line("/go");
    terminal.wait_for("delivered 2 messages");
    assert_eq!([next(), next()], ["changed", "three"]);
    terminal.type_line("/hold off");
    terminal.wait_for("messages are not held");
    say(&mut client, "four");
    assert_eq!(next(), "four");
    for (line, answer) in [
        ("/go", "no message is held"),
        ("/drop 3", "no held message 3; /held lists them"),
        ("/edit 3 x", "no held message 3; /held lists them"),
        ("/hold up", "/hold takes on or off, not \"up\""),
    ] {
        terminal.type_line(line);
        terminal.wait_for(answer);
    }
    finish(&mut terminal, client);
}

#[test]
fn pings_pass_what_is_held_and_the_order_of_the_rest_is_kept() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.expect_ping(b"still there");
        peer.expect_text("first");
        peer.expect_text("second");
        peer.answer_close(1000);
    });
    let (mut terminal, port) = proxy(&[], &server);
    let mut client = connect(&terminal, port, "/", &[]);
    hold_all(&mut terminal);
    say(&mut client, "first");
    say(&mut client, "second");
    client.send(masked(&ping(b"still there")));
    client.close(1000, "");
    terminal.wait_for(
        "the client has sent a Close frame, 1000 Normal Closure: passed on after held message 2",
    );
    terminal.type_line("/go 2");
    terminal.wait_for("2 is delivered after 1, which is still held");
    terminal.type_line("/go 1");
    terminal.wait_for("#1 > held message 1: delivered after ");
    terminal.wait_for("#1 > held message 2: delivered after ");
    client.expect_close(1000);
    client.expect_eof();
    drop(client);
    terminal.wait_for("#1 closed");
    terminal.press(Key::CtrlD);
    assert_eq!(terminal.wait_exit(), 0);
}

#[test]
fn what_was_let_go_behind_a_held_message_is_listed_and_counted() {
    let (sender, received) = channel();
    let server = Server::script(collect(sender));
    let (mut terminal, port) = proxy(&[], &server);
    let mut client = connect(&terminal, port, "/", &[]);
    let next = || received.recv().expect("a text");
    hold_all(&mut terminal);
    say(&mut client, "one");
    say(&mut client, "two");
    terminal.wait_for("held as 2");
    terminal.type_line("/go 2");
    terminal.wait_for("2 is delivered after 1, which is still held");
    terminal.type_line("/drop 2");
    terminal.wait_for("2 was released: it goes after 1, which is still held");
    terminal.type_line("/held");
    terminal.wait_for("  1  #1 >  text 3 B                one");
    terminal.wait_for("  2  #1 >  text 3 B  goes after 1  two");
    terminal.type_line("/go");
    terminal.wait_for("delivered 2 messages");
    assert_eq!([next(), next()], ["one", "two"]);
    say(&mut client, "three");
    say(&mut client, "four");
    terminal.wait_for("held as 4");
    terminal.type_line("/go 4");
    terminal.wait_for("4 is delivered after 3");
    terminal.type_line("/drop");
    terminal.wait_for("dropped 1 message, delivered 1 behind");
    assert_eq!(next(), "four");
    terminal.type_line("/held");
    terminal.wait_for("no message is held");
    finish(&mut terminal, client);
}

/// What is held by a rule keeps what follows waiting although that is not held.
#[test]
fn what_waits_behind_a_held_message_is_marked_and_counted() {
    let (sender, received) = channel();
    let server = Server::script(collect(sender));
    let (mut terminal, port) = proxy(&["--rule", "client held => hold"], &server);
    let mut client = connect(&terminal, port, "/", &[]);
    let next = || received.recv().expect("a text");
    for words in ["held", "two", "three"] {
        say(&mut client, words);
    }
    terminal.wait_until("a mark below each message", |screen| {
        let marked = |words| format!("#1 > {words}\n     waits behind held message 1\n");
        let lines: Vec<_> = screen.lines().map(str::trim_end).collect();
        let screen = lines.join("\n");
        screen.contains(&marked("two")) && screen.contains(&marked("three"))
    });
    terminal.type_line("/held");
    terminal.wait_for("  1  #1 >  text 4 B  held");
    terminal.wait_for("  2 messages wait behind 1");
    terminal.type_line("/hold off");
    terminal.wait_for("not held any more; 1 held before, 2 messages wait behind: /go, /drop");
    terminal.type_line("/status");
    terminal.wait_for("1, 2 messages wait behind; 12 bytes");
    terminal.type_line("/go");
    terminal.wait_for("delivered 1 message, and 2 that waited behind");
    assert_eq!([next(), next(), next()], ["held", "two", "three"]);
    for words in ["held", "five"] {
        say(&mut client, words);
    }
    terminal.wait_for("waits behind held message 2");
    terminal.type_line("/drop 2");
    terminal.wait_for("dropped 2, delivered 1 behind");
    assert_eq!(next(), "five");
    for words in ["held", "six", "held", "seven"] {
        say(&mut client, words);
    }
    terminal.wait_for("waits behind held message 4");
    terminal.type_line("/go 4");
    terminal.wait_for("4 is delivered after 3, which is still held");
    terminal.type_line("/held");
    terminal.wait_for("  2 messages wait behind 3");
    terminal.type_line("/go 3");
    terminal.wait_for("delivered 3, and 3 that waited behind");
    assert_eq!([next(), next(), next(), next()], ["held", "six", "held", "seven"]);
    finish(&mut terminal, client);
}

#[test]
fn a_rule_holds_what_it_matches() {
    let (sender, received) = channel();
    let server = Server::script(collect(sender));
    let (mut terminal, port) = proxy(&["--rule", "client /order/ => hold"], &server);
    let mut client = connect(&terminal, port, "/", &[]);
    say(&mut client, "greeting");
    assert_eq!(received.recv().expect("a text"), "greeting");
    say(&mut client, "order 1");
    terminal.wait_for("held as 1");
    terminal.type_line("/go 1");
    terminal.wait_for("delivered 1");
    assert_eq!(received.recv().expect("a text"), "order 1");
    finish(&mut terminal, client);
}

#[test]
fn connections_are_closed_on_both_sides() {
    let server = Server::script(|peer| {
        peer.accept_request();
        assert_eq!(peer.expect_close(4001), "bye");
        peer.close(4001, "");
        peer.expect_eof();
    });
    let (mut terminal, port) = proxy(&[], &server);
    let mut client = connect(&terminal, port, "/", &[]);
    terminal.type_line("/close 1 both");
    terminal.wait_for("/close 1 [client|server] [CODE [REASON]]");
    terminal.type_line("/close 7");
    terminal.wait_for("no connection 7");
    terminal.type_line("/close 1 4001 \"bye\"");
    assert_eq!(client.expect_close(4001), "bye");
    client.close(4001, "");
    client.expect_eof();
    terminal.wait_for("closed at the prompt");
    terminal.type_line("/quit");
    assert_eq!(terminal.wait_exit(), 0);
}

#[test]
fn one_side_is_sent_a_close_frame() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.expect_close(1012);
        peer.close(1012, "");
        peer.expect_eof(); // nothing follows, not even the answer of the client
    });
    let (terminal, port) = proxy(&[], &server);
    let mut client = connect(&terminal, port, "/", &[]);
    terminal.type_line("/close 1 server 1012");
    client.expect_close(1012); // the answer of the server
    client.close(1012, "");
    client.eof();
    client.expect_eof();
    drop(client);
    terminal.wait_for("closed at the prompt, toward the server");
}

/// RFC 6455 section 5.5.1.
#[test]
fn nothing_follows_the_close_frame_to_one_side() {
    for options in [&[][..], &["--rule", "client /hold/ => hold"]] {
        let server = Server::script(|peer| {
            peer.accept_request();
            peer.expect_close(1012);
            peer.send(text("told"));
            peer.expect_eof();
        });
        let (terminal, port) = proxy(options, &server);
        let mut client = connect(&terminal, port, "/", &[]);
        let holds = !options.is_empty();
        if holds {
            say(&mut client, "hold me");
            terminal.wait_for("held as 1");
        }
        terminal.type_line("/close 1 server 1012");
        client.expect_text("told");
        if holds {
            terminal.type_line("/go 1");
            terminal.wait_for("not delivered");
        }
        client.send([masked(&text("new")), masked(&ping(b"p"))].concat());
        client.close(1000, "");
        client.eof();
        client.expect_eof();
        terminal.wait_for("not delivered to the server: ");
    }
}

#[test]
fn connections_are_listed_with_their_counts() {
    let server = Server::script(|peer| {
        let head = peer.read_head();
        peer.accept_with(&head, &["Sec-WebSocket-Protocol: chat"]);
        peer.expect_text("one");
        peer.send(text("two"));
        peer.send(text("three"));
        peer.answer_close(1000);
    });
    let (mut terminal, port) = proxy_to(&[], &format!("{}/base", server.url()));
    terminal.type_line("/connections");
    terminal.wait_for("no connection is open");
    let protocol = ["Sec-WebSocket-Protocol: chat"];
    let mut client = connect(&terminal, port, "/room?token=secret", &protocol);
    say(&mut client, "one");
    client.expect_text("two");
    client.expect_text("three");
    terminal.wait_for("three");
    terminal.type_line("/connections");
    terminal.wait_until("the list", |screen| {
        screen.lines().any(|line| {
            line.starts_with("  #1  127.0.0.1:")
                && line.contains(" s  /base/room?token=***  chat  client 1, server 2")
        })
    });
    terminal.type_line("/status");
    terminal.wait_for("  age ");
    let screen = terminal.screen();
    for row in
        ["connections      1 open, 1 in all", "from clients     1 message", "held             0"]
    {
        assert!(screen.contains(row), "no {row:?} in:\n{screen}");
    }
    finish(&mut terminal, client);
}

#[test]
fn commands_numbers_and_words_of_rules_are_completed() {
    let (sender, received) = channel();
    let server = Server::script(collect(sender));
    let (mut terminal, port) = proxy(&[], &server);
    let mut client = connect(&terminal, port, "/path", &[]);
    hold_all(&mut terminal);
    say(&mut client, "x");
    terminal.wait_for("held as 1");
    for (typed, completed) in [
        ("/serv", "> /server 1"),
        ("/server ", "> /server 1"),
        ("/unr", "> /unrule"),
        ("/go ", "> /go 1"),
        ("/edit 1 ", "> /edit 1 x"),
        ("/rule cl", "> /rule client "),
        ("/rule any ev", "> /rule any every "),
        ("/rule any => rep", "> /rule any => replace "),
        ("/close 1 ser", "> /close 1 server "),
    ] {
        terminal.type_text(typed);
        terminal.press(Key::Tab);
        terminal.type_text("1");
        let start = completed.trim_end_matches('1');
        terminal.wait_until(completed, |screen| {
            screen.lines().last().is_some_and(|line| line.starts_with(start))
        });
        terminal.press(Key::CtrlU);
    }
    terminal.type_line("/go 1");
    assert_eq!(received.recv().expect("a text"), "x");
    terminal.type_line("/hold off");
    finish(&mut terminal, client);
}

#[test]
fn the_display_is_filtered_searched_and_paused() {
    let (sender, received) = channel();
    let server = Server::script(collect(sender));
    let (mut terminal, port) = proxy(&[], &server);
    let mut client = connect(&terminal, port, "/", &[]);
    terminal.type_line("/mute /noise/");
    terminal.wait_for("not shown: /noise/");
    terminal.type_line("/pause");
    terminal.wait_for("0 held back ");
    for words in ["noise", "signal one"] {
        say(&mut client, words);
        assert_eq!(received.recv().expect("a text"), words);
    }
    terminal.wait_for("1 held back ");
    terminal.type_line("/resume");
    terminal.wait_for("signal one");
    terminal.type_line("/grep signal");
    terminal.wait_for("#1 [2] ");
    terminal.type_line("/filter server");
    terminal.wait_for("shown: server\n");
    // The event of a message comes after its delivery, and before the next message is read.
    for words in ["not of the server", "the next one"] {
        say(&mut client, words);
        assert_eq!(received.recv().expect("a text"), words);
    }
    terminal.type_line("/filter client");
    terminal.wait_for("shown: client\n");
    say(&mut client, "of the client");
    terminal.wait_for("> of the client");
    assert!(!terminal.screen().contains("> not of the server"), "it was hidden");
    terminal.type_line("/filter off");
    terminal.type_line("/record session.ndjson");
    terminal.wait_for("recording to session.ndjson");
    say(&mut client, "recorded");
    terminal.wait_for("recorded\n");
    terminal.type_line("/again");
    terminal.wait_for("unknown command /again");
    finish(&mut terminal, client);
    let recorded = std::fs::read_to_string(terminal.home().join("session.ndjson"));
    assert!(recorded.expect("a recording").contains(r#""data":"recorded""#));
}

#[test]
fn one_connection_is_filtered_by_its_number() {
    let server = Server::scripts([expecting("one"), expecting("two")]);
    let (mut terminal, port) = proxy(&[], &server);
    let mut first = connect(&terminal, port, "/", &[]);
    let mut second = connect(&terminal, port, "/", &[]);
    terminal.wait_for("#2 ");
    terminal.type_line("/filter #2");
    terminal.wait_for("shown: #2\n");
    say(&mut first, "one");
    first.close_and_expect_reply(1000);
    say(&mut second, "two");
    terminal.wait_for("#2 > two");
    assert!(!terminal.screen().contains("#1 > one"), "{}", terminal.screen());
    terminal.type_line("/filter off");
    terminal.type_line("/mute conn:2");
    terminal.wait_for("not shown: conn:2");
    terminal.type_line("/filter $.type==msg");
    terminal.wait_for("as {\"type\":\"msg\"}");
    second.close_and_expect_reply(1000);
    terminal.press(Key::CtrlD);
    assert_eq!(terminal.wait_exit(), 0);
}

/// A server that receives this text, up to the closing handshake.
fn expecting(words: &'static str) -> Script {
    script(move |peer: &mut Peer| {
        peer.accept_request();
        peer.expect_text(words);
        peer.answer_close(1000);
    })
}

#[test]
fn a_path_of_the_page_is_not_added_as_a_rule() {
    let server = Server::script(|_| {}).optional();
    let (mut terminal, _) = proxy(&[], &server);
    terminal.type_line("/rule server $.type==msg => drop");
    terminal.wait_for("no rule was added: ");
    terminal.wait_for("as {\"type\":\"msg\"}");
    terminal.type_line("/rules");
    terminal.wait_for("no rules: /rule SIDE");
    terminal.press(Key::CtrlD);
    assert_eq!(terminal.wait_exit(), 0);
}

#[test]
fn much_of_a_held_payload_is_listed_in_80_columns() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.answer_close(1000);
    });
    let terminal =
        Terminal::spawn(["proxy", ":0", &server.url(), "--rule", "client => hold"], 80, 40);
    terminal.wait_until("an address", |screen| port_in(screen).is_some());
    let port = port_in(&terminal.screen()).expect("a port on the screen");
    let mut terminal = terminal;
    let mut client = connect(&terminal, port, "/", &[]);
    let payload = "0123456789".repeat(7);
    say(&mut client, &payload);
    terminal.wait_for("hold as 1");
    terminal.type_line("/held");
    terminal.wait_for(&format!("  1  #1 >  text 70 B  {}", &payload[..50]));
    terminal.type_line("/drop");
    finish(&mut terminal, client);
}

#[test]
fn help_is_about_what_passes() {
    let (terminal, _) = proxy_to(&[], "ws://127.0.0.1:9");
    terminal.type_line("/help");
    terminal.wait_for("/help all everything");
    let screen = terminal.screen();
    for words in [
        "messages pass through; commands send, hold and change them",
        "/hold [on|off]                 hold every data message until /go or /drop",
        "also /rules /unrule /held /drop /edit",
        "Enter runs the command",
    ] {
        assert!(screen.contains(words), "no {words:?} in:\n{screen}");
    }
    terminal.type_line("/help edit");
    terminal.wait_for("/edit 3 {\"amount\":1}");
    terminal.type_line("/help rule");
    terminal.wait_for("/rule client {\"type\":\"order\"} every 3 => delay 2s");
}
