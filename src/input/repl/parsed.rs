//! The result of parsing a line, and the parts of lines.

use std::fmt;
use std::path::PathBuf;

use crate::input::Action;
use crate::input::file::{FileKind, Loaded, load, load_payload};
use crate::platform::files::expand_home;

/// The result of parsing a line.
#[derive(Debug)]
pub enum Parsed<T> {
    /// This.
    Ready(T),
    /// What shows `text`, which may be longer than the screen.
    Long {
        /// The lines that are shown.
        text: LongText,
        /// What shows them between the others.
        line: T,
    },
    /// What is made of a file, which is still to be loaded.
    File(FileRequest<T>),
}

/// A text that is made where it is needed.
pub struct LongText(Box<dyn FnOnce() -> String + Send>);

impl LongText {
    /// What `make` returns.
    pub(super) fn new(make: impl FnOnce() -> String + Send + 'static) -> Self {
        Self(Box::new(make))
    }

    /// Makes it.
    pub(super) fn make(self) -> String {
        (self.0)()
    }
}

impl fmt::Debug for LongText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LongText")
    }
}

impl<T: 'static> Parsed<T> {
    /// What `finish` makes of it.
    pub(super) fn map<U>(self, finish: impl FnOnce(T) -> U + Send + 'static) -> Parsed<U> {
        match self {
            Self::Ready(line) => Parsed::Ready(finish(line)),
            Self::Long { text, line } => Parsed::Long { text, line: finish(line) },
            Self::File(FileRequest { path, kind, is_held, finish: inner }) => {
                let finish = Box::new(move |action| finish(inner(action)));
                Parsed::File(FileRequest { path, kind, is_held, finish })
            }
        }
    }
}

impl Parsed<Action> {
    /// What `finish` makes of the action, at a prompt of a server: a file is kept in memory as a whole,
    /// since several clients share it.
    pub(super) fn for_server<T: 'static>(
        mut self,
        finish: impl FnOnce(Action) -> T + Send + 'static,
    ) -> Parsed<T> {
        if let Self::File(file) = &mut self {
            file.is_held = true;
        }
        self.map(finish)
    }
}

/// A file that a command names.
pub struct FileRequest<T> {
    path: PathBuf,
    kind: FileKind,
    /// It is loaded even if it is large.
    is_held: bool,
    /// What is made of the action that sends it.
    finish: Box<dyn FnOnce(Action) -> T + Send>,
}

impl FileRequest<Action> {
    pub(super) fn new(path: &str, kind: FileKind) -> Self {
        Self {
            path: expand_home(unquote(path)),
            kind,
            is_held: false,
            finish: Box::new(|action| action),
        }
    }
}

impl<T> FileRequest<T> {
    /// Loads the file; blocks until that is done.
    ///
    /// # Errors
    /// Why it cannot be sent, as text.
    pub(super) fn load(self) -> Result<T, String> {
        let Self { path, kind, is_held, finish } = self;
        let name = path.display().to_string();
        let loaded = match is_held {
            true => load_payload(&path, kind).map(|(kind, data)| Loaded::Payload(kind, data)),
            false => load(&path, kind),
        };
        match loaded {
            Ok(loaded) => Ok(finish(Action::file(loaded, path, name))),
            Err(error) => Err(format!("{name}: {error}")),
        }
    }
}

impl<T> fmt::Debug for FileRequest<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FileRequest").field(&self.path).field(&self.kind).finish()
    }
}

/// The first word, and the rest after the space.
pub(super) fn split(text: &str) -> (&str, &str) {
    text.split_once(char::is_whitespace).unwrap_or((text, ""))
}

/// Quotes may stand around the whole.
pub(super) fn unquote(text: &str) -> &str {
    let inner = |quote| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}
