//! The verbs.

use std::ffi::OsString;
use std::io::{self, Write};

use clap::{CommandFactory, FromArgMatches};

use crate::cli::{Cli, Command};
use crate::config::{ConnectConfig, Env, ListenConfig, SendOrder};
use crate::error::Error;
use crate::protocol::CloseCode;
use usage::usage;

pub mod codes;
pub mod completions;
pub mod connect;
mod displays;
pub mod listen;
mod usage;
mod verdict;

/// Does what the command line says.
///
/// # Errors
/// Why it was no success; it has not been printed.
pub fn run(args: &[OsString], env: &Env) -> Result<(), Error> {
    let matches = match Cli::command().try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(problem) if problem.use_stderr() => return Err(usage(args, &problem)),
        Err(help) => return print(help.render().to_string().as_bytes()),
    };
    let cli = Cli::from_arg_matches(&matches).map_err(|problem| usage(args, &problem))?;
    match cli.command {
        None => {
            let config = ConnectConfig::new(&cli.connect, &SendOrder::new(&matches), env)
                .map_err(Error::from);
            if let Err(error) = &config
                && ConnectConfig::wants_json(&cli.connect)
            {
                connect::tell_failure(error);
            }
            connect::run(config?)
        }
        Some(Command::Listen(args)) => {
            let config = ListenConfig::new(&args, env).map_err(Error::from);
            if let Err(error) = &config
                && ListenConfig::wants_json(&args)
            {
                connect::tell_failure(error);
            }
            listen::run(config?)
        }
        Some(Command::Codes(args)) => print(codes_text(args.code.as_deref())?.as_bytes()),
        Some(Command::Completions(args)) => print(&completions::completions(args.shell)),
        Some(Command::Man) => print(
            &completions::man().map_err(|error| Error::System("manual page".to_owned(), error))?,
        ),
    }
}

fn codes_text(code: Option<&str>) -> Result<String, Error> {
    match code {
        None => Ok(codes::overview()),
        Some(text) => {
            let code: CloseCode = text.parse().map_err(|error| Error::Usage {
                message: format!("bad close code {text:?}: {error}"),
                hint: None,
            })?;
            Ok(codes::describe(code))
        }
    }
}

fn print(bytes: &[u8]) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::Output(crate::output::OutputError { name: "standard output", error }))
        }
        _ => Ok(()),
    }
}
