//! What a prompt yields.

use crate::input::{Action, Next};

/// What a prompt yields.
#[derive(Debug)]
pub enum NextLine<T> {
    /// A line.
    Line(T),
    /// Nothing yet.
    Pending,
    /// The end: Ctrl-D.
    End,
}

impl From<NextLine<Action>> for Next<'_> {
    fn from(typed: NextLine<Action>) -> Self {
        match typed {
            NextLine::Line(action) => Self::Action(action),
            NextLine::Pending => Self::Pending,
            NextLine::End => Self::End,
        }
    }
}
