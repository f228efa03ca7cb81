//! What a reverse proxy does with HTTP.
//!
//! Input: a byte that selects whether the rest is a response or a request; for a request, a byte with options and
//! lines of the user before it.

use wscope::net::Target;
use wscope::net::target::Endpoint;
use wscope::protocol::forward::{
    ForwardOptions, ForwardTarget, ForwardedRequest, Progress, ProxyNames, Refused, RequestKind,
    Transfer, forward,
};
use wscope::protocol::head::{Head, HeaderLine, RequestLine, parse_request, parse_response};

use super::input::Input;

/// Nothing panics, the head differs only where that is listed, bodies end in the same place however the bytes are
/// cut, and a refusal is a response.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    match input.byte() % 4 {
        0 => response(input),
        _ => request(input),
    }
}

const RESOURCES: [&str; 4] = ["/", "/api", "/api/?k=1", "/?"];

fn request(mut input: Input<'_>) {
    let flags = input.byte();
    let has = |bit: u8| flags & 1 << bit != 0;
    let lines = input.text();
    let own: Vec<_> = lines.split('\n').filter_map(|line| HeaderLine::parse(line).ok()).collect();
    let Ok(Endpoint::Tcp { host: local, .. }) =
        Target::parse("ws://192.0.2.7").map(|it| it.endpoint)
    else {
        panic!("a host")
    };
    let options = ForwardOptions {
        proxy: ProxyNames {
            hosts: vec![local.clone()],
            port: if has(0) { 80 } else { 9000 },
            is_loopback: has(1),
        },
        target: ForwardTarget {
            is_tls: has(1),
            host: "api.example".to_owned(),
            resource: RESOURCES[usize::from(flags >> 6)].to_owned(),
        },
        keep_host: has(2),
        keep_origin: has(3),
        headers: own,
        credentials: vec![HeaderLine::new("Authorization", "Basic dTpw")],
        relays_http: has(4),
    };
    let options = match has(5) {
        true => ForwardOptions { headers: Vec::new(), credentials: Vec::new(), ..options },
        false => options,
    };
    let bytes = input.rest();
    match parse_request(bytes) {
        Err(error) => check_refusal(&Refused::unreadable(&error), None),
        Ok(None) => {}
        Ok(Some((line, head))) => match forward(&options, &local, &line, &head) {
            Err(refused) => check_refusal(&refused, Some(&line)),
            Ok(request) => {
                check_head(&options, &line, &head, &request);
                check_body(request.body, &bytes[head.bytes().len()..], || {
                    Transfer::request(&line, &head).expect("the same as before")
                });
            }
        },
    }
}

fn check_refusal(refused: &Refused, line: Option<&RequestLine>) {
    assert!(matches!(refused.status, 400 | 403 | 426 | 431));
    let response = refused.response(line);
    let bytes = response.bytes();
    let (status, head) = parse_response(&bytes).expect("HTTP").expect("a whole head");
    assert_eq!(status.status, refused.status);
    assert_eq!(bytes.len() - head.bytes().len(), response.body.len());
    assert!(
        response.body.is_empty() || response.body.iter().filter(|&&it| it == b'\n').count() == 1
    );
}

fn check_head(
    options: &ForwardOptions,
    line: &RequestLine,
    head: &Head,
    request: &ForwardedRequest,
) {
    assert_ne!(line.method, "CONNECT");
    assert!(request.kind == RequestKind::WebSocket || options.relays_http);
    let adds_lines = !options.headers.is_empty() || !options.credentials.is_empty();
    let Ok(Some((sent_line, sent))) = parse_request(&request.head) else {
        assert!(adds_lines, "only too many lines make it another head");
        return;
    };
    assert_eq!(sent.bytes(), request.head);
    assert_eq!((&sent_line.method, sent_line.minor_version), (&line.method, line.minor_version));
    assert!(sent_line.target == "*" || sent_line.target.starts_with('/'));
    if !adds_lines {
        assert_eq!(sent.malformed_lines(), head.malformed_lines());
        let names =
            |head: &Head| head.fields().map(|(name, _)| name.to_owned()).collect::<Vec<_>>();
        assert_eq!(names(&sent), names(head));
        let kept = ["Host", "Origin"];
        let rest = |head: &Head| -> Vec<Vec<u8>> {
            let fields = head
                .fields()
                .filter(|(name, _)| !kept.iter().any(|it| it.eq_ignore_ascii_case(name)));
            fields.map(|(_, value)| value.to_vec()).collect()
        };
        assert_eq!(rest(&sent), rest(head));
        assert!(!request.rewritten.is_empty() || request.head == head.bytes());
    }
}

fn response(mut input: Input<'_>) {
    let method = input.choose(&["GET", "HEAD", "POST"]);
    let bytes = input.rest();
    let Ok(Some((line, head))) = parse_response(bytes) else { return };
    let Ok(transfer) = Transfer::response(method, &line, &head) else { return };
    check_body(transfer, &bytes[head.bytes().len()..], || {
        Transfer::response(method, &line, &head).expect("the same as before")
    });
}

/// The body ends in the same place however it is cut.
fn check_body(mut whole: Transfer, bytes: &[u8], new: impl Fn() -> Transfer) {
    let count = whole.scan(bytes);
    assert!(count <= bytes.len());
    assert!(
        count == bytes.len()
            || !matches!(whole.progress(), Progress::Incomplete | Progress::UntilEnd)
    );
    for size in [1, 2, 7] {
        let mut cut = new();
        let mut total = 0;
        for piece in bytes.chunks(size) {
            let more = cut.scan(piece);
            total += more;
            if more < piece.len() {
                break;
            }
        }
        assert_eq!(cut.progress(), whole.progress());
        let is_malformed = matches!(cut.progress(), Progress::Malformed(_));
        assert!(total == count || is_malformed, "{total} or {count} bytes");
    }
}
