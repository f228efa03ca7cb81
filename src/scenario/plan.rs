//! What a scenario file asks for, step by step: queries read, groups formed, connections found. All that can
//! be wrong without running it is found here.

use std::collections::BTreeSet;
use std::ops::Range;

use super::language::syntax::{
    Capture, Connect, Item, Part, Payload, PayloadKind, Scenario, Sections, Span, Step, StepKind,
    Text, Wanted,
};
use super::language::template::Template;
use super::language::{Diagnostic, Partial, Source, at_other_lines, is_name};
use super::query::{
    Assertion, Context, Expression, check_context, is_query_word, parse_assertion, parse_capture,
};

#[cfg(test)]
mod tests;
mod variables;

/// A file, ready to be run.
#[derive(Debug)]
pub struct Plan {
    /// Its parts, in order.
    pub parts: Vec<PlannedPart>,
    /// What may be wrong in it.
    pub warnings: Vec<Diagnostic>,
}

impl Plan {
    /// The paths of the files that payloads name.
    pub fn files(&self) -> impl Iterator<Item = &Template> {
        let steps = self.parts.iter().flat_map(|part| &part.steps);
        let payloads = steps.flat_map(|step| match &step.action {
            PlannedAction::Send(_, payload) | PlannedAction::Forbid(_, payload) => vec![payload],
            PlannedAction::Receive(group) => {
                group.wanted.iter().chain(&group.optional).map(|it| &it.payload).collect()
            }
            _ => Vec::new(),
        });
        payloads.filter_map(|payload| match &payload.kind {
            PayloadKind::File(_, path) => Some(path),
            _ => None,
        })
    }
}

/// A part, ready to be run.
#[derive(Debug)]
pub struct PlannedPart {
    /// The text behind `###`.
    pub title: Option<Template>,
    /// Its first line.
    pub at: Range<usize>,
    /// Its connections, in the order in which they are opened.
    pub connections: Vec<PlannedConnection>,
    /// What is done, in order.
    pub steps: Vec<PlannedStep>,
}

/// A connection of a part.
#[derive(Debug)]
pub struct PlannedConnection {
    /// What the file says.
    pub connect: Connect,
    /// What is taken from the handshake and has to hold of it.
    pub checks: Checks,
}

/// A step.
#[derive(Debug)]
pub struct PlannedStep {
    /// Its line.
    pub at: Range<usize>,
    /// What is done.
    pub action: PlannedAction,
    /// What is taken from what it brings and has to hold of that; of a group, what `<` took.
    pub checks: Checks,
}

/// What a step does. Connections are given by their index in the part.
#[derive(Debug)]
pub enum PlannedAction {
    /// Opens a connection.
    Open(usize),
    /// Sends.
    Send(usize, Payload),
    /// Waits for messages, control frames or the end.
    Receive(PlannedGroup),
    /// From here on nothing like this may be received.
    Forbid(usize, Payload),
    /// Waits for nothing. The flag: a later step waits for the end of the connection.
    Silence(usize, Span, bool),
    /// Takes what is received.
    During(usize, Span, bool),
    /// Waits.
    Sleep(Span),
    /// Runs a command.
    Run(Template),
}

/// `<` with its `<&` and `<?`.
#[derive(Debug)]
pub struct PlannedGroup {
    /// The connection.
    pub connection: usize,
    /// `<`, then each `<&`.
    pub wanted: Vec<PlannedPattern>,
    /// Each `<?`.
    pub optional: Vec<PlannedPattern>,
}

/// A pattern, and what has to hold of what it takes.
#[derive(Debug)]
pub struct PlannedPattern {
    /// Its line.
    pub at: Range<usize>,
    /// The pattern.
    pub payload: Payload,
    /// Of `<&` and `<?`; those of `<` are the step's.
    pub checks: Checks,
}

/// What is taken from something, and what has to hold of it.
#[derive(Debug, Default)]
pub struct Checks {
    /// Variables, with where their line stands.
    pub captures: Vec<(String, Expression, Range<usize>)>,
    /// Assertions, with where their line stands.
    pub asserts: Vec<(Assertion, Range<usize>)>,
}

/// Makes a plan of what was read of a file. `given` are the variables that have values from elsewhere.
pub fn plan(
    scenario: Partial<Scenario>,
    source: &Source,
    given: &BTreeSet<String>,
) -> Partial<Plan> {
    let Partial { value: scenario, mut errors } = scenario;
    let unknown = variables::unknown(&scenario, source, given);
    let mut found = Vec::new();
    let parts = scenario.parts.into_iter().map(|part| planned(part, &mut found)).collect();
    let found = at_other_lines(found, &errors, |at| source.line_of(at));
    errors.extend(found.into_iter().chain(unknown));
    errors.sort_by_key(|error| error.at.start);
    Partial { value: Plan { parts, warnings: scenario.warnings }, errors }
}

fn planned(part: Part, errors: &mut Vec<Diagnostic>) -> PlannedPart {
    let Part { title, at, items } = part;
    let mut part = PlannedPart { title, at, connections: Vec::new(), steps: Vec::new() };
    let mut optional: Vec<(usize, PlannedPattern)> = Vec::new();
    for item in items {
        match item {
            Item::Connect(connect) => part.open(*connect, errors),
            Item::Step(step) => part.push(*step, &mut optional, errors),
        }
    }
    part.note_ends();
    part
}

impl PlannedPart {
    fn open(&mut self, mut connect: Connect, errors: &mut Vec<Diagnostic>) {
        // A line of `[Asserts]` begins with a query: it must not be taken for a step.
        if let Some(name) = connect.name.as_deref().filter(|name| is_query_word(name)) {
            let at = connect.at.end - name.len()..connect.at.end;
            let message = format!("a connection cannot be named {name:?}: it is a query");
            errors.push(Diagnostic::new(at, message));
        }
        let sections = std::mem::take(&mut connect.sections);
        let checks = checks(sections, Context::Handshake, errors);
        let (at, index) = (connect.at.clone(), self.connections.len());
        self.connections.push(PlannedConnection { connect, checks });
        let action = PlannedAction::Open(index);
        self.steps.push(PlannedStep { at, action, checks: Checks::default() });
    }

    /// The connection that a step is for. The parser has made sure that there is one.
    fn connection(&self, step: &Step) -> usize {
        let is_named = |it: &PlannedConnection| match &step.connection {
            Some(name) => it.connect.name.as_ref() == Some(&name.text),
            None => true,
        };
        self.connections.iter().rposition(is_named).unwrap_or_default()
    }

    fn push(
        &mut self,
        step: Step,
        optional: &mut Vec<(usize, PlannedPattern)>,
        errors: &mut Vec<Diagnostic>,
    ) {
        let connection = self.connection(&step);
        let Step { at, kind, sections, .. } = step;
        let checks = checks(sections, context(&kind), errors);
        let action = match kind {
            StepKind::Receive(Wanted::Optional, payload) => {
                optional.push((connection, PlannedPattern { at, payload, checks }));
                return;
            }
            StepKind::Receive(Wanted::Also, payload) => {
                let group = self.steps.iter_mut().rev().find_map(|step| match &mut step.action {
                    PlannedAction::Receive(group) if group.connection == connection => Some(group),
                    _ => None,
                });
                if let Some(group) = group {
                    group.wanted.push(PlannedPattern { at, payload, checks });
                }
                return;
            }
            StepKind::Receive(Wanted::Next, payload) => {
                let own = |it: &mut (usize, PlannedPattern)| it.0 == connection;
                let optional = optional.extract_if(.., own).map(|(_, pattern)| pattern).collect();
                let first = PlannedPattern { at: at.clone(), payload, checks: Checks::default() };
                PlannedAction::Receive(PlannedGroup { connection, wanted: vec![first], optional })
            }
            StepKind::Receive(Wanted::Never, payload) => PlannedAction::Forbid(connection, payload),
            StepKind::Send(payload) => PlannedAction::Send(connection, payload),
            StepKind::Silence(span) => PlannedAction::Silence(connection, span, false),
            StepKind::During(span) => PlannedAction::During(connection, span, false),
            StepKind::Sleep(span) => PlannedAction::Sleep(span),
            StepKind::Run(command) => PlannedAction::Run(command),
        };
        self.steps.push(PlannedStep { at, action, checks });
    }

    /// Notes where an end is waited for later: it does not fail what waits before.
    fn note_ends(&mut self) {
        let mut ends = BTreeSet::new();
        for step in self.steps.iter_mut().rev() {
            match &mut step.action {
                PlannedAction::Receive(group) if group.waits_for_end() => {
                    ends.insert(group.connection);
                }
                PlannedAction::Silence(connection, _, has_end)
                | PlannedAction::During(connection, _, has_end) => {
                    *has_end = ends.contains(connection);
                }
                _ => {}
            }
        }
    }
}

impl PlannedGroup {
    /// Whether the end of the connection is among what is awaited.
    pub fn waits_for_end(&self) -> bool {
        self.wanted.iter().any(|it| matches!(it.payload.kind, PayloadKind::Close(_)))
    }
}

fn context(kind: &StepKind) -> Context {
    match kind {
        StepKind::Receive(Wanted::Never, _) => Context::Nothing,
        StepKind::Receive(_, payload) => match payload.kind {
            PayloadKind::Close(_) => Context::Close,
            PayloadKind::Pong(_) => Context::Pong,
            PayloadKind::Ping(_) => Context::Nothing,
            _ => Context::Message,
        },
        StepKind::During(_) => Context::Period,
        StepKind::Run(_) => Context::Command,
        StepKind::Send(_) | StepKind::Silence(_) | StepKind::Sleep(_) => Context::Nothing,
    }
}

fn checks(sections: Sections, context: Context, errors: &mut Vec<Diagnostic>) -> Checks {
    let mut checks = Checks::default();
    // What follows a step that was not read as one belongs to that.
    let step = sections.asserts.iter().find(|assert| misnamed(&assert.query).is_some());
    let end = step.map_or(usize::MAX, |assert| assert.at.start);
    for Capture { at, name, query } in sections.captures {
        if at.start > end {
            continue;
        }
        let expression = parse_capture(&query.text, query.at.start);
        match expression.and_then(|it| check_context(&it, context).map(|()| it)) {
            Ok(expression) => checks.captures.push((name, expression, at)),
            Err(error) => errors.push(error),
        }
    }
    for assert in sections.asserts {
        if assert.at.start > end {
            continue;
        }
        let assertion = parse_assertion(&assert.query.text, assert.query.at.start);
        match assertion.and_then(|it| check_context(&it.expression, context).map(|()| it)) {
            Ok(assertion) => checks.asserts.push((assertion, assert.at)),
            Err(error) => errors.push(misnamed(&assert.query).unwrap_or(error)),
        }
    }
    checks
}

/// The error for a line such as `bob< hi` in which no connection of the part is named `bob`.
fn misnamed(query: &Text) -> Option<Diagnostic> {
    let (name, _) = query.text.split_once(['<', '>'])?;
    let is_misnamed = is_name(name) && !is_query_word(name);
    is_misnamed.then(|| {
        let at = query.at.start..query.at.start + name.len();
        Diagnostic::new(at, format!("{name:?} is neither a query nor a connection of this part"))
    })
}
