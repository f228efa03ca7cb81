//! What is read of lines that are wrong, and what is not reported since it only follows from them.

use super::{describe, parse};
use crate::scenario::language::source::Source;

/// The errors of a text, each with its place.
fn errors(text: &str) -> Vec<String> {
    let source = Source::new("x", text.as_bytes().to_vec());
    let errors = parse(&source).errors;
    errors.iter().map(|it| format!("{} {}", source.place(it.at.start), it.message)).collect()
}

/// The advice of the first error or warning.
fn help(text: &str) -> String {
    let read = parse(&Source::new("x", text.as_bytes().to_vec()));
    let first = read.errors.first().or(read.value.warnings.first()).expect(text);
    first.help.clone().unwrap_or_default()
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(errors(text), expected, "{text}");
}

#[test]
fn words_are_read_as_what_was_meant() {
    for (text, expected) in [
        ("ws ws://h\n< a", "1:1 unknown word \"ws\": did you mean WS?"),
        ("WEBSOCKET ws://h\n< a", "1:1 unknown word \"WEBSOCKET\": did you mean WS?"),
        ("ws://h\n< a", "1:1 a connection is written WS URL"),
        ("### a\nwss://h\n< a", "2:1 a connection is written WS URL"),
        ("WS ws://h as a\nws://h\na< a", "2:1 a connection is written WS URL"),
        ("WS ws://h\nhttp 101\n< a", "2:1 unknown word \"http\": did you mean HTTP?"),
        ("WS ws://h\nHTTP/1.1 101\n< a", "2:1 unknown word \"HTTP/1.1\": did you mean HTTP?"),
        ("WS ws://h\nsilence 2s", "2:1 unknown word \"silence\": did you mean SILENCE?"),
        ("WS ws://h\n< a\nSleep 1s", "3:1 unknown word \"Sleep\": did you mean SLEEP?"),
        ("WS ws://h\n< a\nwait 1s", "3:1 unknown word \"wait\": did you mean SLEEP?"),
        (
            "WS ws://h\n< a\n[Asserts]\nduring 1s",
            "4:1 unknown word \"during\": did you mean DURING?",
        ),
        ("WS ws://h\n< a\n[Captures]\nSLEP 1s", "4:1 unknown word \"SLEP\": did you mean SLEEP?"),
        ("WS ws://h as a\na silence 1s", "2:3 unknown word \"silence\": did you mean SILENCE?"),
    ] {
        check(text, &[expected]);
    }
    assert_eq!(help("ws ws://h"), "words are written in capitals");
    let text = "ws ws://h\nA: b\nhttp 101\nsilence 1s\n[Assert]\ncount > 1";
    let scenario = parse(&Source::new("x", text.into())).value;
    let items: Vec<_> = scenario.parts[0].items.iter().map(describe).collect();
    assert_eq!(items, ["WS None 1 0 Some(Some(101)) 0", "SILENCE Some(1s) (0, 1)"]);
}

#[test]
fn sections_are_read_as_what_was_meant() {
    for (name, expected) in [
        ("Assert", "did you mean [Asserts]?"),
        ("asserts", "did you mean [Asserts]?"),
        ("Expect", "did you mean [Asserts]?"),
        ("Capture", "did you mean [Captures]?"),
    ] {
        let text = format!("WS ws://h\n< a\n[{name}]\nb: text\n< c");
        check(&text, &[&format!("3:1 unknown section [{name}]: {expected}")]);
    }
    check(
        "WS ws://h\n[Option]\ninsecure: true\n< a",
        &["2:1 unknown section [Option]: did you mean [Options]?"],
    );
    check("WS ws://h\n[Headers]\nA: b\n< a", &["2:1 unknown section [Headers]"]);
    check(
        "WS ws://h\n< a\n[Other]\nfoo\nbar: 1\n< hex:0",
        &["3:1 unknown section [Other]", "6:3 not hex: 1 digit, but every byte takes two"],
    );
    check(
        "WS ws://h\n< a\n[Asserts] size == 1\nsize == 1",
        &["3:11 nothing may follow [Asserts] in its line"],
    );
    check(
        "WS ws://h\n> a\n[Options]\nfoo: 1\n< b",
        &["3:1 [Options] belongs below the headers of a connection, before HTTP"],
    );
    check(
        "[Asserts]\nsize == 1\nfoo\nWS ws://h\n< b",
        &["1:1 a section needs a connection or a step before it"],
    );
}

#[test]
fn json_of_several_lines_is_one_error() {
    let message = "a payload ends with its line; this JSON goes on in the next one";
    for json in [
        "{\n\"a\": 1\n}",
        "[\n  1,\n\n  null,\n  [true]\n]",
        "{ \"a\": [\n{\"b\": \"}\"},\n-1]}",
        "json:{\n  \"a\": {{n}}\n}",
        "{\n  \"not\": \"closed\"",
        "[1,\n[2]]",
    ] {
        for sign in [">", "<", "<?"] {
            let text = format!("WS ws://h\n{sign} {json}\n< hex:0");
            let column = sign.len() + 2;
            check(
                &text,
                &[
                    &format!("2:{column} {message}"),
                    &format!(
                        "{}:3 not hex: 1 digit, but every byte takes two",
                        text.lines().count(),
                    ),
                ],
            );
            assert!(help(&text).contains("three backticks"), "{}", help(&text));
        }
    }
    for text in
        ["> {\n< a", "> [\n[Asserts]\n< a", "> {\"a\":1}\n< a", "> [INFO] up\n< a", "> {\n\n< a"]
    {
        check(&format!("WS ws://h\n{text}"), &[]);
    }
}

#[test]
fn a_fence_with_a_word_is_read_as_one() {
    check(
        "WS ws://h\n> ```json\n{\n}\n```\n< hex:0",
        &[
            "2:3 nothing may follow the backticks of a fence",
            "6:3 not hex: 1 digit, but every byte takes two",
        ],
    );
    check("WS ws://h\n> ```json\n< ```\na\n```", &[]);
    check(
        "WS ws://h\n> ```\n{{\n### b\nWS ws://h\n< hex:0",
        &[
            "2:3 no line with ``` alone closes this payload",
            "6:3 not hex: 1 digit, but every byte takes two",
        ],
    );
}

#[test]
fn lines_in_a_row_that_mean_nothing_are_one_error() {
    check("a text\nof\n\nlines\n> b", &["1:1 not the start of a part (this line and the next 2)"]);
    check(
        "WS ws://h\n> a\nfoo\n# c\nbar\n< b\nbaz",
        &[
            "3:1 not a step, a section or a connection (this line and the next)",
            "7:1 not a step, a section or a connection",
        ],
    );
    assert!(help("WS ws://h\n> a\nb\n").starts_with("a payload of several lines stands between"));
    check(
        "WS ws://h\nA B: 1\n: 2\nC\n< b",
        &[
            "2:1 \"A B\" is not the name of a header field",
            "3:1 a name is missing before the colon",
            "4:1 not a header field, a section or a step",
        ],
    );
}

#[test]
fn a_connection_that_is_wrong_is_reported_once() {
    check(
        "> a\n< b\nc> d\n[Asserts]\nsize == 1",
        &["1:1 a connection is needed before the first step"],
    );
    check("WS\n> a\n< b", &["1:1 a URL is missing"]);
    check("WS {{h\n> a\n< b", &["1:4 \"{{\" without \"}}\""]);
    check("WS ws://h as 1\n1> a\n1 < b", &["1:14 \"1\" is not the name of a connection"]);
    check("WS ws://h as\nb> a\nb< c", &["1:11 a name has to follow \"as\""]);
    check("WS ws://h bob\nbob< c", &["1:11 \"bob\" is not expected after the URL"]);
    check(
        "WS ws://h as a\nb> 1\nb> 2\n[Captures]\nx: text\nc< 3\na< 4",
        &[
            "2:1 no connection of this part is named \"b\"",
            "6:1 no connection of this part is named \"c\"",
        ],
    );
    check("WS ws://h\nHTTP 401\n> a\n< b", &["3:1 after HTTP 401 there is no connection to use"]);
    check(
        "WS ws://h\n< c\n> close:\n> a\n> b",
        &["4:1 a step before closes this connection: nothing can be sent any more"],
    );
    check(
        "WS ws://h as a\nWS ws://h as b\n> hex:0\n< c",
        &[
            "3:3 not hex: 1 digit, but every byte takes two",
            "4:1 which connection? This part has several",
        ],
    );
}

#[test]
fn a_step_that_is_wrong_has_its_sections() {
    check(
        "WS ws://h\n> a\n< /(/\n[Asserts]\nsize == 1\n<& hex:0\n<? d\n< {{",
        &[
            "3:3 not a regular expression: unclosed group",
            "6:4 not hex: 1 digit, but every byte takes two",
            "8:3 \"{{\" without \"}}\"",
        ],
    );
    let text = "WS ws://h\nHTTP 1\nA: b\n[Asserts]\nstatus == 101\nSILENCE x\n[Captures]\nno\n< a";
    check(
        text,
        &[
            "2:6 a status code (100 to 599) or * has to follow HTTP",
            "6:9 \"x\" is not a duration: 500ms, 5s or 2m",
            "8:1 a capture is written NAME: QUERY",
        ],
    );
    let read = parse(&Source::new("x", text.into())).value;
    assert_eq!(read.unread_names.into_iter().collect::<Vec<_>>(), ["no"]);
}

#[test]
fn lines_that_are_not_text_are_wrong_once() {
    let source = Source::new("x", b"WS ws://h\n< hex:\xe9\nfoo\xff\n< hex:0".to_vec());
    let errors = parse(&source).errors;
    let lines: Vec<_> = errors.iter().map(|error| source.line_of(error.at.start)).collect();
    assert_eq!(lines, [2, 3, 4]);
}

#[test]
fn a_doubled_sign_is_a_warning() {
    for (text, expected) in [
        (">> a", Some("> > ")),
        ("<< a", Some("< < ")),
        ("> > a", None),
        ("< < a", None),
        ("><a/>", None),
        ("<>", None),
    ] {
        let source = Source::new("x", format!("WS ws://h\n{text}\n< b").into_bytes());
        let warnings = parse(&source).complete().expect(text).warnings;
        assert_eq!(warnings.len(), usize::from(expected.is_some()), "{text}");
        if let Some(way_out) = expected {
            assert_eq!(source.place(warnings[0].at.start).column, 2);
            let help = warnings[0].help.as_deref().unwrap_or_default();
            assert!(help.contains(way_out), "{help}");
        }
    }
}

#[test]
fn broken_json_is_marked_at_its_place() {
    for (text, expected) in [
        ("> json: [1,]", "2:12 not JSON: expected value"),
        ("> json:é", "2:8 not JSON: expected value"),
        ("> text:\"a\\q\"", "2:11 not a JSON string: invalid escape"),
        ("> ```\njson:{\n  \"é\": x\n}\n```", "4:8 not JSON: expected value"),
    ] {
        check(&format!("WS ws://h\n{text}\n< b"), &[expected]);
    }
    let source = Source::new("x", b"WS ws://h\n<   {\"a\":}\n".to_vec());
    let warnings = parse(&source).value.warnings;
    assert_eq!(source.place(warnings[0].at.start).to_string(), "2:10");
}

#[test]
fn payloads_of_control_frames_have_a_limit() {
    let long = "x".repeat(126);
    for line in ["> ping:", "< ping:", "<? pong:", "<! pong:", "> pong:"] {
        let errors = errors(&format!("WS ws://h\n{line}{long}\n< b"));
        assert!(errors[0].ends_with("126 bytes: a control frame takes at most 125"), "{errors:?}");
    }
    for line in ["> close:1000 ", "< close:1000 "] {
        let errors = errors(&format!("WS ws://h\n{line}{}", &long[2..]));
        assert_eq!(errors, ["2:3 a close reason has at most 123 bytes, not 124"]);
        check(&format!("WS ws://h\n{line}{}", &long[3..]), &[]);
    }
}

#[test]
fn a_payload_without_a_sign_is_named_as_such() {
    for payload in ["{\"a\": 1}", "{\n\"a\": 1\n}", "```\na\n```"] {
        let errors = errors(&format!("WS ws://h\n{payload}\n< b"));
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].starts_with("2:1 a payload without a sign before it"), "{errors:?}");
    }
}

/// Scenario language, section 3: which connection a step is for
#[test]
fn the_name_of_a_connection_stands_before_the_word() {
    let two = "WS ws://h as ada\nWS ws://h as bob\n";
    for (line, message, advice) in [
        (
            "SILENCE ada 1s",
            "3:9 the name of a connection stands at the start of the line",
            "write the name before the word: ada SILENCE 1s",
        ),
        (
            "DURING bob 2m",
            "3:8 the name of a connection stands at the start of the line",
            "write the name before the word: bob DURING 2m",
        ),
        (
            "SILENCE 1s",
            "3:1 which connection? This part has several",
            "write the name before the word: ada SILENCE 1s, bob SILENCE 1s",
        ),
        (
            "> a",
            "3:1 which connection? This part has several",
            "write the name before the sign: ada, bob",
        ),
    ] {
        let text = format!("{two}{line}");
        check(&text, &[message]);
        assert_eq!(help(&text), advice, "{text}");
    }
}

#[test]
fn a_comment_behind_json_is_said_to_need_its_own_line() {
    for (line, advice) in [
        ("< {\"a\":1} # one", "a comment has a line of its own"),
        ("> json:[1] # one", "a comment has a line of its own"),
        ("< {\"a\":1} x", "write text:… if it is meant to be text"),
        ("< {\"a\" # one", "write text:… if it is meant to be text"),
    ] {
        assert_eq!(help(&format!("WS ws://h\n{line}\n< a")), advice, "{line}");
    }
}
