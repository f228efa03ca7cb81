//! The scenario files of a run.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::scenario::import;
use crate::scenario::language::Source;

mod pattern;

/// The largest scenario file, in bytes.
const MAX_FILE: u64 = 64 << 20;

/// The most folders inside of each other.
const MAX_DEPTH: usize = 64;

/// Reads all files; folders stand for their `*.wscope` files, in order of name. `globs` are patterns of more
/// files, each of which is read once.
///
/// # Errors
/// With the first that cannot be read, for a folder without scenarios, and for a pattern that matches nothing.
pub(super) fn read(inputs: &[String], globs: &[String]) -> Result<Vec<Source>, Error> {
    let mut sources = named(inputs)?;
    for glob in globs {
        let files = pattern::files(glob)?;
        if files.is_empty() {
            return Err(usage(format!("no file matches --glob {glob:?}")));
        }
        for path in files {
            if sources.iter().all(|source| source.name != name(&path)) {
                sources.push(file(&path)?);
            }
        }
    }
    Ok(sources)
}

fn named(inputs: &[String]) -> Result<Vec<Source>, Error> {
    let mut sources = Vec::new();
    for input in inputs {
        if input == "-" {
            sources.push(source("-", standard_input()?)?);
            continue;
        }
        let path = Path::new(input);
        if !path.is_dir() {
            sources.push(file(path)?);
            continue;
        }
        let is_scenario = |path: &Path| path.extension().is_some_and(|ending| ending == "wscope");
        let walk = Walk { depth: MAX_DEPTH, takes_hidden: true, is_wanted: &is_scenario };
        let mut files = Vec::new();
        collect(path, &walk, &mut files)?;
        if files.is_empty() {
            return Err(usage(format!("{input}: no *.wscope file in this folder")));
        }
        for path in files {
            sources.push(file(&path)?);
        }
    }
    Ok(sources)
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
fn collect(folder: &Path, walk: &Walk<'_>, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    let unreadable = |error| Error::System(folder.display().to_string(), error);
    let mut entries: Vec<_> = fs::read_dir(folder)
        .map_err(unreadable)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(unreadable)?;
    entries.sort();
    for path in entries {
        // Links to folders are not followed: they may lead back.
        let is_folder = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir());
        if is_folder && walk.depth > 0 && (walk.takes_hidden || !is_hidden(&path)) {
            collect(&path, &Walk { depth: walk.depth - 1, ..*walk }, files)?;
        } else if (walk.is_wanted)(&path) && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// The name of a file in messages and reports.
fn name(path: &Path) -> String {
    path.strip_prefix("./").unwrap_or(path).display().to_string()
}

fn file(path: &Path) -> Result<Source, Error> {
    let name = name(path);
    if let Some(problem) = import::unsupported(&name) {
        return Err(usage(format!("{name}: {problem}")));
    }
    let bytes = crate::platform::files::read(path, MAX_FILE)
        .map_err(|error| Error::System(name.clone(), std::io::Error::other(error.to_string())))?;
    source(&name, bytes)
}

fn standard_input() -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(MAX_FILE).read_to_end(&mut bytes);
    read.map_err(|error| Error::System("standard input".to_owned(), error))?;
    Ok(bytes)
}

fn source(name: &str, bytes: Vec<u8>) -> Result<Source, Error> {
    Source::new(name, bytes).map_err(|reason| usage(format!("{name}: {reason}")))
}

fn usage(message: String) -> Error {
    Error::Usage { message, hint: None }
}
