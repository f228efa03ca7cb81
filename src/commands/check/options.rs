//! From the lines of a connection in a scenario to its configuration: they are options of `wscope URL`.

use std::ffi::OsString;
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches};

use crate::cli::{Cli, complaint};
use crate::config::{CheckConfig, ConnectConfig, GivenValues, SCENARIO_OPTIONS, SendOrder};
use crate::scenario::language::syntax::{Connect, OptionLine};
use crate::scenario::language::units::{parse_duration, parse_size};
use crate::scenario::language::{Diagnostic, Values, Variable};

/// Options that only scenarios have.
#[derive(Clone, Debug)]
pub(super) struct OwnOptions {
    /// How long `<` waits.
    pub(super) timeout: Duration,
    /// The next message has to match.
    pub(super) strict: bool,
    /// Patterns of messages that are set aside, with where they stand in the file.
    pub(super) ignore: Vec<(String, usize)>,
    /// Limit of the part.
    pub(super) max_time: Option<Duration>,
    /// The most that is kept of what was received, in bytes.
    pub(super) max_buffered: usize,
    /// How often connecting is retried.
    pub(super) retry: Option<u64>,
}

/// Their names.
pub(super) const OWN: [&str; 6] =
    ["timeout", "strict", "ignore", "max-time", "max-buffered", "retry"];

const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_BUFFERED: usize = 256 << 20;

impl Default for OwnOptions {
    fn default() -> Self {
        Self {
            timeout: TIMEOUT,
            strict: false,
            ignore: Vec::new(),
            max_time: None,
            max_buffered: MAX_BUFFERED,
            retry: None,
        }
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

fn set_own(own: &mut OwnOptions, line: &OptionLine, text: &str) -> Result<(), Diagnostic> {
    let wrong = |reason: String| {
        Diagnostic::new(line.at.clone(), format!("bad {} {text:?}: {reason}", line.name))
    };
    match line.name.as_str() {
        "timeout" => own.timeout = parse_duration(text).map_err(wrong)?,
        "max-time" => own.max_time = Some(parse_duration(text).map_err(wrong)?),
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
        _ => own.ignore.push((text.to_owned(), line.value.at.start)),
    }
    Ok(())
}

/// What is wrong with options before anything is run: names, and values without variables.
pub(super) fn check(connect: &Connect) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    for line in &connect.options {
        if OWN.contains(&line.name.as_str()) {
            if let Some(text) = line.value.as_literal() {
                errors.extend(set_own(&mut OwnOptions::default(), line, &text).err());
            }
            continue;
        }
        match unusable(&line.name) {
            Some(error) => errors.push(error.shifted_to(line)),
            None => {
                if let Some(text) = line.value.as_literal()
                    && let Some(argument) = argument(line, &text)
                {
                    let args = ["wscope".into(), argument, "--".into(), "ws://localhost".into()];
                    let problem = Cli::command().try_get_matches_from(args).err();
                    errors.extend(problem.map(|problem| wrong_value(line, &problem)));
                }
            }
        }
    }
    errors
}

/// Why there is no option of this name in a scenario.
struct Unusable {
    message: String,
    help: Option<String>,
}

impl Unusable {
    fn shifted_to(self, line: &OptionLine) -> Diagnostic {
        let at = line.at.start..line.at.start + line.name.len();
        let error = Diagnostic::new(at, self.message);
        match self.help {
            Some(help) => error.with_help(help),
            None => error,
        }
    }
}

fn unusable(name: &str) -> Option<Unusable> {
    if SCENARIO_OPTIONS.contains(&name) {
        return None;
    }
    let command = Cli::command();
    if command.get_arguments().any(|arg| arg.get_long() == Some(name)) {
        let message = format!("the option {name:?} has no meaning in a scenario");
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

/// The option as an argument of `wscope URL`; `None` if a flag is off.
fn argument(line: &OptionLine, text: &str) -> Option<OsString> {
    let command = Cli::command();
    let arg = command.get_arguments().find(|arg| arg.get_long() == Some(&line.name))?;
    let takes_value = arg.get_action().takes_values();
    match (takes_value, text) {
        (true, _) => Some(format!("--{}={text}", line.name).into()),
        (false, "false") => None,
        (false, "true") => Some(format!("--{}", line.name).into()),
        // For clap to complain about.
        (false, _) => Some(format!("--{}={text}", line.name).into()),
    }
}

fn wrong_value(line: &OptionLine, problem: &clap::Error) -> Diagnostic {
    let (message, tip) = complaint(problem);
    let error = Diagnostic::new(line.at.clone(), message);
    match tip {
        Some(tip) => error.with_help(tip),
        None => error,
    }
}

/// The configuration of a connection: options of the command, then those of the file, then its headers.
pub(super) fn configure(
    config: &CheckConfig,
    connect: &Connect,
    values: &dyn Values,
) -> Result<ConnectConfig, OptionError> {
    let mut args: Vec<OsString> = vec!["wscope".into(), "--no-config".into()];
    args.extend(config.options.iter().cloned());
    for line in connect.options.iter().filter(|line| !OWN.contains(&line.name.as_str())) {
        args.extend(argument(line, &line.value.expand(values)?));
    }
    for field in &connect.headers {
        let (name, value) = (field.name.expand(values)?, field.value.expand(values)?);
        // A header without a value is sent as such; without a colon it would be removed.
        let line = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        args.extend(["--header".into(), line.into()]);
    }
    args.extend(["--".into(), connect.url.expand(values)?.into()]);
    let wrong = |message: String, help: Option<String>| {
        let error = Diagnostic::new(connect.at.clone(), message);
        OptionError::Wrong(match help {
            Some(help) => error.with_help(help),
            None => error,
        })
    };
    let matches = Cli::command().try_get_matches_from(&args).map_err(|problem| {
        let (message, tip) = complaint(&problem);
        wrong(message, tip)
    })?;
    let cli = Cli::from_arg_matches(&matches).map_err(|error| wrong(error.to_string(), None))?;
    let order = SendOrder::new(&matches);
    let given = GivenValues::typed(&args);
    ConnectConfig::new(&cli.connect, &order, &given, &config.env)
        .map_err(|error| wrong(error.to_string(), None))
}
