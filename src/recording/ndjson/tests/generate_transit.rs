//! Arbitrary events of proxies.

use bytes::Bytes;
use proptest::option;
use proptest::prelude::*;

use super::generate::*;
use crate::event::*;
use crate::protocol::connection::Initiator;
use crate::protocol::vocabulary::{Partial, Position};
use crate::recording::RecordedKind;

/// What proxies record, with what was done to it.
pub(super) fn recorded() -> impl Strategy<Value = (RecordedKind, OwnedTransit)> {
    let data = || bytes().prop_map(Bytes::from);
    let to_message = (kind(), data()).prop_map(|(kind, data)| OwnedChange::Message(kind, data));
    let to_control = || data().prop_map(OwnedChange::Control);
    let ping = (direction(), data()).prop_map(|(side, data)| RecordedKind::Ping(side, data.into()));
    let pong =
        (direction(), data()).prop_map(|(side, data)| RecordedKind::Pong(side, data.into(), None));
    let close_frame =
        (direction(), close()).prop_map(|(side, close)| RecordedKind::CloseFrame(side, close));
    // Without boxes a value takes too much of the stack.
    prop_oneof![
        (message().prop_map(RecordedKind::Message), touched(to_message), any::<bool>()).boxed(),
        (ping, touched(to_control()), any::<bool>()).boxed(),
        (pong, touched(to_control()), any::<bool>()).boxed(),
        (close_frame, touch(close().prop_map(OwnedChange::Close)).prop_map(Some), Just(false))
            .boxed(),
        (untouchable(), Just(None), Just(false)).boxed(),
    ]
    .prop_map(|(what, touch, waits)| {
        let touch = touch.map(Box::new);
        (what, OwnedTransit { touch, waits, ..OwnedTransit::default() })
    })
}

fn touched(
    changed: impl Strategy<Value = OwnedChange>,
) -> impl Strategy<Value = Option<OwnedTouch>> {
    option::of(touch(changed))
}

fn touch(changed: impl Strategy<Value = OwnedChange>) -> impl Strategy<Value = OwnedTouch> {
    (option::of(any::<u64>()), text(), option::of(changed), option::of(any::<u64>()))
        .prop_map(|(rule, action, changed_to, held)| OwnedTouch { rule, action, changed_to, held })
}

fn untouchable() -> impl Strategy<Value = RecordedKind> {
    let reason = option::of((0..4usize).prop_map(|index| OmittedFor::ALL[index]));
    let sizes = (any::<u64>(), any::<u64>(), any::<bool>(), any::<u64>());
    let omitted =
        (direction(), kind(), sizes, reason).prop_map(|(direction, kind, sizes, reason)| {
            let (size, wire_size, compressed, frames) = sizes;
            RecordedKind::Omitted(Omitted {
                direction,
                kind,
                size,
                wire_size,
                compressed,
                frames,
                reason,
            })
        });
    let decided = (
        any::<Option<u64>>(),
        direction(),
        carried(),
        outcome(),
        option::of(carried()),
        any::<bool>(),
        duration(),
    )
        .prop_map(|(number, direction, content, outcome, changed_to, duplicated, waited)| {
            let decided =
                Decided { number, direction, content, outcome, changed_to, duplicated, waited };
            RecordedKind::Decided(Box::new(decided))
        });
    let http = (text(), text(), option::of(any::<u16>()), duration(), option::of(text())).prop_map(
        |(method, target, status, duration, note)| {
            RecordedKind::Http(Box::new(HttpExchange { method, target, status, duration, note }))
        },
    );
    let breach = (direction(), violation(), any::<bool>()).prop_map(|(side, it, is_withheld)| {
        match is_withheld {
            true => RecordedKind::Violation(side, Box::new(it)),
            false => RecordedKind::Tolerated(side, Box::new(it)),
        }
    });
    let open = opened()
        .prop_map(|it| RecordedKind::Open(Box::new(Opened { initiator: Initiator::Peer, ..it })));
    prop_oneof![
        omitted.boxed(),
        decided.boxed(),
        http.boxed(),
        breach.boxed(),
        open.boxed(),
        frame().prop_map(|it| RecordedKind::Frame(Box::new(it))).boxed(),
        failure().prop_map(|it| RecordedKind::Failure(Box::new(it))).boxed(),
        proxy_closed().prop_map(|it| RecordedKind::ProxyClosed(Box::new(it))).boxed(),
    ]
}

fn carried() -> impl Strategy<Value = Carried> {
    let data = || bytes().prop_map(Bytes::from);
    prop_oneof![
        (kind(), data()).prop_map(|(kind, data)| Carried::Message(kind, data)),
        data().prop_map(Carried::Ping),
        data().prop_map(Carried::Pong),
        close().prop_map(Carried::Close),
    ]
}

fn outcome() -> impl Strategy<Value = HeldOutcome> {
    use HeldOutcome::{Delivered, Dropped, Edited, NotDelivered};
    prop_oneof![Just(Delivered), Just(Edited), Just(Dropped), Just(NotDelivered)]
}

fn undelivered() -> impl Strategy<Value = Undelivered> {
    (0..5, any::<u64>()).prop_map(|(unit, count)| match unit {
        0 => Undelivered::Messages(count),
        1 => Undelivered::Bytes(count),
        2 => Undelivered::BytesAtLeast(count),
        3 => Undelivered::MessagesAtLeast(count),
        _ => Undelivered::BytesAtMost(count),
    })
}

fn cut() -> impl Strategy<Value = Option<Partial>> {
    option::of((option::of(incomplete()), position()).prop_map(|(message, position)| {
        let is_cut = message.is_some() || position != Position::Boundary;
        let position = if is_cut { position } else { Position::Header(1) };
        Partial { message, position }
    }))
}

fn proxy_closed() -> impl Strategy<Value = ProxyClosed> {
    use ProxyInitiator::{Client, Local, Server};
    let initiator = prop_oneof![Just(Client), Just(Server), Just(Local)];
    let own = (option::of(close()), any::<[bool; 2]>())
        .prop_map(|(own, awaited)| (own.is_some() && awaited[0], own.is_some() && awaited[1], own));
    let closes = (option::of(close()), option::of(close()), own, any::<[bool; 2]>());
    let lost = (option::of(undelivered()), option::of(undelivered()));
    let ends = (option::of(transport_end()), option::of(transport_end()), cut(), cut());
    let counts = (any::<u64>(), any::<u64>(), option::of(text()), lost, any::<bool>());
    (initiator, closes, ends, counters(), counters(), duration(), counts).prop_map(
        |(
            initiator,
            closes,
            ends,
            from_client,
            from_server,
            age,
            (violations, touched, why, lost, is_masked),
        )| {
            ProxyClosed {
                initiator,
                client: closes.0,
                server: closes.1,
                awaited: [closes.2.0, closes.2.1],
                not_delivered: closes.3,
                undelivered: [lost.0, lost.1],
                own: closes.2.2,
                client_end: ends.0,
                server_end: ends.1,
                cut: [ends.2, ends.3],
                from_client,
                from_server,
                violations,
                touched,
                age,
                why,
                is_masked,
            }
        },
    )
}
