//! The steps that run a command.

use super::{PartRun, Stop};
use crate::commands::check::failure::Draft;
use crate::commands::check::run_command::{CommandError, Finished, run};
use crate::platform::child_group::Exit;
use crate::scenario::language::Template;
use crate::scenario::phrase::Phrase;
use crate::scenario::plan::PlannedStep;
use crate::scenario::query::{CommandFacts, Facts};

/// How much of what a command wrote a failure shows: lines, and characters of each.
const SHOWN_LINES: usize = 10;
const SHOWN_CHARS: usize = 200;

impl PartRun<'_, '_> {
    pub(super) fn run_command(
        &mut self,
        step: &PlannedStep,
        command: &Template,
    ) -> Result<(), Stop> {
        let (values, interrupted) = (&self.file.values, self.file.interrupted);
        let deadline = self.deadline.map(|deadline| self.file.clock.real(deadline));
        let finished = run(command, values, deadline, interrupted)
            .map_err(|error| self.command_failed(step, error))?;
        let Finished { exit, stdout, stderr, group } = finished;
        self.file.commands.push(group);
        self.command_checks(step, &exit, stdout, &stderr)
    }

    fn command_failed(&self, step: &PlannedStep, error: CommandError) -> Stop {
        match error {
            CommandError::Interrupted => Stop::Interrupted(None),
            CommandError::Variable(variable) => self.no_value(&variable).into(),
            CommandError::Failed(reason, stderr) => {
                let mut failure = self.failed(&step.at, "command", reason);
                self.add_lines(&mut failure, "stderr", &stderr);
                failure.into()
            }
        }
    }

    /// A status other than 0 fails, unless the file says which one it is to be.
    fn command_checks(
        &mut self,
        step: &PlannedStep,
        exit: &Exit,
        stdout: Vec<u8>,
        stderr: &str,
    ) -> Result<(), Stop> {
        let asserts_exit =
            step.checks.asserts.iter().any(|(assertion, _)| assertion.expression.is_exit());
        let (status, problem) = match exit {
            Exit::Status(0) => (Some(0), None),
            Exit::Status(status) => (
                Some(*status),
                Some(Phrase::new("the command ended with status ").value(status.to_string())),
            ),
            Exit::Signal(name) => {
                (None, Some(Phrase::from(name.to_string()).own(" ended the command")))
            }
        };
        let checked = match problem.filter(|_| !asserts_exit) {
            Some(problem) => {
                let mut failure = self.failed(&step.at, "command", problem);
                self.add_lines(&mut failure, "output", &String::from_utf8_lossy(&stdout));
                Err(failure.into())
            }
            None => {
                let facts = CommandFacts { stdout, exit: status };
                self.check(&step.checks, &Facts::Command(&facts))
            }
        };
        checked.map_err(|stop| match stop {
            Stop::Failed(mut failure) => {
                self.add_lines(&mut failure, "stderr", stderr);
                Stop::Failed(failure)
            }
            stop => stop,
        })
    }

    /// The last lines of what a command wrote. Secrets are masked before it is cut: a part of one would stay.
    fn add_lines(&self, failure: &mut Draft, name: &'static str, text: &str) {
        let text = self.file.secrets.mask_text(text.trim().to_owned());
        let lines: Vec<_> = text.lines().collect();
        let first = lines.len().saturating_sub(SHOWN_LINES);
        if first > 0 {
            let count = Phrase::new(name).own(": (").counted(first as u64, "line").own(" before)");
            failure.notes.push(count);
        }
        failure.notes.extend(lines[first..].iter().map(|line| {
            let start: String = line.chars().take(SHOWN_CHARS).collect();
            let more = if start.len() < line.len() { "…" } else { "" };
            Phrase::new(name).own(": ").value(start).own(more)
        }));
    }
}
