//! Whether a file with secrets is for its owner alone.

use std::path::Path;

/// Whether group or others may read it. Unknown is no.
#[cfg(unix)]
pub(super) fn others_may_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o044 != 0)
}

/// Access lists elsewhere are not looked into.
#[cfg(not(unix))]
pub(super) fn others_may_read(_: &Path) -> bool {
    false
}

/// What to say about such a file.
pub(super) fn warning(path: &Path) -> String {
    let path = path.display();
    format!("{path} has secrets and others can read it: chmod 600 {path}")
}
