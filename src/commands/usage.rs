//! Error messages for command lines that clap rejects.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory};

use super::check::is_own_option;
use super::connect;
use crate::cli::{
    Cli, FIRST_STEPS, complaint, extra_url, is_command, similar_command, url_argument,
};
use crate::config::{ConfigError, Expanded, secret_arguments};
use crate::error::Error;
use crate::redact::Redaction;

/// The error for a command line that clap rejected. Its first line is the reason.
pub(super) fn usage(args: &[OsString], problem: &clap::Error) -> Error {
    let error = match url_argument(args).filter(|word| is_command(word)) {
        Some(word) => misplaced_command(&word, args),
        None => rejected(args, problem),
    };
    let is_two = args.windows(2).any(|pair| pair[0] == "--output" && pair[1] == "json");
    if is_two || args.iter().any(|arg| arg == "--json" || arg == "--output=json") {
        connect::emit_failure(&error);
    }
    error
}

fn rejected(args: &[OsString], problem: &clap::Error) -> Error {
    if args.len() <= 1 {
        return Error::NoArguments(FIRST_STEPS);
    }
    let (message, tip) = complaint(problem);
    let better = negative_value(args, problem).or_else(|| unmet_requirement(args, problem));
    let message = without_secrets(better.unwrap_or(message), args);
    if let Some(error) = unknown_topic(args) {
        return error;
    }
    let word = url_argument(args).unwrap_or_default();
    let meant = similar_command(&word);
    let url = scenario_option(args, problem)
        .or_else(|| host_and_port(args, problem).map(|url| format!("did you mean {url}?")));
    let url = url.or_else(|| detached_value(args)).or_else(|| other_command(problem));
    if let Some(command) = &meant
        && (extra_url(problem).is_some() || is_valid(&moved(command, &word, args)))
    {
        return unknown_command(&word, &format!("did you mean 'wscope {command}'?"));
    }
    let hint = match (meant, url.or(tip)) {
        (Some(command), Some(tip)) => format!("{tip}; or did you mean 'wscope {command}'?"),
        (Some(command), None) => format!("did you mean 'wscope {command}'?"),
        (None, Some(tip)) => tip,
        (None, None) => format!("'wscope {}--help' lists the options", command_of(args)),
    };
    Error::Usage { message, hint: Some(hint) }
}

/// For an argument of `check` that is the name of an option of scenarios.
fn scenario_option(args: &[OsString], problem: &clap::Error) -> Option<String> {
    let (ErrorKind::UnknownArgument, Some(ContextValue::String(argument))) =
        (problem.kind(), problem.get(ContextKind::InvalidArg))
    else {
        return None;
    };
    let name = argument.strip_prefix("--")?.split('=').next()?;
    let is_meant = command_of(args) == "check " && is_own_option(name);
    is_meant.then(|| format!("a scenario has this option: '{name}: VALUE' below [Options]"))
}

/// The command that a command line begins with, and a space; empty if it has none.
fn command_of(args: &[OsString]) -> String {
    let first = args.get(1).and_then(|arg| arg.to_str());
    first.filter(|word| is_command(word)).map_or_else(String::new, |command| format!("{command} "))
}

fn unknown_command(word: &str, hint: &str) -> Error {
    Error::Usage { message: format!("unknown command '{word}'"), hint: Some(hint.to_owned()) }
}

/// The error for `help` and `man` with a name that is not a command's.
pub(super) fn unknown_name(asked: &str, name: &str) -> Error {
    let shown = Redaction::Mask.argument(name);
    match similar_command(name) {
        Some(command) => {
            unknown_command(&shown, &format!("did you mean 'wscope {asked} {command}'?"))
        }
        None => unknown_command(&shown, "'wscope --help' lists the commands"),
    }
}

/// `help` with a name that is not a command's.
fn unknown_topic(args: &[OsString]) -> Option<Error> {
    let [_, help, name, ..] = args else { return None };
    let name = name.to_string_lossy();
    (help == "help" && !is_command(&name)).then(|| unknown_name("help", &name))
}

/// A command behind an option is not treated as a host.
fn misplaced_command(word: &str, args: &[OsString]) -> Error {
    let host = format!("A host of that name is written ws://{word}/");
    let hint = if is_valid(&moved(word, word, args)) {
        let mut shown = args.to_vec();
        for (place, masked) in secret_arguments(args) {
            shown[place] = masked;
        }
        let line = moved(word, word, &shown);
        let line: Vec<_> = line.iter().map(|arg| quoted(&arg.to_string_lossy())).collect();
        format!("write it first: {}. {host}", line.join(" "))
    } else {
        format!("'wscope {word} --help' lists them. {host}")
    };
    Error::Usage {
        message: format!("'{word}' is a command: its options are written after it"),
        hint: Some(hint),
    }
}

/// The command line with a command before the options, in place of the first argument that is `word`.
fn moved(command: &str, word: &str, args: &[OsString]) -> Vec<OsString> {
    let at = args.iter().skip(1).position(|arg| arg == word);
    let others = args.iter().skip(1).enumerate().filter(|(place, _)| Some(*place) != at);
    let others = others.map(|(_, arg)| arg.clone());
    [OsString::from("wscope"), command.into()].into_iter().chain(others).collect()
}

/// Whether a command line can be run, or has help.
fn is_valid(args: &[OsString]) -> bool {
    let problem = Cli::command().try_get_matches_from(without_help_options(args)).err();
    problem.is_none_or(|problem| !problem.use_stderr())
}

/// The arguments of `wscope help` without -h, --help and the name `wscope`.
pub(super) fn without_help_options(args: &[OsString]) -> Vec<OsString> {
    let is_help = args.get(1).is_some_and(|arg| arg == "help");
    let is_kept = |(place, arg): &(usize, &OsString)| {
        !is_help || *place < 2 || !["--help", "-h", "wscope"].iter().any(|it| arg == it)
    };
    args.iter().enumerate().filter(is_kept).map(|(_, arg)| arg.clone()).collect()
}

/// An argument as a shell reads it.
fn quoted(arg: &str) -> String {
    let is_plain =
        !arg.is_empty() && !arg.contains(|c: char| c.is_whitespace() || "'\"".contains(c));
    if is_plain { arg.to_owned() } else { format!("'{}'", arg.replace('\'', r"'\''")) }
}

/// A URL that is one word and the name of a command, or similar to one, is not treated as a host.
pub(super) fn refuse_mistyped_command(
    url: Option<&str>,
    args: &[OsString],
    expanded: Option<&Expanded>,
) -> Result<(), Error> {
    let Some(word) = url else { return Ok(()) };
    let (is_command, similar) = (is_command(word), similar_command(word));
    if !is_command && similar.is_none() {
        return Ok(());
    }
    let host = format!("A host of that name is written ws://{word}");
    let reason = format!("'{word}' is a command or similar to one, not a URL");
    let configured = expanded.and_then(|expanded| expanded.bad_url(&reason, Some(&host)));
    Err(match (configured, similar) {
        (Some(error), _) => ConfigError::from(error).into(),
        (None, None) => misplaced_command(word, args),
        (None, Some(command)) => {
            unknown_command(word, &format!("did you mean 'wscope {command}'? {host}"))
        }
    })
}

/// The message about an option whose value is missing, or a negative number: those are options, such as -1.
fn negative_value(args: &[OsString], problem: &clap::Error) -> Option<String> {
    let (ErrorKind::InvalidValue, Some(ContextValue::String(option))) =
        (problem.kind(), problem.get(ContextKind::InvalidArg))
    else {
        return None;
    };
    let name = option.split([' ', '=', '[']).next()?;
    let at = args.iter().position(|arg| arg == name)?;
    let value = args.get(at + 1)?.to_str()?;
    let is_number = value.strip_prefix('-').is_some_and(|rest| rest.parse::<f64>().is_ok());
    is_number.then(|| {
        format!("a value is required for '{option}': '{value}' is an option or a negative number")
    })
}

/// The message about an option that requires another one: without it, nothing is missing.
fn unmet_requirement(args: &[OsString], problem: &clap::Error) -> Option<String> {
    let missing = |problem: &clap::Error| match problem.get(ContextKind::InvalidArg) {
        Some(ContextValue::Strings(names)) => names.first().cloned(),
        _ => None,
    };
    let is_missing = |problem: &clap::Error| problem.kind() == ErrorKind::MissingRequiredArgument;
    let needed = missing(problem).filter(|it| is_missing(problem) && it.starts_with("--"))?;
    // What is refused for another reason may have lost an option of which the value is left.
    let is_met_without = |at: usize, count: usize| {
        let mut others = args.to_vec();
        others.drain(at..at + count);
        let problem = Cli::command().try_get_matches_from(others).err();
        problem.is_none_or(|it| is_missing(&it) && missing(&it).as_ref() != Some(&needed))
    };
    let is_option = |at: usize| args[at].to_string_lossy().starts_with('-');
    let has_value = |at: usize| at + 1 < args.len() && !is_option(at + 1);
    let requires =
        |at: &usize| is_met_without(*at, 1) || (has_value(*at) && is_met_without(*at, 2));
    let mut options = (1..args.len()).filter(|at| args[*at].to_string_lossy().starts_with("--"));
    let option = args[options.find(requires)?].to_string_lossy().into_owned();
    let option = option.split('=').next().unwrap_or_default();
    Some(format!("{option} requires {}", needed.replace(['<', '>'], "")))
}

/// The hint for an option of other commands.
fn other_command(problem: &clap::Error) -> Option<String> {
    let (ErrorKind::UnknownArgument, Some(ContextValue::String(option))) =
        (problem.kind(), problem.get(ContextKind::InvalidArg))
    else {
        return None;
    };
    let name = option.strip_prefix("--")?;
    let has_it = |command: &Command| {
        command.get_arguments().any(|arg| arg.get_long() == Some(name) && !arg.is_hide_set())
    };
    let cli = Cli::command();
    let connects = has_it(&cli).then(|| "'wscope URL'".to_owned());
    let others = cli.get_subcommands().filter(|command| has_it(command));
    let others = others.map(|command| format!("'wscope {}'", command.get_name()));
    let mut commands: Vec<_> = connects.into_iter().chain(others).collect();
    let last = commands.pop()?;
    let list =
        if commands.is_empty() { last } else { format!("{} and {last}", commands.join(", ")) };
    Some(format!("{option} is an option of {list}"))
}

/// The hint for a value behind an option that takes one with `=` only, such as `--retry 3`: with that, the command line is
/// valid.
fn detached_value(args: &[OsString]) -> Option<String> {
    let cli = Cli::command();
    let command = cli.find_subcommand(command_of(args).trim_end()).unwrap_or(&cli);
    (1..args.len().saturating_sub(1)).find_map(|at| {
        let (option, value) = (args[at].to_str()?, args[at + 1].to_str()?);
        let name = option.strip_prefix("--").filter(|name| !name.is_empty())?;
        // Numbers, ports and words of a list: another word may be a host.
        let is_number = value.trim_start_matches(':').parse::<u64>().is_ok();
        let is_listed = || {
            let arg = command.get_arguments().find(|arg| arg.get_long() == Some(name));
            let values = arg.map_or_else(Vec::new, Arg::get_possible_values);
            values.iter().any(|listed| listed.matches(value, false))
        };
        if !(is_number || is_listed()) {
            return None;
        }
        let joined = format!("{option}={value}");
        let mut meant = args.to_vec();
        meant.splice(at..=at + 1, [OsString::from(&joined)]);
        is_valid(&meant).then(|| format!("did you mean {joined}?"))
    })
}

/// The URL for `HOST PORT`, if these are the only arguments.
fn host_and_port(args: &[OsString], problem: &clap::Error) -> Option<String> {
    let extra = extra_url(problem)?;
    let [_, host, port, ..] = args else { return None };
    let (host, port) = (host.to_str()?, port.to_str()?);
    let is_host = !host.starts_with('-') && !host.contains([':', '/', '@', '=', '?', '#']);
    (is_host && port == extra && port.parse::<u16>().is_ok()).then(|| format!("{host}:{port}"))
}

/// A URL in the wrong position is quoted too.
fn without_secrets(message: String, args: &[OsString]) -> String {
    let urls = args.iter().filter_map(|arg| arg.to_str()).filter(|arg| arg.contains(['@', '=']));
    urls.fold(message, |message, url| message.replace(url, &Redaction::Mask.argument(url)))
}
