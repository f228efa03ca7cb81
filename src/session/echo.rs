//! `--echo`.

use crate::input::Action;
use crate::observer::{Observed, Observer, ObserverResponse};
use crate::protocol::large;

/// Sends every received data message back. The session carries its actions out before the next message is
/// received, so that one message at most waits here.
#[derive(Debug, Default)]
pub struct Echo {
    reply: Option<Action>,
}

impl Observer for Echo {
    fn on_event(&mut self, event: &Observed<'_>) -> ObserverResponse {
        let Some(message) = event.received_message() else { return ObserverResponse::default() };
        self.reply = Some(match event.payload {
            Some(payload) => Action::SendBack(message.kind, payload.clone()),
            None => Action::Send(message.kind, large::copy(message.data).into()),
        });
        ObserverResponse { acts: true, ..ObserverResponse::default() }
    }

    fn next_action(&mut self) -> Option<Action> {
        self.reply.take()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::event::{EventKind, Message};
    use crate::protocol::{MessageKind, Payload};

    #[test]
    fn each_message_is_sent_back_once_and_a_long_one_without_a_copy() {
        let mut echo = Echo::default();
        let payload = Payload::from(&b"long"[..]);
        let message = Message::received(MessageKind::Binary, payload.bytes());
        let event = EventKind::Message(message);
        let mut reply = |payload| {
            let response = echo.on_event(&Observed { at: Instant::now(), event: &event, payload });
            assert!(response.acts);
            let reply = echo.next_action();
            assert_eq!(echo.next_action(), None);
            reply
        };
        let copy = Action::Send(MessageKind::Binary, b"long".to_vec().into());
        assert_eq!(reply(None), Some(copy));
        match reply(Some(&payload)) {
            Some(Action::SendBack(_, sent)) => assert!(sent.is_same(&payload)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_we_send_is_not_sent_back() {
        let mut echo = Echo::default();
        let message = Message {
            direction: crate::protocol::vocabulary::Direction::Sent,
            ..Message::received(MessageKind::Text, b"ours")
        };
        let event = EventKind::Message(message);
        let response =
            echo.on_event(&Observed { at: Instant::now(), event: &event, payload: None });
        assert_eq!((response, echo.next_action()), (ObserverResponse::default(), None));
    }
}
