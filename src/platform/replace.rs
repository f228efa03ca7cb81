//! Replacing a file: whoever reads it meanwhile sees the old content or the new one, and never a part.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::files::{self, FileError};
use super::private::create_file;

/// Why a file was not replaced. It is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceError {
    /// It does not have the old content any more.
    #[error("the file was changed meanwhile")]
    Changed,
    /// An error of the system.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Replaces the content `old` of a regular file by `new`. Permissions stay, and owner and group if that is permitted.
/// A symbolic link stays, and the file that it leads to is replaced.
///
/// # Errors
/// If it has another content, may not be written, or the folder takes no new file.
pub fn replace(path: &Path, old: &[u8], new: &[u8]) -> Result<(), ReplaceError> {
    let target = fs::canonicalize(path)?;
    // Renaming needs no permission of the file: one that is read-only would be replaced.
    let permissions = OpenOptions::new().write(true).open(&target)?.metadata()?.permissions();
    let (temporary, file) = create_beside(&target)?;
    let result = fill(file, new, &target, permissions)
        .and_then(|()| has_content(&target, old))
        .and_then(|()| Ok(fs::rename(&temporary, &target)?));
    match result {
        Ok(()) => sync_folder(&target),
        // It may be gone; there is nothing else to be done about it.
        Err(_) => drop(fs::remove_file(&temporary)),
    }
    result
}

/// How many names are tried for a new file.
const MOST_NAMES: u32 = 100;

/// A new file in the same folder: only within a file system can a file be renamed. Nobody else may read it before it has
/// the permissions of the old one.
fn create_beside(target: &Path) -> io::Result<(PathBuf, File)> {
    let folder = target.parent().unwrap_or(Path::new("."));
    let mut number = 0;
    loop {
        let name = format!(".wscope-{}-{number}.tmp", std::process::id());
        let path = folder.join(name);
        match create_file(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < MOST_NAMES => {
                number += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

fn fill(
    mut file: File,
    content: &[u8],
    target: &Path,
    permissions: Permissions,
) -> Result<(), ReplaceError> {
    keep_owner(&file, target);
    file.set_permissions(permissions)?;
    file.write_all(content)?;
    Ok(file.sync_all()?)
}

fn has_content(target: &Path, content: &[u8]) -> Result<(), ReplaceError> {
    match files::read(target, content.len() as u64) {
        Ok(found) if found == content => Ok(()),
        Ok(_) | Err(FileError::TooLarge(_)) => Err(ReplaceError::Changed),
        Err(FileError::Io(error)) => Err(error.into()),
    }
}

/// Gives the new file the owner and group of the old one. Only a privileged user may; for others they are the same as
/// a rule.
#[cfg(unix)]
fn keep_owner(file: &File, target: &Path) {
    use std::os::unix::fs::{MetadataExt, fchown};
    if let Ok(metadata) = fs::metadata(target) {
        let _ = fchown(file, Some(metadata.uid()), Some(metadata.gid()));
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Path) {}

/// Makes the new name last. A file system that cannot is no reason to fail.
#[cfg(unix)]
fn sync_folder(target: &Path) {
    if let Some(folder) = target.parent() {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        let name = |entry: io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
        let mut names: Vec<_> =
            entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn only_the_old_content_is_replaced() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("file");
        fs::write(&path, "old").expect("a file");
        assert!(matches!(replace(&path, b"other", b"new"), Err(ReplaceError::Changed)));
        assert_eq!(fs::read(&path).expect("the file"), b"old");
        replace(&path, b"old", b"new").expect("replaced");
        assert_eq!(fs::read(&path).expect("the file"), b"new");
        assert_eq!(names(folder.path()), ["file"]);
        assert!(replace(&folder.path().join("none"), b"", b"new").is_err());
        assert_eq!(names(folder.path()), ["file"]);
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().expect("a temporary directory");
        let (path, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&path, "old").expect("a file");
        fs::set_permissions(&path, Permissions::from_mode(0o640)).expect("permissions");
        symlink("file", &link).expect("a link");
        replace(&link, b"old", b"new").expect("replaced");
        assert_eq!(fs::read(&path).expect("the file"), b"new");
        assert_eq!(fs::read_link(&link).expect("still a link"), Path::new("file"));
        let mode = fs::metadata(&path).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }
}
