//! The lines of the configuration file, WSCOPE_OPTIONS, and a curl command, as arguments of a command line.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Args, Command, Id};

use super::file::SettingLine;
use super::origin::Origin;
use crate::cli::{ConnectArgs, complaint, is_given};

/// The arguments that a line of the configuration file, or another source, adds to the command line.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) origin: Origin,
    /// The option of the line, as clap's id.
    id: Option<Id>,
    /// Empty if it turns a flag off.
    pub(super) args: Vec<OsString>,
}

impl Setting {
    /// A line of the configuration file, or why it is not valid.
    pub(super) fn of_line(
        command: &mut Command,
        line: &SettingLine,
        home: Option<&Path>,
    ) -> Result<Self, String> {
        let (name, value) = match line.argument.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (line.argument.as_str(), None),
        };
        if name == "--url" {
            return Err("a line url = wss://… must be part of an endpoint: write [NAME] above it"
                .to_owned());
        }
        let arg = find(command, name);
        let is_flag = arg.is_some_and(|arg| !arg.get_action().takes_values());
        // Where the value may be missing, the next argument would be taken for it.
        let may_take_next = |arg: &Arg| !is_flag && !arg.is_require_equals_set();
        let argument = match value {
            Some("true") if is_flag => Some(name.to_owned()),
            Some("false") if is_flag => None,
            Some(_) if is_flag => return Err(format!("{name} must be true or false")),
            Some(value) => Some(format!("{name}={}", at_home(arg, value, home))),
            None if name.starts_with("--") && arg.is_some_and(may_take_next) => {
                return Err(format!("{name} requires a value"));
            }
            None => Some(name.to_owned()),
        };
        let id = arg.map(|arg| arg.get_id().clone());
        let args: Vec<_> = argument.into_iter().map(OsString::from).collect();
        check(command, &args)?;
        Ok(Self { origin: Origin::Line(line.number), id, args })
    }

    /// WSCOPE_OPTIONS, or why it is not valid. It is split as a shell does it.
    pub(super) fn of_variable(command: &mut Command, text: &OsStr) -> Result<Self, String> {
        let text = text.to_str().ok_or("it is not UTF-8")?;
        let words = shlex::split(text).ok_or("a quote is not closed, or a backslash ends it")?;
        if words.iter().any(|word| word == "--") {
            return Err("'--' is not an option".to_owned());
        }
        let args: Vec<_> = words.into_iter().map(OsString::from).collect();
        check(command, &args)?;
        Ok(Self { origin: Origin::Variable, id: None, args })
    }

    /// `--name`, `-n` or `--name=value`, or why it is not valid.
    pub(super) fn of_argument(
        command: &mut Command,
        argument: &str,
        origin: Origin,
        home: Option<&Path>,
    ) -> Result<Self, String> {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (argument, None),
        };
        let arg = find(command, name);
        let argument = match value {
            Some(value) => format!("{name}={}", path_at_home(arg, value, home)),
            None => argument.to_owned(),
        };
        let id = arg.map(|arg| arg.get_id().clone());
        let args = vec![OsString::from(argument)];
        check(command, &args)?;
        Ok(Self { origin, id, args })
    }
}

/// Checks the arguments of a setting alone; what they require may be elsewhere.
fn check(command: &mut Command, args: &[OsString]) -> Result<(), String> {
    const ONLY_TYPED: [&str; 5] = ["url", "connect", "listen", "no_config", "from_curl"];
    match parse(command, args) {
        Err(problem) if problem.kind() == ErrorKind::MissingRequiredArgument => Ok(()),
        Err(problem) if problem.use_stderr() => Err(reason(&problem)),
        Ok(matches) if !ONLY_TYPED.iter().any(|id| is_given(id, &matches)) => Ok(()),
        _ => Err("a URL, a command, --connect, --listen, --no-config, --from-curl, --help and --version are allowed only on the command line".to_owned()),
    }
}

/// Why clap rejects arguments, on one line.
fn reason(problem: &clap::Error) -> String {
    match complaint(problem) {
        (reason, Some(tip)) => format!("{reason}: {tip}"),
        (reason, None) => reason,
    }
}

/// Why clap rejects all arguments together, and the origin of the cause: it requires another option.
pub(super) fn cause(settings: &[Setting], problem: &clap::Error) -> (String, Origin) {
    let mut command = command();
    let all = reason(problem);
    let cause = settings.iter().find(|setting| {
        parse(&mut command, &setting.args).is_err_and(|alone| all.starts_with(&reason(&alone)))
    });
    (all, cause.map_or(Origin::Variable, |setting| setting.origin.clone()))
}

/// A command line of options alone.
pub(super) fn command() -> Command {
    // --version is known, so that the error says where it is allowed.
    let command = Command::new("wscope").version("").args_override_self(true);
    // A new one, as nothing takes back that it is required without another option.
    last_wins(ConnectArgs::augment_args(command).mut_arg("url", |_| Arg::new("url")))
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

/// The result of parsing arguments that follow the program's name.
pub(super) fn parse(command: &mut Command, args: &[OsString]) -> Result<ArgMatches, clap::Error> {
    command.try_get_matches_from_mut([OsString::from("wscope")].iter().chain(args))
}

/// The option with this name; of several letters after one dash, that of the first.
pub(super) fn find<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    let letter = name.chars().nth(1);
    command.get_arguments().find(|arg| match name.strip_prefix("--") {
        Some(long) => {
            let aliases = arg.get_all_aliases().unwrap_or_default();
            arg.get_long() == Some(long) || aliases.contains(&long)
        }
        None => letter.is_some() && arg.get_short() == letter,
    })
}

/// `~/` begins a path in the home directory, as in a shell.
fn at_home(arg: Option<&Arg>, value: &str, home: Option<&Path>) -> String {
    match (home, value.strip_prefix("@~/")) {
        (Some(home), Some(rest)) => format!("@{}/{rest}", home.display()),
        _ => path_at_home(arg, value, home),
    }
}

/// The same for the value of an option that is a path, but not for `@FILE`.
fn path_at_home(arg: Option<&Arg>, value: &str, home: Option<&Path>) -> String {
    let names = arg.and_then(Arg::get_value_names).unwrap_or_default();
    let is_path = names.iter().any(|name| name.contains("FILE") || name.contains("PATH"));
    match (home, value.strip_prefix("~/")) {
        (Some(home), Some(rest)) if is_path => format!("{}/{rest}", home.display()),
        _ => value.to_owned(),
    }
}

/// The arguments of all these settings, without the flags that a later one turns off.
pub(super) fn arguments(settings: &[Setting]) -> Vec<OsString> {
    let numbered = || settings.iter().enumerate();
    let off = numbered().filter(|(_, setting)| setting.args.is_empty());
    let off: HashMap<_, _> = off.map(|(at, setting)| (&setting.id, at)).collect();
    let kept = numbered().filter(|(at, setting)| off.get(&setting.id).is_none_or(|off| at > off));
    kept.flat_map(|(_, setting)| setting.args.iter().cloned()).collect()
}

/// The header fields. Those of a source replace those of their name from earlier sources.
pub(super) fn last_headers<'a>(sources: impl IntoIterator<Item = &'a ArgMatches>) -> Vec<String> {
    last_values(sources, "headers", |line| {
        let name = line.split(':').next().filter(|_| !line.starts_with('@'))?;
        Some(name.trim().to_ascii_lowercase())
    })
}

/// The values of a repeatable option. Those with a key replace the ones with the same key from earlier sources.
pub(super) fn last_values<'a>(
    sources: impl IntoIterator<Item = &'a ArgMatches>,
    id: &str,
    key: impl Fn(&str) -> Option<String>,
) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for source in sources {
        let values = source.try_get_many::<String>(id).ok().flatten().into_iter().flatten();
        let keys: HashSet<_> = values.clone().filter_map(|value| key(value)).collect();
        kept.retain(|value| key(value).is_none_or(|key| !keys.contains(&key)));
        kept.extend(values.cloned());
    }
    kept
}
