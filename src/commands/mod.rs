//! The commands.

use std::ffi::OsString;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Instant;

use clap::{ArgMatches, CommandFactory, FromArgMatches};

use crate::cli::{
    Cli, Command as Subcommand, CompletionsArgs, DiffArgs, ListenArgs, ProxyArgs, ReplayArgs,
};
use crate::config::wscat;
use crate::config::{
    CheckConfig, ConfigError, ConnectConfig, DiffConfig, Env, Expanded, GivenValues, Invocation,
    ListenConfig, ProxyConfig, ReplayConfig, SendOrder, ViewConfig, expand, secret_arguments,
};
use crate::error::Error;
use crate::event::Level;
use crate::output::OutputError;
use crate::platform::title::{self, Arguments};
use crate::platform::{stdio, terminal};
use usage::{refuse_mistyped_command, usage, without_help_options};

mod age;
mod certificates;
pub mod check;
pub mod codes;
pub mod completions;
pub mod connect;
mod delivery;
pub mod diff;
mod displays;
pub mod listen;
mod lost;
pub mod man;
mod page;
pub mod proxy;
mod random;
mod recorded;
mod recording;
pub mod replay;
mod serving;
mod usage;
mod verdict;
pub mod view;

/// The command line. Secrets in it are hidden from the process list.
pub fn arguments() -> Arguments {
    title::hide_secrets(std::env::args_os().collect(), secret_arguments)
}

/// A run that failed.
#[derive(Debug)]
pub struct RunError {
    /// The failure.
    pub error: Box<Error>,
    /// When waiting for standard error ends, after a signal or with `--max-time`.
    pub report_by: Option<Instant>,
}

impl<E: Into<Error>> From<E> for RunError {
    fn from(error: E) -> Self {
        Self { error: Box::new(error.into()), report_by: None }
    }
}

/// Runs the command line.
///
/// # Errors
/// The failure, which has not been printed.
pub fn run(args: &[OsString], env: &Env) -> Result<(), RunError> {
    let plain = without_help_options(args);
    run_with(&plain, env, Typed { args, notices: Vec::new() })
}

/// The original command line; a rewritten one may run in its place.
struct Typed<'a> {
    args: &'a [OsString],
    /// Notices about the rewriting.
    notices: Vec<(Level, String)>,
}

fn run_with(args: &[OsString], env: &Env, mut typed: Typed<'_>) -> Result<(), RunError> {
    let matches = match Cli::command().try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(problem) if problem.use_stderr() => {
            return match wscat::without_number(args, &problem) {
                Some(args) => run_with(&args, env, typed),
                None => Err(usage(args, &problem).into()),
            };
        }
        Err(help) => return Ok(print(help.render().to_string().as_bytes())?),
    };
    if let Some(args) = wscat::listening(args, &matches)? {
        typed.notices.push((Level::Info, wscat::LOOPBACK.to_owned()));
        return run_with(&args, env, typed);
    }
    random::require(&matches)?;
    let Command { mut cli, order, expanded } = command(args, &matches, env)?;
    cli.connect.settle_wscat(&matches);
    let Typed { args: typed, mut notices } = typed;
    let mut given = GivenValues::typed(typed);
    if let Some(expanded) = &expanded {
        notices.extend(expanded.notices.iter().cloned());
        given = given.and(expanded.given());
    }
    let result = match cli.command {
        None => {
            return connect::run(configured(ConnectConfig::wants_json(&cli.connect), || {
                refuse_mistyped_command(cli.connect.url.as_deref(), typed, expanded.as_ref())?;
                let config = ConnectConfig::new(&cli.connect, &order, &given, env);
                let mut config = config.map_err(|error| located(expanded.as_ref(), error))?;
                config.notices.splice(0..0, notices);
                if let Some(name) = expanded.as_ref().and_then(|it| it.endpoint_name()) {
                    // With wscat's -c the connection keeps its name.
                    config.set_endpoint_name(name, matches.contains_id("url"), env);
                }
                let invocation = Invocation::new(&matches, &given, env, expanded.as_ref());
                config.invocation = Some(Arc::new(invocation));
                Ok(config)
            })?);
        }
        Some(Subcommand::Listen(args)) => {
            listen::run(listen_config(&args, &given, expanded.as_ref(), env, notices)?)
        }
        Some(Subcommand::Proxy(args)) => {
            proxy::run(proxy_config(*args, &given, expanded.as_ref(), env, notices)?)
        }
        Some(Subcommand::Check(args)) => {
            let matches = matches.subcommand_matches("check").unwrap_or(&matches);
            let mut config = CheckConfig::new(&args, matches, env).map_err(Error::from)?;
            config.notices.splice(0..0, notices);
            return check::run(config);
        }
        Some(Subcommand::View(args)) => {
            let mut config = ViewConfig::new(&args, env).map_err(Error::from)?;
            config.notices.splice(0..0, notices);
            view::run(config)
        }
        Some(Subcommand::Replay(args)) => {
            let matches = expanded.as_ref().map_or(&matches, |expanded| &expanded.matches);
            return replay::run(replay_config(&args, matches, env, notices)?);
        }
        Some(Subcommand::Diff(args)) => return diff::run(&diff_config(&args, env, notices)?),
        Some(Subcommand::Codes(args)) => explain(&args.terms, env),
        Some(Subcommand::Completions(args)) => print(&completion(&args, env)),
        Some(Subcommand::Man(args)) => print(&man::page_of(args.command.as_deref())?),
    };
    Ok(result?)
}

/// The configuration of `listen`.
fn listen_config(
    args: &ListenArgs,
    given: &GivenValues,
    expanded: Option<&Expanded>,
    env: &Env,
    notices: Vec<(Level, String)>,
) -> Result<ListenConfig, Error> {
    configured(ListenConfig::wants_json(args), || {
        let config = ListenConfig::new(args, given, env);
        let mut config = config.map_err(|error| located(expanded, error))?;
        config.notices.splice(0..0, notices);
        Ok(config)
    })
}

/// The configuration of `proxy`.
fn proxy_config(
    mut args: ProxyArgs,
    given: &GivenValues,
    expanded: Option<&Expanded>,
    env: &Env,
    notices: Vec<(Level, String)>,
) -> Result<ProxyConfig, Error> {
    if let Some(expanded) = expanded {
        expanded.settle_proxy(&mut args);
    }
    configured(ProxyConfig::wants_json(&args), || {
        let config = ProxyConfig::new(&args, given, env);
        let mut config = config.map_err(|error| located(expanded, error))?;
        config.notices.splice(0..0, notices);
        Ok(config)
    })
}

/// The configuration of `replay`, whose options are in `matches`.
fn replay_config(
    args: &ReplayArgs,
    matches: &ArgMatches,
    env: &Env,
    notices: Vec<(Level, String)>,
) -> Result<ReplayConfig, Error> {
    let matches = matches.subcommand_matches("replay").unwrap_or(matches);
    configured(ReplayConfig::wants_json(args), || {
        let mut config = ReplayConfig::new(args, matches, env)?;
        config.notices.splice(0..0, notices);
        Ok(config)
    })
}

/// The configuration of `diff`.
fn diff_config(
    args: &DiffArgs,
    env: &Env,
    notices: Vec<(Level, String)>,
) -> Result<DiffConfig, Error> {
    configured(args.output.json, || Ok(DiffConfig::new(args, notices, env)?))
}

/// A parsed command line with the settings.
struct Command {
    cli: Cli,
    order: SendOrder,
    expanded: Option<Expanded>,
}

fn command(args: &[OsString], typed: &ArgMatches, env: &Env) -> Result<Command, Error> {
    let expanded = expand(args, typed, env)?;
    let matches = expanded.as_ref().map_or(typed, |expanded| &expanded.matches);
    let mut cli = Cli::from_arg_matches(matches).map_err(|problem| usage(args, &problem))?;
    if let Some(expanded) = &expanded {
        expanded.settle(&mut cli.connect);
    }
    Ok(Command { cli, order: SendOrder::new(matches), expanded })
}

/// The error with the place of the setting that is its cause.
fn located(expanded: Option<&Expanded>, error: ConfigError) -> ConfigError {
    match expanded {
        Some(expanded) => expanded.locate(error),
        None => error,
    }
}

/// The configuration. With `--json` its failure is an event too.
fn configured<T>(as_json: bool, configure: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let config = configure();
    if let Err(error) = &config
        && as_json
    {
        connect::emit_failure(error);
    }
    config
}

/// The script for a shell, or the endpoints that scripts offer.
fn completion(args: &CompletionsArgs, env: &Env) -> Vec<u8> {
    match args.shell {
        Some(shell) => completions::script(shell),
        None => completions::endpoints(&env.settings).into_bytes(),
    }
}

/// What is known is shown, also if other terms are unknown.
fn explain(terms: &[String], env: &Env) -> Result<(), Error> {
    let columns = if env.stdout_is_terminal { terminal::width() } else { codes::WIDTH };
    let (text, error) = codes::answer(terms, columns.min(codes::WIDTH));
    print(text.as_bytes())?;
    error.map_or(Ok(()), Err)
}

fn print(bytes: &[u8]) -> Result<(), Error> {
    if stdio::was_stdout_closed() {
        let error = io::Error::other(stdio::CLOSED);
        return Err(Error::Output(OutputError { name: "standard output".into(), error }));
    }
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::Output(OutputError { name: "standard output".into(), error }))
        }
        _ => Ok(()),
    }
}
