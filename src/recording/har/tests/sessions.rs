//! Arbitrary sessions.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use proptest::prelude::*;

use crate::event::{
    AttemptView, Closed, FailedResponse, Failure, FailureKind, HeadView, Opened, OwnedTransit,
    ProxyClosed, Redirect, Stamp, Undelivered,
};
use crate::net::Timings;
use crate::protocol::MessageKind;
use crate::protocol::close::{CloseCode, ClosePayload};
use crate::protocol::connection::{Ending, Initiator};
use crate::protocol::vocabulary::Direction;
use crate::recording::ndjson::tests::generate;
use crate::recording::{Recorded, RecordedControl, RecordedKind, RecordedMessage};
use crate::redact::Secrets;

/// The events of a recording with up to three connections at a time, or one without a number, of one or several runs.
pub(super) fn session() -> impl Strategy<Value = Vec<Recorded>> {
    let steps = prop::collection::vec((0_u64..3, after(), step()), 0..40);
    (any::<bool>(), opened().boxed(), steps, 0_u64..4_000_000_000_000_000).prop_map(recording)
}

/// The same of a proxy, as a HAR has it: with what of the traffic did not arrive.
pub(super) fn proxied_session() -> impl Strategy<Value = Vec<Recorded>> {
    let step = prop_oneof![
        8 => message().prop_map(RecordedKind::Message),
        2 => control(),
        2 => proxy_closed().prop_map(|it| RecordedKind::ProxyClosed(Box::new(it))),
    ];
    let steps = prop::collection::vec((0_u64..3, after(), step), 0..40);
    (opened().boxed(), steps, 0_u64..4_000_000_000_000_000).prop_map(|(opened, steps, start)| {
        let opened = Opened { initiator: Initiator::Peer, ..opened };
        let events = recording((true, opened, steps, start)).into_iter();
        let passed = |it| Recorded { transit: Some(OwnedTransit::default()), ..it };
        events.map(passed).collect()
    })
}

type Steps = Vec<(u64, After, RecordedKind)>;

/// What is before an event.
#[derive(Clone, Debug)]
enum After {
    Micros(u64),
    /// The run before has ended, or was killed, and another one has begun, by a clock that may have been set back.
    Run(u64, i64),
}

/// Events in which a connection is open before its messages, and closed once.
fn recording((is_several, opened, steps, start): (bool, Opened, Steps, u64)) -> Vec<Recorded> {
    let (mut events, mut open) = (Vec::new(), [false; 3]);
    let (mut wall, mut elapsed) = (start, 0);
    for (number, after, what) in steps {
        match after {
            After::Micros(after) => {
                // The order of different connections within a microsecond is not kept.
                elapsed += after + 1;
                wall += after + u64::from(after % 3 == 0); // the clock is not exact
            }
            After::Run(after, set) => {
                // One that is not noticed is in order, too.
                elapsed = if after == elapsed { after + 1 } else { after };
                wall = wall.saturating_add_signed(set);
                open = [false; 3];
            }
        }
        let at = Stamp {
            wall: SystemTime::UNIX_EPOCH + Duration::from_micros(wall),
            elapsed: Duration::from_micros(elapsed),
        };
        let number = if is_several { number } else { 0 };
        let connection = is_several.then_some(number + 1);
        let is_open = &mut open[number as usize];
        let what = match what {
            RecordedKind::Failure(_) | RecordedKind::Redirect(_) if !*is_open => what,
            RecordedKind::Failure(_) | RecordedKind::Redirect(_) => continue,
            _ if !*is_open => {
                *is_open = true;
                RecordedKind::Open(Box::new(opened.clone()))
            }
            RecordedKind::Closed(_) | RecordedKind::ProxyClosed(_) => {
                *is_open = false;
                what
            }
            _ => what,
        };
        events.push(Recorded { at, connection, transit: None, what });
    }
    events
}

fn after() -> impl Strategy<Value = After> {
    let run = (prop_oneof![0_u64..20, 0_u64..5_000_000_000], -5_000_000_000_i64..5_000_000_000);
    prop_oneof![
        9 => micros().prop_map(After::Micros),
        1 => run.prop_map(|(after, set)| After::Run(after, set)),
    ]
}

fn micros() -> impl Strategy<Value = u64> {
    prop_oneof![0_u64..3, 0_u64..5_000_000_000]
}

fn step() -> impl Strategy<Value = RecordedKind> {
    prop_oneof![
        // Without boxes a value takes too much of the stack.
        8 => message().prop_map(RecordedKind::Message).boxed(),
        2 => control().boxed(),
        1 => file().boxed(),
        2 => closed().prop_map(|it| RecordedKind::Closed(Box::new(it))).boxed(),
        1 => refusal().boxed(),
        1 => generate::violation()
            .prop_map(|it| RecordedKind::Tolerated(Direction::Received, Box::new(it)))
            .boxed(),
        1 => ("\\PC{0,8}", 300_u16..400, generate::interim()).prop_map(|(reason, status, interim)| {
            let (from, to) = ("ws://a/é".to_owned(), "wss://b/".to_owned());
            let request = HeadView { start_line: Vec::new(), ..head(&[("Host", "a"), ("X", "1"), ("x", "1")]) };
            let redirect = Redirect { status, reason, from, to, request, interim };
            RecordedKind::Redirect(Box::new(redirect))
        })
        .boxed(),
    ]
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::Sent), Just(Direction::Received)]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,20}", "[\\x00-\\x7f\u{9b}\u{202e}]{0,20}", "(é|x){0,300}"]
}

fn message() -> impl Strategy<Value = RecordedMessage> {
    let data = prop_oneof![
        6 => text().prop_map(|text| (MessageKind::Text, text.into_bytes())),
        3 => prop::collection::vec(any::<u8>(), 0..200).prop_map(|data| (MessageKind::Binary, data)),
        // `--lenient`
        1 => prop::collection::vec(any::<u8>(), 0..9).prop_map(|data| (MessageKind::Text, data)),
    ];
    (
        direction(),
        data,
        any::<[bool; 2]>(),
        0_u64..3,
        prop_oneof![Just(None), (0_u64..1000).prop_map(Some)],
    )
        .prop_map(|(direction, (kind, data), [compressed, is_masked], frames, wire_size)| {
            let wire_size = wire_size.unwrap_or(data.len() as u64 + 2);
            let data = data.into();
            let secret_ids = Box::default();
            RecordedMessage {
                direction,
                kind,
                data,
                wire_size,
                compressed,
                frames,
                is_masked,
                secret_ids,
            }
        })
}

fn control() -> impl Strategy<Value = RecordedKind> {
    let data = prop::collection::vec(any::<u8>(), 0..126).prop_map(Bytes::from);
    let data = (data, any::<bool>())
        .prop_map(|(data, is_masked)| RecordedControl { is_masked, ..data.into() });
    (direction(), data, prop::option::of(0_u64..1_000_000), any::<bool>()).prop_map(
        |(direction, data, rtt, is_ping)| match is_ping {
            true => RecordedKind::Ping(direction, data),
            false => RecordedKind::Pong(direction, data, rtt.map(Duration::from_micros)),
        },
    )
}

fn file() -> impl Strategy<Value = RecordedKind> {
    (text(), 0_u64..u64::MAX, 0_u64..u64::MAX).prop_map(|(path, size, wire_size)| {
        RecordedKind::FileSent { kind: MessageKind::Binary, path, size, wire_size }
    })
}

fn payload() -> impl Strategy<Value = ClosePayload> {
    (prop::option::of(1000_u16..1004), text()).prop_map(|(code, reason)| ClosePayload {
        code: code.map(CloseCode::new),
        reason: if code.is_some() { reason } else { String::new() },
    })
}

/// Any that a HAR may have: an error that follows is an event of its own.
fn closed() -> impl Strategy<Value = Closed> {
    let sides = (prop::option::of(payload()), prop::option::of(payload()));
    (generate::closed().boxed(), sides).prop_map(|(closed, (sent, received))| {
        let ending = Ending { sent, received, ..closed.ending };
        let has_close_frame = ending.code() != CloseCode::ABNORMAL;
        let is_initiator_unknown = closed.is_initiator_unknown && has_close_frame;
        Closed { ending, is_initiator_unknown, failure_follows: false, ..closed }
    })
}

fn undelivered() -> impl Strategy<Value = Option<Undelivered>> {
    let amount = prop_oneof![
        Just(Undelivered::Messages as fn(u64) -> Undelivered),
        Just(Undelivered::Bytes as fn(u64) -> Undelivered),
        Just(Undelivered::BytesAtLeast as fn(u64) -> Undelivered),
        Just(Undelivered::BytesAtMost as fn(u64) -> Undelivered),
    ];
    prop::option::of((amount, any::<u64>()).prop_map(|(amount, count)| amount(count)))
}

fn proxy_closed() -> impl Strategy<Value = ProxyClosed> {
    let sides = (prop::option::of(payload()), prop::option::of(payload()));
    (sides, any::<[bool; 2]>(), undelivered(), undelivered()).prop_map(
        |((client, server), not_delivered, of_client, of_server)| ProxyClosed {
            client,
            server,
            not_delivered,
            undelivered: [of_client, of_server],
            ..ProxyClosed::sample()
        },
    )
}

fn head(fields: &[(&str, &str)]) -> HeadView {
    let field = |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_bytes().to_vec());
    HeadView {
        start_line: b"GET / HTTP/1.1".to_vec(),
        fields: fields.iter().map(field).collect(),
        malformed: Vec::new(),
        secret_ids: Vec::new(),
    }
}

fn refusal() -> impl Strategy<Value = RecordedKind> {
    let body =
        prop_oneof![text().prop_map(String::into_bytes), prop::collection::vec(any::<u8>(), 0..9),];
    let response = prop::option::of((400_u16..600, body));
    let about = generate::failure().prop_map(|failure| Failure {
        request: None,
        response: None,
        excerpt: Vec::new(),
        attempt: None,
        ..failure
    });
    let about = about.boxed();
    let took = prop::option::of(0_u64..9_000_000);
    let method = prop::sample::select(vec![None, Some("GET"), Some("POST"), Some("é")]);
    let url =
        prop::sample::select(vec!["ws://h/p", "ws://unknown.invalid/", "ws://unknown.invalid/p"]);
    let request = (method, url, took);
    (response, text(), request, about).prop_map(
        |(response, message, (method, url, took), about)| {
            let kind =
                if response.is_some() { FailureKind::Handshake } else { FailureKind::Connect };
            let mut failure = Failure { kind, message, ..about };
            let total = Duration::from_micros(took.unwrap_or_default());
            failure.attempt = Some(Box::new(AttemptView {
                url: url.to_owned(),
                method: method.map(str::to_owned),
                request: took.map(|_| head(&[("Host", "h"), ("X", "1"), ("X", "2")])),
                timings: took.map(|_| Timings { total, ..Timings::default() }),
            }));
            failure.response = response.map(|(status, body)| FailedResponse {
                status,
                head: HeadView {
                    start_line: format!("HTTP/1.1 {status} No, thanks").into_bytes(),
                    ..head(&[("content-TYPE", "text/plain"), ("X", "1"), ("X", "")])
                },
                body,
                is_partial: false,
                notes: vec!["a note".to_owned()],
            });
            RecordedKind::Failure(Box::new(failure))
        },
    )
}

fn opened() -> impl Strategy<Value = Opened> {
    let span = || prop::option::of((0_u64..9_000_000).prop_map(Duration::from_micros));
    let timings = (span(), span(), span(), span(), span(), 0_u64..9_000_000);
    let others = (
        generate::interim().boxed(),
        prop::option::of(generate::proxied()).boxed(),
        prop::option::of(generate::tls()).boxed(),
    );
    (any::<bool>(), others, timings, text()).prop_map(
        |(is_local, (interim, through, tls_info), timings, name)| {
            let (dns, tcp, proxy, tls, upgrade, total) = timings;
            let fields =
                [("Host", "h"), ("Sec-WebSocket-Key", "x"), ("cookie", "a=b"), ("x", "é\u{1}")];
            Opened {
                initiator: if is_local { Initiator::Local } else { Initiator::Peer },
                url: "ws://h/p?q=1&token=***".to_owned(),
                remote: "[::1]:80".to_owned(),
                proxy: through,
                local: "127.0.0.1:5".to_owned(),
                http_minor: 1,
                status: 101,
                reason: "Switching Protocols".to_owned(),
                request: head(&fields),
                client_sent: Vec::new(),
                interim,
                response: head(&[
                    ("Upgrade", "websocket"),
                    ("set-cookie", "***"),
                    ("Upgrade", "y"),
                ]),
                has_credentials: false,
                offered: Vec::new(),
                protocol: is_local.then(|| name.clone()),
                extensions: tls_info.is_some().then(|| "permessage-deflate".to_owned()),
                compression: None,
                tls: tls_info,
                timings: Timings {
                    dns,
                    tcp,
                    proxy,
                    tls,
                    upgrade,
                    total: Duration::from_micros(total),
                },
                secrets: Secrets::default(),
            }
        },
    )
}
