//! Programs of the user that have the terminal while they run: the text editor and the pager.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How often the end of a program is looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// The time between the request to end and the kill.
const GRACE: Duration = Duration::from_millis(50);

/// What a shell has to read: other commands are split at their spaces.
const SHELL_SYNTAX: &[char] = &[
    '|', '&', ';', '<', '>', '(', ')', '$', '`', '\\', '"', '\'', '*', '?', '[', '#', '~', '=',
    '%', '\n',
];

/// The commands of the user's programs, with their arguments.
#[derive(Clone, Debug, Default)]
pub struct UserPrograms {
    /// `$VISUAL`, else `$EDITOR`, else `vi` where that exists.
    pub text_editor: Option<OsString>,
    /// `$PAGER`, unless that is `cat`.
    pub pager: Option<OsString>,
}

impl UserPrograms {
    /// Those that environment variables name.
    pub fn find(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let is_in_path = |name: &str| {
            let path = variable("PATH").unwrap_or_default();
            std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
        };
        let default = |name: &str| is_in_path(name).then(|| OsString::from(name));
        let given =
            |name: &str| variable(name).filter(|value| !value.to_string_lossy().trim().is_empty());
        let pager = given("PAGER").filter(|value| value != "cat");
        let text_editor = given("VISUAL").or_else(|| given("EDITOR")).or_else(|| default("vi"));
        Self { text_editor, pager }
    }
}

/// A program with these arguments: as git does it, a shell reads the value only if there is something to read for it.
pub(super) fn program(command: &OsStr, arguments: &[&OsStr]) -> Command {
    let text = command.to_str().filter(|text| cfg!(windows) || !text.contains(SHELL_SYNTAX));
    if let Some(text) = text {
        let mut words = text.split_whitespace();
        let mut program = Command::new(words.next().unwrap_or_default());
        program.args(words).args(arguments);
        return program;
    }
    let mut script = command.to_owned();
    script.push(" \"$@\"");
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(script).arg(command).args(arguments);
    shell
}

/// Waits for the end; `None` if it was ended because of `is_stopped`.
pub(super) fn wait(child: &mut Child, is_stopped: &AtomicBool) -> io::Result<Option<ExitStatus>> {
    let mut killed_at = None;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status).filter(|_| killed_at.is_none()));
        }
        let now = Instant::now();
        match killed_at {
            None if is_stopped.load(Ordering::SeqCst) => {
                terminate(child);
                killed_at = Some(now + GRACE);
            }
            Some(at) if now >= at => child.kill()?,
            _ => {}
        }
        thread::sleep(LOOK_AGAIN);
    }
}

#[cfg(unix)]
fn terminate(child: &Child) {
    use rustix::process::{Pid, Signal, kill_process};
    let _ = kill_process(Pid::from_child(child), Signal::TERM); // it may have ended just now
}

#[cfg(not(unix))]
fn terminate(_: &Child) {}

/// How a program failed, in words.
pub(super) fn ended(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        let name = signal_hook::low_level::signal_name(signal);
        return name.map_or_else(|| format!("signal {signal}"), str::to_owned);
    }
    match status.code() {
        Some(code) => format!("exit status {code}"),
        None => status.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_are_those_of_the_environment() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().as_os_str().to_owned();
        let find = |values: &[(&str, &str)]| {
            UserPrograms::find(|name| match name {
                "PATH" => Some(path.clone()),
                _ => values.iter().find(|(it, _)| *it == name).map(|(_, value)| value.into()),
            })
        };
        let editor = |values: &[(&str, &str)]| find(values).text_editor;
        let pager = |values: &[(&str, &str)]| find(values).pager;
        assert_eq!(editor(&[("VISUAL", "a"), ("EDITOR", "b")]), Some("a".into()));
        assert_eq!(editor(&[("VISUAL", " "), ("EDITOR", "b -w")]), Some("b -w".into()));
        assert_eq!((editor(&[]), pager(&[])), (None, None));
        std::fs::write(folder.path().join("vi"), "").expect("a file");
        assert_eq!(editor(&[]), Some("vi".into()));
        assert_eq!(pager(&[("PAGER", "more -s")]), Some("more -s".into()));
        assert_eq!((pager(&[("PAGER", "")]), pager(&[("PAGER", "cat")])), (None, None));
    }
}
