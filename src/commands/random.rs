//! The random bytes of the system, which masking keys, Sec-WebSocket-Key and the standard library's hash tables need.

use std::io;

use clap::ArgMatches;
use rand::TryRng;
use rand::rngs::SysRng;

use super::connect::emit_failure;
use crate::cli::OutputMode;
use crate::error::Error;

/// Where they come from. The second is asked if the system, or a filter of system calls, refuses the first.
const SOURCE: &str =
    if cfg!(target_os = "linux") { "getrandom(2) or /dev/urandom" } else { "the system" };

/// Commands that only print texts.
const WITHOUT: [&str; 3] = ["codes", "completions", "man"];

/// Refuses to run a command that needs random bytes where the system has none: what asks for them later cannot
/// report a failure.
pub(super) fn require(matches: &ArgMatches) -> Result<(), Error> {
    if matches.subcommand_name().is_some_and(|name| WITHOUT.contains(&name)) {
        return Ok(());
    }
    let result = ask();
    if let Err(error) = &result
        && wants_json(matches)
    {
        emit_failure(error);
    }
    result
}

fn ask() -> Result<(), Error> {
    SysRng.try_fill_bytes(&mut [0; 16]).map_err(|error| {
        Error::System(format!("cannot get random bytes from {SOURCE}"), io::Error::other(error))
    })
}

fn wants_json(matches: &ArgMatches) -> bool {
    let matches = matches.subcommand().map_or(matches, |(_, matches)| matches);
    let flag = matches.try_get_one::<bool>("json").ok().flatten();
    let mode = matches.try_get_one::<OutputMode>("output").ok().flatten();
    flag == Some(&true) || mode == Some(&OutputMode::Json)
}
