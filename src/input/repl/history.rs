//! The history file.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustyline::history::{FileHistory, History as _};
use rustyline::{Config, Editor};

use super::helper::Assistant;
use super::names::PromptNames;
use crate::platform::private::{create_file, create_folder};
use crate::redact::Redaction;

/// A larger file is not read: it is not a history of ours, whose lines are limited. In bytes.
const MAX_SIZE: u64 = 16 << 20;

pub(super) type LineEditor = Editor<Assistant, FileHistory>;

/// A history file that can be used.
pub(super) struct LineHistory {
    path: PathBuf,
    /// The lines as they are kept; the editor has them as they were typed, to be sent again.
    kept: FileHistory,
    /// Their secrets are masked in the file.
    names: Arc<PromptNames>,
}

impl LineHistory {
    /// Reads the lines of earlier sessions. `None`: lines are kept for this one only, because the file cannot
    /// be used.
    pub(super) fn load(
        path: PathBuf,
        names: Arc<PromptNames>,
        config: &Config,
        editor: &mut LineEditor,
    ) -> Option<Self> {
        create(&path);
        if !is_usable(&path) {
            return None;
        }
        let mut kept = FileHistory::with_config(config);
        let _ = kept.load(&path); // if it is not text, the lines before that are kept
        for line in kept.iter() {
            let _ = editor.add_history_entry(line.as_str());
        }
        Some(Self { path, kept, names })
    }

    /// Adds the newest line. Returns whether it was written: a full disk must not end the session.
    pub(super) fn append(&mut self, line: &str) -> bool {
        let line = self.names.without_secrets(without_secrets(line));
        self.kept.add(&line).unwrap_or(false)
            && is_usable(&self.path)
            && self.kept.append(&self.path).is_ok()
    }
}

/// Whether it is a regular file, or a link to one: others may block, or never end. Does not open it.
fn is_usable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() <= MAX_SIZE)
}

/// The line without the secrets in URLs.
fn without_secrets(line: &str) -> String {
    let words = line.split_inclusive(char::is_whitespace);
    let has_bare_url = line.starts_with("/connect ");
    words
        .map(|word| match word.contains("://") {
            true => Redaction::Mask.url(word),
            false if has_bare_url => Redaction::Mask.argument(word),
            false => Cow::Borrowed(word),
        })
        .collect()
}

/// What was typed may be confidential: only the user may read the file.
fn create(path: &Path) {
    let Some(folder) = path.parent() else { return };
    let _ = create_folder(folder); // without it the history lasts as long as the session
    let _ = create_file(path);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::repl::Destination;
    use crate::redact::Secrets;

    #[test]
    fn secrets_are_not_kept() {
        let fields = [("Authorization", &b"Bearer hunter2-hunter2"[..])];
        let secrets = Secrets::of_request(Redaction::Mask, "/?token=s3cr3t", fields.into_iter());
        let names = PromptNames::alone(Destination { secrets, ..Destination::default() });
        for (line, kept) in [
            ("hello", "hello"),
            (" two  words ", " two  words "),
            (r#"{"auth":"hunter2-hunter2","t":"s3cr3t"}"#, r#"{"auth":"***","t":"***"}"#),
            ("/connect b me:pw@h/?token=abc", "/connect b ***@h/?token=***"),
            ("/connect h:81/?a=b", "/connect h:81/?a=b"),
            ("see wss://me:pw@h/?token=abc#x now", "see wss://me:***@h/?token=***#x now"),
        ] {
            assert_eq!(names.without_secrets(without_secrets(line)), kept);
        }
    }

    #[test]
    fn only_a_regular_file_of_bounded_size_is_used() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new/history");
        create(&path);
        assert!(is_usable(&path));
        assert!(!is_usable(folder.path()), "a directory");
        let file = fs::OpenOptions::new().write(true).open(&path).expect("the file");
        file.set_len(MAX_SIZE + 1).expect("a sparse file");
        assert!(!is_usable(&path), "too large");
        file.set_len(MAX_SIZE).expect("a sparse file");
        assert!(is_usable(&path));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_to_what_they_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "#V2\n").expect("a file");
        std::os::unix::fs::symlink(&file, &link).expect("a link");
        assert!(is_usable(&link));
        for device in ["/dev/null", "/dev/zero", "/dev/tty"] {
            let link = folder.path().join(device.replace('/', "-"));
            std::os::unix::fs::symlink(device, &link).expect("a link");
            assert!(!is_usable(&link), "{device}");
        }
    }
}
