//! Secrets that were masked in messages, while the hashes of them are known.

use super::{close, closed, generate, head, now, open, opened, received, scenario, sent};
use crate::event::{HeadView, MAX_MESSAGE_IDS};
use crate::protocol::connection::Initiator;
use crate::protocol::vocabulary::Direction;
use crate::recording::scenario::Settings;
use crate::recording::{Recorded, RecordedControl, RecordedKind, RecordedMessage};

/// The message, with masks for secrets with these hashes.
fn masked(event: Recorded, ids: &[u64]) -> Recorded {
    let RecordedKind::Message(message) = event.what else { panic!("{event:?}") };
    let message = RecordedMessage { is_masked: true, secret_ids: ids.into(), ..message };
    Recorded { what: RecordedKind::Message(message), ..event }
}

/// What is behind the handshake, and the comment before it.
fn written(events: &[Recorded]) -> (String, String) {
    let text = scenario(events).text;
    let (head, steps) = text.split_once("HTTP 101\n").expect("a handshake");
    (head.to_owned(), steps.to_owned())
}

#[test]
fn each_secret_has_one_variable() {
    let events = [
        open(),
        masked(received("hello *** ***"), &[9, 1]),
        masked(sent(r#"{"token":"***","again":"***"}"#), &[1, 1]),
        masked(sent(r#"{"token":"***"}"#), &[2]),
        masked(sent(r#"{"id":"***","token":"***"}"#), &[2, 3]),
        masked(received(r#"{"token":"***"}"#), &[2]),
    ];
    let (head, steps) = written(&events);
    assert_eq!(
        steps,
        "< hello {{hello}} {{token}}\n> {\"token\":\"{{token}}\",\"again\":\"{{token}}\"}\n> {\"token\":\"{{token_2}}\"}\n\
         > {\"id\":\"{{token_2}}\",\"token\":\"{{token_3}}\"}\n< {\"token\":\"{{token_2}}\"}\n"
    );
    for line in [
        "#   the secret behind \"token\" in messages: --secret token=VALUE",
        "#   secret number 2 behind \"token\" in messages: --secret token_2=VALUE",
        "#   secret number 3 behind \"token\" in messages: --secret token_3=VALUE",
        "#   the secret behind \"hello\" in messages: --secret hello=VALUE",
    ] {
        assert!(head.contains(line), "{line}: {head}");
    }
}

#[test]
fn a_secret_of_the_request_has_its_variable_in_messages_too() {
    let mut opened = opened("ws://h/?token=***", &[("Sec-WebSocket-Extensions", "x")]);
    opened.request = HeadView {
        secret_ids: vec![(String::new(), 5)],
        ..head(&[("Sec-WebSocket-Extensions", "x")])
    };
    let open = now(RecordedKind::Open(Box::new(opened)));
    let events = [open, masked(sent("auth *** ***"), &[5, 6]), masked(received("***"), &[5])];
    let (head, steps) = written(&events);
    assert_eq!(steps, "> auth {{token}} {{auth}}\n< {{token}}\n");
    assert_eq!(head.matches("VALUE,").count(), 2, "{head}");
}

/// What is behind the masks is not known then.
#[test]
fn other_numbers_of_hashes_than_of_masks_do_not_count() {
    for ids in [&[1][..], &[1, 1, 1]] {
        let (_, steps) = written(&[open(), masked(sent("a *** ***"), ids)]);
        assert_eq!(steps, "> a {{a}} {{a_2}}\n", "{ids:?}");
    }
}

#[test]
fn of_very_many_masks_the_first_have_hashes() {
    let text = "b *** ".repeat(MAX_MESSAGE_IDS + 1);
    let events = [open(), masked(sent(text.trim_end()), &[7; MAX_MESSAGE_IDS])];
    let (_, steps) = written(&events);
    let same = "b {{b}} ".repeat(MAX_MESSAGE_IDS);
    assert_eq!(steps, format!("> {same}b {{{{b_2}}}}\n"));
}

#[test]
fn there_are_not_more_variables_than_a_user_can_give() {
    let events: Vec<_> =
        std::iter::once(open()).chain((0..300).map(|id| masked(sent("key ***"), &[id]))).collect();
    let generated = generate(&events, &Settings::default());
    assert_eq!(generated.unknown.len(), 100);
    assert!(generated.text.ends_with("> key {{key_100}}\n> key {{key_100}}\n"));
}

fn control(data: &'static str, ids: &[u64]) -> RecordedControl {
    RecordedControl { is_masked: true, secret_ids: ids.into(), ..data.into() }
}

/// The end of a connection with these reasons.
fn end(initiator: Initiator, sent: &str, received: &str, ids: &[u64]) -> Recorded {
    let event = closed(initiator, close(1000, sent), close(1000, received));
    let RecordedKind::Closed(mut closed) = event.what else { panic!("{event:?}") };
    closed.masked = Some(ids.into());
    Recorded { what: RecordedKind::Closed(closed), ..event }
}

#[test]
fn pings_pongs_and_reasons_have_the_same_variables() {
    let events = |ids: [&[u64]; 5]| {
        [
            open(),
            masked(sent("key ***"), ids[0]),
            now(RecordedKind::Ping(Direction::Sent, control("***", ids[1]))),
            now(RecordedKind::Pong(Direction::Received, control("***", ids[1]), None)),
            now(RecordedKind::Pong(Direction::Sent, control("alone ***", ids[2]), None)),
            end(Initiator::Local, "bye ***", "you said *** ***", &[ids[3], ids[4]].concat()),
        ]
    };
    let (_, steps) = written(&events([&[1], &[1], &[2], &[2], &[2, 3]]));
    assert_eq!(
        steps,
        "> key {{key}}\n> ping:{{key}}\n< pong:{{key}}\n> pong:alone {{alone}}\n> close:1000 bye {{alone}}\n\
         < close:1000 you said {{alone}} {{said}}\n"
    );
    let (_, steps) = written(&events([&[]; 5]));
    assert_eq!(
        steps,
        "> key {{key}}\n> ping:{{secret}}\n< pong:{{secret}}\n> pong:alone {{alone}}\n> close:1000 bye {{bye}}\n\
         < close:1000 you said {{secret}} {{secret}}\n"
    );
}

#[test]
fn of_the_end_only_a_reason_with_a_mask_is_masked() {
    let (_, steps) = written(&[open(), end(Initiator::Peer, "bye", "for ***", &[4])]);
    assert_eq!(steps, "< close:1000 for {{for}}\n");
    // A payload that is not UTF-8 has no variables.
    let ping = RecordedControl { is_masked: true, ..b"\xff***".as_slice().into() };
    let (_, steps) = written(&[open(), now(RecordedKind::Ping(Direction::Sent, ping))]);
    assert!(
        steps.starts_with("# A ping whose payload is not a line of text is left out"),
        "{steps}"
    );
}
