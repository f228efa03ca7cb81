//! Where reports are written.

use std::fs;
use std::path::{Path, PathBuf};

use super::Printer;
use crate::config::ReportKind;
use crate::error::Error;
use crate::report::{Run, html::html, json::json, junit::junit, tap::tap};

/// Makes the folders of the reports, and looks whether each can be written.
pub(super) fn prepare(reports: &[(ReportKind, PathBuf)]) -> Result<(), Error> {
    let files = reports.iter().map(|(_, path)| path).filter(|path| !is_stdout(path));
    for path in files {
        let failed = |error| Error::System(path.display().to_string(), error);
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        fs::OpenOptions::new().append(true).create(true).open(path).map(drop).map_err(failed)?;
    }
    Ok(())
}

/// Writes the reports.
pub(super) fn write(
    reports: &[(ReportKind, PathBuf)],
    run: &Run<'_>,
    print: &mut Printer,
) -> Result<(), Error> {
    for (kind, path) in reports {
        let failed = |error| Error::System(path.display().to_string(), error);
        let report = match kind {
            ReportKind::Junit => junit(run.files),
            ReportKind::Tap => tap(run),
            ReportKind::Json => json(run).map_err(|error| failed(error.into()))?,
            ReportKind::Html => html(run),
        };
        match is_stdout(path) {
            true => print.report(&report),
            false => fs::write(path, report).map_err(failed)?,
        }
    }
    Ok(())
}

fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}
