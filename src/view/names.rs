//! The names of the connections of a run that has several.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use super::number_prefix;

/// The names of connections, by their numbers. One that is opened again has another number and the same name.
#[derive(Debug, Default)]
pub(super) struct NameTable {
    names: RwLock<BTreeMap<u64, String>>,
}

impl NameTable {
    /// Gives a connection a name.
    pub(super) fn set(&self, number: u64, name: &str) {
        let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
        names.insert(number, name.to_owned());
    }

    /// How lines about a connection begin: with its name, or else its number.
    pub(super) fn prefix(&self, number: u64) -> String {
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
        match names.get(&number) {
            Some(name) => format!("[{name}] "),
            None => number_prefix(number),
        }
    }
}
