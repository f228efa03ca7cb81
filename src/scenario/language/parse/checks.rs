//! What is wrong with a part as a whole.

use crate::scenario::language::diagnostic::{Diagnostic, at_other_lines};
use crate::scenario::language::source::Source;
use crate::scenario::language::syntax::{Connect, Item, Part, PayloadKind, Step, StepKind, Wanted};

/// Looks at a part that has been read. `errors` from `first` on are those of its lines; what only follows from them
/// is not reported.
pub(in crate::scenario) fn part(
    part: &Part,
    source: &Source,
    first: usize,
    errors: &mut Vec<Diagnostic>,
    warnings: &mut Vec<Diagnostic>,
) {
    let found = problems(part);
    let own = &errors[first..];
    if own.is_empty() && found.is_empty() && !judges(part) {
        let message = "this part neither expects nor asserts anything";
        warnings.push(Diagnostic::new(part.at.clone(), message));
    }
    let found = at_other_lines(found, own, |at| source.line_of(at));
    errors.extend(found);
}

fn problems(part: &Part) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    let mut open = Open::default();
    let mut before: Vec<&Step> = Vec::new();
    let connects = || {
        part.items.iter().filter_map(|item| match item {
            Item::Connect(connect) => Some(connect),
            Item::Step(_) => None,
        })
    };
    let needs_names = connects().count() > 1;
    let unnamed = connects().filter(|connect| needs_names && connect.name.is_none());
    let are_named = unnamed.clone().next().is_none();
    errors.extend(unnamed.map(|connect| {
        let message = "this part has several connections: each needs a name";
        let at = connect.at.start..connect.at.start + "WS".len(); // the URL may be wrong too
        Diagnostic::new(at, message).with_help("write  WS URL as NAME")
    }));
    for (index, item) in part.items.iter().enumerate() {
        match item {
            Item::Connect(connect) => open.connects.push(connect),
            Item::Step(step) => {
                let rest = &part.items[index + 1..];
                errors.extend(open.connection_problem(step, needs_names && are_named));
                errors.extend(open.send_problem(step));
                errors.extend(wanted_problem(step, &before, rest));
                before.push(step);
            }
        }
    }
    errors
}

/// The connections of a part so far.
#[derive(Default)]
struct Open<'a> {
    connects: Vec<&'a Connect>,
    /// Those that have sent a Close frame, by where they stand.
    closed: Vec<usize>,
    /// Those of which it was reported that they cannot be used.
    reported: Vec<usize>,
}

impl<'a> Open<'a> {
    /// Which connection a step is for: the named one, or the last that was opened.
    fn of(&self, step: &Step) -> Option<&'a Connect> {
        match &step.connection {
            Some(name) => {
                self.connects.iter().find(|it| it.name.as_ref() == Some(&name.text)).copied()
            }
            None => self.connects.last().copied(),
        }
    }

    fn connection_problem(&mut self, step: &Step, needs_names: bool) -> Option<Diagnostic> {
        if matches!(step.kind, StepKind::Sleep(_) | StepKind::Run(_)) {
            return None;
        }
        if step.connection.is_none() && needs_names {
            let message = "which connection? This part has several";
            let help = self.name_in_front(step);
            return Some(Diagnostic::new(step.at.clone(), message).with_help(help));
        }
        let connect = self.of(step)?;
        let response = connect.response.as_ref()?;
        let status = response.status.known().filter(|status| *status != 101)?;
        let message = format!("after HTTP {status} there is no connection to use");
        self.once(connect, step, message)
            .map(|error| error.with_help("only [Captures] and [Asserts] follow it"))
    }

    /// How a step says which connection it is for.
    fn name_in_front(&self, step: &Step) -> String {
        let names: Vec<_> = self.connects.iter().filter_map(|it| it.name.as_deref()).collect();
        let (word, span) = match &step.kind {
            StepKind::Silence(span) => ("SILENCE", span),
            StepKind::During(span) => ("DURING", span),
            _ => return format!("write the name before the sign: {}", names.join(", ")),
        };
        let span = span.text.as_literal().unwrap_or_else(|| "1s".into());
        let lines: Vec<_> = names.iter().map(|name| format!("{name} {word} {span}")).collect();
        format!("write the name before the word: {}", lines.join(", "))
    }

    /// Nothing can be sent behind our own Close frame (RFC 6455 section 5.5.1).
    fn send_problem(&mut self, step: &Step) -> Option<Diagnostic> {
        let StepKind::Send(payload) = &step.kind else { return None };
        let connect = self.of(step)?;
        if self.closed.contains(&connect.at.start) {
            let message = "a step before closes this connection: nothing can be sent any more";
            return self.once(connect, step, message);
        }
        if matches!(payload.kind, PayloadKind::Close(_)) {
            self.closed.push(connect.at.start);
        }
        None
    }

    /// An error for the first step that a connection cannot be used for.
    fn once(
        &mut self,
        connect: &Connect,
        step: &Step,
        message: impl Into<String>,
    ) -> Option<Diagnostic> {
        if self.reported.contains(&connect.at.start) {
            return None;
        }
        self.reported.push(connect.at.start);
        Some(Diagnostic::new(step.at.clone(), message))
    }
}

/// `<&` belongs to the `<` before it, `<?` to the next one.
fn wanted_problem(step: &Step, before: &[&Step], rest: &[Item]) -> Option<Diagnostic> {
    let is_same = |other: &Step| {
        let name = |step: &Step| step.connection.as_ref().map(|name| name.text.clone());
        name(other) == name(step)
    };
    match step.kind {
        StepKind::Receive(Wanted::Also, _) => {
            // What waits on other connections may stand between: it waits when the group is complete.
            let between = |it: &&&Step| !is_same(it) && matches!(it.kind, StepKind::Receive(..));
            let before_any = before.iter().any(|it| matches!(it.kind, StepKind::Receive(..)));
            let before = before.iter().rev().find(|it| !between(it)).filter(|it| is_same(it));
            let problem = match before.map(|before| &before.kind) {
                Some(StepKind::Receive(Wanted::Next | Wanted::Also, _)) => None,
                Some(StepKind::Receive(Wanted::Never, _)) => {
                    Some("put the <! before the < or after the <&: the group waits as a whole")
                }
                None if !before_any => Some("the first pattern of a group is written with <"),
                _ => Some("only steps that wait on other connections may stand between them"),
            };
            problem.map(|help| {
                let message = "<& needs a < of the same connection directly before it";
                Diagnostic::new(step.at.clone(), message).with_help(help)
            })
        }
        StepKind::Receive(Wanted::Optional, _) => {
            let mut steps = rest.iter().filter_map(|item| match item {
                Item::Step(step) => Some(&**step),
                Item::Connect(_) => None,
            });
            let leads = steps
                .any(|it| is_same(it) && matches!(it.kind, StepKind::Receive(Wanted::Next, _)));
            (!leads).then(|| {
                let message = "<? needs a < of the same connection after it";
                Diagnostic::new(step.at.clone(), message)
            })
        }
        _ => None,
    }
}

fn judges(part: &Part) -> bool {
    part.items.iter().any(|item| match item {
        Item::Connect(connect) => {
            connect.response.is_some() || !connect.sections.asserts.is_empty()
        }
        Item::Step(step) => {
            !step.sections.asserts.is_empty()
                || match step.kind {
                    StepKind::Receive(wanted, _) => wanted != Wanted::Optional,
                    StepKind::Silence(_) | StepKind::Run(_) => true,
                    StepKind::Send(_) | StepKind::During(_) | StepKind::Sleep(_) => false,
                }
        }
    })
}
