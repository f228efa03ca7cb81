use std::io::Write;

use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

fn open(path: &Path, existing: Existing) -> Result<RecordFile, RecordFileError> {
    RecordFile::open(path, existing, |_| None)
}

fn refusal(path: &Path, existing: Existing) -> String {
    open(path, existing).expect_err("a refusal").to_string()
}

#[test]
fn what_exists_is_left_alone_replaced_or_continued() {
    let folder = folder();
    let path = folder.path().join("r.ndjson");
    let mut new = open(&path, Existing::Append).expect("a new file");
    assert!(new.is_new && new.length == 0 && !new.is_cut);
    new.file.write_all(b"one\ntw").expect("a write");
    assert_eq!(refusal(&path, Existing::Refuse), "it exists");
    drop(new); // it is locked until then
    let mut more = open(&path, Existing::Append).expect("the same file");
    assert!(!more.is_new && more.length == 6 && more.is_cut);
    more.file.write_all(b"\nthree\n").expect("a write");
    assert_eq!(fs::read(&path).expect("the file"), b"one\ntw\nthree\n");
    drop(more);
    assert!(!open(&path, Existing::Append).expect("the same file").is_cut);
    let replaced = open(&path, Existing::Replace).expect("the same file");
    assert!(!replaced.is_new && replaced.length == 0);
    assert_eq!(fs::read(&path).expect("the file"), b"one\ntw\nthree\n", "it was not begun");
    replaced.begin().expect("a regular file");
    replaced.discard();
    assert_eq!(fs::read(&path).expect("a file that existed before"), b"");
    let other = folder.path().join("other");
    open(&other, Existing::Refuse).expect("a new file").discard();
    assert!(!other.exists());
}

#[test]
fn a_file_that_is_used_is_known_by_all_its_names() {
    let folder = folder();
    let (path, other) = (folder.path().join("a"), folder.path().join("b"));
    fs::write(&path, "kept").expect("a file");
    fs::hard_link(&path, &other).expect("a link");
    let used = FileId::of_path(&path).expect("a file");
    for existing in [Existing::Refuse, Existing::Replace, Existing::Append] {
        let use_of = |id: &FileId| (*id == used).then(|| "the input".to_owned());
        let error = RecordFile::open(&other, existing, use_of).expect_err("a refusal");
        assert_eq!(error.to_string(), "it is the input");
    }
    assert_eq!(fs::read(&path).expect("the file"), b"kept");
}

#[test]
fn a_missing_folder_and_what_is_no_file_are_refused() {
    let folder = folder();
    let missing = refusal(&folder.path().join("no/r.ndjson"), Existing::Replace);
    assert!(missing.contains("No such file"), "{missing}");
    for existing in [Existing::Refuse, Existing::Replace, Existing::Append] {
        let refused = refusal(folder.path(), existing);
        assert_eq!(refused, "it is a directory, not a regular file");
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("a file").permissions().mode() & 0o777
    }

    #[test]
    fn only_the_user_can_read_it() {
        let folder = folder();
        let path = folder.path().join("r");
        open(&path, Existing::Refuse).expect("a new file");
        assert_eq!(mode(&path), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("a mode");
        open(&path, Existing::Append).expect("the same file");
        assert_eq!(mode(&path), 0o644, "what was chosen for the file stays");
        open(&path, Existing::Replace).expect("the same file").begin().expect("a regular file");
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn links_of_the_user_are_followed_on_demand() {
        let folder = folder();
        let (link, target) = (folder.path().join("link"), folder.path().join("target"));
        symlink("target", &link).expect("a link");
        assert_eq!(refusal(&link, Existing::Refuse), "it exists");
        let new = open(&link, Existing::Replace).expect("the end of the link");
        assert!(new.is_new && target.is_file());
        assert!(fs::symlink_metadata(&link).expect("the link").is_symlink());
        let circle = folder.path().join("circle");
        symlink("circle", &circle).expect("a link");
        let refused = refusal(&circle, Existing::Replace);
        assert!(refused.contains("ymbolic links"), "{refused}");
    }

    #[test]
    fn links_and_files_of_other_users_are_refused() {
        use std::os::unix::fs::{chown, lchown};
        let folder = folder();
        let (link, file) = (folder.path().join("link"), folder.path().join("file"));
        fs::write(&file, "theirs").expect("a file");
        symlink("file", &link).expect("a link");
        if lchown(&link, Some(12_345), None).is_err() {
            return; // only root can give files away
        }
        for existing in [Existing::Replace, Existing::Append] {
            assert_eq!(refusal(&link, existing), "it is a link that belongs to another user");
        }
        chown(&file, Some(12_345), None).expect("another owner");
        for existing in [Existing::Replace, Existing::Append] {
            assert_eq!(refusal(&file, existing), "it belongs to another user");
        }
        assert_eq!(fs::read(&file).expect("the file"), b"theirs");
    }

    #[test]
    fn pipes_and_devices_are_refused_without_waiting() {
        let folder = folder();
        let fifo = folder.path().join("fifo");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0)
            .expect("a FIFO");
        assert_eq!(refusal(&fifo, Existing::Replace), "it is a pipe, not a regular file");
        let null = refusal(Path::new("/dev/null"), Existing::Replace);
        assert_eq!(null, "it is a device, not a regular file");
    }
}
