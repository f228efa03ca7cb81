use super::parse;
use crate::scenario::language::source::Source;
use crate::scenario::language::syntax::{ExpectedStatus, Item, PayloadKind, Scenario, StepKind};

mod recovery;

fn read(text: &str) -> Result<Scenario, String> {
    let source = Source::new("x", text.as_bytes().to_vec());
    parse(&source).complete().map_err(|errors| {
        let lines =
            errors.iter().map(|it| format!("{}: {}", source.place(it.at.start), it.message));
        lines.collect::<Vec<_>>().join("\n")
    })
}

/// The items of all parts, a line each.
fn outline(text: &str) -> String {
    let scenario = read(text).expect("valid");
    let mut lines = Vec::new();
    for part in &scenario.parts {
        let title = part.title.as_ref().and_then(|title| title.as_literal());
        lines.push(format!("### {}", title.unwrap_or_default()));
        for item in &part.items {
            lines.push(describe(item));
        }
    }
    lines.join("\n")
}

fn literal(text: &crate::scenario::language::Template) -> String {
    text.as_literal().map_or_else(|| "{{}}".to_owned(), std::borrow::Cow::into_owned)
}

fn describe(item: &Item) -> String {
    match item {
        Item::Connect(it) => {
            let status = it.response.as_ref().map(|response| response.status.known());
            let (headers, options) = (it.headers.len(), it.options.len());
            let asserts = it.sections.asserts.len();
            format!("WS {:?} {headers} {options} {status:?} {asserts}", it.name)
        }
        Item::Step(step) => {
            let name = step.connection.as_ref().map_or("", |name| &name.text);
            let kind = match &step.kind {
                StepKind::Send(payload) => format!("> {}", form(&payload.kind)),
                StepKind::Receive(wanted, pattern) => format!("{wanted:?} {}", form(&pattern.kind)),
                StepKind::Silence(span) => format!("SILENCE {:?}", span.known),
                StepKind::During(span) => format!("DURING {:?}", span.known),
                StepKind::Sleep(span) => format!("SLEEP {:?}", span.known),
                StepKind::Run(command) => format!("$ {}", literal(command)),
            };
            let sections = (step.sections.captures.len(), step.sections.asserts.len());
            format!("{name}{kind} {sections:?}")
        }
    }
}

fn form(kind: &PayloadKind) -> String {
    let debug = format!("{kind:?}");
    let name = debug.split(['(', ' ']).next().unwrap_or_default();
    format!("{name}={:?}", literal(kind.template()))
}

#[test]
fn the_examples_are_read() {
    let text = r#"### two people in a room
WS {{url}}/chat as alice
WS {{url}}/chat as bob
alice> {"join":"lobby"}
bob< {"event":"joined","user":"bob"}
bob<& {"event":"members","count":2}
bob<? {"event":"motd"}
alice> {"say":"hi {{newUuid}}"}
bob< {"from":"alice"}
[Asserts]
jsonpath "$.text" matches /^hi [0-9a-f-]{36}$/
alice SILENCE 2s

### without a token it is refused, and the reason is said
WS {{url}}/feed
HTTP 401
WWW-Authenticate: Bearer
[Asserts]
body contains "token"

### the feed
WS {{url}}/feed
Authorization: Bearer {{token}}
[Options]
ignore: {"type":"heartbeat"}
HTTP 101
[Asserts]
extensions contains "permessage-deflate"
> ping:probe
< pong:probe
[Asserts]
rtt < 200ms
DURING 10s
[Asserts]
count >= 95
each jsonpath "$.price" > 0
> bye
< close:4001 /see you/
"#;
    let expected = r#"### two people in a room
WS Some("alice") 0 0 None 0
WS Some("bob") 0 0 None 0
alice> Bare="{\"join\":\"lobby\"}" (0, 0)
bobNext Bare="{\"event\":\"joined\",\"user\":\"bob\"}" (0, 0)
bobAlso Bare="{\"event\":\"members\",\"count\":2}" (0, 0)
bobOptional Bare="{\"event\":\"motd\"}" (0, 0)
alice> Bare="{{}}" (0, 0)
bobNext Bare="{\"from\":\"alice\"}" (0, 1)
aliceSILENCE Some(2s) (0, 0)
### without a token it is refused, and the reason is said
WS None 0 0 Some(Some(401)) 1
### the feed
WS None 1 1 Some(Some(101)) 1
> Ping="probe" (0, 0)
Next Pong="probe" (0, 1)
DURING Some(10s) (0, 2)
> Bare="bye" (0, 0)
Next Close="4001 /see you/" (0, 0)"#;
    assert_eq!(outline(text), expected);
}

/// Scenario language, section 1: "it goes to the end of the line, verbatim, trailing spaces included"
#[test]
fn payloads_are_what_the_file_says() {
    for (line, expected) in [
        ("> hi  ", r#"> Bare="hi  ""#),
        (">hi", r#"> Bare="hi""#),
        (">", r#"> Bare="""#),
        (">  x", r#"> Bare=" x""#),
        ("> text:/a/", r#"> Text="/a/""#),
        ("> /a/", r#"> Bare="/a/""#),
        (r#"> text:"a\u0000""#, r#"> JsonString="\"a\\u0000\"""#),
        (r#"> text:"a" b"#, r#"> Text="\"a\" b""#),
        ("> hex:01 0a", r#"> Hex="01 0a""#),
        ("> base64:AP8=", r#"> Base64="AP8=""#),
        ("> text:@a b.txt", r#"> File="a b.txt""#),
        ("> {{x}}text:", r#"> Bare="{{}}""#),
        ("< /a b/", r#"Next Regex="a b""#),
        ("< /", r#"Next Bare="/""#),
        ("< //", r#"Next Regex="""#),
        ("<! hex:01 ..", r#"Never Hex="01 ..""#),
        ("< close:", r#"Next Close="""#),
        ("< ping:", r#"Next Ping="""#),
        ("> {{{{", ""),
    ] {
        let text = format!("WS ws://h\n{line}\n");
        match read(&text) {
            Ok(_) => {
                let lines = outline(&text);
                let line = lines.lines().last().expect("a step");
                assert_eq!(line.rsplit_once(" (").expect("sections").0, expected);
            }
            Err(error) => assert_eq!(expected, "", "{line}: {error}"),
        }
    }
}

#[test]
fn fences_that_are_not_closed_are_one_error_each_with_those_of_their_lines_once() {
    let part = "WS ws://h\n> ````\n> {{1}}\n### next\n";
    let error = read(&part.repeat(20_000)).expect_err("errors");
    let lines: Vec<_> = error.lines().collect();
    assert_eq!(lines.len(), 20_000, "{:?}", &lines[..10]);
    assert!(
        lines[1].starts_with("6:3: no line with ```` alone closes this payload"),
        "{}",
        lines[1]
    );
}

/// Scenario language, section 1: "the lines up to the closing one, as long, are the payload, joined by LF"
#[test]
fn a_fence_holds_lines_as_they_are() {
    let text = "WS ws://h\n> ```\na\n  # b \n\n```\n< ````\n```\n````\n";
    let expected =
        "### \nWS None 0 0 None 0\n> Bare=\"a\\n  # b \\n\" (0, 0)\nNext Bare=\"```\" (0, 0)";
    assert_eq!(outline(text), expected);
}

/// Scenario language, section 1: "LF or CRLF, a byte order mark is skipped. Blank lines […] mean nothing; leading
/// white space too"
#[test]
fn a_variable_may_give_the_status() {
    for (text, expected) in
        [("HTTP {{a}}", "{{}}"), ("HTTP 4{{a}}", "{{}}"), ("HTTP 401", "401"), ("HTTP *", "*")]
    {
        let scenario = read(&format!("WS ws://h\n{text}\n")).expect("valid");
        let Item::Connect(connect) = &scenario.parts[0].items[0] else { panic!("a connection") };
        let found = match &connect.response.as_ref().expect("a response").status {
            ExpectedStatus::Any => "*".to_owned(),
            ExpectedStatus::Is(status) => status.to_string(),
            ExpectedStatus::Given(template) => literal(template),
        };
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn carriage_returns_and_white_space_mean_nothing() {
    let text = "\u{feff}  # c\r\n\r\n\tWS ws://h as a\r\n  X-A:  b \r\n  a  >  x \r\n";
    let scenario = read(text).expect("valid");
    let Item::Connect(connect) = &scenario.parts[0].items[0] else { panic!("a connection") };
    assert_eq!(literal(&connect.headers[0].value), "b");
    assert!(outline(text).ends_with("a> Bare=\" x \" (0, 0)"), "{}", outline(text));
}

/// Scenario language, section 1: "connect = "WS" URL […]"
#[test]
fn errors_have_their_place_and_all_are_found() {
    let long = "x".repeat(126);
    for (text, expected) in [
        ("> a", "1:1: a connection is needed before the first step"),
        ("WS", "1:1: a URL is missing"),
        ("WS ws://h as {{a}}", "1:14: the name of a connection cannot contain a variable"),
        ("WS ws://h\n[Options]\n{{a}}: b", "3:1: the name of an option cannot contain a variable"),
        (
            "WS ws://h\n[Captures]\na-{{a}}: text",
            "3:1: the name of a captured value cannot contain a variable",
        ),
        ("WS ws://h\nHTTP {{a}} b", "2:6: a status code (100 to 599) or * has to follow HTTP"),
        ("WS ws://h\nHTTP {{a", "2:6: \"{{\" without \"}}\""),
        ("WS ws://h as 1", "1:14: \"1\" is not the name of a connection"),
        ("WS ws://h alice", "1:11: \"alice\" is not expected after the URL"),
        ("WS ws://h as a\nWS ws://h as a", "2:14: another connection of this part is named \"a\""),
        ("WS ws://h\nfoo", "2:1: not a header field, a section or a step"),
        ("WS ws://h\nbob> a", "2:1: no connection of this part is named \"bob\""),
        ("WS ws://h\n[Option]", "2:1: unknown section [Option]: did you mean [Options]?"),
        ("[Asserts]\n", "1:1: a section needs a connection or a step before it"),
        (
            "WS ws://h\n> a\n[Options]\n",
            "3:1: [Options] belongs below the headers of a connection, before HTTP",
        ),
        ("WS ws://h\n[Options]\ninsecure", "3:1: not an option, which is written NAME: VALUE"),
        ("WS ws://h\n[Options]\n--insecure: true", "3:1: options are written without dashes here"),
        ("WS ws://h\nHTTP", "2:1: a status code (100 to 599) or * has to follow HTTP"),
        ("WS ws://h\nHTTP 99", "2:6: a status code (100 to 599) or * has to follow HTTP"),
        ("WS ws://h\nHTTP 401 Unauthorized", "2:10: the reason phrase is not written"),
        ("WS ws://h\nHTTP *  any", "2:9: the reason phrase is not written"),
        ("WS ws://h\nHTTP 401 # no", "2:10: a comment cannot follow something else in its line"),
        ("WS ws://h\nHTTP 401\n> a", "3:1: after HTTP 401 there is no connection to use"),
        ("WS ws://h\n> a\nfoo", "3:1: not a step, a section or a connection"),
        ("WS ws://h\n> {{a", "2:3: \"{{\" without \"}}\""),
        ("WS ws://h\n> ```\nx", "2:3: no line with ``` alone closes this payload"),
        ("WS ws://h\n> hex:0", "2:3: not hex: 1 digit, but every byte takes two"),
        ("WS ws://h\n> hex:0x", "2:3: not hex: \"x\" is not a hex digit"),
        ("WS ws://h\n> json:{", "2:8: not JSON: EOF while parsing an object"),
        ("WS ws://h\n< /a(/", "2:3: not a regular expression: unclosed group"),
        ("WS ws://h\n> binary:00", "2:3: binary: takes a file: binary:@PATH"),
        ("WS ws://h\n> text:@", "2:3: the path of a file has to follow @"),
        ("WS ws://h\nSLEEP", "2:1: a duration is missing"),
        ("WS ws://h\nSILENCE 2", "2:9: a duration needs a unit: 2ms or 2s"),
        ("WS ws://h\nDURING x", "2:8: \"x\" is not a duration: 500ms, 5s or 2m"),
        ("WS ws://h as a\na SLEEP 1s", "2:1: SLEEP is not for one connection: leave the name out"),
        ("WS ws://h\n$", "2:1: a command is missing"),
        ("WS ws://h\n<& a", "2:1: <& needs a < of the same connection directly before it"),
        (
            "WS ws://h\n< a\n<! b\n<& c",
            "4:1: <& needs a < of the same connection directly before it",
        ),
        (
            "WS ws://h as a\nWS ws://h as b\na< a\nb> b\na<& c",
            "5:1: <& needs a < of the same connection directly before it",
        ),
        ("WS ws://h\n<? a\n> b", "2:1: <? needs a < of the same connection after it"),
        ("WS ws://h as a\nWS ws://h as b\n> x", "3:1: which connection? This part has several"),
        ("WS ws://h\n> a\n[Captures]\nx", "4:1: a capture is written NAME: QUERY"),
        ("WS ws://h\n> a\n[Captures]\n1: text", "4:1: \"1\" is not the name of a variable"),
        (&format!("WS ws://h\n< ping:{long}"), "2:3: 126 bytes: a control frame takes at most 125"),
        (
            "WS\n> {{\n\nSLEEP 1",
            "1:1: a URL is missing\n2:3: \"{{\" without \"}}\"\n4:7: a duration needs a unit: 1ms or 1s",
        ),
    ] {
        assert_eq!(read(text).map(|_| ()).expect_err(text), expected, "{text}");
    }
    for text in [
        "WS ws://h\n> close:1005 bye",
        "WS ws://h\n> close:1006",
        "WS ws://h\n> close:x",
        "WS ws://h\n< close:99999",
    ] {
        assert!(read(text).is_err(), "{text}");
    }
}

/// Scenario language, section 3: "A part that neither asserts nor expects anything is a warning"
#[test]
fn doubtful_things_are_warnings() {
    for (text, expected) in [
        ("WS ws://h\n> a", &["1:1: this part neither expects nor asserts anything"] as &[_]),
        ("WS ws://h\n< a", &[]),
        ("WS ws://h\nHTTP *", &[]),
        ("WS ws://h\n< {a}", &["2:4: taken as text, as it is not JSON: key must be a string"]),
        ("WS ws://h\n< {a", &[]),
        ("WS ws://h\n< {\"a\":1e400}", &[]),
        (
            "WS ws://h\n< ```json",
            &["2:3: taken as text: nothing may follow the backticks of a fence"],
        ),
        ("WS ws://h\n< ```a```", &[]),
        ("WS ws://h\n< /a.b/i", &["2:3: taken as text: a regular expression ends with its slash"]),
        ("WS ws://h\n< /a/b", &[]),
        ("WS ws://h\n> /a/i\n< b", &[]),
        ("WS ws://h\n< text:{a}", &[]),
    ] {
        let source = Source::new("x", text.as_bytes().to_vec());
        let scenario = parse(&source).complete().expect("valid");
        let warnings: Vec<_> = scenario
            .warnings
            .iter()
            .map(|it| format!("{}: {}", source.place(it.at.start), it.message))
            .collect();
        assert_eq!(warnings, expected, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in r"(WS h|[a-z]{1,3}|[<>$#]{1,3}[&?!]?|```|\{\{a\}\}|\[Asserts\]|HTTP \*|/|\PC|[ \n:]){0,40}") {
        let source = Source::new("x", text.into_bytes());
        for error in parse(&source).errors {
            source.render("error", &error);
        }
    }
}
