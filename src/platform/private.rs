//! Files and folders that only the user can read.

use std::fs::{DirBuilder, File};
use std::io;
use std::path::Path;

/// Creates a file for writing, with mode 0600 where there are modes.
///
/// # Errors
/// Of the system; [`io::ErrorKind::AlreadyExists`] if there is anything at this path, which is not opened then.
pub fn create_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Creates a file for writing and reading that only this program can open, and that the system deletes when it is
/// closed.
///
/// # Errors
/// Of the system.
pub fn create_temporary_file(folder: &Path) -> io::Result<File> {
    const ATTEMPTS: usize = 8;
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    #[cfg(windows)]
    {
        use std::os::windows::fs::OpenOptionsExt;
        const DELETE_ON_CLOSE: u32 = 0x0400_0000;
        options.custom_flags(DELETE_ON_CLOSE).share_mode(0);
    }
    let mut error = io::Error::from(io::ErrorKind::AlreadyExists);
    for _ in 0..ATTEMPTS {
        let path = folder.join(format!(".wscope-{:016x}.tmp", rand::random::<u64>()));
        match options.open(&path) {
            Ok(file) => {
                #[cfg(unix)]
                std::fs::remove_file(&path)?;
                return Ok(file);
            }
            Err(other) => error = other,
        }
        if error.kind() != io::ErrorKind::AlreadyExists {
            break;
        }
    }
    Err(error)
}

/// Creates a folder and those above it, with mode 0700 where there are modes. One that exists is left as it is.
///
/// # Errors
/// Of the system.
pub fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek, Write};

    use super::*;

    #[test]
    fn a_temporary_file_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut file = create_temporary_file(folder.path()).expect("a file");
        let mut content = String::new();
        file.write_all(b"x").and_then(|()| file.rewind()).expect("a file to write to");
        file.read_to_string(&mut content).expect("a file to read");
        assert_eq!(content, "x");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(file.metadata().expect("metadata").permissions().mode() & 0o777, 0o600);
        }
        drop(file);
        assert_eq!(folder.path().read_dir().expect("a folder").count(), 0);
    }
}
