//! What passed a proxy, as the client saw it: for what compares, replays or converts recordings, which are about one side.

use std::time::Duration;

use super::{Recorded, RecordedKind};
use crate::event::{Closed, LastTraffic, ProxyClosed, ProxyInitiator, SilenceAdvice};
use crate::protocol::connection::{EndCause, Ending, Initiator};
use crate::protocol::vocabulary::{Direction, Position, TransportEnd};

/// What stands for the path of a file where a message was not kept.
const NOT_KEPT: &str = "(a message that the proxy did not keep)";

impl Recorded {
    /// The event as the client saw it, if it was recorded by a proxy; else the event. `None`: the client did not see it,
    /// or its data is not known. What a rule did to a message does not count: it is as it came.
    pub fn seen_by_client(self) -> Option<Self> {
        if self.transit.is_none() {
            return Some(self);
        }
        let what = match self.what {
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
            RecordedKind::Omitted(_)
            | RecordedKind::Tolerated(Direction::Sent, _)
            | RecordedKind::Violation(..)
            | RecordedKind::CloseFrame(..)
            | RecordedKind::Http(_) => return None,
            what => what,
        };
        Some(Self { transit: None, what, ..self })
    }
}

/// The end of a connection as its client saw it: for it the proxy is the server.
fn client_end(closed: ProxyClosed) -> Closed {
    let initiator = match closed.initiator {
        ProxyInitiator::Client => Initiator::Local,
        ProxyInitiator::Server | ProxyInitiator::Local => Initiator::Peer,
    };
    let received = match closed.initiator {
        ProxyInitiator::Local => closed.own.or(closed.server),
        ProxyInitiator::Client | ProxyInitiator::Server => closed.server.or(closed.own),
    };
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

#[cfg(test)]
mod tests {
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
