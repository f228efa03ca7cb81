//! Options from the configuration file and from WSCOPE_OPTIONS.
//!
//! They are arguments put before those of the command line: the options for all connections, those of the
//! endpoint, those of WSCOPE_OPTIONS. An option replaces those before it that it excludes.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgMatches, CommandFactory};

use super::files::FileReader;
use super::secrets::GivenValues;
use super::{ConfigError, parse_duration, privacy, secret_arguments};
use crate::cli::{self, Cli, ConnectArgs};
use crate::event::Level;
use crate::net::proxy::{BadSetting, SettingOrigin};
use crate::platform::files::FileError;
use endpoint::NamedEndpoint;
use file::{Section, SettingLine};
use sources::{Check, Setting, SettingsSource};

mod endpoint;
mod file;
mod sources;
mod words;

/// Where the settings are read from.
#[derive(Clone, Debug, Default)]
pub struct SettingsEnv {
    /// The configuration file, which need not exist.
    pub file: Option<PathBuf>,
    /// WSCOPE_OPTIONS
    pub options: Option<OsString>,
    /// The home directory.
    pub home: Option<PathBuf>,
}

impl SettingsEnv {
    /// Reads it with a function that gives the value of a variable, unless it is empty.
    pub fn read(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let home = variable("HOME").or_else(|| variable("USERPROFILE")).map(PathBuf::from);
        let folder = variable("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| variable("APPDATA").filter(|_| cfg!(windows)).map(PathBuf::from))
            .or_else(|| home.as_ref().map(|home| home.join(".config")));
        Self {
            file: folder.map(|folder| folder.join("wscope/config")),
            options: variable("WSCOPE_OPTIONS"),
            home,
        }
    }
}

/// Why a setting is not valid, and where it is.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct SettingError {
    /// The file and the line, or the variable.
    pub place: String,
    /// The reason.
    pub reason: String,
    /// The line without its value, and below it carets: two indented lines.
    pub marked: Option<String>,
    /// How to fix it.
    pub hint: Option<String>,
}

impl From<SettingError> for ConfigError {
    fn from(error: SettingError) -> Self {
        Self::Configured(error)
    }
}

impl SettingError {
    pub(super) fn plain(place: &str, reason: &str) -> Self {
        Self { place: place.to_owned(), reason: reason.to_owned(), marked: None, hint: None }
    }

    fn at_line(path: &Path, number: usize, reason: &str) -> Self {
        Self::plain(&format!("{}, line {number}", path.display()), reason)
    }
}

/// A command line with the settings before it.
#[derive(Debug)]
pub struct Expanded {
    /// The result of parsing it.
    pub matches: ArgMatches,
    /// Warnings to show first.
    pub notices: Vec<(Level, String)>,
    endpoint: Option<NamedEndpoint>,
    settings: Vec<Setting>,
    /// The result of parsing each source alone; the last is the command line.
    sources: Vec<ArgMatches>,
    /// The configuration file.
    path: PathBuf,
}

/// Puts the settings before the arguments. `matches` is the result of parsing the arguments alone. `None` without
/// settings.
///
/// # Errors
/// With the first setting that is not valid, or if the endpoint does not exist.
pub fn expand(
    args: &[OsString],
    matches: &ArgMatches,
    env: &SettingsEnv,
) -> Result<Option<Expanded>, ConfigError> {
    let (subcommand, typed) = match matches.subcommand() {
        Some((name, typed)) => (Some(name), typed),
        None => (None, matches),
    };
    let Ok(no_config) = typed.try_get_one::<bool>("no_config") else { return Ok(None) };
    let url = |id| typed.try_get_one::<String>(id).ok().flatten();
    let name = url("url").or_else(|| url("connect")).and_then(|url| url.strip_prefix('@'));
    if no_config.is_some_and(|no| *no) {
        let reason = "it ignores the file with the endpoints";
        let error = name.map(|_| SettingError::plain("--no-config", reason).into());
        return error.map_or(Ok(None), Err);
    }
    let file = env.file.as_deref().map(|path| read(path, max_time(typed))).transpose()?.flatten();
    let sections = file.as_deref().unwrap_or_default();
    let is_empty = sections.iter().all(|it| it.name.is_empty() && it.lines.is_empty());
    if is_empty && name.is_none() && env.options.is_none() {
        return Ok(None);
    }
    let no_file = "no configuration file: neither HOME nor XDG_CONFIG_HOME is set";
    let path = match (&env.file, name) {
        (None, Some(name)) => return Err(SettingError::plain(&format!("@{name}"), no_file).into()),
        (path, _) => path.clone().unwrap_or_default(),
    };
    let endpoint = name.map(|name| endpoint::find(file.as_deref(), name, &path)).transpose()?;
    let defaults = sections.first().map_or(&[][..], |section| &section.lines);
    let of_endpoint = endpoint.as_ref().map_or(&[][..], |endpoint| &endpoint.lines);
    let (settings, sources) = read_sources(defaults, of_endpoint, typed, env, &path, subcommand)?;
    let matches = parse(args, subcommand, &settings);
    let matches = matches.map_err(|problem| sources::located(&settings, &path, &problem))?;
    let mut notices = Vec::new();
    if has_secret(sections) && privacy::others_may_read(&path) {
        notices.push((Level::Warning, privacy::warning(&path)));
    }
    Ok(Some(Expanded { matches, notices, endpoint, settings, sources, path }))
}

/// All settings in their order, and what clap makes of each source; the last is the command line.
fn read_sources(
    defaults: &[SettingLine],
    of_endpoint: &[SettingLine],
    typed: &ArgMatches,
    env: &SettingsEnv,
    path: &Path,
    subcommand: Option<&str>,
) -> Result<(Vec<Setting>, Vec<ArgMatches>), SettingError> {
    let home = env.home.as_deref();
    let mut matches = vec![typed.clone()]; // the last source first
    let mut lists = Vec::new();
    for lines in [None, Some(of_endpoint), Some(defaults)] {
        let check = Check { path, home, has_effect: subcommand.is_none(), later: &matches };
        let source = match lines {
            None => {
                let options = env.options.as_deref().unwrap_or_default();
                SettingsSource::of_variable(options, &check)?
            }
            Some(lines) => SettingsSource::of_lines(lines, &check)?,
        };
        lists.push(source.settings);
        matches.push(source.matches);
    }
    matches.reverse();
    Ok((lists.into_iter().rev().flatten().collect(), matches))
}

/// `--max-time` on the command line; a bad value is reported later.
fn max_time(typed: &ArgMatches) -> Option<Duration> {
    let text = typed.try_get_one::<String>("max_time").ok().flatten()?;
    parse_duration(text).ok().filter(|duration| !duration.is_zero())
}

/// `None` if the file does not exist.
fn read(path: &Path, limit: Option<Duration>) -> Result<Option<Vec<Section>>, ConfigError> {
    let text = match FileReader::new(limit).bytes("configuration file", path) {
        Err(ConfigError::File { error: FileError::Io(error), .. })
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            return Ok(None);
        }
        Err(ConfigError::File { error, path, .. }) => {
            return Err(SettingError::plain(&path, &error.to_string()).into());
        }
        text => text?,
    };
    let text = String::from_utf8(text).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let number = memchr::memchr_iter(b'\n', before).count() + 1;
        SettingError::at_line(path, number, "it is not UTF-8")
    })?;
    Ok(Some(file::parse(path, &text)?))
}

/// Whether any line of the file contains a secret, also one that is not used.
fn has_secret(file: &[Section]) -> bool {
    let mut lines = file.iter().flat_map(|section| &section.lines);
    lines.any(|line| {
        let value = line.value.iter().flat_map(|value| ["=", value]);
        let argument: String = [line.option.as_str()].into_iter().chain(value).collect();
        !secret_arguments(&["wscope", &argument].map(OsString::from)).is_empty()
    })
}

/// The result of parsing a command line with these settings before it. A subcommand takes only those for the display.
fn parse(
    args: &[OsString],
    subcommand: Option<&str>,
    settings: &[Setting],
) -> Result<ArgMatches, clap::Error> {
    let command = sources::last_wins(Cli::command());
    let mut given = sources::arguments(settings);
    if let Some(command) = subcommand.and_then(|name| command.find_subcommand(name)) {
        let all = sources::last_wins(sources::command()).ignore_errors(true);
        let matches = sources::parse(&mut all.clone(), settings)?;
        let options = command.get_arguments();
        let display = options.filter(|arg| arg.get_help_heading() == Some("Display"));
        given = display.flat_map(|arg| cli::arguments(arg, &matches)).collect();
    }
    let (words, rest) = args.split_at(args.len().min(if subcommand.is_some() { 2 } else { 1 }));
    command.try_get_matches_from([words, &given, rest].concat())
}

impl Expanded {
    /// Sets the URL of the endpoint, and merges what clap would only append: a header replaces those of its name from
    /// earlier sources, and subprotocols replace all from earlier sources.
    pub fn settle(&self, args: &mut ConnectArgs) {
        if let Some(endpoint) = &self.endpoint {
            (args.url, args.wscat.connect) = (Some(endpoint.url.clone()), None);
        }
        args.handshake.headers = sources::last_values(&self.sources, "headers", |line| {
            let name = line.split(':').next().filter(|_| !line.starts_with('@'))?;
            Some(name.trim().to_ascii_lowercase())
        });
        args.handshake.subprotocols =
            sources::last_values(&self.sources, "subprotocols", |_| Some(String::new()));
    }

    /// The values of all settings, also of those that are replaced.
    pub fn given(&self) -> GivenValues {
        let args = self.settings.iter().flat_map(|setting| setting.args.iter().cloned());
        GivenValues::typed(&[OsString::from("wscope")].into_iter().chain(args).collect::<Vec<_>>())
    }

    /// The same error with the location of the setting that causes it, if a setting does.
    pub fn locate(&self, error: ConfigError) -> ConfigError {
        let (option, value) = match &error {
            ConfigError::Value { option, value, .. } => (*option, value),
            ConfigError::File { option, path, .. } => (*option, path),
            ConfigError::Setting(BadSetting {
                origin: SettingOrigin::Option(option),
                shown,
                ..
            }) => (*option, shown),
            ConfigError::Target(target) => {
                let Some(NamedEndpoint { url_line: line, .. }) = &self.endpoint else {
                    return error;
                };
                let located = line.error(&self.path, &format!("bad URL: {target}"));
                let hint = located.hint.filter(|_| line.has_comment());
                return SettingError { marked: Some(target.marked()), hint, ..located }.into();
            }
            _ => return error,
        };
        match self.setting(option, value) {
            Some(setting) => setting.error(&self.path, &error.to_string()).into(),
            None => error,
        }
    }

    /// The last setting of this option with this value, unless that is on the command line too.
    fn setting(&self, option: &str, value: &str) -> Option<&Setting> {
        let command = Cli::command();
        let id = sources::find(&command, option)?.get_id().as_str();
        let is_masked = value.contains("***");
        let has_value = |matches: &ArgMatches| {
            let mut values = matches.try_get_raw(id).ok().flatten().into_iter().flatten();
            values.any(|own| is_masked || own.to_string_lossy().contains(value))
        };
        if !is_masked && self.sources.last().is_some_and(has_value) {
            return None;
        }
        let mut command = sources::command().ignore_errors(true);
        self.settings.iter().rev().find(|setting| {
            sources::parse(&mut command, std::slice::from_ref(setting))
                .is_ok_and(|it| has_value(&it))
        })
    }
}
