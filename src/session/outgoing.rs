//! Messages to send other than those still in the input, in the order in which they are sent:
//! the file that is being sent, the presets, what the previous connection has left.

use std::collections::VecDeque;

use super::resend::{Resend, Unsent};
use super::sender::ActionOrigin;
use super::upload::Upload;
use crate::input::Action;
use crate::protocol::Connection;

/// What is to be sent, and what may have to be sent again.
#[derive(Debug)]
pub(super) struct Outgoing {
    presets: VecDeque<Action>,
    /// `None`: there is no connection after this one.
    pub(super) resend: Option<Resend>,
    /// A file that is being sent: no other action is taken meanwhile.
    pub(super) upload: Option<Upload>,
}

impl Outgoing {
    /// Starts with the presets, then what the previous connection has left.
    pub(super) fn new(presets: VecDeque<Action>, unsent: Option<VecDeque<Action>>) -> Self {
        Self { presets, resend: unsent.map(Resend::new), upload: None }
    }

    /// The next action.
    #[inline]
    pub(super) fn next(&mut self, connection: &Connection) -> Option<(Action, ActionOrigin)> {
        if let Some(preset) = self.next_preset(connection) {
            return Some((preset, ActionOrigin::Preset));
        }
        let resend = self.resend.as_mut().filter(|_| connection.is_open())?;
        Some((resend.next_waiting()?, ActionOrigin::Input))
    }

    /// The next preset. Raw frames are sent also after a Close frame.
    #[inline]
    pub(super) fn next_preset(&mut self, connection: &Connection) -> Option<Action> {
        let is_raw = matches!(self.presets.front()?, Action::Frame(_));
        let can_send = connection.is_open() || (is_raw && !connection.is_finished());
        if can_send { self.presets.pop_front() } else { None }
    }

    /// Adds an action behind the presets.
    pub(super) fn push(&mut self, action: Action) {
        self.presets.push_back(action);
    }

    /// Gives the presets up.
    pub(super) fn clear_presets(&mut self) {
        self.presets.clear();
    }

    /// Whether what is kept for another connection leaves room for more.
    pub(super) fn has_room(&self) -> bool {
        self.resend.as_ref().is_none_or(Resend::has_room)
    }

    /// Whether everything was passed to the connection.
    pub(super) fn is_empty(&self) -> bool {
        self.presets.is_empty()
            && self.upload.is_none()
            && self.resend.as_ref().is_none_or(Resend::is_empty)
    }

    /// What is left for another connection, if there may be one.
    pub(super) fn into_unsent(self) -> Option<Unsent> {
        self.resend.map(Resend::into_unsent)
    }
}
