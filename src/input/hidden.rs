//! What a prompt says in place of what it would show of an action if there were no filters.

use super::Action;
use crate::event::{EventKind, Message};
use crate::protocol::vocabulary::{Direction, FrameEvent};

impl Action {
    /// What is said when it is carried out and a filter hides what shows that. `hidden_by` returns the name of the command
    /// that the filter belongs to. Lines that are sent as they were typed are visible themselves.
    pub fn hidden_note(
        &self,
        hidden_by: impl Fn(&EventKind<'_>) -> Option<&'static str>,
    ) -> Option<String> {
        let direction = Direction::Sent;
        let command = match self {
            Self::Composed(kind, data) => {
                let message = Message { direction, ..Message::received(*kind, data) };
                hidden_by(&EventKind::Message(message))?
            }
            Self::Frame(frame) => hidden_by(&EventKind::Frame(&FrameEvent {
                direction,
                header: frame.header(None),
                payload: &frame.payload,
                has_payload: true,
                part: None,
                plain: None,
                plain_size: None,
                raw: true,
            }))?,
            // The pong is what shows that a ping was sent.
            Self::Ping(data) => {
                let command = hidden_by(&EventKind::Pong(Direction::Received, data.into(), None))?;
                return Some(format!("ping sent (the pong is hidden by /{command})"));
            }
            _ => return None,
        };
        Some(format!("sent (hidden by /{command})"))
    }
}
