//! Options from the configuration file, from WSCOPE_OPTIONS and from a curl command.
//!
//! They are arguments put before those of the command line: the options for all connections, those of the
//! endpoint, those of WSCOPE_OPTIONS, those of --from-curl. An option replaces those before it that it excludes.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Arg, ArgMatches, Command, CommandFactory};

use super::files::FileReader;
use super::secrets::GivenValues;
use super::{ConfigError, Env, parse_duration, privacy, secret_arguments};
use crate::cli::{self, Cli, ConnectArgs, ProxyArgs};
use crate::event::Level;
use crate::input::repl::closest;
use crate::net::Target;
use crate::net::proxy::{BadSetting, SettingOrigin};
use crate::platform::files::FileError;
use arguments::{Setting, arguments, last_headers, last_values, last_wins};
use file::SettingLine;
use import::{Import, import};
use origin::Origin;

mod arguments;
mod copied;
mod endpoint;
mod file;
mod import;
mod origin;
mod subcommand;

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
    /// How to go on.
    pub hint: Option<String>,
}

impl SettingError {
    pub(super) fn plain(place: &str, reason: &str) -> Self {
        Self { place: place.to_owned(), reason: reason.to_owned(), hint: None }
    }

    /// At a line of the configuration file, in WSCOPE_OPTIONS, or at a place of a curl command.
    fn at(path: &Path, origin: &Origin, reason: &str) -> Self {
        const HELP: &str = "'wscope --help' lists the options; --no-config ignores the file";
        match origin {
            Origin::Variable => Self::plain("WSCOPE_OPTIONS", reason),
            Origin::Curl(place) => Self::plain(place, reason),
            Origin::Line(number) => {
                let place = format!("{}, line {number}", path.display());
                Self { hint: Some(HELP.to_owned()), ..Self::plain(&place, reason) }
            }
        }
    }
}

/// A command line with the settings before it.
#[derive(Debug)]
pub struct Expanded {
    /// The result of parsing it.
    pub matches: ArgMatches,
    /// Warnings to show first.
    pub notices: Vec<(Level, String)>,
    /// The URL, if the command line has none or names an endpoint.
    url: Option<GivenUrl>,
    settings: Vec<Setting>,
    /// The result of parsing each source alone; the last is the command line.
    sources: Vec<ArgMatches>,
    /// The configuration file.
    path: PathBuf,
}

/// A URL that is not on the command line.
#[derive(Debug)]
struct GivenUrl {
    text: String,
    /// The file and the line.
    place: String,
    /// The section of the configuration file.
    endpoint: Option<String>,
}

impl GivenUrl {
    /// That of an endpoint in a file.
    fn of_endpoint(path: &Path) -> impl FnOnce((String, String, usize)) -> Self {
        let path = path.display();
        move |(name, text, line)| Self {
            text,
            place: format!("{path}, line {line}"),
            endpoint: Some(name),
        }
    }
}

/// Puts the settings before the arguments. `matches` is the result of parsing the arguments alone. `None` without
/// settings.
///
/// # Errors
/// With the first setting that is not valid, or if the endpoint does not exist.
pub fn expand(
    args: &[OsString],
    matches: &ArgMatches,
    env: &Env,
) -> Result<Option<Expanded>, ConfigError> {
    let (subcommand, typed) = match matches.subcommand() {
        Some((name, typed)) => (Some(name), typed),
        None => (None, matches),
    };
    // An option that a command does not have is an error in builds with debug assertions, and else has no value.
    if typed.try_get_one::<bool>("no_config").ok().flatten().is_none() {
        return Ok(None); // a command without connections
    }
    let configured = configured(typed, &env.settings)?;
    let import = import(typed, env)?;
    if configured.is_none() && import.is_none() {
        return Ok(None);
    }
    let Configured { path, endpoint, mut settings, mut notices } = configured.unwrap_or_default();
    let mut url = endpoint.map(GivenUrl::of_endpoint(&path));
    if let Some(Import { settings: imported, url: its, notices: its_notices }) = import {
        settings.push(imported);
        notices.extend(its_notices);
        url = url.or(its.map(|(text, place)| GivenUrl { text, place, endpoint: None }));
    }
    let mut command = arguments::command().ignore_errors(true);
    let mut sources: Vec<_> = settings.iter().map(|list| parsed(&mut command, list)).collect();
    sources.push(typed.clone());
    let settings: Vec<_> = settings.into_iter().flatten().collect();
    let matches = merged(args, subcommand, &settings, &sources).map_err(|problem| {
        let (reason, origin) = arguments::cause(&settings, &problem);
        SettingError::at(&path, &origin, &reason)
    })?;
    Ok(Some(Expanded { matches, notices, url, settings, sources, path }))
}

/// What the configuration file and WSCOPE_OPTIONS add.
#[derive(Default)]
struct Configured {
    path: PathBuf,
    /// The endpoint's section, its URL, and the number of the line of that.
    endpoint: Option<(String, String, usize)>,
    /// Those of each source.
    settings: Vec<Vec<Setting>>,
    notices: Vec<(Level, String)>,
}

/// `None` without any.
fn configured(typed: &ArgMatches, env: &SettingsEnv) -> Result<Option<Configured>, ConfigError> {
    let url = |id| typed.try_get_one::<String>(id).ok().flatten();
    let name = url("url").or_else(|| url("connect")).and_then(|url| url.strip_prefix('@'));
    if typed.get_flag("no_config") {
        let reason = "it ignores the file with the endpoints";
        let error = name.map(|_| SettingError::plain("--no-config", reason).into());
        return error.map_or(Ok(None), Err);
    }
    let file = env.file.as_deref().map(|path| read(path, max_time(typed))).transpose()?.flatten();
    if file.is_none() && name.is_none() && env.options.is_none() {
        return Ok(None);
    }
    let (path, lines) = (env.file.clone().unwrap_or_default(), file.as_deref().unwrap_or_default());
    let (name, tail) = name.map(endpoint::split).unzip();
    let endpoint = name.and_then(|name| {
        let (url, line) = endpoint::url(lines, name, tail.unwrap_or_default())?;
        Some((name.to_owned(), url, line))
    });
    if let (Some(name), None) = (name, &endpoint) {
        return Err(unknown(env.file.as_deref(), name, file.as_deref()).into());
    }
    let settings = read_settings(lines, name, env, &path)?;
    let mut notices = Vec::new();
    if lines.iter().any(has_secret) && privacy::others_may_read(&path) {
        notices.push((Level::Warning, privacy::warning(&path)));
    }
    Ok(Some(Configured { path, endpoint, settings: settings.into(), notices }))
}

/// The error for an endpoint that is not in the file; `lines`: those of the file, if it exists.
fn unknown(path: Option<&Path>, name: &str, lines: Option<&[SettingLine]>) -> SettingError {
    let known = endpoint::list(lines.unwrap_or_default());
    let close = closest(name, known.iter().map(|(name, _)| name.as_str()));
    let guess = close.map_or_else(String::new, |name| format!("; did you mean @{name}?"));
    let reason = match path {
        _ if name.is_empty() => {
            "a name is missing: write @NAME for the endpoint in section [NAME] of \
                                 the configuration file"
                .to_owned()
        }
        Some(path) => {
            let path = path.display();
            match lines {
                Some(_) => {
                    format!("{path} has no section [{name}] with a line url = wss://…{guess}")
                }
                None => format!(
                    "{path} does not exist; @{name} is its section [{name}], with a line url = wss://…"
                ),
            }
        }
        None => "no configuration file: neither HOME nor XDG_CONFIG_HOME is set".to_owned(),
    };
    SettingError::plain(&format!("@{name}"), &reason)
}

/// The names of all endpoints with their URLs, as far as the file can be read.
pub fn endpoint_list(env: &SettingsEnv) -> Vec<(String, String)> {
    /// For a file that is a FIFO, or on a disk that does not answer.
    const LIMIT: Duration = Duration::from_secs(1);
    let text = env.file.as_deref().map(|path| {
        FileReader::new(Some(LIMIT)).bytes("configuration file", path).unwrap_or_default()
    });
    let text = text.unwrap_or_default();
    let lines: Vec<_> =
        file::lines(&String::from_utf8_lossy(&text)).filter_map(Result::ok).collect();
    endpoint::list(&lines)
}

/// The endpoint's section among these.
const OF_ENDPOINT: usize = 1;

/// The settings for all connections, those of the endpoint with this name, and those of WSCOPE_OPTIONS.
fn read_settings(
    lines: &[SettingLine],
    endpoint: Option<&str>,
    env: &SettingsEnv,
    path: &Path,
) -> Result<[Vec<Setting>; 3], SettingError> {
    let mut command = arguments::command();
    let (mut for_all, mut of_endpoint) = (Vec::new(), Vec::new());
    for line in lines {
        let list = match &*line.section {
            "" => &mut for_all,
            name if Some(name) == endpoint && line.url().is_none() => &mut of_endpoint,
            _ => continue,
        };
        let setting = Setting::of_line(&mut command, line, env.home.as_deref());
        list.push(setting.map_err(|why| SettingError::at(path, &Origin::Line(line.number), &why))?);
    }
    let variable = env.options.as_deref().unwrap_or_default();
    let variable = Setting::of_variable(&mut command, variable);
    let variable = variable.map_err(|why| SettingError::at(path, &Origin::Variable, &why))?;
    Ok([for_all, of_endpoint, vec![variable]])
}

/// `--max-time` on the command line; a bad value is reported later.
fn max_time(typed: &ArgMatches) -> Option<Duration> {
    let text = typed.try_get_one::<String>("max_time").ok().flatten()?;
    parse_duration(text).ok().filter(|duration| !duration.is_zero())
}

/// `None` if the file does not exist.
fn read(path: &Path, limit: Option<Duration>) -> Result<Option<Vec<SettingLine>>, ConfigError> {
    match FileReader::new(limit).text("configuration file", path) {
        Err(ConfigError::File { error: FileError::Io(error), .. })
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        text => Ok(Some(file::parse(path, &text?)?)),
    }
}

fn has_secret(line: &SettingLine) -> bool {
    !secret_arguments(&["wscope", &line.argument].map(OsString::from)).is_empty()
}

/// The result of parsing settings alone, with a command that ignores what they require.
fn parsed(command: &mut Command, settings: &[Setting]) -> ArgMatches {
    arguments::parse(command, &arguments(settings)).unwrap_or_default()
}

/// The result of parsing a command line with these settings before it.
fn merged(
    args: &[OsString],
    subcommand: Option<&str>,
    settings: &[Setting],
    sources: &[ArgMatches],
) -> Result<ArgMatches, clap::Error> {
    let command = last_wins(Cli::command());
    let given = match subcommand.and_then(|name| command.find_subcommand(name)) {
        None => arguments(settings),
        Some(command) => {
            let all = parsed(&mut arguments::command().ignore_errors(true), settings);
            subcommand::arguments(command, &all, sources.get(OF_ENDPOINT))
        }
    };
    let (words, rest) = args.split_at(args.len().min(if subcommand.is_some() { 2 } else { 1 }));
    command.try_get_matches_from([words, &given, rest].concat())
}

impl Expanded {
    /// Sets the URL, and merges what clap would only append: a header replaces those of its name from
    /// earlier sources, and subprotocols replace all from earlier sources.
    pub fn settle(&self, args: &mut ConnectArgs) {
        if let Some(url) = &self.url {
            (args.url, args.wscat.connect) = (Some(url.text.clone()), None);
        }
        args.handshake.request.headers = last_headers(&self.sources);
        args.handshake.request.subprotocols =
            last_values(&self.sources, "subprotocols", |_| Some(String::new()));
    }

    /// The same for `wscope proxy`, which takes headers from the endpoint and the command line only.
    pub fn settle_proxy(&self, args: &mut ProxyArgs) {
        if let Some(url) = &self.url {
            args.url.clone_from(&url.text);
        }
        let sources = [self.sources.get(OF_ENDPOINT), self.sources.last()];
        args.forwarding.headers = last_headers(sources.into_iter().flatten());
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
            ConfigError::Target(_) => {
                let reason = error.to_string();
                return self.bad_url(&reason, None).map_or(error, Into::into);
            }
            _ => return error,
        };
        match self.setting(option, value) {
            Some(it) => SettingError::at(&self.path, &it.origin, &error.to_string()).into(),
            None => error,
        }
    }

    /// The error for a URL that is not valid, if it is not on the command line.
    pub fn bad_url(&self, reason: &str, hint: Option<&str>) -> Option<SettingError> {
        let GivenUrl { place, endpoint, .. } = self.url.as_ref()?;
        let reason = match endpoint {
            Some(name) => format!("section [{name}]: {reason}"),
            None => reason.to_owned(),
        };
        Some(SettingError { place: place.clone(), reason, hint: hint.map(str::to_owned) })
    }

    /// The target of the endpoint.
    pub(super) fn endpoint_target(&self) -> Result<Target, ConfigError> {
        let url = self.url.as_ref().map(|url| url.text.as_str()).unwrap_or_default();
        Target::parse(url).map_err(|error| self.locate(ConfigError::Target(error)))
    }

    /// The names of the options in the endpoint's section that `is_meant` accepts.
    pub(super) fn endpoint_options(&self, is_meant: fn(&Arg) -> bool) -> Vec<String> {
        let Some(section) = self.sources.get(OF_ENDPOINT) else { return Vec::new() };
        let command = arguments::command();
        let options = command.get_arguments().filter(|arg| is_meant(arg));
        let given = options.filter(|arg| cli::is_given(arg.get_id().as_str(), section));
        given.map(cli::option_name).collect()
    }

    /// The name of the endpoint.
    pub fn endpoint_name(&self) -> Option<&str> {
        self.url.as_ref().and_then(|url| url.endpoint.as_deref())
    }

    /// The last setting of this option with this value, unless that is on the command line too. A masked value may
    /// be any.
    fn setting(&self, option: &str, value: &str) -> Option<&Setting> {
        let mut command = arguments::command().ignore_errors(true);
        let id = arguments::find(&command, option)?.get_id().to_string();
        let has_value = |matches: &ArgMatches| {
            let mut values = matches.try_get_raw(&id).ok().flatten().into_iter().flatten();
            values.any(|own| value.contains("***") || own.to_string_lossy().contains(value))
        };
        let is_typed = self.sources.last().is_some_and(has_value);
        let mut settings = self.settings.iter().rev().filter(|_| !is_typed);
        settings.find(|setting| has_value(&parsed(&mut command, std::slice::from_ref(*setting))))
    }
}
