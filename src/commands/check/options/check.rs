//! What is wrong with the lines of a connection. Nothing is run and no file is read.

use std::ffi::OsString;

use clap::CommandFactory;
use clap::error::ErrorKind;

use super::{OWN, OwnLines, OwnOptions, Parsed, argument, merged, parsed, set_own};
use crate::cli::{Cli, complaint, connect_command};
use crate::config::{CheckConfig, ConfigError, ConnectConfig, Env, SCENARIO_OPTIONS};
use crate::net::target::Target;
use crate::protocol::head::HeaderLine;
use crate::scenario::language::syntax::{Connect, Field, OptionLine};
use crate::scenario::language::units::parse_duration;
use crate::scenario::language::{Diagnostic, Template};

/// Options whose value is a duration; here its unit is required.
const DURATIONS: [&str; 5] =
    ["connect-timeout", "close-timeout", "ping-interval", "ping-timeout", "idle-timeout"];

/// Options that may read a file or ask for a password: their values are judged when they are used.
const LATER: [&str; 8] = ["netrc", "netrc-file", "cacert", "cert", "key", "pass", "user", "cookie"];

/// Options that take `@FILE` in place of a value.
const FILE_OR_VALUE: [&str; 6] = ["header", "proxy-header", "user", "bearer", "cookie", "pass"];

/// What is wrong with a connection before anything is run: names, and values without variables.
pub(in crate::commands::check) fn check(
    connect: &Connect,
    config: &CheckConfig,
) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    // That it is missing was reported.
    if let Some(url) = connect.url.as_literal().filter(|url| !url.is_empty()) {
        errors.extend(wrong_url(&connect.url, &url));
    }
    for field in &connect.headers {
        if let (Some(name), Some(value)) = (field.name.as_literal(), field.value.as_literal()) {
            errors.extend(header(field, &name, &value).err());
        }
    }
    for line in &connect.options {
        if OWN.contains(&line.name.as_str()) {
            if let Some(text) = line.value.as_literal() {
                errors.extend(set_own(&mut OwnOptions::default(), line, &text).err());
            }
        } else if let Some(error) = unusable(&line.name) {
            errors.push(error.shifted_to(line));
        } else if let Some(text) = line.value.as_literal() {
            errors.extend(wrong_value(line, &text, &config.env));
        }
    }
    if errors.is_empty() {
        errors.extend(missing(connect, &config.options));
    }
    errors
}

/// Headers that have the name of an option, and may be meant as that.
pub(in crate::commands::check) fn misplaced(connect: &Connect) -> Vec<Diagnostic> {
    let is_option = |name: &str| {
        OWN.contains(&name)
            || DURATIONS.contains(&name)
            || matches!(name, "insecure" | "subprotocol")
    };
    let named = |field: &&Field| field.name.as_literal().is_some_and(|name| is_option(&name));
    let warning = |field: &Field| {
        Diagnostic::new(field.at.clone(), "this header field has the name of an option")
            .with_help("options stand below [Options]")
    };
    connect.headers.iter().filter(named).map(warning).collect()
}

/// An option that requires another one, which neither the file nor the command has.
fn missing(connect: &Connect, options: &[OsString]) -> Option<Diagnostic> {
    let is_missing = |options: Vec<OsString>| {
        let problem = parsed(&arguments(options)).err();
        problem.filter(|problem| problem.kind() == ErrorKind::MissingRequiredArgument)
    };
    let own = connect.options.iter().filter(|line| !OWN.contains(&line.name.as_str()));
    let texts: Vec<_> =
        own.map(|line| (line, line.value.as_literal().unwrap_or(ANY_VALUE.into()))).collect();
    if texts.is_empty() {
        return None; // the command's own options were judged
    }
    let pairs = texts.iter().map(|(line, text)| (line.name.as_str(), &**text)).collect();
    let own = OwnLines { options: pairs, headers: &[], has_user: false };
    let problem = is_missing(merged(options, &own))?;
    let cause = texts.iter().find(|(line, text)| {
        is_missing(argument(&line.name, text).into_iter().collect()).is_some()
    });
    let at = cause.map_or(&connect.at, |(line, _)| &line.at).clone();
    let (message, help) = complaint(&problem);
    Some(Diagnostic { at, message, help })
}

/// In place of a value that is not known yet.
const ANY_VALUE: &str = "true";

/// A command line of `wscope URL` with these options.
fn arguments(options: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let start = ["wscope", "--no-config"].map(OsString::from);
    let end = ["--", "ws://localhost"].map(OsString::from);
    start.into_iter().chain(options).chain(end).collect()
}

/// What is wrong with options of the command line that are for all connections.
pub(in crate::commands::check) fn check_shared(
    options: &[OsString],
    env: &Env,
) -> Option<ConfigError> {
    let is_later = |option: &OsString| {
        let text = option.to_string_lossy();
        let name = text.trim_start_matches('-').split('=').next().unwrap_or_default();
        // The last one requires an option that is judged later.
        LATER.contains(&name) || text.contains("=@") || name == "no-system-ca"
    };
    let mut options = options.iter().filter(|option| !is_later(option)).cloned().peekable();
    options.peek()?;
    resolve(options, env).ok().flatten()
}

/// The header of a request line.
pub(super) fn header(field: &Field, name: &str, value: &str) -> Result<HeaderLine, Diagnostic> {
    HeaderLine::parse(&format!("{name}: {value}"))
        .map_err(|error| Diagnostic::new(field.at.clone(), format!("bad header: {error}")))
}

/// What is wrong with a URL, at its place if it is written out in the file.
pub(super) fn wrong_url(url: &Template, text: &str) -> Option<Diagnostic> {
    let error = Target::parse(text).err()?;
    let is_same = url.as_literal().is_some_and(|literal| literal.len() == url.at.len());
    let at = match is_same {
        true => {
            let start = url.at.start + error.at.start;
            start..(url.at.start + error.at.end).max(start + 1)
        }
        false => url.at.clone(),
    };
    Some(Diagnostic::new(at, format!("bad URL: {}", error.reason)))
}

/// What is wrong with the value of an option of `wscope URL`.
pub(super) fn wrong_value(line: &OptionLine, text: &str, env: &Env) -> Option<Diagnostic> {
    let at = if line.value.at.is_empty() { line.at.clone() } else { line.value.at.clone() };
    let wrong = |message: String| Some(Diagnostic::new(at.clone(), message));
    let name = line.name.as_str();
    if !takes_value(name) && !matches!(text, "true" | "false") {
        return wrong(format!("bad {name} {text:?}: its value must be true or false"));
    }
    if DURATIONS.contains(&name)
        && let Err(reason) = parse_duration(text)
    {
        return wrong(format!("bad {name} {text:?}: {reason}"));
    }
    let is_file = FILE_OR_VALUE.contains(&name) && text.starts_with('@');
    if is_file && !line.value.leading_literal().is_some_and(|start| start.starts_with('@')) {
        return wrong("a value cannot name a file: it begins with @".to_owned())
            .map(|error| error.with_help(format!("write the @ here:  {name}: @PATH")));
    }
    if LATER.contains(&name) || is_file {
        return None;
    }
    match resolve(argument(&line.name, text).into_iter(), env) {
        // Options have no dashes here.
        Ok(Some(error)) => wrong(error.to_string().replacen("bad --", "bad ", 1)),
        Ok(None) => None,
        Err((message, help)) => Some(Diagnostic { at, message, help }),
    }
}

/// What is wrong with these options of `wscope URL`, as the configuration sees it; an error is clap's.
fn resolve(
    options: impl Iterator<Item = OsString>,
    env: &Env,
) -> Result<Option<ConfigError>, (String, Option<String>)> {
    let args = arguments(options);
    let Parsed { connect, order, given } = match parsed(&args) {
        Ok(parsed) => parsed,
        // What an option requires may be elsewhere.
        Err(problem) if problem.kind() == ErrorKind::MissingRequiredArgument => return Ok(None),
        Err(problem) => return Err(complaint(&problem)),
    };
    // What the environment has of proxies and passwords is not judged here.
    let env = Env {
        stdin_is_terminal: false,
        proxies: Default::default(),
        auth: Default::default(),
        ..env.clone()
    };
    Ok(match ConnectConfig::new(&connect, &order, &given, &env) {
        Err(error @ (ConfigError::Value { .. } | ConfigError::Setting(_))) => Some(error),
        _ => None,
    })
}

fn takes_value(name: &str) -> bool {
    let command = connect_command();
    let arg = command.get_arguments().find(|arg| arg.get_long() == Some(name));
    arg.is_none_or(|arg| arg.get_action().takes_values())
}

/// Why an option cannot be used in a scenario.
struct Unusable {
    message: String,
    help: Option<String>,
}

impl Unusable {
    fn shifted_to(self, line: &OptionLine) -> Diagnostic {
        let at = line.at.start..line.at.start + line.name.len();
        Diagnostic { at, message: self.message, help: self.help }
    }
}

fn unusable(name: &str) -> Option<Unusable> {
    if SCENARIO_OPTIONS.contains(&name) {
        return None;
    }
    let command = Cli::command();
    let is_called = |arg: &&clap::Arg| {
        let mut letter = [0; 4];
        let short = arg.get_short().map(|short| &*short.encode_utf8(&mut letter) == name);
        let aliases = arg.get_all_aliases().unwrap_or_default();
        arg.get_long() == Some(name) || short == Some(true) || aliases.contains(&name)
    };
    let check = command.find_subcommand("check");
    if let Some(arg) = command.get_arguments().find(is_called) {
        let long = arg.get_long().unwrap_or_default();
        return Some(match SCENARIO_OPTIONS.contains(&long) {
            true => Unusable {
                message: format!("options have their long names in a scenario, not {name:?}"),
                help: Some(format!("write  {long}")),
            },
            false => Unusable {
                message: format!("the option {name:?} has no meaning in a scenario"),
                help: None,
            },
        });
    }
    if check.is_some_and(|check| check.get_arguments().any(|arg| is_called(&arg))) {
        let message = format!("the option {name:?} is for the command line of wscope check");
        return Some(Unusable { message, help: None });
    }
    let known = SCENARIO_OPTIONS.iter().chain(&OWN);
    let similar = known
        .map(|known| (strsim::damerau_levenshtein(known, name), known))
        .min()
        .filter(|(distance, _)| *distance <= 2);
    let help = similar.map(|(_, known)| format!("did you mean {known:?}?"));
    Some(Unusable { message: format!("unknown option {name:?}"), help })
}
