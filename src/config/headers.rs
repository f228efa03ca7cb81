//! Header fields as they are typed, or read from a file.

use std::ffi::OsString;
use std::path::Path;

use super::ConfigError;
use super::files::FileReader;
use super::secrets::shown_header;
use crate::protocol::head::HeaderLine;

/// The fields of `--header`.
///
/// # Errors
/// With the first one that cannot be used.
pub(super) fn headers(
    given: &[String],
    files: &FileReader,
) -> Result<Vec<HeaderLine>, ConfigError> {
    headers_of("--header", given, files)
}

/// The fields that one value of `option` stands for.
///
/// # Errors
/// If it, or a line of the file that it names, is not a field, or the file cannot be read.
pub fn header_lines(option: &'static str, given: &str) -> Result<Vec<HeaderLine>, ConfigError> {
    headers_of(option, &[given.to_owned()], &FileReader::new(None))
}

/// The options, with those of header fields that name a file replaced by options with the lines of it.
///
/// # Errors
/// With the first line that is not a field, or file that cannot be read.
pub(super) fn with_header_files(
    options: impl Iterator<Item = OsString>,
    files: &FileReader,
) -> Result<Vec<OsString>, ConfigError> {
    let mut read = Vec::new();
    for option in options {
        match HEADER_OPTIONS.iter().find_map(|name| Some((name, header_file(name, &option)?))) {
            Some((name, file)) => {
                let lines = headers_of(name, &[file.to_owned()], files)?;
                read.extend(lines.iter().map(|line| format!("{name}={line}").into()));
            }
            None => read.push(option),
        }
    }
    Ok(read)
}

const HEADER_OPTIONS: [&str; 2] = ["--header", "--proxy-header"];

/// The value of this option, if it names a file.
fn header_file<'a>(name: &str, option: &'a OsString) -> Option<&'a str> {
    let value = option.to_str()?.strip_prefix(name)?.strip_prefix('=')?;
    value.starts_with('@').then_some(value)
}

/// The fields given to `option`, each as `NAME: VALUE` or in a file (`@FILE`).
///
/// # Errors
/// With the first one that cannot be used.
pub(super) fn headers_of(
    option: &'static str,
    given: &[String],
    files: &FileReader,
) -> Result<Vec<HeaderLine>, ConfigError> {
    let mut lines = Vec::new();
    for value in given {
        match value.strip_prefix('@') {
            None => lines.push(header(option, value, &shown_header(value))?),
            Some(path) => lines.extend(lines_of_file(option, path, files)?),
        }
    }
    Ok(lines)
}

fn lines_of_file(
    option: &'static str,
    path: &str,
    files: &FileReader,
) -> Result<Vec<HeaderLine>, ConfigError> {
    let text = files.text(option, Path::new(path))?;
    let is_header = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
    text.lines()
        .enumerate()
        .filter(|(_, line)| is_header(line))
        .map(|(index, line)| {
            let place = format!("{path}, line {}: {}", index + 1, shown_header(line));
            header(option, line, &place)
        })
        .collect()
}

fn header(option: &'static str, line: &str, shown: &str) -> Result<HeaderLine, ConfigError> {
    HeaderLine::parse(line).map_err(|error| ConfigError::value(option, shown, error))
}
