//! `{{name}}`: where values come from, and where they stand.

use jiff::{Timestamp, ToSpan};

use super::{check, expecting, failures::sending, matches, run, run_with};
use crate::scripts::answer_close;
use crate::support::{Outcome, Server, close, pong, script, text, wscope};

const EVERYWHERE: &str = "\
### title {{v}}
# {{nope}}
WS {{url}}/{{v}}
X-{{v}}: a{{v}}
[Options]
timeout: {{n}}s
ignore: beat {{v}}
subprotocol: {{v}}
HTTP 101
X-R-{{v}}: r{{v}}
Sec-WebSocket-Protocol: {{v}}
[Asserts]
header \"X-R-{{v}}\" == \"r{{v}}\"
> {{v}}
> {\"n\":{{n}}}
> text:t{{v}}
> text:\"{{v}}\\n\"
> json:[{{n}}]
> hex:0{{n}}
> base64:{{b}}
> text:@{{v}}.txt
> ```
f
{{v}}
```
> ping:{{v}}
< pong:{{v}}
SLEEP {{n}}ms
< {\"n\":{{n}}}
[Captures]
c: jsonpath \"$.{{v}}\"
[Asserts]
jsonpath \"$.{{v}}\" == \"{{v}}\"
jsonpath \"$.n\" == {{n}}
<& /^r{{v}}$/
<& hex:0{{n}} ..
<? {{v}}
<! bad {{v}}
< {{c}}
SILENCE {{n}}ms
DURING {{n}}ms
> close:400{{n}} {{v}}
< close:400{{n}} {{v}}
";

/// Scenario language, section 1: "`{{name}}` is replaced everywhere but in comments"
#[test]
fn a_variable_has_its_value_in_every_place() {
    let server = Server::script(|peer| {
        let head = peer.read_head();
        assert!(head.starts_with("GET /val HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("\r\nX-val: aval\r\n"), "{head}");
        peer.accept_with(&head, &["X-R-val: rval", "Sec-WebSocket-Protocol: val"]);
        for expected in ["val", "{\"n\":7}", "tval", "val\n", "[7]"] {
            peer.expect_text(expected);
        }
        peer.expect_binary(&[7]);
        peer.expect_binary(&[0, 255]);
        peer.expect_text("of the file");
        peer.expect_text("f\nval");
        peer.expect_ping(b"val");
        peer.send(pong(b"val"));
        let messages = ["rval", "beat val", "{\"n\":7,\"val\":\"val\"}"].map(text).concat();
        peer.send(messages);
        peer.send(crate::support::binary(&[7, 8]));
        peer.send(text("val"));
        assert_eq!(peer.expect_close(4007), "val");
        peer.send(close(4007, "val"));
    });
    let values = ["v=val", "n=7", "b=AP8="].map(|value| ["--variable", value]).concat();
    check(EVERYWHERE)
        .file("val.txt", "of the file")
        .args(["-v", "--variable", &format!("url={}", server.url())])
        .args(values)
        .run()
        .code(0)
        .stderr("")
        .stdout_contains("### s.wscope: title val\n");
}

/// Scenario language, section 1: "A name that is not known is an error at that place."
#[test]
fn an_unknown_name_is_an_error_at_its_place() {
    for (scenario, place) in [
        ("### a {{x}}\nWS ws://h\n< a\n", "1:7"),
        ("WS ws://{{x}}/\n< a\n", "1:9"),
        ("WS ws://h\nX-{{x}}: a\n< a\n", "2:3"),
        ("WS ws://h\nX-A: {{x}}\n< a\n", "2:6"),
        ("WS ws://h\n[Options]\ntimeout: {{x}}\n< a\n", "3:10"),
        ("WS ws://h\n[Options]\nignore: a{{x}}\n< a\n", "3:10"),
        ("WS ws://h\nHTTP 101\nX-A: {{x}}\n", "3:6"),
        ("WS ws://h\n> \u{e9}{{x}}\n< a\n", "2:4"),
        ("WS ws://h\n< ```\na\n {{x}}\n```\n", "4:2"),
        ("WS ws://h\n< a\n<& {{x}}\n", "3:4"),
        ("WS ws://h\n<? {{x}}\n< a\n", "2:4"),
        ("WS ws://h\n<! {{x}}\n< a\n", "2:4"),
        ("WS ws://h\nSILENCE {{x}}\n", "2:9"),
        ("WS ws://h\n< a\nSLEEP {{x}}\n", "3:7"),
        ("$ echo {{x}}\n", "1:8"),
        ("WS ws://h\n< a\n[Captures]\nc: jsonpath \"$.{{x}}\"\n", "4:16"),
        ("WS ws://h\n< a\n[Asserts]\nsize == {{x}}\n", "4:9"),
    ] {
        let expected = format!("s.wscope:{place}: error: unknown variable \"x\"\n");
        let outcome = check(scenario).arg("--allow-run").run().code(2);
        outcome.stdout("").stderr_contains(&expected);
    }
}

/// Scenario language, section 1: "`\{{` stands for `{{`"
#[test]
fn an_escaped_brace_stands_for_itself() {
    let scenario = "WS {{url}}\nHTTP 101\n> \\{{url}}\n> {\"a\":\"\\{{x}}\"}\n> }} { {\n";
    run(&expecting(&["{{url}}", "{\"a\":\"{{x}}\"}", "}} { {"]), scenario).code(0);
    assert!(matches(text("{{url}}"), " \\{{url}}"));
}

/// Scenario language, section 1: "Built in: `{{newUuid}}`, `{{newDate}}` (RFC 3339 UTC)."
#[test]
fn built_in_names_are_a_new_uuid_and_the_date_in_utc() {
    let server = Server::script(|peer| {
        peer.accept_request();
        let mut read = || String::from_utf8(peer.read_message().1).expect("text");
        let uuids = read();
        let (one, two) = uuids.split_once(' ').expect("two");
        assert_ne!(one, two);
        for uuid in [one, two] {
            let lengths: Vec<_> = uuid.split('-').map(str::len).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12], "{uuid}");
            assert!(uuid.chars().all(|c| c == '-' || c.is_ascii_hexdigit()), "{uuid}");
        }
        let date = read();
        assert!(date.ends_with('Z') && date.as_bytes()[10] == b'T', "{date}");
        let (time, now) = (date.parse::<Timestamp>().expect("a time"), Timestamp::now());
        assert!(time <= now && time > now - 1.minute(), "{date}");
        peer.answer_close(1000);
    });
    run(&server, "WS {{url}}\nHTTP 101\n> {{newUuid}} {{newUuid}}\n> {{newDate}}\n").code(0);
}

/// Scenario language, section 1: "Where several give a value: built-in < environment < file < option < capture."
#[test]
fn a_capture_counts_most_and_what_is_built_in_least() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(text("captured"));
        peer.expect_text("environment environment file option captured");
        peer.answer_close(1000);
    });
    let scenario = "WS {{url}}\n< captured\n[Captures]\nd: text\n\
        > {{newDate}} {{a}} {{b}} {{c}} {{d}}\n";
    let mut program = check(scenario).file("values", "b=file\nc=file\nd=file\n");
    for name in ["newDate", "a", "b", "c", "d"] {
        program = program.env(format!("WSCOPE_VARIABLE_{name}"), "environment");
    }
    program
        .args(["--variable", "c=option", "--variables-file", "values", "--variable", "d=option"])
        .args(["--variable", &format!("url={}", server.url())])
        .run()
        .code(0);
}

/// Scenario language, section 1: "Values: `--variable NAME=VALUE`, `--variables-file FILE` (`name=value` lines),
/// `--secret NAME=VALUE` […], the environment's `WSCOPE_VARIABLE_name` and `WSCOPE_SECRET_name`, and `[Captures]`."
#[test]
fn values_come_from_six_places() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(text("captured"));
        peer.expect_text("option a=b file secret-1 environment secret-2 captured");
        peer.answer_close(1000);
    });
    let scenario = "WS {{url}}\n< captured\n[Captures]\nc: text\n\
        > {{o}} {{eq}} {{f}} {{s}} {{ev}} {{es}} {{c}}\n";
    check(scenario)
        .file("values", "# comment\n\nf=file\neq=a=b\n")
        .env("WSCOPE_VARIABLE_ev", "environment")
        .env("WSCOPE_SECRET_es", "secret-2")
        .args(["--variable", "o=option", "--secret", "s=secret-1", "--variables-file", "values"])
        .args(["--variable", &format!("url={}", server.url())])
        .run()
        .code(0);
}

/// Scenario language, section 1: "NAME is `[A-Za-z_][A-Za-z0-9_-]*`."
#[test]
fn names_are_the_same_wherever_they_are_given() {
    let bad = ["1x", "a.b", "\u{e9}", "a b", "", "-a"];
    for name in bad {
        let given = format!("{name}=value");
        for option in ["--variable", "--secret"] {
            let outcome =
                check("### a\n").args([format!("{option}={given}")]).run().code(2).stdout("");
            outcome.stderr_contains(option).stderr_contains("letters, digits, _ and - in NAME");
        }
        check("### a\n")
            .file("values", format!("a=1\n{given}\n"))
            .args(["--variables-file", "values"])
            .run()
            .code(2)
            .stdout("")
            .stderr_contains("values, line 2");
        check(&format!("WS ws://h\n< a\n[Captures]\n{name}: text\n"))
            .run()
            .code(2)
            .stderr_contains(&match name {
                "" => "s.wscope:4:1: error: a name is missing before the colon".to_owned(),
                name => format!("s.wscope:4:1: error: {name:?} is not the name of a variable"),
            });
        check(&format!("WS ws://h\n> {{{{{name}}}}}\n< a\n"))
            .run()
            .code(2)
            .stderr_contains("s.wscope:2:3: error: ");
    }
    let good = ["_", "a", "Z9", "a-b", "_-_", "a1-"];
    let values = good.map(|name| format!("--variable={name}=<{name}>"));
    let payload = good.map(|name| format!("{{{{{name}}}}}")).concat();
    let server = expecting(&[&good.map(|name| format!("<{name}>")).concat()]);
    let values: Vec<_> = values.iter().map(String::as_str).collect();
    run_with(&server, &format!("WS {{{{url}}}}\nHTTP 101\n> {payload}\n"), &values).code(0);
}

/// What means something where a file has it.
const LANGUAGE: [&str; 14] = [
    "> x",
    "< x",
    "### t",
    "# c",
    "[Asserts]",
    "WS ws://h",
    "a\n> b\n[Asserts]\nsize == 9",
    "text:@s.wscope",
    "text:x",
    "hex:00",
    "close:1000",
    "/x/",
    "```",
    "{{url}}",
];

/// Scenario language, section 1: "A value is data, never language: `text:`, `@PATH`, sections and signs count only
/// where the file writes them, and what came in through `{{…}}` is not expanded again"
#[test]
fn nothing_in_a_value_is_language() {
    let values: Vec<_> =
        LANGUAGE.iter().enumerate().map(|(at, text)| format!("--variable=v{at}={text}")).collect();
    let values: Vec<_> = values.iter().map(String::as_str).collect();
    let steps =
        |sign: &str| (0..LANGUAGE.len()).map(|at| format!("{sign} {{{{v{at}}}}}\n")).collect();
    let sends: String = steps(">");
    run_with(&expecting(&LANGUAGE), &format!("WS {{{{url}}}}\nHTTP 101\n{sends}"), &values).code(0);
    let expects: String = steps("<");
    let server = sending(&LANGUAGE.map(text));
    let scenario = format!("WS {{{{url}}}}\n[Options]\nstrict: true\n\n{expects}");
    run_with(&server, &scenario, &values).code(0);
    // The same of what a server has sent.
    let server = Server::script(|peer| {
        peer.accept_request();
        LANGUAGE.iter().for_each(|message| peer.send(text(message)));
        LANGUAGE.iter().for_each(|message| peer.expect_text(message));
        peer.answer_close(1000);
    });
    let captures: String =
        (0..LANGUAGE.len()).map(|at| format!("< /(?s)./\n[Captures]\nv{at}: text\n")).collect();
    run(&server, &format!("WS {{{{url}}}}\n{captures}{sends}")).code(0);
}

/// Scenario language, section 1: "sections and signs count only where the file writes them"
#[test]
fn a_value_cannot_be_a_line() {
    for line in ["{{v}}", "{{v}} a", "{{v}}: text"] {
        for value in ["v=[Asserts]", "v=>", "v=> a", "v=a"] {
            check(&format!("WS ws://h\n< a\n{line}\n"))
                .args(["--variable", value])
                .run()
                .code(2)
                .stderr_contains("s.wscope:3:1: error: ");
        }
    }
}

/// A run that fails and shows this message.
fn shown(message: &str, args: &[&str]) -> Outcome {
    let server = sending(&[text(message)]);
    run_with(&server, "WS {{url}}\n[Options]\nstrict: true\n\n< x\n", args).code(1)
}

/// Scenario language, section 1: "an empty one [secret] is ignored"
#[test]
fn an_empty_secret_masks_nothing() {
    for outcome in [shown("a message", &["--secret", "e="]), shown("a message", &[])] {
        assert!(!outcome.stdout.contains("***"), "{}", outcome.stdout);
        outcome.stdout_contains("a message").stderr("");
    }
}

/// Scenario language, section 1: "one under 4 characters [is] warned about"
#[test]
fn a_secret_under_four_characters_is_warned_about() {
    for (secret, is_short) in
        [("a", true), ("abc", true), ("\u{e9}\u{e9}\u{e9}", true), ("abcd", false), ("", false)]
    {
        let outcome = shown("<abcd>", &["--secret", &format!("s={secret}")]);
        match is_short {
            true => outcome.stderr_contains("wscope: the secret \"s\" is short"),
            false => outcome.stderr(""),
        };
    }
    // It is masked all the same.
    shown("<abc>", &["--secret", "s=abc"]).stdout_contains("<***>");
}

/// The name says what the error is about, and what stands beside it is masked all the same.
#[test]
fn an_unknown_variable_is_shown_in_a_header_with_credentials() {
    let scenario = "WS ws://h\nAuthorization: Bearer hunter2-{{token}}\n< a\n";
    let outcome = check(scenario).run().code(2);
    outcome.stderr_contains(
        "s.wscope:2:31: error: unknown variable \"token\"\n  Authorization: Bearer ***{{token}}\n\
         \x20                          ^^^^^^^^^\n",
    );
    let scenario = "WS ws://h\nAuthorization: Bearer {{token}}\n< a\n";
    check(scenario).run().code(2).stderr_contains(
        "  Authorization: Bearer {{token}}\n                        ^^^^^^^^^\n  help: give it a value \
         with --variable token=VALUE, or --secret token=VALUE to have it masked\n",
    );
}

/// Contract, section 6: "secrets as `{{variables}}`", and of `replay`: "a value that holds `***` is left out and named".
#[test]
fn a_secret_in_messages_is_a_variable_of_what_was_recorded() {
    const MESSAGE: &str = r#"{"auth":"S3cr3tValue"}"#;
    let server = Server::scripts((0..3).map(|_| {
        script(|peer| {
            peer.accept_request();
            peer.expect_text(MESSAGE);
            peer.send(text(MESSAGE));
            answer_close(peer);
        })
    }));
    let scenario = format!(
        "WS {}\n> {{\"auth\":\"{{{{t}}}}\"}}\n< {{\"auth\":\"{{{{t}}}}\"}}\n",
        server.url()
    );
    let args = ["check", "s.wscope", "--secret", "t=S3cr3tValue"];
    let records = ["--record", "r.wscope", "--record", "r.ndjson", "--record", "r.har"];
    let outcome = wscope().file("s.wscope", &scenario).args(args).args(records).run().code(0);
    let file = |name| String::from_utf8(outcome.file(name)).expect("UTF-8");
    let recorded = file("r.wscope");
    assert!(
        recorded.contains("\n> {\"auth\":\"{{auth}}\"}\n< {\"auth\":\"{{auth}}\"}\n"),
        "{recorded}"
    );
    let secret = ["--secret", "auth=S3cr3tValue"];
    wscope().file("r.wscope", &recorded).args(["check", "r.wscope"]).args(secret).run().code(0);
    for name in ["r.ndjson", "r.har"] {
        let run = |args: &[&str]| wscope().file(name, file(name)).args(args).run();
        run(&["check", name]).code(2).stderr_contains("--secret auth=VALUE");
        run(&["replay", "--check", name]).code(2).stderr_contains(
            "message 1 of the client has *** in place of a secret that was masked in the recording",
        );
    }
    let args = ["check", "r.har", "--secret", "auth=S3cr3tValue"];
    wscope().file("r.har", file("r.har")).args(args).run().code(0);
    server.join();
}
