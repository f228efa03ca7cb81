//! Options from the configuration file and from WSCOPE_OPTIONS, put before those of the command line.
//!
//! The command line goes before WSCOPE_OPTIONS, that before the section of the endpoint, that before
//! the options for all. What cannot stand beside an option of more weight gives way to it.

use std::collections::HashSet;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::files::FileReader;
use super::secrets::GivenValues;
use super::{ConfigError, parse_duration, privacy, secrets};
use crate::event::Level;
use crate::platform::files::FileError;

mod blame;
mod catalog;
mod endpoint;
mod file;
mod words;

pub use blame::{Blame, SettingError, complaint, extra_url};
pub(super) use catalog::Catalog;
use catalog::Given;
use file::{File, Line};

/// What is no setting.
const UNSETTLED: [&str; 5] = ["connect", "listen", "no_config", "help", "version"];

/// Where settings are.
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
    /// Reads it by way of a look-up that knows no empty values.
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

/// A command line with what was put before it.
#[derive(Debug)]
pub struct Expanded {
    /// All of it.
    pub args: Vec<OsString>,
    /// The URL of the endpoint that was named.
    pub url: Option<String>,
    /// What the user should be told.
    pub notices: Vec<(Level, String)>,
    /// The values of all settings, also of those that give way.
    pub given: GivenValues,
    /// Who is to blame if it cannot be carried out.
    pub blame: Blame,
}

/// Puts the settings before what was typed. `matches` is what clap made of that alone; `None` if there
/// is nothing to add.
///
/// # Errors
/// With the first line of the file that cannot be read, or when there is no endpoint of that name.
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
    let ignored = no_config.is_some_and(|no| *no);
    let url = |id| typed.try_get_one::<String>(id).ok().flatten();
    let place = url("url").or_else(|| url("connect")).and_then(|url| url.strip_prefix('@'));
    if ignored {
        return match place {
            Some(_) => Err(SettingError::plain(
                "--no-config",
                "it leaves out the file that has the endpoints",
            )
            .into()),
            None => Ok(None),
        };
    }
    let files = FileReader::new(max_time(typed));
    let file = env.file.as_deref().map(|path| read(path, &files)).transpose()?;
    let file = file.flatten();
    let exists = file.is_some();
    let file = file.unwrap_or_default();
    let Some(path) = env.file.clone().or_else(|| place.is_none().then(PathBuf::new)) else {
        let reason = "there is no configuration file, as neither HOME nor XDG_CONFIG_HOME is set";
        return Err(SettingError::plain(&format!("@{}", place.unwrap_or_default()), reason).into());
    };
    let is_empty = file.defaults.is_empty() && file.endpoints.is_empty();
    if is_empty && place.is_none() && env.options.is_none() {
        return Ok(None);
    }
    let sources = Sources { catalog: Catalog::new(), path, home: env.home.as_deref() };
    let endpoint = place.map(|place| endpoint::find(exists.then_some(&file), place, &sources.path));
    let endpoint = endpoint.transpose()?;
    let lists = [
        sources.lines(&file.defaults, false)?,
        endpoint
            .as_ref()
            .map_or(Ok(Vec::new()), |found| sources.lines(&found.endpoint.lines, true))?,
        sources.variable(env.options.as_ref())?,
    ];
    let values = lists.iter().flatten();
    let values = values.filter_map(|it| Some((it.option.as_str(), it.value.as_deref()?)));
    let given = GivenValues::settings(values);
    let settings = sources.merge(lists, typed, subcommand);
    let mut notices = Vec::new();
    if has_secret(&file) && privacy::others_may_read(&sources.path) {
        notices.push((Level::Warning, privacy::warning(&sources.path)));
    }
    let at = args.len().min(if subcommand.is_some() { 2 } else { 1 });
    let mut expanded = args.to_vec();
    expanded.splice(at..at, settings.iter().flat_map(Given::args));
    let url_line = endpoint.as_ref().map(|found| found.url_line.clone());
    Ok(Some(Expanded {
        args: expanded,
        url: endpoint.map(|found| found.url),
        notices,
        given,
        blame: Blame::new(sources.path, settings, url_line, typed),
    }))
}

/// `--max-time` as it was typed; a bad value is reported later.
fn max_time(typed: &ArgMatches) -> Option<Duration> {
    let text = typed.try_get_one::<String>("max_time").ok().flatten()?;
    parse_duration(text).ok().filter(|duration| !duration.is_zero())
}

/// A file that is not there is an empty one.
fn read(path: &Path, files: &FileReader) -> Result<Option<File>, ConfigError> {
    let shown = path.display().to_string();
    let plain = |reason: &str| ConfigError::from(SettingError::plain(&shown, reason));
    let text = match files.bytes("configuration file", path) {
        Err(ConfigError::File { error: FileError::Io(error), .. })
            if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
        {
            return Ok(None);
        }
        Err(ConfigError::File { error, .. }) => return Err(plain(&error.to_string())),
        text => text?,
    };
    let text = String::from_utf8(text).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        ConfigError::from(SettingError::plain(&format!("{shown}, line {line}"), "it is not UTF-8"))
    })?;
    file::parse(&text).map(Some).map_err(|fault| SettingError::fault(path, &fault).into())
}

struct Sources<'a> {
    catalog: Catalog,
    path: PathBuf,
    home: Option<&'a Path>,
}

impl Sources<'_> {
    fn lines(&self, lines: &[Line], in_section: bool) -> Result<Vec<Given>, ConfigError> {
        let mut all = Vec::new();
        for line in lines.iter().filter(|line| !(in_section && endpoint::is_url(line))) {
            let given = self.catalog.line(line, self.home);
            let reason = match given.id.as_deref() {
                Some(id) if UNSETTLED.contains(&id) => {
                    "this belongs on the command line".to_owned()
                }
                Some(_) if given.lacks_value => needs_value(&given),
                Some(_) if given.is_flag && given.value.is_some() => {
                    "it is on or off: a value other than true or false means nothing".to_owned()
                }
                Some(_) => {
                    all.push(given);
                    continue;
                }
                None if endpoint::is_url(line) => {
                    "a URL belongs to an endpoint: write [NAME] above it".to_owned()
                }
                None => {
                    return Err(blame::alone(&given, &self.path)
                        .unwrap_or_else(|| SettingError::line(&self.path, line, "no such option"))
                        .into());
                }
            };
            return Err(SettingError::line(&self.path, line, &reason).into());
        }
        Ok(all)
    }

    fn variable(&self, options: Option<&OsString>) -> Result<Vec<Given>, ConfigError> {
        let Some(options) = options else { return Ok(Vec::new()) };
        let bad = |reason: &str| ConfigError::from(SettingError::plain(blame::VARIABLE, reason));
        let text = options.to_str().ok_or_else(|| bad("it is not UTF-8"))?;
        let words = words::split(text).map_err(|reason| bad(&reason))?;
        let all = self.catalog.words(words).map_err(|reason| bad(&reason))?;
        let wrong = all.iter().find(|given| given.id.is_none() || given.lacks_value);
        if let Some(given) = wrong {
            let error = (!given.lacks_value).then(|| blame::alone(given, &self.path)).flatten();
            return Err(error.map_or_else(|| bad(&needs_value(given)), ConfigError::from));
        }
        let is_unsettled =
            |given: &&Given| given.id.as_deref().is_some_and(|id| UNSETTLED.contains(&id));
        match all.iter().find(is_unsettled) {
            Some(own) => Err(bad(&format!("{} belongs on the command line", own.option))),
            None => Ok(all),
        }
    }

    /// One list in the end, the weightiest last.
    fn merge(
        &self,
        lists: [Vec<Given>; 3],
        typed: &ArgMatches,
        subcommand: Option<&str>,
    ) -> Vec<Given> {
        let is_typed = |id: &str| typed.value_source(id) == Some(ValueSource::CommandLine);
        let mut weightier = Weightier::default();
        for id in typed.ids().map(|id| id.as_str()).filter(|id| is_typed(id)) {
            weightier.add(id, None);
            for value in typed.get_raw(id).into_iter().flatten() {
                weightier.add(id, value.to_str());
            }
        }
        let mut kept: Vec<Given> = Vec::new(); // the weightiest first
        let mut off = HashSet::new();
        for list in lists.into_iter().rev() {
            let fits = |given: &Given| {
                let id = given.id.as_deref().unwrap_or_default();
                self.catalog.is_for(id, subcommand) && !self.gives_way(given, &weightier)
            };
            let list: Vec<_> = list.into_iter().filter(fits).collect();
            for given in &list {
                weightier.add(given.id.as_deref().unwrap_or_default(), given.value.as_deref());
            }
            for given in list.into_iter().rev() {
                if given.is_off {
                    off.insert(given.id);
                } else if !off.contains(&given.id) {
                    kept.push(given);
                }
            }
        }
        kept.reverse();
        kept
    }

    /// Options exclude each other; a header replaces those of its name, and subprotocols all others.
    fn gives_way(&self, given: &Given, weightier: &Weightier) -> bool {
        let Some(id) = given.id.as_deref() else { return false };
        let is_replaced = || {
            let name = header_name(given.value.as_deref());
            name.is_some_and(|name| weightier.headers.contains(&name))
        };
        match id {
            "subprotocols" => weightier.ids.contains(id),
            "headers" if is_replaced() => true,
            _ => weightier.ids.iter().any(|other| other != id && self.catalog.exclude(id, other)),
        }
    }
}

/// What goes before a setting.
#[derive(Default)]
struct Weightier {
    /// Clap's names of the options.
    ids: HashSet<String>,
    /// The names of the headers, in lower case.
    headers: HashSet<String>,
}

impl Weightier {
    fn add(&mut self, id: &str, value: Option<&str>) {
        if !self.ids.contains(id) {
            self.ids.insert(id.to_owned());
        }
        if id == "headers" {
            self.headers.extend(header_name(value));
        }
    }
}

fn needs_value(given: &Given) -> String {
    let name = given.option.trim_start_matches('-');
    match given.option.starts_with("--") {
        true => format!("a value is required: {name} = VALUE"),
        false => format!("a value is required: {} VALUE", given.option),
    }
}

fn header_name(line: Option<&str>) -> Option<String> {
    let line = line.filter(|line| !line.starts_with('@'))?;
    Some(line.split(':').next()?.trim().to_ascii_lowercase())
}

fn has_secret(file: &File) -> bool {
    let sections = file.endpoints.iter().flat_map(|endpoint| &endpoint.lines);
    file.defaults.iter().chain(sections).any(|line| {
        let value = line.value.as_deref().unwrap_or_default();
        secrets::is_secret(&line.option, value)
    })
}
