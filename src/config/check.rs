//! What `wscope check` has to do, from its command line and the environment.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::ArgMatches;
use regex::Regex;

use super::connect::redaction;
use super::files::FileReader;
use super::headers::with_header_files;
use super::record::record;
use super::shared::{color, detail, note_settings, notices, timestamps};
use super::{ConfigError, Env, RecordConfig, parse_duration};
use crate::cli::{CheckArgs, CheckRunArgs, ColorMode, ReportArgs, arguments, is_given};
use crate::event::Level;
use crate::output::human::Detail;
use crate::redact::Redaction;
use crate::scenario::language::is_name;
use crate::view::Timestamps;

mod jobs;

/// What `wscope check` has to do.
#[derive(Debug)]
pub struct CheckConfig {
    /// Files and folders, as given; `-` is standard input.
    pub inputs: Vec<String>,
    /// Patterns of more files.
    pub globs: Vec<String>,
    /// Values of variables.
    pub variables: BTreeMap<String, String>,
    /// Values that are not shown.
    pub secrets: BTreeMap<String, String>,
    /// All texts that are not shown: those values, and those of the environment that something else replaces.
    pub hidden: BTreeSet<String>,
    /// How many files are run at the same time.
    pub jobs: usize,
    /// How often all files are run.
    pub repeat: usize,
    /// Stop at the first failure.
    pub fail_fast: bool,
    /// Which parts are run, by their title.
    pub only: Option<Regex>,
    /// List the parts and run nothing.
    pub list: bool,
    /// `$` lines may run commands.
    pub allow_run: bool,
    /// Patterns that fail only because values differ are relaxed, and the files rewritten.
    pub relax: bool,
    /// Files are rewritten without a question.
    pub yes: bool,
    /// Warnings are failures.
    pub strict: bool,
    /// How often connecting is retried.
    pub retry: u64,
    /// Limit for each part, if it is given; 0: none.
    pub max_time: Option<Duration>,
    /// Reports, with where they go.
    pub reports: Vec<(ReportKind, PathBuf)>,
    /// What is recorded.
    pub record: RecordConfig,
    /// Options of all connections, as arguments of `wscope URL`.
    pub options: Vec<OsString>,
    /// Show what happens on the connections.
    pub verbose: bool,
    /// What is shown of it.
    pub detail: Detail,
    /// How the times of events are shown.
    pub timestamps: Option<Timestamps>,
    /// Show failures only.
    pub quiet: bool,
    /// Whether secrets are masked.
    pub redaction: Redaction,
    /// Results are coloured.
    pub color: bool,
    /// Errors and warnings are coloured.
    pub stderr_color: bool,
    /// What the user has to know.
    pub notices: Vec<(Level, String)>,
    /// The world around the program.
    pub env: Env,
}

impl CheckConfig {
    /// Whether it is asked on the terminal before files are rewritten.
    pub fn asks_to_rewrite(&self) -> bool {
        !self.yes && self.env.stdin_is_terminal && self.env.stderr_is_terminal
    }

    /// Whether anything shows what happened on the connections.
    pub fn wants_transcripts(&self) -> bool {
        self.verbose || !self.reports.is_empty()
    }
}

/// The kind of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportKind {
    /// JUnit XML.
    Junit,
    /// TAP version 14.
    Tap,
    /// JSON.
    Json,
    /// A page for people.
    Html,
}

/// Options that connections of scenarios may have, by their long names.
pub const SCENARIO_OPTIONS: [&str; 39] = [
    "header",
    "subprotocol",
    "origin",
    "user-agent",
    "compress",
    "no-compress",
    "connect-timeout",
    "user",
    "bearer",
    "cookie",
    "netrc",
    "netrc-file",
    "proxy",
    "no-proxy",
    "proxy-header",
    "proxy-insecure",
    "connect-to",
    "resolve",
    "unix-socket",
    "interface",
    "ipv4",
    "ipv6",
    "insecure",
    "cacert",
    "no-system-ca",
    "cert",
    "key",
    "pass",
    "servername",
    "tls-min",
    "tls-max",
    "location",
    "max-redirs",
    "lenient",
    "max-message-size",
    "close-timeout",
    "ping-interval",
    "ping-timeout",
    "idle-timeout",
];

impl CheckConfig {
    /// Resolves what was typed. `matches` are those of the subcommand.
    ///
    /// # Errors
    /// With the first value that cannot be used.
    pub fn new(args: &CheckArgs, matches: &ArgMatches, env: &Env) -> Result<Self, ConfigError> {
        let run = &args.run;
        let max_time = max_time(run)?;
        let files = FileReader::new(max_time.filter(|limit| !limit.is_zero()));
        let verbose = args.display.verbose > 0;
        let inputs = match args.files.is_empty() && run.globs.is_empty() {
            true => vec![".".to_owned()],
            false => args.files.clone(),
        };
        if run.relax && inputs.iter().any(|input| input == "-") {
            let reason = "standard input cannot be rewritten: name a file";
            return Err(ConfigError::value("--relax", "-", reason));
        }
        let given = given_variables(run, &files)?;
        let secrets = secrets(run, env, &given)?;
        let options = options(matches, &files)?;
        let mut record = record(&args.record, args.display.verbose)?;
        note_settings(&args.settings, env, &files);
        record.used = files.uses();
        record.used.extend(options.iter().filter_map(later_file));
        let hidden = env.secrets.values().chain(secrets.values()).cloned().collect();
        let mut variables = env.variables.clone();
        variables.extend(given);
        let mode = if args.display.no_color { ColorMode::Never } else { args.display.color };
        Ok(Self {
            inputs,
            globs: run.globs.clone(),
            variables,
            secrets,
            hidden,
            jobs: jobs::jobs(run.jobs, verbose)?,
            repeat: repeat(run)?,
            fail_fast: run.fail_fast,
            only: run.only.as_deref().map(title_pattern).transpose()?,
            list: run.list,
            allow_run: run.allow_run,
            relax: run.relax,
            yes: run.yes,
            strict: run.strict,
            retry: run.retry.unwrap_or_default(),
            max_time,
            reports: reports(&args.reports),
            record,
            options,
            verbose,
            detail: detail(args.display.verbose, false, Detail::Control),
            timestamps: timestamps(&args.display),
            quiet: args.display.quiet,
            redaction: redaction(args.display.show_secrets),
            color: color(mode, env, env.stdout_is_terminal),
            stderr_color: color(mode, env, env.stderr_is_terminal),
            notices: notices(&args.display, env),
            env: env.clone(),
        })
    }
}

/// Those of files, then those of options: built in < environment < file < option.
fn given_variables(
    run: &CheckRunArgs,
    files: &FileReader,
) -> Result<BTreeMap<String, String>, ConfigError> {
    let mut variables = BTreeMap::new();
    for path in &run.variables_files {
        let option = "--variables-file";
        let shown = path.display().to_string();
        let text = files.long_text(option, path)?;
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let place = format!("{shown}, line {}", index + 1);
            let (name, value) = assignment(option, line, &place)?;
            variables.insert(name, value);
        }
    }
    for text in &run.variables {
        let (name, value) = assignment("--variable", text, text)?;
        variables.insert(name, value);
    }
    Ok(variables)
}

/// Those of the environment that no file or option gives another value, and those of options.
fn secrets(
    run: &CheckRunArgs,
    env: &Env,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, ConfigError> {
    let mut secrets = env.secrets.clone();
    secrets.retain(|name, _| !given.contains_key(name));
    for text in &run.secrets {
        let name = text.split('=').next().unwrap_or_default();
        let (name, value) = assignment("--secret", text, &format!("{name}=***"))?;
        secrets.insert(name, value);
    }
    Ok(secrets)
}

fn assignment(
    option: &'static str,
    text: &str,
    shown: &str,
) -> Result<(String, String), ConfigError> {
    let reason = "write NAME=VALUE, with letters, digits, _ and - in NAME";
    let (name, value) =
        text.split_once('=').ok_or_else(|| ConfigError::value(option, shown, reason))?;
    let name = name.trim();
    match is_name(name) {
        true => Ok((name.to_owned(), value.to_owned())),
        false => Err(ConfigError::value(option, shown, reason)),
    }
}

fn repeat(run: &CheckRunArgs) -> Result<usize, ConfigError> {
    match run.repeat {
        0 => Err(ConfigError::value("--repeat", "0", "the files have to be run at least once")),
        repeat => Ok(repeat),
    }
}

fn title_pattern(text: &str) -> Result<Regex, ConfigError> {
    let expression = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')).unwrap_or(text);
    crate::scenario::language::literal::regex(expression)
        .map_err(|reason| ConfigError::value("--only", text, reason))
}

fn max_time(run: &CheckRunArgs) -> Result<Option<Duration>, ConfigError> {
    let parse = |text: &String| {
        parse_duration(text).map_err(|reason| ConfigError::value("--max-time", text, reason))
    };
    run.max_time.as_ref().map(parse).transpose()
}

fn reports(args: &ReportArgs) -> Vec<(ReportKind, PathBuf)> {
    let given = [
        (ReportKind::Junit, &args.report_junit),
        (ReportKind::Tap, &args.report_tap),
        (ReportKind::Json, &args.report_json),
        (ReportKind::Html, &args.report_html),
    ];
    given.into_iter().filter_map(|(kind, path)| Some((kind, path.clone()?))).collect()
}

/// The options of the command line that are for each connection, as arguments of `wscope URL`. Headers in files are
/// read here, once for all connections.
///
/// # Errors
/// With the first header that cannot be used, or file that cannot be read.
fn options(matches: &ArgMatches, files: &FileReader) -> Result<Vec<OsString>, ConfigError> {
    let is_option = |id: &clap::Id| id.as_str() != "files" && is_given(id.as_str(), matches);
    if !matches.ids().any(is_option) {
        return Ok(Vec::new()); // the command below takes a tenth of the time that a short run does
    }
    let command = crate::cli::connect_command();
    let is_shared =
        |arg: &&clap::Arg| SCENARIO_OPTIONS.contains(&arg.get_long().unwrap_or_default());
    let shared = command.get_arguments().filter(is_shared);
    with_header_files(shared.flat_map(|arg| arguments(arg, matches)), files)
}

/// The file that an option names and that each connection reads, with what it is for the run.
fn later_file(option: &OsString) -> Option<(PathBuf, String)> {
    const PATHS: [&str; 4] = ["--cacert", "--cert", "--key", "--netrc-file"];
    let (name, value) = option.to_str()?.split_once('=')?;
    let path = if PATHS.contains(&name) { Some(value) } else { value.strip_prefix('@') };
    Some((path?.into(), format!("read by this run ({name})")))
}
