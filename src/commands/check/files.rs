//! The scenario files of a run.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::config::{CheckConfig, ConfigError};
use crate::error::Error;
use crate::net::Reactor;
use crate::platform::files::{Background, FileError, read as read_file};
use crate::scenario::import;
use crate::scenario::language::Source;

mod pattern;
mod recording;

/// The name of standard input in errors.
pub(super) const STANDARD_INPUT: &str = "standard input";

/// The largest scenario file, in bytes.
const MAX_FILE: u64 = 64 << 20;

/// How often it is looked whether all is read, should the thread fail to wake the loop.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// The most folders inside of each other.
const MAX_DEPTH: usize = 64;

/// A file that was read.
#[derive(Debug)]
pub(super) struct ReadFile {
    pub(super) source: Source,
    /// What is not in it, each in one line.
    pub(super) warnings: Vec<String>,
}

/// A file that was read, or why it could not be.
pub(super) type Read = Result<ReadFile, Error>;

/// Where a file is that the scenario of this name names.
pub(super) fn beside(scenario: &str, path: &Path) -> PathBuf {
    Path::new(scenario).parent().unwrap_or(Path::new("")).join(path)
}

/// Reads all files as [`read`] does, in a thread: standard input or a FIFO may never end.
///
/// # Errors
/// After a signal, and when `--max-time` runs out before all is read.
pub(super) fn read_all(
    config: &CheckConfig,
    given: &BTreeSet<String>,
    reactor: &mut Reactor,
) -> Result<Vec<Read>, Error> {
    let failed = |error| Error::System("the scenarios".to_owned(), error);
    let (inputs, globs, given) = (config.inputs.clone(), config.globs.clone(), given.clone());
    let reading = Background::start(Some(reactor.waker()), move || read(&inputs, &globs, &given));
    let reading = reading.map_err(failed)?;
    let limit = config.max_time.filter(|limit| !limit.is_zero());
    let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
    loop {
        if let Some(files) = reading.poll().map_err(failed)? {
            return Ok(files);
        }
        if let Some(signal) = reactor.take_signal() {
            return Err(Error::Signal(signal));
        }
        let now = Instant::now();
        if let (Some(limit), true) = (limit, deadline.is_some_and(|deadline| now >= deadline)) {
            return Err(Error::Config(ConfigError::ScenarioTimeout(limit)));
        }
        let look_again = now + LOOK_AGAIN;
        let until = deadline.map_or(look_again, |deadline| deadline.min(look_again));
        reactor.wait(Some(until)).map_err(failed)?;
    }
}

/// Reads all files; folders stand for their `*.wscope` files, in order of name. `globs` are patterns of more
/// files, each of which is read once. What cannot be read, a folder without scenarios and a pattern that matches
/// nothing are errors, which hide no other file. `given` are the variables that have values.
fn read(inputs: &[String], globs: &[String], given: &BTreeSet<String>) -> Vec<Read> {
    let mut files = Vec::new();
    for input in inputs {
        named(input, given, &mut files);
    }
    let mut names: BTreeSet<String> =
        files.iter().flatten().map(|read| read.source.name.clone()).collect();
    for glob in globs {
        let mut found = Found::default();
        match pattern::files(glob, &mut found) {
            Err(error) => found.errors.push(error),
            Ok(()) if found.files.is_empty() && found.errors.is_empty() => {
                found.errors.push(usage(format!("no file matches --glob {glob:?}")));
            }
            Ok(()) => {}
        }
        files.extend(found.errors.into_iter().map(Err));
        let new = found.files.into_iter().filter(|path| names.insert(name(path)));
        files.extend(new.map(|path| file(&path, given)));
    }
    files
}

/// The files that an argument stands for.
fn named(input: &str, given: &BTreeSet<String>, files: &mut Vec<Read>) {
    let path = Path::new(input);
    if input == "-" {
        files.push(standard_input());
    } else if path.is_dir() {
        let is_scenario = |path: &Path| path.extension().is_some_and(|ending| ending == "wscope");
        let walk = Walk { depth: MAX_DEPTH, takes_hidden: true, is_wanted: &is_scenario };
        let mut found = Found::default();
        collect(path, &walk, &mut found);
        if found.files.is_empty() && found.errors.is_empty() {
            files.push(Err(usage(format!("{input}: no *.wscope file in this folder"))));
        }
        files.extend(found.errors.into_iter().map(Err));
        files.extend(found.files.iter().map(|path| file(path, given)));
    } else {
        files.push(file(path, given));
    }
}

/// What a folder has.
#[derive(Default)]
struct Found {
    files: Vec<PathBuf>,
    /// Folders that cannot be read.
    errors: Vec<Error>,
}

/// Which files are taken from a folder.
#[derive(Clone, Copy)]
struct Walk<'a> {
    /// How many folders inside of each other are entered.
    depth: usize,
    /// Folders whose name begins with a dot are entered too.
    takes_hidden: bool,
    /// Whether a file is taken.
    is_wanted: &'a dyn Fn(&Path) -> bool,
}

/// The files of a folder, and of those in it, in order of name.
fn collect(folder: &Path, walk: &Walk<'_>, found: &mut Found) {
    let entries = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect());
    let mut entries: Vec<PathBuf> = match entries {
        Ok(entries) => entries,
        Err(error) => return found.errors.push(Error::System(folder.display().to_string(), error)),
    };
    entries.sort();
    for path in entries {
        // Links to folders are not followed: they may lead back.
        let is_folder = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir());
        if is_folder && walk.depth > 0 && (walk.takes_hidden || !is_hidden(&path)) {
            collect(&path, &Walk { depth: walk.depth - 1, ..*walk }, found);
        } else if (walk.is_wanted)(&path) && path.is_file() {
            found.files.push(path);
        }
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// The name of a file in messages and reports.
fn name(path: &Path) -> String {
    path.strip_prefix("./").unwrap_or(path).display().to_string()
}

fn file(path: &Path, given: &BTreeSet<String>) -> Read {
    let name = name(path);
    if import::is_recording(&name) {
        return recording::read(path, name, given);
    }
    match read_file(path, MAX_FILE) {
        Ok(bytes) => Ok(ReadFile { source: Source::new(name, bytes), warnings: Vec::new() }),
        Err(FileError::Io(error)) => Err(Error::System(name, error)),
        Err(error) => Err(Error::System(name, io::Error::other(error.to_string()))),
    }
}

fn standard_input() -> Read {
    let failed = |error| Error::System(STANDARD_INPUT.to_owned(), error);
    let mut bytes = Vec::new();
    io::stdin().lock().take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
    match bytes.len() as u64 > MAX_FILE {
        true => Err(failed(io::Error::other(FileError::TooLarge(MAX_FILE).to_string()))),
        false => Ok(ReadFile { source: Source::new(STANDARD_INPUT, bytes), warnings: Vec::new() }),
    }
}

fn usage(message: String) -> Error {
    Error::Usage { message, hint: None }
}
