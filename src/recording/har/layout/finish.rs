//! The end of a HAR: the entries that are not in the file yet, as many as there is room for.

use std::io;

use super::Layout;
use crate::recording::sink::Sink;

impl Layout {
    /// Ends all, each that there is room for.
    ///
    /// # Errors
    /// The first one. If the one that grows in the file cannot be ended, nothing can follow it.
    pub(in crate::recording::har) fn finish(
        &mut self,
        file: &mut dyn Sink,
    ) -> io::Result<io::Result<()>> {
        if self.direct.is_some() {
            self.end_direct(file)?;
        }
        let ended = (self.finished.size(), self.finished_messages);
        // The first entry has no comma before it.
        let length = ended.0.saturating_sub(u64::from(!self.has_entries));
        let mut result = self.put_finished(file);
        if result.is_ok() && ended.0 > 0 {
            self.added.push((length, ended.1));
        }
        while let Some((_, key)) = self.order.pop_first() {
            let Some(mut entry) = self.open.remove(&key) else { continue };
            let mut length = 0;
            let written = self.put(file, |layout, file| {
                layout.behind_messages(&mut entry)?;
                let rest = 1 + entry.control.size() + entry.end.len() as u64;
                length = layout.separate(file)? + entry.messages.size() + rest;
                layout.spool.copy(&entry.messages, 0, file)?;
                file.count(entry.message_count);
                layout.put_rest(&entry, file)
            });
            match written {
                Ok(()) => {
                    self.has_entries = true;
                    self.added.push((length, entry.message_count));
                }
                Err(error) if self.is_broken() => return Ok(result.and(Err(error))),
                Err(error) => result = result.and(Err(error)),
            }
        }
        Ok(result)
    }

    /// Removes what [`Layout::finish`] has added last, if the end of the file has no room behind it. Returns whether there was
    /// anything.
    ///
    /// # Errors
    /// Of the file.
    pub(in crate::recording::har) fn take_back_added(
        &mut self,
        file: &mut dyn Sink,
    ) -> io::Result<bool> {
        match self.added.pop() {
            Some((bytes, messages)) => file.take_back(bytes, messages, &mut |_| Ok(())),
            None => Ok(false),
        }
    }
}
