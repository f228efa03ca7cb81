//! The command of `--from-curl` as settings, which count more than those of files and less than the command line.

use clap::ArgMatches;

use super::arguments::{self, Setting};
use super::copied::{CurlSource, Typing};
use super::origin::Origin;
use super::{SettingError, max_time};
use crate::cli::is_given;
use crate::config::curl::{Argument, CurlCommand};
use crate::config::files::FileReader;
use crate::config::{ConfigError, Env};
use crate::event::Level;

/// What a curl command adds to the command line.
#[derive(Debug)]
pub(super) struct Import {
    /// Its options.
    pub(super) settings: Vec<Setting>,
    /// Its URL, with its place.
    pub(super) url: Option<(String, String)>,
    /// What became of the rest of it.
    pub(super) notices: Vec<(Level, String)>,
}

/// Fields, with the options of the command line that replace them.
const REPLACED_BY: [(&str, &[&str]); 5] = [
    ("Origin", &["origin"]),
    ("User-Agent", &["user_agent"]),
    ("Cookie", &["cookies"]),
    ("Authorization", &["user", "bearer"]),
    ("Sec-WebSocket-Extensions", &["compress", "no_compress"]),
];

/// The command that the command line names, if it names one.
///
/// # Errors
/// If it cannot be read, or with the first place that cannot be used.
pub(super) fn import(typed: &ArgMatches, env: &Env) -> Result<Option<Import>, ConfigError> {
    let name = typed.try_get_one::<String>("from_curl").ok().flatten();
    let Some(name) = name else { return Ok(None) };
    let is_quiet = typed.get_flag("quiet");
    let typing = match (env.stdin_is_terminal, env.stderr_is_terminal && !is_quiet) {
        (false, _) => Typing::None,
        (true, false) => Typing::Silent,
        (true, true) => Typing::Asked,
    };
    let source = CurlSource::read(name, typing, &FileReader::new(max_time(typed)))?;
    let command = source.command()?;
    let has_url = ["url", "connect"].iter().any(|id| is_given(id, typed));
    if command.url.is_none() && !has_url {
        let reason = "the command has no URL; give one beside it";
        return Err(SettingError::plain(&source.option(), reason).into());
    }
    let notices = notices(&command, &source, typed);
    let url = command.url.filter(|_| !has_url).map(|url| (url.text, source.place(url.at)));
    let mut known = arguments::command();
    let home = env.settings.home.as_deref();
    let kept = command.args.into_iter().filter(|argument| !is_replaced(&argument.text, typed));
    let setting = |argument: Argument| {
        let place = source.place(argument.at);
        let made =
            Setting::of_argument(&mut known, &argument.text, Origin::Curl(place.clone()), home);
        made.map_err(|reason| SettingError::plain(&place, &reason))
    };
    let settings = kept.map(setting).collect::<Result<_, _>>()?;
    Ok(Some(Import { settings, url, notices }))
}

/// Whether this argument is a field that an option of the command line stands for.
fn is_replaced(argument: &str, typed: &ArgMatches) -> bool {
    let Some((name, _)) =
        argument.strip_prefix("--header=").and_then(|line| line.split_once([':', ';']))
    else {
        return false;
    };
    let ids = REPLACED_BY.iter().find(|(field, _)| field.eq_ignore_ascii_case(name.trim()));
    ids.is_some_and(|(_, ids)| ids.iter().any(|id| is_given(id, typed)))
}

fn notices(command: &CurlCommand, source: &CurlSource, typed: &ArgMatches) -> Vec<(Level, String)> {
    let mut notices = Vec::new();
    if !command.unused.is_empty() {
        let names = command.unused.join(", ");
        let text = format!("{}: not used for a WebSocket: {names}", source.option());
        notices.push((Level::Warning, text));
    }
    if !command.regenerated.is_empty() && typed.get_count("verbose") > 0 {
        let names = command.regenerated.join(", ");
        let text = format!("{}: not taken into this handshake: {names}", source.option());
        notices.push((Level::Info, text));
    }
    notices
}
