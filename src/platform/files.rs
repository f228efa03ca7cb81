//! Reading of files that may not be regular ones: opening a FIFO blocks until it has a writer, a device may
//! never end, and a network file system may hang. The size is limited, and waits have a deadline.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel};
use std::thread;
use std::time::Instant;

use mio::Waker;

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// An error of the system.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is larger than this many bytes.
    #[error("the file is larger than {}", format_size(*.0))]
    TooLarge(u64),
}

/// A file opened for reading.
#[derive(Debug)]
pub struct OpenFile {
    file: File,
    /// Its length, if it is a regular file; that of a FIFO or device is not known in advance.
    pub length: Option<u64>,
}

impl OpenFile {
    /// Opens a file. Blocks on a FIFO until it has a writer.
    ///
    /// # Errors
    /// Those of the system.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        Ok(Self { file, length: metadata.is_file().then_some(metadata.len()) })
    }

    /// Reads the file to its end.
    ///
    /// # Errors
    /// [`FileError::TooLarge`] beyond `limit` bytes.
    pub fn read_all(&mut self, limit: u64) -> Result<Vec<u8>, FileError> {
        if self.length.is_some_and(|length| length > limit) {
            return Err(FileError::TooLarge(limit));
        }
        let mut bytes = Vec::new();
        (&mut self.file).take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit { Err(FileError::TooLarge(limit)) } else { Ok(bytes) }
    }

    /// Reads `size` bytes, or fewer at the end.
    ///
    /// # Errors
    /// Those of the system.
    pub fn read_piece(&mut self, size: usize) -> io::Result<Vec<u8>> {
        let mut piece = Vec::with_capacity(size);
        (&mut self.file).take(size as u64).read_to_end(&mut piece)?;
        Ok(piece)
    }
}

/// Reads a file of at most `limit` bytes. May block.
///
/// # Errors
/// If it cannot be read or is too large.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    OpenFile::open(path)?.read_all(limit)
}

/// A path as it was typed, with the home directory in place of a leading `~/`.
pub fn expand_home(path: &str) -> PathBuf {
    let home = || std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
    match path.strip_prefix("~/").or_else(|| (path == "~").then_some("")) {
        Some(rest) => home().map_or_else(|| PathBuf::from(path), |home| home.join(rest)),
        None => PathBuf::from(path),
    }
}

/// Whether the file is a FIFO, so that reading it waits for other processes.
#[cfg(unix)]
pub fn is_fifo(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo())
}

/// Always false: pipes are not part of the file system here.
#[cfg(not(unix))]
pub fn is_fifo(_: &Path) -> bool {
    false
}

/// The result of a thread that may block. The thread continues when this is dropped: a blocking system call
/// cannot be cancelled.
#[derive(Debug)]
pub struct Background<T> {
    result: Receiver<T>,
}

impl<T: Send + 'static> Background<T> {
    /// Starts a thread; `waker` is woken when it ends.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn start(
        waker: Option<Arc<Waker>>,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<Self> {
        let (sender, result) = channel();
        thread::Builder::new().name("file".to_owned()).spawn(move || {
            if sender.send(job()).is_ok()
                && let Some(waker) = waker
            {
                let _ = waker.wake(); // fails once the event loop has ended
            }
        })?;
        Ok(Self { result })
    }

    /// The result, if it is available.
    ///
    /// # Errors
    /// If the thread has panicked.
    pub fn poll(&self) -> io::Result<Option<T>> {
        match self.result.try_recv() {
            Ok(result) => Ok(Some(result)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(panicked()),
        }
    }

    /// Waits for the result.
    ///
    /// # Errors
    /// If the thread has panicked.
    pub fn wait(&self) -> io::Result<T> {
        self.result.recv().map_err(|_| panicked())
    }

    /// Waits for the result; `None` if `deadline` passes before.
    ///
    /// # Errors
    /// If the thread has panicked.
    pub fn wait_until(&self, deadline: Instant) -> io::Result<Option<T>> {
        let left = deadline.saturating_duration_since(Instant::now());
        match self.result.recv_timeout(left) {
            Ok(result) => Ok(Some(result)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(panicked()),
        }
    }
}

/// The error for a thread that ended without a result.
pub fn panicked() -> io::Error {
    io::Error::other("the thread that reads it has panicked")
}

/// A size with its unit. What is over a limit does not read as the limit: one decimal is shown where there is one.
pub fn format_size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..1024 => return format!("{bytes} bytes"),
        1024..0x10_0000 => (1 << 10, "KiB"),
        _ => (1 << 20, "MiB"),
    };
    match (bytes / unit, bytes % unit * 10 / unit) {
        (whole, 0) => format!("{whole} {name}"),
        (whole, tenths) => format!("{whole}.{tenths} {name}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn file(contents: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("file");
        std::fs::write(&path, contents).expect("a file");
        (folder, path)
    }

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let (_folder, path) = file(&[7; 100]);
        assert_eq!(read(&path, 100).expect("it fits"), [7; 100]);
        let error = read(&path, 99).expect_err("it is too large").to_string();
        assert_eq!(error, "the file is larger than 99 bytes");
        assert_eq!(FileError::TooLarge(1 << 20).to_string(), "the file is larger than 1 MiB");
    }

    #[test]
    fn only_the_last_piece_is_shorter() {
        let (_folder, path) = file(&[7; 100]);
        let mut open = OpenFile::open(&path).expect("a file");
        assert_eq!(open.length, Some(100));
        let sizes = [(); 4].map(|()| open.read_piece(40).expect("a piece").len());
        assert_eq!(sizes, [40, 40, 20, 0]);
    }

    #[cfg(unix)]
    #[test]
    fn an_endless_device_is_read_up_to_the_limit() {
        let path = Path::new("/dev/zero");
        assert_eq!(OpenFile::open(path).expect("a device").length, None);
        assert!(matches!(read(path, 1000), Err(FileError::TooLarge(1000))));
    }

    #[test]
    fn waiting_stops_at_the_deadline() {
        let (release, held) = channel::<()>();
        let job = move || held.recv().is_ok();
        let background = Background::start(None, job).expect("a thread");
        assert!(background.poll().expect("it runs").is_none());
        let soon = Instant::now() + Duration::from_millis(20);
        assert!(background.wait_until(soon).expect("it runs").is_none());
        release.send(()).expect("a thread that waits");
        let late = Instant::now() + Duration::from_secs(10);
        assert_eq!(background.wait_until(late).expect("it runs"), Some(true));
    }
}
