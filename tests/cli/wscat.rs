//! wscat's command lines: the server receives from wscope what it received from wscat 6.1.0.
//!
//! `data/wscat.json` has the command lines, what a server received from wscat (`.ci/wscat` records and checks
//! it), and where wscope differs, with the reason.

use std::sync::mpsc;

use serde_json::{Value, json};

use crate::support::{CLOSE, Frame, PING, PONG, Peer, Server, TEXT, header, wscope};
use crate::support::{close, ping, pong, text};

#[cfg(not(any(windows, target_vendor = "apple")))]
mod secured;

/// A command line of the table.
struct Row(Value);

impl Row {
    fn name(&self) -> &str {
        self.0["name"].as_str().expect("a name")
    }

    fn words(&self) -> Vec<String> {
        let words = self.0["args"].as_array().expect("arguments").iter();
        words.map(|word| word.as_str().expect("an argument").to_owned()).collect()
    }

    fn args(&self, server: &Server) -> Vec<String> {
        let port = server.port().to_string();
        self.words().iter().map(|word| word.replace("PORT", &port)).collect()
    }

    fn typed(&self) -> Vec<String> {
        let lines = self.0["typed"].as_array().into_iter().flatten();
        lines.map(|line| line.as_str().expect("a line").to_owned()).collect()
    }

    fn is_for_terminal(&self) -> bool {
        self.0["terminal"] == true
    }

    fn uses_tls(&self) -> bool {
        self.0["server"]["tls"] == true
    }

    /// What wscat sends, with the intended differences of wscope.
    fn expected(&self) -> Value {
        let mut expected = self.0["wscat"].clone();
        if let Some(changes) = self.0["wscope"].as_object() {
            assert!(self.0["why"].is_string(), "{}: a difference without a reason", self.name());
            for (key, value) in changes {
                expected[key] = value.clone();
            }
        }
        if let Some(frames) = expected["frames"].as_array_mut() {
            sort(frames);
        }
        expected
    }
}

fn rows() -> Vec<Row> {
    let table: Value =
        serde_json::from_str(include_str!("../data/wscat.json")).expect("a table in JSON");
    let rows = table.as_array().expect("rows").clone();
    assert!(rows.len() > 20, "the table is incomplete");
    rows.into_iter().map(Row).collect()
}

/// A server that follows the row, and sends what it received to `views`. It runs `greet` first.
fn serve(
    row: &Row,
    views: mpsc::Sender<Value>,
    greet: impl FnOnce(&mut Peer) -> Option<Value> + Send + 'static,
) -> Server {
    let script = row.0["server"].clone();
    let redirect = script["redirect"].as_str().map(str::to_owned);
    let (sender, redirected) = mpsc::channel();
    let first = redirect.map(|location| {
        crate::support::script(move |peer| {
            sender.send(view_of(&peer.read_head())).expect("a receiver in the test");
            peer.respond(&format!(
                "HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
            ));
        })
    });
    let last = crate::support::script(move |peer| {
        let tls = greet(peer);
        let mut head = peer.read_head();
        let mut requests: Vec<_> = redirected.try_iter().collect();
        if head.starts_with("CONNECT ") {
            requests.push(view_of(&head));
            peer.respond("HTTP/1.1 200 Connection established\r\n\r\n");
            head = peer.read_head();
        }
        requests.push(view_of(&head));
        let offered = header(&head, "Sec-WebSocket-Protocol").unwrap_or_default();
        let chosen = offered.split(',').next().filter(|name| !name.is_empty());
        let chosen = chosen.map(|name| format!("Sec-WebSocket-Protocol: {name}"));
        peer.accept_with(&head, &chosen.iter().map(String::as_str).collect::<Vec<_>>());
        for item in script["send"].as_array().into_iter().flatten() {
            peer.send(frame_of(&item[0], item[1].as_str().expect("a payload")));
        }
        let closes = script["close"].as_array();
        if let Some(closes) = closes {
            let code = closes[0].as_u64().and_then(|code| u16::try_from(code).ok());
            peer.close(code.expect("a code"), closes[1].as_str().expect("a reason"));
        }
        let (mut frames, closed) = conversation(peer, script["echo"] == true, closes.is_none());
        sort(&mut frames);
        let mut view = json!({ "requests": requests, "frames": frames, "close": closed });
        if let Some(tls) = tls {
            view["tls"] = tls;
        }
        views.send(view).expect("a receiver in the test");
    });
    Server::scripts(first.into_iter().chain([last]))
}

/// Automatic replies of the client may come before or after its messages.
fn sort(frames: &mut [Value]) {
    frames.sort_by_key(|frame| frame[0] == "text");
}

fn frame_of(kind: &Value, payload: &str) -> Vec<u8> {
    match kind.as_str() {
        Some("ping") => ping(payload.as_bytes()),
        Some("pong") => pong(payload.as_bytes()),
        _ => text(payload),
    }
}

/// The frames of the client, and its Close frame, which is answered.
fn conversation(peer: &mut Peer, echoes: bool, replies: bool) -> (Vec<Value>, Value) {
    let mut frames = Vec::new();
    loop {
        let Frame { opcode, payload, .. } = peer.read_frame();
        let kind = match opcode {
            CLOSE => {
                let (code, reason) = match payload.split_first_chunk() {
                    Some((code, reason)) => (u16::from_be_bytes(*code), reason),
                    None => (1005, &[][..]),
                };
                let reason = String::from_utf8_lossy(reason).into_owned();
                if replies {
                    peer.send(close(code, &reason));
                }
                return (frames, json!([code, reason]));
            }
            PING => "ping",
            PONG => "pong",
            _ => "text",
        };
        let payload = String::from_utf8_lossy(&payload).into_owned();
        if echoes && opcode == TEXT {
            peer.send(text(&payload));
        }
        frames.push(json!([kind, payload]));
    }
}

/// A head without what differs between runs, and without the program's name.
fn view_of(head: &str) -> Value {
    let host = header(head, "Host").unwrap_or_default().to_owned();
    let port = host.rsplit_once(':').map_or("no port", |(_, port)| port);
    let fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let mut headers: Vec<[String; 2]> = fields
        .map(|(name, value)| {
            let value = value.trim().replace(port, "PORT").replace(", ", ",");
            [name.to_ascii_lowercase(), value]
        })
        .filter(|[name, _]| {
            !["sec-websocket-key", "user-agent", "proxy-connection"].contains(&name.as_str())
        })
        .collect();
    headers.sort();
    let request = head.lines().next().unwrap_or_default().replace(port, "PORT");
    json!({ "request": request, "headers": headers })
}

/// Concurrently: several of them wait for silence.
#[test]
fn in_pipes_the_server_receives_the_same_as_from_wscat() {
    std::thread::scope(|scope| {
        for row in rows().into_iter().filter(|row| !row.is_for_terminal() && !row.uses_tls()) {
            scope.spawn(move || {
                let (sender, views) = mpsc::channel();
                let server = serve(&row, sender, |_| None);
                run_in_pipes(&row, &row.args(&server), server, &views);
            });
        }
    });
}

#[track_caller]
fn run_in_pipes(row: &Row, args: &[String], server: Server, views: &mpsc::Receiver<Value>) {
    let piped = row.0["piped"].as_str().map(str::to_owned);
    let typed = row.typed().iter().fold(String::new(), |all, line| all + line + "\n");
    let outcome = wscope().args(args).stdin(&piped.unwrap_or(typed)).run();
    assert_eq!(outcome.code, Some(0), "{}: {}", row.name(), outcome.stderr);
    server.join();
    assert_eq!(views.recv(), Ok(row.expected()), "{}", row.name());
}

#[test]
#[cfg(unix)]
fn at_a_prompt_the_server_receives_the_same_as_from_wscat() {
    for row in rows().iter().filter(|row| row.is_for_terminal() && !row.uses_tls()) {
        let (sender, views) = mpsc::channel();
        let server = serve(row, sender, |_| None);
        let mut terminal = crate::support::Terminal::spawn(row.args(&server), 80, 24);
        terminal.wait_for_prompt();
        for line in row.typed() {
            terminal.type_line(&line);
        }
        terminal.wait_exit();
        server.join();
        assert_eq!(views.recv(), Ok(row.expected()), "{}", row.name());
    }
}

/// `.ci/wscat` compares these with its help.
#[test]
fn every_option_is_in_the_table() {
    let used: Vec<String> = rows().iter().flat_map(Row::words).collect();
    let options = "--auth --ca --cert --host --key --max-redirects --no-color --passphrase --proxy --slash \
                   -c --connect -H --header -L --location -n --no-check -o --origin -P --show-ping-pong \
                   -s --subprotocol -w --wait -x --execute";
    for option in options.split_whitespace() {
        assert!(used.iter().any(|word| word == option), "no command line has {option}");
    }
}

/// With -w the run ends after the wait; with wscat's -c it does so without -w, too. Else a prompt follows.
#[test]
#[cfg(unix)]
fn at_a_terminal_a_command_with_a_wait_ends_by_itself() {
    use crate::support::{Key, Terminal};
    for (before, after, has_prompt) in [
        (&["-c"][..], &["-w", "0.1"][..], false),
        (&["-c"], &[], false),
        (&["-c"], &["--stay"], true),
        (&[], &["-w", "0.1"], false),
        (&[], &[], true),
    ] {
        let server = Server::script(|peer| {
            peer.accept_request();
            peer.expect_text("hello");
            peer.send(text("the answer"));
            peer.answer_close(1000);
        });
        let url = server.url();
        let args = [before, &[&*url, "-x", "hello"], after].concat();
        let mut terminal = Terminal::spawn(args, 80, 24);
        terminal.wait_for("the answer");
        if has_prompt {
            terminal.wait_for_prompt();
            terminal.press(Key::CtrlD);
        }
        assert_eq!(terminal.wait_exit(), 0, "{before:?} {after:?}");
        assert!(terminal.termios_restored());
        server.join();
    }
}

#[test]
fn listening_is_on_loopback_and_reports_it() {
    for args in [&["-l", "0", "--no-color"][..], &["--listen=0", "--auth", "x:y", "-s", "chat"]] {
        let mut server = wscope().args(args).stdin_open().spawn();
        server.wait_stderr(
            "wscope: -l accepts clients on this machine only; 'wscope listen 0.0.0.0:PORT'",
        );
        let line = server.wait_stderr("listening on ws://127.0.0.1:");
        let port = line.rsplit(':').next().and_then(|port| port.trim_end_matches('/').parse().ok());
        let mut client = Peer::connect(port.expect("a port"));
        client.request("/", &[]);
        assert!(client.read_head().starts_with("HTTP/1.1 101 "));
        server.write_stdin("hello\n");
        client.expect_text("hello");
        client.close_and_expect_reply(1000);
    }
}

#[test]
fn options_for_connecting_are_refused_when_listening() {
    for (args, words) in [
        (&["-l", "0", "-k"][..], "wscope: -l: -k is for connecting only\n"),
        (&["-l", "0", "-c", "ws://h"], "'--listen <PORT>'"),
        (&["-l", "0", "ws://h"], "'--listen <PORT>'"),
    ] {
        wscope().args(args).run().code(2).stderr_contains(words);
    }
}

#[test]
fn the_protocol_version_is_not_an_option() {
    let outcome = wscope().args(["-p", "8", "-c", "ws://h"]).run();
    outcome.code(2).stderr_contains("unexpected argument '-p'");
}
