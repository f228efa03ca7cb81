//! What is shown when a browser connects.

use super::{client_at, leave, port_in, start};
use crate::support::{Key, Terminal, wscope};

/// What Chromium sends besides the fields of the handshake.
const BROWSER: [&str; 7] = [
    "Pragma: no-cache",
    "Cache-Control: no-cache",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36",
    "Origin: http://localhost:3000",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Accept-Language: ko-KR,ko;q=0.9,en;q=0.8",
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
];

/// The lines of a terminal of this width about a browser that offers `chat` and requests `path`.
fn shown(columns: u16, options: &[&str], path: &str) -> Vec<String> {
    let mut terminal = Terminal::spawn([&["listen", ":0"], options].concat(), columns, 60);
    terminal.wait_until("a prompt below the address", |screen| {
        port_in(screen).is_some() && screen.trim_end().ends_with('>')
    });
    let port = port_in(&terminal.screen()).expect("a port on the screen");
    let fields = [&BROWSER[..], &["Sec-WebSocket-Protocol: chat, soap"]].concat();
    let mut peer = client_at(port, path, &fields);
    terminal.wait_until("the prompt below the client", |screen| {
        screen.contains("#1 ") && screen.trim_end().ends_with("\n>")
    });
    let screen = terminal.screen();
    terminal.press(Key::CtrlD);
    peer.answer_close(1001);
    assert_eq!(terminal.wait_exit(), 0);
    let lines = screen.lines().skip_while(|line| !line.starts_with("#1"));
    let lines = lines.take_while(|line| line.trim_end() != ">");
    lines.map(str::to_owned).collect()
}

/// The remote port differs in each run.
fn without_port(line: &str) -> String {
    let (before, rest) = line.split_once("127.0.0.1:").unwrap_or((line, ""));
    format!("{before}ADDRESS{}", rest.trim_start_matches(|c: char| c.is_ascii_digit()))
}

#[test]
fn a_browser_takes_one_line() {
    for (columns, options, path, expected) in [
        (
            80,
            &[][..],
            "/",
            "#1 client ADDRESS: /, Origin http://localhost:3000, no subprotocol (offered: chat, soap)",
        ),
        (
            80,
            &["-s", "chat"],
            "/",
            "#1 client ADDRESS: /, Origin http://localhost:3000, subprotocol chat",
        ),
        (
            200,
            &["-s", "chat"],
            "/한?token=abcdefgh&a=b",
            "#1 client ADDRESS connected to /한?token=***&a=b, Origin http://localhost:3000, subprotocol chat",
        ),
    ] {
        let lines = shown(columns, options, path);
        let text: Vec<_> = lines.iter().map(|line| line.trim()).collect();
        assert_eq!(without_port(&text.join(" ")), expected, "{lines:#?}");
        let fits = columns == 200 || !options.is_empty();
        assert_eq!(lines.len(), if fits { 1 } else { 2 }, "{lines:#?}");
    }
}

#[test]
fn with_v_the_head_is_shown() {
    let lines = shown(120, &["-v"], "/");
    assert!(lines.len() > 15, "{lines:#?}");
    assert!(
        lines.contains(&"#1 < Accept-Language: ko-KR,ko;q=0.9,en;q=0.8".to_owned()),
        "{lines:#?}"
    );
    assert!(lines.iter().any(|line| line.starts_with("     no subprotocol, ")), "{lines:#?}");
}

#[test]
fn in_a_pipe_the_line_has_the_origin() {
    let (mut server, port) = start(wscope().stdin_null(), &[]);
    let peer = client_at(port, "/chat", &BROWSER);
    let line = server.wait_stderr("#1 ");
    assert_eq!(
        without_port(&line).trim_end().split(", compressed").next(),
        Some(&*format!(
            "#1 wscope: client ADDRESS connected to ws://127.0.0.1:{port}/chat, \
             Origin http://localhost:3000, no subprotocol"
        ))
    );
    leave(peer);
    server.wait_stderr("closed by the peer");
}
