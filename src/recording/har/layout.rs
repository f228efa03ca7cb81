//! Where the entries of a HAR are while it is written. They follow each other in the file, while connections are open at the
//! same time: one entry at a time grows at the end of the file, and those of other connections are in the spool until they
//! are complete. Then they take the place of the growing one, which is moved behind them.

mod finish;

use std::collections::BTreeMap;
use std::io;

use super::base::Base;
use super::entry::{Control, Overflow, put_control, put_end, put_other};
use super::spool::{Spool, Stream};
use crate::event::Stamp;
use crate::recording::Recorded;
use crate::recording::sink::Sink;

/// An entry of up to this many bytes is moved for each one that is complete. A longer one waits until those are as long as
/// itself, so that moving is not most of the work.
const SMALL: u64 = 64 << 10;

/// A longer entry is never moved. Meanwhile it is not in the file, which a run that is killed would leave without it, and the
/// disk needs room for both.
const MAX_MOVED: u64 = 1 << 20;

/// The most streams that an open connection has. Each may begin a block of the temporary file.
const STREAMS: u64 = 3;

/// The entries, in a file and a spool.
#[derive(Debug)]
pub(super) struct Layout {
    spool: Spool,
    open: BTreeMap<Option<u64>, Entry>,
    /// These connections in the order in which they were opened.
    order: BTreeMap<u64, Option<u64>>,
    /// The one whose entry grows in the file.
    direct: Option<Direct>,
    /// Whole entries that are not in the file yet, each behind a separator.
    finished: Stream,
    /// How many messages they have.
    finished_messages: u64,
    /// The next entry is not the first in the file.
    has_entries: bool,
    /// What was added to the file at the end, each with its length and its messages.
    added: Vec<(u64, u64)>,
    /// How many were begun.
    count: u64,
    text: Vec<u8>,
}

#[derive(Debug)]
struct Direct {
    key: Option<u64>,
    /// How long it is in the file, with the separator before it.
    bytes: u64,
    /// Whether it is the first entry of the file.
    is_first: bool,
}

/// The entry of an open connection.
#[derive(Debug)]
pub(super) struct Entry {
    base: Base,
    /// Which of all entries it is.
    number: u64,
    /// What is not in the file yet, up to the messages.
    messages: Stream,
    control: Stream,
    /// Violations that were tolerated.
    violations: Stream,
    message_count: u64,
    control_count: u64,
    has_violations: bool,
    /// How it ended.
    end: Vec<u8>,
}

impl Layout {
    pub(super) fn new(spool: Spool) -> Self {
        Self {
            spool,
            open: BTreeMap::new(),
            order: BTreeMap::new(),
            direct: None,
            finished: Stream::default(),
            finished_messages: 0,
            has_entries: false,
            added: Vec::new(),
            count: 0,
            text: Vec::new(),
        }
    }

    pub(super) fn is_open(&self, key: Option<u64>) -> bool {
        self.open.contains_key(&key)
    }

    /// Whether something of what is not in the file was lost.
    pub(super) fn is_broken(&self) -> bool {
        self.spool.is_broken()
    }

    /// How many bytes the disk needs for what is not in the file yet.
    pub(super) fn needed(&self) -> u64 {
        let moved = self.direct.as_ref().map_or(0, |direct| direct.bytes);
        let moved = if moved > MAX_MOVED { 0 } else { Spool::length_of(moved) };
        let streams = (self.open.len() as u64).saturating_mul(STREAMS) + 2; // what is moved, and what is finished
        self.spool.needed().saturating_add(moved).saturating_add(Spool::rest_of_blocks(streams))
    }

    /// Begins the entry of a connection with what is before its messages.
    pub(super) fn begin(
        &mut self,
        key: Option<u64>,
        base: Base,
        text: &[u8],
        file: &mut dyn Sink,
    ) -> io::Result<()> {
        self.end(key, file)?; // a connection whose end was not recorded
        let mut entry = Entry::new(base, self.count + 1);
        if self.direct.is_none() {
            let separator = self.separate(file)?;
            file.write_all(text)?;
            file.commit()?;
            self.direct = Some(Direct {
                key,
                bytes: separator + text.len() as u64,
                is_first: !self.has_entries,
            });
            self.has_entries = true;
        } else {
            self.spool.append(&mut entry.messages, text)?;
        }
        self.count += 1;
        self.open.insert(key, entry);
        self.order.insert(self.count, key);
        Ok(())
    }

    /// Calls `put` with the entry of a connection, to append a message.
    pub(super) fn message(
        &mut self,
        key: Option<u64>,
        at: Stamp,
        file: &mut dyn Sink,
        put: impl FnOnce(&mut Vec<u8>, &Base, Overflow<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let Self { spool, open, direct, text, .. } = self;
        let Some(entry) = open.get_mut(&key) else { return Ok(()) };
        let mut direct = direct.as_mut().filter(|direct| direct.key == key);
        text.clear();
        text.extend_from_slice(if entry.message_count == 0 { b"\n" } else { b",\n" });
        entry.message_count += 1;
        entry.base.set_time(at);
        let mut overflow = |text: &mut Vec<u8>| {
            match &mut direct {
                Some(direct) => {
                    file.write_all(text)?;
                    direct.bytes += text.len() as u64;
                }
                None => spool.append(&mut entry.messages, text)?,
            }
            text.clear();
            Ok(())
        };
        put(text, &entry.base, &mut overflow)?;
        overflow(text)?;
        if direct.is_some() {
            file.count(1);
        }
        Ok(())
    }

    pub(super) fn control(
        &mut self,
        key: Option<u64>,
        at: Stamp,
        control: Control<'_>,
    ) -> io::Result<()> {
        let Some(entry) = self.open.get_mut(&key) else { return Ok(()) };
        let start: &[u8] = match entry.control_count {
            0 => b",\"_webSocketControl\":[\n",
            _ => b",\n",
        };
        let mut text = start.to_vec();
        entry.control_count += 1;
        entry.base.set_time(at);
        put_control(&mut text, &entry.base, &Control { after: entry.message_count, ..control });
        self.spool.append(&mut entry.control, &text)
    }

    pub(super) fn violation(&mut self, event: &Recorded) -> io::Result<()> {
        let Some(entry) = self.open.get_mut(&event.connection) else { return Ok(()) };
        let start: &[u8] = match std::mem::replace(&mut entry.has_violations, true) {
            false => b",\"_wscopeViolations\":[\n",
            true => b",\n",
        };
        let mut text = start.to_vec();
        put_other(&mut text, event);
        entry.base.set_time(event.at);
        self.spool.append(&mut entry.violations, &text)
    }

    /// Calls `put` to append to what is behind the messages of a connection.
    pub(super) fn at_end(&mut self, key: Option<u64>, at: Stamp, put: impl FnOnce(&mut Vec<u8>)) {
        if let Some(entry) = self.open.get_mut(&key) {
            put(&mut entry.end);
            entry.base.set_time(at);
        }
    }

    /// Ends the entry of a connection, if it is open.
    pub(super) fn end(&mut self, key: Option<u64>, file: &mut dyn Sink) -> io::Result<()> {
        if self.direct.as_ref().is_some_and(|direct| direct.key == key) {
            self.end_direct(file)?;
            return self.advance(file);
        }
        let Some(mut entry) = self.open.remove(&key) else { return Ok(()) };
        self.order.remove(&entry.number);
        self.behind_messages(&mut entry)?;
        self.spool.append(&mut self.finished, b",\n")?;
        self.spool.join(&mut self.finished, entry.messages)?;
        self.spool.append(&mut self.finished, b"]")?;
        self.spool.join(&mut self.finished, entry.control)?;
        self.spool.append(&mut self.finished, &entry.end)?;
        self.finished_messages += entry.message_count;
        self.put_finished(file)
    }

    /// Ends all that are open, in the order in which they were opened.
    pub(super) fn end_all(&mut self, file: &mut dyn Sink) -> io::Result<()> {
        while let Some(key) = self.order.first_key_value().map(|(_, key)| *key) {
            self.end(key, file)?;
        }
        Ok(())
    }

    /// Adds a whole entry.
    pub(super) fn add(&mut self, text: &[u8], file: &mut dyn Sink) -> io::Result<()> {
        self.spool.append(&mut self.finished, b",\n")?;
        self.spool.append(&mut self.finished, text)?;
        self.put_finished(file)
    }

    /// Has `put` write something whole: all of it gets into the file, or nothing.
    fn put(
        &mut self,
        file: &mut dyn Sink,
        put: impl FnOnce(&mut Self, &mut dyn Sink) -> io::Result<()>,
    ) -> io::Result<()> {
        match put(self, file) {
            Ok(()) => file.commit(),
            Err(error) => {
                file.discard();
                Err(error)
            }
        }
    }

    /// Writes what is behind the messages of an entry.
    fn put_rest(&mut self, entry: &Entry, file: &mut dyn Sink) -> io::Result<()> {
        file.write_all(b"]")?;
        self.spool.copy(&entry.control, 0, file)?;
        file.write_all(&entry.end)
    }

    /// Writes what is between entries, or before the first one. Returns its length.
    fn separate(&self, file: &mut dyn Sink) -> io::Result<u64> {
        let separator: &[u8] = if self.has_entries { b",\n" } else { b"\n" };
        file.write_all(separator)?;
        Ok(separator.len() as u64)
    }

    /// Ends what is behind the messages of an entry: its control frames with violations, and its end.
    fn behind_messages(&mut self, entry: &mut Entry) -> io::Result<()> {
        if std::mem::take(&mut entry.control_count) > 0 {
            self.spool.append(&mut entry.control, b"]")?;
        }
        if std::mem::take(&mut entry.has_violations) {
            self.spool.append(&mut entry.violations, b"]")?;
            let violations = std::mem::take(&mut entry.violations);
            self.spool.join(&mut entry.control, violations)?;
        }
        put_end(&mut entry.end, &entry.base);
        Ok(())
    }

    /// Ends the entry that grows in the file.
    fn end_direct(&mut self, file: &mut dyn Sink) -> io::Result<()> {
        let Some(key) = self.direct.as_ref().map(|direct| direct.key) else { return Ok(()) };
        let Some(mut entry) = self.open.remove(&key) else { return Ok(()) };
        let end = entry.end.len();
        self.behind_messages(&mut entry)?;
        if let Err(error) = self.put(file, |layout, file| layout.put_rest(&entry, file)) {
            // There may be room for it at the end.
            entry.end.truncate(end);
            self.open.insert(key, entry);
            return Err(error);
        }
        self.order.remove(&entry.number);
        self.direct = None;
        self.spool.release(entry.control)
    }

    /// Writes the entries that ended, and goes on with the connection that was opened first.
    fn advance(&mut self, file: &mut dyn Sink) -> io::Result<()> {
        self.put_finished(file)?;
        match self.order.first_key_value().map(|(_, key)| *key) {
            Some(key) => self.grow(key, file),
            None => Ok(()),
        }
    }

    /// Has the entry of an open connection grow in the file.
    fn grow(&mut self, key: Option<u64>, file: &mut dyn Sink) -> io::Result<()> {
        let Some(entry) = self.open.get_mut(&key) else { return Ok(()) };
        let (messages, count) = (std::mem::take(&mut entry.messages), entry.message_count);
        let written = self.put(file, |layout, file| {
            layout.separate(file)?;
            layout.spool.copy(&messages, 0, file)?;
            file.count(count);
            Ok(())
        });
        if let (Err(_), Some(entry)) = (&written, self.open.get_mut(&key)) {
            entry.messages = messages;
            return written;
        }
        let bytes = 1 + u64::from(self.has_entries) + messages.size(); // with the separator
        self.direct = Some(Direct { key, bytes, is_first: !self.has_entries });
        self.has_entries = true;
        self.spool.release(messages)
    }

    /// Writes the entries that ended. One that grows in the file is moved behind them.
    fn put_finished(&mut self, file: &mut dyn Sink) -> io::Result<()> {
        let finished = self.finished.size();
        if finished == 0 {
            return Ok(());
        }
        let Some(Direct { key, bytes, is_first }) = self.direct else {
            self.write_finished(file)?;
            return self.release_finished();
        };
        let is_moved = bytes <= finished.clamp(SMALL, MAX_MOVED);
        if !is_moved || !self.take_back(key, bytes, is_first, file)? {
            return Ok(()); // they have to wait
        }
        if let Err(error) = self.write_finished(file) {
            // It has been in the file before: there is room for it without the others.
            return self.grow(key, file).and(Err(error));
        }
        if let Err(error) = self.grow(key, file) {
            // Unlike the others it has been in the file before.
            let written = finished - u64::from(is_first);
            let taken = file.take_back(written, self.finished_messages, &mut |_| Ok(()));
            if !matches!(taken, Ok(true)) {
                return self.release_finished().and(Err(error)); // they stay in the file
            }
            self.has_entries = !is_first;
            return self.grow(key, file).and(Err(error));
        }
        self.release_finished()
    }

    /// Takes the entry that grows out of the file. Returns whether that is possible.
    fn take_back(
        &mut self,
        key: Option<u64>,
        bytes: u64,
        is_first: bool,
        file: &mut dyn Sink,
    ) -> io::Result<bool> {
        let Some(entry) = self.open.get_mut(&key) else { return Ok(false) };
        let mut moved = Stream::default();
        let mut skip = if is_first { 1 } else { 2 }; // the separator
        let is_taken = file.take_back(bytes, entry.message_count, &mut |mut piece: &[u8]| {
            let skipped = piece.len().min(skip);
            skip -= skipped;
            piece = &piece[skipped..];
            self.spool.append(&mut moved, piece)
        });
        match is_taken {
            Ok(true) => {
                entry.messages = moved;
                self.direct = None;
                self.has_entries = !is_first;
                Ok(true)
            }
            other => {
                self.spool.release(moved)?;
                other
            }
        }
    }

    /// Writes the entries that ended, which stay in the spool.
    fn write_finished(&mut self, file: &mut dyn Sink) -> io::Result<()> {
        self.put(file, |layout, file| {
            // The first entry has no comma before it.
            let skip = usize::from(!layout.has_entries);
            layout.spool.copy(&layout.finished, skip, file)?;
            file.count(layout.finished_messages);
            Ok(())
        })?;
        self.has_entries = true;
        Ok(())
    }

    fn release_finished(&mut self) -> io::Result<()> {
        self.finished_messages = 0;
        self.spool.release(std::mem::take(&mut self.finished))
    }
}

impl Entry {
    fn new(base: Base, number: u64) -> Self {
        Self {
            base,
            number,
            messages: Stream::default(),
            control: Stream::default(),
            violations: Stream::default(),
            message_count: 0,
            control_count: 0,
            has_violations: false,
            end: Vec::new(),
        }
    }
}
