//! What `wscope diff` has to do.

use std::path::Path;

use super::connect::redaction;
use super::replay::RecordingConfig;
use super::shared::color;
use super::{ConfigError, Env};
use crate::cli::{ColorMode, DiffArgs};
use crate::event::Level;
use crate::recording::compare::Ignore;
use crate::recording::diff::Comparing;
use crate::redact::Redaction;

/// What `wscope diff` has to do.
#[derive(Clone, Debug)]
pub struct DiffConfig {
    /// The recordings, and which of their connections are meant.
    pub recordings: [RecordingConfig; 2],
    /// What is compared.
    pub comparing: Comparing,
    /// Pings and pongs are compared too.
    pub control: bool,
    /// How differences are written; `None`: they are not.
    pub output: Option<DiffOutput>,
    /// Whether secrets are masked that a recording of another program has.
    pub redaction: Redaction,
    /// Standard output is a terminal.
    pub stdout_on_terminal: bool,
    /// Standard error is coloured.
    pub stderr_color: bool,
    /// Notices to show first.
    pub notices: Vec<(Level, String)>,
}

/// How differences are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiffOutput {
    /// For people.
    Human {
        /// In colour.
        color: bool,
    },
    /// As lines of JSON.
    Json,
}

/// How many places of a changed message are listed for people, and in JSON.
const MAX_CHANGES: [usize; 2] = [20, 1000];

impl DiffConfig {
    /// Resolves the command line.
    ///
    /// # Errors
    /// With the first value that is not valid.
    pub fn new(
        args: &DiffArgs,
        notices: Vec<(Level, String)>,
        env: &Env,
    ) -> Result<Self, ConfigError> {
        let (comparison, output) = (&args.comparison, &args.output);
        let (entry, max_size) = (args.selection.entry.as_deref(), &args.selection.max_size);
        let recording = |file: &Path| RecordingConfig::new(file, entry, Some(max_size));
        let recordings = [recording(&args.one)?, recording(&args.other)?];
        if recordings.iter().all(|recording| recording.file.is_none()) {
            let reason = "standard input can be only one of the recordings";
            return Err(ConfigError::value("FILE", "-", reason));
        }
        let ignore = Ignore::parse(comparison.ignore.iter().map(String::as_str))
            .map_err(|(path, error)| ConfigError::value("--ignore", path, error))?;
        let mode = if output.no_color { ColorMode::Never } else { output.color };
        let [max_human, max_json] = MAX_CHANGES;
        Ok(Self {
            recordings,
            comparing: Comparing {
                ignore,
                any_order: comparison.ignore_order,
                handshake: comparison.handshake,
                timing: comparison.timing,
                max_changes: if output.json { max_json } else { max_human },
            },
            control: comparison.control,
            output: match (output.quiet, output.json) {
                (true, _) => None,
                (_, true) => Some(DiffOutput::Json),
                _ => Some(DiffOutput::Human { color: color(mode, env, env.stdout_is_terminal) }),
            },
            redaction: redaction(output.show_secrets),
            stdout_on_terminal: env.stdout_is_terminal,
            stderr_color: color(mode, env, env.stderr_is_terminal),
            notices,
        })
    }
}
