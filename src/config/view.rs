//! What `wscope view` has to do.

use std::path::PathBuf;

use super::connect::{redaction, stdout_in};
use super::files::FileReader;
use super::filters::filters;
use super::record::record;
use super::shared::{commentary, notices};
use super::ui::ui;
use super::values::size;
use super::{Commentary, ConfigError, Env, RecordConfig, Stdout, UiConfig};
use crate::cli::{OutputMode, ViewArgs};
use crate::event::Level;
use crate::output::json::JsonFrames;
use crate::recording::replay::Selector;
use crate::redact::Redaction;
use crate::view::Filters;

/// What `wscope view` has to do.
#[derive(Clone, Debug)]
pub struct ViewConfig {
    /// The recording; `None`: standard input.
    pub file: Option<PathBuf>,
    /// Only these connections.
    pub entry: Selector,
    /// The largest file that is read as a whole, and the longest line, in bytes.
    pub max_size: u64,
    /// Statistics are shown in place of the events.
    pub stats: bool,
    /// What is written to standard output.
    pub stdout: Stdout,
    /// The display of everything but messages.
    pub commentary: Commentary,
    /// Events are shown: with the page only where the command line says how.
    pub is_shown: bool,
    /// What is shown of the messages.
    pub filters: Filters,
    /// The files that the recording is converted to, in place of being shown.
    pub record: RecordConfig,
    /// The page, if it is served.
    pub ui: Option<UiConfig>,
    /// Whether secrets are masked that a recording of another program has.
    pub redaction: Redaction,
    /// Notices to show first.
    pub notices: Vec<(Level, String)>,
}

impl ViewConfig {
    /// Resolves the command line.
    ///
    /// # Errors
    /// With the first value that is not valid.
    pub fn new(args: &ViewArgs, env: &Env) -> Result<Self, ConfigError> {
        // Frames that were recorded are part of the recording, whatever is shown of them.
        let mut record = record(&args.record, MOST_VERBOSE)?;
        record.is_of_file = true;
        record.used.push((args.file.clone(), "the recording that is read".to_owned()));
        let files = FileReader::new(None);
        let filters = filters(&args.filter, &files)?;
        record.used.extend(files.uses());
        let mode = if args.output.json { Some(OutputMode::Json) } else { args.output.output };
        let ui = ui(&args.ui)?;
        Ok(Self {
            is_shown: ui.is_none() || mode.is_some(),
            file: (args.file.as_os_str() != "-").then(|| args.file.clone()),
            entry: args.selection.entry.as_deref().map_or(Ok(Selector::Only), entry)?,
            max_size: size("--max-size", &args.selection.max_size)?,
            stats: args.output.stats,
            stdout: match stdout_in(mode, false, args.display.verbose, env) {
                // What was recorded of the frames is an event too.
                Stdout::Json(_) => Stdout::Json(JsonFrames::Payloads),
                other => other,
            },
            commentary: commentary(&args.display, false, env),
            record,
            ui,
            filters,
            redaction: redaction(args.display.show_secrets),
            notices: notices(&args.display, env),
        })
    }
}

/// How often `-v` is given to record everything.
const MOST_VERBOSE: u8 = 3;

fn entry(text: &str) -> Result<Selector, ConfigError> {
    if text.is_empty() {
        return Err(ConfigError::value("--entry", text, "a number or a part of a URL is required"));
    }
    if text.bytes().all(|byte| byte == b'0') {
        return Err(ConfigError::value("--entry", text, "connections count from 1"));
    }
    Ok(Selector::new(Some(text)))
}
