//! From the lines of a connection in a scenario to its configuration: they are options of `wscope URL`.

use std::ffi::OsString;
use std::ops::Range;
use std::time::Duration;

use clap::FromArgMatches;

use crate::cli::{ConnectArgs, complaint, connect_command};
use crate::config::{CheckConfig, ConnectConfig, Env, GivenValues, SendOrder, header_lines};
use crate::net::target::Target;
use crate::protocol::head::HeaderLine;
use crate::scenario::language::syntax::{Connect, OptionLine};
use crate::scenario::language::units::{parse_duration, parse_size};
use crate::scenario::language::{Diagnostic, Values, Variable};

pub(super) use check::{check, check_shared, misplaced};
use precedence::{FIRST_WINS, OwnLines};

mod check;
mod precedence;
#[cfg(test)]
mod tests;

/// Options that only scenarios have.
#[derive(Clone, Debug)]
pub(super) struct OwnOptions {
    /// How long `<` waits.
    pub(super) timeout: Duration,
    /// The next message has to match.
    pub(super) strict: bool,
    /// The most that is kept of what was received, in bytes.
    pub(super) max_buffered: usize,
    /// How often connecting is retried.
    pub(super) retry: Option<u64>,
}

/// Their names.
pub(super) const OWN: [&str; 6] =
    ["timeout", "strict", "ignore", "max-time", "max-buffered", "retry"];

/// Whether only scenarios have an option with this name.
pub(in crate::commands) fn is_own_option(name: &str) -> bool {
    OWN.contains(&name)
}

const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_BUFFERED: usize = 256 << 20;

impl Default for OwnOptions {
    fn default() -> Self {
        Self { timeout: TIMEOUT, strict: false, max_buffered: MAX_BUFFERED, retry: None }
    }
}

/// Why a connection cannot be configured.
#[derive(Debug)]
pub(super) enum OptionError {
    /// A variable has no value.
    Variable(Variable),
    /// This is wrong there.
    Wrong(Diagnostic),
}

impl From<Variable> for OptionError {
    fn from(variable: Variable) -> Self {
        Self::Variable(variable)
    }
}

/// The options that only scenarios have.
pub(super) fn own_options(
    connect: &Connect,
    values: &dyn Values,
) -> Result<OwnOptions, OptionError> {
    let mut own = OwnOptions::default();
    for line in connect.options.iter().filter(|line| OWN.contains(&line.name.as_str())) {
        let text = line.value.expand(values)?;
        set_own(&mut own, line, &text).map_err(OptionError::Wrong)?;
    }
    Ok(own)
}

/// Each `max-time` of a connection, as far as its value is known; those that are wrong are reported elsewhere.
pub(super) fn max_times(connect: &Connect, values: &dyn Values) -> Vec<Duration> {
    let lines = connect.options.iter().filter(|line| line.name == "max-time");
    let known = lines.filter_map(|line| line.value.expand(values).ok());
    known.filter_map(|text| parse_duration(&text).ok()).collect()
}

fn set_own(own: &mut OwnOptions, line: &OptionLine, text: &str) -> Result<(), Diagnostic> {
    let wrong = |reason: String| {
        let at = if line.value.at.is_empty() { &line.at } else { &line.value.at };
        Diagnostic::new(at.clone(), format!("bad {} {text:?}: {reason}", line.name))
    };
    match line.name.as_str() {
        "timeout" => own.timeout = parse_duration(text).map_err(wrong)?,
        "max-time" => drop(parse_duration(text).map_err(wrong)?), // of the part: see `max_times`
        "max-buffered" => {
            let size = parse_size(text).map_err(wrong)?;
            own.max_buffered = usize::try_from(size).unwrap_or(usize::MAX);
        }
        "retry" => {
            let count = text.parse().map_err(|_| wrong("a number is needed".to_owned()))?;
            own.retry = Some(count);
        }
        "strict" => {
            own.strict = match text {
                "true" => true,
                "false" => false,
                _ => return Err(wrong("true or false is needed".to_owned())),
            }
        }
        _ => {} // the parser has read the pattern of `ignore`
    }
    Ok(())
}

/// The option as an argument of `wscope URL`; `None` if a flag is off.
fn argument(name: &str, text: &str) -> Option<OsString> {
    let command = connect_command();
    let arg = command.get_arguments().find(|arg| arg.get_long() == Some(name))?;
    let takes_value = arg.get_action().takes_values();
    match (takes_value, text) {
        (true, _) => Some(format!("--{name}={text}").into()),
        (false, "false") => None,
        (false, "true") => Some(format!("--{name}").into()),
        // For clap to complain about.
        (false, _) => Some(format!("--{name}={text}").into()),
    }
}

/// The arguments of `wscope URL` for a connection: what the file says of it counts more than the options of the command.
pub(super) fn arguments(
    config: &CheckConfig,
    connect: &Connect,
    values: &dyn Values,
) -> Result<Vec<OsString>, OptionError> {
    let lines = Lines::new(connect, values, &config.env)?;
    let mut args: Vec<OsString> = vec!["wscope".into(), "--no-config".into()];
    args.extend(merged(&config.options, &lines.own()));
    args.extend(["--".into(), lines.url.clone().into()]);
    Ok(args)
}

/// The configuration that arguments of `wscope URL` are. Reads the files that they name, which may block. `at` is where
/// the connection is.
pub(super) fn configure(
    args: &[OsString],
    env: &Env,
    at: Range<usize>,
) -> Result<ConnectConfig, OptionError> {
    resolved(args, env)
        .map_err(|(message, help)| OptionError::Wrong(Diagnostic { at, message, help }))
}

/// The options of the command, without those that the file replaces, and those of the file.
fn merged(options: &[OsString], own: &OwnLines<'_>) -> Vec<OsString> {
    let arguments = |comes_first: bool| {
        let options =
            own.options.iter().filter(move |it| FIRST_WINS.contains(&it.0) == comes_first);
        options.filter_map(|(name, text)| argument(name, text))
    };
    let shared = options.iter().filter(|option| !own.replaces(option)).cloned();
    let headers = own.headers.iter().map(|line| format!("--header={line}").into());
    arguments(true).chain(shared).chain(arguments(false)).chain(headers).collect()
}

/// The lines of a connection, with the values of variables.
struct Lines<'a> {
    url: String,
    /// All but headers of the request.
    options: Vec<(&'a str, String)>,
    /// Those of `header` options, then the others.
    headers: Vec<HeaderLine>,
}

impl<'a> Lines<'a> {
    fn new(connect: &'a Connect, values: &dyn Values, env: &Env) -> Result<Self, OptionError> {
        let mut lines =
            Self { url: connect.url.expand(values)?, options: Vec::new(), headers: Vec::new() };
        for line in connect.options.iter().filter(|line| !OWN.contains(&line.name.as_str())) {
            let text = line.value.expand(values)?;
            // What is written out was judged before anything was run.
            let wrong = || check::wrong_value(line, &text, env);
            if let Some(error) = line.value.variables().next().and_then(|_| wrong()) {
                return Err(OptionError::Wrong(error));
            }
            lines.add(line, text)?;
        }
        for field in &connect.headers {
            let (name, value) = (field.name.expand(values)?, field.value.expand(values)?);
            let header = check::header(field, &name, &value).map_err(OptionError::Wrong)?;
            lines.headers.push(header);
        }
        match check::wrong_url(&connect.url, &lines.url) {
            Some(error) => Err(OptionError::Wrong(error)),
            None => Ok(lines),
        }
    }

    fn add(&mut self, line: &'a OptionLine, text: String) -> Result<(), OptionError> {
        let lines = |option| {
            header_lines(option, &text).map_err(|error| {
                OptionError::Wrong(Diagnostic::new(line.at.clone(), error.to_string()))
            })
        };
        match line.name.as_str() {
            "header" => self.headers.extend(lines("--header")?),
            name @ "proxy-header" => {
                let lines = lines("--proxy-header")?;
                self.options.extend(lines.iter().map(|line| (name, line.to_string())));
            }
            name => self.options.push((name, text)),
        }
        Ok(())
    }

    fn own(&self) -> OwnLines<'_> {
        let options = self.options.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let target = Target::parse(&self.url);
        let has_user = target.is_ok_and(|target| target.credentials.is_some());
        OwnLines { options, headers: &self.headers, has_user }
    }
}

type Problem = (String, Option<String>);

fn resolved(args: &[OsString], env: &Env) -> Result<ConnectConfig, Problem> {
    let Parsed { connect, order, given } = parsed(args).map_err(|problem| complaint(&problem))?;
    ConnectConfig::new(&connect, &order, &given, env).map_err(|error| (error.to_string(), None))
}

/// Arguments of `wscope URL`.
struct Parsed {
    connect: ConnectArgs,
    order: SendOrder,
    given: GivenValues,
}

fn parsed(args: &[OsString]) -> Result<Parsed, clap::Error> {
    let matches = connect_command().try_get_matches_from(args)?;
    let connect = ConnectArgs::from_arg_matches(&matches)?;
    let (order, given) = (SendOrder::new(&matches), GivenValues::typed(args));
    Ok(Parsed { connect, order, given })
}
