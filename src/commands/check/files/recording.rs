//! A recording as a scenario: what the client sent is sent again, and what it received is expected.

use std::collections::BTreeSet;
use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;

use super::{Read, ReadFile};
use crate::error::Error;
use crate::recording::scenario::{ScenarioBuilder, SecretValues, Settings, UnknownValue};
use crate::recording::{Limits, reader};
use crate::scenario::language::Source;

/// Reads a recording. `given` are the variables that have values: those that were masked need one.
pub(super) fn read(path: &Path, name: String, given: &BTreeSet<String>) -> Read {
    let file = File::open(path).map_err(|error| Error::System(name.clone(), error))?;
    // The values of secrets that the recording has are used, and not shown: reports mask what a file has of them.
    let settings =
        Settings { secrets: SecretValues::Verbatim, is_of_file: true, ..Settings::default() };
    let mut builder = ScenarioBuilder::new(settings);
    let summary = reader::read(&name, file, &Limits::default(), &mut |event| {
        builder.push(event);
        match builder.is_full() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    })?;
    if let Some(incomplete) = summary.incomplete.into_iter().next() {
        return Err(incomplete.error(&name).into());
    }
    let generated = builder.generate();
    if let Some(reason) = generated.why_empty {
        let message = format!("{name}: {reason}");
        return Err(Error::Usage { message, hint: None });
    }
    let unknown = generated.unknown.iter().filter(|value| !given.contains(&value.name));
    let unknown: Vec<_> = unknown.collect();
    if !unknown.is_empty() {
        return Err(missing(&name, &unknown));
    }
    let own = generated.warnings.into_iter().map(|warning| format!("{name}: {warning}"));
    let warnings = summary.warnings.into_iter().chain(own).collect();
    Ok(ReadFile { source: Source::new(name, generated.text.into_bytes()), warnings })
}

/// The error for values that a recording does not have.
fn missing(name: &str, unknown: &[&UnknownValue]) -> Error {
    let whats: Vec<_> = unknown.iter().map(|value| value.what.as_str()).collect();
    let options = unknown.iter().map(|value| {
        let option = if value.is_secret { "--secret" } else { "--variable" };
        format!("{option} {}=VALUE", value.name)
    });
    let options: Vec<_> = options.collect();
    let verb =
        if unknown.iter().all(|value| value.is_secret) { "were masked" } else { "are missing" };
    Error::Usage {
        message: format!("{name}: values {verb} in the recording: {}", whats.join(", ")),
        hint: Some(format!("give them with {}", options.join(" "))),
    }
}
