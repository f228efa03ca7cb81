//! HTTP heads and what depends on them: bodies, verdicts, responses.
//!
//! Input: a byte that selects whether the rest is a response, a request, or the options of a request of
//! our own.

use wscope::output::html::text;
use wscope::protocol::body::{Body, BodyEnd, MAX_KEPT};
use wscope::protocol::deflate::DEFAULT_OFFER;
use wscope::protocol::handshake::{
    AllowedOrigins, ListenHosts, Request, RequestOptions, ServerOptions, answer, generate_key,
    validate_response,
};
use wscope::protocol::head::{
    Head, HeadError, HeaderLine, MAX_FIELDS, MAX_HEAD, RequestLine, StatusLine, is_token,
    parse_request, parse_response,
};

use super::input::Input;

/// Nothing panics, heads are stored as received, cuts do not matter, and our client and our server accept
/// each other.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    match input.byte() % 4 {
        0 | 1 => response(input.rest()),
        2 => request(input.rest()),
        _ => own_request(input),
    }
}

/// The key of RFC 6455 section 1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

fn rfc_request() -> RequestOptions {
    RequestOptions {
        resource: "/chat".into(),
        host: "server.example.com".into(),
        key: KEY.into(),
        subprotocols: vec!["chat".into(), "superchat".into()],
        extensions: Some("permessage-deflate; client_max_window_bits".into()),
        ..RequestOptions::default()
    }
}

fn server() -> ServerOptions {
    ServerOptions {
        subprotocols: vec!["chat".into(), "superchat".into()],
        origins: AllowedOrigins::Any,
        compress: true,
        ..ServerOptions::default()
    }
}

/// A server that only this machine and its own pages can reach.
fn local_server() -> ServerOptions {
    let listening = ListenHosts { is_loopback: true, hosts: Vec::new() };
    ServerOptions { origins: AllowedOrigins::Local, listening, ..server() }
}

fn response(bytes: &[u8]) {
    let Some((line, head)) = parse_however_cut(bytes, parse_response) else { return };
    assert!((100..1000).contains(&line.status) && line.minor_version <= 1);
    check_head(&head);
    check_body(&line, &head, &bytes[head.bytes().len()..]);
    if let Ok(agreement) = validate_response(&Request::new(&rfc_request()), &line, &head) {
        assert_eq!(
            head.value("Sec-WebSocket-Accept").as_deref(),
            Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        );
        assert_eq!(agreement.subprotocol, head.value("Sec-WebSocket-Protocol"));
        assert!(agreement.subprotocol.is_none_or(|it| ["chat", "superchat"].contains(&&*it)));
    }
}

fn request(bytes: &[u8]) {
    let Some((line, head)) = parse_however_cut(bytes, parse_request) else { return };
    assert!(is_token(&line.method) && !line.target.is_empty() && line.minor_version <= 1);
    check_head(&head);
    for head in [&head, &head.lenient()] {
        check_answer(&server(), &line, head);
        check_answer(&local_server(), &line, head);
    }
}

/// The result, which must come with the last byte of the head and with no other.
fn parse_however_cut<T: PartialEq + std::fmt::Debug>(
    bytes: &[u8],
    parse: impl Fn(&[u8]) -> Result<Option<(T, Head)>, HeadError>,
) -> Option<(T, Head)> {
    let whole = parse(bytes);
    if whole == Ok(None) {
        assert!(bytes.len() < MAX_HEAD && !has_empty_line(bytes), "waits for more without reason");
    }
    let every = bytes.len().div_ceil(MAX_CUTS).max(1);
    for cut in (0..bytes.len()).step_by(every) {
        match (parse(&bytes[..cut]), &whole) {
            (Ok(None), Ok(Some((_, head)))) => assert!(cut < head.bytes().len(), "late"),
            (Ok(None), _) | (Err(_), Err(_)) => {}
            (part, whole) => assert_eq!(part, *whole, "cut at {cut}"),
        }
    }
    whole.map_err(|error| assert!(!error.to_string().is_empty())).ok().flatten().inspect(
        |(_, head)| {
            assert!(bytes.starts_with(head.bytes()));
            assert_eq!(
                parse(head.bytes()).ok().flatten().map(|(_, head)| head).as_ref(),
                Some(head)
            );
        },
    )
}

const MAX_CUTS: usize = 64;

fn has_empty_line(bytes: &[u8]) -> bool {
    let is_there = |ending: &[u8]| bytes.windows(ending.len()).any(|window| window == ending);
    is_there(b"\n\n") || is_there(b"\n\r\n")
}

/// The parts of a head are where it reports them, and build the same head again.
fn check_head(head: &Head) {
    assert!(head.bytes().starts_with(head.start_line()) && head.bytes().ends_with(b"\n"));
    let lines = head.fields().count() + head.malformed_lines().len();
    assert!(head.bytes().len() <= MAX_HEAD && lines <= MAX_FIELDS);
    assert!(head.malformed_lines().iter().all(|line| !line.describe(&line.text).is_empty()));
    assert!(head.malformed_lines().is_sorted_by_key(|line| (line.number, line.fields_before)));
    let lenient = head.lenient();
    assert!(
        lenient.malformed_lines().is_empty() && lenient.fields().count() >= head.fields().count()
    );
    assert!(lenient.fields().all(|(name, _)| is_token(name)));
    for (name, value) in head.fields() {
        assert!(is_token(name));
        assert!(!value.iter().any(|byte| b"\r\n\0".contains(byte)));
        assert!(head.values(name).any(|found| found == String::from_utf8_lossy(value)));
        assert!(head.list(name).iter().all(|element| element.trim_matches([' ', '\t']) == element));
    }
    let fields: Option<Vec<HeaderLine>> = head
        .fields()
        .map(|(name, value)| Some(HeaderLine::new(name, str::from_utf8(value).ok()?)))
        .collect();
    if let (Some(fields), Ok(start_line)) = (fields, str::from_utf8(head.start_line())) {
        let built = Head::build(start_line, &fields);
        assert!(built.fields().eq(head.fields()));
        assert_eq!(built.start_line(), head.start_line());
    }
}

fn check_body(line: &StatusLine, head: &Head, bytes: &[u8]) {
    let whole = body(line, head, [bytes]);
    assert!(whole.0.len() <= MAX_KEPT);
    assert_eq!(body(line, head, bytes.chunks(1)), whole);
    assert_eq!(body(line, head, bytes.chunks(7)), whole);
}

/// The stored part of a body, and whether it is complete.
fn body<'a>(
    line: &StatusLine,
    head: &Head,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<u8>, bool) {
    let mut body = Body::new(line.status, head);
    for piece in pieces {
        body.push(piece);
    }
    let is_done = body.is_done();
    let bytes = body.finish(Some(BodyEnd::TimedOut)).bytes;
    let page = text(&String::from_utf8_lossy(&bytes));
    assert!(page.lines().all(|line| !line.trim().is_empty()));
    (bytes, is_done)
}

/// Whatever the request, our response is HTTP.
fn check_answer(options: &ServerOptions, line: &RequestLine, head: &Head) {
    match answer(options, line, head) {
        Ok((response, agreement)) => {
            let (status, parsed) = must_parse(response.bytes());
            assert_eq!(status.status, 101);
            assert!(parsed.fields().eq(response.fields()));
            assert_eq!(agreement.subprotocol, parsed.value("Sec-WebSocket-Protocol"));
        }
        Err(refusal) => {
            assert!(!refusal.findings.is_empty());
            let (status, head) = must_parse(refusal.response.head.bytes());
            let body = &refusal.response.body;
            assert_eq!(status.status, refusal.response.status);
            assert!(matches!(status.status, 400 | 403 | 405 | 426));
            assert_eq!(head.value("Content-Length"), Some(body.len().to_string()));
        }
    }
}

fn must_parse(response: &[u8]) -> (StatusLine, Head) {
    match parse_response(response) {
        Ok(Some(parsed)) => parsed,
        other => panic!("{other:?} for {:?}", String::from_utf8_lossy(response)),
    }
}

/// A request of ours, built from options of a user, is understood by our server; without custom headers it
/// is also accepted, and so is the response.
fn own_request(mut input: Input<'_>) {
    let options = request_options(&mut input);
    let request = Request::new(&options);
    let Ok(Some((line, head))) = parse_request(request.head.bytes()) else {
        panic!("{:?}", String::from_utf8_lossy(request.head.bytes()))
    };
    assert_eq!(line.target, options.resource);
    assert!(head.fields().eq(request.head.fields()));
    check_answer(&server(), &line, &head);
    let Ok((response, agreement)) = answer(&server(), &line, &head) else {
        let origins = options.common.iter().filter(|line| line.is("Origin")).count();
        assert!(!options.custom.is_empty() || origins > 1, "our own request is refused");
        return;
    };
    let (status, response) = must_parse(response.bytes());
    match validate_response(&request, &status, &response) {
        Ok(judged) => {
            assert_eq!(judged.subprotocol, agreement.subprotocol);
            // The client's limit on its own window is not compared.
            assert_eq!(judged.deflate.is_some(), agreement.deflate.is_some());
        }
        Err(findings) => assert!(!options.custom.is_empty(), "{findings:?}"),
    }
}

fn request_options(input: &mut Input<'_>) -> RequestOptions {
    let tokens =
        |text: String| text.split(',').filter(|it| is_token(it)).map(str::to_owned).collect();
    let graphic = |text: String| text.chars().filter(char::is_ascii_graphic).collect::<String>();
    let alphanumeric =
        |text: String| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    RequestOptions {
        resource: format!("/{}", graphic(input.text())),
        host: format!("h{}", alphanumeric(input.text())),
        key: generate_key(),
        subprotocols: tokens(input.text()),
        extensions: input.choose(&[None, Some(DEFAULT_OFFER)]).map(str::to_owned),
        common: lines(&input.text()).into_iter().filter(is_common).collect(),
        custom: lines(&String::from_utf8_lossy(input.rest())),
    }
}

fn is_common(line: &HeaderLine) -> bool {
    ["User-Agent", "Origin", "Authorization", "Cookie"].iter().any(|name| line.is(name))
}

fn lines(text: &str) -> Vec<HeaderLine> {
    text.split('\n').filter_map(|line| HeaderLine::parse(line).ok()).take(MAX_LINES).collect()
}

const MAX_LINES: usize = 100;
