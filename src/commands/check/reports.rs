//! The files of reports.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::Prepared;
use super::print::{Printer, deliver};
use super::recorded::payloads;
use super::values::ScenarioValues;
use crate::config::{CheckConfig, ReportKind};
use crate::error::Error;
use crate::net::Reactor;
use crate::output::Outlet;
use crate::platform::record_file::FileId;
use crate::recording::{Uses, uses};
use crate::report::{Run, html::html, json::json, junit::junit, tap::tap};

/// Makes the folders of all reports, and checks that each can be written without loss of another one or of a file that
/// the run reads. Files are compared by device and inode, not by name.
///
/// # Errors
/// The first that cannot.
pub(super) fn check_writable(
    config: &CheckConfig,
    prepared: &[Prepared],
    values: &ScenarioValues,
) -> Result<(), Error> {
    let on_output = config.reports.len() - files(config).count();
    if on_output > 1 {
        return Err(usage("only one report can go to standard output".to_owned()));
    }
    let used = used(config, prepared, values);
    let mut reports = Vec::new();
    for path in files(config) {
        let failed = |error| Error::System(path.display().to_string(), error);
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        // To open a FIFO would wait for its reader.
        let is_special = fs::metadata(path).is_ok_and(|it| !it.is_file() && !it.is_dir());
        if !is_special {
            let name = path.display();
            let is_same = |(id, _): &&(FileId, String)| FileId::of_path(path).as_ref() == Some(id);
            if let Some((_, what)) = used.iter().find(is_same) {
                return Err(usage(format!("{name} is {what}: a report would replace it")));
            }
            OpenOptions::new().append(true).create(true).open(path).map_err(failed)?;
            let id = FileId::of_path(path);
            if reports.contains(&id) {
                return Err(usage(format!("two reports go to {name}")));
            }
            reports.push(id);
        }
    }
    Ok(())
}

/// The files that the run reads, with what they are for it.
fn used(config: &CheckConfig, prepared: &[Prepared], values: &ScenarioValues) -> Uses {
    let scenarios = prepared.iter().map(|file| (PathBuf::from(&file.source.name), "a scenario"));
    let payloads = prepared.iter().flat_map(|file| payloads(file, values));
    let payloads = payloads.map(|path| (path, "a payload of a scenario"));
    let named: Vec<_> = scenarios.chain(payloads).collect();
    let named = named.iter().map(|(path, what)| (path.as_path(), *what));
    let own = config.record.used.iter().map(|(path, what)| (path.as_path(), what.as_str()));
    uses(named.chain(own))
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
