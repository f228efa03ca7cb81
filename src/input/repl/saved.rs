//! Saved messages: files that `/save-as` writes, users edit, and `/send` reads.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::closest::closest;
use super::json_text::is_meant_as_json;
use super::place::place;
use super::visible::preview;
use crate::input::decode_hex;
use crate::platform::files::{self, format_size, is_fifo};
use crate::platform::private::{create_file, create_folder};
use crate::platform::text_editor::drop_newline;

/// A larger file is not a saved message, in bytes.
const MAX_SIZE: u64 = 1 << 20;

/// Of more messages, none are listed or completed.
const MAX_MESSAGES: usize = 1000;

/// The endings of names of files, each with what the file holds.
const ENDINGS: [(&str, Format); 3] =
    [("json", Format::Json), ("txt", Format::Text), ("hex", Format::Hex)];

/// What the file of a message holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// JSON, once placeholders are replaced.
    Json,
    Text,
    /// The bytes of a binary message, as hex digits.
    Hex,
}

/// A saved message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SavedMessage {
    pub(super) path: PathBuf,
    pub(super) format: Format,
    /// Without a newline at its end; for [`Format::Hex`] digits and blanks.
    pub(super) text: String,
}

/// The messages of an endpoint.
#[derive(Clone, Debug)]
pub(super) struct SavedMessages {
    /// `None`: there is no place for them.
    pub(super) folder: Option<PathBuf>,
}

/// Whether a message can have this name: `[A-Za-z0-9._-]`, and no dot at its start.
pub(super) fn is_message_name(name: &str) -> bool {
    const LONGEST: usize = 100;
    let is_in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !name.is_empty()
        && name.len() <= LONGEST
        && !name.starts_with('.')
        && name.bytes().all(is_in_name)
}

impl SavedMessages {
    /// Saves a text, or what [`Format::Hex`] holds. Returns the path, and the name of another file that it replaced.
    ///
    /// # Errors
    /// Why it is not saved, in words.
    pub(super) fn save(
        &self,
        name: &str,
        text: &str,
        is_hex: bool,
        replaces: bool,
    ) -> Result<(PathBuf, Option<String>), String> {
        check_name(name)?;
        let folder = self.folder()?;
        if text.len() as u64 > MAX_SIZE {
            return Err(format!("a message of more than {} is not saved", format_size(MAX_SIZE)));
        }
        let old = match (self.files(name)?.as_slice(), replaces) {
            ([], _) => None,
            ([(path, _)], true) => Some(path.clone()),
            ([(path, _)], false) => {
                let path = path.display();
                return Err(format!("{path} exists: /save-as -f {name} replaces it"));
            }
            // Which of them is meant is not known, and neither could be had again.
            ([(one, _), (other, _), ..], _) => return Err(two_files(one, other)),
        };
        let ending = match (is_hex, is_meant_as_json(text)) {
            (true, _) => "hex",
            (false, true) => "json",
            (false, false) => "txt",
        };
        let path = folder.join(format!("{name}.{ending}"));
        write(folder, &path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        let Some(other) = old.filter(|other| *other != path) else { return Ok((path, None)) };
        fs::remove_file(&other).map_err(|error| format!("{}: {error}", other.display()))?;
        let other = other.file_name().map(|name| name.to_string_lossy().into_owned());
        Ok((path, other))
    }

    /// The message of this name.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    pub(super) fn load(&self, name: &str) -> Result<SavedMessage, String> {
        check_name(name)?;
        let files = self.files(name)?;
        match files.as_slice() {
            [] => {
                let names: Vec<String> = self.names().into_keys().collect();
                let close = closest(name, names.iter().map(String::as_str));
                let guess =
                    close.map_or_else(String::new, |name| format!("; did you mean {name}?"));
                Err(format!("no message is saved as {name}{guess}"))
            }
            [(path, format)] => {
                let text = read(path).map_err(|reason| format!("{}: {reason}", path.display()))?;
                Ok(SavedMessage { path: path.clone(), format: *format, text })
            }
            [(one, _), (other, _), ..] => Err(two_files(one, other)),
        }
    }

    /// The names of the messages, with the start of each.
    pub(super) fn previews(&self) -> Vec<(String, String)> {
        let start = |path: &Path| match read(path) {
            Ok(text) => preview(&text),
            Err(reason) => format!("({reason})"),
        };
        self.names().iter().map(|(name, path)| (name.clone(), start(path))).collect()
    }

    /// The names of the messages, in order, each with a file.
    pub(super) fn names(&self) -> BTreeMap<String, PathBuf> {
        let entries = self.folder.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
        let name = |entry: fs::DirEntry| {
            let name = entry.file_name().into_string().ok()?;
            let (name, ending) = name.rsplit_once('.')?;
            let is_message = ENDINGS.iter().any(|(it, _)| *it == ending) && is_message_name(name);
            is_message.then(|| (name.to_owned(), entry.path()))
        };
        let names: Vec<_> = entries.flatten().filter_map(name).take(MAX_MESSAGES + 1).collect();
        if names.len() > MAX_MESSAGES { BTreeMap::new() } else { names.into_iter().collect() }
    }

    /// The folder, which need not exist.
    pub(super) fn folder(&self) -> Result<&Path, String> {
        self.folder.as_deref().ok_or_else(|| {
            "messages cannot be saved: neither HOME nor XDG_CONFIG_HOME is set".to_owned()
        })
    }

    /// The files of a name that exist, whatever they are.
    fn files(&self, name: &str) -> Result<Vec<(PathBuf, Format)>, String> {
        let folder = self.folder()?;
        let files = ENDINGS
            .iter()
            .map(|(ending, format)| (folder.join(format!("{name}.{ending}")), *format));
        Ok(files.filter(|(path, _)| fs::symlink_metadata(path).is_ok()).collect())
    }
}

impl SavedMessage {
    /// The bytes of a binary message.
    ///
    /// # Errors
    /// Where a digit is wrong, in words.
    pub(super) fn hex(&self) -> Result<Vec<u8>, String> {
        let wrong = |c: char| !c.is_ascii_hexdigit() && !c.is_whitespace();
        let path = self.path.display();
        if let Some((at, c)) = self.text.char_indices().find(|(_, c)| wrong(*c)) {
            let place = place(&self.text, at);
            return Err(format!("{path}: {place}: {:?} is not a hex digit", c.to_string()));
        }
        decode_hex(&self.text).map_err(|reason| format!("{path}: {reason}"))
    }
}

fn two_files(one: &Path, other: &Path) -> String {
    format!("{} and {}: remove one of them", one.display(), other.display())
}

fn check_name(name: &str) -> Result<(), String> {
    match is_message_name(name) {
        true => Ok(()),
        false => Err(format!(
            "{name:?} cannot be the name of a message: letters, digits, \"-\", \"_\" and \".\", not at its start"
        )),
    }
}

/// What some editors write before a text in UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The text of a file, without a byte order mark and without one newline at its end.
fn read(path: &Path) -> Result<String, String> {
    let metadata = fs::metadata(path).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err(match (metadata.is_dir(), is_fifo(path)) {
            (true, _) => "it is a folder".to_owned(),
            (false, true) => "it is a FIFO, not a regular file".to_owned(),
            (false, false) => "it is not a regular file".to_owned(),
        });
    }
    let bytes = files::read(path, MAX_SIZE).map_err(|error| error.to_string())?;
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned() + "\n";
        format!("{}: not UTF-8", place(&before, valid))
    })?;
    if text.starts_with(BYTE_ORDER_MARK) {
        text.drain(..BYTE_ORDER_MARK.len());
    }
    drop_newline(&mut text);
    Ok(text)
}

/// Only the user may read it, and whoever reads it meanwhile sees the old text or the new one.
fn write(folder: &Path, path: &Path, text: &str) -> io::Result<()> {
    create_folder(folder)?;
    let temporary = folder.join(format!(".{}.tmp", std::process::id()));
    // A mark that is part of the text stays behind the one that is dropped.
    let mark = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK } else { "" };
    let written = create_file(&temporary).and_then(|mut file| {
        file.write_all(mark.as_bytes())?;
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")
    });
    let result = written.and_then(|()| fs::rename(&temporary, path));
    if result.is_err() {
        let _ = fs::remove_file(&temporary); // it may not exist
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages() -> (tempfile::TempDir, SavedMessages) {
        let folder = tempfile::tempdir().expect("a folder");
        let messages = SavedMessages { folder: Some(folder.path().join("messages/host_80")) };
        (folder, messages)
    }

    #[test]
    fn what_was_saved_is_loaded() {
        let (_folder, messages) = messages();
        for (name, text, is_hex, format) in [
            ("login", r#"{"user": "{{user}}"}"#, false, Format::Json),
            ("hello", "안녕\n\n", false, Format::Text),
            ("bytes.v-1_x", "00 ff", true, Format::Hex),
            ("empty", "", false, Format::Text),
            ("marked", "\u{feff}x", false, Format::Text),
        ] {
            let (path, _) = messages.save(name, text, is_hex, false).expect(name);
            let saved = SavedMessage { path, format, text: text.to_owned() };
            assert_eq!(messages.load(name), Ok(saved));
        }
        let names: Vec<_> = messages.names().into_keys().collect();
        assert_eq!(names, ["bytes.v-1_x", "empty", "hello", "login", "marked"]);
        assert_eq!(messages.previews()[2], ("hello".to_owned(), "안녕\\n\\n".to_owned()));
    }

    #[test]
    fn an_existing_message_is_replaced_only_if_that_is_said() {
        let (_folder, messages) = messages();
        messages.save("a", "{}", false, false).expect("saved");
        let reason = messages.save("a", "text", false, false).expect_err("it exists");
        assert!(reason.ends_with("a.json exists: /save-as -f a replaces it"), "{reason}");
        let (_, replaced) = messages.save("a", "text", false, true).expect("replaced");
        assert_eq!(replaced.as_deref(), Some("a.json"));
        let again = messages.save("a", "text", false, true).expect("replaced");
        assert_eq!(again.1, None, "it is the same file");
        assert_eq!(
            messages.load("a").map(|it| (it.format, it.text)),
            Ok((Format::Text, "text".to_owned()))
        );
        let other = messages.folder.clone().expect("a folder").join("a.json");
        fs::write(&other, "{}").expect("a file");
        let reason = messages.save("a", "{}", false, true).expect_err("there are two");
        assert!(reason.ends_with("a.txt: remove one of them"), "{reason}");
        assert!(other.exists() && other.with_extension("txt").exists());
    }

    #[test]
    fn a_byte_order_mark_is_not_part_of_a_message() {
        let (_folder, messages) = messages();
        messages.save("a", "{}", false, false).expect("saved");
        let folder = messages.folder.clone().expect("a folder");
        for (name, rest) in [("b.json", "{}"), ("c.txt", "\u{feff}x"), ("d.hex", "00 ff")] {
            fs::write(folder.join(name), format!("\u{feff}{rest}\n")).expect("a file");
            let saved = messages.load(&name[..1]).expect(name);
            assert_eq!(saved.text, rest, "{name}");
        }
        assert_eq!(messages.previews()[1].1, "{}");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_user_can_read_them() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, messages) = messages();
        let (path, _) = messages.save("a", "secret", false, false).expect("saved");
        let mode =
            |path: &Path| fs::metadata(path).expect("it exists").permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().expect("a folder")), 0o700);
    }

    #[test]
    fn names_are_restricted() {
        let (_folder, messages) = messages();
        for name in ["", ".a", "a/b", "../a", "a b", "한", &"x".repeat(101)] {
            let reason = messages.save(name, "", false, false).expect_err(name);
            assert!(reason.contains("cannot be the name of a message"), "{reason}");
            assert!(messages.load(name).is_err());
        }
        let nowhere = SavedMessages { folder: None };
        assert!(
            nowhere.save("a", "", false, false).expect_err("no folder").contains("XDG_CONFIG_HOME")
        );
        assert!(nowhere.names().is_empty());
    }

    #[test]
    fn files_with_mistakes_are_named_with_the_place() {
        let (_folder, messages) = messages();
        messages.save("other", "x", false, false).expect("saved");
        let folder = messages.folder.clone().expect("a folder");
        let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).expect("a file");
        write("utf8.txt", b"ab\nc\xff");
        write("hex.hex", b"00\n1g");
        write("odd.hex", b"001");
        write("large.json", &vec![b' '; (1 << 20) + 1]);
        write("two.json", b"{}");
        write("two.txt", b"");
        write("mark.txt", b"\xef\xbb\xbfab\nc\xff");
        fs::create_dir(folder.join("folder.txt")).expect("a folder");
        for (name, expected) in [
            ("utf8", "utf8.txt: line 2, column 2: not UTF-8"),
            ("mark", "mark.txt: line 2, column 2: not UTF-8"),
            ("large", "large.json: the file is larger than 1 MiB"),
            ("two", "two.json and "),
            ("folder", "folder.txt: it is a folder"),
            ("othr", "no message is saved as othr; did you mean other?"),
            ("unknown", "no message is saved as unknown"),
        ] {
            let reason = messages.load(name).expect_err(name);
            assert!(reason.contains(expected), "{name}: {reason}");
        }
        for (name, expected) in [
            ("hex", "hex.hex: line 2, column 2: \"g\" is not a hex digit"),
            ("odd", "odd.hex: not hex: 3 digits"),
        ] {
            let reason = messages.load(name).expect("it is text").hex().expect_err(name);
            assert!(reason.contains(expected), "{name}: {reason}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_fifo_does_not_block() {
        let (_folder, messages) = messages();
        messages.save("other", "x", false, false).expect("saved");
        let path = messages.folder.clone().expect("a folder").join("fifo.json");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.is_ok_and(|status| status.success()));
        assert!(
            messages
                .load("fifo")
                .expect_err("a FIFO")
                .ends_with("it is a FIFO, not a regular file")
        );
        assert_eq!(messages.previews()[0].1, "(it is a FIFO, not a regular file)");
    }
}
