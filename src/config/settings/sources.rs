//! The lines of the configuration file, and WSCOPE_OPTIONS, as arguments of a command line.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory};

use super::file::SettingLine;
use super::{SettingError, endpoint, words};
use crate::cli::{Cli, complaint, is_given};

const VARIABLE: &str = "WSCOPE_OPTIONS";

/// The options that are allowed only on the command line.
const NOT_SETTINGS: [&str; 9] =
    ["--connect", "-c", "--listen", "-l", "--no-config", "--help", "-h", "--version", "-V"];

/// The arguments that a line of the configuration file, or WSCOPE_OPTIONS, adds to the command line.
#[derive(Debug)]
pub(super) struct Setting {
    /// Empty if it turns a flag off.
    pub(super) args: Vec<OsString>,
    /// Clap's id of the flag that it turns on or off.
    flag: Option<String>,
    /// `None` for WSCOPE_OPTIONS.
    line: Option<SettingLine>,
}

impl Setting {
    /// An error whose cause is this setting.
    pub(super) fn error(&self, path: &Path, reason: &str) -> SettingError {
        let Some(line) = &self.line else {
            let hint = Some("'wscope --help' lists the options".to_owned());
            return SettingError { hint, ..SettingError::plain(VARIABLE, reason) };
        };
        line.error(path, reason)
    }
}

/// What checking a source depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Check<'a> {
    /// The configuration file.
    pub(super) path: &'a Path,
    pub(super) home: Option<&'a Path>,
    /// A subcommand uses only few settings: what is wrong with the others does not matter to it.
    pub(super) has_effect: bool,
    /// The sources after it, whose options replace those that they exclude.
    pub(super) later: &'a [ArgMatches],
}

impl Check<'_> {
    /// Whether a later source replaces a setting.
    fn replaces(&self, command: &Command, setting: &Setting) -> bool {
        let Some(name) = setting.args.first().and_then(|arg| arg.to_str()) else { return false };
        let name = name.split('=').next().unwrap_or_default();
        let Some(arg) = find(command, name) else { return false };
        let mut given = command
            .get_arguments()
            .filter(|it| self.later.iter().any(|matches| is_given(it.get_id().as_str(), matches)));
        let excludes = |one: &Arg, other: &Arg| {
            let excluded = command.get_arg_conflicts_with(one);
            excluded.iter().any(|it| it.get_id() == other.get_id())
        };
        given.any(|it| it.get_id() == arg.get_id() || excludes(it, arg) || excludes(arg, it))
    }
}

/// The settings of one source.
#[derive(Debug, Default)]
pub(super) struct SettingsSource {
    pub(super) settings: Vec<Setting>,
    /// The result of parsing them.
    pub(super) matches: ArgMatches,
}

impl SettingsSource {
    /// Checks settings that depend on each other. What they require may be in another source.
    fn new(settings: Vec<Setting>, check: &Check<'_>) -> Result<Self, SettingError> {
        if settings.is_empty() {
            return Ok(Self::default());
        }
        let matches = match parse(&mut command(), &settings) {
            Err(problem)
                if problem.kind() == ErrorKind::MissingRequiredArgument
                    || !check.has_effect
                    || is_settled(&settings, &problem, check) =>
            {
                parse(&mut command().ignore_errors(true), &settings)
            }
            result => result,
        };
        let matches = matches.map_err(|problem| located(&settings, check.path, &problem))?;
        Ok(Self { settings, matches })
    }

    /// Those in lines of the configuration file.
    ///
    /// # Errors
    /// With the first line that is not valid.
    pub(super) fn of_lines(lines: &[SettingLine], check: &Check<'_>) -> Result<Self, SettingError> {
        if lines.is_empty() {
            return Ok(Self::default());
        }
        let command = command();
        let settings = lines.iter().map(|line| {
            let setting = setting(&command, line, check.home);
            setting.map_err(|reason| line.error(check.path, &reason))
        });
        Self::new(settings.collect::<Result<_, _>>()?, check)
    }

    /// Those in WSCOPE_OPTIONS.
    ///
    /// # Errors
    /// Why it is not valid.
    pub(super) fn of_variable(text: &OsStr, check: &Check<'_>) -> Result<Self, SettingError> {
        let error = |reason: &str| SettingError::plain(VARIABLE, reason);
        let text = text.to_str().ok_or_else(|| error("it is not UTF-8"))?;
        let words = words::split(text).map_err(|reason| error(&reason))?;
        let names = words.iter().map(|word| word.split('=').next().unwrap_or_default());
        if let Some(name) = names.clone().find(|name| NOT_SETTINGS.contains(name)) {
            return Err(error(&format!("{name} is allowed only on the command line")));
        }
        let args: Vec<_> = words.iter().map(OsString::from).collect();
        let setting = (!args.is_empty()).then_some(Setting { args, flag: None, line: None });
        let source = Self::new(setting.into_iter().collect(), check)?;
        let url = source.matches.try_get_one::<String>("url").ok().flatten();
        let extra = separator(&words).or_else(|| url.map(String::as_str));
        match extra.or_else(|| source.matches.subcommand_name()) {
            Some(word) => Err(error(&format!(
                "'{word}' is not an option; a URL is allowed only on the command line"
            ))),
            None => Ok(source),
        }
    }
}

/// Whether options that exclude each other are replaced by later sources, as far as they do.
fn is_settled(settings: &[Setting], problem: &clap::Error, check: &Check<'_>) -> bool {
    if problem.kind() != ErrorKind::ArgumentConflict {
        return false;
    }
    let mut command = command();
    command.build();
    let kept = settings.iter().filter(|setting| !check.replaces(&command, setting));
    let args = kept.flat_map(|setting| setting.args.iter().cloned());
    let args: Vec<_> = [OsString::from("wscope")].into_iter().chain(args).collect();
    match command.try_get_matches_from(args) {
        Ok(_) => true,
        Err(problem) => problem.kind() == ErrorKind::MissingRequiredArgument,
    }
}

/// A `--` that ends the options, and is not the value of one.
fn separator(words: &[String]) -> Option<&str> {
    let at = words.iter().position(|word| word == "--")?;
    // Without its value, the option before it is not complete.
    let before = words[..at].iter().map(OsString::from);
    let args: Vec<_> = [OsString::from("wscope")].into_iter().chain(before).collect();
    command().try_get_matches_from(args).is_ok().then_some("--")
}

/// The command line without arguments that are not settings.
pub(super) fn command() -> Command {
    let command = Cli::command().mut_arg("url", |arg| arg.required(false));
    command.disable_help_flag(true).disable_version_flag(true)
}

fn setting(command: &Command, line: &SettingLine, home: Option<&Path>) -> Result<Setting, String> {
    let name = line.option.as_str();
    if endpoint::is_url(line) {
        return Err("a URL must be part of an endpoint: write [NAME] above it".to_owned());
    }
    if NOT_SETTINGS.contains(&name) {
        return Err("this is allowed only on the command line".to_owned());
    }
    let arg = find(command, name);
    let flag = arg.filter(|arg| !matches!(arg.get_action(), ArgAction::Set | ArgAction::Append));
    let argument = match line.value.as_deref() {
        None if arg.is_some_and(|arg| wants_value(arg, name)) => {
            return Err(match name.strip_prefix("--") {
                Some(name) => format!("a value is required: {name} = VALUE"),
                None => format!("a value is required: {name} VALUE"),
            });
        }
        None => Some(name.to_owned()),
        Some("true" | "yes" | "on") if flag.is_some() => Some(name.to_owned()),
        Some("false" | "no" | "off") if flag.is_some() => None,
        Some(_) if flag.is_some() => {
            let reason = "its value must be true or false";
            return Err(reason.to_owned());
        }
        Some(value) => Some(format!("{name}={}", at_home(arg, value, home))),
    };
    let args = argument.into_iter().map(OsString::from).collect();
    Ok(Setting { args, flag: flag.map(|arg| arg.get_id().to_string()), line: Some(line.clone()) })
}

/// The option with this name; of several letters after one dash, that of the first.
pub(super) fn find<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    let mut args = command.get_arguments();
    match name.strip_prefix("--") {
        Some(long) => args.find(|arg| {
            let aliases = arg.get_all_aliases();
            arg.get_long() == Some(long) || aliases.is_some_and(|all| all.contains(&long))
        }),
        None => {
            args.find(|arg| arg.get_short().is_some() && arg.get_short() == name.chars().nth(1))
        }
    }
}

/// Whether the argument after it would be its value.
fn wants_value(arg: &Arg, name: &str) -> bool {
    let has_value = !name.starts_with("--") && name.chars().count() > 2;
    let may_lack_value = arg.get_num_args().is_some_and(|count| count.min_values() == 0);
    arg.get_action().takes_values() && !has_value && !may_lack_value
}

/// `~/` begins a path in the home directory, as in a shell.
fn at_home(arg: Option<&Arg>, value: &str, home: Option<&Path>) -> String {
    let names = arg.and_then(Arg::get_value_names).unwrap_or_default();
    let is_path = names.iter().any(|name| name.contains("FILE") || name.contains("PATH"));
    match (home, value.strip_prefix("~/"), value.strip_prefix("@~/")) {
        (Some(home), Some(rest), _) if is_path => format!("{}/{rest}", home.display()),
        (Some(home), _, Some(rest)) => format!("@{}/{rest}", home.display()),
        _ => value.to_owned(),
    }
}

/// The arguments of all these settings, without the flags that a later one turns off.
pub(super) fn arguments(settings: &[Setting]) -> Vec<OsString> {
    let mut off = HashSet::new();
    let mut lists = Vec::new();
    for setting in settings.iter().rev() {
        if setting.flag.as_ref().is_none_or(|flag| !off.contains(flag)) {
            lists.push(&setting.args);
        }
        if setting.args.is_empty() {
            off.extend(&setting.flag);
        }
    }
    lists.into_iter().rev().flatten().cloned().collect()
}

/// The result of parsing settings alone.
pub(super) fn parse(
    command: &mut Command,
    settings: &[Setting],
) -> Result<ArgMatches, clap::Error> {
    command
        .try_get_matches_from_mut([OsString::from("wscope")].into_iter().chain(arguments(settings)))
}

/// The error with the location of the setting that causes it: the settings before it are valid.
pub(super) fn located(settings: &[Setting], path: &Path, problem: &clap::Error) -> SettingError {
    let counts: Vec<_> = (1..=settings.len()).collect();
    let is_right = |count: &usize| {
        parse(&mut command(), &settings[..*count])
            .err()
            .is_none_or(|it| it.kind() != problem.kind())
    };
    let (reason, tip) = complaint(problem);
    let error = match settings.get(counts.partition_point(is_right)) {
        Some(setting) => setting.error(path, &reason),
        None => SettingError::plain(&path.display().to_string(), &reason),
    };
    SettingError { hint: tip.or(error.hint), ..error }
}

/// The command line, where an option replaces those before it that it excludes.
pub(super) fn last_wins(command: Command) -> Command {
    let original = command.clone();
    let command = command.mut_args(|arg| {
        let excluded = original.get_arg_conflicts_with(&arg);
        let excluded: Vec<_> = excluded.into_iter().map(|arg| arg.get_id().clone()).collect();
        arg.overrides_with_all(excluded)
    });
    command.mut_subcommands(last_wins)
}

/// The values of a repeatable option. Those with a key replace the ones with the same key from earlier sources.
pub(super) fn last_values(
    sources: &[ArgMatches],
    id: &str,
    key: impl Fn(&str) -> Option<String>,
) -> Vec<String> {
    let mut keys = HashSet::new();
    let mut kept: Vec<String> = Vec::new(); // in reverse order
    for source in sources.iter().rev() {
        let values = source.try_get_many::<String>(id).ok().flatten();
        let values: Vec<_> = values.into_iter().flatten().collect();
        let is_kept = |value: &&&String| key(value).is_none_or(|key| !keys.contains(&key));
        kept.extend(values.iter().rev().filter(is_kept).map(|value| (*value).clone()));
        keys.extend(values.iter().filter_map(|value| key(value)));
    }
    kept.reverse();
    kept
}
