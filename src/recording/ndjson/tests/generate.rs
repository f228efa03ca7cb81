//! Arbitrary events.

use std::time::{Duration, UNIX_EPOCH};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::generate_transit;
use crate::event::head_view::MalformedView;
use crate::event::*;
use crate::net::Timings;
use crate::net::tls::{CertificateInfo, TlsInfo};
use crate::protocol::close::ClosePayload;
use crate::protocol::connection::{EndCause, Ending, Initiator};
use crate::protocol::frame::Header;
use crate::protocol::vocabulary::*;
use crate::protocol::{CloseCode, MessageKind, Opcode, Rule, Violation};
use crate::recording::{Recorded, RecordedControl, RecordedFrame, RecordedKind, RecordedMessage};
use crate::redact::Secrets;

pub(super) fn text() -> impl Strategy<Value = String> {
    "(\\PC|[\"\\\\\\x00-\\x1f\\x7f\u{9f}\u{200b}é世👩]|[a-z]{9}){0,6}"
}

pub(super) fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..40)
}

pub(super) fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![0..5_000_000u64, any::<u64>()].prop_map(Duration::from_micros)
}

fn stamp() -> impl Strategy<Value = Stamp> {
    // From the year -9998 to 9998.
    (-377_000_000_000_000_000..253_000_000_000_000_000i64, duration()).prop_map(
        |(micros, elapsed)| {
            let distance = Duration::from_micros(micros.unsigned_abs());
            let wall = if micros < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance };
            Stamp { wall, elapsed }
        },
    )
}

pub(super) fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::Received), Just(Direction::Sent)]
}

fn initiator() -> impl Strategy<Value = Initiator> {
    prop_oneof![Just(Initiator::Local), Just(Initiator::Peer)]
}

pub(super) fn kind() -> impl Strategy<Value = MessageKind> {
    prop_oneof![Just(MessageKind::Text), Just(MessageKind::Binary)]
}

fn head() -> impl Strategy<Value = HeadView> {
    let field = (text(), prop_oneof![bytes(), text().prop_map(String::into_bytes)]);
    let lines = vec((0..3usize, bytes()), 0..2);
    (bytes(), vec(field, 0..4), lines).prop_map(|(start_line, fields, lines)| {
        let view = |(fields_before, text)| MalformedView { fields_before, text };
        let malformed = lines.into_iter().map(view).collect();
        HeadView { start_line, fields, malformed, secret_ids: Vec::new() }
    })
}

/// Those of a proxy come first.
pub(in crate::recording) fn interim() -> impl Strategy<Value = Vec<InterimView>> {
    let one = (any::<bool>(), any::<u16>(), text(), head());
    vec(one, 0..3).prop_map(|list| {
        let view = |(is_server, status, reason, head)| InterimView {
            from: if is_server { Hop::Server } else { Hop::Proxy },
            status,
            reason,
            head,
        };
        list.into_iter().map(view).collect()
    })
}

fn certificate() -> impl Strategy<Value = CertificateInfo> {
    let times = (-300_000_000_000..260_000_000_000i64, -300_000_000_000..260_000_000_000i64);
    let texts = (text(), text(), text(), text(), text(), text());
    (texts, times, vec(text(), 0..3), vec(text(), 0..3), any::<bool>()).prop_map(
        |(
            (subject, issuer, serial, key, signature, fingerprint),
            times,
            names,
            usages,
            is_authority,
        )| {
            CertificateInfo {
                subject,
                issuer,
                names,
                not_before: times.0,
                not_after: times.1,
                seen_at: 0,
                serial,
                key,
                signature,
                usages,
                is_authority,
                fingerprint,
            }
        },
    )
}

pub(in crate::recording) fn tls() -> impl Strategy<Value = TlsInfo> {
    (text(), text(), option::of(text()), option::of(certificate())).prop_map(
        |(version, cipher, alpn, certificate)| TlsInfo { version, cipher, alpn, certificate },
    )
}

fn timings() -> impl Strategy<Value = Timings> {
    let phase = || option::of(duration());
    (phase(), phase(), phase(), phase(), phase(), duration()).prop_map(
        |(dns, tcp, proxy, tls, upgrade, total)| Timings { dns, tcp, proxy, tls, upgrade, total },
    )
}

pub(in crate::recording) fn proxied() -> impl Strategy<Value = Proxied> {
    let heads = (head(), interim(), option::of(head()))
        .prop_map(|(request, interim, response)| ProxyHeads { request, interim, response });
    (text(), text(), option::of(heads)).prop_map(|(url, words, heads)| Proxied {
        url,
        words,
        heads,
    })
}

pub(super) fn opened() -> impl Strategy<Value = Opened> {
    let texts = (text(), text(), text(), text());
    let heads = (head(), head(), interim());
    let agreed = (option::of(text()), option::of(text()), option::of(tls()), option::of(proxied()));
    (initiator(), texts, 0..2u8, any::<u16>(), heads, agreed, timings()).prop_map(
        |(initiator, texts, http_minor, status, heads, agreed, timings)| Opened {
            initiator,
            url: texts.0,
            remote: texts.1,
            proxy: agreed.3,
            local: texts.2,
            http_minor,
            status,
            reason: texts.3,
            request: heads.0,
            client_sent: Vec::new(),
            interim: heads.2,
            response: heads.1,
            has_credentials: false,
            offered: Vec::new(),
            protocol: agreed.0,
            extensions: agreed.1,
            compression: None,
            tls: agreed.2,
            timings,
            secrets: Secrets::default(),
        },
    )
}

pub(super) fn message() -> impl Strategy<Value = RecordedMessage> {
    let data = prop_oneof![bytes(), text().prop_map(String::into_bytes)];
    (direction(), kind(), data, any::<u64>(), any::<[bool; 2]>(), any::<u64>()).prop_map(
        |(direction, kind, data, wire_size, [compressed, is_masked], frames)| RecordedMessage {
            direction,
            kind,
            data: data.into(),
            wire_size,
            compressed,
            frames,
            is_masked,
            secret_ids: Box::default(),
        },
    )
}

fn header() -> impl Strategy<Value = Header> {
    vec(any::<u8>(), 14).prop_map(|bytes| Header::decode(&bytes).expect("a whole header"))
}

pub(super) fn frame() -> impl Strategy<Value = RecordedFrame> {
    let part = (any::<u64>(), any::<u64>(), any::<bool>(), any::<bool>());
    let part = part.prop_map(|(message, fragment, compressed, is_final_block)| Part {
        message,
        fragment,
        compressed,
        is_final_block,
    });
    let part = option::of(part);
    (direction(), header(), bytes(), part, option::of(any::<u64>()), any::<bool>()).prop_map(
        |(direction, header, payload, part, plain_size, raw)| RecordedFrame {
            direction,
            header,
            payload: payload.into(),
            has_payload: true,
            part,
            plain_size,
            raw,
        },
    )
}

pub(in crate::recording) fn violation() -> impl Strategy<Value = Violation> {
    let rule = (0..Rule::ALL.len()).prop_map(|at| Rule::ALL[at]);
    (rule, text(), option::of(header()), any::<u64>(), bytes(), bytes()).prop_map(
        |(rule, detail, frame, offset, payload, excerpt)| Violation {
            rule,
            detail,
            frame,
            offset,
            payload: payload.into(),
            excerpt,
            cause: None,
        },
    )
}

pub(super) fn close() -> impl Strategy<Value = ClosePayload> {
    let code = prop_oneof![1000..1016u16, any::<u16>()]
        .prop_filter("a Close has 1005 as no code", |code| ![1005, 1006].contains(code));
    (option::of(code.prop_map(CloseCode::new)), text())
        .prop_map(|(code, reason)| ClosePayload { code, reason })
}

pub(super) fn transport_end() -> impl Strategy<Value = TransportEnd> {
    prop_oneof![
        Just(TransportEnd::Eof),
        Just(TransportEnd::Truncated),
        Just(TransportEnd::Reset),
        text().prop_map(TransportEnd::Error),
    ]
}

pub(super) fn position() -> impl Strategy<Value = Position> {
    prop_oneof![
        Just(Position::Boundary),
        (0..14usize).prop_map(Position::Header),
        (0..16u8, any::<u64>(), any::<u64>()).prop_map(|(bits, got, of)| Position::Payload {
            opcode: Opcode::from_bits(bits),
            got,
            of
        }),
        any::<u64>().prop_map(Position::Message),
    ]
}

fn cause() -> impl Strategy<Value = EndCause> {
    prop_oneof![
        Just(EndCause::Handshake),
        (transport_end(), position())
            .prop_map(|(end, position)| EndCause::Transport(end, position)),
        Just(EndCause::CloseTimeout),
        Just(EndCause::Violation),
        Just(EndCause::Abandoned),
    ]
}

pub(super) fn counters() -> impl Strategy<Value = Counters> {
    let number = any::<u64>;
    (number(), number(), number(), number(), number(), number(), 0..2u64).prop_map(
        |(
            messages,
            payload_bytes,
            frames,
            wire_bytes,
            packed_bytes,
            plain_bytes,
            messages_packed,
        )| {
            Counters {
                messages,
                payload_bytes,
                frames,
                wire_bytes,
                compressed: Compressed { messages: messages_packed, packed_bytes, plain_bytes },
            }
        },
    )
}

pub(super) fn incomplete() -> impl Strategy<Value = IncompleteMessage> {
    (kind(), any::<u64>(), any::<u64>(), any::<bool>()).prop_map(
        |(kind, frames, size, compressed)| IncompleteMessage { kind, frames, size, compressed },
    )
}

fn ending() -> impl Strategy<Value = Ending> {
    let closes = (option::of(close()), option::of(close()));
    (cause(), initiator(), closes, option::of(violation()), option::of(incomplete())).prop_map(
        |(cause, initiator, (sent, received), violation, incomplete)| Ending {
            cause,
            initiator,
            sent,
            received,
            violation,
            incomplete,
        },
    )
}

pub(in crate::recording) fn closed() -> impl Strategy<Value = Closed> {
    let last = prop_oneof![
        Just(LastTraffic::Other),
        Just(LastTraffic::Handshake),
        (any::<u64>(), duration()).prop_map(|(number, ago)| LastTraffic::Message(number, ago)),
        (text(), duration()).prop_map(|(words, ago)| LastTraffic::Frame(words, ago)),
    ];
    let times = (duration(), duration());
    let flags = (any::<[bool; 4]>(), option::of(text()));
    (ending(), last, times, counters(), counters(), flags).prop_map(
        |(
            ending,
            last,
            (quiet, age),
            received,
            sent,
            ([is_unsent, failure_follows, is_masked, is_unknown], hint),
        )| Closed {
            is_initiator_unknown: is_unknown && ending.code() != CloseCode::ABNORMAL,
            ending,
            quiet,
            last,
            age,
            received,
            sent,
            is_unsent,
            hint,
            application: None,
            silence_advice: SilenceAdvice::default(),
            failure_follows,
            masked: is_masked.then(Box::default),
        },
    )
}

fn redirect() -> impl Strategy<Value = Redirect> {
    (any::<u16>(), text(), text(), text(), head(), interim()).prop_map(
        |(status, reason, from, to, request, interim)| {
            let request = HeadView { fields: request.fields, ..HeadView::empty() };
            Redirect { status, reason, from, to, request, interim }
        },
    )
}

fn retry() -> impl Strategy<Value = RetryScheduled> {
    let numbers = (any::<u64>(), option::of(any::<u64>()), any::<usize>(), any::<u64>());
    (any::<bool>(), numbers, duration(), any::<bool>(), text()).prop_map(
        |(is_reconnect, (attempt, limit, waiting, unconfirmed), delay, is_requested, reason)| {
            RetryScheduled {
                is_reconnect,
                attempt,
                limit,
                delay,
                is_requested,
                reason,
                waiting,
                unconfirmed,
            }
        },
    )
}

pub(in crate::recording) fn failure() -> impl Strategy<Value = Failure> {
    use FailureKind::*;
    let kind = (0..8usize).prop_map(|at| {
        [Usage, Connect, Handshake, Protocol, Abnormal, Timeout, Local, Expectation][at]
    });
    let response = (any::<u16>(), head(), bytes(), vec(text(), 0..2)).prop_map(
        |(status, head, body, notes)| FailedResponse {
            status,
            head,
            body,
            is_partial: false,
            notes,
        },
    );
    let heads = (option::of(head()), interim(), option::of(response));
    let attempt = (text(), option::of(text()), option::of(head()), option::of(timings())).prop_map(
        |(url, method, request, timings)| Box::new(AttemptView { url, method, request, timings }),
    );
    let attempt = option::of(attempt);
    let about = (bytes(), option::of(certificate()), attempt);
    (kind, text(), option::of(text()), heads, about).prop_map(
        |(kind, message, hint, (request, interim, response), (excerpt, certificate, attempt))| {
            Failure {
                kind,
                message,
                hint,
                request,
                interim,
                response,
                excerpt,
                certificate,
                attempt,
            }
        },
    )
}

pub(super) fn event() -> impl Strategy<Value = Recorded> {
    let file =
        (kind(), text(), any::<u64>(), any::<u64>()).prop_map(|(kind, path, size, wire_size)| {
            RecordedKind::FileSent { kind, path, size, wire_size }
        });
    let data = || {
        (bytes(), any::<bool>())
            .prop_map(|(data, is_masked)| RecordedControl { is_masked, ..data.into() })
    };
    let what = prop_oneof![
        2 => opened().prop_map(|it| RecordedKind::Open(Box::new(it))),
        2 => message().prop_map(RecordedKind::Message),
        1 => file,
        1 => (direction(), data()).prop_map(|(direction, data)| RecordedKind::Ping(direction, data)),
        1 => (direction(), data(), option::of(duration()))
            .prop_map(|(direction, data, rtt)| RecordedKind::Pong(direction, data, rtt)),
        1 => frame().prop_map(|it| RecordedKind::Frame(Box::new(it))),
        2 => closed().prop_map(|it| RecordedKind::Closed(Box::new(it))),
        1 => violation().prop_map(|it| RecordedKind::Tolerated(Direction::Received, Box::new(it))),
        1 => redirect().prop_map(|it| RecordedKind::Redirect(Box::new(it))),
        1 => retry().prop_map(|it| RecordedKind::Retry(Box::new(it))),
        2 => failure().prop_map(|it| RecordedKind::Failure(Box::new(it))),
    ];
    // Without boxes a value takes too much of the stack.
    let what = prop_oneof![
        4 => what.prop_map(|what| (what, None)).boxed(),
        3 => generate_transit::recorded().prop_map(|(what, it)| (what, Some(it))).boxed(),
    ];
    (stamp(), option::of(any::<u64>()), what)
        .prop_map(|(at, connection, (what, transit))| Recorded { at, connection, transit, what })
}
