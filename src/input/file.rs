//! Files that are sent as one message. Small ones, and the data of a FIFO or a device, are
//! loaded; a large regular file is sent in pieces while it is read.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;

use mio::Waker;

use super::is_utf16;
use crate::platform::files::{FileError, OpenFile, panicked};
use crate::protocol::{MessageKind, Utf8Checker};

/// A regular file that is sent while it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileMessage {
    /// Its path.
    pub path: PathBuf,
    /// Text or binary. Text has been checked, and is checked again while it is sent.
    pub kind: MessageKind,
    /// Its name in errors, such as `--send-file data`.
    pub name: String,
}

/// The type of message that a file becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Text; anything else is an error.
    Text,
    /// Binary.
    Binary,
    /// Text if it is UTF-8, else binary.
    Detected,
}

impl From<MessageKind> for FileKind {
    fn from(kind: MessageKind) -> Self {
        match kind {
            MessageKind::Text => Self::Text,
            MessageKind::Binary => Self::Binary,
        }
    }
}

/// A file that has been examined.
#[derive(Debug, PartialEq, Eq)]
pub enum Loaded {
    /// The payload of a message.
    Payload(MessageKind, Vec<u8>),
    /// Too large to load: send it while it is read.
    Large(MessageKind),
}

/// Why a file cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file of unknown length has to be kept in memory as a whole.
    #[error("more than {} MiB; only a regular file can be larger", .0 >> 20)]
    Endless(u64),
    /// It is a text message and not UTF-8.
    #[error(
        "line {line}, byte {column}: invalid UTF-8 (byte {} of the file){}; --binary sends any bytes",
        .offset + 1,
        if *.is_utf16 { ": it is UTF-16 according to its byte order mark" } else { "" }
    )]
    NotUtf8 {
        /// Which line, from 1.
        line: u64,
        /// Which byte of it, from 1.
        column: u64,
        /// Which byte of the file, from 0.
        offset: u64,
        /// It is in UTF-16, as its byte order mark says.
        is_utf16: bool,
    },
    /// It has changed since its message was started.
    #[error("it ended after {read} of {length} bytes: it was shortened while it was sent")]
    Shortened {
        /// Bytes that could be read.
        read: u64,
        /// Its length when its message was started.
        length: u64,
    },
    /// It was a regular file before.
    #[error("it is no longer a regular file")]
    Replaced,
}

impl From<io::Error> for LoadError {
    fn from(error: io::Error) -> Self {
        Self::File(error.into())
    }
}

/// A regular file above this size is sent while it is read, in bytes.
const MAX_LOADED: u64 = 1 << 20;

/// The maximum size of anything else, in bytes.
const MAX_BUFFERED: u64 = 64 << 20;

/// Bytes read at a time.
const PIECE: usize = 256 << 10;

/// The number of pieces in the queue from the thread to the event loop.
const QUEUE: usize = 2;

/// Loads a file; blocks until that is done. Of a large regular file only the type of message is determined.
///
/// # Errors
/// Why it cannot be sent.
pub fn load(path: &Path, kind: FileKind) -> Result<Loaded, LoadError> {
    let mut file = OpenFile::open(path)?;
    if file.length.is_none_or(|length| length <= MAX_LOADED) {
        return load_whole(&mut file, kind).map(|(kind, data)| Loaded::Payload(kind, data));
    }
    Ok(Loaded::Large(match kind {
        FileKind::Binary => MessageKind::Binary,
        FileKind::Text => {
            check_text(&mut file)?;
            MessageKind::Text
        }
        FileKind::Detected => match check_text(&mut file) {
            Ok(()) => MessageKind::Text,
            Err(LoadError::NotUtf8 { .. }) => MessageKind::Binary,
            Err(error) => return Err(error),
        },
    }))
}

/// Loads a file of any kind that is not too large for memory.
///
/// # Errors
/// Why it cannot be sent.
pub fn load_payload(path: &Path, kind: FileKind) -> Result<(MessageKind, Vec<u8>), LoadError> {
    load_whole(&mut OpenFile::open(path)?, kind)
}

fn load_whole(file: &mut OpenFile, kind: FileKind) -> Result<(MessageKind, Vec<u8>), LoadError> {
    let data = file.read_all(MAX_BUFFERED).map_err(|error| match error {
        FileError::TooLarge(limit) if file.length.is_none() => LoadError::Endless(limit),
        error => error.into(),
    })?;
    let mut check = TextCheck::default();
    let kind = match kind {
        FileKind::Binary => MessageKind::Binary,
        FileKind::Text => {
            check.push(&data).and_then(|()| check.finish())?;
            MessageKind::Text
        }
        FileKind::Detected => match simdutf8::basic::from_utf8(&data) {
            Ok(_) => MessageKind::Text,
            Err(_) => MessageKind::Binary,
        },
    };
    Ok((kind, data))
}

/// Reads all of it, in pieces.
fn check_text(file: &mut OpenFile) -> Result<(), LoadError> {
    let mut check = TextCheck::default();
    loop {
        let piece = file.read_piece(PIECE)?;
        if piece.is_empty() {
            return check.finish();
        }
        check.push(&piece)?;
    }
}

/// Checks text for UTF-8 and counts its lines.
#[derive(Debug, Default)]
struct TextCheck {
    utf8: Utf8Checker,
    /// Newlines so far.
    lines: u64,
    /// Where the last line starts.
    line_start: u64,
    offset: u64,
}

impl TextCheck {
    fn push(&mut self, piece: &[u8]) -> Result<(), LoadError> {
        let checked = self.utf8.push(piece);
        // Only the lines before the fault count. It may lie in the piece before.
        let valid = checked.err().unwrap_or(u64::MAX).saturating_sub(self.offset);
        let valid = &piece[..piece.len().min(usize::try_from(valid).unwrap_or(usize::MAX))];
        self.lines += memchr::memchr_iter(b'\n', valid).count() as u64;
        if let Some(at) = memchr::memrchr(b'\n', valid) {
            self.line_start = self.offset + at as u64 + 1;
        }
        self.offset += piece.len() as u64;
        checked.map_err(|offset| self.fault(offset, offset == 0 && is_utf16(piece)))
    }

    fn finish(&mut self) -> Result<(), LoadError> {
        self.utf8.finish().map_err(|offset| self.fault(offset, false))
    }

    fn fault(&self, offset: u64, is_utf16: bool) -> LoadError {
        let column = offset - self.line_start + 1;
        LoadError::NotUtf8 { line: self.lines + 1, column, offset, is_utf16 }
    }
}

/// What a thread reads of a [`FileMessage`].
#[derive(Debug)]
pub enum Piece {
    /// The file is open.
    First {
        /// Its length.
        length: u64,
        /// The start of it.
        bytes: Vec<u8>,
    },
    /// More of it.
    Next(Vec<u8>),
    /// It cannot be read to its end.
    Failed(LoadError),
}

/// A file that is being read by a thread, a few pieces ahead.
#[derive(Debug)]
pub struct FileStream {
    pieces: Receiver<Piece>,
}

impl FileStream {
    /// Starts a thread; `waker` announces each piece. Dropped, it ends.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start(file: &FileMessage, waker: Arc<Waker>) -> io::Result<Self> {
        let (sender, pieces) = sync_channel(QUEUE);
        let (path, kind) = (file.path.clone(), file.kind);
        thread::Builder::new().name("upload".to_owned()).spawn(move || {
            let out = PieceSender { sender, waker };
            if let Err(error) = read_pieces(&path, kind, &out) {
                out.send(Piece::Failed(error));
            }
        })?;
        Ok(Self { pieces })
    }

    /// The next piece, if it is available.
    pub fn poll(&self) -> Option<Piece> {
        match self.pieces.try_recv() {
            Ok(piece) => Some(piece),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Piece::Failed(panicked().into())),
        }
    }
}

struct PieceSender {
    sender: SyncSender<Piece>,
    waker: Arc<Waker>,
}

impl PieceSender {
    /// Waits until there is room; `false` when the receiver has been dropped.
    fn send(&self, piece: Piece) -> bool {
        self.sender.send(piece).is_ok() && self.waker.wake().is_ok()
    }
}

/// Reads as many bytes as the file has when it is opened. Text is checked before it is passed on.
fn read_pieces(path: &Path, kind: MessageKind, out: &PieceSender) -> Result<(), LoadError> {
    let mut file = OpenFile::open(path)?;
    let length = file.length.ok_or(LoadError::Replaced)?;
    let mut check = TextCheck::default();
    let mut read = 0;
    loop {
        let size = (length - read).min(PIECE as u64);
        let bytes = file.read_piece(size as usize)?; // at most PIECE
        if (bytes.len() as u64) < size {
            return Err(LoadError::Shortened { read: read + bytes.len() as u64, length });
        }
        let is_first = read == 0;
        read += size;
        if kind == MessageKind::Text {
            check.push(&bytes)?;
            if read == length {
                check.finish()?;
            }
        }
        let piece = if is_first { Piece::First { length, bytes } } else { Piece::Next(bytes) };
        if !out.send(piece) || read == length {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests;
