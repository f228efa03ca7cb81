//! What is recorded.

use std::path::{Path, PathBuf};

use super::ConfigError;
use crate::cli::RecordArgs;
use crate::net::target::Target;
use crate::output::json::JsonFrames;
use crate::platform::record_file::Existing;
use crate::recording::scenario::{ScenarioOption, Settings};
use crate::recording::writer::RecordFormat;

/// What is recorded.
#[derive(Clone, Debug)]
pub struct RecordConfig {
    /// The files.
    pub files: Vec<PathBuf>,
    /// What happens to those that exist.
    pub existing: Existing,
    /// The events of frames that are recorded.
    pub frames: JsonFrames,
    /// Files that the run reads or writes otherwise, with what they are for it.
    pub used: Vec<(PathBuf, String)>,
    /// The options that a scenario needs to reach the same server, and that events do not have.
    pub options: Vec<ScenarioOption>,
    /// The server that they were given for.
    pub server: Option<Target>,
    /// What is recorded is read from a recording.
    pub is_of_file: bool,
}

impl RecordConfig {
    /// How scenarios of the run are made.
    pub fn scenario_settings(&self) -> Settings {
        Settings {
            options: self.options.clone(),
            server: self.server.clone(),
            is_of_file: self.is_of_file,
            ..Settings::default()
        }
    }
}

/// Resolves the options. `verbose` is how often `-v` was given.
///
/// # Errors
/// With the first option that cannot be used.
pub(super) fn record(args: &RecordArgs, verbose: u8) -> Result<RecordConfig, ConfigError> {
    let existing = match (args.force, args.append) {
        (true, _) => Existing::Replace,
        (_, true) => Existing::Append,
        _ => Existing::Refuse,
    };
    let unused = [("--force", args.force), ("--append", args.append)];
    if args.record.is_empty()
        && let Some((option, _)) = unused.iter().find(|(_, is_given)| *is_given)
    {
        return Err(ConfigError::Unused { option, needed: "--record FILE" });
    }
    for path in &args.record {
        check_name(path, existing)?;
    }
    let frames = JsonFrames::of_verbosity(verbose);
    let (used, options) = (Vec::new(), Vec::new());
    let (files, server, is_of_file) = (args.record.clone(), None, false);
    Ok(RecordConfig { files, existing, frames, used, options, server, is_of_file })
}

fn check_name(path: &Path, existing: Existing) -> Result<(), ConfigError> {
    let bad = |reason: &str| ConfigError::value("--record", &path.to_string_lossy(), reason);
    match RecordFormat::of(path) {
        None if path == Path::new("-") || path.starts_with("/dev") => Err(bad(
            "events are recorded in files that end in .ndjson, .har or .wscope; --json writes them to standard output",
        )),
        None => Err(bad("the name has to end in .ndjson, .har or .wscope")),
        Some(format) if existing == Existing::Append && !format.can_be_continued() => {
            Err(bad("only .ndjson files can be continued (--append)"))
        }
        Some(_) => Ok(()),
    }
}
