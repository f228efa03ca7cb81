//! `wscope diff`: two recordings, compared.

use std::ops::ControlFlow;

use super::recorded;
use super::view::masking::Masking;
use super::{RunError, configured};
use crate::config::{DiffConfig, DiffOutput, RecordingConfig};
use crate::error::Error;
use crate::event::Level;
use crate::output::escape::{Newlines, escape};
use crate::output::json::visible;
use crate::output::style::{Role, Style};
use crate::platform::{signals, stdio, terminal};
use crate::protocol::counted::counted;
use crate::recording::ReadError;
use crate::recording::diff::{
    CollectError, Collecting, Collector, Compared, Connection, Human, compare, json,
};
use crate::recording::reader::{Limits, read};
use page::Page;

mod page;

/// A recording that was read.
struct Loaded {
    name: String,
    connections: Vec<Connection>,
    warnings: Vec<String>,
    /// Messages of it could not be read.
    incomplete: Option<ReadError>,
}

/// Runs the command to its end.
///
/// # Errors
/// Why it failed: a recording cannot be read, nothing can be written, or the recordings differ.
pub fn run(config: &DiffConfig) -> Result<(), RunError> {
    signals::exit_at_once().map_err(|error| Error::System("signal handlers".to_owned(), error))?;
    let mut loaded = configured(config.output == Some(DiffOutput::Json), || {
        let [one, other] = &config.recordings;
        Ok([load(one, config)?, load(other, config)?])
    })?;
    let notes = Notes { config };
    config.notices.iter().for_each(|(level, text)| notes.show(*level, text));
    let warnings = loaded.iter().flat_map(|loaded| &loaded.warnings);
    warnings.for_each(|text| notes.show(Level::Warning, text));
    let incomplete = loaded.iter_mut().find_map(|loaded| loaded.incomplete.take());
    let [one, other] = &loaded;
    let mut page = Page::open()?;
    let mut human = config.output.and_then(|output| human(output, &loaded, config));
    let compared = compare(&one.connections, &other.connections, &config.comparing, &mut |found| {
        match (config.output, &mut human) {
            (None, _) => ControlFlow::Break(()), // one difference is enough
            (_, Some(human)) => page.put(&human.lines(found)),
            _ => page.put(&format!("{}\n", visible(&json::difference(found)))),
        }
    });
    let result = match (compared.totals.differences(), incomplete) {
        (0, None) => Ok(()),
        // That nothing else differs does not mean that they are the same.
        (0, Some(error)) => Err(error.into()),
        _ => Err(Error::RecordingsDiffer),
    };
    if let Some(text) = last_line(&compared, config) {
        let _ = page.put(&text); // what fails is reported at the end
    }
    let result = page.end(result);
    unknown_ends(&compared, &loaded, &notes);
    Ok(result?)
}

/// Reads a recording.
fn load(recording: &RecordingConfig, config: &DiffConfig) -> Result<Loaded, Error> {
    let (name, file) = recorded::open(recording.file.as_deref())?;
    let mut collector = Collector::new(Collecting {
        selector: recording.entry.clone(),
        ignore: config.comparing.ignore.clone(),
        control: config.control,
    });
    let mut masking = Masking::new(config.redaction);
    let limits = Limits { max_size: recording.max_size };
    let summary = read(&name, file, &limits, &mut |mut event| {
        masking.mask(&mut event);
        collector.push(event)
    })?;
    let connections = collector.finish().map_err(|error| unusable(&name, error))?;
    let mut warnings = summary.warnings;
    warnings.extend(not_kept(&name, &connections));
    let is_compared = |start| connections.iter().any(|it| it.began == start);
    let incomplete = summary.incomplete.into_iter().find(|it| is_compared(it.start));
    let incomplete = incomplete.map(|it| it.error(&name));
    Ok(Loaded { name, connections, warnings, incomplete })
}

/// That the data of messages is not compared.
fn not_kept(name: &str, connections: &[Connection]) -> Option<String> {
    let count = connections.iter().map(|it| it.not_kept).sum::<u64>();
    let messages = counted(count, "message");
    (count > 0).then(|| {
        format!(
            "{name}: only the size of {messages} is compared, whose data the proxy did not keep"
        )
    })
}

fn unusable(name: &str, error: CollectError) -> Error {
    let message = format!("{name}: {error}");
    let list = match error {
        CollectError::NotFound(_, list) => list,
        _ => Vec::new(),
    };
    Error::Entry { message, list }
}

fn human(output: DiffOutput, loaded: &[Loaded; 2], config: &DiffConfig) -> Option<Human> {
    let DiffOutput::Human { color } = output else { return None };
    let columns = config.stdout_on_terminal.then(terminal::width);
    let has_several = loaded.iter().any(|it| it.connections.len() > 1);
    let names = loaded.each_ref().map(|it| it.name.clone());
    Some(Human::new(Style::new(color), columns, names, has_several))
}

/// The line of counts. If nothing differs, it is printed on a terminal only.
fn last_line(compared: &Compared, config: &DiffConfig) -> Option<String> {
    let totals = &compared.totals;
    match config.output? {
        DiffOutput::Json => Some(format!("{}\n", visible(&json::totals(totals)))),
        DiffOutput::Human { color } => {
            let style = Style::new(color);
            let role = if totals.differences() == 0 { Role::Dim } else { Role::Bold };
            let is_shown = totals.differences() > 0 || config.stdout_on_terminal;
            is_shown.then(|| format!("{}\n", style.paint(role, &totals.to_string())))
        }
    }
}

/// Names the connections whose ends were not compared.
fn unknown_ends(compared: &Compared, loaded: &[Loaded; 2], notes: &Notes<'_>) {
    let ends = &compared.unknown_ends;
    let lacking = |place| ends.iter().filter(|(_, it)| *it == place).count();
    let text = match (&ends[..], [lacking(0), lacking(1)]) {
        ([], _) => return,
        ([(_, place)], _) if loaded[0].connections.len() == 1 => {
            format!("the close is not compared: {} does not have it", loaded[*place].name)
        }
        ([(label, place)], _) => format!(
            "the close of connection {label} is not compared: {} does not have it",
            loaded[*place].name
        ),
        (_, [ours, theirs]) if ours > 0 && theirs > 0 => format!(
            "the closes of {} connections are not compared: {} does not have {ours} of them, {} {theirs}",
            ends.len(),
            loaded[0].name,
            loaded[1].name
        ),
        (many, [ours, _]) => format!(
            "the closes of {} connections are not compared: {} does not have them",
            many.len(),
            loaded[usize::from(ours == 0)].name
        ),
    };
    notes.show(Level::Info, &text);
}

/// What is shown on standard error.
struct Notes<'a> {
    config: &'a DiffConfig,
}

impl Notes<'_> {
    fn show(&self, level: Level, text: &str) {
        if self.config.output.is_none() {
            return;
        }
        let role = if level == Level::Warning { Role::Warning } else { Role::Dim };
        let text = format!("wscope: {}", escape(text, Newlines::Escape));
        let text = Style::new(self.config.stderr_color).paint(role, &text);
        stdio::write_to_stderr(format!("{text}\n").as_bytes(), None);
    }
}
