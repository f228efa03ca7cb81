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
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
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
