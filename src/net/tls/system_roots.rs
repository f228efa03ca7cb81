//! Whether the system has CA certificates, where OpenSSL is the TLS library: containers often have none, and the
//! library then reports an unknown issuer.

use std::fs;
use std::path::{Path, PathBuf};

/// Whether there are none in any of the places that native-tls looks in.
pub(super) fn are_missing() -> bool {
    let found = openssl_probe::probe();
    !has_any(found.cert_file.as_deref(), &found.cert_dir)
}

/// A directory that cannot be listed may have some. OpenSSL finds them there by names such as `4bfab552.0`.
fn has_any(file: Option<&Path>, folders: &[PathBuf]) -> bool {
    let is_named_by_hash = |name: &str| {
        let parts = name.split_once('.');
        parts.is_some_and(|(hash, number)| {
            hash.len() == 8
                && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
                && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    let holds_one = |folder: &PathBuf| {
        fs::read_dir(folder).map_or(true, |entries| {
            entries.flatten().any(|entry| entry.file_name().to_str().is_some_and(is_named_by_hash))
        })
    };
    file.is_some_and(|file| fs::metadata(file).map_or(true, |it| it.len() > 0))
        || folders.iter().any(holds_one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_and_folders_without_certificates_are_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, folders) = (folder.path().join("ca.pem"), [folder.path().to_owned()]);
        assert!(!has_any(None, &[]) && !has_any(None, &folders));
        fs::write(&file, "").expect("a file");
        assert!(!has_any(Some(&file), &folders));
        fs::write(&file, "x").expect("a file");
        assert!(has_any(Some(&file), &[]));
        assert!(!has_any(None, &folders), "OpenSSL does not find it there");
        fs::write(folder.path().join("4bfab552.0"), "x").expect("a file");
        assert!(has_any(None, &folders));
    }
}
