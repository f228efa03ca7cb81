//! What proxies send, cut at every position, and the outcome.

use super::socks5::SocksDestination;
use super::*;
use crate::net::target::Credentials;
use crate::protocol::head::HeaderLine;

/// What was sent, and the outcome, in short.
#[derive(Debug, PartialEq, Eq)]
struct Talk {
    sent: Vec<Vec<u8>>,
    outcome: String,
}

fn outcome(fault: ProxyFault) -> String {
    match fault {
        ProxyFault::Refused(response) => {
            let body = String::from_utf8_lossy(&response.body.bytes).into_owned();
            let cut = response.body.is_partial();
            format!("refused {} {body:?} cut {cut}", response.line.status)
        }
        ProxyFault::Invalid(response) => {
            let lines = response.head.malformed_lines();
            lines.iter().map(|it| it.describe(&it.text)).collect()
        }
        ProxyFault::Malformed(error, bytes) => format!("{error} {}", bytes.escape_ascii()),
        ProxyFault::NotSocks(bytes) => format!("not SOCKS {}", bytes.escape_ascii()),
        ProxyFault::Ended(_, bytes) => format!("ended after {}", bytes.escape_ascii()),
        other => format!("{other:?}"),
    }
}

/// Feeds all that a proxy sends in pieces, and then its end.
fn talk(mut handshake: impl TunnelHandshake, pieces: &[&[u8]]) -> Talk {
    let mut pieces = pieces.iter().filter(|piece| !piece.is_empty());
    let mut sent = Vec::new();
    let outcome = loop {
        match handshake.step() {
            Ok(TunnelStep::Send(bytes)) => sent.push(bytes),
            Ok(TunnelStep::Receive | TunnelStep::ReceiveRest) => match pieces.next() {
                Some(piece) => handshake.receive(piece),
                None => break outcome(handshake.end(TransportEnd::Eof)),
            },
            Ok(TunnelStep::Done(early)) => {
                let rest: Vec<u8> = pieces.copied().flatten().copied().collect();
                break format!("open {}", [early, rest].concat().escape_ascii());
            }
            Err(fault) => break outcome(fault),
        }
    };
    Talk { sent, outcome }
}

/// Checks that the outcome does not depend on the cuts; what follows a fault need not have been read.
#[track_caller]
fn everywhere<C: TunnelHandshake>(make: impl Fn() -> C, answer: &[u8]) -> Talk {
    let whole = talk(make(), &[answer]);
    let bytes: Vec<&[u8]> = answer.chunks(1).collect();
    assert_eq!(talk(make(), &bytes), whole, "byte by byte: {}", answer.escape_ascii());
    for cut in 0..=answer.len() {
        let pieces = [&answer[..cut], &answer[cut..]];
        assert_eq!(talk(make(), &pieces), whole, "cut at {cut}: {}", answer.escape_ascii());
    }
    whole
}

fn connect() -> Connect {
    let common = [HeaderLine::new("User-Agent", "me")];
    Connect::new("a.example:443", &common, &[HeaderLine::new("X-Own", "1")])
}

#[test]
fn connect_requests_host_and_port() {
    let asked = &talk(connect(), &[b"HTTP/1.1 200 OK\r\n\r\n"]).sent[0];
    let expected = "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\nUser-Agent: me\r\nX-Own: 1\r\n\r\n";
    assert_eq!(String::from_utf8_lossy(asked), expected);
}

#[test]
fn answers_to_connect() {
    for (answer, expected) in [
        ("HTTP/1.1 200 Connection established\r\n\r\n", "open "),
        ("HTTP/1.0 200 OK\r\n\r\nhello", "open hello"),
        ("HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\nhello", "open hello"),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx", "open x"),
        ("HTTP/1.1 407 No\r\nContent-Length: 3\r\n\r\nwho", "refused 407 \"who\" cut false"),
        ("HTTP/1.1 403 No\r\n\r\nuntil the end", "refused 403 \"until the end\" cut false"),
        ("HTTP/1.1 502 No\r\nContent-Length: 99\r\n\r\ncut", "refused 502 \"cut\" cut true"),
        (
            "HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
            "refused 503 \"hi\" cut false",
        ),
        ("HTTP/1.1 301 x\r\nContent-Length: 0\r\n\r\n", "refused 301 \"\" cut false"),
        ("HTTP/1.1 200 O", "ended after HTTP/1.1 200 O"),
        ("", "ended after "),
    ] {
        assert_eq!(everywhere(connect, answer.as_bytes()).outcome, expected, "{answer}");
    }
}

#[test]
fn an_invalid_answer_to_connect_is_quoted() {
    for (answer, expected) in [
        (&b"SSH-2.0-x\r\n"[..], "that is not HTTP SSH-2.0-x\\r\\n"),
        (b"\x05\xff", "that is not HTTP \\x05\\xff"),
        (b"HTTP/2.0 200\r\n\r\n", "malformed start line"),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "malformed header field"),
    ] {
        let got = talk(connect(), &[answer]).outcome;
        assert!(got.starts_with(expected), "{got}");
    }
}

#[test]
fn an_answer_to_connect_is_bounded() {
    let flood = vec![b'x'; 100 << 10];
    let head = [b"HTTP/1.1 200 OK\r\nX: ", &flood[..]].concat();
    assert!(talk(connect(), &[&head]).outcome.starts_with("the head is longer"));
    let body = [b"HTTP/1.1 500 No\r\n\r\n", &flood[..]].concat();
    assert!(talk(connect(), &[&body]).outcome.ends_with("cut true"));
    let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(1_001);
    assert!(talk(connect(), &[interim.as_bytes()]).outcome.starts_with("refused 100"));
}

fn socks(credentials: Option<(&str, Option<&str>)>) -> Socks5 {
    let credentials = credentials.map(|(user, password)| Credentials {
        user: user.to_owned(),
        password: password.map(ToOwned::to_owned),
    });
    Socks5::new(SocksDestination::Name("a.example".to_owned(), 443), credentials)
}

const NAMED: &[u8] = b"\x05\x01\x00\x03\x09a.example\x01\xbb";

#[test]
fn socks_without_a_password() {
    let done = everywhere(|| socks(None), b"\x05\x00\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50early");
    assert_eq!(
        done,
        Talk { sent: vec![vec![5, 1, 0], NAMED.to_vec()], outcome: "open early".to_owned() }
    );
}

#[test]
fn socks_with_a_password() {
    let with = || socks(Some(("me", Some("pw"))));
    let login = b"\x01\x02me\x02pw".to_vec();
    let answer = b"\x05\x02\x01\x00\x05\x00\x00\x03\x01x\x00\x50";
    let done = everywhere(with, answer);
    let sent = vec![vec![5, 2, 0, 2], login, NAMED.to_vec()];
    assert_eq!(done, Talk { sent, outcome: "open ".to_owned() });
    let without_offer = everywhere(with, b"\x05\x00\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50");
    assert_eq!(without_offer.sent, [vec![5, 2, 0, 2], NAMED.to_vec()]);
    let none = talk(socks(Some(("me", None))), &[b"\x05\x02"]);
    assert_eq!(none.sent[1], b"\x01\x02me\x00");
}

#[test]
fn socks_addresses() {
    for (address, expected) in [
        ("1.2.3.4:80", &b"\x05\x01\x00\x01\x01\x02\x03\x04\x00\x50"[..]),
        ("[::1]:80", b"\x05\x01\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x50"),
    ] {
        let destination = SocksDestination::Address(address.parse().expect("an address"));
        let ipv6 = b"\x05\x00\x05\x00\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x50!";
        let done = everywhere(|| Socks5::new(destination.clone(), None), ipv6);
        assert_eq!((&*done.sent[1], &*done.outcome), (expected, "open !"));
    }
}

#[test]
fn socks_refusals() {
    for code in 1..=255 {
        let whole = [5, 0, 5, code, 0, 1, 0, 0, 0, 0, 0, 0];
        for answer in [&whole[..], &whole[..4]] {
            let done = talk(socks(None), &[answer]);
            assert_eq!(done.outcome, format!("Reply({code})"));
        }
    }
    let with = || socks(Some(("me", Some("pw"))));
    for (answer, without, given) in [
        (&b"\x05\xff"[..], "NoMethod(false)", "NoMethod(true)"),
        (b"\x05\x02\x01\x01", "Method(2)", "Credentials(1)"),
        (b"\x05\x01", "Method(1)", "Method(1)"),
        (
            b"\x05\x00\x04\x5a",
            "BadReply(\"its version is 4, not 5\")",
            "BadReply(\"its version is 4, not 5\")",
        ),
        (
            b"\x05\x00\x05\x00\x00\x07",
            "BadReply(\"address type 7 is not known\")",
            "BadReply(\"address type 7 is not known\")",
        ),
        (b"\x05\x00\x05", "ended after \\x05", "ended after \\x05"),
        (b"", "ended after ", "ended after "),
    ] {
        assert_eq!(everywhere(|| socks(None), answer).outcome, without);
        assert_eq!(everywhere(with, answer).outcome, given);
    }
    assert_eq!(talk(socks(None), &[b"HTTP/1.1 400 Bad"]).outcome, "not SOCKS HTTP/1.1 400 Bad");
}

#[test]
fn a_name_too_long_for_socks() {
    let destination = SocksDestination::Name("x".repeat(256), 1);
    let done = talk(Socks5::new(destination, None), &[b"\x05\x00"]);
    assert_eq!(done.outcome, "NameTooLong");
}
