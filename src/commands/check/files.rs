//! The scenario files of a run.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::scenario::language::Source;

/// The largest scenario file, in bytes.
const MAX_FILE: u64 = 64 << 20;

/// The most folders inside of each other.
const MAX_DEPTH: usize = 64;

/// Reads all files; folders stand for their `*.wscope` files, in order of name.
///
/// # Errors
/// With the first that cannot be read, and for a folder without scenarios.
pub(super) fn read(inputs: &[String]) -> Result<Vec<Source>, Error> {
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
        let mut files = Vec::new();
        collect(path, 0, &mut files)?;
        if files.is_empty() {
            return Err(usage(format!("{input}: no *.wscope file in this folder")));
        }
        for path in files {
            sources.push(file(&path)?);
        }
    }
    Ok(sources)
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Error> {
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
        if is_folder && depth < MAX_DEPTH {
            collect(&path, depth + 1, files)?;
        } else if path.extension().is_some_and(|ending| ending == "wscope") && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

fn file(path: &Path) -> Result<Source, Error> {
    let name = path.strip_prefix("./").unwrap_or(path).display().to_string();
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
