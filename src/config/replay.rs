//! What `wscope replay` has to do.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgMatches, FromArgMatches};

use super::files::FileReader;
use super::headers::with_header_files;
use super::shared::note_settings;
use super::values::{duration, size};
use super::{ConfigError, ConnectConfig, Env, GivenValues, Input, SendOrder};
use crate::cli::{
    ConnectArgs, MockArgs, OutputMode, PaceMode, PlayingArgs, ReplayArgs, arguments,
    connect_command,
};
use crate::event::Level;
use crate::protocol::head::HeaderLine;
use crate::recording::DEFAULT_MAX_SIZE;
use crate::recording::compare::Ignore;
use crate::recording::replay::{Pace, Rules, Selector};

/// What `wscope replay` has to do.
#[derive(Clone, Debug)]
pub struct ReplayConfig {
    /// What is read.
    pub recording: RecordingConfig,
    /// Where to connect; `None`: to the recorded URL.
    pub url: Option<String>,
    /// When messages are sent.
    pub pace: Pace,
    /// How long answers are waited for; `None`: for ever.
    pub timeout: Option<Duration>,
    /// How what is received is compared, if it is.
    pub check: Option<Rules>,
    /// Failures before the connection are events too.
    pub is_json: bool,
    /// Notices to show first.
    pub notices: Vec<(Level, String)>,
    /// The options of the connection, as arguments of `wscope URL`.
    options: Vec<OsString>,
    /// The header fields among them.
    headers: Vec<HeaderLine>,
    /// Files that were read for them, with what they are for the run.
    used: Vec<(PathBuf, String)>,
    env: Env,
}

/// A recording, and which of its connections is meant.
#[derive(Clone, Debug)]
pub struct RecordingConfig {
    /// The file; `None`: standard input.
    pub file: Option<PathBuf>,
    /// The connection that is meant.
    pub entry: Selector,
    /// The most bytes of a file, or of messages, that are held in memory.
    pub max_size: u64,
}

/// A recorded server that is played (`wscope listen --replay`).
#[derive(Clone, Debug)]
pub struct MockConfig {
    /// What is read.
    pub recording: RecordingConfig,
    /// How messages of clients are compared with the recorded ones.
    pub rules: Rules,
    /// A client that sends something else is closed.
    pub strict: bool,
}

/// The request of a recorded client, as it is repeated.
#[derive(Clone, Debug, Default)]
pub struct RecordedRequest {
    /// Where it is sent.
    pub url: String,
    /// The header fields, in order.
    pub headers: Vec<HeaderLine>,
    /// The subprotocols that are offered.
    pub subprotocols: Vec<String>,
}

impl RecordingConfig {
    /// Resolves what selects a recorded connection.
    ///
    /// # Errors
    /// With a size that is not valid.
    pub(super) fn new(
        file: &Path,
        entry: Option<&str>,
        max_size: Option<&str>,
    ) -> Result<Self, ConfigError> {
        if entry == Some("") {
            let reason = "a number or a part of a URL is required";
            return Err(ConfigError::value("--entry", "", reason));
        }
        Ok(Self {
            file: (file.as_os_str() != "-").then(|| file.to_owned()),
            entry: Selector::new(entry),
            max_size: max_size.map_or(Ok(DEFAULT_MAX_SIZE), |text| size("--max-size", text))?,
        })
    }
}

impl ReplayConfig {
    /// Resolves what was typed. `matches` are those of the subcommand.
    ///
    /// # Errors
    /// With the first value that cannot be used.
    pub fn new(args: &ReplayArgs, matches: &ArgMatches, env: &Env) -> Result<Self, ConfigError> {
        let PlayingArgs { timeout, check, ignore, ignore_order, .. } = &args.playing;
        let command = connect_command();
        let files = FileReader::new(None);
        let shared = command.get_arguments().filter(|arg| !arg.is_positional());
        let options = with_header_files(shared.flat_map(|arg| arguments(arg, matches)), &files)?;
        let header =
            |option: &OsString| option.to_str()?.strip_prefix("--header=").map(str::to_owned);
        let parse = |line: String| {
            HeaderLine::parse(&line).map_err(|error| ConfigError::value("--header", &line, error))
        };
        note_settings(&args.settings, env, &files);
        Ok(Self {
            recording: RecordingConfig::new(
                &args.file,
                args.selection.entry.as_deref(),
                Some(&args.selection.max_size),
            )?,
            url: args.target.clone(),
            pace: pace(&args.playing)?,
            timeout: duration("--timeout", timeout)?,
            check: check.then(|| rules(ignore, *ignore_order)).transpose()?,
            is_json: Self::wants_json(args),
            notices: Vec::new(),
            used: files.uses(),
            headers: options.iter().filter_map(header).map(parse).collect::<Result<_, _>>()?,
            options,
            env: Env { stdin_is_terminal: false, ..env.clone() }, // it is no input
        })
    }

    /// Whether `--json` was given: failures before the connection are reported there too.
    pub fn wants_json(args: &ReplayArgs) -> bool {
        args.receiving.json || args.receiving.output == Some(OutputMode::Json)
    }

    /// Whether the command line gives, or removes, a header field of this name.
    pub fn replaces(&self, name: &str) -> bool {
        let has = |options: &[&str]| {
            let is_one = |option: &OsString| {
                let option = option.to_string_lossy();
                options.contains(&option.split('=').next().unwrap_or_default())
            };
            self.options.iter().any(is_one)
        };
        self.headers.iter().any(|line| line.is(name))
            || match &*name.to_ascii_lowercase() {
                "authorization" => has(&["--user", "--bearer", "--netrc", "--netrc-file"]),
                "cookie" => has(&["--cookie"]),
                "origin" => has(&["--origin"]),
                "user-agent" => has(&["--user-agent"]),
                "sec-websocket-protocol" => has(&["--subprotocol"]),
                _ => false,
            }
    }

    /// The configuration of the connection.
    ///
    /// # Errors
    /// With the first value that cannot be used.
    pub fn resolve(&self, request: &RecordedRequest) -> Result<ConnectConfig, ConfigError> {
        let mut args: Vec<OsString> = vec!["wscope".into(), "--no-config".into()];
        args.extend(request.headers.iter().map(|line| format!("--header={line}").into()));
        args.extend(request.subprotocols.iter().map(|name| format!("--subprotocol={name}").into()));
        args.extend(self.options.iter().cloned());
        args.extend(["--".into(), request.url.clone().into()]);
        let parsed = connect_command().try_get_matches_from(&args).and_then(|matches| {
            Ok((ConnectArgs::from_arg_matches(&matches)?, SendOrder::new(&matches)))
        });
        // All of it was parsed before.
        let (connect, order) = parsed
            .map_err(|error| ConfigError::value("URL", &request.url, error.kind().to_string()))?;
        let given = GivenValues::typed(&args);
        let mut config = ConnectConfig::new(&connect, &order, &given, &self.env)?;
        config.input = Input::None;
        config.record.used.extend(self.used.iter().cloned());
        Ok(config)
    }
}

fn pace(args: &PlayingArgs) -> Result<Pace, ConfigError> {
    let speed = args.speed.as_deref().map(|text| {
        let speed = text.parse().ok().filter(|speed: &f64| speed.is_finite() && *speed > 0.0);
        let reason = "must be a number above 0, such as 2 or 0.5";
        speed.ok_or_else(|| ConfigError::value("--speed", text, reason))
    });
    match (args.pace, speed.transpose()?) {
        (Some(PaceMode::Answers), None) | (None, None) => Ok(Pace::Answers),
        (Some(PaceMode::Fast), None) => Ok(Pace::Fast),
        (Some(PaceMode::Original) | None, speed) => Ok(Pace::Original(speed.unwrap_or(1.0))),
        (Some(_), Some(_)) => {
            let given = args.speed.as_deref().unwrap_or_default();
            Err(ConfigError::value("--speed", given, "only --pace original has gaps to divide"))
        }
    }
}

impl MockConfig {
    /// What `--replay` gives.
    ///
    /// # Errors
    /// With the first value that is not valid.
    pub(super) fn new(args: &MockArgs) -> Result<Option<Self>, ConfigError> {
        let Some(file) = &args.replay else { return Ok(None) };
        let (entry, max_size) = (args.entry.as_deref(), args.max_size.as_deref());
        Ok(Some(Self {
            recording: RecordingConfig::new(file, entry, max_size)?,
            rules: rules(&args.ignore, false)?,
            strict: args.strict,
        }))
    }
}

/// How messages are compared.
fn rules(ignore: &[String], any_order: bool) -> Result<Rules, ConfigError> {
    let ignore = Ignore::parse(ignore.iter().map(String::as_str))
        .map_err(|(path, error)| ConfigError::value("--ignore", path, error))?;
    Ok(Rules { ignore, any_order })
}
