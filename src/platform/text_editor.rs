//! The user's text editor, which has the terminal while it runs.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::files::{FileError, OpenFile};

/// The largest text that is read back, in bytes.
const MAX_TEXT: u64 = 16 << 20;

/// How often its end is looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// The time between the request to end and the kill.
const GRACE: Duration = Duration::from_millis(50);

/// What a shell has to read: other commands are split at their spaces.
const SHELL_SYNTAX: &[char] = &[
    '|', '&', ';', '<', '>', '(', ')', '$', '`', '\\', '"', '\'', '*', '?', '[', '#', '~', '=',
    '%', '\n',
];

/// How the text editor ended.
#[derive(Debug)]
pub enum Edited {
    /// With status 0; this is the text now.
    Saved(String),
    /// Otherwise, or the text cannot be read; in words.
    Failed(String),
    /// It was ended, because the run has to end; this is what was saved until then, if that can be read.
    Stopped(Option<String>),
}

/// The command of the user's text editor: `$VISUAL`, else `$EDITOR`, else `vi` where that exists.
pub fn command(variable: impl Fn(&str) -> Option<OsString>) -> Option<OsString> {
    let is_in_path = |name: &str| {
        let path = variable("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
    };
    let is_given = |value: &OsString| !value.to_string_lossy().trim().is_empty();
    variable("VISUAL")
        .filter(is_given)
        .or_else(|| variable("EDITOR").filter(is_given))
        .or_else(|| is_in_path("vi").then(|| OsString::from("vi")))
}

/// Edits a text in a temporary file, whose name ends like this. In the file, and only there, the text has a newline at
/// its end, which may be missing then. Blocks until the editor has ended, or shortly after `is_stopped` is set.
pub fn edit(command: &OsStr, text: &str, ending: &str, is_stopped: &AtomicBool) -> Edited {
    let name = command.to_string_lossy().into_owned();
    let draft = match Draft::create(text, ending) {
        Ok(draft) => draft,
        Err(error) => {
            let folder = std::env::temp_dir();
            return Edited::Failed(format!("no temporary file in {}: {error}", folder.display()));
        }
    };
    let mut child = match editor(command, &draft.path).spawn() {
        Ok(child) => child,
        Err(error) => return Edited::Failed(format!("{name}: {error}")),
    };
    match wait(&mut child, is_stopped) {
        Ok(Some(status)) if status.success() => match draft.read() {
            Ok(text) => Edited::Saved(text),
            Err(reason) => Edited::Failed(format!("the text cannot be read: {reason}")),
        },
        Ok(Some(status)) => Edited::Failed(format!("{name} failed: {}", ended(status))),
        Ok(None) => Edited::Stopped(draft.read().ok()),
        Err(error) => Edited::Failed(format!("{name}: {error}")),
    }
}

/// A temporary file that only the user can read; removed when it is dropped.
struct Draft {
    path: PathBuf,
}

impl Draft {
    fn create(text: &str, ending: &str) -> io::Result<Self> {
        const MOST_NAMES: u32 = 100;
        for _ in 0..MOST_NAMES {
            let name = format!("wscope-{:08x}{ending}", rand::random::<u32>());
            let path = std::env::temp_dir().join(name);
            match create_private(&path) {
                Ok(mut file) => {
                    let draft = Self { path };
                    file.write_all(text.as_bytes())?;
                    file.write_all(b"\n")?; // as editors end a text
                    return Ok(draft);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// The text in it. An editor may have replaced the file by another one.
    fn read(&self) -> Result<String, String> {
        if !fs::metadata(&self.path).map_err(|error| error.to_string())?.is_file() {
            return Err("it is not a regular file any more".to_owned());
        }
        let read =
            |path: &Path| -> Result<_, FileError> { OpenFile::open(path)?.read_all(MAX_TEXT) };
        let bytes = read(&self.path).map_err(|error| error.to_string())?;
        let mut text = String::from_utf8(bytes).map_err(|error| {
            format!("it is not UTF-8 from byte {} on", error.utf8_error().valid_up_to() + 1)
        })?;
        drop_newline(&mut text);
        Ok(text)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path); // the editor may have removed it
    }
}

/// Removes one newline from the end of a text, as editors put it there.
pub fn drop_newline(text: &mut String) {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
}

fn create_private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The command on this file: as git does it, a shell reads the value only if there is something to read for it.
fn editor(command: &OsStr, path: &Path) -> Command {
    let text = command.to_str().filter(|text| cfg!(windows) || !text.contains(SHELL_SYNTAX));
    if let Some(text) = text {
        let mut words = text.split_whitespace();
        let mut editor = Command::new(words.next().unwrap_or_default());
        editor.args(words).arg(path);
        return editor;
    }
    let mut script = command.to_owned();
    script.push(" \"$@\"");
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(script).arg(command).arg(path);
    shell
}

/// Waits for the end; `None` if it was stopped.
fn wait(child: &mut Child, is_stopped: &AtomicBool) -> io::Result<Option<ExitStatus>> {
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

fn ended(status: ExitStatus) -> String {
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
    fn the_command_is_visual_then_editor_then_vi() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().as_os_str().to_owned();
        let find = |values: &[(&str, &str)]| {
            command(|name| match name {
                "PATH" => Some(path.clone()),
                _ => values.iter().find(|(it, _)| *it == name).map(|(_, value)| value.into()),
            })
        };
        assert_eq!(find(&[("VISUAL", "a"), ("EDITOR", "b")]), Some("a".into()));
        assert_eq!(find(&[("VISUAL", " "), ("EDITOR", "b -w")]), Some("b -w".into()));
        assert_eq!(find(&[]), None);
        fs::write(folder.path().join("vi"), "").expect("a file");
        assert_eq!(find(&[]), Some("vi".into()));
    }

    #[cfg(unix)]
    fn edited(command: &str) -> Edited {
        edit(OsStr::new(command), "text", ".json", &AtomicBool::new(false))
    }

    #[cfg(unix)]
    #[test]
    fn what_was_saved_is_the_text() {
        use std::os::unix::fs::PermissionsExt;
        for (command, text) in [
            ("true", "text"),
            ("sh -c 'echo \"$0\" > \"$0\"; :'", ".json"),
            ("f() { stat -c %a \"$1\" > \"$1\"; }; f", "600"),
        ] {
            match edited(command) {
                Edited::Saved(saved) => assert!(saved.ends_with(text), "{command}: {saved}"),
                other => panic!("{command}: {other:?}"),
            }
        }
        let script = tempfile::tempdir().expect("a folder");
        let path = script.path().join("an editor");
        fs::write(&path, "#!/bin/sh\necho \"$1\" > \"$2\"\n").expect("a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("a script");
        let saved = edited(&format!("'{}' --wait", path.display()));
        assert!(matches!(&saved, Edited::Saved(text) if text == "--wait"), "{saved:?}");
    }

    #[cfg(unix)]
    #[test]
    fn an_editor_that_fails_leaves_nothing() {
        for (command, reason) in [
            ("false", "false failed: exit status 1"),
            ("kill -KILL $$; :", "failed: SIGKILL"),
            ("/nonexistent/editor", "/nonexistent/editor: "),
            ("rm", "the text cannot be read: No such file"),
            ("printf '\\377' >", "it is not UTF-8 from byte 1 on"),
            ("f() { rm \"$1\" && mkfifo \"$1\"; }; f", "it is not a regular file any more"),
        ] {
            let ended = edited(command);
            assert!(
                matches!(&ended, Edited::Failed(text) if text.contains(reason)),
                "{command}: {ended:?}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn an_editor_is_ended_with_the_run() {
        let stop = AtomicBool::new(true);
        for command in ["sleep 1000 #", "trap '' TERM; while :; do :; done #"] {
            let ended = edit(OsStr::new(command), "text", ".txt", &stop);
            assert!(matches!(&ended, Edited::Stopped(Some(text)) if text == "text"), "{ended:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_removed() {
        let draft = Draft::create("", ".txt").expect("a file");
        let path = draft.path.clone();
        assert!(path.exists());
        drop(draft);
        assert!(!path.exists());
    }
}
