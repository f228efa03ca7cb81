//! The files that match a pattern such as `tests/**/*.wscope`.

use std::path::{MAIN_SEPARATOR_STR, Path, PathBuf, is_separator};

use glob::{MatchOptions, Pattern};

use super::{Found, MAX_DEPTH, Walk, collect, usage};
use crate::error::Error;

/// As shells match: `*` does not match a separator, nor the dot at the start of a name.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// Finds the files that match, in order of name. Links to folders are followed only where the pattern names them, before
/// its first wildcard.
///
/// # Errors
/// When the pattern is malformed.
pub(super) fn files(pattern: &str, found: &mut Found) -> Result<(), Error> {
    let (base, rest) = split(pattern);
    let matcher = Pattern::new(&rest.join(MAIN_SEPARATOR_STR))
        .map_err(|error| usage(format!("bad --glob {pattern:?}: {}", error.msg)))?;
    if !base.is_dir() {
        return Ok(());
    }
    let is_wanted = |path: &Path| {
        let path = path.strip_prefix(&base).unwrap_or(path);
        matcher.matches_path_with(path, OPTIONS)
    };
    let depth = if rest.contains(&"**") { MAX_DEPTH } else { rest.len() - 1 };
    let takes_hidden = rest.iter().any(|name| name.starts_with('.'));
    collect(&base, &Walk { depth, takes_hidden, is_wanted: &is_wanted }, found);
    Ok(())
}

/// The folder that a pattern begins with, and the components behind it: those from the first wildcard on, at least
/// one.
fn split(pattern: &str) -> (PathBuf, Vec<&str>) {
    let components: Vec<_> = pattern.split(is_separator).collect();
    let is_wild = |component: &&str| component.contains(['*', '?', '[']);
    let first = components.iter().position(is_wild).unwrap_or(components.len());
    let (base, rest) = components.split_at(first.min(components.len() - 1));
    let base = match base {
        [] => ".".to_owned(),
        [""] => MAIN_SEPARATOR_STR.to_owned(),
        base => base.join(MAIN_SEPARATOR_STR),
    };
    (base.into(), rest.to_vec())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_pattern_begins_with_a_folder() {
        for (pattern, base, rest) in [
            ("*.wscope", ".", &["*.wscope"][..]),
            ("a.wscope", ".", &["a.wscope"]),
            ("", ".", &[""]),
            ("**/a/*", ".", &["**", "a", "*"]),
            ("a/b/*/c", "a/b", &["*", "c"]),
            ("./a/[bc]", "./a", &["[bc]"]),
            ("/*", "/", &["*"]),
            ("/a/b.wscope", "/a", &["b.wscope"]),
            ("../?", "..", &["?"]),
        ] {
            assert_eq!(split(pattern), (base.into(), rest.to_vec()), "{pattern}");
        }
    }

    /// The names below a folder that match a pattern in it.
    fn found(folder: &Path, pattern: &str) -> Vec<String> {
        let mut found = Found::default();
        files(&format!("{}/{pattern}", folder.display()), &mut found).expect("a pattern");
        assert!(found.errors.is_empty());
        let name = |path: PathBuf| path.strip_prefix(folder).expect("in it").display().to_string();
        found.files.into_iter().map(name).collect()
    }

    #[test]
    fn wildcards_match_as_in_a_shell() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["b/c", ".hidden", "b/d.wscope"] {
            fs::create_dir_all(folder.path().join(name)).expect("a folder");
        }
        for name in ["z.wscope", "a.wscope", "a.http", ".x.wscope", "b/1.wscope", "b/c/2.wscope"] {
            fs::write(folder.path().join(name), "").expect("a file");
        }
        fs::write(folder.path().join(".hidden/3.wscope"), "").expect("a file");
        for (pattern, expected) in [
            ("*.wscope", &["a.wscope", "z.wscope"][..]),
            ("a.*", &["a.http", "a.wscope"]),
            ("?.wscope", &["a.wscope", "z.wscope"]),
            ("[!a].wscope", &["z.wscope"]),
            ("**/*.wscope", &["a.wscope", "b/1.wscope", "b/c/2.wscope", "z.wscope"]),
            ("**/c/*", &["b/c/2.wscope"]),
            ("*/*.wscope", &["b/1.wscope"]),
            (".*.wscope", &[".x.wscope"]),
            (".hidden/*", &[".hidden/3.wscope"]),
            ("**/.hidden/*", &[".hidden/3.wscope"]),
            ("a.wscope", &["a.wscope"]),
            ("b", &[]),
            ("none/*", &[]),
        ] {
            assert_eq!(found(folder.path(), pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn a_malformed_pattern_is_a_usage_error() {
        for pattern in ["[", "a**", "***"] {
            assert!(
                matches!(files(pattern, &mut Found::default()), Err(Error::Usage { .. })),
                "{pattern}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_in_circles_are_not_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["one", "two"] {
            std::os::unix::fs::symlink(folder.path(), folder.path().join(name)).expect("a link");
        }
        fs::write(folder.path().join("a.wscope"), "").expect("a file");
        assert_eq!(found(folder.path(), "**/*.wscope"), ["a.wscope"]);
    }
}
