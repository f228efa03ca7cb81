//! The events that a scenario is made from, in bounded memory.

use crate::event::HeadView;
use crate::recording::{Recorded, RecordedKind};

/// How much of a recording becomes a scenario, in bytes. What is written has at most seven times as many, which is
/// less than the largest file that `check` reads.
pub(super) const LIMIT: usize = 8 << 20;

/// What an event takes beside its data, in bytes.
const OVERHEAD: usize = 64;

/// The first events of a recording, as many as fit.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    events: Vec<Recorded>,
    size: usize,
    /// How many of them are data messages.
    messages: u64,
    /// One did not fit: none behind it is kept.
    is_full: bool,
}

impl Kept {
    /// Whether nothing more fits.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Keeps an event if it fits. Frames are passed over: a scenario has none.
    pub(super) fn push(&mut self, event: Recorded) {
        if matches!(event.what, RecordedKind::Frame(_)) {
            return;
        }
        let size = size(&event);
        if self.is_full() || self.size.saturating_add(size) > LIMIT {
            self.is_full = true;
            return;
        }
        self.size += size;
        self.messages += u64::from(event.is_message());
        self.events.push(event);
    }

    pub(super) fn events(&self) -> &[Recorded] {
        &self.events
    }

    pub(super) fn messages(&self) -> u64 {
        self.messages
    }
}

/// What an event takes, in bytes.
fn size(event: &Recorded) -> usize {
    let head = |head: &HeadView| -> usize {
        let fields = head.fields.iter().map(|(name, value)| name.len() + value.len() + OVERHEAD);
        head.start_line.len() + fields.sum::<usize>()
    };
    let data = match &event.what {
        RecordedKind::Open(opened) => {
            opened.url.len() + head(&opened.request) + head(&opened.response)
        }
        RecordedKind::Message(message) => message.data.len(),
        RecordedKind::FileSent { path, .. } => path.len(),
        RecordedKind::Ping(_, data) | RecordedKind::Pong(_, data, _) => data.len(),
        RecordedKind::Redirect(redirect) => redirect.from.len() + redirect.to.len(),
        RecordedKind::Failure(failure) => {
            let response = failure.response.as_ref();
            let response = response.map_or(0, |it| head(&it.head) + it.body.len());
            let attempt = failure.attempt.as_ref();
            let attempt =
                attempt.map_or(0, |it| it.url.len() + it.request.as_ref().map_or(0, head));
            response + attempt + failure.request.as_ref().map_or(0, head)
        }
        RecordedKind::Frame(_)
        | RecordedKind::Closed(_)
        | RecordedKind::Tolerated(_)
        | RecordedKind::Retry(_) => 0,
    };
    data.saturating_add(OVERHEAD)
}
