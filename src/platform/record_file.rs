//! Files that sessions are recorded to: only the user can read them, and nobody else decides where they are.

#[cfg(unix)]
use std::fs::TryLockError;
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use super::private::create_file;

/// What happens to a file that exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// It is left alone, which is an error.
    #[default]
    Refuse,
    /// Its content is replaced.
    Replace,
    /// More is added to its end.
    Append,
}

/// Why a file cannot be recorded to.
#[derive(Debug, thiserror::Error)]
pub enum RecordFileError {
    /// An error of the system.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// There is a file already.
    #[error("it exists")]
    Exists,
    /// It is something else than a file.
    #[error("it is {0}, not a regular file")]
    NotRegular(&'static str),
    /// The path is a link that another user has made.
    #[error("it is a link that belongs to another user")]
    ForeignLink,
    /// The file belongs to another user, who could read it.
    #[error("it belongs to another user")]
    ForeignFile,
    /// The run uses this file for something else.
    #[error("it is {0}")]
    Used(String),
    /// The lines of both would be mixed.
    #[error("another process is recording to it")]
    Locked,
}

/// What tells one file from all others, whatever its names are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileId(Identity);

#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(not(unix))]
type Identity = PathBuf;

/// A file to record to, with its position at its end.
#[derive(Debug)]
pub struct RecordFile {
    /// The file.
    pub file: File,
    /// Its path, without the links that were followed.
    pub path: PathBuf,
    /// What tells it from others, if that is known.
    pub id: Option<FileId>,
    /// It did not exist before.
    pub is_new: bool,
    /// It has another content until [`RecordFile::begin`].
    is_replaced: bool,
    /// How many bytes it has, once it was begun.
    pub length: u64,
    /// The last of its lines has no end: the line of a run that was killed.
    pub is_cut: bool,
    /// The permissions of a file that more is added to, if other users may read it.
    pub open_mode: Option<u32>,
}

impl FileId {
    /// That of the file at this path, if there is one.
    pub fn of_path(path: &Path) -> Option<Self> {
        identity(path, &fs::metadata(path).ok()?)
    }
}

impl RecordFile {
    /// Creates a file with mode 0600, or opens one that exists. It is opened only if it is a regular file of the user.
    /// `use_of` says what a file is used for in this run, if for anything.
    ///
    /// # Errors
    /// Why it cannot be recorded to. Nothing has been changed then.
    pub fn open(
        path: &Path,
        existing: Existing,
        use_of: impl Fn(&FileId) -> Option<String>,
    ) -> Result<Self, RecordFileError> {
        match create_file(path) {
            Ok(file) => return Self::new(file, path.to_owned()),
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error.into()),
            Err(_) => {}
        }
        if let Ok(found) = fs::metadata(path) {
            check_kind(&found)?;
            let id = identity(path, &found);
            if let Some(what) = id.as_ref().and_then(&use_of) {
                return Err(RecordFileError::Used(what));
            }
        }
        if existing == Existing::Refuse {
            return Err(RecordFileError::Exists);
        }
        let (file, path) = match open_own(path, existing)? {
            (Some(file), path) => (file, path),
            (None, path) => return Self::new(create_file(&path)?, path),
        };
        let found = file.metadata()?;
        check_kind(&found)?;
        check_owner(&found)?;
        let id = identity(&path, &found);
        if let Some(what) = id.as_ref().and_then(&use_of) {
            return Err(RecordFileError::Used(what)); // it took the place of the other one just now
        }
        lock(&file)?;
        let found = file.metadata()?; // it may have grown before
        let (length, is_cut, open_mode) = match existing {
            Existing::Append => (found.len(), is_cut(&file, found.len())?, open_mode(&found)),
            Existing::Refuse | Existing::Replace => (0, false, None),
        };
        let is_replaced = existing != Existing::Append;
        Ok(Self { file, path, id, is_new: false, is_replaced, length, is_cut, open_mode })
    }

    fn new(file: File, path: PathBuf) -> Result<Self, RecordFileError> {
        lock(&file)?;
        let id = identity(&path, &file.metadata()?);
        Ok(Self {
            file,
            path,
            id,
            is_new: true,
            is_replaced: false,
            length: 0,
            is_cut: false,
            open_mode: None,
        })
    }

    /// From now on all that is written goes to the end of the file, whatever other programs add to it.
    ///
    /// # Errors
    /// When the system refuses.
    #[cfg(unix)]
    pub fn write_at_end(&self) -> io::Result<()> {
        use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
        let flags = fcntl_getfl(&self.file)?;
        Ok(fcntl_setfl(&self.file, flags | OFlags::APPEND)?)
    }

    /// Nothing: a file that is opened for that cannot be truncated here.
    ///
    /// # Errors
    /// None.
    #[cfg(not(unix))]
    pub fn write_at_end(&self) -> io::Result<()> {
        Ok(())
    }

    /// Removes the content of a file that is replaced, and lets only the user read it.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn begin(&self) -> io::Result<()> {
        if self.is_replaced {
            make_private(&self.file)?;
            self.file.set_len(0)?;
        }
        Ok(())
    }

    /// Closes it, and removes it if it did not exist before.
    pub fn discard(self) {
        if self.is_new {
            let _ = fs::remove_file(&self.path); // another failure is reported already
        }
    }
}

/// The files that standard input, output and error are, with what they are.
pub fn standard_streams() -> Vec<(FileId, String)> {
    const NAMES: [&str; 3] = ["standard input", "standard output", "standard error"];
    let named = NAMES.into_iter().zip(streams());
    named.filter_map(|(name, id)| Some((id?, format!("{name} of this run")))).collect()
}

/// Checks that a file still has a name, without which nobody could ever read it, and at least this many bytes.
///
/// # Errors
/// What another program did to it.
pub fn check_written(file: &File, length: u64) -> io::Result<()> {
    let Ok(found) = file.metadata() else { return Ok(()) };
    if is_deleted(&found) {
        return Err(io::Error::other("the file was deleted"));
    }
    match found.len() < length {
        true => Err(io::Error::other("the file was truncated by another program")),
        false => Ok(()),
    }
}

#[cfg(unix)]
fn is_deleted(found: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    found.nlink() == 0
}

/// Always false: an open file cannot be deleted here.
#[cfg(not(unix))]
fn is_deleted(_: &Metadata) -> bool {
    false
}

/// Keeps other processes of this program from recording to a file until it is closed. Some file systems have no locks:
/// any other error is ignored.
#[cfg(unix)]
fn lock(file: &File) -> Result<(), RecordFileError> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(RecordFileError::Locked),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

/// Nothing: here nobody could read a file that is locked.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "it may be locked elsewhere")]
fn lock(_: &File) -> Result<(), RecordFileError> {
    Ok(())
}

fn check_kind(found: &Metadata) -> Result<(), RecordFileError> {
    match found.is_file() {
        true => Ok(()),
        false => Err(RecordFileError::NotRegular(kind(found))),
    }
}

#[cfg(unix)]
fn kind(found: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    let kind = found.file_type();
    match () {
        () if kind.is_dir() => "a directory",
        () if kind.is_fifo() => "a pipe",
        () if kind.is_socket() => "a socket",
        () => "a device",
    }
}

#[cfg(not(unix))]
fn kind(found: &Metadata) -> &'static str {
    if found.is_dir() { "a directory" } else { "a device" }
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps, reason = "it may not be known elsewhere")]
fn identity(_: &Path, found: &Metadata) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    Some(FileId((found.dev(), found.ino())))
}

#[cfg(not(unix))]
fn identity(path: &Path, _: &Metadata) -> Option<FileId> {
    fs::canonicalize(path).ok().map(FileId)
}

#[cfg(unix)]
fn streams() -> [Option<FileId>; 3] {
    let regular = |found: rustix::io::Result<rustix::fs::Stat>| {
        let found = found.ok()?;
        let is_file = rustix::fs::FileType::from_raw_mode(found.st_mode).is_file();
        #[allow(clippy::unnecessary_cast, reason = "they have other types elsewhere")]
        is_file.then_some(FileId((found.st_dev as u64, found.st_ino as u64)))
    };
    [
        regular(rustix::fs::fstat(io::stdin())),
        regular(rustix::fs::fstat(io::stdout())),
        regular(rustix::fs::fstat(io::stderr())),
    ]
}

#[cfg(not(unix))]
fn streams() -> [Option<FileId>; 3] {
    [const { None }; 3]
}

/// Opens a file without changing it. Links to it are followed only if they belong to the user. Without a file at the
/// end of the links the path of what has to be created.
#[cfg(unix)]
fn open_own(path: &Path, existing: Existing) -> Result<(Option<File>, PathBuf), RecordFileError> {
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

    use rustix::fs::OFlags;
    /// As many as Linux follows.
    const MOST_LINKS: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_symlink() => {
                if found.uid() != rustix::process::geteuid().as_raw() {
                    return Err(RecordFileError::ForeignLink);
                }
                let target = fs::read_link(&path)?;
                path = path.parent().unwrap_or(Path::new("")).join(target);
                continue;
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((None, path)),
            Err(error) => return Err(error.into()),
        }
        // What took its place meanwhile is not followed, and does not make us wait.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        let is_append = existing == Existing::Append;
        let mut options = File::options();
        options.read(true).write(!is_append).append(is_append);
        #[allow(clippy::cast_possible_wrap, reason = "few of the bits are used")]
        options.custom_flags(flags.bits() as i32);
        let opened = match options.open(&path) {
            // What is replaced need not be readable.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied && !is_append => {
                options.read(false).open(&path)
            }
            opened => opened,
        };
        return Ok((Some(opened?), path));
    }
    Err(io::Error::from(rustix::io::Errno::LOOP).into())
}

#[cfg(not(unix))]
fn open_own(path: &Path, existing: Existing) -> Result<(Option<File>, PathBuf), RecordFileError> {
    let is_append = existing == Existing::Append;
    let mut options = File::options();
    options.read(true).write(!is_append).append(is_append);
    Ok((Some(options.open(path)?), path.to_owned()))
}

#[cfg(unix)]
fn check_owner(found: &Metadata) -> Result<(), RecordFileError> {
    use std::os::unix::fs::MetadataExt;
    match found.uid() == rustix::process::geteuid().as_raw() {
        true => Ok(()),
        false => Err(RecordFileError::ForeignFile),
    }
}

#[cfg(not(unix))]
fn check_owner(_: &Metadata) -> Result<(), RecordFileError> {
    Ok(())
}

#[cfg(unix)]
fn make_private(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn make_private(_: &File) -> io::Result<()> {
    Ok(())
}

/// The permissions of a file, if other users may read it.
#[cfg(unix)]
fn open_mode(found: &Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = found.permissions().mode() & 0o7777;
    (mode & 0o044 != 0).then_some(mode)
}

#[cfg(not(unix))]
fn open_mode(_: &Metadata) -> Option<u32> {
    None
}

/// Whether a file of this length ends within a line.
fn is_cut(file: &File, length: u64) -> io::Result<bool> {
    use std::io::{Read, Seek, SeekFrom};
    let Some(last) = length.checked_sub(1) else { return Ok(false) };
    let (mut file, mut byte) = (file, [b'\n']);
    file.seek(SeekFrom::Start(last))?;
    file.read_exact(&mut byte)?; // an append is at the end whatever the position
    Ok(byte != *b"\n")
}

#[cfg(test)]
mod tests;
