//! `$` lines: commands that a scenario runs.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::values::ScenarioValues;
use crate::scenario::language::template::{Piece, Template};
use crate::scenario::language::{Values, Variable};
use crate::scenario::query::CommandFacts;

/// The most of the command's output that is kept, in bytes.
const MAX_OUTPUT: u64 = 16 << 20;

/// Why a command came to nothing.
pub(super) enum CommandError {
    /// A variable has no value.
    Variable(Variable),
    /// It could not be run, or not to its end.
    Failed(String),
    /// The run was interrupted.
    Interrupted,
}

/// Runs a command with `sh -c`. The text of a variable is handed to it in the environment and never run.
pub(super) fn run(
    command: &Template,
    values: &ScenarioValues,
    until: Option<Instant>,
    interrupted: &AtomicBool,
) -> Result<CommandFacts, CommandError> {
    let mut text = String::new();
    let mut shell = Command::new("sh");
    for piece in command.pieces() {
        match piece {
            Piece::Literal(literal) => text.push_str(literal),
            Piece::Variable(variable) => {
                let value = values.value(&variable.name);
                let value = value.ok_or_else(|| CommandError::Variable(variable.clone()))?;
                let kind = if values.is_secret(&variable.name) { "SECRET" } else { "VARIABLE" };
                let name = format!("WSCOPE_{kind}_{}", variable.name.replace('-', "_"));
                text.push_str(&format!("\"${{{name}}}\""));
                shell.env(name, &*value);
            }
        }
    }
    shell.arg("-c").arg(&text).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let failed = |error: std::io::Error| CommandError::Failed(format!("cannot run sh: {error}"));
    let mut child = shell.spawn().map_err(failed)?;
    let Some(stdout) = child.stdout.take() else {
        return Err(CommandError::Failed("sh has no standard output".to_owned()));
    };
    let reader = thread::Builder::new().name("command".to_owned()).spawn(move || {
        let mut bytes = Vec::new();
        let mut limited = stdout.take(MAX_OUTPUT);
        let _ = limited.read_to_end(&mut bytes); // what was read counts
        let _ = std::io::copy(&mut limited.into_inner(), &mut std::io::sink());
        bytes
    });
    let reader = reader.map_err(failed)?;
    let status = loop {
        match child.try_wait().map_err(failed)? {
            Some(status) => break status,
            None if interrupted.load(Ordering::SeqCst) => {
                let _ = child.kill(); // it may have ended just now
                let _ = child.wait();
                return Err(CommandError::Interrupted);
            }
            None if until.is_some_and(|until| Instant::now() >= until) => {
                let _ = child.kill(); // it may have ended just now
                let _ = child.wait();
                return Err(CommandError::Failed("the command did not end in time".to_owned()));
            }
            None => thread::sleep(Duration::from_millis(2)),
        }
    };
    // What it has left running in the background may keep its output open.
    let end = until.unwrap_or_else(|| Instant::now() + Duration::from_secs(1));
    while !reader.is_finished() && Instant::now() < end && !interrupted.load(Ordering::SeqCst) {
        thread::sleep(Duration::from_millis(2));
    }
    let stdout = if reader.is_finished() { reader.join().unwrap_or_default() } else { Vec::new() };
    Ok(CommandFacts { stdout, exit: status.code() })
}
