//! Writes a HAR from events, as they occur.

use std::io;
#[cfg(test)]
use std::path::Path;
use std::path::PathBuf;

use super::base::Base;
use super::entry::{
    Control, Overflow, put_close, put_error, put_failure, put_file, put_message, put_omitted,
    put_open, put_redirect, put_unopened, recorded_by, run_failure, unknown_url,
};
use super::layout::Layout;
use super::room::Room;
use super::runs::Runs;
use super::spool::Spool;
use super::time::micros_of;
use crate::event::{Failure, FailureKind};
use crate::protocol::connection::Initiator;
use crate::protocol::vocabulary::Direction;
use crate::recording::sink::Sink;
use crate::recording::{Recorded, RecordedControl, RecordedKind};

/// Writes a HAR with an entry for each connection. The file has those that are complete, but for some that are short in comparison
/// with an open one, and of one open connection all messages; [`HarWriter::finish`] adds the rest.
#[derive(Debug)]
pub struct HarWriter {
    layout: Layout,
    /// What has to stay free on the disk.
    room: Option<Room>,
    has_started: bool,
    runs: Runs,
    /// What the last connection was, or will be, connected to.
    url: String,
    /// The highest number of a connection that was opened.
    highest: Option<u64>,
    /// A connection without a number was opened, and none is being opened again.
    was_opened: bool,
    /// Failures that belong to no connection.
    errors: Vec<Vec<u8>>,
    /// How many more of them there were.
    lost_errors: u64,
    /// What the file lacks.
    comment: String,
    /// How many messages a proxy did not keep.
    omitted: u64,
}

/// The most failures without a connection that are kept.
const MAX_ERRORS: usize = 100;

impl HarWriter {
    /// A writer that makes a temporary file in this folder, if it needs one.
    pub fn new(folder: PathBuf) -> Self {
        Self {
            layout: Layout::new(Spool::new(folder)),
            room: None,
            has_started: false,
            runs: Runs::default(),
            url: String::new(),
            highest: None,
            was_opened: false,
            errors: Vec::new(),
            lost_errors: 0,
            comment: String::new(),
            omitted: 0,
        }
    }

    /// The same for a file in that folder which this run records: as long as more is recorded, there is room for what has to
    /// be added to it.
    pub fn for_file_in(folder: PathBuf) -> Self {
        let room = Some(Room::new(folder.clone()));
        Self { room, ..Self::new(folder) }
    }

    /// The same for a disk with so much room.
    #[cfg(test)]
    pub(super) fn with_room(free_space: fn(&Path) -> Option<u64>) -> Self {
        Self { room: Some(Room::of(free_space)), ..Self::new(std::env::temp_dir()) }
    }

    fn start(&mut self, file: &mut dyn Sink) -> io::Result<()> {
        if self.has_started {
            return Ok(());
        }
        let version = env!("CARGO_PKG_VERSION");
        write!(
            file,
            "{{\"log\":{{\"version\":\"1.2\",\"creator\":{{\"name\":\"wscope\",\"version\":\"{version}\"}},\
             \"pages\":[],\"entries\":["
        )?;
        file.commit()?;
        self.has_started = true;
        Ok(())
    }

    /// Begins the entry of a connection.
    fn begin(&mut self, event: &Recorded, file: &mut dyn Sink) -> io::Result<()> {
        let mut text = Vec::new();
        let base = match &event.what {
            RecordedKind::Open(opened) => {
                self.url.clone_from(&opened.url);
                put_open(&mut text, event, &self.runs, opened);
                Base::new(recorded_by(event, opened), event.at, micros_of(opened.timings.total))
            }
            _ => {
                put_unopened(&mut text, event, &self.runs);
                Base::new(Initiator::Local, event.at, 0)
            }
        };
        match event.connection {
            Some(_) => self.highest = self.highest.max(event.connection),
            None => self.was_opened = true,
        }
        self.layout.begin(event.connection, base, &text, file)
    }

    /// Begins the entry of a connection of which only a later part was recorded.
    fn begin_unless_open(&mut self, event: &Recorded, file: &mut dyn Sink) -> io::Result<()> {
        match self.layout.is_open(event.connection) {
            true => Ok(()),
            false => self.begin(event, file),
        }
    }

    /// Calls `put` with the entry of a connection, to append a message.
    fn message(
        &mut self,
        event: &Recorded,
        file: &mut dyn Sink,
        put: impl FnOnce(&mut Vec<u8>, &Base, Overflow<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        self.begin_unless_open(event, file)?;
        self.layout.message(event.connection, event.at, file, put)
    }

    fn control(
        &mut self,
        event: &Recorded,
        file: &mut dyn Sink,
        control: Control<'_>,
    ) -> io::Result<()> {
        self.begin_unless_open(event, file)?;
        self.layout.control(event.connection, event.at, control)
    }

    fn closed(
        &mut self,
        event: &Recorded,
        failure_follows: bool,
        file: &mut dyn Sink,
    ) -> io::Result<()> {
        self.begin_unless_open(event, file)?;
        self.layout.at_end(event.connection, event.at, |end| {
            end.clear(); // only the last of several is kept
            put_close(end, event);
        });
        match failure_follows {
            true => Ok(()),
            false => self.layout.end(event.connection, file),
        }
    }

    fn failure(
        &mut self,
        event: &Recorded,
        failure: &Failure,
        file: &mut dyn Sink,
    ) -> io::Result<()> {
        let key = event.connection;
        if self.layout.is_open(key) {
            self.layout.at_end(key, event.at, |end| put_error(end, event));
            return self.layout.end(key, file);
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
            let url = attempted.or(known).map_or_else(unknown_url, str::to_owned);
            let mut text = Vec::new();
            put_failure(&mut text, event, &self.runs, failure, &url);
            return self.layout.add(&text, file);
        }
        match self.errors.len() < MAX_ERRORS {
            true => self.errors.push(run_failure(event, &self.runs)),
            false => self.lost_errors += 1,
        }
        Ok(())
    }
}

impl HarWriter {
    /// Checks, before the event of a line of this length, that there is room for it.
    ///
    /// # Errors
    /// If there is not.
    pub fn check_room(&mut self, length: usize) -> io::Result<()> {
        match &mut self.room {
            Some(room) => room.check(length, self.layout.needed()),
            None => Ok(()),
        }
    }

    /// Writes what is known by now, or keeps it in bounded memory and a temporary file. An event that a proxy recorded is
    /// to be as `Recorded::seen_in_har` makes it.
    ///
    /// # Errors
    /// Of a file. What was written before can be read.
    pub fn event(&mut self, event: &Recorded, file: &mut dyn Sink) -> io::Result<()> {
        self.start(file)?;
        if self.runs.advance(event.at, &event.what) {
            self.layout.end_all(file)?; // what was open then was not recorded to its end
            (self.highest, self.was_opened) = (None, false);
            self.url.clear();
        }
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
                let mut text = Vec::new();
                put_redirect(&mut text, event, &self.runs);
                self.layout.add(&text, file)
            }
            RecordedKind::Retry(_) => {
                self.was_opened = false;
                Ok(())
            }
            RecordedKind::Failure(failure) => self.failure(event, failure, file),
            RecordedKind::Tolerated(..) => {
                self.begin_unless_open(event, file)?;
                self.layout.violation(event)
            }
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

    /// How many failures without a connection are not in it.
    pub fn lost_errors(&self) -> u64 {
        self.lost_errors
    }

    /// Says what the file lacks.
    pub fn note(&mut self, text: &str) {
        text.clone_into(&mut self.comment);
    }

    /// Writes the rest, as much of it as there is room for, and what ends the file. Called once, also after an error.
    ///
    /// # Errors
    /// Of a file.
    pub fn finish(&mut self, file: &mut dyn Sink) -> io::Result<()> {
        if self.layout.is_broken() {
            return Err(io::Error::other("the temporary file has failed"));
        }
        self.start(file)?;
        let mut result = self.layout.finish(file)?;
        while let Err(error) = self.put_end(file) {
            file.discard();
            if !self.layout.take_back_added(file)? {
                return Err(error);
            }
            result = result.and(Err(error));
        }
        result
    }

    /// Writes what is behind the entries.
    fn put_end(&self, file: &mut dyn Sink) -> io::Result<()> {
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
        file.write_all(b"}}\n")?;
        file.commit()
    }
}

fn control<'a>(
    opcode: &'static str,
    direction: Direction,
    payload: &'a RecordedControl,
) -> Control<'a> {
    let RecordedControl { data, is_masked, .. } = payload;
    Control { opcode, direction, data, is_masked: *is_masked, rtt: None, after: 0 }
}
