//! The report on a recorded failure, as the run that recorded it gave it.

use crate::error::received;
use crate::event::Failure;
use crate::output::certificate;
use crate::output::escape::{Newlines, escape};
use crate::output::style::{Role, Style};
use crate::output::wrap::{HANGING, wrap};

/// The text, with its last newline. On a terminal, which has this many `columns`, lines are wrapped between words.
pub(super) fn report(failure: &Failure, style: Style, columns: Option<usize>) -> String {
    let labelled = |role, label: &str, text: &str| {
        let text = escape(text, Newlines::Escape);
        let text = wrap(&text, columns, label.len() + 1, HANGING);
        format!("{} {text}\n", style.paint(role, label))
    };
    let mut text = labelled(Role::Error, "wscope:", &failure.message);
    if let Some(hint) = &failure.hint {
        text += &labelled(Role::Hint, "hint:", hint);
    }
    if let Some(info) = &failure.certificate {
        let title = "the certificate (from a second connection, on which it was not checked):";
        let title = wrap(title, columns, 0, HANGING);
        text += &format!("{}\n", style.paint_lines(Role::Dim, &title));
        text += &certificate::lines(info, 2, style, columns);
    }
    text + &received(failure, style)
}
