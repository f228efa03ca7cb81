//! Files that options name, and prompts for secrets that are missing. No file is read beyond its limit, and
//! no wait is longer than `--max-time`.

use std::cell::{Cell, RefCell};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::ConfigError;
use crate::input::is_utf16;
use crate::platform::files::{Background, FileError, is_fifo, read};
use crate::platform::prompt::{PromptError, ask_secret};

/// The limit for settings, credentials, certificates and keys, in bytes.
const MAX_SETTING: u64 = 1 << 20;

/// The limit for cookies, netrc files and bundles of certificates, in bytes.
const MAX_COLLECTION: u64 = 16 << 20;

/// Reads the files that options name, and prompts for secrets that are missing.
#[derive(Debug)]
pub(super) struct FileReader {
    /// `--max-time`
    limit: Duration,
    /// The time left for reading and prompting; `None`: no limit.
    left: Cell<Option<Duration>>,
    /// The files that were read, each with the option that names it.
    files: RefCell<Vec<(PathBuf, &'static str)>>,
}

impl FileReader {
    /// All files together may take this long.
    pub(super) fn new(limit: Option<Duration>) -> Self {
        Self { limit: limit.unwrap_or_default(), left: Cell::new(limit), files: RefCell::default() }
    }

    /// Counts a file among those that were read.
    pub(super) fn note(&self, option: &'static str, path: &Path) {
        self.files.borrow_mut().push((path.to_owned(), option));
    }

    /// The files that were read so far, with what they are for the run. A recording must not replace them.
    pub(super) fn uses(&self) -> Vec<(PathBuf, String)> {
        let read = |(path, option): &(PathBuf, &str)| {
            (path.clone(), format!("read by this run ({option})"))
        };
        self.files.borrow().iter().map(read).collect()
    }

    /// The time that is left; `None`: no limit.
    pub(super) fn time_left(&self) -> Option<Duration> {
        self.left.get()
    }

    /// Prompts for a secret on the terminal; `None` without a terminal. The wait is limited to the time that
    /// is left.
    ///
    /// # Errors
    /// After a signal, when the time runs out, and what `failed` makes of an error of the terminal.
    pub(super) fn ask(
        &self,
        what: &'static str,
        prompt: &str,
        failed: impl FnOnce(io::Error) -> ConfigError,
    ) -> Result<Option<String>, ConfigError> {
        let started = Instant::now();
        let answer = ask_secret(prompt, self.left.get());
        self.left.set(self.left.get().map(|left| left.saturating_sub(started.elapsed())));
        answer.map_err(|why| match why {
            PromptError::Signal(signal) => ConfigError::Interrupted(signal),
            PromptError::TimedOut => ConfigError::AnswerTimeout(self.limit, what),
            PromptError::Io(error) => failed(error),
        })
    }

    /// Text with settings or one credential.
    ///
    /// # Errors
    /// Which option names a file that cannot be read, and why.
    pub(super) fn text(&self, option: &'static str, path: &Path) -> Result<String, ConfigError> {
        utf8(option, path, self.bytes(option, path)?)
    }

    /// Text that other programs write, such as cookies.
    ///
    /// # Errors
    /// As [`FileReader::text`].
    pub(super) fn long_text(
        &self,
        option: &'static str,
        path: &Path,
    ) -> Result<String, ConfigError> {
        utf8(option, path, self.long_bytes(option, path)?)
    }

    /// A certificate, a key, or settings.
    ///
    /// # Errors
    /// As [`FileReader::text`].
    pub(super) fn bytes(&self, option: &'static str, path: &Path) -> Result<Vec<u8>, ConfigError> {
        self.read(option, path, MAX_SETTING)
    }

    /// A bundle of certificates.
    ///
    /// # Errors
    /// As [`FileReader::text`].
    pub(super) fn long_bytes(
        &self,
        option: &'static str,
        path: &Path,
    ) -> Result<Vec<u8>, ConfigError> {
        self.read(option, path, MAX_COLLECTION)
    }

    fn read(&self, option: &'static str, path: &Path, most: u64) -> Result<Vec<u8>, ConfigError> {
        let owned = path.to_owned();
        self.run(option, path, move || read(&owned, most))?
            .map_err(|error| ConfigError::file(option, path, error))
    }

    /// Runs an operation on a file, which may block.
    ///
    /// # Errors
    /// When the time runs out.
    pub(super) fn run<T: Send + 'static>(
        &self,
        option: &'static str,
        path: &Path,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ConfigError> {
        self.note(option, path);
        let Some(left) = self.left.get() else { return Ok(job()) };
        let started = Instant::now();
        let result = Background::start(None, job)
            .and_then(|thread| match started.checked_add(left) {
                Some(deadline) => thread.wait_until(deadline),
                None => thread.wait().map(Some),
            })
            .map_err(|error| ConfigError::file(option, path, FileError::from(error)))?;
        self.left.set(Some(left.saturating_sub(started.elapsed())));
        result.ok_or_else(|| ConfigError::ReadTimeout {
            option,
            path: path.to_string_lossy().into_owned(),
            limit: self.limit,
            is_fifo: is_fifo(path),
        })
    }
}

/// Editors on Windows write a byte order mark first, which is not part of the text.
fn utf8(option: &'static str, path: &Path, bytes: Vec<u8>) -> Result<String, ConfigError> {
    let wrong = match is_utf16(&bytes) {
        true => "it is UTF-16, but must be UTF-8",
        false => "it is not UTF-8",
    };
    let mut text = String::from_utf8(bytes).map_err(|_| {
        let error = io::Error::new(io::ErrorKind::InvalidData, wrong);
        ConfigError::file(option, path, FileError::from(error))
    })?;
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn reading_counts_against_the_time_limit() {
        let limit = Duration::from_secs(60);
        let files = FileReader::new(Some(limit));
        let path = Path::new("file");
        let begun = Instant::now();
        // Measured within the operation: `begun` is before the time that counts.
        let result = files.run("--header", path, || {
            let started = Instant::now();
            while started.elapsed() < Duration::from_micros(100) {}
            started.elapsed()
        });
        let at_least = result.expect("it is in time");
        let left = files.time_left().expect("a limit");
        assert!(left <= limit - at_least && left >= limit - begun.elapsed(), "{left:?}");
        assert_eq!(FileReader::new(None).time_left(), None);
    }

    #[test]
    fn reading_is_abandoned_when_the_time_runs_out() {
        let files = FileReader::new(Some(Duration::from_millis(10)));
        let (_open, held) = channel::<()>();
        let late = files.run("--header", Path::new("file"), move || held.recv().is_ok());
        let words = "timed out: --max-time 10ms ran out while reading --header file";
        assert_eq!(late.expect_err("it is late").to_string(), words);
        assert_eq!(files.time_left(), Some(Duration::ZERO));
    }
}
