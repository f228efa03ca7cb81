//! The recordings of a run.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use mio::Waker;

use super::error::{Reason, RecordError};
use super::file::{OpenFile, Uses};
use super::thread::{Counts, FileWriter, Progress};
use crate::event::Level;
use crate::output::Recorders;
use crate::platform::batches::{BatchQueue, WhenFull};
use crate::platform::files::format_size;
use crate::platform::record_file::{Existing, FileId};
use crate::protocol::counted::counted;

/// All recordings of a run, past and present.
#[derive(Debug)]
pub struct Recordings {
    recorders: Arc<Recorders>,
    /// Of the loop that waits for their end.
    control: Arc<Waker>,
    /// Files that nothing is recorded to.
    uses: Uses,
    list: Mutex<Vec<Recording>>,
}

#[derive(Debug)]
struct Recording {
    number: u64,
    path: PathBuf,
    id: Option<FileId>,
    queue: BatchQueue,
    progress: Arc<Progress>,
    /// It was ended at the prompt.
    is_stopped: bool,
}

/// What came of a recording.
#[derive(Debug)]
pub struct Recorded {
    /// The file.
    pub path: PathBuf,
    counts: Counts,
    /// Why it is not complete, if the file could not be written.
    pub failure: Option<io::Error>,
    /// Messages that are missing because there was no time left.
    pub lost: u64,
}

impl Recordings {
    /// None yet. `control` is woken when one has ended; `uses` are files that nothing is recorded to.
    pub fn new(control: Arc<Waker>, uses: Uses) -> Self {
        Self { recorders: Arc::default(), control, uses, list: Mutex::default() }
    }

    /// The recordings, for outputs.
    pub fn recorders(&self) -> Arc<Recorders> {
        Arc::clone(&self.recorders)
    }

    /// Starts to record to all of these files, or to none of them.
    ///
    /// # Errors
    /// Why one of them cannot be recorded to. Files that were created are removed.
    pub fn start_all(&self, paths: &[PathBuf], existing: Existing) -> Result<(), RecordError> {
        let mut open: Vec<(&Path, OpenFile)> = Vec::new();
        for path in paths {
            let is_open = |id: &FileId| {
                let mut ids = open.iter().filter_map(|(_, file)| file.file.id.as_ref());
                ids.any(|other| other == id)
            };
            match OpenFile::open(path, existing, &self.uses, is_open) {
                Ok(file) => open.push((path, file)),
                Err(error) => {
                    open.into_iter().for_each(|(_, file)| file.file.discard());
                    return Err(error);
                }
            }
        }
        open.into_iter().try_for_each(|(path, file)| self.record(path, file))
    }

    /// Starts to record to a file.
    ///
    /// # Errors
    /// Why it cannot be recorded to.
    pub fn start(&self, path: &Path, existing: Existing) -> Result<(), RecordError> {
        let is_recorded = |id: &FileId| {
            let list = self.list();
            let mut active = list.iter().filter(|recording| !recording.progress.state().is_over);
            active.any(|recording| recording.id.as_ref() == Some(id))
        };
        let file = OpenFile::open(path, existing, &self.uses, is_recorded)?;
        self.record(path, file)
    }

    fn record(&self, path: &Path, open: OpenFile) -> Result<(), RecordError> {
        let failed = |error| RecordError::new(path, Reason::Thread(error));
        let (id, is_cut) = (open.file.id.clone(), open.file.is_cut);
        let queue = BatchQueue::lossless_in_parts();
        let progress = Arc::<Progress>::default();
        let mut writer = FileWriter::new(open, queue.clone(), Arc::clone(&progress));
        if is_cut {
            writer.end_cut_line().map_err(failed)?;
        }
        let number = self.recorders.add(queue.clone());
        let (recorders, control) = (Arc::clone(&self.recorders), Arc::clone(&self.control));
        let (name, of_thread) = (path.display().to_string(), Arc::clone(&progress));
        let thread = thread::Builder::new().name("record".to_owned()).spawn(move || {
            writer.run();
            let failure = of_thread.state().failure.as_ref().map(ToString::to_string);
            if let Some(reason) = failure {
                recorders.remove(number);
                let counts = of_thread.state().counts.messages();
                let text = format!("recording to {name} stopped: {reason}; {counts} are in it");
                recorders.notice(Level::Warning, text);
            }
            of_thread.set_over();
            let _ = control.wake(); // its loop has ended
        });
        if let Err(error) = thread {
            self.recorders.remove(number);
            return Err(failed(error));
        }
        let path = path.to_owned();
        self.list().push(Recording { number, path, id, queue, progress, is_stopped: false });
        Ok(())
    }

    /// Ends all recordings: nothing more is recorded.
    pub fn end(&self) {
        for recording in &*self.list() {
            self.recorders.remove(recording.number);
            recording.queue.end();
        }
    }

    /// Whether all files are complete.
    pub fn are_over(&self) -> bool {
        self.list().iter().all(|recording| recording.progress.state().is_over)
    }

    /// Whether there is, or was, any.
    pub fn are_any(&self) -> bool {
        !self.list().is_empty()
    }

    /// What the files have no room for is dropped from now on: there is no time left.
    pub fn stop_waiting(&self) {
        for recording in &*self.list() {
            recording.queue.set_when_full(WhenFull::Drop);
        }
    }

    /// Drops what is not written yet, and returns what came of those that were not ended before.
    pub fn take(&self) -> Vec<Recorded> {
        let list = std::mem::take(&mut *self.list());
        let recorded = |recording: Recording| {
            let is_over = recording.progress.state().is_over;
            let unwritten =
                if is_over { recording.queue.dropped() } else { recording.queue.close() };
            let mut state = recording.progress.state();
            let is_reported = recording.is_stopped && is_over && state.failure.is_none();
            let lost = match state.failure {
                None => unwritten.messages as u64 + self.recorders.lost(recording.number),
                Some(_) => 0,
            };
            (!is_reported || lost > 0).then(|| Recorded {
                path: recording.path,
                counts: state.counts,
                failure: state.failure.take(),
                lost,
            })
        };
        list.into_iter().filter_map(recorded).collect()
    }

    fn list(&self) -> MutexGuard<'_, Vec<Recording>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorded {
    /// What is in the file, in words.
    pub fn contents(&self) -> String {
        self.counts.text()
    }
}

impl Counts {
    fn messages(&self) -> String {
        counted(self.messages, "message")
    }

    fn text(&self) -> String {
        format!("{}, {}", self.messages(), format_size(self.size))
    }
}
