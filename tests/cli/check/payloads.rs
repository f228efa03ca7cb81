//! The forms of payloads: what they send, and what they match.

use super::{check, failures::sending, matches, run};
use crate::support::{
    BINARY, CLOSE, NO_STATUS, PING, PONG, Server, TEXT, binary, close, ping, pong, text, wscope,
};

/// What is sent for a payload: an opcode and data.
const SENT: [(&str, u8, &[u8]); 26] = [
    ("hello", TEXT, b"hello"),
    (r#"{ "b":1,  "a":[2 ] }"#, TEXT, br#"{ "b":1,  "a":[2 ] }"#),
    ("[1, 2.0]", TEXT, b"[1, 2.0]"),
    ("text:", TEXT, b""),
    ("text: a", TEXT, b" a"),
    ("text:hex:00", TEXT, b"hex:00"),
    ("text:{", TEXT, b"{"),
    (r#"text:"a\r\n\u0000\"\u00e9""#, TEXT, b"a\r\n\0\"\xc3\xa9"),
    (r#"text:"a" b"#, TEXT, br#""a" b"#),
    ("json:7", TEXT, b"7"),
    (r#"json:"a""#, TEXT, br#""a""#),
    (r#"json:{ "a" : null}"#, TEXT, br#"{ "a" : null}"#),
    ("hex:01 00 0a", BINARY, &[1, 0, 10]),
    ("hex:01000A", BINARY, &[1, 0, 10]),
    ("hex:", BINARY, b""),
    ("base64:AQAK", BINARY, &[1, 0, 10]),
    ("base64:AP8=", BINARY, &[0, 255]),
    ("text:@t.txt", TEXT, b"two\nlines\n"),
    ("json:@j.json", TEXT, b"{\"a\":\n1}\n"),
    ("binary:@b.bin", BINARY, &[0, 255, 10]),
    ("binary:@t.txt", BINARY, b"two\nlines\n"),
    ("/a.b/", TEXT, b"/a.b/"),
    ("ping:probe", PING, b"probe"),
    ("ping:", PING, b""),
    ("pong:beat", PONG, b"beat"),
    ("pong:", PONG, b""),
];

/// Scenario language, section 2, the column "sent": "anything else | a text message, verbatim", "`hex:…` · `base64:…` |
/// a binary message", "`text:@PATH` · `json:@PATH` · `binary:@PATH` | the file's content", "`ping:DATA` · `pong:DATA` |
/// a control frame" and so on.
#[test]
fn each_form_of_a_payload_sends_its_frame() {
    let server = Server::script(|peer| {
        peer.accept_request();
        for (payload, opcode, data) in SENT {
            let frame = peer.read_frame();
            assert!(frame.fin && frame.masked, "{payload}: {frame:?}");
            assert_eq!((frame.opcode, &*frame.payload), (opcode, data), "{payload}");
        }
        peer.answer_close(1000);
    });
    let steps: String = SENT.iter().map(|(payload, ..)| format!("> {payload}\n")).collect();
    check(&format!("WS {{{{url}}}}\nHTTP 101\n{steps}"))
        .file("t.txt", "two\nlines\n")
        .file("j.json", "{\"a\":\n1}\n")
        .file("b.bin", [0, 255, 10])
        .args(["--variable", &format!("url={}", server.url())])
        .run()
        .code(0);
}

/// Scenario language, section 2: "`close:CODE REASON`, `close:` | the closing handshake"
#[test]
fn a_close_payload_sends_the_close_frame() {
    for (payload, code, reason) in [
        ("close:1000", 1000, ""),
        ("close:4001 see you", 4001, "see you"),
        ("close:1001 a  b", 1001, "a  b"),
        ("close:", 1000, ""),
        ("close:1005", NO_STATUS, ""),
    ] {
        let server = Server::script(move |peer| {
            peer.accept_request();
            let frame = peer.read_frame();
            assert_eq!(frame.opcode, CLOSE, "{payload}");
            let expected = close(code, reason);
            assert_eq!(frame.payload, &expected[2..], "{payload}");
            peer.send(close(1000, ""));
        });
        run(&server, &format!("WS {{{{url}}}}\n> {payload}\n< close:1000\n")).code(0).stderr("");
    }
}

/// Scenario language, section 2: "anything else | a text message equal to it"; "`text:…` | a text message equal to it";
/// "`/regex/` | a text message in which it is found"
#[test]
fn patterns_of_text_match_text_messages() {
    for (pattern, message, is_met) in [
        ("hello", "hello", true),
        ("hello", "Hello", false),
        ("hello", "hello ", false),
        ("hello", "say hello", false),
        ("text:{\"a\":1}", "{\"a\":1}", true),
        ("text:{\"a\":1}", "{\"a\": 1}", false),
        ("text:/a/", "/a/", true),
        ("text:/a/", "a", false),
        (r#"text:"a\u0000\r\n""#, "a\0\r\n", true),
        (r#"text:"a\u0000\r\n""#, r#""a\u0000\r\n""#, false),
        ("/b+/", "abbc", true),
        ("/^b+/", "abbc", false),
        ("/(?i)B/", "abc", true),
        ("/a.c/", "a.d", false),
    ] {
        assert_eq!(matches(text(message), &format!(" {pattern}")), is_met, "{pattern} {message}");
        assert!(!matches(binary(message.as_bytes()), &format!(" {pattern}")), "binary: {pattern}");
    }
}

/// Scenario language, section 2: "a message that is JSON and contains it: objects by their named members, arrays by
/// length and element, numbers by value (exactly, beyond 2^53 too), order of members free"; "`json:…` | as above, for
/// any JSON value"; "A JSON message may be text or binary."
#[test]
fn patterns_of_json_match_messages_that_contain_it() {
    for (pattern, message, is_met) in [
        (r#"{"a":1}"#, r#"{"b":2, "a":1}"#, true),
        (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, true),
        (r#"{"a":1}"#, r#"{"b":2}"#, false),
        (r#"{"a":{"b":1}}"#, r#"{"a":{"c":0,"b":1}}"#, true),
        ("{}", r#"{"a":1}"#, true),
        ("{}", "[]", false),
        ("{}", "a", false),
        ("[1,2]", "[1,2]", true),
        ("[1,2]", "[1,2,3]", false),
        ("[1,2]", "[2,1]", false),
        (r#"[{"a":1}]"#, r#"[{"a":1,"b":2}]"#, true),
        (r#"{"a":100}"#, r#"{"a":1e2}"#, true),
        (r#"{"a":1.0}"#, r#"{"a":1}"#, true),
        (r#"{"a":9007199254740993}"#, r#"{"a":9007199254740993}"#, true),
        (r#"{"a":9007199254740993}"#, r#"{"a":9007199254740992}"#, false),
        (r#"{"a":"1"}"#, r#"{"a":1}"#, false),
        (r#"{"a":null}"#, "{}", false),
        ("json:7", "7.0", true),
        ("json:7", "8", false),
        (r#"json:"a""#, r#""a""#, true),
        (r#"json:"a""#, "a", false),
        ("json:null", "null", true),
        (r#"json:{"a":1}"#, r#"{"a":1,"b":2}"#, true),
    ] {
        let pattern = format!(" {pattern}");
        assert_eq!(matches(text(message), &pattern), is_met, "{pattern} {message}");
        assert_eq!(matches(binary(message.as_bytes()), &pattern), is_met, "{pattern} {message}");
    }
}

/// Scenario language, section 2: "`hex:01 00 0a` · `base64:…` | equal bytes; `hex:01 00 ..` is a prefix"
#[test]
fn patterns_of_bytes_match_binary_messages() {
    for (pattern, message, is_met) in [
        ("hex:01 00 0a", &[1, 0, 10][..], true),
        ("hex:01000A", &[1, 0, 10], true),
        ("hex:01 00 0a", &[1, 0, 10, 0], false),
        ("hex:01 00 0a", &[1, 0], false),
        ("hex:01 00 ..", &[1, 0, 10], true),
        ("hex:01 00 ..", &[1, 0], true),
        ("hex:01 00 ..", &[1, 1, 0], false),
        ("hex:01 00 ..", &[1], false),
        ("hex:", &[], true),
        ("base64:AQAK", &[1, 0, 10], true),
        ("base64:AQAK", &[1, 0, 11], false),
    ] {
        let pattern = format!(" {pattern}");
        assert_eq!(matches(binary(message), &pattern), is_met, "{pattern} {message:?}");
        assert!(!matches(text(str::from_utf8(message).expect("text")), &pattern), "{pattern}");
    }
}

/// Scenario language, section 2: "the file's content (relative to the scenario file) | equal to it (`json:` contains it)"
#[test]
fn files_of_payloads_are_beside_the_scenario() {
    let server = |messages: [Vec<u8>; 3]| {
        Server::script(move |peer| {
            peer.accept_request();
            peer.expect_text("inner");
            messages.iter().for_each(|message| peer.send(message));
            peer.answer_close(1000);
        })
    };
    let scenario = "WS {{url}}\n[Options]\nstrict: true\n\n> text:@m.txt\n< text:@m.txt\n\
        < json:@deep/m.json\n< binary:@../m.bin\n";
    let good = || [text("inner"), text(r#"{"b":2,"a":1}"#), binary(b"outer bytes")];
    for (messages, code) in [
        (good(), 0),
        ([text("outer"), good()[1].clone(), good()[2].clone()], 1),
        ([text("inner "), good()[1].clone(), good()[2].clone()], 1),
        ([good()[0].clone(), text(r#"{"b":1}"#), good()[2].clone()], 1),
        ([good()[0].clone(), good()[1].clone(), binary(b"outer bytes!")], 1),
        ([good()[0].clone(), good()[1].clone(), text("outer bytes")], 1),
    ] {
        let server = server(messages);
        let program = wscope();
        std::fs::create_dir_all(program.home().join("sub/deep")).expect("folders");
        program
            .file("m.txt", "outer")
            .file("m.bin", "outer bytes")
            .file("sub/m.txt", "inner")
            .file("sub/deep/m.json", "{\"a\":1}\n")
            .file("sub/s.wscope", scenario)
            .args(["check", "sub/s.wscope", "--variable", &format!("url={}", server.url())])
            .run()
            .code(code);
    }
}

/// Scenario language, section 2: "`ping:DATA` · `pong:DATA` | such a frame; without DATA any"
#[test]
fn patterns_of_control_frames_match_them() {
    for (frame, pattern, is_met) in [
        (ping(b"a"), "ping:a", true),
        (ping(b"a"), "ping:", true),
        (ping(b""), "ping:", true),
        (ping(b"a"), "ping:b", false),
        (ping(b"a"), "pong:a", false),
        (pong(b"a"), "pong:a", true),
        (pong(b"a"), "pong:", true),
        (pong(b"a"), "pong:b", false),
        (pong(b"a"), "ping:", false),
        (text("a"), "ping:", false),
        (text("a"), "pong:a", false),
    ] {
        // The end of the connection comes behind the frame, whatever is awaited.
        let server = Server::script(move |peer| {
            peer.accept_request();
            peer.send([frame, close(1000, "")].concat());
            peer.read_until_eof();
        });
        let outcome = run(&server, &format!("WS {{{{url}}}}\n< {pattern}\n"));
        outcome.code(i32::from(!is_met));
    }
}

/// Scenario language, section 2: "Control frames are looked at by `ping: pong: close:` patterns only."
#[test]
fn other_patterns_do_not_look_at_control_frames() {
    let frames = [ping(b"x"), pong(b"x"), ping(b"{}"), pong(b"x"), text("ok")];
    let options = "[Options]\nstrict: true\n\n";
    for steps in ["< ok\n", "<! x\n<! /x/\n<! {}\n<! hex:78\n< ok\n", "<? x\n< ok\nSILENCE 50ms\n"]
    {
        run(&sending(&frames), &format!("WS {{{{url}}}}\n{options}{steps}")).code(0);
    }
    run(&sending(&frames[..4]), "WS {{url}}\nSILENCE 50ms\n").code(0);
    run(&sending(&frames[..4]), "WS {{url}}\nDURING 50ms\n[Asserts]\ncount == 0\n").code(0);
    // Their own patterns do.
    run(&sending(&frames), "WS {{url}}\n<! pong:x\n< ok\n")
        .code(1)
        .stdout_contains("s.wscope:2:1: this was received\n");
}

/// Scenario language, section 2: "the peer's Close: this code; REASON equal, or `/regex/`; `close:1006` is an end
/// without Close"
#[test]
fn patterns_of_the_end_match_code_and_reason() {
    for (frame, pattern, is_met) in [
        (close(1000, ""), "close:", true),
        (close(4001, "see you"), "close:", true),
        (close(NO_STATUS, ""), "close:", true),
        (close(4001, "see you"), "close:4001", true),
        (close(4001, "see you"), "close:4002", false),
        (close(4001, "see you"), "close:4001 see you", true),
        (close(4001, "see you"), "close:4001 see", false),
        (close(4001, "see you"), "close:4001 /^see/", true),
        (close(4001, "see you"), "close:4001 /^you/", false),
        (close(NO_STATUS, ""), "close:1005", true),
        (close(1000, ""), "close:1005", false),
        (close(1000, ""), "close:1006", false),
        (Vec::new(), "close:1006", true),
        (Vec::new(), "close:", false),
        (Vec::new(), "close:1000", false),
    ] {
        let server = Server::script(move |peer| {
            peer.accept_request();
            peer.send(frame);
            peer.eof();
            peer.read_until_eof();
        });
        let outcome = run(&server, &format!("WS {{{{url}}}}\n< {pattern}\n"));
        assert_eq!(outcome.code, Some(i32::from(!is_met)), "{pattern}: {}", outcome.stdout);
    }
}
