//! `wscope check`: runs scenario files and reports what holds.

use std::collections::BTreeSet;
use std::time::{Instant, SystemTime};

use super::RunError;
use crate::config::CheckConfig;
use crate::error::Error;
use crate::net::Reactor;
use crate::platform::Signals;
use crate::redact::Secrets;
use crate::report::Run;
use crate::scenario::import;
use crate::scenario::language::template::Template;
use crate::scenario::language::{Diagnostic, Source};
use crate::scenario::outcome::counts;
use crate::scenario::plan::{Plan, PlannedAction, PlannedPart, plan};
use print::Printer;
use relax::Relaxed;
use runner::run_all;
use values::ScenarioValues;

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
mod relax;
mod reports;
mod results;
mod run_command;
mod runner;
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
    let prepared = prepare(&config, &values, &mut print)?;
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
    let names = chosen.iter().map(|file| file.source.name.as_str());
    reports::check_writable(&config, names)?;
    let started = Instant::now();
    let (files, signal) = run_all(&config, &chosen, &values, &mut print, &mut reactor);
    let (took, ended) = (started.elapsed(), SystemTime::now());
    print.summary(&files, took);
    print.flush(); // before a report that waits for its reader
    let until = signal.map(|_| print::after_signal());
    let run = Run { files: &files, took, ended, is_interrupted: signal.is_some() };
    let reported = reports::write(&config, &run, &mut print, &mut reactor, until);
    let is_written = match signal {
        None => relax::rewrite(&config, &chosen, &values.secrets(), &mut print, &mut reactor),
        Some(_) => Ok(true),
    };
    print.finish(&mut reactor, until)?;
    reported?;
    match signal {
        Some(signal) => Err(Error::Signal(signal).into()),
        None if !is_written? || counts(&files).failed > 0 => Err(Error::ChecksFailed.into()),
        None => Ok(()),
    }
}

/// Reads all files and plans their steps. Everything that is wrong in them is shown.
fn prepare(
    config: &CheckConfig,
    values: &ScenarioValues,
    print: &mut Printer,
) -> Result<Vec<Prepared>, Error> {
    let given: BTreeSet<String> = values.names().cloned().collect();
    let mut prepared = Vec::new();
    let mut errors = 0;
    for source in files::read(&config.inputs, &config.globs)? {
        let planned =
            import::parse(&source, &given).and_then(|scenario| plan(scenario, &source, &given));
        let planned = planned.and_then(|plan| match static_errors(&plan, &source, config) {
            errors if errors.is_empty() => Ok(plan),
            errors => Err(errors),
        });
        let secrets = || values.secrets().and(masking::written(&source, config.redaction));
        match planned {
            Ok(plan) => {
                let (severity, is_error) =
                    if config.strict { ("error", true) } else { ("warning", false) };
                for warning in &plan.warnings {
                    print.diagnostic(&source, severity, warning, &secrets());
                }
                errors += if is_error { plan.warnings.len() } else { 0 };
                prepared.push(Prepared { source, plan, relaxed: Relaxed::default() });
            }
            Err(wrong) => {
                errors += wrong.len();
                for error in &wrong {
                    print.diagnostic(&source, "error", error, &secrets());
                }
            }
        }
    }
    match errors {
        0 => Ok(prepared),
        _ => Err(Error::InvalidScenarios),
    }
}

/// What is wrong with the options of connections, and commands that may not be run.
fn static_errors(plan: &Plan, source: &Source, config: &CheckConfig) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    if plan.parts.is_empty() {
        let start = source.text().len() - source.text().trim_start_matches('\u{feff}').len();
        let help = "a part begins with  WS URL  or  ### TITLE";
        errors.push(Diagnostic::new(start..start, "this file has no parts").with_help(help));
    }
    for part in &plan.parts {
        for connection in &part.connections {
            errors.extend(options::check(&connection.connect, config));
        }
        let commands =
            part.steps.iter().filter(|step| matches!(step.action, PlannedAction::Run(_)));
        errors.extend(commands.filter(|_| !config.allow_run).map(|step| {
            Diagnostic::new(step.at.clone(), "this scenario runs a command")
                .with_help("--allow-run permits it")
        }));
    }
    errors
}

fn is_selected(part: &PlannedPart, number: usize, config: &CheckConfig) -> bool {
    config.only.as_ref().is_none_or(|only| only.is_match(&title(part, number)))
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
