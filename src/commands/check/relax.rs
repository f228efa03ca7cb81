//! `--relax`: files are rewritten with the patterns that were made less strict, after the difference was shown.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::print::{Printer, eprint};
use super::{Prepared, files};
use crate::config::CheckConfig;
use crate::error::Error;
use crate::event::Level;
use crate::net::Reactor;
use crate::output::style::{Role, Style};
use crate::platform::files::Background;
use crate::platform::replace::{ReplaceError, replace};
use crate::platform::signals::Signal;
use crate::platform::terminal;
use crate::protocol::counted::counted;
use crate::recording::scenario::FIRST_LINE;
use crate::redact::Secrets;
use crate::report::diff;
use crate::scenario::import;
use crate::scenario::language::{Source, parse};
use crate::scenario::outcome::FileOutcome;
use crate::scenario::relax::{Edit, Relaxation, apply};

/// The patterns of a file that were made less strict while it ran.
#[derive(Debug, Default)]
pub(super) struct Relaxed(Mutex<Vec<Relaxation>>);

impl Relaxed {
    pub(super) fn push(&self, relaxation: Relaxation) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(relaxation);
    }

    fn take(&self) -> Vec<Relaxation> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A file and what it is to be.
struct Change<'a> {
    source: &'a Source,
    text: String,
    /// How many patterns are changed.
    patterns: usize,
}

/// Refuses files that cannot be rewritten, before anything is run.
///
/// # Errors
/// For the first that is not a regular file, or was given before.
pub(super) fn check(files: &[Prepared]) -> Result<(), Error> {
    let mut targets = BTreeSet::new();
    for Prepared { source, .. } in files {
        let name = &source.name;
        let target = fs::canonicalize(name).map_err(|error| Error::System(name.clone(), error))?;
        let refused = match target.is_file() {
            false => "--relax: not a regular file",
            true if import::is_imported(name) => "--relax: only scenario files can be rewritten",
            true if !targets.insert(target) => "--relax: the same file was given before",
            true => continue,
        };
        return Err(Error::Usage { message: format!("{name}: {refused}"), hint: None });
    }
    Ok(())
}

/// What to do about a failure of a pattern, without `--relax`, in a recording or a file that was made from one.
pub(super) fn hint(files: &[Prepared], outcomes: &[FileOutcome]) -> Option<String> {
    let differs = |file: &FileOutcome| {
        let mut failures = file.parts.iter().filter_map(|part| part.failure.as_ref());
        failures.any(|failure| failure.closest.is_some())
    };
    let is_recorded = |source: &Source| {
        let first = source.text().lines().next();
        first == Some(FIRST_LINE) && source.name != files::STANDARD_INPUT
    };
    let failed: BTreeSet<_> =
        outcomes.iter().filter(|it| differs(it)).map(|it| it.file.as_str()).collect();
    let has_failed = |source: &Source| failed.contains(source.name.as_str());
    let file = files.iter().find(|it| is_recorded(&it.source) && has_failed(&it.source))?;
    let name = &file.source.name;
    let (scenario, before) = match import::is_imported(name) {
        false => (name.clone(), "the file was made from a recording".to_owned()),
        true => {
            let scenario = new_scenario(Path::new(name)).display().to_string();
            let (recording, written) = (diff::name(name), diff::name(&scenario));
            let before =
                format!("wscope view {recording} --record {written} makes a scenario of it");
            (scenario, before)
        }
    };
    Some(format!(
        "{before}: wscope check --relax {} leaves out what differs from run to run",
        diff::name(&scenario)
    ))
}

/// A name for the scenario of a recording: that of no file that exists.
fn new_scenario(recording: &Path) -> PathBuf {
    let path = recording.with_extension("wscope");
    let stem = recording.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let numbered = (2..100).map(|number| path.with_file_name(format!("{stem}-{number}.wscope")));
    let mut names = std::iter::once(path.clone()).chain(numbered);
    names.find(|name| fs::symlink_metadata(name).is_err()).unwrap_or(path)
}

/// Shows what would be changed, asks, and writes. False if there are changes that were not to be written.
///
/// # Errors
/// With the first file that could not be written; the others are.
pub(super) fn rewrite(
    config: &CheckConfig,
    files: &[Prepared],
    secrets: &Secrets,
    print: &mut Printer,
    reactor: &mut Reactor,
) -> Result<bool, Error> {
    let changes = files.iter().filter_map(|file| change(file).transpose());
    let changes = changes.collect::<Result<Vec<_>, _>>()?;
    if changes.is_empty() {
        return Ok(true);
    }
    let asks = config.asks_to_rewrite();
    let (err_style, style) = print.styles();
    for Change { source, text, .. } in &changes {
        let (old, new) = (source.text().to_owned(), text.clone());
        let [old, new] = [old, new].map(|text| secrets.mask_text(text));
        // The question is on standard error: where that is the terminal alone, so is what it is about.
        match asks && !config.env.stdout_is_terminal {
            true => eprint(&diff::unified(&source.name, &old, &new, err_style)),
            false => print.out(&diff::unified(&source.name, &old, &new, style)),
        }
    }
    print.finish(reactor, None)?;
    let is_confirmed = config.yes || (asks && confirmed(&changes, err_style, reactor)?);
    if !is_confirmed {
        let reason = if asks { "" } else { ": without a terminal --yes is needed" };
        print.notice(Level::Warning, &format!("nothing was written{reason}"));
        return Ok(false);
    }
    let mut result = Ok(true);
    for change in &changes {
        match write(change) {
            Ok(()) => {
                let patterns = counted(change.patterns as u64, "pattern");
                print.out(&format!("relaxed {} ({patterns})\n", diff::name(&change.source.name)));
            }
            Err(error) => result = result.and(Err(error)),
        }
    }
    result
}

/// What a file is to be; `None` if it stays as it is.
fn change(file: &Prepared) -> Result<Option<Change<'_>>, Error> {
    let (source, relaxed) = (&file.source, file.relaxed.take());
    if relaxed.is_empty() {
        return Ok(None);
    }
    let patterns = relaxed.len();
    let edits: Vec<Edit> = relaxed.into_iter().flat_map(|it| it.edits).collect();
    let text = apply(source.text(), &edits);
    let reread = Source::new(source.name.clone(), text.clone().into_bytes());
    match parse(&reread).errors.is_empty() {
        true => Ok(Some(Change { source, text, patterns })),
        false => Err(not_written(source, io::Error::other("the relaxed scenario is not valid"))),
    }
}

fn write(change: &Change<'_>) -> Result<(), Error> {
    let Change { source, text, .. } = change;
    replace(Path::new(&source.name), source.text().as_bytes(), text.as_bytes()).map_err(|error| {
        not_written(
            source,
            match error {
                ReplaceError::Changed => {
                    io::Error::other("the file was changed by another program meanwhile")
                }
                ReplaceError::Io(error) => error,
            },
        )
    })
}

fn not_written(source: &Source, reason: io::Error) -> Error {
    Error::System(format!("{} was not written", source.name), reason)
}

/// Asks on the terminal. A signal ends the wait. What was typed before the question was shown is not an answer.
fn confirmed(changes: &[Change<'_>], style: Style, reactor: &mut Reactor) -> Result<bool, Error> {
    let failed = |error| Error::System(files::STANDARD_INPUT.to_owned(), error);
    let what = match changes {
        [change] => diff::name(&change.source.name),
        changes => format!("these {} files", changes.len()),
    };
    let question = style.paint(Role::Bold, &format!("Write {what}? [y/N] "));
    terminal::discard_typed();
    let _ = reactor.take_continued(); // of the run
    eprint(&question);
    let read = || {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map(|_| line)
    };
    let answer = Background::start(Some(reactor.waker()), read).map_err(failed)?;
    loop {
        if let Some(line) = answer.poll().map_err(failed)? {
            let is_hangup = line.as_ref().is_err_and(terminal::is_hangup) || terminal::is_gone();
            if is_hangup {
                return Err(Error::Signal(Signal::Hangup)); // which may not have been received yet
            }
            let line = line.map_err(failed)?;
            if line.ends_with('\n') {
                return Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"));
            }
            eprint("\n"); // the end of the input: the cursor is still behind the question
            return Ok(false);
        }
        reactor.wait(Some(Instant::now() + LOOK_AGAIN)).map_err(failed)?;
        if let Some(signal) = reactor.take_signal() {
            if !(signal == Signal::Interrupt && terminal::echoes_interrupt()) {
                eprint("\n"); // behind the echo of Ctrl-C it was written already
            }
            return Err(Error::Signal(signal));
        }
        if reactor.take_continued() && !terminal::is_in_background() {
            eprint(&question); // below what the shell has written
        }
    }
}

/// How often it is looked for an answer, should the thread that waits for it fail to wake us.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
