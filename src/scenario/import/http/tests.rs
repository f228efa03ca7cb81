use proptest::strategy::Strategy;

use super::*;
use crate::scenario::language::syntax::{PayloadKind, Step, StepKind, Wanted};
use crate::scenario::language::template::Piece;

fn source(text: &str) -> Source {
    Source::new("a.http", text.as_bytes().to_vec())
}

fn read(text: &str, given: &[&str]) -> Result<Scenario, Vec<Diagnostic>> {
    parse(&source(text), &given.iter().map(|name| (*name).to_owned()).collect()).complete()
}

fn written(template: &Template) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Literal(text) => text.clone(),
        Piece::Variable(variable) => format!("{{{{{}}}}}", variable.name),
    };
    template.pieces().iter().map(piece).collect()
}

fn step(step: &Step) -> String {
    match &step.kind {
        StepKind::Send(payload) => match &payload.kind {
            PayloadKind::Text(text) => format!("> {}", written(text)),
            PayloadKind::File(_, path) => format!("> text:@{}", written(path)),
            other => panic!("{other:?}"),
        },
        StepKind::Receive(Wanted::Next, payload) => {
            assert!(matches!(payload.kind, PayloadKind::Any(_)));
            "wait".to_owned()
        }
        other => panic!("{other:?}"),
    }
}

/// What a file was read to, line by line.
fn lines(scenario: &Scenario) -> Vec<String> {
    let mut lines = Vec::new();
    for part in &scenario.parts {
        lines.extend(part.title.as_ref().map(|title| format!("### {}", written(title))));
        for item in &part.items {
            match item {
                Item::Step(it) => lines.push(step(it)),
                Item::Connect(connect) => {
                    lines.push(format!("WS {}", written(&connect.url)));
                    for field in &connect.headers {
                        lines.push(format!("{}: {}", written(&field.name), written(&field.value)));
                    }
                    for option in &connect.options {
                        lines.push(format!("[{}] {}", option.name, written(&option.value)));
                    }
                }
            }
        }
    }
    lines
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let scenario = read(text, &[]).expect(text);
    assert_eq!(lines(&scenario), expected, "{text}");
}

/// Each diagnostic as `LINE:COLUMN MESSAGE`.
fn shown(text: &str, diagnostics: &[Diagnostic]) -> Vec<String> {
    let source = source(text);
    diagnostics.iter().map(|it| format!("{} {}", source.place(it.at.start), it.message)).collect()
}

#[track_caller]
fn errors(text: &str, expected: &[&str]) {
    let errors = read(text, &[]).expect_err(text);
    assert_eq!(shown(text, &errors), expected, "{text}");
}

#[track_caller]
fn warnings(text: &str, expected: &[&str]) {
    let scenario = read(text, &[]).expect(text);
    assert_eq!(shown(text, &scenario.warnings), expected, "{text}");
}

/// Scenario language, section 5: "`.http`/`.rest` files with `WEBSOCKET` requests".
///
/// The example of JetBrains' documentation, with its comments.
#[test]
fn the_documented_example_is_read() {
    let text = "WEBSOCKET ws://localhost:8080/websocket\n\
                Content-Type: application/json // Used for content highlighting only\n\n\
                // Request body, for example:\n{\n  \"message\": \"First\"\n}\n\
                ===  // message separator\n{\n  \"message\": \"Second\"\n}\n\
                === wait-for-server  // keyword used to wait for the server response\n\
                {\n  \"message\": \"Third\"\n}\n";
    check(
        text,
        &[
            "WS ws://localhost:8080/websocket",
            "> {\n  \"message\": \"First\"\n}",
            "> {\n  \"message\": \"Second\"\n}",
            "wait",
            "> {\n  \"message\": \"Third\"\n}",
        ],
    );
}

/// Scenario language, section 5: "JetBrains: `===`, `=== wait-for-server`".
#[test]
fn messages_are_separated_and_waits_add_up() {
    for (body, expected) in [
        ("", &[][..]),
        ("a", &["> a"]),
        ("a\r\n===\r\nb\r\n", &["> a", "> b"]),
        ("\n\na\n\nb\n\n===\n\n c \n\n", &["> a\n\nb", ">  c "]),
        ("===\na\n===\n===\n", &["> a"]),
        ("===wait-for-server", &["> ===wait-for-server"]),
        ("====\n ===", &["> ====\n ==="]),
        ("a\n=== wait-for-server\n=== wait-for-server\nb", &["> a", "wait", "wait", "> b"]),
        ("=== wait-for-server", &["wait"]),
        ("a\n# b\n  // c\nd\n<> old.json\n", &["> a\nd"]),
        ("< ./a b.json\n===\n<\n===\n<a/>", &["> text:@./a b.json", "> <", "> <a/>"]),
        (">\n===\n>a\n===\n>> ", &["> >", "> >a", "> >> "]),
        ("> quoted\n> text\nanswer", &["> > quoted\n> text\nanswer"]),
        ("> changed main.js", &["> > changed main.js"]),
        (">> a nested quote\n===\n<> not equal", &["> >> a nested quote", "> <> not equal"]),
        ("text:a\n===\nhex:00\n===\nclose:1000", &["> text:a", "> hex:00", "> close:1000"]),
        (r"\{a}}", &[r"> \{a}}"]),
    ] {
        let all: Vec<_> = ["WS ws://h"].iter().chain(expected).copied().collect();
        check(&format!("WEBSOCKET ws://h\n\n{body}"), &all);
    }
}

#[test]
fn requests_have_titles_headers_and_options() {
    check(
        "### one\n\nWEBSOCKET ws://h\n### two\n\nwss://h/b\n",
        &["### one", "WS ws://h", "### two", "WS wss://h/b"],
    );
    check("###\n# @name = a b\n// note\nWS wss://h\n###\n###\n", &["### a b", "WS wss://h"]);
    check("### x\n// @name y\nwebsocket {{host}}\n", &["### y", "WS {{host}}"]);
    check(
        "WEBSOCKET ws://h/a\n    ?b={{c}}\n    &d=e HTTP/1.1\nX-A: 1\n# no\nX-B:\n===\na\n",
        &["WS ws://h/a?b={{c}}&d=e", "X-A: 1", "X-B: ", "> a"],
    );
    check(
        "# @no-log\n# @timeout 600\n// @connection-timeout 2 m\nWEBSOCKET ws://h\nAuthorization: Basic {{ u }} p:q\n",
        &["WS ws://h", "[timeout] 600s", "[connect-timeout] 2m", "[user] {{u}}:p:q"],
    );
    check(
        "WEBSOCKET ws://h\nAuthorization: Basic YTpi\ncontent-type: text/plain\n",
        &["WS ws://h", "Authorization: Basic YTpi"],
    );
}

#[test]
fn variables_of_the_file_are_put_in() {
    let text = "@host = h:1\n@path={{host}}/{{a}}\nWEBSOCKET ws://{{path}}\nX: {{$uuid}}\n\n\
                {{ $random.uuid }}{{$isoTimestamp}}{{host}}{{late}}\n###\n@late = 2\n@a.b = 3\n\
                WEBSOCKET ws://{{late}}\n\n{{a.b}}\n";
    check(
        text,
        &[
            "WS ws://h:1/{{a}}",
            "X: {{newUuid}}",
            "> {{newUuid}}{{newDate}}h:1{{late}}",
            "WS ws://2",
            "> 3",
        ],
    );
    let given = read(text, &["host", "late"]).expect("valid");
    assert_eq!(lines(&given)[0], "WS ws://h:1/{{a}}".replace("h:1", "{{host}}"));
    assert_eq!(lines(&given)[3], "WS ws://{{late}}");
}

#[test]
fn what_cannot_be_translated_is_an_error_at_its_place() {
    let request = "WEBSOCKET ws://h\n";
    for (rest, error) in [
        ("X: {{$timestamp}}", "2:4 {{$timestamp}} cannot be translated"),
        ("\né {{$random.integer(1, 5)}}", "3:3 {{$random.integer(1, 5)}} cannot be translated"),
        ("\n{{$env.HOME}}", "3:1 {{$env.HOME}} cannot be translated"),
        ("\n{{a b}}", "3:1 \"a b\" is not the name of a variable"),
        ("\na {{", "3:3 \"{{\" without \"}}\""),
        ("{\"a\":1}", "2:1 not a header field"),
        ("A: b\n  c", "3:3 not a header field"),
        ("Authorization: Digest a b", "2:1 Digest authentication is not supported"),
        ("\n=== later", "3:1 \"later\" is not expected behind ==="),
        ("\n<@ a.json", "3:1 variables in files are not replaced: <@ cannot be translated"),
        ("\na\n< a.json", "4:1 a file has to be a message of its own"),
        ("\n> {%\n x", "3:1 \"{%\" without \"%}\""),
        ("###\n@a", "3:1 a variable is written @name = value"),
        ("###\n@ = 1", "3:1 \"\" is not the name of a variable"),
        ("###\n@b = {{$randomInt}}", "3:6 {{$randomInt}} cannot be translated"),
        ("###\n# @timeout soon", "3:1 @timeout: \"soon\" is not a duration: 500ms, 5s or 2m"),
        ("###\nWEBSOCKET", "3:10 a URL is missing"),
        ("###\nWEBSOCKET /chat", "3:11 the URL needs a host: it cannot begin with a path"),
        ("###\nWEBSOCKET ws://a b", "3:11 a URL cannot contain spaces"),
    ] {
        errors(&format!("{request}{rest}\n"), &[error]);
    }
    for text in ["", "\n", "@a = 1\n### b\n", "GET http://h\n\nWEBSOCKET ws://h\n"] {
        errors(text, &["1:1 this file has no WEBSOCKET request"]);
    }
}

#[test]
fn what_is_left_out_is_a_warning_at_its_line() {
    let silent = "1:1 this part neither expects nor asserts anything";
    let request = "WEBSOCKET ws://h\n\n=== wait-for-server\n";
    warnings("WEBSOCKET ws://h\n\na\n", &[silent]);
    warnings("WEBSOCKET ws://h\n\na\n=== wait-for-server\n", &[]);
    for (rest, warning) in [
        ("> {% client.test() %}\n", "4:1 scripts are not run: what it checks or sets is left out"),
        ("> {%\n a\n%}\nb\n", "4:1 scripts are not run: what it checks or sets is left out"),
        ("> ./check.js\n", "4:1 scripts are not run: what it checks or sets is left out"),
        ("> Check.KTS\n", "4:1 scripts are not run: what it checks or sets is left out"),
        ("> {{dir}}/my check.mjs\n", "4:1 scripts are not run: what it checks or sets is left out"),
        (">> out.json\n", "4:1 what is received is not written to a file"),
        (">>! out.json\n", "4:1 what is received is not written to a file"),
        ("###\n@id = x-{{$uuid}}\n", "5:9 {{id}} is another value wherever it is used"),
        ("###\n< {%\n a %}\n", "5:1 scripts are not run: what it checks or sets is left out"),
        ("###\nimport a.http\n", "5:1 requests of other files are not run"),
        ("###\nGET http://h\n", "5:1 1 request that is not WEBSOCKET is skipped: GET"),
    ] {
        warnings(&format!("{request}{rest}"), &[warning]);
    }
    warnings(
        "POST http://h\n\n=== a\n###\n{{host}}/x\nA: b\n### c\nGRAPHQL h\n###\nPOST h\n###\nWS ws://h\n\n=== wait-for-server\n",
        &["1:1 4 requests that are not WEBSOCKET are skipped: POST, GET, GRAPHQL"],
    );
}

#[test]
fn positions_are_those_of_the_file() {
    let text = "### a\nWEBSOCKET ws://h\n\n\n{\n  \"b\": {{c}}\n}\n=== wait-for-server // d\n";
    let scenario = read(text, &[]).expect("valid");
    let steps = scenario.parts[0].items.iter().filter_map(|item| match item {
        Item::Step(step) => Some(step),
        Item::Connect(_) => None,
    });
    let steps: Vec<_> = steps.collect();
    assert_eq!(&text[steps[0].at.clone()], "{");
    assert_eq!(&text[steps[1].at.clone()], "=== wait-for-server // d");
    let StepKind::Send(payload) = &steps[0].kind else { panic!("a send") };
    assert_eq!(&text[payload.at.clone()], "{\n  \"b\": {{c}}\n}");
    let variable = payload.kind.template().variables().next().expect("a variable");
    assert_eq!(&text[variable.at.clone()], "{{c}}");
    assert_eq!(&text[scenario.parts[0].at.clone()], "### a");
}

#[test]
fn values_that_grow_are_refused() {
    let mut text = "@a = 0123456789\n".to_owned();
    for _ in 0..40 {
        text.push_str("@a = {{a}}{{a}}\n");
    }
    let errors = read(&format!("{text}WEBSOCKET ws://{{{{a}}}}\n"), &[]).expect_err("too long");
    assert!(errors.iter().all(|it| it.message == "the values of variables exceed 16 MiB"));
}

proptest::proptest! {
    #[test]
    fn any_file_is_read_or_refused(
        lines in proptest::collection::vec(
            proptest::prop_oneof![
                proptest::sample::select(&[
                    "WEBSOCKET ws://h", "###", "### é", "===", "=== wait-for-server", "", "@a = {{a}}{{$uuid}}", "{{a}}",
                    "> {%", "%}", "< {%", "< f", "GET /", "X: {{", "Authorization: Basic {{a}} b", "# @timeout 1 s", "  ?é",
                ][..]).prop_map(str::to_owned),
                "\\PC{0,12}",
            ],
            0..20,
        ),
    ) {
        let text = lines.join("\n");
        let place = |it: &Diagnostic| text.get(it.at.clone()).is_some();
        match read(&text, &[]) {
            Ok(scenario) => proptest::prop_assert!(scenario.warnings.iter().all(place)),
            Err(errors) => proptest::prop_assert!(!errors.is_empty() && errors.iter().all(place)),
        }
    }
}
