//! `wscope check`: runs scenario files and reports what holds.

use std::collections::BTreeSet;
use std::time::{Instant, SystemTime};

use super::RunError;
use crate::config::CheckConfig;
use crate::error::Error;
use crate::event::Level;
use crate::net::Reactor;
use crate::platform::Signals;
use crate::redact::Secrets;
use crate::report::Run;
use crate::scenario::import;
use crate::scenario::language::template::Template;
use crate::scenario::language::{Diagnostic, Partial, Source, elsewhere};
use crate::scenario::outcome::counts;
use crate::scenario::plan::{Plan, PlannedAction, PlannedPart, PlannedStep, plan};
use files::ReadFile;
pub(super) use options::is_own_option;
use print::Printer;
use recorded::CheckRecordings;
use relax::Relaxed;
use runner::run_all;
use values::ScenarioValues;

mod clock;
#[cfg(test)]
mod editor_tests;
mod failure;
mod files;
mod handshake;
mod link;
mod live;
mod masking;
mod options;
mod part;
mod print;
mod received;
mod recorded;
mod relax;
mod reports;
mod results;
mod run_command;
mod runner;
mod streams;
mod time_limit;
mod transcript;
mod values;

/// A file that is ready to be run.
struct Prepared {
    source: Source,
    plan: Plan,
    relaxed: Relaxed,
}

/// Runs the scenarios.
///
/// # Errors
/// Syntax and usage, files that cannot be read or written, and parts that failed.
pub fn run(config: CheckConfig) -> Result<(), RunError> {
    let signals =
        Signals::install().map_err(|error| Error::System("signal handlers".to_owned(), error))?;
    let mut reactor = Reactor::new(Some(signals))
        .map_err(|error| Error::System("event loop".to_owned(), error))?;
    let is_report = reports::on_standard_output(&config);
    let mut print = Printer::new(&config, is_report, &reactor)?;
    for (level, text) in config.notices.iter().filter(|_| !config.quiet) {
        print.notice(*level, text);
    }
    let hidden = config.hidden.clone();
    let values = ScenarioValues::new(config.variables.clone(), config.secrets.clone(), hidden);
    print.weak_secrets(&config);
    if let Some(error) = options::check_shared(&config.options, &config.env) {
        return Err(Error::Config(error).into());
    }
    let prepared = prepare(&config, &values, &mut print, &mut reactor)?;
    let chosen: Vec<_> = prepared.into_iter().filter(|file| has_selected(file, &config)).collect();
    if chosen.is_empty() {
        return Err(nothing_to_run(&config).into());
    }
    if config.list {
        list(&chosen, &config, &values.secrets(), &mut print);
        return Ok(print.finish(&mut reactor, None)?);
    }
    if config.relax {
        relax::check(&chosen)?;
    }
    reports::check_writable(&config, &chosen, &values)?;
    let recordings = CheckRecordings::start(&config, &chosen, &values, reactor.waker())?;
    let started = Instant::now();
    let (files, signal) = run_all(&config, &chosen, &values, &recordings, &mut print, &mut reactor);
    let (took, ended) = (started.elapsed(), SystemTime::now());
    print.summary(&files, took);
    print.flush(); // before a report that waits for its reader
    if !config.relax
        && signal.is_none()
        && let Some(hint) = relax::hint(&chosen, &files)
    {
        print.hint(&hint);
    }
    let until = signal.map(|_| print::after_signal());
    let run = Run { files: &files, took, ended, is_interrupted: signal.is_some() };
    let reported = reports::write(&config, &run, &mut print, &mut reactor, until);
    let is_written = match signal {
        None => relax::rewrite(&config, &chosen, &values.secrets(), &mut print, &mut reactor),
        Some(_) => Ok(true),
    };
    let finished = print.finish(&mut reactor, until);
    let result = finished.and(reported).and_then(|()| match signal {
        Some(signal) => Err(Error::Signal(signal)),
        None if !is_written? || counts(&files).failed > 0 => Err(Error::ChecksFailed),
        None => Ok(()),
    });
    Ok(recordings.finish(&config, &mut print, &mut reactor, until, result)?)
}

/// Reads all files and plans their steps. Everything that is wrong in them is shown.
fn prepare(
    config: &CheckConfig,
    values: &ScenarioValues,
    print: &mut Printer,
    reactor: &mut Reactor,
) -> Result<Vec<Prepared>, Error> {
    let given: BTreeSet<String> = values.names().cloned().collect();
    let mut prepared = Vec::new();
    let (mut is_invalid, mut is_unreadable) = (false, false);
    let mut wrong = 0;
    for read in files::read_all(config, &given, reactor)? {
        let ReadFile { source, warnings } = match read {
            Ok(read) => read,
            Err(error) => {
                print.error(&error);
                let is_usage = error.exit_code() == 2;
                (is_invalid, is_unreadable) = (is_invalid || is_usage, is_unreadable || !is_usage);
                wrong += usize::from(!matches!(error, Error::Usage { .. })); // that is about no file
                continue;
            }
        };
        for warning in warnings {
            print.notice(Level::Warning, &warning);
        }
        let Partial { value: mut plan, errors } = planned(&source, &given, config);
        let warnings = std::mem::take(&mut plan.warnings);
        plan.warnings.extend(warnings.into_iter().filter(|it| is_run(&plan.parts, it, config)));
        let is_wrong = !errors.is_empty() || (config.strict && !plan.warnings.is_empty());
        is_invalid |= is_wrong;
        if !errors.is_empty() || !plan.warnings.is_empty() {
            let secrets = values.secrets().and(masking::written(&source, config.redaction));
            show(&source, &errors, &plan.warnings, config, &secrets, print);
        }
        if is_wrong {
            wrong += 1;
        } else {
            prepared.push(Prepared { source, plan, relaxed: Relaxed::default() });
        }
    }
    let total = wrong + prepared.len();
    if wrong > 0 && total > 1 {
        let verb = if wrong == 1 { "has" } else { "have" };
        print.failure(&format!("nothing was run: {wrong} of {total} files {verb} errors"));
    }
    match (is_invalid, is_unreadable) {
        (true, _) => Err(Error::InvalidScenarios),
        (false, true) => Err(Error::UnreadableScenarios),
        (false, false) => Ok(prepared),
    }
}

/// The plan of what could be read of a file, with everything that is wrong.
fn planned(source: &Source, given: &BTreeSet<String>, config: &CheckConfig) -> Partial<Plan> {
    let mut plan = plan(import::parse(source, given), source, given);
    let found = wrong_connections(&plan, source, config);
    let found = elsewhere(found, &plan.errors, |at| source.line_of(at));
    plan.errors.extend(found);
    let connections = plan.value.parts.iter().flat_map(|part| &part.connections);
    let connections = connections.filter(|_| !import::is_imported(&source.name));
    let misplaced = connections.flat_map(|it| options::misplaced(&it.connect));
    plan.value.warnings.extend(misplaced.collect::<Vec<_>>());
    if !config.allow_run {
        let commands = commands(&plan.value);
        plan.errors.extend(commands);
    }
    plan.errors.sort_by_key(|error| error.at.start);
    plan
}

/// How many errors and warnings of a file are shown before it is run.
const MOST_SHOWN: usize = 100;

/// Shows what is wrong in a file and what may be, in the order of its lines.
fn show(
    source: &Source,
    errors: &[Diagnostic],
    warnings: &[Diagnostic],
    config: &CheckConfig,
    secrets: &Secrets,
    print: &mut Printer,
) {
    let severity = if config.strict { "error" } else { "warning" };
    let warnings = warnings.iter().map(|warning| (severity, warning));
    let mut all: Vec<_> = errors.iter().map(|error| ("error", error)).chain(warnings).collect();
    all.sort_by_key(|(_, diagnostic)| diagnostic.at.start);
    let more = all.len().saturating_sub(MOST_SHOWN);
    for (severity, diagnostic) in all.into_iter().take(MOST_SHOWN) {
        print.diagnostic(source, severity, diagnostic, secrets);
    }
    if more > 0 {
        print.more(source, more);
    }
}

/// What is wrong with the lines of connections, and that a file has none.
fn wrong_connections(
    Partial { value: plan, errors: before }: &Partial<Plan>,
    source: &Source,
    config: &CheckConfig,
) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    if plan.parts.is_empty() && before.is_empty() {
        let start = source.text().len() - source.text().trim_start_matches('\u{feff}').len();
        let help = "a part begins with  WS URL  or  ### TITLE";
        errors.push(Diagnostic::new(start..start, "this file has no parts").with_help(help));
    }
    for part in &plan.parts {
        for connection in &part.connections {
            errors.extend(options::check(&connection.connect, config));
        }
    }
    errors
}

/// Commands, which may not be run.
fn commands(plan: &Plan) -> Vec<Diagnostic> {
    let is_command = |step: &&PlannedStep| match &step.action {
        PlannedAction::Run(command) => !command.pieces().is_empty(),
        _ => false,
    };
    let commands = plan.parts.iter().flat_map(|part| &part.steps).filter(is_command);
    let error = |step: &PlannedStep| {
        Diagnostic::new(step.at.clone(), "this scenario runs a command")
            .with_help("--allow-run permits it")
    };
    commands.map(error).collect()
}

fn is_selected(part: &PlannedPart, number: usize, config: &CheckConfig) -> bool {
    config.only.as_ref().is_none_or(|only| only.is_match(&title(part, number)))
}

/// Whether a warning is about a part that is run.
fn is_run(parts: &[PlannedPart], warning: &Diagnostic, config: &CheckConfig) -> bool {
    let mut before = parts.iter().enumerate().rev();
    let part = before.find(|(_, part)| part.at.start <= warning.at.start);
    part.is_none_or(|(index, part)| is_selected(part, index + 1, config))
}

fn has_selected(file: &Prepared, config: &CheckConfig) -> bool {
    let mut parts = file.plan.parts.iter().enumerate();
    parts.any(|(index, part)| is_selected(part, index + 1, config))
}

fn nothing_to_run(config: &CheckConfig) -> Error {
    let message = match &config.only {
        Some(only) => format!("no part has a title that matches --only /{}/", only.as_str()),
        None => "the scenario has no parts: a part begins with WS ws://HOST/PATH".to_owned(),
    };
    Error::Usage { message, hint: None }
}

/// The title of a part as it is written, or `part N`.
fn title(part: &PlannedPart, number: usize) -> String {
    let written = part.title.as_ref().and_then(Template::as_literal);
    written.map_or_else(|| format!("part {number}"), std::borrow::Cow::into_owned)
}

fn list(prepared: &[Prepared], config: &CheckConfig, secrets: &Secrets, print: &mut Printer) {
    for Prepared { source, plan, .. } in prepared {
        for (index, part) in plan.parts.iter().enumerate() {
            if is_selected(part, index + 1, config) {
                let line = source.place(part.at.start).line;
                let title = secrets.mask_text(title(part, index + 1));
                print.out(&format!("{}:{line}: {title}\n", source.name));
            }
        }
    }
}
