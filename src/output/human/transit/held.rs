//! What became of what was held.

use unicode_width::UnicodeWidthStr;

use super::{MAX_CONTROL, message_text, side};
use crate::event::{Carried, Decided, HeldOutcome};
use crate::output::human::preview::payload_preview;
use crate::output::human::stamp::short;
use crate::output::human::{Detail, Human, arrow};
use crate::output::style::Role;

impl Human {
    /// "held message 7: edited, delivered after 3.2 s → …". What it was when it was received is shown further up, with
    /// its number. What only waited is not shown a second time.
    pub(super) fn decided(&self, decided: &Decided) -> Option<String> {
        let number = decided.number.filter(|_| self.shows(Detail::Line))?;
        let direction = decided.direction;
        let what = match &decided.content {
            Carried::Close(_) => "Close frame",
            Carried::Message(..) => "message",
            Carried::Ping(_) | Carried::Pong(_) => decided.content.name(),
        };
        let fate = fate(decided);
        if !self.options.messages {
            let from = side(direction);
            let changed = match &decided.changed_to {
                Some(Carried::Message(kind, data)) => message_text(*kind, data),
                Some(Carried::Ping(data) | Carried::Pong(data)) => {
                    format!(" →{}", payload_preview(data, MAX_CONTROL))
                }
                Some(Carried::Close(_)) | None => String::new(),
            };
            let text = format!("held {what} {number} from the {from}: {fate}{changed}");
            return Some(self.remark(Role::Warning, &text));
        }
        let text = format!("held {what} {number}: {fate}");
        let line = self.behind_arrow(direction, Role::Warning, &text);
        let content = match &decided.changed_to {
            Some(Carried::Message(kind, data)) => {
                let lead = text.width() + arrow(direction).len() + 1 + " → ".width();
                self.replacement(*kind, data, lead).trim_end_matches('\n').to_owned()
            }
            Some(Carried::Ping(data) | Carried::Pong(data)) if data.is_empty() => {
                self.paint(Role::Dim, "(no payload)")
            }
            Some(Carried::Ping(data) | Carried::Pong(data)) => {
                payload_preview(data, MAX_CONTROL).trim_start().to_owned()
            }
            Some(Carried::Close(_)) | None => return Some(line),
        };
        let arrow = self.paint(Role::Dim, "→");
        Some(format!("{} {arrow} {content}\n", line.trim_end_matches('\n')))
    }
}

fn fate(decided: &Decided) -> String {
    let time = short(decided.waited);
    match decided.outcome {
        HeldOutcome::Delivered => format!("delivered after {time}"),
        HeldOutcome::Edited => format!("edited, delivered after {time}"),
        HeldOutcome::Dropped => format!("dropped after {time}"),
        HeldOutcome::NotDelivered => format!("not delivered, held for {time} until the end"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::super::tests::{at_80, piped, shown_with};
    use crate::event::{Carried, Decided, EventKind, HeldOutcome};
    use crate::output::human::Detail;
    use crate::output::human::HumanOptions;
    use crate::protocol::MessageKind;
    use crate::protocol::vocabulary::Direction;

    fn decided(outcome: HeldOutcome, changed_to: Option<Carried>) -> Decided {
        Decided {
            number: Some(7),
            direction: Direction::Sent,
            content: text("old"),
            outcome,
            changed_to,
            duplicated: false,
            waited: Duration::from_millis(3200),
        }
    }

    fn text(data: &'static str) -> Carried {
        Carried::Message(MessageKind::Text, Bytes::from_static(data.as_bytes()))
    }

    #[test]
    fn what_became_of_a_held_message_is_a_line_with_what_was_delivered_instead() {
        use HeldOutcome::{Delivered, Dropped, Edited, NotDelivered};
        for (outcome, changed_to, expected) in [
            (Delivered, None, "delivered after 3.2 s"),
            (Edited, Some(text("new\u{1b}")), "edited, delivered after 3.2 s → new\\e"),
            (Edited, Some(text("")), "edited, delivered after 3.2 s → (empty message)"),
            (Dropped, None, "dropped after 3.2 s"),
            (NotDelivered, None, "not delivered, held for 3.2 s until the end"),
        ] {
            let event = decided(outcome, changed_to);
            assert_eq!(
                shown_with(at_80(), None, EventKind::Decided(&event)),
                format!("#1 > held message 7: {expected}\n")
            );
            assert_eq!(
                shown_with(piped(), None, EventKind::Decided(&event)),
                format!("#1 wscope: held message 7 from the client: {expected}\n")
            );
        }
        let quiet = HumanOptions { detail: Detail::Quiet, ..piped() };
        let event = decided(Dropped, None);
        assert_eq!(shown_with(quiet, None, EventKind::Decided(&event)), "");
        let waited = Decided { number: None, ..event };
        assert_eq!(shown_with(at_80(), None, EventKind::Decided(&waited)), "");
    }

    #[test]
    fn held_control_frames_have_their_names() {
        let ping = |data: &'static [u8]| Carried::Ping(Bytes::from_static(data));
        let event = Decided {
            content: ping(b"a"),
            direction: Direction::Received,
            ..decided(HeldOutcome::Edited, Some(ping(b"b")))
        };
        assert_eq!(
            shown_with(at_80(), None, EventKind::Decided(&event)),
            "#1 < held ping 7: edited, delivered after 3.2 s → \"b\"\n"
        );
    }
}
