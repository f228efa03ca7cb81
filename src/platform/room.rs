//! How much room a disk has.

use std::path::Path;

/// How many bytes the user can still write to the file system of a folder, if that is known.
#[cfg(unix)]
pub fn free_space(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    if found.f_blocks == 0 {
        return None; // one without a limit, as ramfs
    }
    #[allow(clippy::unnecessary_cast, reason = "they have other types elsewhere")]
    Some((found.f_bavail as u64).saturating_mul(found.f_frsize as u64))
}

/// Nothing: it is not asked for here.
#[cfg(not(unix))]
pub fn free_space(_: &Path) -> Option<u64> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_exists_is_on_a_disk() {
        assert!(free_space(Path::new("/")).is_some());
        assert_eq!(free_space(Path::new("/nonexistent/folder")), None);
    }
}
