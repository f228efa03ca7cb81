//! The user's text editor, which has the terminal while it runs.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use super::files::read;
use super::private::create_file;
use super::user_programs::{ended, program, wait};

/// The largest text that is read back, in bytes.
const MAX_TEXT: u64 = 16 << 20;

/// What some editors write before a text in UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';

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

/// Edits a text in a temporary file, whose name ends like this. In the file, and only there, the text has a newline at
/// its end, which may be missing then, and a byte order mark if the editor writes one. Blocks until the editor has ended,
/// or shortly after `is_stopped` is set.
pub fn edit(command: &OsStr, text: &str, ending: &str, is_stopped: &AtomicBool) -> Edited {
    let name = command.to_string_lossy().into_owned();
    let draft = match Draft::create(text, ending) {
        Ok(draft) => draft,
        Err(error) => {
            let folder = std::env::temp_dir();
            return Edited::Failed(format!("no temporary file in {}: {error}", folder.display()));
        }
    };
    let mut child = match program(command, &[draft.path.as_os_str()]).spawn() {
        Ok(child) => child,
        Err(error) => return Edited::Failed(format!("{name}: {error}")),
    };
    match wait(&mut child, is_stopped) {
        Ok(Some(status)) if status.success() => match draft.read() {
            Ok(saved) => Edited::Saved(without_mark_of_editor(saved, text)),
            Err(reason) => Edited::Failed(format!("the text cannot be read: {reason}")),
        },
        Ok(Some(status)) => Edited::Failed(format!("{name} failed: {}", ended(status))),
        Ok(None) => {
            Edited::Stopped(draft.read().ok().map(|saved| without_mark_of_editor(saved, text)))
        }
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
            match create_file(&path) {
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
        let bytes = read(&self.path, MAX_TEXT).map_err(|error| error.to_string())?;
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

/// Removes a byte order mark that the text did not have before.
fn without_mark_of_editor(saved: String, before: &str) -> String {
    match saved.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) if !before.starts_with(BYTE_ORDER_MARK) => rest.to_owned(),
        _ => saved,
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_byte_order_mark_of_the_editor_is_not_text() {
        let marks = OsStr::new(r#"f() { printf '\357\273\277new\n' > "$1"; }; f"#);
        for (command, before, after) in [
            (marks, "old", "new"),
            (marks, "\u{feff}old", "\u{feff}new"),
            (OsStr::new("true"), "\u{feff}old", "\u{feff}old"),
        ] {
            match edit(command, before, ".txt", &AtomicBool::new(false)) {
                Edited::Saved(saved) => assert_eq!(saved, after),
                other => panic!("{command:?}: {other:?}"),
            }
        }
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
        for command in ["exec sleep 1000 #", "trap '' TERM; while :; do :; done #"] {
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
