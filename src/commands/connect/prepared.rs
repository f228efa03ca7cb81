//! The configurations of connections that are opened at the prompt, made by the thread that reads lines.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::{ConfigError, ConnectConfig};
use crate::input::repl::{Destination, Destinations};

/// The configurations of connections that the prompt has prepared, and the loop has not opened yet.
#[derive(Debug)]
pub(super) struct Prepared {
    first: Arc<ConnectConfig>,
    configs: Mutex<BTreeMap<String, Arc<ConnectConfig>>>,
}

impl Prepared {
    /// For connections beside this one, or in its place.
    pub(super) fn new(first: Arc<ConnectConfig>) -> Self {
        Self { first, configs: Mutex::default() }
    }

    /// Takes the configuration that was prepared last for a connection with this name.
    pub(super) fn take(&self, name: &str) -> Option<Arc<ConnectConfig>> {
        self.configs.lock().unwrap_or_else(PoisonError::into_inner).remove(name)
    }
}

impl Destinations for Prepared {
    fn prepare(&self, name: &str, url: &str) -> Result<Destination, String> {
        let config = match url.starts_with('@') {
            true => self.first.for_endpoint(name, url),
            false => self.first.for_url(name, url),
        };
        let config = config.map_err(|error| reason(&error))?;
        let destination = config.destination();
        let mut configs = self.configs.lock().unwrap_or_else(PoisonError::into_inner);
        configs.insert(name.to_owned(), Arc::new(config));
        Ok(destination)
    }

    fn endpoints(&self) -> Vec<String> {
        self.first.endpoints()
    }
}

/// The limit on reading files is not one of the user's here.
fn reason(error: &ConfigError) -> String {
    match error {
        ConfigError::ReadTimeout { option, path, limit, .. } => {
            format!("{option} {path}: it could not be read within {limit:?}")
        }
        error => error.to_string(),
    }
}
