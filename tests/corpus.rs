//! Runs every seed input of the fuzz targets, and every one that has found a bug, as an ordinary test.

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

#[path = "../fuzz/targets/lib.rs"]
pub mod targets;

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

fn run_all(target: &str, run: fn(&[u8])) {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let corpus = files(&fuzz.join("corpus").join(target));
    assert!(!corpus.is_empty(), "no inputs for {target}");
    for file in corpus.into_iter().chain(files(&fuzz.join("regressions").join(target))) {
        let input = fs::read(&file).expect("an input");
        catch_unwind(|| run(&input)).unwrap_or_else(|_| panic!("failed on {}", file.display()));
    }
}

#[test]
fn head() {
    run_all("head", targets::head::run);
}

#[test]
fn frames() {
    run_all("frames", targets::frames::run);
}

#[test]
fn har() {
    run_all("har", targets::har::run);
}

#[test]
fn messages() {
    run_all("messages", targets::messages::run);
}

#[test]
fn conversation() {
    run_all("conversation", targets::conversation::run);
}

#[test]
fn scenario() {
    run_all("scenario", targets::scenario::run);
}

#[test]
fn recording() {
    run_all("recording", targets::recording::run);
}

#[test]
fn relay() {
    run_all("relay", targets::relay::run);
}

#[test]
fn matching() {
    run_all("matching", targets::matching::run);
}

#[test]
fn curl() {
    run_all("curl", targets::curl::run);
}

#[test]
fn rules() {
    run_all("rules", targets::rules::run);
}

#[test]
fn forward() {
    run_all("forward", targets::forward::run);
}

#[test]
fn page() {
    run_all("page", targets::page::run);
}
