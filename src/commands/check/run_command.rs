//! `$` lines: commands that a scenario runs.

use std::env;
use std::io::{ErrorKind, Read};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::values::ScenarioValues;
use crate::platform::child_group::{ChildGroup, Exit};
use crate::scenario::language::shell::{Quoting, environment_name, quoting};
use crate::scenario::language::template::{Piece, Template};
use crate::scenario::language::{Values, Variable};

/// The most of the command's output that is kept, in bytes; of its errors the last ones.
const MAX_OUTPUT: usize = 16 << 20;
const MAX_ERRORS: usize = 64 << 10;

/// How long a command that has to end may take to clean up.
const GRACE: Duration = Duration::from_millis(300);

/// How long the end of its output is waited for: what it left running may keep that open.
const OUTPUT_GRACE: Duration = Duration::from_millis(500);

/// What the names of secrets in the environment begin with.
const SECRET: &str = "WSCOPE_SECRET_";

/// Why a command came to nothing.
pub(super) enum CommandError {
    /// A variable has no value.
    Variable(Variable),
    /// It could not be run, or not to its end; with the end of what it wrote to standard error.
    Failed(String, String),
    /// The run was interrupted.
    Interrupted,
}

/// A command that has ended. What it left running ends when this is dropped.
pub(super) struct Finished {
    pub(super) exit: Exit,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: String,
    pub(super) group: ChildGroup,
}

/// Runs a command with `sh -c`. The text of a variable is handed to it in the environment and never run.
pub(super) fn run(
    command: &Template,
    values: &ScenarioValues,
    until: Option<Instant>,
    interrupted: &AtomicBool,
) -> Result<Finished, CommandError> {
    let failed = |error: std::io::Error| {
        let reason = match error.kind() {
            ErrorKind::ArgumentListTooLong => {
                "the values of its variables are too long for the environment of a command"
                    .to_owned()
            }
            _ => format!("cannot run sh: {error}"),
        };
        CommandError::Failed(reason, String::new())
    };
    let mut shell = shell(command, values)?;
    let mut group = ChildGroup::spawn(&mut shell).map_err(failed)?;
    let (stdout, stderr) = group.take_pipes();
    let output = Captured::start(stdout, MAX_OUTPUT, Keep::First).map_err(failed)?;
    let errors = Captured::start(stderr, MAX_ERRORS, Keep::Last).map_err(failed)?;
    let is_late = || until.is_some_and(|until| Instant::now() >= until);
    let exit = loop {
        if let Some(exit) = group.exit().map_err(failed)? {
            break exit;
        }
        let is_interrupted = interrupted.load(Ordering::SeqCst);
        if is_interrupted || is_late() {
            group.end(GRACE);
            drop(group); // its pipes end
            return Err(match is_interrupted {
                true => CommandError::Interrupted,
                false => {
                    errors.wait(Instant::now() + OUTPUT_GRACE, interrupted);
                    let reason = "the command did not end in time (max-time)".to_owned();
                    CommandError::Failed(reason, errors.text())
                }
            });
        }
        thread::sleep(Duration::from_millis(2));
    };
    let end = Instant::now() + OUTPUT_GRACE;
    output.wait(end, interrupted);
    errors.wait(end, interrupted);
    Ok(Finished { exit, stdout: output.take(), stderr: errors.text(), group })
}

/// The shell with the command's text and environment.
fn shell(command: &Template, values: &ScenarioValues) -> Result<Command, CommandError> {
    let mut quoting = quoting(command)
        .map_err(|error| CommandError::Failed(error.message, String::new()))?
        .into_iter();
    let mut text = String::new();
    let mut shell = Command::new("sh");
    // Only the secrets that the line names are for it.
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with(SECRET) {
            shell.env_remove(name);
        }
    }
    for piece in command.pieces() {
        match piece {
            Piece::Literal(literal) => text.push_str(literal),
            Piece::Variable(variable) => {
                let value = values.value(&variable.name);
                let value = value.ok_or_else(|| CommandError::Variable(variable.clone()))?;
                if value.contains('\0') {
                    let name = &variable.name;
                    let reason = format!(
                        "the value of {name:?} has a NUL character, which cannot be in the environment"
                    );
                    return Err(CommandError::Failed(reason, String::new()));
                }
                let is_secret = values.is_secret(&variable.name);
                let prefix = if is_secret { SECRET } else { "WSCOPE_VARIABLE_" };
                let name = format!("{prefix}{}", environment_name(&variable.name));
                text.push_str(&match quoting.next() {
                    Some(Quoting::Inside) => format!("${{{name}}}"),
                    _ => format!("\"${{{name}}}\""),
                });
                shell.env(name, &*value);
            }
        }
    }
    shell.arg("-c").arg(text).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(shell)
}

/// What of an output is kept if it is too much.
#[derive(Clone, Copy)]
enum Keep {
    First,
    Last,
}

/// What is read from a pipe, by a thread of its own.
struct Captured {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Captured {
    fn start(
        pipe: Option<impl Read + Send + 'static>,
        most: usize,
        keep: Keep,
    ) -> std::io::Result<Self> {
        let bytes = Arc::<Mutex<Vec<u8>>>::default();
        let kept = Arc::clone(&bytes);
        let reader = thread::Builder::new().name("command".to_owned()).spawn(move || {
            let mut chunk = [0; 8 << 10];
            let Some(mut pipe) = pipe else { return };
            while let Ok(count @ 1..) = pipe.read(&mut chunk) {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let room = most.saturating_sub(kept.len());
                match keep {
                    Keep::First => kept.extend_from_slice(&chunk[..count.min(room)]),
                    Keep::Last => {
                        kept.extend_from_slice(&chunk[..count]);
                        let excess = kept.len().saturating_sub(most);
                        kept.drain(..excess);
                    }
                }
            }
        })?;
        Ok(Self { bytes, reader })
    }

    fn wait(&self, until: Instant, interrupted: &AtomicBool) {
        while !self.reader.is_finished()
            && Instant::now() < until
            && !interrupted.load(Ordering::SeqCst)
        {
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.take()).into_owned()
    }
}
