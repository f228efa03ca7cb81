//! What was done to a message in a proxy, owned: for what keeps events.

use bytes::Bytes;

use super::{Behind, Changed, Touch, Transit};
use crate::protocol::MessageKind;
use crate::protocol::close::ClosePayload;

/// A [`Transit`] that owns its data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnedTransit {
    /// What was done, if anything was; rare, hence the box.
    pub touch: Option<Box<OwnedTouch>>,
    /// See [`Transit::waits`].
    pub waits: bool,
    /// See [`Transit::behind`].
    pub behind: Option<Behind>,
    /// See [`Transit::is_reframed`].
    pub is_reframed: bool,
}

/// A [`Touch`] that owns its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedTouch {
    /// See [`Touch::rule`].
    pub rule: Option<u64>,
    /// See [`Touch::action`].
    pub action: String,
    /// See [`Touch::changed_to`].
    pub changed_to: Option<OwnedChange>,
    /// See [`Touch::held`].
    pub held: Option<u64>,
}

/// A [`Changed`] that owns its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnedChange {
    /// See [`Changed::Message`].
    Message(MessageKind, Bytes),
    /// See [`Changed::Control`].
    Control(Bytes),
    /// See [`Changed::Close`].
    Close(ClosePayload),
}

impl OwnedTransit {
    /// Copies one.
    pub fn of(transit: &Transit<'_>) -> Self {
        let touch = transit.touch.map(|touch| Box::new(OwnedTouch::of(touch)));
        let Transit { waits, behind, is_reframed, .. } = *transit;
        Self { touch, waits, behind, is_reframed }
    }

    /// Calls `consume` with it, as events have it.
    pub fn lend<T>(&self, consume: impl FnOnce(Transit<'_>) -> T) -> T {
        let touch = self.touch.as_deref().map(OwnedTouch::touch);
        let Self { waits, behind, is_reframed, .. } = *self;
        consume(Transit { touch: touch.as_ref(), waits, behind, is_reframed })
    }

    /// The bytes of what was done.
    pub fn size(&self) -> usize {
        self.touch.as_ref().map_or(0, |touch| touch.action.len() + touch.changed_size())
    }
}

impl OwnedTouch {
    /// The action without its operand.
    pub fn word(&self) -> &str {
        self.action.split(' ').next().unwrap_or_default()
    }

    fn of(touch: &Touch<'_>) -> Self {
        let Touch { rule, action, changed_to, held } = *touch;
        let changed_to = changed_to.map(|changed| match changed {
            Changed::Message(kind, data) => {
                OwnedChange::Message(kind, Bytes::copy_from_slice(data))
            }
            Changed::Control(data) => OwnedChange::Control(Bytes::copy_from_slice(data)),
            Changed::Close(close) => OwnedChange::Close(close.clone()),
        });
        Self { rule, action: action.to_owned(), changed_to, held }
    }

    fn touch(&self) -> Touch<'_> {
        let changed_to = self.changed_to.as_ref().map(|changed| match changed {
            OwnedChange::Message(kind, data) => Changed::Message(*kind, data),
            OwnedChange::Control(data) => Changed::Control(data),
            OwnedChange::Close(close) => Changed::Close(close),
        });
        Touch { rule: self.rule, action: &self.action, changed_to, held: self.held }
    }

    fn changed_size(&self) -> usize {
        match &self.changed_to {
            None => 0,
            Some(OwnedChange::Message(_, data) | OwnedChange::Control(data)) => data.len(),
            Some(OwnedChange::Close(close)) => close.reason.len(),
        }
    }
}
