//! Opening the files of recordings.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::error::{Reason, RecordError};
use super::looks::START;
use super::looks::not_only_events;
use super::scenario::Settings;
use super::writer::{Content, RecordFormat};
use crate::platform::record_file::{Existing, FileId, RecordFile, RecordFileError};

/// A file that is ready to be recorded to.
pub(super) struct OpenFile {
    pub(super) file: RecordFile,
    pub(super) content: Content,
}

/// Files that a run uses, with what they are for it.
pub type Uses = Vec<(FileId, String)>;

/// Those of these files that exist, each with what it is.
pub fn uses<'a>(files: impl IntoIterator<Item = (&'a Path, &'a str)>) -> Uses {
    let used = |(path, what): (&Path, &str)| Some((FileId::of_path(path)?, what.to_owned()));
    files.into_iter().filter_map(used).collect()
}

impl OpenFile {
    /// Creates it, or opens one that exists. `is_recorded` is whether a file is recorded to already; `settings` are for
    /// scenarios.
    ///
    /// # Errors
    /// Why it cannot be recorded to. Nothing has been changed then.
    pub(super) fn open(
        path: &Path,
        existing: Existing,
        uses: &[(FileId, String)],
        settings: &Settings,
        is_recorded: impl Fn(&FileId) -> bool,
    ) -> Result<Self, RecordError> {
        let failed = |reason| RecordError::new(path, reason);
        let format = RecordFormat::of(path).ok_or_else(|| failed(Reason::UnknownEnding))?;
        if existing == Existing::Append && !format.can_be_continued() {
            return Err(failed(Reason::NoAppend));
        }
        let use_of = |id: &FileId| match uses.iter().find(|(used, _)| used == id) {
            Some((_, what)) => Some(what.clone()),
            None => is_recorded(id).then(|| TWICE.to_owned()),
        };
        let file = RecordFile::open(path, existing, use_of).map_err(|error| match error {
            RecordFileError::Exists => failed(Reason::Exists(format.can_be_continued())),
            RecordFileError::Used(what) if what == TWICE => failed(Reason::Twice),
            error => failed(Reason::File(error)),
        })?;
        if existing == Existing::Append && !file.is_new {
            let start = start(&file).map_err(|error| failed(Reason::File(error.into())))?;
            if let Some(looks) = not_only_events(&start) {
                return Err(failed(Reason::NotRecording(looks)));
            }
        }
        // What it needs on the disk is where the file is, not where a link to it is.
        let content = format.content(&file.path, settings);
        if !content.is_rewritten() {
            file.write_at_end().map_err(|error| failed(Reason::File(error.into())))?;
        }
        Ok(Self { file, content })
    }
}

/// The start of a file that is continued. What is written is behind its end, whatever the position.
fn start(RecordFile { file, .. }: &RecordFile) -> io::Result<Vec<u8>> {
    let (mut file, mut start) = (file, Vec::new());
    file.seek(SeekFrom::Start(0))?;
    file.take(START as u64).read_to_end(&mut start)?;
    Ok(start)
}

/// What a file is that is recorded to.
const TWICE: &str = "already being recorded to";
