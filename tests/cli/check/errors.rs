//! Everything that is wrong in all files is shown in one run, and nothing that only follows from something else.

use super::check;
use crate::support::wscope;

const VALID: &str = "WS ws://127.0.0.1:1\n< a\n";

/// The errors and warnings of `s.wscope` with this text, as `LINE:COLUMN: SEVERITY: WHAT`.
#[track_caller]
fn found(scenario: impl AsRef<[u8]>) -> Vec<String> {
    let program = wscope().file("s.wscope", scenario).args(["check", "s.wscope"]);
    let outcome = program.run().code(2).stdout("");
    let heads = outcome.stderr.lines().filter_map(|line| line.strip_prefix("s.wscope:"));
    heads.map(str::to_owned).collect()
}

#[test]
fn a_file_that_cannot_be_read_hides_no_other() {
    let all = wscope()
        .file("a.wscope", "WS ws://h\n< /a(/\n")
        .file("b.wscope", b"WS ws://h\n> caf\xe9\n< hex:0\n")
        .file("c.wscope", VALID)
        .file("x.har", "")
        .file("d.wscope", "WS ws://h\n< a\0b\n");
    let names = ["check", "a.wscope", "no.wscope", "b.wscope", "x.har", "c.wscope", "d.wscope"];
    let outcome = all.args(names).args(["--glob", "*.none"]).run().code(2).stdout("");
    let expected = "\
a.wscope:2:3: error: not a regular expression: unclosed group
  < /a(/
    ^^^^
wscope: no.wscope: No such file or directory (os error 2)
b.wscope:2:6: error: byte 0xe9: not UTF-8
  > caf\u{fffd}
       ^
  help: a scenario is UTF-8; bytes are written hex:… or base64:…
b.wscope:3:3: error: not hex: 1 digit, but every byte takes two
  < hex:0
    ^^^^^
wscope: cannot read the recording: x.har: it is empty
d.wscope:2:4: error: NUL character
  < a b
     ^
  help: it is written text:\"\\u0000\", or hex:00 in a binary message
wscope: no file matches --glob \"*.none\"
wscope: nothing was run: 5 of 6 files have errors
";
    outcome.stderr(expected);
}

#[test]
fn unreadable_files_alone_have_their_own_status() {
    let files = wscope().file("a.wscope", VALID).args(["check", "no.wscope", "a.wscope", "nor"]);
    files.run().code(8).stdout("").stderr(
        "wscope: no.wscope: No such file or directory (os error 2)\n\
         wscope: nor: No such file or directory (os error 2)\n\
         wscope: nothing was run: 2 of 3 files have errors\n",
    );
    let large = wscope().file("a.wscope", "WS ws://h\n< /a(/\n");
    std::fs::File::create(large.home().join("large.wscope"))
        .and_then(|file| file.set_len((64 << 20) + 1))
        .expect("a file");
    let outcome = large.args(["check"]).run().code(2);
    outcome
        .stderr_contains("a.wscope:2:3: error: ")
        .stderr_contains("wscope: large.wscope: the file is larger than 64 MiB\n");
}

#[test]
fn many_lines_that_are_not_utf8_are_counted() {
    let lines = b"< \xff\xfe\n".repeat(400);
    let found = found([b"WS ws://h\n".as_slice(), &lines].concat());
    assert_eq!(found.len(), 21, "{found:?}");
    assert_eq!(found[19], "21:3: error: byte 0xff: not UTF-8");
    assert_eq!(
        found[20],
        "22:3: error: this and 379 more lines are not UTF-8, or have NUL characters"
    );
}

#[test]
fn what_is_not_text_is_one_error() {
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x54\x48\xca\xc9\x4f\xe7\x02\x00\x9a\x3d\x8c\x0a\xfe\x97\xf2\n\x01";
    let utf16: Vec<u8> = "\u{feff}WS ws://h\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let unmarked: Vec<u8> = "WS ws://h\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, expected) in [
        (gzip.to_vec(), "1:1: error: this is not a text file"),
        (
            b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\x03\0\x3e\0\x01\0\xd0\xa0\xff".to_vec(),
            "1:1: error: this is not a text file",
        ),
        (unmarked, "1:1: error: this is not a text file"),
        (utf16, "1:1: error: this file is UTF-16; it has to be UTF-8"),
    ] {
        assert_eq!(found(&bytes), [expected]);
        let outcome = wscope().file("s.wscope", &bytes).args(["check", "s.wscope"]).run();
        assert!(outcome.stderr.lines().count() <= 2, "{}", outcome.stderr);
    }
}

#[test]
fn all_kinds_of_errors_are_shown_at_once() {
    let scenario = "\
WS ws://h
[Options]
insecrue: true
> {{nothing}}
< /a(/
[Asserts]
siez == 1
$ true
foo
< close:x
[Captures]
id code
> {{id}} {{other}}
";
    let expected = [
        "3:1: error: unknown option \"insecrue\"",
        "4:3: error: unknown variable \"nothing\"",
        "5:3: error: not a regular expression: unclosed group",
        "7:1: error: unknown query \"siez\": did you mean size?",
        "8:1: error: this scenario runs a command",
        "9:1: error: not a step, a section or a connection",
        "10:3: error: \"x\" is not a close code: expected a number such as 1000, at most 65535",
        "12:1: error: a capture is written NAME: QUERY",
        "13:10: error: unknown variable \"other\"",
    ];
    assert_eq!(found(scenario), expected);
}

#[test]
fn warnings_are_shown_with_the_errors() {
    let found = found("WS ws://h\n<< a\n> hex:0\n< {a}\n");
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].starts_with("2:2: warning: "), "{found:?}");
    assert!(found[1].starts_with("3:3: error: "), "{found:?}");
    assert!(found[2].starts_with("4:4: warning: "), "{found:?}");
}

#[test]
fn a_warning_of_a_connection_names_its_line() {
    use crate::support::{Server, close, text};
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(text("a"));
        peer.send(close(4001, "gone"));
    });
    let url = format!("url={}", server.url());
    let scenario = "### title\n\nWS {{url}}\n< a\nSLEEP 50ms\n";
    check(scenario)
        .args(["--variable", &url])
        .run()
        .code(0)
        .stderr_contains("warning: s.wscope:3: ");
}

#[test]
fn an_option_among_the_headers_is_a_warning() {
    let found = found("WS ws://h\ntimeout: 5s\nX-A: b\n[Options]\nretry: x\n< a\n");
    let expected = [
        "2:1: warning: this header field has the name of an option",
        "5:8: error: bad retry \"x\": a number is needed",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_connection_may_be_wrong_in_several_ways() {
    let found = found("WS ws://h:99999/\nX: a\nY: \u{7}\nWS\nWS {{u\nWS ws://h as a\na< b\n");
    let expected = [
        "1:1: error: this part has several connections: each needs a name",
        "1:11: error: bad URL: ",
        "3:1: error: bad header: ",
        "4:1: error: a URL is missing",
        "5:4: error: \"{{\" without \"}}\"",
    ];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    let is_same = |(line, start): (&String, &&str)| line.starts_with(*start);
    assert!(found.iter().zip(&expected).all(is_same), "{found:?}");
}
