//! The peer cannot control the terminal: what it sends is escaped.

use super::{Shown, end, sending, sending_with, show, show_in};
use crate::support::{Server, binary, switching_protocols, text};

/// Clears the screen, sets a title, moves the cursor: as bytes from a peer.
const ATTACK: &str = "\x1b[2J\x1b]0;owned\x07\x1b[1;1Hgone\u{9b}31m";

/// None of these was written: the line editor and the colours use other sequences.
#[track_caller]
fn assert_escaped(shown: &Shown) {
    for sequence in
        ["\x1b[2J", "\x1b]0;", "\x07", "\x1b[1;1H", "\u{9b}", "\u{202e}", "\u{2066}", "\u{200b}"]
    {
        shown.never_wrote(sequence);
    }
}

#[test]
fn escape_sequences_in_a_message_are_shown() {
    let shown = show(&sending(text(ATTACK)), &[]);
    shown.has("< \\e[2J\\e]0;owned\\x07\\e[1;1Hgone\\x9b31m\n");
    assert_escaped(&shown);
}

#[test]
fn bidi_overrides_and_invisible_characters_are_shown() {
    let shown = show(&sending(text("pay \u{202e}evil\u{2066} a\u{200b}b\u{feff}")), &[]);
    shown.has("< pay \\u{202e}evil\\u{2066} a\\u{200b}b\\u{feff}\n");
    assert_escaped(&shown);
}

#[test]
fn a_carriage_return_does_not_overwrite_the_line() {
    show(&sending(text("harmful\rharmless\x08\x08")), &[]).has("< harmful\\rharmless\\x08\\x08\n");
}

#[test]
fn a_message_cannot_imitate_another_line() {
    let shown = show(&sending(text("hi\n< forged")), &[]);
    shown.has("< hi\n  < forged\n");
}

#[test]
fn json_is_escaped() {
    let json = format!("{{\"{ATTACK}\": \"\u{202e}\"}}").replace(['\x1b', '\x07'], "\u{9b}");
    let shown = show(&sending(text(&json)), &[]);
    shown.has("\\x9b").has("\\u{202e}");
    assert_escaped(&shown);
}

#[test]
fn binary_with_escape_sequences_is_dumped() {
    let shown = show(&sending(binary(ATTACK.as_bytes())), &[]);
    shown.has("00000000  1b 5b 32 4a").has("|.[2J.]0;owned");
    assert_escaped(&shown);
}

#[test]
fn header_values_are_escaped() {
    let shown = show(&sending_with(&["X-Evil: \u{202e}a\u{9b}31m\u{200b}"], Vec::new()), &[]);
    shown.has("< X-Evil: \\u{202e}a\\x9b31m\\u{200b}\n");
    assert_escaped(&shown);
}

#[test]
fn the_reason_phrase_is_escaped() {
    let server = Server::script(|peer| {
        let head = peer.read_head();
        let response = switching_protocols(&head, &[]);
        peer.send(response.replace("Switching Protocols", "Sw\u{202e}itch\u{9b}2J"));
        end(peer);
    });
    let shown = show(&server, &[]);
    shown.has("< HTTP/1.1 101 Sw\\u{202e}itch\\x9b2J\n");
    assert_escaped(&shown);
}

#[test]
fn the_close_reason_is_escaped() {
    for (code, status) in [(1000, 0), (4000, 6)] {
        let server = Server::script(move |peer| {
            peer.accept_request();
            peer.close(code, ATTACK);
            peer.expect_close(code);
        });
        let shown = show_in(&server, &["-v"], &[], status);
        shown.has("\\e[2J\\e]0;owned\\x07\\e[1;1Hgone\\x9b31m");
        assert_escaped(&shown);
    }
}

#[test]
fn pings_and_frames_are_escaped() {
    let shown = show(&sending(crate::support::ping(ATTACK.as_bytes())), &["-vvv"]);
    assert_escaped(&shown);
}

/// The output is not escaped, as the option requests it.
#[test]
fn raw_output_on_a_terminal_warns_once() {
    let warning = "messages are written to the terminal as they are";
    for output in ["lines", "raw", "nul"] {
        let frames = [text("plain\n"), text("\x1b[31m"), binary(b"\xff")].concat();
        let shown = show(&sending(frames), &["--output", output]);
        assert_eq!(shown.written.matches(warning).count(), 1, "{}", shown.written);
        show(&sending(text("é\tplain\n")), &["--output", output]).never_wrote(warning);
        show(&sending(text("\x07")), &["-q", "--output", output]).never_wrote(warning);
    }
    for output in ["hex", "base64", "json"] {
        show(&sending(text("\x07")), &["--output", output]).never_wrote(warning);
    }
}

/// The bytes are harmless in a pipe.
#[test]
fn raw_output_in_a_pipe_does_not_warn() {
    let server = sending(text("\x1b[31m"));
    let outcome = crate::support::wscope().args(["--output", "raw"]).arg(server.url()).run();
    outcome.code(0).stdout("\x1b[31m").stderr_lacks("warning");
}

#[test]
fn a_refusal_is_escaped() {
    let server = Server::respond(format!(
        "HTTP/1.1 403 For\u{202e}bidden\r\nX-Evil: \u{9b}31m\r\nContent-Length: {}\r\n\r\n{ATTACK}",
        ATTACK.len()
    ));
    let shown = show_in(&server, &[], &[], 4);
    shown.has("403 For\\u{202e}bidden").has("|.[2J.]0;owned");
    assert_escaped(&shown);
}

#[test]
fn a_head_with_escape_sequences_is_escaped() {
    let server = Server::respond(format!("HTTP/1.1 101 {ATTACK}\r\nX-Evil: {ATTACK}\r\n\r\n"));
    assert_escaped(&show_in(&server, &[], &[], 4));
}

#[test]
fn a_subprotocol_that_was_not_offered_is_escaped() {
    let server = Server::script(|peer| {
        let head = peer.read_head();
        peer.accept_with(&head, &["Sec-WebSocket-Protocol: \u{202e}\u{9b}31m"]);
        peer.read_until_eof();
    });
    assert_escaped(&show_in(&server, &[], &[], 4));
}
