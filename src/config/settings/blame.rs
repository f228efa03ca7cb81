//! Which line of which file made a command line that cannot be carried out.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, CommandFactory};

use super::catalog::Given;
use super::file::{Fault, Line};
use crate::cli::Cli;
use crate::config::ConfigError;
use crate::net::proxy::{BadSetting, Origin};

/// The other place of settings.
pub(super) const VARIABLE: &str = "WSCOPE_OPTIONS";

const HINT: &str = "'wscope --help' lists the options; --no-config leaves the file out";

/// What is wrong with a setting, and where it is.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct SettingError {
    /// The file and the line, or the variable.
    pub place: String,
    /// What is wrong there.
    pub reason: String,
    /// The line without its value, and below it carets: two indented lines.
    pub marked: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl From<SettingError> for ConfigError {
    fn from(error: SettingError) -> Self {
        Self::Configured(error)
    }
}

impl SettingError {
    pub(in crate::config) fn plain(place: &str, reason: &str) -> Self {
        Self { place: place.to_owned(), reason: reason.to_owned(), marked: None, hint: None }
    }

    pub(super) fn fault(path: &Path, fault: &Fault) -> Self {
        let place = format!("{}, line {}", path.display(), fault.number);
        let marked = marked(&fault.shown, fault.at.start, fault.at.len().max(1));
        Self { marked: Some(marked), ..Self::plain(&place, &fault.reason) }
    }

    pub(super) fn line(path: &Path, line: &Line, reason: &str) -> Self {
        let place = format!("{}, line {}", path.display(), line.number);
        let value = if line.value.is_some() { " …" } else { "" };
        let marked = marked(&format!("{}{value}", line.shown), line.at.start, line.at.len());
        Self { marked: Some(marked), hint: Some(HINT.to_owned()), ..Self::plain(&place, reason) }
    }
}

/// The longest line that is shown whole, in characters.
const MAX_SHOWN: usize = 120;

/// What a `#` behind a value is taken for.
const COMMENT: &str = "a '#' behind a value is part of it: put the comment on a line of its own, or the value in quotes";

fn has_comment(line: &Line) -> bool {
    line.value.as_deref().is_some_and(|value| value.contains(" #"))
}

fn marked(text: &str, start: usize, length: usize) -> String {
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let before = text.get(..start).map_or(start, |before| before.chars().count());
    let count = text.get(start..start + length).map_or(length, |part| part.chars().count());
    if shown.chars().count() > MAX_SHOWN {
        let cut: String = shown.chars().skip(before).take(MAX_SHOWN).collect();
        return format!("  {cut}…\n  {}", "^".repeat(count.min(MAX_SHOWN)));
    }
    format!("  {shown}\n  {}{}", " ".repeat(before), "^".repeat(count))
}

/// Finds the guilty setting.
#[derive(Debug)]
pub struct Blame {
    path: PathBuf,
    settings: Vec<Given>,
    url: Option<Line>,
    /// Options on the command line itself, with their values.
    typed: Vec<(String, Vec<String>)>,
}

impl Blame {
    pub(super) fn new(
        path: PathBuf,
        settings: Vec<Given>,
        url: Option<Line>,
        typed: &ArgMatches,
    ) -> Self {
        let values = |id: &str| {
            let raw = typed.get_raw(id).into_iter().flatten();
            raw.map(|value| value.to_string_lossy().into_owned()).collect()
        };
        let typed = typed.ids().map(|id| (id.to_string(), values(id.as_str()))).collect();
        Self { path, settings, url, typed }
    }

    /// A command line that clap took until the settings were put before it.
    pub fn parsing(&self, problem: &clap::Error) -> ConfigError {
        let guilty = self.settings.iter().find_map(|given| alone(given, &self.path));
        let guilty = guilty.unwrap_or_else(|| {
            // Each is well by itself: two of them exclude each other.
            let of_variable = self.settings.iter().filter(|given| given.line.is_none());
            let place = match parse(of_variable.flat_map(Given::args)) {
                Err(_) => VARIABLE.to_owned(),
                Ok(()) => self.path.display().to_string(),
            };
            let (reason, hint) = complaint(problem);
            let hint = hint.or_else(|| Some(HINT.to_owned()));
            SettingError { hint, ..SettingError::plain(&place, &reason) }
        });
        guilty.into()
    }

    /// An error with the setting it comes from, if it comes from one.
    pub fn carrying_out(&self, error: ConfigError) -> ConfigError {
        let (option, value) = match &error {
            ConfigError::Value { option, value, .. } => (*option, value.clone()),
            ConfigError::File { option, path, .. } => (*option, path.clone()),
            ConfigError::Setting(BadSetting { origin: Origin::Option(option), shown, .. }) => {
                (*option, shown.clone())
            }
            ConfigError::Target(target) => {
                let Some(line) = &self.url else { return error };
                let marked = Some(target.marked());
                let reason = format!("bad URL: {target}");
                let place = SettingError::line(&self.path, line, &reason);
                let hint = has_comment(line).then(|| COMMENT.to_owned());
                return SettingError { marked, hint, ..place }.into();
            }
            _ => return error,
        };
        match self.guilty(option, &value) {
            Some(given) => complain(given, &self.path, &error.to_string()).into(),
            None => error,
        }
    }

    /// The weightiest setting of this option with this value, unless it was typed.
    fn guilty(&self, option: &str, value: &str) -> Option<&Given> {
        let is_hidden = value.contains("***");
        let given = self.settings.iter().rev().find(|given| {
            let has_value = given.value.as_deref().is_some_and(|own| own.contains(value));
            given.long.as_deref() == Some(option) && (is_hidden || has_value)
        })?;
        let typed = self.typed.iter().find(|(id, _)| Some(id) == given.id.as_ref());
        let is_typed = typed
            .is_some_and(|(_, values)| values.iter().any(|own| !is_hidden && own.contains(value)));
        (!is_typed).then_some(given)
    }
}

/// What clap says of a setting by itself.
pub(super) fn alone(given: &Given, path: &Path) -> Option<SettingError> {
    let problem = parse(given.args().into_iter()).err()?;
    let (reason, tip) = complaint(&problem);
    let error = complain(given, path, &reason);
    Some(SettingError { hint: tip.or(error.hint), ..error })
}

fn complain(given: &Given, path: &Path, reason: &str) -> SettingError {
    match &given.line {
        Some(line) if has_comment(line) => SettingError {
            hint: Some(COMMENT.to_owned()),
            ..SettingError::line(path, line, reason)
        },
        Some(line) => SettingError::line(path, line, reason),
        None => {
            let hint = Some("'wscope --help' lists the options".to_owned());
            SettingError { hint, ..SettingError::plain(VARIABLE, reason) }
        }
    }
}

fn parse(settings: impl Iterator<Item = OsString>) -> Result<(), clap::Error> {
    let url = OsString::from("ws://localhost");
    let args = [OsString::from("wscope")].into_iter().chain(settings).chain([url]);
    Cli::command().try_get_matches_from(args).map(drop)
}

/// What clap says, in one line, and its tip.
pub fn complaint(problem: &clap::Error) -> (String, Option<String>) {
    let text = problem.render().to_string();
    let mut paragraphs = text.split("\n\n");
    let first = paragraphs.next().unwrap_or_default();
    let message =
        first.trim_start_matches("error: ").split_whitespace().collect::<Vec<_>>().join(" ");
    let message = match extra_url(problem) {
        Some(extra) => format!("unexpected argument '{extra}': there is a URL already"),
        None => message,
    };
    let tip = paragraphs.next().and_then(|text| text.trim().strip_prefix("tip: "));
    (message, tip.filter(|tip| tip.contains("similar")).map(str::to_owned))
}

/// The second URL of a command line; clap takes it for a subcommand.
pub fn extra_url(problem: &clap::Error) -> Option<String> {
    match (problem.kind(), problem.get(ContextKind::InvalidSubcommand)) {
        (ErrorKind::ArgumentConflict, Some(ContextValue::String(extra))) => Some(extra.clone()),
        _ => None,
    }
}
