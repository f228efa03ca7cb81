//! Which settings apply to the commands beside `wscope URL`.

use std::ffi::OsString;

use clap::{Arg, ArgMatches, Command};

use crate::cli;

/// The group of options that each command takes.
const DISPLAY: &[&str] = &["Display"];

/// The groups that `proxy` takes: its connections to the server are like those of `wscope URL`.
const OF_PROXY: &[&str] =
    &["Display", "Opening handshake", "Authentication", "Proxy and routing", "TLS"];

/// What would change the requests of the proxy's clients. It applies only if it is meant for the endpoint.
const OF_REQUEST: [&str; 8] =
    ["headers", "origin", "user_agent", "user", "bearer", "cookies", "netrc", "netrc_file"];

/// The arguments that settings add to a command: `all` of them together, and those in the endpoint's section.
pub(super) fn arguments(
    command: &Command,
    all: &ArgMatches,
    of_endpoint: Option<&ArgMatches>,
) -> Vec<OsString> {
    let groups = if command.get_name() == "proxy" { OF_PROXY } else { DISPLAY };
    let is_taken = |arg: &&Arg| arg.get_help_heading().is_some_and(|it| groups.contains(&it));
    let argument = |arg: &Arg| {
        let is_of_request = OF_REQUEST.contains(&arg.get_id().as_str());
        let source = if is_of_request { of_endpoint } else { Some(all) };
        source.map_or_else(Vec::new, |source| cli::arguments(arg, source))
    };
    command.get_arguments().filter(is_taken).flat_map(argument).collect()
}
