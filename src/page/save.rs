//! Downloads: rows of the store as a file.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use super::block::Row;
use super::facts::Kind;
use super::filter::Scratch;
use super::prepared::Prepared;
use super::store::{Store, Want};
use crate::protocol::counted::counted;
use crate::recording::writer::{RecordFormat, RecordWriter};

/// What is written goes out in pieces of this size.
const PIECE: usize = 64 << 10;

/// The most connections that wait for their first row that is written.
const MAX_OPENED: usize = 10_000;

/// A download.
#[derive(Debug)]
pub struct Save {
    store: Arc<Store>,
    prepared: Prepared,
}

impl Store {
    /// The download that a tab has prepared under this name, once.
    pub fn take_save(self: &Arc<Self>, id: &str) -> Option<Save> {
        let prepared = self.take_prepared(id)?;
        Some(Save { store: Arc::clone(self), prepared })
    }
}

impl Save {
    /// What the file should be called: ASCII letters, digits, `-` and `.`.
    pub fn name(&self) -> &str {
        &self.prepared.name
    }

    /// The media type.
    pub fn content_type(&self) -> &'static str {
        match self.prepared.format {
            RecordFormat::Ndjson => "application/x-ndjson",
            RecordFormat::Har => "application/json",
            RecordFormat::Scenario => "text/plain; charset=utf-8",
        }
    }

    /// Writes the file, in pieces, in bounded memory. `out` may block. Rows that are dropped meanwhile are missing, which
    /// the end of the file says.
    ///
    /// # Errors
    /// Of `out` or of a temporary file.
    pub fn write_to(self, out: &mut dyn Write) -> io::Result<()> {
        let format = self.prepared.format;
        let mut next = self.prepared.start();
        let mut file = Writer {
            out: BufWriter::with_capacity(PIECE, out),
            writer: format.writer(self.store.options().folder.clone()),
            // What is cleared has the opening handshakes of what follows.
            opened: self.store.begun_before(next),
            needs_opened: self.prepared.filter.is_some(),
        };
        let mut scratch = Scratch::default();
        let mut missing = 0;
        loop {
            let (first, end) = self.store.rows();
            missing += first.min(self.prepared.end).saturating_sub(next);
            next = next.max(first);
            if next >= end.min(self.prepared.end) {
                break;
            }
            let number = self.store.block_of(next);
            let Some(block) = number.and_then(|number| self.store.block(number, Want::All)) else {
                // It has just been dropped, or cannot be read.
                (next, missing) = (next + 1, missing + 1);
                continue;
            };
            for row in block.rows_from(next).take_while(|row| row.number < self.prepared.end) {
                let filter = self.prepared.filter.as_ref();
                match filter.is_none_or(|filter| filter.matches(&row, &mut scratch)) {
                    true => file.row(&row, &self.store)?,
                    false => file.pass_over(&row),
                }
            }
            next = block.end();
        }
        if missing > 0 {
            file.note(missing)?;
        }
        file.finish()
    }
}

/// Writes rows.
struct Writer<'a> {
    out: BufWriter<&'a mut dyn Write>,
    writer: Box<dyn RecordWriter>,
    /// Connections whose opening handshake is not shown, but is written before their first row.
    opened: BTreeMap<Option<u64>, u64>,
    needs_opened: bool,
}

impl Writer<'_> {
    fn row(&mut self, row: &Row<'_>, store: &Store) -> io::Result<()> {
        let connection = row.facts.connection;
        if let Some(opened) = self.opened.remove(&connection)
            && row.facts.kind != Kind::Open
            && let Some(number) = store.block_of(opened)
            && let Some(block) = store.block(number, Want::Starts)
            && let Some(opened) =
                block.numbered(opened).filter(|row| row.facts.kind == Kind::Open && !row.is_cut())
        {
            self.writer.line(opened.line, &mut self.out)?;
        }
        for frame in row.frames.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            self.writer.line(frame, &mut self.out)?;
        }
        self.writer.line(row.line, &mut self.out)
    }

    fn pass_over(&mut self, row: &Row<'_>) {
        if self.needs_opened && row.facts.kind == Kind::Open {
            self.opened.insert(row.facts.connection, row.number);
            if self.opened.len() > MAX_OPENED {
                self.opened.pop_first();
            }
        }
    }

    fn note(&mut self, missing: u64) -> io::Result<()> {
        let events = counted(missing, "event");
        let text = format!("{events} before or between these were no longer kept (--ui-history)");
        self.writer.note(&text, &mut self.out)
    }

    fn finish(mut self) -> io::Result<()> {
        self.writer.finish(&mut self.out)?;
        self.out.flush()
    }
}
