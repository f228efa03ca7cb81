//! The values of variables while a file runs.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::redact::Secrets;
use crate::scenario::language::Values;
use crate::scenario::query::{Value, Variables};
use crate::template::{new_date, new_uuid};

/// Values from the command line, files and the environment, and those that were captured.
#[derive(Clone, Debug, Default)]
pub(super) struct ScenarioValues {
    given: BTreeMap<String, String>,
    secret: BTreeMap<String, String>,
    captured: BTreeMap<String, Value>,
    hidden: BTreeSet<String>,
}

impl ScenarioValues {
    /// Those of the command; `hidden` are texts that must not be shown.
    pub(super) fn new(
        given: BTreeMap<String, String>,
        secret: BTreeMap<String, String>,
        hidden: BTreeSet<String>,
    ) -> Self {
        Self { given, secret, captured: BTreeMap::new(), hidden }
    }

    /// Keeps a captured value, which counts more than all others of the name.
    pub(super) fn capture(&mut self, name: &str, value: Value) {
        self.captured.insert(name.to_owned(), value);
    }

    /// Whether the value of this name must not be shown.
    pub(super) fn is_secret(&self, name: &str) -> bool {
        self.secret.contains_key(name) && !self.captured.contains_key(name)
    }

    /// All names that have a value from the start.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.given.keys().chain(self.secret.keys())
    }

    /// The values that must not be shown.
    pub(super) fn secrets(&self) -> Secrets {
        Secrets::of_values(self.hidden.iter())
    }
}

impl Values for ScenarioValues {
    fn value(&self, name: &str) -> Option<Cow<'_, str>> {
        if let Some(value) = self.captured.get(name) {
            return Some(Cow::Owned(value.to_text()));
        }
        let given = self.secret.get(name).or_else(|| self.given.get(name));
        if let Some(value) = given {
            return Some(Cow::Borrowed(value));
        }
        match name {
            "newUuid" => Some(Cow::Owned(new_uuid())),
            "newDate" => Some(Cow::Owned(new_date())),
            _ => None,
        }
    }
}

impl Variables for ScenarioValues {
    fn typed(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.captured.get(name) {
            return Some(value.clone());
        }
        self.value(name).map(|text| Value::from_variable(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scenario language, section 1: "option < capture"
    #[test]
    fn a_captured_value_counts_more_than_a_given_one() {
        let given = BTreeMap::from([("a".to_owned(), "1".to_owned())]);
        let mut values = ScenarioValues::new(given, BTreeMap::new(), BTreeSet::new());
        assert_eq!(values.value("a").as_deref(), Some("1"));
        values.capture("a", Value::from_variable("2"));
        assert_eq!(values.value("a").as_deref(), Some("2"));
        assert_eq!(values.value("b"), None);
    }
}
