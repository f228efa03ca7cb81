//! Values of a session, which the recorded client sent back and the live server replaces by others.

use memchr::memmem;
use serde_json::Value;

use super::script::{Script, Side};
use crate::output::escape::{Newlines, escape};
use crate::recording::compare::{Content, Ignore, json_of, walk};
use crate::recording::scenario::MIN_VALUE;
use crate::scenario::difference::json_path;

/// A value that the recorded server sent and its client sent back later, in whose place the live server sent another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SentBack {
    /// The number of the message of the server, from 1.
    pub(super) number: usize,
    /// Where in it the value is, as a JSONPath; safe to show.
    pub(super) place: String,
}

/// How many bytes of messages are searched in all.
const MAX_SEARCHED: usize = 64 << 20;

/// A search for such a value, which ends after so many bytes.
#[derive(Debug)]
pub(super) struct Search<'a> {
    script: &'a Script,
    left: usize,
}

impl<'a> Search<'a> {
    pub(super) fn new(script: &'a Script) -> Self {
        Self { script, left: MAX_SEARCHED }
    }

    /// The first such value of the recorded message of the server with this index, in whose place `now` was received.
    pub(super) fn find(
        &mut self,
        index: usize,
        now: &Content,
        ignore: &Ignore,
    ) -> Option<SentBack> {
        let recorded = self.script.content(Side::Server, index)?;
        let (recorded, now) = (json_of(&recorded.data, ignore)?, json_of(&now.data, ignore)?);
        let mut found = None;
        walk(&recorded, &now, &mut |path, recorded, now, is_equal| {
            if found.is_none()
                && !is_equal
                && let (Some(recorded), Some(now)) = (recorded.and_then(value), now.and_then(value))
                && recorded != now
                && self.is_sent_after(index, recorded.as_bytes())
            {
                found = Some(escape(&json_path(path), Newlines::Escape).into_owned());
            }
        });
        found.map(|place| SentBack { number: index + 1, place })
    }

    fn is_sent_after(&mut self, index: usize, value: &[u8]) -> bool {
        let finder = memmem::Finder::new(value);
        self.script.sent_after(index).any(|content| {
            let Some(left) = self.left.checked_sub(content.data.len()) else { return false };
            self.left = left;
            finder.find(&content.data).is_some()
        })
    }
}

/// A value that may be one of the session, as it is in messages.
fn value(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (text.len() >= MIN_VALUE).then_some(text)
}
