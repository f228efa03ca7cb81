//! Where a connection leads that is opened at the prompt.

use std::fmt;
use std::path::PathBuf;

use crate::redact::Secrets;

/// What the prompt has to know of where a connection leads.
#[derive(Clone, Debug, Default)]
pub struct Destination {
    /// The folder of its saved messages.
    pub messages: Option<PathBuf>,
    /// Masked in the history and in saved messages.
    pub secrets: Secrets,
}

/// Prepares connections. The thread that reads lines does that, as files may have to be waited for.
pub trait Destinations: fmt::Debug + Send + Sync {
    /// Prepares a connection with this name.
    ///
    /// # Errors
    /// What is wrong with the URL, as text.
    fn prepare(&self, name: &str, url: &str) -> Result<Destination, String>;

    /// The names of the endpoints that can be connected to as `@NAME`.
    fn endpoints(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Those of a prompt that opens no connections.
#[derive(Debug)]
pub(super) struct NoDestinations;

impl Destinations for NoDestinations {
    fn prepare(&self, _: &str, _: &str) -> Result<Destination, String> {
        Err("no connection can be opened here".to_owned())
    }
}
