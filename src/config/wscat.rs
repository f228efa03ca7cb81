//! wscat's own options, said in ours.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory};

use super::ConfigError;
use super::settings::{Catalog, SettingError};
use crate::cli::{Cli, ConnectArgs, InputMode, MAX_REDIRECTS, SendingArgs};

/// What wscat's help does not call '--connect only', and what it ignores all the same when it listens.
const IGNORED: [&str; 8] =
    ["user", "host", "location", "max_redirects", "origin", "proxy", "wait", "slash"];

/// What is said of a `-l` that listens.
pub const LOOPBACK: &str =
    "-l: for clients on this machine; 'wscope listen 0.0.0.0:PORT' is for all others too";

/// `wscope -l PORT …` as `wscope listen PORT …`.
///
/// # Errors
/// With the first option that only makes sense for connecting.
pub fn listening(
    args: &[OsString],
    typed: &ArgMatches,
) -> Result<Option<Vec<OsString>>, ConfigError> {
    let Some(port) = typed.get_one::<String>("listen") else { return Ok(None) };
    let bad = |reason: &str| ConfigError::from(SettingError::plain("-l", reason));
    let words = args.iter().skip(1).map(|arg| arg.to_str().map(str::to_owned));
    let words: Option<Vec<String>> = words.collect();
    let words =
        words.ok_or_else(|| bad("write 'wscope listen' for arguments that are not UTF-8"))?;
    let given = Catalog::new().words(words).map_err(|reason| bad(&reason))?;
    let mut rewritten: Vec<OsString> = args.iter().take(1).cloned().collect();
    rewritten.extend(["listen".into(), port.into()]);
    let mut command = Cli::command();
    command.build();
    let listen = command.find_subcommand("listen");
    for given in &given {
        let id = given.id.as_deref().unwrap_or_default();
        let is_known = listen.is_some_and(|it| it.get_arguments().any(|arg| arg.get_id() == id));
        match id {
            "listen" => {}
            id if IGNORED.contains(&id) => {}
            _ if is_known => rewritten.extend(given.args()),
            _ => return Err(bad(&format!("{} is for connecting", given.option))),
        }
    }
    Ok(Some(rewritten))
}

/// A command line that clap did not take because behind wscat's `--max-redirects`, whose number may be
/// missing, stands what is none: the URL.
pub fn without_number(args: &[OsString], problem: &clap::Error) -> Option<Vec<OsString>> {
    const OPTION: &str = "--max-redirects";
    let context = |kind| match problem.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let word = context(ContextKind::InvalidValue)?;
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
    if is_number || !context(ContextKind::InvalidArg)?.starts_with(OPTION) {
        return None;
    }
    let at = args.windows(2).rposition(|pair| pair[0] == OPTION && pair[1] == word)?;
    let mut args = args.to_vec();
    args[at] = format!("{OPTION}={MAX_REDIRECTS}").into();
    Cli::command().try_get_matches_from(&args).is_ok().then_some(args)
}

/// Whether standard input is cut into lines, if it is no terminal.
fn is_lines(args: &SendingArgs) -> bool {
    match args.input {
        Some(mode) => mode == InputMode::Lines,
        None => !args.null && !args.binary,
    }
}

impl ConnectArgs {
    /// Puts wscat's options in terms of the others. `typed` is the command line without settings
    /// from elsewhere: a wait among those is not meant to take the prompt away.
    pub fn settle_wscat(&mut self, typed: &ArgMatches) {
        const SENDING: [&str; 4] = ["send", "send_hex", "send_file", "send_frame"];
        let is_typed = |id: &str| {
            typed.try_contains_id(id).is_ok_and(|is_there| is_there)
                && typed.value_source(id) == Some(ValueSource::CommandLine)
        };
        self.wscat.leaves = is_typed("wait") && SENDING.into_iter().any(is_typed);
        if !is_typed("slash") {
            self.sending.slash &= is_lines(&self.sending);
        }
        if let Some(most) = self.wscat.max_redirects {
            self.resilience.max_redirs = most;
        }
        if self.wscat.show_ping_pong {
            self.display.verbose = self.display.verbose.max(1);
        }
        let is_host = |line: &String| {
            line.split(':').next().is_some_and(|name| name.eq_ignore_ascii_case("host"))
        };
        if let Some(host) = self.wscat.host.take() {
            self.handshake.headers.retain(|line| !is_host(line));
            self.handshake.headers.push(format!("Host: {host}"));
        }
    }
}
