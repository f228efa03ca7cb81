//! The files of reports.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::print::{Printer, deliver};
use crate::config::{CheckConfig, ReportKind};
use crate::error::Error;
use crate::net::Reactor;
use crate::output::Outlet;
use crate::report::{Run, html::html, json::json, junit::junit, tap::tap};

/// Makes the folders of all reports, and checks that each can be written without loss of another one or of a scenario.
///
/// # Errors
/// The first that cannot.
pub(super) fn check_writable<'a>(
    config: &CheckConfig,
    scenarios: impl Iterator<Item = &'a str>,
) -> Result<(), Error> {
    let on_output = config.reports.len() - files(config).count();
    if on_output > 1 {
        return Err(usage("only one report can go to standard output".to_owned()));
    }
    let scenarios: HashSet<_> = scenarios.filter_map(|name| fs::canonicalize(name).ok()).collect();
    let mut reports = HashSet::new();
    for path in files(config) {
        let failed = |error| Error::System(path.display().to_string(), error);
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        // To open a FIFO would wait for its reader.
        let is_special = fs::metadata(path).is_ok_and(|it| !it.is_file() && !it.is_dir());
        if !is_special {
            let name = path.display();
            if let Ok(path) = fs::canonicalize(path)
                && scenarios.contains(&path)
            {
                return Err(usage(format!("{name} is a scenario: a report would replace it")));
            }
            OpenOptions::new().append(true).create(true).open(path).map_err(failed)?;
            if !reports.insert(fs::canonicalize(path).map_err(failed)?) {
                return Err(usage(format!("two reports go to {name}")));
            }
        }
    }
    Ok(())
}

fn usage(message: String) -> Error {
    Error::Usage { message, hint: None }
}

/// Writes all reports. After a signal no wait is longer than `until`.
///
/// # Errors
/// The first that cannot be written.
pub(super) fn write(
    config: &CheckConfig,
    run: &Run<'_>,
    print: &mut Printer,
    reactor: &mut Reactor,
    until: Option<Instant>,
) -> Result<(), Error> {
    let mut result = Ok(());
    for (kind, path) in &config.reports {
        let report = match kind {
            ReportKind::Junit => junit(run.files),
            ReportKind::Tap => tap(run),
            ReportKind::Json => json(run),
            ReportKind::Html => html(run),
        };
        let written = match is_standard_output(path) {
            true => {
                print.report(&report);
                Ok(())
            }
            false => write_file(path, &report, reactor, until),
        };
        if let Err(Error::Signal(_)) = written {
            return written;
        }
        result = result.and(written);
    }
    result
}

fn write_file(
    path: &Path,
    report: &str,
    reactor: &mut Reactor,
    until: Option<Instant>,
) -> Result<(), Error> {
    let mut outlet = Outlet::file(path).map_err(Error::Output)?;
    outlet.put(report.as_bytes());
    deliver(&mut outlet, reactor, until)
}

/// Whether a report goes to standard output.
pub(super) fn on_standard_output(config: &CheckConfig) -> bool {
    config.reports.iter().any(|(_, path)| is_standard_output(path))
}

fn files(config: &CheckConfig) -> impl Iterator<Item = &PathBuf> {
    config.reports.iter().map(|(_, path)| path).filter(|path| !is_standard_output(path))
}

fn is_standard_output(path: &Path) -> bool {
    path == Path::new("-")
}
