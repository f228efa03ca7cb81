//! What passed a proxy, as the client saw it: for what compares, replays or converts recordings, which are about one side.

use std::time::Duration;

use bytes::Bytes;

use super::{Recorded, RecordedKind, RecordedMessage};
use crate::event::{
    Carried, Closed, Decided, LastTraffic, OwnedChange, OwnedTouch, OwnedTransit, ProxyClosed,
    ProxyInitiator, SilenceAdvice,
};
use crate::protocol::close::ClosePayload;
use crate::protocol::connection::{EndCause, Ending, Initiator};
use crate::protocol::vocabulary::{Direction, Position, TransportEnd};

/// What stands for the path of a file where a message was not kept.
const NOT_KEPT: &str = "(a message that the proxy did not keep)";

/// The action of what the operator has sent: no side has sent it.
const INJECTED: &str = "inject";

/// Actions of rules after which a message is not delivered.
const NOT_DELIVERED: [&str; 3] = ["drop", "close", "abort"];

impl Recorded {
    /// The event as the client saw it, if it was recorded by a proxy; else the event. `None`: the client did not see it,
    /// or its data is not known. What the client sent is as it was sent, whatever the server got of it; what the server
    /// sent is as it was delivered, and when: what was held or waited is in the event of what became of it. A message that
    /// was duplicated occurs once.
    pub fn seen_by_client(self) -> Option<Self> {
        let Some(transit) = self.transit else { return Some(self) };
        let what = match transit.touch {
            _ if transit.waits && is_servers_data(&self.what) => return None, // the event of its delivery shows it
            Some(touch) => delivered_to_client(self.what, *touch)?,
            None => self.what,
        };
        let what = match what {
            RecordedKind::Open(mut opened) => {
                opened.initiator = Initiator::Local;
                RecordedKind::Open(opened)
            }
            RecordedKind::ProxyClosed(closed) => {
                RecordedKind::Closed(Box::new(client_end(*closed)))
            }
            RecordedKind::Omitted(it) if it.direction == Direction::Sent => {
                RecordedKind::FileSent {
                    kind: it.kind,
                    path: NOT_KEPT.to_owned(),
                    size: it.size,
                    wire_size: it.wire_size,
                }
            }
            RecordedKind::Decided(it) if it.direction == Direction::Received => delivered(&it)?,
            RecordedKind::Omitted(_)
            | RecordedKind::Decided(_)
            | RecordedKind::Tolerated(Direction::Sent, _)
            | RecordedKind::Violation(..)
            | RecordedKind::CloseFrame(..)
            | RecordedKind::Http(_) => return None,
            what => what,
        };
        Some(Self { transit: None, what, ..self })
    }

    /// The same for a HAR, which keeps who was at either side: that a proxy has recorded, and its account of how the
    /// connection was opened and ended.
    pub(super) fn seen_in_har(self) -> Option<Self> {
        if matches!(self.what, RecordedKind::Open(_) | RecordedKind::ProxyClosed(_)) {
            return Some(self);
        }
        let transit = self.transit.as_ref().map(|_| OwnedTransit::default());
        self.seen_by_client().map(|seen| Self { transit, ..seen })
    }
}

fn is_servers_data(what: &RecordedKind) -> bool {
    match what {
        RecordedKind::Message(it) => it.direction == Direction::Received,
        RecordedKind::Ping(direction, _) | RecordedKind::Pong(direction, ..) => {
            *direction == Direction::Received
        }
        _ => false,
    }
}

/// What the client saw of a message or control frame that was touched.
fn delivered_to_client(what: RecordedKind, touch: OwnedTouch) -> Option<RecordedKind> {
    let action = touch.action.split(' ').next().unwrap_or_default();
    let is_sent = |direction| direction == Direction::Sent;
    match what {
        RecordedKind::Message(it) if is_sent(it.direction) => {
            (action != INJECTED).then_some(RecordedKind::Message(it))
        }
        RecordedKind::Ping(direction, _) | RecordedKind::Pong(direction, ..)
            if is_sent(direction) =>
        {
            (action != INJECTED).then_some(what)
        }
        _ if NOT_DELIVERED.contains(&action) || touch.held.is_some() => None,
        RecordedKind::Message(it) => Some(RecordedKind::Message(match touch.changed_to {
            Some(OwnedChange::Message(kind, data)) => RecordedMessage { kind, data, ..it },
            _ => it,
        })),
        RecordedKind::Ping(direction, data) => {
            Some(RecordedKind::Ping(direction, changed(touch.changed_to, data)))
        }
        RecordedKind::Pong(direction, data, time) => {
            Some(RecordedKind::Pong(direction, changed(touch.changed_to, data), time))
        }
        what => Some(what),
    }
}

/// What the client got of what was held or waited; `None`: nothing. The Close frame is part of the end of the connection.
fn delivered(decided: &Decided) -> Option<RecordedKind> {
    let direction = decided.direction;
    match decided.delivered()?.clone() {
        Carried::Message(kind, data) => Some(RecordedKind::Message(RecordedMessage {
            direction,
            kind,
            data,
            wire_size: 0,
            compressed: false,
            frames: 1,
        })),
        Carried::Ping(data) => Some(RecordedKind::Ping(direction, data)),
        Carried::Pong(data) => Some(RecordedKind::Pong(direction, data, None)),
        Carried::Close(_) => None,
    }
}

fn changed(change: Option<OwnedChange>, data: Bytes) -> Bytes {
    match change {
        Some(OwnedChange::Control(data)) => data,
        _ => data,
    }
}

/// The end of a connection as its client saw it: for it the proxy is the server.
fn client_end(closed: ProxyClosed) -> Closed {
    let initiator = match closed.initiator {
        ProxyInitiator::Client => Initiator::Local,
        ProxyInitiator::Server | ProxyInitiator::Local => Initiator::Peer,
    };
    let received = received(&closed).cloned();
    let is_clean = closed.client.is_some() && received.is_some();
    let cause = match closed.server_end {
        _ if is_clean => EndCause::Handshake,
        Some(end) => EndCause::Transport(end, Position::Boundary),
        None if initiator == Initiator::Local => EndCause::Abandoned,
        None => EndCause::Transport(TransportEnd::Eof, Position::Boundary),
    };
    Closed {
        ending: Ending {
            cause,
            initiator,
            sent: closed.client,
            received,
            violation: None,
            incomplete: None,
        },
        quiet: Duration::ZERO,
        last: LastTraffic::Other,
        age: closed.age,
        received: closed.from_server,
        sent: closed.from_client,
        is_unsent: false,
        hint: None,
        application: None,
        silence_advice: SilenceAdvice::default(),
        failure_follows: false,
    }
}

/// The Close frame that the client got: that of the server, or that of the proxy. One that followed when a side had ended TCP is
/// not how the connection ended, as in [`ProxyClosed::code`].
fn received(closed: &ProxyClosed) -> Option<&ClosePayload> {
    let server = closed.server.as_ref().filter(|_| !closed.not_delivered[1]);
    let [for_client, for_server] = closed.awaited;
    let own = closed.own.as_ref().filter(|_| for_client || !for_server);
    let own_follows_close = match closed.initiator {
        ProxyInitiator::Local => return own.or(server),
        ProxyInitiator::Client => closed.client.is_some(),
        ProxyInitiator::Server => closed.server.is_some(),
    };
    server.or(own.filter(|_| own_follows_close))
}

#[cfg(test)]
mod tests {
    use crate::protocol::MessageKind;
    use crate::protocol::close::ClosePayload;
    use crate::recording::RecordedKind;
    use crate::recording::ndjson::parse_event;

    fn seen(line: &str) -> Option<RecordedKind> {
        let event = parse_event(line.as_bytes()).expect("an event").expect("a known one");
        assert!(event.transit.is_some(), "{line}");
        let seen = event.seen_by_client();
        assert!(seen.as_ref().is_none_or(|it| it.transit.is_none()), "{line}");
        seen.map(|it| it.what)
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
                RecordedKind::Message(it) => {
                    (it.kind, String::from_utf8_lossy(&it.data).into_owned())
                }
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
            (r#""message","direction":"server","type":"text","size":1,"omitted":true"#, false),
            (r#""message","direction":"client","type":"text","size":1,"omitted":true"#, true),
            (r#""message","direction":"server","type":"text","data":"a""#, true),
            (r#""open","url":"ws://h/","initiator":"client""#, true),
        ] {
            let line = format!(r#"{{"event":{members}}}"#);
            assert_eq!(seen(&line).is_some(), is_seen, "{line}");
        }
    }
}
