//! The text of scenario files: lines, comments, payloads and fences.

use super::{check, expecting, failures::sending, matches, run};
use crate::support::{Server, TEXT, text};

/// Runs steps that send, against a server that expects these texts.
#[track_caller]
fn assert_sent(steps: &[&str], texts: &[&str]) {
    let steps = steps.join("\n");
    run(&expecting(texts), &format!("WS {{{{url}}}}\nHTTP 101\n{steps}\n")).code(0).stderr("");
}

/// Scenario language, section 1: "There are no comments behind a payload: it goes to the end of the line,
/// verbatim, trailing spaces included (one space behind `>` or `<` belongs to the sign […])"
#[test]
fn a_payload_goes_verbatim_to_the_end_of_its_line() {
    let (steps, texts): (Vec<_>, Vec<_>) = [
        ("> a # b", "a # b"),
        ("> # a", "# a"),
        ("> ### a", "### a"),
        ("> a  ", "a  "),
        ("> a\t", "a\t"),
        (">a", "a"),
        (">  a", " a"),
        ("> \ta", "\ta"),
        ("> {\"b\": 1, \"a\":2}  ", "{\"b\": 1, \"a\":2}  "),
    ]
    .into_iter()
    .unzip();
    assert_sent(&steps, &texts);
    for (pattern, message, is_met) in [
        (" a # b", "a # b", true),
        (" a # b", "a", false),
        (" a  ", "a  ", true),
        (" a  ", "a", false),
        ("a", "a", true),
        ("  a", " a", true),
        ("  a", "a", false),
    ] {
        assert_eq!(matches(text(message), pattern), is_met, "<{pattern} {message:?}");
    }
}

/// Scenario language, section 1: "`>` alone sends an empty text message"
#[test]
fn a_sign_alone_sends_an_empty_text_message() {
    let server = Server::script(|peer| {
        peer.accept_request();
        for _ in 0..3 {
            let frame = peer.read_frame();
            assert_eq!((frame.fin, frame.opcode, &frame.payload[..]), (true, TEXT, &b""[..]));
        }
        peer.answer_close(1000);
    });
    run(&server, "WS {{url}}\nHTTP 101\n>\n> \n> text:\n").code(0);
    for (message, is_met) in [("", true), (" ", false)] {
        assert_eq!(matches(text(message), ""), is_met, "{message:?}");
    }
}

/// Scenario language, section 1: "Blank lines and lines starting with `#` (but not `###`) mean nothing"
#[test]
fn blank_lines_and_comments_mean_nothing_anywhere() {
    let scenario = "\
# {{nope}} {{
## {{nope}
#!/usr/bin/env wscope
#WS ws://h

WS {{url}}

   # X-A: {{nope}}
\t
X-B: b
[Options]
# nonsense: true

timeout: 2s
HTTP 101
# X-C: nope

[Asserts]

# status == 99
status == 101
> a
# > never
   #> never
[Captures]
# 1: text

v: variable \"url\"
";
    let server = Server::script(|peer| {
        let head = peer.accept_request();
        assert!(head.contains("\r\nX-B: b\r\n") && !head.contains("X-A"), "{head}");
        peer.expect_text("a");
        peer.answer_close(1000);
    });
    run(&server, scenario).code(0).stderr("");
}

/// Scenario language, section 1: "lines starting with `#` (but not `###`) mean nothing"; `part = [ "###" title ]`
#[test]
fn three_number_signs_begin_a_part_and_fewer_do_not() {
    let scenario = "## no\n###a\nWS ws://h\n< a\n# ### no\n##no\n  ###  b c \nWS ws://h\n< a\n";
    check(scenario).arg("--list").run().code(0).stdout("s.wscope:2: a\ns.wscope:7: b c\n");
    let untitled = "WS ws://h\n< a\n###\nWS ws://h\n< a\n";
    let outcome = check(untitled).arg("--list").run().code(0);
    assert_eq!(outcome.stdout.lines().count(), 2, "{}", outcome.stdout);
}

/// Scenario language, section 1: "leading white space too [means nothing]"; "spaces between NAME and sign are free"
#[test]
fn white_space_before_a_line_and_between_name_and_sign_is_free() {
    let lines = ["me> a", "me > b", "me  >c", "  me\t> d", "\t>e"];
    let scenario = format!("  WS {{{{url}}}} as me\n\tHTTP 101\n{}\n", lines.join("\n"));
    run(&expecting(&["a", "b", "c", "d", "e"]), &scenario).code(0).stderr("");
    let server = sending(&[text("a"), text("b")]);
    run(&server, "WS {{url}} as me\nme  < a\nme\t<& b\nme SILENCE 1ms\n").code(0).stderr("");
}

/// Scenario language, section 1: "UTF-8, LF or CRLF, a byte order mark is skipped"
#[test]
fn line_endings_and_a_byte_order_mark_change_nothing() {
    let scenario = "WS {{url}}\nX-A: b\nHTTP 101\n> h\u{e9}\u{1f511} \n> ```\na\n\n b \n```\n> c\n";
    for scenario in [
        scenario.to_owned(),
        scenario.replace('\n', "\r\n"),
        format!("\u{feff}{scenario}"),
        format!("\u{feff}{}", scenario.replace('\n', "\r\n")),
        scenario.trim_end().to_owned(),
    ] {
        let server = Server::script(|peer| {
            let head = peer.accept_request();
            assert!(head.contains("\r\nX-A: b\r\n"), "{head}");
            peer.expect_text("h\u{e9}\u{1f511} ");
            peer.expect_text("a\n\n b ");
            peer.expect_text("c");
            peer.answer_close(1000);
        });
        run(&server, &scenario).code(0).stderr("");
    }
}

/// Scenario language, section 1: "A payload that is ```` ``` ```` alone (three backticks or more) opens a fence: the
/// lines up to the closing one, as long, are the payload, joined by LF."
#[test]
fn a_fence_holds_lines_up_to_a_closing_one_that_is_as_long() {
    let (steps, texts): (Vec<_>, Vec<_>) = [
        ("> ```\n```", ""),
        ("> ```\na\n```", "a"),
        ("> ```\n\n```", ""),
        ("> ```\na\nb\n```", "a\nb"),
        ("> ```\n  # a\n### b\n> c\n[Asserts]\n\n```", "  # a\n### b\n> c\n[Asserts]\n"),
        ("> ````\n```\n````", "```"),
        ("> ```\n````\n```", "````"),
        ("> ``````\n`````\n``````", "`````"),
        (">```\na\n  ```", "a"),
        ("> ``", "``"),
    ]
    .into_iter()
    .unzip();
    assert_sent(&steps, &texts);
    for (message, is_met) in [("a\nb", true), ("a\r\nb", false), ("a", false), ("a\nb\n", false)] {
        assert_eq!(matches(text(message), " ```\na\nb\n```"), is_met, "{message:?}");
    }
    assert!(matches(text("{\"b\":1,\"a\":2}"), " ```\n{\n  \"a\": 2\n}\n```"));
}
