//! The user's pager, which has the terminal while it runs.

use std::ffi::OsStr;
use std::io::Write;
use std::process::Stdio;
use std::sync::atomic::AtomicBool;
use std::thread;

use super::user_programs::{program, wait};

/// What `less` needs to show colours, unless the user has options for it.
const LESS: &str = "R";

/// Shows a text in the pager. Blocks until that has ended, or shortly after `is_stopped` is set.
///
/// # Errors
/// If it could not be run, in words.
pub fn page(command: &OsStr, text: String, is_stopped: &AtomicBool) -> Result<(), String> {
    let name = command.to_string_lossy();
    let mut pager = program(command, &[]);
    if std::env::var_os("LESS").is_none() {
        pager.env("LESS", LESS);
    }
    let mut child = pager
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{name}: {error}; PAGER names another pager"))?;
    if let Some(mut input) = child.stdin.take() {
        // It may end before it has read everything. This thread ends with it.
        thread::spawn(move || {
            let _ = input.write_all(text.as_bytes());
        });
    }
    match wait(&mut child, is_stopped) {
        Ok(Some(status)) if status.code() == Some(127) => Err(format!("{name}: command not found")),
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{name}: {error}")),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_pager_reads_the_text_and_may_end_early() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("text");
        let stopped = AtomicBool::new(false);
        let command = format!("cat > '{}'", file.display());
        page(OsStr::new(&command), "long text".to_owned(), &stopped).expect("a shell");
        assert_eq!(std::fs::read_to_string(&file).expect("the text"), "long text");
        page(OsStr::new("true"), "x".repeat(1 << 20), &stopped).expect("true");
        for missing in ["/nonexistent/pager", "nonexistent_pager -x | cat >&2; exit 127;"] {
            let failed = page(OsStr::new(missing), String::new(), &stopped);
            assert!(failed.is_err_and(|text| text.contains("nonexistent")), "{missing}");
        }
        let stop = AtomicBool::new(true);
        page(OsStr::new("exec sleep 1000 #"), String::new(), &stop).expect("it is ended");
    }
}
