use crate::protocol::MessageKind;
use crate::protocol::close::ClosePayload;
use crate::protocol::vocabulary::Direction;
use crate::recording::ndjson::parse_event;
use crate::recording::{Recorded, RecordedKind};

/// What the client saw.
fn seen(line: &str) -> Option<RecordedKind> {
    let mut seen = parsed(line).seen_by_client();
    let first = seen.next();
    assert!(first.as_ref().is_none_or(|it| it.transit.is_none()), "{line}");
    assert!(seen.next().is_none(), "{line}");
    first.map(|it| it.what)
}

fn parsed(line: &str) -> Recorded {
    let event = parse_event(line.as_bytes()).expect("an event").expect("a known one");
    assert!(event.transit.is_some(), "{line}");
    event
}

/// What the server saw of a message, ping or pong with these members: who sent it, and the data.
fn server_saw(members: &str) -> Vec<String> {
    shown(parsed(&format!("{{\"event\":{members}}}")).seen_by_server())
}

/// The same as the client saw it.
fn client_saw(members: &str) -> Vec<String> {
    shown(parsed(&format!("{{\"event\":{members}}}")).seen_by_client())
}

fn shown(seen: impl Iterator<Item = Recorded>) -> Vec<String> {
    let of = |direction: &Direction, data: &[u8]| {
        let sign = if *direction == Direction::Sent { '>' } else { '<' };
        format!("{sign} {}", String::from_utf8_lossy(data))
    };
    let line = |it: Recorded| match &it.what {
        RecordedKind::Message(it) => of(&it.direction, &it.data),
        RecordedKind::Ping(direction, data) | RecordedKind::Pong(direction, data, _) => {
            of(direction, data)
        }
        other => format!("{other:?}"),
    };
    seen.map(line).collect()
}

#[test]
fn an_end_is_that_of_the_clients_connection() {
    for (members, text) in [
        (
            r#""initiator":"server","client":{"code":1000},"server":{"code":1000,"reason":"a"}"#,
            r#"Handshake Peer client 1000 server 1000 "a""#,
        ),
        (
            r#""initiator":"self","client":null,"server":{"code":4000},"self":{"code":1001}"#,
            r#"Transport(Eof, Boundary) Peer client - server 1001 """#,
        ),
        (
            r#""initiator":"server","client":null,"server":null,"end":{"server":"reset"}"#,
            r#"Transport(Reset, Boundary) Peer client - server - """#,
        ),
        (
            r#""initiator":"client","client":null,"server":null,"end":{"client":"fin"}"#,
            r#"Abandoned Local client - server - """#,
        ),
        // The end of the proxy followed the end of TCP on one side.
        (
            r#""initiator":"server","client":null,"server":null,"self":{"code":1001},"awaited":["server"],"end":{"server":"fin"}"#,
            r#"Transport(Eof, Boundary) Peer client - server - """#,
        ),
        (
            r#""initiator":"client","client":null,"server":null,"self":{"code":1001},"awaited":["client"],"end":{"client":"fin"}"#,
            r#"Abandoned Local client - server - """#,
        ),
        // A rule replaced the Close frame of one side.
        (
            r#""initiator":"server","client":{"code":1012},"server":{"code":1000},"self":{"code":1012},"awaited":["client","server"],"not_delivered":["server"]"#,
            r#"Handshake Peer client 1012 server 1012 """#,
        ),
        (
            r#""initiator":"client","client":{"code":1000},"server":{"code":1012},"self":{"code":1012},"awaited":["client","server"]"#,
            r#"Handshake Local client 1000 server 1012 """#,
        ),
        // The same, as the proxy records it.
        (
            r#""initiator":"self","client":{"code":1000},"server":{"code":1012},"self":{"code":1012,"reason":"b"},"awaited":["client","server"],"not_delivered":["client"]"#,
            r#"Handshake Local client 1000 server 1012 "b""#,
        ),
        // A rule reset both sides.
        (
            r#""initiator":"self","client":null,"server":{"code":1000},"not_delivered":["server"],"why":"a rule""#,
            r#"Transport(Eof, Boundary) Peer client - server - """#,
        ),
        // A rule dropped or held it until the end.
        (
            r#""initiator":"server","client":null,"server":{"code":1000},"not_delivered":["server"],"end":{"server":"fin"}"#,
            r#"Transport(Eof, Boundary) Peer client - server - """#,
        ),
        // The operator closed the other side only.
        (
            r#""initiator":"self","client":null,"server":{"code":4000},"self":{"code":4000},"awaited":["server"]"#,
            r#"Transport(Eof, Boundary) Peer client - server 4000 """#,
        ),
    ] {
        let line = format!(r#"{{"event":"close","code":1006,{members}}}"#);
        let Some(RecordedKind::Closed(closed)) = seen(&line) else { panic!("{line}") };
        let ending = &closed.ending;
        let code = |close: &Option<ClosePayload>| {
            let code = close.as_ref().and_then(|it| it.code);
            code.map_or("-".to_owned(), |it| it.get().to_string())
        };
        let (sent, received) = (code(&ending.sent), code(&ending.received));
        let (cause, initiator, reason) = (&ending.cause, ending.initiator, ending.reason());
        assert_eq!(
            format!("{cause:?} {initiator:?} client {sent} server {received} {reason:?}"),
            text,
            "{line}"
        );
    }
}

#[test]
fn a_message_of_the_server_is_as_it_was_delivered() {
    let data = |members: &str| {
        let line = format!(r#"{{"event":"message","type":"text","data":"old",{members}}}"#);
        seen(&line).map(|what| match what {
            RecordedKind::Message(it) => String::from_utf8_lossy(&it.data).into_owned(),
            other => panic!("{other:?}"),
        })
    };
    let new = r#""changed_to":{"type":"text","data":"new"}"#;
    for (direction, action, more, expected) in [
        ("server", "drop", "", None),
        ("server", "close 4000", "", None),
        ("server", "abort", "", None),
        ("server", "replace new", new, Some("new")),
        ("server", "corrupt", new, Some("new")),
        ("server", "delay 5s", "", Some("old")),
        ("server", "hold", "", Some("old")),
        ("server", "inject", "", Some("old")),
        ("client", "drop", "", Some("old")),
        ("client", "replace new", new, Some("old")),
        ("client", "inject", "", None),
    ] {
        let comma = if more.is_empty() { "" } else { "," };
        let members =
            format!(r#""direction":"{direction}","rule":1,"action":"{action}"{comma}{more}"#);
        assert_eq!(data(&members).as_deref(), expected, "{members}");
    }
    let ping = |action: &str, direction: &str| {
        let members = format!(r#""direction":"{direction}","encoding":"base64","data":"b2xk""#);
        let to = r#""changed_to":{"type":"ping","encoding":"base64","data":"bmV3"}"#;
        let touch = format!(r#""rule":1,"action":"{action}",{to}"#);
        seen(&format!(r#"{{"event":"ping",{members},{touch}}}"#)).map(|what| match what {
            RecordedKind::Ping(_, data) => String::from_utf8_lossy(&data).into_owned(),
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(ping("replace new", "server").as_deref(), Some("new"));
    assert_eq!(ping("drop", "server"), None);
    assert_eq!(ping("drop", "client").as_deref(), Some("old"));
}

#[test]
fn what_was_delivered_twice_is_seen_twice() {
    let message = r#""message","type":"text","data":"a""#;
    let ping = r#""ping","encoding":"base64","data":"YQ==""#;
    let held = r#""held","number":null,"type":"text","data":"a","duplicated":true,"outcome""#;
    let touch = r#""rule":1,"action":"duplicate""#;
    let (from_server, from_client) = (r#""direction":"server""#, r#""direction":"client""#);
    for (members, by_client, by_server) in [
        (format!("{message},{from_server},{touch}"), &["< a", "< a"][..], &["< a"][..]),
        (format!("{message},{from_client},{touch}"), &["> a"], &["> a", "> a"]),
        (format!("{ping},{from_server},{touch}"), &["< a", "< a"], &["< a"]),
        (format!("{message},{from_server},{touch},\"delivered\":false"), &[], &["< a"]),
        (format!(r#"{held}:"delivered",{from_server}"#), &["< a", "< a"], &[]),
        (format!(r#"{held}:"delivered",{from_client}"#), &[], &["> a", "> a"]),
        (format!(r#"{held}:"not_delivered",{from_server}"#), &[], &[]),
    ] {
        assert_eq!(client_saw(&members), by_client, "{members}");
        assert_eq!(server_saw(&members), by_server, "{members}");
        let har = parsed(&format!("{{\"event\":{members}}}")).seen_in_har();
        assert_eq!(shown(har), by_client, "{members}");
    }
}

#[test]
fn what_was_held_is_seen_when_and_as_it_was_delivered() {
    let arrival = |direction: &str| {
        seen(&format!(
            r#"{{"event":"message","direction":"{direction}","type":"text","data":"old","rule":1,"action":"hold","held":7}}"#
        ))
    };
    assert!(arrival("server").is_none(), "its decision shows it");
    assert!(arrival("client").is_some(), "as it was sent");
    let new = r#","changed_to":{"type":"binary","encoding":"base64","data":"bmV3"}"#;
    for (direction, outcome, changed_to, expected) in [
        ("server", "delivered", "", Some((MessageKind::Text, "old"))),
        ("server", "edited", new, Some((MessageKind::Binary, "new"))),
        ("server", "dropped", "", None),
        ("server", "not_delivered", "", None),
        ("client", "delivered", "", None),
        ("client", "edited", new, None),
    ] {
        let line = format!(
            r#"{{"event":"held","direction":"{direction}","number":7,"outcome":"{outcome}","type":"text","data":"old"{changed_to}}}"#
        );
        let found = seen(&line).map(|what| match what {
            RecordedKind::Message(it) => (it.kind, String::from_utf8_lossy(&it.data).into_owned()),
            other => panic!("{other:?}"),
        });
        let expected = expected.map(|(kind, data)| (kind, data.to_owned()));
        assert_eq!(found, expected, "{line}");
    }
    let ping = r#"{"event":"held","direction":"server","number":7,"outcome":"delivered","type":"ping","data":""}"#;
    assert!(matches!(seen(ping), Some(RecordedKind::Ping(..))));
    let close = r#"{"event":"held","direction":"server","number":7,"outcome":"delivered","type":"close","code":1000}"#;
    assert!(seen(close).is_none(), "the end of the connection has it");
}

#[test]
fn what_waited_is_seen_when_and_as_it_was_delivered() {
    for (members, is_seen) in [
        (r#""message","direction":"server","type":"text","data":"a","delivered":false"#, false),
        (r#""ping","direction":"server","data":"","delivered":false"#, false),
        (r#""pong","direction":"server","data":"","delivered":false"#, false),
        (r#""message","direction":"client","type":"text","data":"a","delivered":false"#, true),
        (r#""ping","direction":"client","data":"","delivered":false"#, true),
        (
            r#""message","direction":"server","type":"text","data":"a","rule":1,"action":"delay 1s","delivered":false"#,
            false,
        ),
        (
            r#""held","direction":"server","number":null,"outcome":"delivered","type":"text","data":"a""#,
            true,
        ),
        (
            r#""held","direction":"server","number":null,"outcome":"not_delivered","type":"text","data":"a""#,
            false,
        ),
        (
            r#""held","direction":"client","number":null,"outcome":"delivered","type":"text","data":"a""#,
            false,
        ),
    ] {
        let line = format!(r#"{{"event":{members}}}"#);
        assert_eq!(seen(&line).is_some(), is_seen, "{line}");
    }
}

#[test]
fn what_a_client_does_not_see_is_left_out() {
    for (members, is_seen) in [
        (r#""http","method":"GET","target":"/","status":200"#, false),
        (r#""close_frame","direction":"client","code":1000,"rule":1,"action":"drop""#, false),
        (r#""message","direction":"server","type":"text","size":1,"omitted":true"#, true),
        (r#""message","direction":"client","type":"text","size":1,"omitted":true"#, true),
        (r#""message","direction":"server","type":"text","data":"a""#, true),
        (r#""open","url":"ws://h/","initiator":"client""#, true),
    ] {
        let line = format!(r#"{{"event":{members}}}"#);
        assert_eq!(seen(&line).is_some(), is_seen, "{line}");
    }
}

#[test]
fn the_server_saw_what_the_client_sent_as_it_was_delivered_and_what_it_sent_itself() {
    let new = r#","changed_to":{"type":"text","data":"new"}"#;
    for (direction, action, more, expected) in [
        ("client", "drop", "", &[][..]),
        ("client", "close 4000", "", &[]),
        ("client", "abort", "", &[]),
        ("client", "replace", new, &["> new"]),
        ("client", "corrupt", new, &["> new"]),
        ("client", "duplicate", "", &["> old", "> old"]),
        ("client", "inject", "", &["> old"]),
        ("client", "hold", r#","held":7"#, &[]),
        ("server", "drop", "", &["< old"]),
        ("server", "close 4000", "", &["< old"]),
        ("server", "abort", "", &["< old"]),
        ("server", "replace", new, &["< old"]),
        ("server", "corrupt", new, &["< old"]),
        ("server", "duplicate", "", &["< old"]),
        ("server", "inject", "", &[]),
    ] {
        let members = format!(
            r#""message","type":"text","data":"old","direction":"{direction}","rule":1,"action":"{action}"{more}"#
        );
        assert_eq!(server_saw(&members), expected, "{members}");
    }
}

#[test]
fn the_server_saw_what_waited_when_it_was_delivered() {
    let new = r#","changed_to":{"type":"text","data":"new"}"#;
    for (direction, outcome, more, expected) in [
        ("client", "delivered", "", &["> old"][..]),
        ("client", "delivered", r#","duplicated":true"#, &["> old", "> old"]),
        ("client", "edited", new, &["> new"]),
        ("client", "dropped", "", &[]),
        ("client", "not_delivered", "", &[]),
        ("server", "delivered", "", &[]),
        ("server", "edited", new, &[]),
    ] {
        let content = format!(r#""direction":"{direction}","type":"text","data":"old""#);
        for number in ["7", "null"] {
            let members =
                format!(r#""held",{content},"number":{number},"outcome":"{outcome}"{more}"#);
            assert_eq!(server_saw(&members), expected, "{members}");
        }
    }
    for (kind, data) in [("message", r#""type":"text","data":"a""#), ("ping", r#""data":"YQ==""#)] {
        for (direction, expected) in [("client", &[][..]), ("server", &["< a"])] {
            let members = format!(r#""{kind}","direction":"{direction}",{data},"delivered":false"#);
            assert_eq!(server_saw(&members), expected, "{members}");
        }
    }
}

#[test]
fn an_end_is_that_of_the_servers_connection() {
    for (members, text) in [
        (
            r#""initiator":"client","client":{"code":1000},"server":{"code":1000}"#,
            "Local 1000 1000",
        ),
        (r#""initiator":"server","client":{"code":1000},"server":{"code":1000}"#, "Peer 1000 1000"),
        // The end of the run: the client's side does not matter.
        (
            r#""initiator":"self","client":null,"server":{"code":1001},"self":{"code":1001},"awaited":["client","server"]"#,
            "Local 1001 1001",
        ),
        // A rule replaced the Close frame of the server, of the client, or dropped it.
        (
            r#""initiator":"server","client":{"code":1012},"server":{"code":1000},"self":{"code":1012},"awaited":["client","server"],"not_delivered":["server"]"#,
            "Peer 1012 1000",
        ),
        (
            r#""initiator":"client","client":{"code":1000},"server":{"code":1012},"self":{"code":1012},"awaited":["client","server"],"not_delivered":["client"]"#,
            "Local 1012 1012",
        ),
        (
            r#""initiator":"client","client":{"code":1000},"server":null,"not_delivered":["client"],"end":{"client":"fin"}"#,
            "Local - -",
        ),
        (
            r#""initiator":"self","client":{"code":1012},"server":{"code":1000},"self":{"code":1012},"awaited":["client","server"],"not_delivered":["server"]"#,
            "Peer 1012 1000",
        ),
        // The operator closed the client's side only, which answered.
        (
            r#""initiator":"self","client":{"code":4000},"server":{"code":4000},"self":{"code":4000},"awaited":["client"]"#,
            "Local 4000 4000",
        ),
        // TCP ended first.
        (
            r#""initiator":"server","client":null,"server":null,"self":{"code":1001},"awaited":["server"],"end":{"server":"fin"}"#,
            "Peer - -",
        ),
    ] {
        let event = parsed(&format!(r#"{{"event":"close","code":1006,{members}}}"#));
        let seen: Vec<_> = event.seen_by_server().map(|it| it.what).collect();
        let [RecordedKind::Closed(closed)] = &seen[..] else { panic!("{seen:?}") };
        let code = |close: &Option<ClosePayload>| {
            let code = close.as_ref().and_then(|it| it.code);
            code.map_or("-".to_owned(), |it| it.get().to_string())
        };
        let ending = &closed.ending;
        let (sent, received) = (code(&ending.sent), code(&ending.received));
        assert_eq!(format!("{:?} {sent} {received}", ending.initiator), text, "{members}");
    }
}
