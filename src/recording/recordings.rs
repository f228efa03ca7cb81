//! The recordings of a run.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use mio::Waker;

use super::error::{Reason, RecordError};
use super::file::{OpenFile, Uses};
use super::progress::{Counts, Progress, State};
use super::scenario::Settings;
use super::thread::FileWriter;
use crate::event::Level;
use crate::output::{RecordedFrames, Recorders};
use crate::platform::batches::{BatchQueue, Unwritten, WhenFull};
use crate::platform::record_file::{Existing, FileId};

/// All recordings of a run, past and present.
#[derive(Debug)]
pub struct Recordings {
    recorders: Arc<Recorders>,
    /// Of the loop that waits for their end.
    control: Arc<Waker>,
    /// Files that nothing is recorded to.
    uses: Uses,
    /// How scenarios are made.
    settings: Settings,
    list: Mutex<Vec<Recording>>,
}

#[derive(Debug)]
struct Recording {
    number: u64,
    path: PathBuf,
    id: Option<FileId>,
    queue: BatchQueue,
    progress: Arc<Progress>,
}

/// What came of a recording.
#[derive(Debug)]
pub struct Outcome {
    /// The file.
    pub path: PathBuf,
    counts: Counts,
    /// Why it is not complete, if the file could not be written.
    pub failure: Option<io::Error>,
    /// What the file lacks, and what it needs, each in a line that names it.
    pub remarks: Vec<(Level, String)>,
    /// Messages that are missing because there was no time left.
    pub lost: u64,
    /// There was no time to write the end of the file.
    pub is_cut: bool,
    /// The format has no room for more: a notice has said so when that was found.
    pub is_full: bool,
}

/// The time that the end of a file, such as the brackets of a HAR, may still take after what was queued is dropped.
const END_LIMIT: Duration = Duration::from_millis(100);

impl Recordings {
    /// None yet. `control` is woken when one has ended; `uses` are files that nothing is recorded to, `settings` are for
    /// scenarios.
    pub fn new(control: Arc<Waker>, uses: Uses, settings: Settings) -> Self {
        Self { recorders: Arc::default(), control, uses, settings, list: Mutex::default() }
    }

    /// The recordings, for outputs.
    pub fn recorders(&self) -> Arc<Recorders> {
        Arc::clone(&self.recorders)
    }

    /// Starts to record to all of these files.
    ///
    /// # Errors
    /// Why one of them cannot be opened: then the others are as before. Also if the system refuses something later.
    pub fn start_all(&self, paths: &[PathBuf], existing: Existing) -> Result<(), RecordError> {
        let mut open: Vec<(&Path, OpenFile)> = Vec::new();
        for path in paths {
            let is_open = |id: &FileId| {
                let mut ids = open.iter().filter_map(|(_, file)| file.file.id.as_ref());
                ids.any(|other| other == id)
            };
            match OpenFile::open(path, existing, &self.uses, &self.settings, is_open) {
                Ok(file) => open.push((path, file)),
                Err(error) => {
                    open.into_iter().for_each(|(_, file)| file.file.discard());
                    return Err(error);
                }
            }
        }
        // Nothing is lost of the others if one cannot be opened.
        open.into_iter().try_for_each(|(path, file)| self.record(path, file))
    }

    /// Starts to record to a file.
    ///
    /// # Errors
    /// Why it cannot be recorded to.
    pub fn start(&self, path: &Path, existing: Existing) -> Result<(), RecordError> {
        let is_recorded = |id: &FileId| {
            let list = self.entries();
            let mut active = list.iter().filter(|recording| !recording.progress.state().is_over);
            active.any(|recording| recording.id.as_ref() == Some(id))
        };
        let file = OpenFile::open(path, existing, &self.uses, &self.settings, is_recorded)?;
        self.record(path, file)
    }

    fn record(&self, path: &Path, open: OpenFile) -> Result<(), RecordError> {
        let failed = |error| RecordError::new(path, Reason::Thread(error));
        open.file.begin().map_err(|error| RecordError::new(path, Reason::File(error.into())))?;
        let (id, is_cut) = (open.file.id.clone(), open.file.is_cut);
        if let Some(mode) = open.file.open_mode {
            let name = path.display();
            let text =
                format!("{name} has mode {mode:04o}: other users can read what is recorded in it");
            self.recorders.notice(Level::Warning, text);
        }
        let frames = match open.content.is_rewritten() {
            true => RecordedFrames::ForScenario,
            false => RecordedFrames::AsAsked,
        };
        let queue = BatchQueue::lossless_in_parts().for_much();
        let progress = Arc::<Progress>::default();
        let mut writer = FileWriter::new(open, queue.clone(), Arc::clone(&progress));
        if is_cut {
            writer.end_cut_line().map_err(failed)?;
        }
        let number = self.recorders.add(queue.clone(), frames);
        let (recorders, control) = (Arc::clone(&self.recorders), Arc::clone(&self.control));
        let (name, of_thread) = (path.display().to_string(), Arc::clone(&progress));
        let thread = thread::Builder::new().name("record".to_owned()).spawn(move || {
            writer.run();
            recorders.remove(number); // it ends by itself if the file fails
            for (level, text) in of_thread.state().notices(&name) {
                recorders.notice(level, text);
            }
            of_thread.set_over();
            let _ = control.wake(); // its loop has ended
        });
        if let Err(error) = thread {
            self.recorders.remove(number);
            return Err(failed(error));
        }
        let path = path.to_owned();
        self.entries().push(Recording { number, path, id, queue, progress });
        Ok(())
    }

    /// Ends the recording to a file, or all. Returns how many that are. When one is complete, a notice says so.
    pub fn stop(&self, path: Option<&Path>) -> usize {
        let id = path.and_then(FileId::of_path);
        let is_meant = |recording: &&Recording| match path {
            None => true,
            Some(path) => recording.path == path || (id.is_some() && recording.id == id),
        };
        let list = self.entries();
        let active = |recording: &&Recording| recording.progress.state().is_active();
        let stopped = list.iter().filter(active).filter(is_meant).map(|recording| {
            recording.progress.state().is_stopped = true;
            self.recorders.remove(recording.number);
            recording.queue.end();
        });
        stopped.count()
    }

    /// What is recorded where, in lines.
    pub fn list(&self) -> String {
        let line = |recording: &Recording| {
            let (state, path) = (recording.progress.state(), recording.path.display());
            let how = match &*state {
                State { failure: Some(error), .. } => format!("stopped: {error}"),
                State { is_over: true, .. } => return None,
                State { is_stopped: true, .. } | State { is_full: true, .. } => "ending".to_owned(),
                _ => "recording".to_owned(),
            };
            Some(format!("  {path}  {how}; {}", state.counts.text()))
        };
        let lines: Vec<_> = self.entries().iter().filter_map(line).collect();
        match lines.is_empty() {
            true => "nothing is recorded; /record FILE records everything from now on".to_owned(),
            false => lines.join("\n"),
        }
    }

    /// Ends all recordings: nothing more is recorded.
    pub fn end(&self) {
        for recording in &*self.entries() {
            self.recorders.remove(recording.number);
            recording.queue.end();
        }
    }

    /// Whether all files are complete.
    pub fn are_over(&self) -> bool {
        self.entries().iter().all(|recording| recording.progress.state().is_over)
    }

    /// Whether there is, or was, any.
    pub fn are_any(&self) -> bool {
        !self.entries().is_empty()
    }

    /// What the files have no room for is dropped from now on: there is no time left.
    pub fn stop_waiting(&self) {
        for recording in &*self.entries() {
            recording.queue.set_when_full(WhenFull::DropMessages);
        }
    }

    /// Drops what is not written yet, and returns what came of those that were not ended before.
    pub fn take(&self) -> Vec<Outcome> {
        let list = std::mem::take(&mut *self.entries());
        let close = |recording: Recording| {
            let was_over = recording.progress.state().is_over;
            let queue = &recording.queue;
            let unwritten = if was_over { queue.dropped() } else { queue.close() };
            (recording, unwritten)
        };
        let closed: Vec<_> = list.into_iter().map(close).collect();
        let deadline = Instant::now() + END_LIMIT;
        let recorded = |(recording, unwritten): (Recording, Unwritten)| {
            recording.progress.wait_until_over(deadline);
            let is_over = recording.progress.state().is_over;
            let mut state = recording.progress.state();
            let lost = match state.failure {
                None if !state.is_full => {
                    let in_thread = if is_over { 0 } else { state.unwritten };
                    unwritten.messages as u64 + in_thread + self.recorders.lost(recording.number)
                }
                _ => 0,
            };
            let name = recording.path.display().to_string();
            (!state.is_reported() || lost > 0 || state.is_full).then(|| Outcome {
                counts: state.counts,
                failure: state.failure.take(),
                remarks: state.take_remarks(&name).collect(),
                lost,
                is_cut: !is_over,
                is_full: state.is_full,
                path: recording.path,
            })
        };
        closed.into_iter().filter_map(recorded).collect()
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Recording>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outcome {
    /// What is in the file, in words.
    pub fn contents(&self) -> String {
        self.counts.text()
    }

    /// What is said where the format had no room for more.
    pub fn full_text(&self) -> String {
        self.counts.full_text(&self.path.display().to_string())
    }
}
