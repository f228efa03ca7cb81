//! The result of parsing a line, and the parts of lines.

use std::fmt;
use std::path::PathBuf;

use crate::input::Action;
use crate::input::file::{FileKind, Loaded, load, load_payload};
use crate::platform::files::{self, expand_home};

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
    /// What is made of files, which are still to be loaded.
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
            Self::File(file) => Parsed::File(file.map(finish)),
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

/// What is made of files that a command names.
pub struct FileRequest<T> {
    paths: Vec<PathBuf>,
    /// A file that is sent is loaded even if it is large.
    is_held: bool,
    load: Box<Load<T>>,
}

/// Loads files, with [`FileRequest::is_held`], and makes something of them.
type Load<T> = dyn FnOnce(Vec<PathBuf>, bool) -> Result<T, String> + Send;

impl FileRequest<Action> {
    /// The action that sends a file.
    pub(super) fn new(path: &str, kind: FileKind) -> Self {
        let load = move |paths: Vec<PathBuf>, is_held| {
            let path = paths.into_iter().next().unwrap_or_default();
            let name = path.display().to_string();
            let loaded = match is_held {
                true => load_payload(&path, kind).map(|(kind, data)| Loaded::Payload(kind, data)),
                false => load(&path, kind),
            };
            match loaded {
                Ok(loaded) => Ok(Action::file(loaded, path, name)),
                Err(error) => Err(format!("{name}: {error}")),
            }
        };
        let paths = vec![expand_home(unquote(path))];
        Self { paths, is_held: false, load: Box::new(load) }
    }
}

impl<T: 'static> FileRequest<T> {
    /// What `finish` makes of the content of files, which are of at most `limit` bytes each.
    pub(super) fn contents(
        paths: Vec<PathBuf>,
        limit: u64,
        finish: impl FnOnce(Vec<Vec<u8>>) -> Result<T, String> + Send + 'static,
    ) -> Self {
        let content = move |path: &PathBuf| {
            files::read(path, limit).map_err(|error| format!("{}: {error}", path.display()))
        };
        let load = move |paths: Vec<PathBuf>, _| {
            finish(paths.iter().map(content).collect::<Result<_, _>>()?)
        };
        Self { paths, is_held: false, load: Box::new(load) }
    }

    fn map<U>(self, finish: impl FnOnce(T) -> U + Send + 'static) -> FileRequest<U> {
        let Self { paths, is_held, load } = self;
        let load = Box::new(move |paths, is_held| load(paths, is_held).map(finish));
        FileRequest { paths, is_held, load }
    }
}

impl<T> FileRequest<T> {
    /// Loads the files; blocks until that is done.
    ///
    /// # Errors
    /// Why nothing can be made of them, as text.
    pub(super) fn load(self) -> Result<T, String> {
        (self.load)(self.paths, self.is_held)
    }
}

impl<T> fmt::Debug for FileRequest<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FileRequest").field(&self.paths).finish()
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
