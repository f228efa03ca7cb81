//! Variables that nothing gives a value.

use std::collections::BTreeSet;

use crate::scenario::language::syntax::{
    Connect, ExpectedStatus, Item, PayloadKind, Scenario, Sections, Step, StepKind,
};
use crate::scenario::language::template::{Template, Variable};
use crate::scenario::language::{Diagnostic, Source};

/// Names that always have a value.
const BUILT_IN: [&str; 2] = ["newUuid", "newDate"];

/// How many errors come with help.
const MOST_HELPED: usize = 100;

/// Options whose value is the name of a file.
const FILE_OPTIONS: [&str; 5] = ["cacert", "cert", "key", "netrc-file", "unix-socket"];

/// An error for each variable that is used and neither given nor captured before.
pub(super) fn unknown(
    scenario: &Scenario,
    source: &Source,
    given: &BTreeSet<String>,
) -> Vec<Diagnostic> {
    let mut check =
        Check { source, known: given.clone(), captured: BTreeSet::new(), errors: Vec::new() };
    check.known.extend(BUILT_IN.map(str::to_owned));
    check.known.extend(scenario.unread_names.iter().cloned());
    for part in &scenario.parts {
        part.title.iter().for_each(|title| check.template(title));
        for item in &part.items {
            match item {
                Item::Connect(connect) => check.connect(connect),
                Item::Step(step) => check.step(step),
            }
        }
    }
    check.errors
}

struct Check<'a> {
    source: &'a Source,
    known: BTreeSet<String>,
    /// What a server may have sent.
    captured: BTreeSet<String>,
    errors: Vec<Diagnostic>,
}

impl Check<'_> {
    fn connect(&mut self, connect: &Connect) {
        self.template(&connect.url);
        if let Some(ExpectedStatus::Given(status)) = connect.response.as_ref().map(|it| &it.status)
        {
            self.template(status);
        }
        let response = connect.response.iter().flat_map(|response| &response.headers);
        for field in connect.headers.iter().chain(response) {
            self.template(&field.name);
            self.template(&field.value);
        }
        for option in &connect.options {
            self.template(&option.value);
            let start = option.value.leading_literal().unwrap_or_default();
            if FILE_OPTIONS.contains(&option.name.as_str()) || start.starts_with('@') {
                self.path(&option.value);
            }
        }
        self.sections(&connect.sections);
    }

    fn step(&mut self, step: &Step) {
        match &step.kind {
            StepKind::Send(payload) | StepKind::Receive(_, payload) => {
                self.template(payload.kind.template());
                if matches!(payload.kind, PayloadKind::File(..)) {
                    self.path(payload.kind.template());
                }
            }
            StepKind::Silence(span) | StepKind::During(span) | StepKind::Sleep(span) => {
                self.template(&span.text);
            }
            StepKind::Run(command) => self.template(command),
        }
        self.sections(&step.sections);
    }

    fn sections(&mut self, sections: &Sections) {
        for capture in &sections.captures {
            self.text(&capture.query.text, capture.query.at.start);
            self.known.insert(capture.name.clone());
            self.captured.insert(capture.name.clone());
        }
        for assert in &sections.asserts {
            self.text(&assert.query.text, assert.query.at.start);
        }
    }

    /// The variables of a line; what is malformed in it is reported when it is read.
    fn text(&mut self, text: &str, offset: usize) {
        if let Ok(template) = Template::parse(text, offset) {
            self.template(&template);
        }
    }

    fn template(&mut self, template: &Template) {
        for variable in template.variables().filter(|it| !self.known.contains(&it.name)) {
            let error = self.error(variable);
            self.errors.push(error);
        }
    }

    /// A server must not be able to choose a file of ours.
    fn path(&mut self, template: &Template) {
        let captured = template.variables().filter(|it| self.captured.contains(&it.name));
        self.errors.extend(captured.map(|variable| {
            let name = &variable.name;
            let message = format!("the captured value {name:?} cannot be part of a file's name");
            Diagnostic::new(variable.at.clone(), message)
                .with_help("a server must not be able to choose a file")
        }));
    }

    fn error(&self, variable: &Variable) -> Diagnostic {
        let name = &variable.name;
        let error = Diagnostic::new(variable.at.clone(), format!("unknown variable {name:?}"));
        if self.errors.len() >= MOST_HELPED {
            return error; // the help takes time, and nobody reads that many
        }
        let lower = name.to_lowercase();
        let distance = |known: &&String| strsim::damerau_levenshtein(&known.to_lowercase(), &lower);
        let similar =
            self.known.iter().min_by_key(distance).filter(|it| distance(it) * 3 <= lower.len());
        // A capture further down would come too late.
        let is_captured = self.source.text().lines().any(|line| {
            line.trim_start().strip_prefix(name.as_str()).is_some_and(|it| it.starts_with(':'))
        });
        error.with_help(match similar {
            Some(similar) => format!("did you mean {similar:?}?"),
            None if is_captured => "it is captured only further down".to_owned(),
            None => format!(
                "give it a value with --variable {name}=VALUE, or --secret {name}=VALUE to have \
                 it masked"
            ),
        })
    }
}
