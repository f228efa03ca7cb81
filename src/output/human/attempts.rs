//! Redirects and retries.

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
        if self.shows(Detail::Control) {
            let heads =
                hop.interim.iter().map(|interim| self.head(Direction::Received, &interim.head));
            shown.extend(heads);
        }
        self.shows(Detail::Line).then(|| shown + &self.remark(Role::Dim, &text))
    }

    pub(super) fn retry(&self, retry: &RetryScheduled) -> Option<String> {
        if !self.shows(Detail::Line) {
            return None;
        }
        let mut text = self.attempt(retry);
        match retry.unconfirmed {
            0 => {}
            lost => {
                let up_to = if lost > 1 { "up to " } else { "" };
                let lost = counted(lost, "message");
                text += &self.warning(&format!("{up_to}{lost} may not have arrived"));
            }
        }
        Some(text)
    }

    /// What failed, and when the next attempt is.
    fn attempt(&self, retry: &RetryScheduled) -> String {
        let verb = if retry.is_reconnect { "reconnecting" } else { "trying again" };
        let limit = retry.limit.map_or_else(String::new, |limit| format!(" of {limit}"));
        let asked = if retry.is_requested { ", as the server requests" } else { "" };
        let waiting = match retry.waiting {
            0 => String::new(),
            many => format!("; {} to send", counted(many as u64, "message")),
        };
        let text = format!(
            "{}; {verb} in {}{asked} (attempt {}{limit}){waiting}",
            retry.reason,
            short(retry.delay),
            retry.attempt
        );
        self.remark(Role::Warning, &text)
    }

    pub(super) fn warning(&self, text: &str) -> String {
        self.escaped_warning(&escape(text, Newlines::Escape))
    }

    /// The same of a text that is escaped, and may have several lines.
    pub(super) fn escaped_warning(&self, text: &str) -> String {
        let label = "warning:";
        let text = self.wrapped(text, OURS.len() + label.len() + 1, HANGING);
        format!("{OURS}{} {text}\n", self.paint(Role::Warning, label))
    }
}
