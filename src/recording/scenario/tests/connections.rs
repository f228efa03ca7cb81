use super::{
    Generated, at, close, closed, head, now, open, opened, received, scenario, sent, steps,
};
use crate::event::failure::AttemptView;
use crate::event::{Failure, FailureKind};
use crate::protocol::MessageKind;
use crate::protocol::close::ClosePayload;
use crate::protocol::connection::Initiator;
use crate::protocol::vocabulary::Direction;
use crate::recording::ndjson::parse_event;
use crate::recording::scenario::ScenarioBuilder;
use crate::recording::{Recorded, RecordedKind};

fn parts(events: &[Recorded]) -> Vec<String> {
    let text = scenario(events).text;
    text.split("\n### recorded 1970-01-01T00:00:00Z\n").skip(1).map(str::to_owned).collect()
}

#[test]
fn connections_that_follow_each_other_are_parts() {
    let events = [
        open().of(1),
        sent("a").of(1),
        closed(Initiator::Peer, None, close(1000, "")).of(1),
        open().of(2),
        sent("b").of(2),
    ];
    assert_eq!(
        parts(&events),
        ["WS ws://h/x\nHTTP 101\n> a\n< close:1000\n", "WS ws://h/x\nHTTP 101\n> b\n"]
    );
}

#[test]
fn connections_at_the_same_time_have_names() {
    let events = [
        open().of(1),
        sent("1").of(1),
        open().of(2),
        sent("2").of(2),
        received("3").of(1),
        closed(Initiator::Peer, None, close(1000, "")).of(1),
        received("4").of(2),
    ];
    assert_eq!(
        parts(&events),
        [
            "WS ws://h/x as a\nHTTP 101\na> 1\nWS ws://h/x as b\nHTTP 101\nb> 2\na< 3\na< close:1000\nb< 4\n"
        ]
    );
}

#[test]
fn what_a_server_recorded_is_turned_round() {
    let mut opened = opened("ws://h/x", &[]);
    opened.initiator = Initiator::Peer;
    let events = [
        now(RecordedKind::Open(Box::new(opened))),
        received("question"),
        sent("answer"),
        closed(Initiator::Peer, close(1000, "ours"), close(1000, "theirs")),
    ];
    assert_eq!(
        steps(&events),
        ["> question", "< answer", "> close:1000 theirs", "< close:1000 ours"]
    );
}

#[test]
fn ends_are_steps() {
    for (end, expected) in [
        (
            closed(Initiator::Peer, close(1000, ""), close(4001, "see you")),
            &["< close:4001 see you"][..],
        ),
        (closed(Initiator::Peer, None, close(4001, "/x/")), &["< close:4001 /^/x/$/"]),
        (closed(Initiator::Peer, None, close(4001, "a\nb")), &[r"< close:4001 /^a\nb$/"]),
        (closed(Initiator::Peer, None, close(4001, "{{a}}")), &[r"< close:4001 \{{a}}"]),
        (closed(Initiator::Peer, None, None), &["< close:1006"]),
        (
            closed(Initiator::Local, close(1000, "x"), close(1005, "")),
            &["> close:1000 x", "< close:1005"],
        ),
        (closed(Initiator::Local, close(1000, ""), None), &["> close:1000"]),
        // `> close:` sends 1000.
        (
            closed(Initiator::Local, Some(ClosePayload::default()), close(1005, "")),
            &["> close:1005", "< close:1005"],
        ),
    ] {
        assert_eq!(steps(&[open(), end]), expected);
    }
}

/// Contract, section 6: "`>` and `<` as they came".
#[test]
fn our_close_frame_is_where_it_was_sent() {
    let frame = |direction| {
        let close = close(1000, "").expect("a payload");
        now(RecordedKind::CloseFrame(direction, close))
    };
    let end = || closed(Initiator::Local, close(1000, "bye"), close(1000, "ok"));
    let ours = || frame(Direction::Sent);
    for (events, expected) in [
        (
            vec![open(), sent("go"), ours(), received("late"), frame(Direction::Received), end()],
            &["> go", "> close:1000 bye", "< late", "< close:1000 ok"][..],
        ),
        // Nothing that the client sent follows it: a proxy may have delivered that later.
        (
            vec![open(), ours(), sent("held"), received("late"), end()],
            &["> held", "> close:1000 bye", "< late", "< close:1000 ok"],
        ),
        (
            vec![open(), received("early"), end()],
            &["< early", "> close:1000 bye", "< close:1000 ok"],
        ),
    ] {
        assert_eq!(steps(&events), expected);
    }
}

#[test]
fn frames_say_where_our_close_frame_was_sent() {
    let frame = r#"{"event":"frame","direction":"sent","opcode":"close","fin":true,"size":2,"wire_size":8,"masked":true}"#;
    let frame = parse_event(frame.as_bytes()).expect("an event").expect("a known one");
    let mut builder = ScenarioBuilder::default();
    for event in [
        open(),
        frame,
        received("late"),
        closed(Initiator::Local, close(1000, ""), close(1000, "")),
    ] {
        builder.push(event);
    }
    let text = builder.generate().text;
    assert!(text.ends_with("\n> close:1000\n< late\n< close:1000\n"), "{text}");
}

#[test]
fn a_recording_that_begins_in_the_middle_needs_a_url() {
    let text = scenario(&[sent("a")]).text;
    assert!(text.contains("#   the URL, which the recording does not have: --variable url=VALUE"));
    assert!(
        text.ends_with(
            "WS {{url}}\n# The recording begins after this connection was opened.\n> a\n"
        )
    );
}

#[test]
fn long_waits_become_limits() {
    let message =
        |millis, text: &str| Recorded { at: at(millis, open().what).at, ..received(text) };
    let text = scenario(&[open(), message(20_000, "late")]).text;
    assert!(text.contains("[Options]\ntimeout: 40s\nmax-time: 40s\nHTTP 101\n< late\n"), "{text}");
}

#[test]
fn regular_messages_are_ignored() {
    let beat = |millis| Recorded { at: at(millis, open().what).at, ..received("{\"beat\":1}") };
    let events = [open(), beat(1000), sent("a"), received("b"), beat(2000), beat(3010)];
    let text = scenario(&events).text;
    assert!(text.ends_with("[Options]\nignore: text:{\"beat\":1}\nHTTP 101\n> a\n< b\n"), "{text}");
    // An answer to the client is none, nor is what comes at any time.
    let sent = |millis| Recorded { at: at(millis, open().what).at, ..sent("a") };
    let events =
        [open(), sent(900), beat(1000), sent(1900), beat(2000), beat(3000), sent(3900), beat(4000)];
    assert!(!scenario(&events).text.contains("ignore"));
    let events = [open(), beat(1000), beat(2000), beat(9000)];
    assert!(!scenario(&events).text.contains("ignore"));
}

/// A redirect from this request to `open()`, which has the host of that.
fn redirected(request: &[(&str, &str)]) -> Vec<Recorded> {
    let redirect = RecordedKind::Redirect(Box::new(crate::event::Redirect {
        status: 302,
        reason: String::new(),
        from: "ws://first/".to_owned(),
        to: "ws://h/x".to_owned(),
        request: head(request),
        interim: Vec::new(),
    }));
    let mut events = vec![now(redirect), open()];
    if let RecordedKind::Open(opened) = &mut events[1].what {
        opened.request.fields = vec![("Host".to_owned(), b"h".to_vec())];
    }
    events
}

#[test]
fn a_redirect_is_followed_again_with_the_headers_of_the_first_request() {
    let first = [("Host", "first"), ("Authorization", "***"), ("Sec-WebSocket-Extensions", "x")];
    let found = parts(&redirected(&first));
    assert_eq!(
        found,
        ["WS ws://first/\nAuthorization: {{authorization}}\n[Options]\nlocation: true\nHTTP 101\n"]
    );
    let found = parts(&redirected(&[("Host", "chosen"), ("Sec-WebSocket-Extensions", "x")]));
    assert_eq!(found, ["WS ws://first/\nHost: chosen\n[Options]\nlocation: true\nHTTP 101\n"]);
}

#[test]
fn that_the_first_request_was_not_recorded_is_said() {
    let found = scenario(&redirected(&[]));
    assert_eq!(
        found.warnings,
        ["the headers that ws://first/ got before the redirect were not recorded"]
    );
    assert!(found.text.contains("WS ws://first/\n# These headers are those of the request after"));
    assert!(!found.text.contains("Host"), "{}", found.text);
}

#[test]
fn the_connections_of_a_part_are_limited() {
    let events: Vec<_> = (0..300).map(|number| open().of(number)).collect();
    let found = scenario(&events);
    assert_eq!(found.text.matches("\nWS ").count(), 256);
    assert!(found.text.contains(" as z\n") && found.text.contains(" as c27\n"));
    assert_eq!(found.warnings, ["only 256 of 300 simultaneous connections are written"]);
}

/// What answers a Close frame depends on what is written of that.
#[test]
fn the_answer_to_a_close_frame_of_which_a_part_is_left_out_is_expected_as_it_will_be() {
    const LEFT_OUT: &str = "# Its reason is left out: a scenario cannot express it: a  b ";
    let reason = "a\u{85}\u{7}b ";
    let end =
        |code, reason, received| [open(), closed(Initiator::Local, close(code, reason), received)];
    for (received, expected) in [
        (close(1000, reason), "< close:1000"),
        (close(1000, &format!("you said {reason}")), "< close:1000"),
        (close(1000, "bye"), "< close:1000 bye"),
        (close(1005, ""), "< close:1005"),
    ] {
        let events = end(1000, reason, received);
        assert_eq!(steps(&events), [LEFT_OUT, "> close:1000", expected]);
        assert_eq!(
            scenario(&events).warnings,
            ["a scenario cannot express the reason of this Close frame"]
        );
    }
    let lines = end(1000, "a\nb", close(1000, "a\nb"));
    assert_eq!(steps(&lines), ["> ```", "close:1000 a", "b", "```", r"< close:1000 /^a\nb$/"]);
    assert_eq!(
        steps(&end(1006, "", close(1006, ""))),
        ["# A close code that cannot be sent is left out: a scenario cannot express it."]
    );
}

fn failed(kind: FailureKind, url: Option<&str>) -> Recorded {
    let mut failure = Failure::new(kind, "it failed\n> x".to_owned());
    failure.attempt =
        url.map(|url| Box::new(AttemptView { url: url.to_owned(), ..AttemptView::default() }));
    now(RecordedKind::Failure(Box::new(failure)))
}

#[test]
fn connections_that_failed_are_named() {
    let events = [
        failed(FailureKind::Connect, Some("ws://me:secret@h/x?token=secret")),
        failed(FailureKind::Timeout, Some("ws://h/y")),
    ];
    let Generated { text, warnings, .. } = scenario(&events);
    assert_eq!(
        text,
        "# Written by wscope from a recording.\n\n\
         # A scenario cannot expect that a connection fails, as here:\n\
         #   it failed > x (WS ws://me:***@h/x?token=***)\n#   it failed > x (WS ws://h/y)\n"
    );
    assert_eq!(
        warnings,
        [
            "2 connections could not be opened: a scenario cannot expect that",
            "no connection of the recording was opened: the scenario has nothing to check"
        ]
    );
    let many = vec![failed(FailureKind::Connect, None); 100];
    assert!(scenario(&many).text.ends_with("\n#   it failed > x\n#   and 80 others\n"));
}

#[test]
fn attempts_that_were_made_again_and_other_failures_are_not() {
    let retry = br#"{"event":"retry","attempt":1,"delay_ms":1}"#;
    let retry = parse_event(retry).expect("an event").expect("a known one");
    let events = [
        failed(FailureKind::Connect, Some("ws://h/x")),
        retry,
        open(),
        failed(FailureKind::Abnormal, None),
        closed(Initiator::Peer, None, close(1000, "")),
        failed(FailureKind::Timeout, None),
    ];
    let Generated { text, warnings, .. } = scenario(&events);
    assert!(text.ends_with("\nWS ws://h/x\nHTTP 101\n< close:1000\n"), "{text}");
    assert_eq!(warnings, Vec::<String>::new());
}

#[test]
fn the_number_of_ignored_messages_is_limited() {
    let beat = |millis: u64, number: u64| Recorded {
        at: at(millis, open().what).at,
        ..received(&format!("beat {number}"))
    };
    let beats = (0..3 * 30).map(|place| beat(1000 * (place / 30), place % 30));
    let events: Vec<_> = std::iter::once(open()).chain(beats).collect();
    let text = scenario(&events).text;
    assert_eq!((text.matches("\nignore: ").count(), text.matches("\n< ").count()), (20, 30));
    assert!(text.contains("\nignore: text:beat 19\n") && text.contains("\n< beat 20\n"), "{text}");
}

#[test]
fn the_number_of_warnings_is_limited() {
    let file = |number| {
        now(RecordedKind::FileSent {
            kind: MessageKind::Binary,
            path: format!("/tmp/{number}"),
            size: 1,
            wire_size: 7,
        })
    };
    let events: Vec<_> = std::iter::once(open()).chain((0..50).chain(0..50).map(file)).collect();
    let warnings = scenario(&events).warnings;
    assert_eq!((warnings.len(), &*warnings[20]), (21, "30 more warnings"));
    assert!(warnings[19].ends_with("/tmp/19, 1 byte"), "{}", warnings[19]);
}

#[test]
fn a_refusal_before_another_attempt_is_forgotten() {
    let event = |text: &str| {
        let (event, connection) = text.split_once(' ').expect("a number");
        let members = match event {
            "refused" => r#""event":"error","kind":"handshake","message":"m","status":403"#,
            _ => r#""event":"retry","attempt":1,"delay_ms":1"#,
        };
        let line = format!(r#"{{{members},"connection":{connection}}}"#);
        parse_event(line.as_bytes()).expect("an event").expect("a known one")
    };
    for (events, count) in [
        (&["refused 1", "retry 1"][..], 0),
        (&["refused 1", "refused 1", "retry 1"], 1),
        (&["refused 1", "refused 2", "retry 1"], 2),
        (&["refused 1", "refused 2", "retry 2"], 1),
    ] {
        let text = scenario(&events.iter().map(|it| event(it)).collect::<Vec<_>>()).text;
        assert_eq!(text.matches("\nHTTP 403\n").count(), count, "{events:?}: {text}");
    }
}

/// A step that waits for the server's Close frame, or sends one, would fail if the other side closes.
#[test]
fn a_close_of_which_the_side_is_not_known_is_no_step() {
    let mut end = closed(Initiator::Peer, None, close(4001, "x"));
    let RecordedKind::Closed(of_either) = &mut end.what else { panic!("an end") };
    of_either.is_initiator_unknown = true;
    let text = scenario(&[open(), end]).text;
    assert!(text.contains("# The connection was closed with 4001 here."), "{text}");
    assert!(!text.contains("\n< close:") && !text.contains("\n> close:"), "{text}");
}
