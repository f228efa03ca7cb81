//! The command that makes a scenario of the session.

use std::io::{self, Write};
use std::path::Path;

use super::text;
use crate::input::repl::context::{PromptContext, SessionScenario};
use crate::input::repl::parsed::{LongText, Parsed, unquote};
use crate::input::repl::words::SlashCommand;
use crate::input::{Action, Show};
use crate::platform::files::expand_home;
use crate::platform::private::create_file;

pub(in crate::input::repl) const SCENARIO: SlashCommand = SlashCommand {
    name: "scenario",
    arguments: "[FILE]",
    summary: "the session so far as a scenario for wscope check",
};

/// `/scenario [FILE]`.
pub(super) fn scenario(argument: &str, context: &PromptContext) -> Result<Parsed<Action>, String> {
    let Some(make) = &context.scenario else {
        return Err("no session to make a scenario of".to_owned());
    };
    let path = unquote(argument);
    if path.starts_with('-') {
        return Err(format!("/scenario has no option {path}; ./{path} is a file"));
    }
    let SessionScenario { text: scenario, notes } = make();
    let notes: String = notes.iter().map(|note| format!("\n{note}")).collect();
    if path.is_empty() {
        let shown = scenario.trim_end().to_owned();
        let whole = shown.clone();
        return Ok(Parsed::Long {
            text: LongText::new(move || whole),
            line: Action::Show(Show::Lines(shown)),
        });
    }
    match write(&expand_home(path), &scenario) {
        Ok(()) => Ok(Parsed::Ready(text(format!(
            "scenario written to {path}; wscope check {path} runs it{notes}"
        )))),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(format!("{path} exists: /scenario writes new files only"))
        }
        Err(error) => Err(format!("{path}: {error}")),
    }
}

/// Only the user can read the file: messages may have secrets.
fn write(path: &Path, scenario: &str) -> io::Result<()> {
    create_file(path)?.write_all(scenario.as_bytes())
}
