//! Arbitrary heads and bodies.

use proptest::prelude::*;

use super::transfers::scanned;
use super::*;

/// Lines of heads, with the parts of those that matter among them.
fn any_line() -> impl Strategy<Value = Vec<u8>> {
    let name = prop_oneof![
        Just("Content-Length"),
        Just("transfer-encoding"),
        Just("Host"),
        Just("Origin"),
        Just("Upgrade"),
        Just("Cookie"),
        Just("X"),
        Just(" Content-Length"),
        Just("")
    ];
    let separator = prop_oneof![8 => Just(":"), 8 => Just(": "), 1 => Just(" :"), 1 => Just("\t:\t"), 1 => Just("")];
    let value = prop_oneof![
        Just(b"5".to_vec()),
        Just(b"chunked".to_vec()),
        Just(b"websocket".to_vec()),
        Just(b"localhost:9000".to_vec()),
        Just(b"http://localhost:9000".to_vec()),
        Just(b"6,\r\n chunked".to_vec()),
        proptest::collection::vec(any::<u8>().prop_filter("no line", |it| *it != b'\n'), 0..8),
    ];
    let line_break = prop_oneof![8 => Just("\r\n"), 1 => Just("\n")];
    (name, separator, value, line_break).prop_map(|(name, separator, value, line_break)| {
        [name.as_bytes(), separator.as_bytes(), &value, line_break.as_bytes()].concat()
    })
}

fn any_head() -> impl Strategy<Value = Vec<u8>> {
    let start_line = prop_oneof![
        Just("GET / HTTP/1.1\r\n"),
        Just("POST /a?b HTTP/1.1\n"),
        Just("GET http://localhost:9000/a HTTP/1.0\r\n"),
    ];
    let lines = proptest::collection::vec(any_line(), 0..6);
    (start_line, lines)
        .prop_map(|(start_line, lines)| [start_line.as_bytes(), &lines.concat(), b"\r\n"].concat())
}

/// What a recipient may take for the framing of a body: all lines are fields, white space and control characters
/// around names and values do not matter.
fn framing_lines(head: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let lines = head.split(|byte| b"\r\n".contains(byte)).skip(1);
    let fields = lines.filter_map(|line| {
        let colon = line.iter().position(|&byte| byte == b':')?;
        let trim = |part: &[u8]| -> Vec<u8> {
            part.iter().filter(|byte| byte.is_ascii_graphic()).map(u8::to_ascii_lowercase).collect()
        };
        Some((trim(&line[..colon]), trim(&line[colon + 1..])))
    });
    fields
        .filter(|(name, _)| [&b"content-length"[..], b"transfer-encoding"].contains(&&name[..]))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_head_without_names_of_the_proxy_is_forwarded_unchanged(head in any_head()) {
        let options = ForwardOptions { keep_host: true, keep_origin: true, ..options(false, "t", "/") };
        let Ok(request) = forwarded(&options, &head) else { return Ok(()) };
        prop_assume!(!head.starts_with(b"GET http"));
        let (_, parsed) = parse_request(&head).unwrap().unwrap();
        prop_assert_eq!(&request.head[..], parsed.bytes());
        prop_assert!(request.rewritten.is_empty());
    }

    #[test]
    fn heads_that_may_be_interpreted_in_two_ways_are_refused(head in any_head()) {
        let Ok(request) = forwarded(&options(false, "t", "/"), &head) else { return Ok(()) };
        let (_, parsed) = parse_request(&head).unwrap().unwrap();
        let lines = framing_lines(parsed.bytes());
        let names = |wanted: &[u8]| lines.iter().any(|(name, _)| name == wanted);
        prop_assert!(!(names(b"content-length") && names(b"transfer-encoding")));
        let (mut length, mut coding) = (None, None);
        for (name, value) in &lines {
            if name == b"content-length" {
                let value: u64 = str::from_utf8(value).unwrap().parse().unwrap();
                prop_assert!(length.replace(value).is_none_or(|other| other == value));
            } else {
                coding = Some(value);
            }
        }
        prop_assert!(coding.is_none_or(|value| value == b"chunked"));
        let is_empty = coding.is_none() && length.is_none_or(|length| length == 0);
        prop_assert_eq!(request.body.is_complete(), is_empty);
    }

    #[test]
    fn only_the_named_fields_change(head in any_head()) {
        let Ok(request) = forwarded(&options(false, "t", "/base"), &head) else { return Ok(()) };
        let (_, parsed) = parse_request(&head).unwrap().unwrap();
        let (_, sent) = parse_request(&request.head).unwrap().unwrap();
        let mut changes = request.rewritten.iter().filter_map(|it| it.field.clone());
        for ((name, before), (same, after)) in parsed.fields().zip(sent.fields()) {
            prop_assert_eq!(name, same);
            if before != after {
                prop_assert_eq!(changes.next(), Some(name.to_owned()));
            }
        }
        prop_assert_eq!(parsed.fields().count(), sent.fields().count());
        prop_assert_eq!(changes.next(), None);
    }

    #[test]
    fn cuts_do_not_matter(
        is_chunked in any::<bool>(),
        parts in proptest::collection::vec(prop_oneof![
            Just("3\r\nabc\r\n"),
            Just("a;x=y\r\n0123456789\r\n"),
            Just("0\r\n"),
            Just("A: b\r\n"),
            Just("\r\n"),
            Just("\n"),
            Just("\r"),
            Just("z"),
        ], 0..8),
        pieces in proptest::collection::vec(1_usize..9, 1..8),
    ) {
        let field = if is_chunked { "Transfer-Encoding: chunked" } else { "Content-Length: 12" };
        let head = format!("POST / HTTP/1.1\r\n{field}\r\n\r\n");
        let new = || forwarded(&options(false, "t", "/"), head.as_bytes()).unwrap().body;
        let bytes = parts.concat().into_bytes();
        let (whole, progress) = scanned(&mut new(), &[&bytes]);
        let (mut rest, mut cut) = (&bytes[..], Vec::new());
        for &piece in pieces.iter().cycle() {
            let (now, later) = rest.split_at(piece.min(rest.len()));
            cut.push(now);
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        let (total, same) = scanned(&mut new(), &cut);
        prop_assert_eq!(same, progress);
        // Of a malformed line, the part that was received before may have passed.
        prop_assert!(total == whole || matches!(progress, Progress::Malformed(_)));
    }
}
