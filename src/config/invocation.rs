//! The command line of this run, for endpoints of the configuration file that are opened at its prompt.

use std::ffi::OsString;
use std::fmt;

use clap::{Arg, ArgMatches, CommandFactory, FromArgMatches};

use super::settings::endpoint_list;
use super::{
    ConfigError, ConnectConfig, EndingConfig, Env, Expanded, GivenValues, SendOrder, SettingError,
    expand,
};
use crate::cli::{Cli, arguments, connect_command, option_name};
use crate::client::EndpointConfig;
use crate::event::Level;
use crate::net::target::Target;
use crate::redact::Redaction;
use crate::redact::subprotocols::tokens;

/// The options of this run and its environment.
#[derive(Clone)]
pub struct Invocation {
    /// The command line alone.
    typed: ArgMatches,
    /// All secrets of this run.
    given: GivenValues,
    env: Env,
    /// The endpoint that the run was started with: its options are in effect.
    endpoint: Option<String>,
}

/// It holds secrets.
impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// Options that are not repeated: where to connect, and what is sent first.
const NOT_REPEATED: [&str; 7] =
    ["connect", "listen", "from_curl", "send", "send_hex", "send_file", "send_frame"];

/// Options that are only for the server that they were given for.
const FOR_ONE_SERVER: [&str; 8] =
    ["user", "bearer", "cookies", "host", "cert", "key", "pass", "servername"];

/// Options that count for the whole run, beside those for the display.
const FOR_THE_RUN: [&str; 11] = [
    "input",
    "null",
    "slash",
    "output",
    "json",
    "wait",
    "max_time",
    "stay",
    "no_history",
    "filter",
    "mute",
];

/// The time limit for reading files: the prompt waits for them.
const FILE_LIMIT: &str = "5s";

impl Invocation {
    /// That of a command line, which was perhaps merged with settings.
    pub fn new(
        typed: &ArgMatches,
        given: &GivenValues,
        env: &Env,
        expanded: Option<&Expanded>,
    ) -> Self {
        // A question would be asked on the terminal of the prompt.
        let (stdin_is_terminal, stderr_is_terminal) = (false, false);
        let env = Env { stdin_is_terminal, stderr_is_terminal, ..env.clone() };
        let endpoint = expanded.and_then(Expanded::endpoint_name).map(str::to_owned);
        Self { typed: typed.clone(), given: given.clone(), env, endpoint }
    }

    /// The endpoints of the configuration file.
    fn endpoints(&self) -> Vec<String> {
        let ignores_file = self.typed.try_get_one("no_config").ok().flatten() == Some(&true);
        let list = if ignores_file { Vec::new() } else { endpoint_list(&self.env.settings) };
        list.into_iter().map(|(name, _)| name).collect()
    }

    /// This command line with another URL, and the names of the options that are left out. `is_foreign`: the URL is of another
    /// server.
    fn command_line(&self, url: &str, is_foreign: bool) -> (Vec<OsString>, Vec<String>) {
        let (mut words, mut left_out) = (vec![OsString::from("wscope")], Vec::new());
        let command = connect_command();
        let options = command.get_arguments().filter(|arg| !arg.is_positional());
        for arg in options.filter(|arg| !NOT_REPEATED.contains(&arg.get_id().as_str())) {
            for word in arguments(arg, &self.typed) {
                match is_foreign && is_for_one_server(arg, &word) {
                    false => words.push(word),
                    true if left_out.contains(&option_name(arg)) => {}
                    true => left_out.push(option_name(arg)),
                }
            }
        }
        words.push(url.into());
        (words, left_out)
    }

    fn expand(&self, words: &[OsString]) -> Result<Expanded, ConfigError> {
        let wrong = |reason: &str| ConfigError::from(SettingError::plain("options", reason));
        let matches = Cli::command().try_get_matches_from(words);
        let matches = matches.map_err(|error| wrong(&error.to_string()))?;
        expand(words, &matches, &self.env)?.ok_or_else(|| wrong("there are no settings"))
    }

    /// The configuration for a URL `@endpoint` of another server than `first`, or of the same.
    fn configure(&self, url: &str, first: &Target) -> Result<ConnectConfig, ConfigError> {
        let expanded = self.expand(&self.command_line(url, false).0)?;
        let target = expanded.endpoint_target()?;
        let is_foreign = !target.has_same_origin(first);
        let (words, mut left_out) = self.command_line(url, is_foreign);
        let expanded = self.expand(&words)?;
        let mut env = self.env.clone();
        if is_foreign {
            let auth =
                [("WSCOPE_USER", &mut env.auth.user), ("WSCOPE_BEARER", &mut env.auth.bearer)];
            let given = auth.into_iter().filter_map(|(name, value)| value.take().map(|_| name));
            left_out.extend(given.map(str::to_owned));
        }
        let matches = &expanded.matches;
        let mut cli = Cli::from_arg_matches(matches)
            .map_err(|error| SettingError::plain(url, &error.to_string()))?;
        expanded.settle(&mut cli.connect);
        cli.connect.settle_wscat(matches);
        cli.connect.ending.max_time = Some(FILE_LIMIT.to_owned());
        let given = self.given.clone().and(expanded.given());
        let mut config = ConnectConfig::new(&cli.connect, &SendOrder::new(matches), &given, &env)
            .map_err(|error| expanded.locate(error))?;
        let name = expanded.endpoint_name().unwrap_or_default();
        config.set_endpoint_name(name, false, &env);
        let mut warn = |text| config.notices.push((Level::Warning, text));
        expanded.notices.iter().for_each(|(_, text)| warn(text.clone()));
        if !left_out.is_empty() {
            let [first, other] = Target::names_of(first, &config.endpoint.target);
            warn(format!("given for {first} and not sent to {other}: {}", left_out.join(", ")));
        }
        let unused = expanded.endpoint_options(is_for_the_run);
        if !unused.is_empty() && self.endpoint.as_deref() != Some(name) {
            let unused = unused.join(", ");
            warn(format!("section [{name}]: not used, as it would be for the whole run: {unused}"));
        }
        Ok(config)
    }
}

impl ConnectConfig {
    /// The endpoints of the configuration file.
    pub fn endpoints(&self) -> Vec<String> {
        self.invocation.as_ref().map(|it| it.endpoints()).unwrap_or_default()
    }

    /// A connection to `@endpoint`, with the options that it has in the configuration file and those of this run, under this
    /// name.
    ///
    /// # Errors
    /// If there is no such endpoint, or one of its options is not valid.
    pub fn for_endpoint(&self, name: &str, url: &str) -> Result<Self, ConfigError> {
        let no_file = || SettingError::plain(url, "the configuration file is not known here");
        let invocation = self.invocation.as_ref().ok_or_else(no_file)?;
        let other = invocation.configure(url, &self.endpoint.target)?;
        let own = &self.ending;
        Ok(Self {
            endpoint: EndpointConfig {
                redaction: self.endpoint.redaction,
                secrets: self.endpoint.secrets.clone().and(other.endpoint.secrets),
                ..other.endpoint
            },
            ending: EndingConfig {
                after_input: own.after_input,
                max_time: own.max_time,
                time_left: own.time_left,
                ..other.ending
            },
            name: name.to_owned(),
            input: self.input,
            stdout: self.stdout,
            commentary: self.commentary,
            filters: self.filters.clone(),
            history: self.history.clone(),
            stay: self.stay,
            programs: self.programs.clone(),
            invocation: self.invocation.clone(),
            ..other
        })
    }
}

/// Whether an option of the command line holds a credential, or something else that is for one server.
fn is_for_one_server(arg: &Arg, word: &OsString) -> bool {
    let word = word.to_string_lossy();
    let value = word.split_once('=').map_or("", |(_, value)| value);
    match arg.get_id().as_str() {
        "headers" => {
            let (name, value) = value.split_once(':').unwrap_or((value, ""));
            let (name, is_removal) = (name.trim(), value.trim().is_empty());
            let is_file = name.starts_with('@');
            let is_secret = name.eq_ignore_ascii_case("host")
                || Redaction::is_credential(name, value.trim().as_bytes());
            is_file || (is_secret && !is_removal)
        }
        "subprotocols" => !tokens(value).is_empty(),
        id => FOR_ONE_SERVER.contains(&id),
    }
}

fn is_for_the_run(arg: &Arg) -> bool {
    arg.get_help_heading() == Some("Display") || FOR_THE_RUN.contains(&arg.get_id().as_str())
}
