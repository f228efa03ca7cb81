//! The result of a run, and assertions on it.

use std::fmt::Display;
use std::fs;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;
use tempfile::TempDir;

/// The result of a run. Each assertion returns it, for the next one.
pub struct Outcome {
    /// The exit status, unless a signal ended the program.
    pub code: Option<i32>,
    /// The signal that ended the program.
    pub signal: Option<i32>,
    /// Stdout as text.
    pub stdout: String,
    /// Stdout as bytes.
    pub stdout_bytes: Vec<u8>,
    /// Stderr as text.
    pub stderr: String,
    /// From the start to the end of the program.
    pub elapsed: Duration,
    pub(super) command: String,
    pub(super) home: TempDir,
}

impl Outcome {
    /// The exit status is this one.
    #[track_caller]
    pub fn code(self, expected: i32) -> Self {
        let met = self.code == Some(expected);
        self.check(met, format_args!("expected exit status {expected}"));
        self
    }

    /// Stdout is exactly this.
    #[track_caller]
    pub fn stdout(self, expected: &str) -> Self {
        let met = self.stdout_bytes == expected.as_bytes();
        self.check(
            met,
            format_args!("expected as stdout\n    {expected:?}, got\n    {:?}", self.stdout),
        );
        self
    }

    /// Stdout is exactly these bytes.
    #[track_caller]
    pub fn stdout_bytes(self, expected: &[u8]) -> Self {
        let met = self.stdout_bytes == expected;
        let [wanted, got] = [expected, &*self.stdout_bytes].map(<[u8]>::escape_ascii);
        self.check(met, format_args!("expected as stdout\n    {wanted}, got\n    {got}"));
        self
    }

    /// Stdout contains this text.
    #[track_caller]
    pub fn stdout_contains(self, text: &str) -> Self {
        let met = self.stdout.contains(text);
        self.check(met, format_args!("expected on stdout: {text:?}"));
        self
    }

    /// Stderr is exactly this.
    #[track_caller]
    pub fn stderr(self, expected: &str) -> Self {
        let met = self.stderr == expected;
        self.check(
            met,
            format_args!("expected as stderr\n    {expected:?}, got\n    {:?}", self.stderr),
        );
        self
    }

    /// Stderr contains this text.
    #[track_caller]
    pub fn stderr_contains(self, text: &str) -> Self {
        let met = self.stderr.contains(text);
        self.check(met, format_args!("expected on stderr: {text:?}"));
        self
    }

    /// Stderr does not contain this text.
    #[track_caller]
    pub fn stderr_lacks(self, text: &str) -> Self {
        let met = !self.stderr.contains(text);
        self.check(met, format_args!("not expected on stderr: {text:?}"));
        self
    }

    /// Each line of stdout as JSON.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<serde_json::Value> {
        let parse = |line: &str| match serde_json::from_str(line) {
            Ok(value) => value,
            Err(error) => panic!("{}", self.report(&format!("not JSON ({error}): {line}"))),
        };
        self.stdout.lines().map(parse).collect()
    }

    /// The path of a file in the directory that the program was started in.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// A file in the directory that the program was started in.
    #[track_caller]
    pub fn file(&self, name: &str) -> Vec<u8> {
        match fs::read(self.home.path().join(name)) {
            Ok(contents) => contents,
            Err(error) => panic!("{}", self.report(&format!("no file {name}: {error}"))),
        }
    }

    #[track_caller]
    fn check(&self, met: bool, expectation: impl Display) {
        assert!(met, "{}", self.report(&expectation.to_string()));
    }

    fn report(&self, what: &str) -> String {
        let end = match (self.code, self.signal) {
            (Some(code), _) => format!("exit status {code}"),
            (None, Some(signal)) => format!("ended by signal {signal}"),
            (None, None) => "ended without a status".to_owned(),
        };
        report(&self.command, &format!("{what}\n{end}"), &self.stdout, &self.stderr)
    }
}

pub(super) fn report(command: &str, what: &str, stdout: &str, stderr: &str) -> String {
    format!(
        "$ {command}\n{what}\n--- stdout ---\n{stdout}\n--- stderr ---\n{stderr}\n--------------"
    )
}

#[cfg(unix)]
pub(super) fn signal_of(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
pub(super) fn signal_of(_status: ExitStatus) -> Option<i32> {
    None
}
