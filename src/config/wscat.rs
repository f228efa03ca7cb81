//! Translates options that only wscat has.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue};
use clap::{ArgMatches, CommandFactory};

use super::ConfigError;
use super::SettingError;
use crate::cli::{
    Cli, ConnectArgs, EndingArgs, InputMode, MAX_REDIRECTS, SendingArgs, arguments, is_given,
    option_name,
};

/// Options that wscat accepts with `-l` and ignores.
const IGNORED: [&str; 8] =
    ["user", "host", "location", "max_redirects", "origin", "proxy", "wait", "slash"];

/// How long wscat waits after `-x` without `-w`, in seconds.
const WAIT: &str = "2";

/// The notice about `-l`.
pub const LOOPBACK: &str =
    "-l accepts clients on this machine only; 'wscope listen 0.0.0.0:PORT' accepts all";

/// `wscope -l PORT …` as `wscope listen PORT …`.
///
/// # Errors
/// With the first option that applies to connecting only.
pub fn listening(
    args: &[OsString],
    typed: &ArgMatches,
) -> Result<Option<Vec<OsString>>, ConfigError> {
    let Some(port) = typed.get_one::<String>("listen") else { return Ok(None) };
    let command = Cli::command();
    let is_known = |id: &str| {
        let listen = command.find_subcommand("listen");
        listen.is_some_and(|it| it.get_arguments().any(|arg| arg.get_id() == id))
    };
    let mut rewritten: Vec<OsString> = args.iter().take(1).cloned().collect();
    rewritten.extend(["listen".into(), port.into()]);
    for arg in command.get_arguments().filter(|arg| is_given(arg.get_id().as_str(), typed)) {
        match arg.get_id().as_str() {
            "listen" => {}
            id if IGNORED.contains(&id) => {}
            id if is_known(id) => rewritten.extend(arguments(arg, typed)),
            _ => {
                let letter = arg.get_short().map(|letter| format!("-{letter}"));
                let name = letter.unwrap_or_else(|| option_name(arg));
                let reason = format!("{name} is for connecting only");
                return Err(SettingError::plain("-l", &reason).into());
            }
        }
    }
    Ok(Some(rewritten))
}

/// A command line that clap refused because the URL follows wscat's `--max-redirects` without its number.
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

/// Whether standard input is split into lines, if it is not a terminal.
fn is_lines(args: &SendingArgs) -> bool {
    match args.input {
        Some(mode) => mode == InputMode::Lines,
        None => !args.null && !args.binary,
    }
}

impl EndingArgs {
    /// Whether something else than silence ends the run, or the prompt is to stay.
    fn has_other_end(&self) -> bool {
        let has_count = self.one || self.count.is_some();
        has_count || self.duration.is_some() || !self.expect.is_empty() || self.stay
    }
}

impl ConnectArgs {
    /// Applies wscat's options. `typed` is the command line without settings: a `wait` in the configuration
    /// file does not remove the prompt.
    pub fn settle_wscat(&mut self, typed: &ArgMatches) {
        const SENDING: [&str; 4] = ["send", "send_hex", "send_file", "send_frame"];
        let is_typed = |id: &str| is_given(id, typed);
        let is_sent = SENDING.into_iter().any(is_typed);
        self.wscat.leaves = is_sent && is_typed("wait");
        if is_sent && is_typed("connect") && !self.ending.has_other_end() {
            self.wscat.leaves = true;
            self.ending.wait.get_or_insert_with(|| WAIT.to_owned());
        }
        if !is_typed("slash") {
            self.sending.slash &= is_lines(&self.sending);
        }
        if let Some(most) = self.wscat.max_redirects {
            self.resilience.redirects.max_redirs = most;
        }
        if self.wscat.show_ping_pong {
            self.display.verbose = self.display.verbose.max(1);
        }
        let is_host = |line: &String| {
            line.split(':').next().is_some_and(|name| name.eq_ignore_ascii_case("host"))
        };
        if let Some(host) = self.wscat.host.take() {
            self.handshake.request.headers.retain(|line| !is_host(line));
            self.handshake.request.headers.push(format!("Host: {host}"));
        }
    }
}
