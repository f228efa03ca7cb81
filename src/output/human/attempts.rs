//! Redirects and further attempts for people.

use super::message::counted;
use super::stamp::short;
use super::{Detail, Human, OURS};
use crate::event::{Redirect, RetryScheduled};
use crate::output::escape::{Newlines, escape};
use crate::output::style::Role;
use crate::output::wrap::HANGING;
use crate::protocol::vocabulary::Direction;

impl Human {
    pub(super) fn redirect(&self, hop: &Redirect) -> Option<String> {
        let reason = if hop.reason.is_empty() { String::new() } else { format!(" {}", hop.reason) };
        let text = format!("{}{reason}: redirected to {}", hop.status, hop.to);
        let mut shown = String::new();
        if self.tells(Detail::Control) {
            let heads =
                hop.interim.iter().map(|interim| self.head(Direction::Received, &interim.head));
            shown.extend(heads);
        }
        self.tells(Detail::Line)
            .then(|| shown + &self.remark(Role::Dim, &escape(&text, Newlines::Escape)))
    }

    pub(super) fn again(&self, again: &RetryScheduled) -> Option<String> {
        if !self.tells(Detail::Line) {
            return None;
        }
        let mut text = self.attempt(again);
        match again.unconfirmed {
            0 => {}
            lost => {
                text += &self.warning(&format!("{} may not have arrived", counted(lost, "message")))
            }
        }
        Some(text)
    }

    /// What failed, and when it goes on.
    fn attempt(&self, again: &RetryScheduled) -> String {
        let verb = if again.is_reconnect { "reconnecting" } else { "trying again" };
        let limit = again.limit.map_or_else(String::new, |limit| format!(" of {limit}"));
        let asked = if again.is_asked { ", as the server asks" } else { "" };
        let waiting = match again.waiting {
            0 => String::new(),
            many => format!("; {} to send", counted(many as u64, "message")),
        };
        let text = format!(
            "{}; {verb} in {}{asked} (attempt {}{limit}){waiting}",
            again.reason,
            short(again.delay),
            again.attempt
        );
        self.remark(Role::Warning, &text)
    }

    pub(super) fn warning(&self, text: &str) -> String {
        let label = "warning:";
        let text = self.wrapped(text, OURS.len() + label.len() + 1, HANGING);
        format!("{OURS}{} {text}\n", self.paint(Role::Warning, label))
    }
}
