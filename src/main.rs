//! Reads the environment, runs the command, prints its failure, returns the exit status.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, io};

use wscope::commands::{self, RunError};
use wscope::config::{AuthEnv, Env, SettingsEnv, failure_color};
use wscope::error::report;
use wscope::net::proxy::VARIABLES;
use wscope::output::style::Style;
use wscope::platform::title::Arguments;
use wscope::platform::user_programs::UserPrograms;
use wscope::platform::{line_editor, linger, stdio, terminal};

fn main() -> ExitCode {
    line_editor::restore_on_panic();
    let Arguments { args, visible } = commands::arguments();
    let env = environment(visible);
    let exit_code = match commands::run(&args, &env) {
        Ok(()) => ExitCode::SUCCESS,
        Err(RunError { error, report_by }) => {
            let style = Style::new(failure_color(&args, &env));
            if !error.is_reported() {
                let text = report(&error, style, env.stderr_is_terminal.then(terminal::width));
                stdio::write_to_stderr(text.as_bytes(), report_by);
            }
            ExitCode::from(error.exit_code())
        }
    };
    linger::finish();
    exit_code
}

fn environment(visible_secrets: Option<String>) -> Env {
    let set = |name: &str| env::var_os(name).filter(|value: &OsString| !value.is_empty());
    let term = env::var("TERM").unwrap_or_default();
    let state = set("XDG_STATE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".local/state")));
    let state = state.map(|path| path.join("wscope"));
    let history = |name: &str| match env::var_os("WSCOPE_HISTORY") {
        Some(path) => Some(PathBuf::from(path)).filter(|path| !path.as_os_str().is_empty()),
        None => state.as_ref().map(|folder| folder.join(name)),
    };
    Env {
        visible_secrets,
        stdin_is_terminal: io::stdin().is_terminal(),
        stdout_is_terminal: io::stdout().is_terminal(),
        stdout_is_discarded: stdio::is_stdout_discarded(),
        stderr_is_terminal: io::stderr().is_terminal(),
        no_color: set("NO_COLOR").is_some() || term == "dumb",
        force_color: set("CLICOLOR_FORCE").is_some_and(|value| value != "0"),
        can_edit_lines: !matches!(term.as_str(), "dumb" | "cons25" | "emacs"),
        is_foreground: terminal::is_ours(),
        history: history("history"),
        listen_history: history("listen-history"),
        proxy_history: history("proxy-history"),
        programs: UserPrograms::find(set),
        auth: AuthEnv::read(set),
        settings: SettingsEnv::read(set),
        proxies: VARIABLES
            .iter()
            .filter_map(|name| Some((*name, set(name)?.to_string_lossy().into_owned())))
            .collect(),
        variables: with_prefix("WSCOPE_VARIABLE_"),
        secrets: with_prefix("WSCOPE_SECRET_"),
        is_github: set("GITHUB_ACTIONS").is_some_and(|value| value == "true"),
        is_azure: set("TF_BUILD").is_some_and(|value| value.eq_ignore_ascii_case("true")),
    }
}

/// The environment variables whose names start like this, without that.
fn with_prefix(prefix: &str) -> BTreeMap<String, String> {
    let variables = env::vars_os().filter_map(|(name, value)| {
        let name = name.to_str()?.strip_prefix(prefix)?.to_owned();
        Some((name, value.into_string().ok()?))
    });
    variables.collect()
}
