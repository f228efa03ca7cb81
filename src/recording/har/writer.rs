//! Writes a HAR from events, as they occur.
//!
//! The entries of a HAR follow each other, while connections are open at the same time. Messages of the connection that
//! was opened first go to the file; what belongs behind them, and all of other connections, is in the spool.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use super::base::Base;
use super::entry::{
    Control, Overflow, UNKNOWN_URL, put_close, put_control, put_end, put_error, put_failure,
    put_file, put_message, put_omitted, put_open, put_other, put_redirect, put_unopened,
    recorded_by,
};
use super::json::{object, put};
use super::spool::{Spool, Stream};
use super::time::micros_of;
use crate::event::{Failure, FailureKind};
use crate::protocol::connection::Initiator;
use crate::protocol::vocabulary::Direction;
use crate::recording::{Recorded, RecordedKind};

/// Writes a HAR with an entry for each connection. At any time the file has all messages of the connection that was
/// opened first; [`HarWriter::finish`] adds the rest.
#[derive(Debug)]
pub struct HarWriter {
    spool: Spool,
    open: BTreeMap<Option<u64>, Entry>,
    /// These connections in the order in which they were opened.
    order: BTreeMap<u64, Option<u64>>,
    /// The connection whose messages go to the file.
    direct: Option<Option<u64>>,
    /// Whole entries of connections that ended before that one.
    finished: Stream,
    has_started: bool,
    has_entries: bool,
    /// The number of entries that were begun.
    count: u64,
    /// What the last connection was, or will be, connected to.
    url: String,
    /// The highest number of a connection that was opened.
    highest: Option<u64>,
    /// A connection without a number was opened, and none is being opened again.
    was_opened: bool,
    /// Failures that belong to no connection.
    errors: Vec<Vec<u8>>,
    /// What the file lacks.
    comment: String,
    /// How many messages a proxy did not keep.
    omitted: u64,
    text: Vec<u8>,
}

/// The most failures without a connection that are kept.
const MAX_ERRORS: usize = 100;

/// The entry of an open connection.
#[derive(Debug)]
struct Entry {
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

impl HarWriter {
    /// A writer that makes a temporary file in this folder, if it needs one.
    pub fn new(folder: PathBuf) -> Self {
        Self {
            spool: Spool::new(folder),
            open: BTreeMap::new(),
            order: BTreeMap::new(),
            direct: None,
            finished: Stream::default(),
            has_started: false,
            has_entries: false,
            count: 0,
            url: String::new(),
            highest: None,
            was_opened: false,
            errors: Vec::new(),
            comment: String::new(),
            omitted: 0,
            text: Vec::new(),
        }
    }

    fn start(&mut self, file: &mut dyn Write) -> io::Result<()> {
        if std::mem::replace(&mut self.has_started, true) {
            return Ok(());
        }
        let version = env!("CARGO_PKG_VERSION");
        write!(
            file,
            "{{\"log\":{{\"version\":\"1.2\",\"creator\":{{\"name\":\"wscope\",\"version\":\"{version}\"}},\
             \"pages\":[],\"entries\":["
        )
    }

    /// Begins the entry of a connection.
    fn begin(&mut self, event: &Recorded, file: &mut dyn Write) -> io::Result<()> {
        let key = event.connection;
        self.end(key, file)?; // a connection whose end was not recorded
        let mut text = std::mem::take(&mut self.text);
        let base = match &event.what {
            RecordedKind::Open(opened) => {
                self.url.clone_from(&opened.url);
                put_open(&mut text, event, opened);
                Base::new(recorded_by(event, opened), event.at, micros_of(opened.timings.total))
            }
            _ => {
                put_unopened(&mut text, event);
                Base::new(Initiator::Local, event.at, 0)
            }
        };
        match key {
            Some(_) => self.highest = self.highest.max(key),
            None => self.was_opened = true,
        }
        self.count += 1;
        self.open.insert(key, Entry::new(base, self.count));
        self.order.insert(self.count, key);
        if self.direct.is_none() {
            self.direct = Some(key);
            self.separate(file)?;
        }
        self.text = text;
        self.put_messages(key, file)
    }

    /// Writes what is between entries.
    fn separate(&mut self, file: &mut dyn Write) -> io::Result<()> {
        let has_entries = std::mem::replace(&mut self.has_entries, true);
        file.write_all(if has_entries { b",\n" } else { b"\n" })
    }

    /// Writes `self.text` to the messages of a connection.
    fn put_messages(&mut self, key: Option<u64>, file: &mut dyn Write) -> io::Result<()> {
        let Some(entry) = self.open.get_mut(&key) else { return Ok(()) };
        match self.direct == Some(key) {
            true => file.write_all(&self.text)?,
            false => self.spool.append(&mut entry.messages, &self.text)?,
        }
        self.text.clear();
        Ok(())
    }

    /// Calls `put` with the entry of a connection, to append a message.
    fn message(
        &mut self,
        event: &Recorded,
        file: &mut dyn Write,
        put: impl FnOnce(&mut Vec<u8>, &Base, Overflow<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let key = event.connection;
        self.begin_unless_open(event, file)?;
        let Self { open, spool, text, direct, .. } = self;
        let Some(entry) = open.get_mut(&key) else { return Ok(()) };
        text.extend_from_slice(if entry.message_count == 0 { b"\n" } else { b",\n" });
        entry.message_count += 1;
        entry.base.set_time(event.at);
        put(text, &entry.base, &mut |text| {
            match *direct == Some(key) {
                true => file.write_all(text)?,
                false => spool.append(&mut entry.messages, text)?,
            }
            text.clear();
            Ok(())
        })?;
        self.put_messages(key, file)
    }

    /// Begins the entry of a connection of which only a later part was recorded.
    fn begin_unless_open(&mut self, event: &Recorded, file: &mut dyn Write) -> io::Result<()> {
        match self.open.contains_key(&event.connection) {
            true => Ok(()),
            false => self.begin(event, file),
        }
    }

    fn control(
        &mut self,
        event: &Recorded,
        file: &mut dyn Write,
        control: Control<'_>,
    ) -> io::Result<()> {
        self.begin_unless_open(event, file)?;
        let Some(entry) = self.open.get_mut(&event.connection) else { return Ok(()) };
        let start: &[u8] = match entry.control_count {
            0 => b",\"_webSocketControl\":[\n",
            _ => b",\n",
        };
        self.text.extend_from_slice(start);
        entry.control_count += 1;
        entry.base.set_time(event.at);
        let control = Control { after: entry.message_count, ..control };
        put_control(&mut self.text, &entry.base, &control);
        self.spool.append(&mut entry.control, &self.text)?;
        self.text.clear();
        Ok(())
    }

    fn violation(&mut self, event: &Recorded, file: &mut dyn Write) -> io::Result<()> {
        self.begin_unless_open(event, file)?;
        let Some(entry) = self.open.get_mut(&event.connection) else { return Ok(()) };
        let start: &[u8] = match std::mem::replace(&mut entry.has_violations, true) {
            false => b",\"_wscopeViolations\":[\n",
            true => b",\n",
        };
        self.text.extend_from_slice(start);
        put_other(&mut self.text, event);
        entry.base.set_time(event.at);
        self.spool.append(&mut entry.violations, &self.text)?;
        self.text.clear();
        Ok(())
    }

    fn closed(
        &mut self,
        event: &Recorded,
        failure_follows: bool,
        file: &mut dyn Write,
    ) -> io::Result<()> {
        self.begin_unless_open(event, file)?;
        let Some(entry) = self.open.get_mut(&event.connection) else { return Ok(()) };
        put_close(&mut entry.end, event);
        entry.base.set_time(event.at);
        match failure_follows {
            true => Ok(()),
            false => self.end(event.connection, file),
        }
    }

    /// Ends the entry of a connection, if it is open.
    fn end(&mut self, key: Option<u64>, file: &mut dyn Write) -> io::Result<()> {
        let Some(mut entry) = self.open.remove(&key) else { return Ok(()) };
        self.order.remove(&entry.number);
        if entry.control_count > 0 {
            self.spool.append(&mut entry.control, b"]")?;
        }
        if entry.has_violations {
            self.spool.append(&mut entry.violations, b"]")?;
            self.spool.join(&mut entry.control, entry.violations)?;
        }
        put_end(&mut entry.end, &entry.base);
        if self.direct == Some(key) {
            file.write_all(b"]")?;
            self.spool.drain(&mut entry.control, file)?;
            file.write_all(&entry.end)?;
            return self.advance(file);
        }
        self.spool.append(&mut entry.messages, b"]")?;
        self.spool.join(&mut entry.messages, entry.control)?;
        self.spool.append(&mut entry.messages, &entry.end)?;
        self.spool.append(&mut self.finished, b",\n")?;
        self.spool.join(&mut self.finished, entry.messages)
    }

    /// Writes the entries that ended, and goes on with the connection that was opened first.
    fn advance(&mut self, file: &mut dyn Write) -> io::Result<()> {
        self.direct = None;
        self.spool.drain(&mut self.finished, file)?;
        if let Some(key) = self.order.first_key_value().map(|(_, key)| *key)
            && let Some(entry) = self.open.get_mut(&key)
        {
            self.direct = Some(key);
            file.write_all(b",\n")?;
            self.spool.drain(&mut entry.messages, file)?;
        }
        Ok(())
    }

    /// Writes `self.text`, which is a whole entry.
    fn put_entry(&mut self, file: &mut dyn Write) -> io::Result<()> {
        if self.direct.is_none() {
            self.separate(file)?;
            file.write_all(&self.text)?;
        } else {
            self.spool.append(&mut self.finished, b",\n")?;
            self.spool.append(&mut self.finished, &self.text)?;
        }
        self.text.clear();
        Ok(())
    }

    fn failure(
        &mut self,
        event: &Recorded,
        failure: &Failure,
        file: &mut dyn Write,
    ) -> io::Result<()> {
        let key = event.connection;
        if let Some(entry) = self.open.get_mut(&key) {
            put_error(&mut entry.end, event);
            entry.base.set_time(event.at);
            return self.end(key, file);
        }
        let was_opened = match key {
            Some(_) => key <= self.highest,
            None => self.was_opened,
        };
        let is_of_opening = match failure.kind {
            FailureKind::Connect | FailureKind::Handshake => true,
            FailureKind::Protocol | FailureKind::Abnormal | FailureKind::Timeout => !was_opened,
            FailureKind::Usage | FailureKind::Local | FailureKind::Expectation => false,
        };
        if is_of_opening {
            // Another connection may have another URL.
            let known = Some(&*self.url).filter(|url| key.is_none() && !url.is_empty());
            let attempted = failure.attempt.as_ref().map(|attempt| &*attempt.url);
            let url = attempted.or(known).unwrap_or(UNKNOWN_URL);
            put_failure(&mut self.text, event, failure, url);
            return self.put_entry(file);
        }
        if self.errors.len() < MAX_ERRORS {
            let mut text = Vec::new();
            put(&mut text, &object(event));
            self.errors.push(text);
        }
        Ok(())
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

impl HarWriter {
    /// Writes what is known by now, or keeps it in bounded memory and a temporary file. An event that a proxy recorded is
    /// to be as `Recorded::seen_in_har` makes it.
    ///
    /// # Errors
    /// Of a file. What was written before can be read.
    pub fn event(&mut self, event: &Recorded, file: &mut dyn Write) -> io::Result<()> {
        self.start(file)?;
        match &event.what {
            RecordedKind::Open(_) => self.begin(event, file),
            RecordedKind::Message(message) => self.message(event, file, |out, base, overflow| {
                put_message(out, base, message, overflow)
            }),
            RecordedKind::FileSent { kind, path, size, wire_size } => {
                let sent = (*kind, &**path, *size, *wire_size);
                self.message(event, file, |out, base, _| {
                    put_file(out, base, sent);
                    Ok(())
                })
            }
            RecordedKind::Omitted(omitted) => {
                self.omitted += 1;
                self.message(event, file, |out, base, _| {
                    put_omitted(out, base, omitted);
                    Ok(())
                })
            }
            RecordedKind::Ping(direction, data) => {
                self.control(event, file, control("9", *direction, data))
            }
            RecordedKind::Pong(direction, data, rtt) => {
                let rtt = rtt.map(micros_of);
                self.control(event, file, Control { rtt, ..control("10", *direction, data) })
            }
            RecordedKind::Closed(closed) => self.closed(event, closed.failure_follows, file),
            RecordedKind::ProxyClosed(_) => self.closed(event, false, file),
            RecordedKind::Redirect(redirect) => {
                self.was_opened = false;
                self.url.clone_from(&redirect.to);
                put_redirect(&mut self.text, event);
                self.put_entry(file)
            }
            RecordedKind::Retry(_) => {
                self.was_opened = false;
                Ok(())
            }
            RecordedKind::Failure(failure) => self.failure(event, failure, file),
            RecordedKind::Tolerated(..) => self.violation(event, file),
            // HARs have no frames, and nothing of what a proxy did.
            RecordedKind::Frame(_)
            | RecordedKind::Violation(..)
            | RecordedKind::CloseFrame(..)
            | RecordedKind::Decided(_)
            | RecordedKind::Http(_) => Ok(()),
        }
    }

    /// How many messages are in it without their data, as a proxy did not keep them.
    pub fn omitted(&self) -> u64 {
        self.omitted
    }

    /// Says what the file lacks.
    pub fn note(&mut self, text: &str) {
        text.clone_into(&mut self.comment);
    }

    /// Writes what ends the file. Called once, unless an error occurred before.
    ///
    /// # Errors
    /// Of a file.
    pub fn finish(&mut self, file: &mut dyn Write) -> io::Result<()> {
        self.start(file)?;
        // In the order in which they were opened.
        while let Some(key) = self.direct {
            self.end(key, file)?;
        }
        file.write_all(b"\n]")?;
        if !self.comment.is_empty() {
            write!(file, ",\"comment\":{}", serde_json::Value::from(&*self.comment))?;
        }
        if !self.errors.is_empty() {
            // Not in lines of their own: the file must not look like a recording of lines.
            file.write_all(b",\"_wscope\":{\"errors\":[")?;
            file.write_all(&self.errors.join(&b','))?;
            file.write_all(b"]}")?;
        }
        file.write_all(b"}}\n")
    }
}

fn control<'a>(opcode: &'static str, direction: Direction, data: &'a [u8]) -> Control<'a> {
    Control { opcode, direction, data, rtt: None, after: 0 }
}
