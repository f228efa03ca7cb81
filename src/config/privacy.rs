//! Whether a file with secrets is accessible to others than its owner.

use std::path::Path;

/// Whether group or others may read it; false if that is not known.
#[cfg(unix)]
pub(super) fn others_may_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o044 != 0)
}

/// Access control lists of other systems are not examined.
#[cfg(not(unix))]
pub(super) fn others_may_read(_: &Path) -> bool {
    false
}

/// The warning about such a file.
pub(super) fn warning(path: &Path) -> String {
    let path = path.display();
    format!("{path} contains secrets and is readable by others: chmod 600 {path}")
}
