//! What the commands of a prompt work on beside the connection.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::platform::record_file::Existing;
use crate::view::{DisplayFilter, Kept, View};

/// What the commands of a prompt work on beside the connection. A clone shares it.
#[derive(Clone)]
pub struct PromptContext {
    /// What is shown of the messages, and those that are kept.
    pub view: Arc<View>,
    /// Parses a filter; the error is its reason.
    pub parse_filter: FilterParser,
    /// The lines that show a whole message.
    pub render: Arc<dyn Fn(&Kept) -> String + Send + Sync>,
    /// Carries out what is asked of recordings. The result, and the reason of an error, are lines to show.
    pub record: RecordControl,
    /// The session so far as a scenario; `None` where there is no such session.
    pub scenario: Option<ScenarioMaker>,
    /// The numbers that commands of a proxy take, to be completed; `None` at another prompt.
    pub numbers: Option<NumberList>,
}

/// What the numbers are of that commands of a proxy take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberKind {
    /// Open connections.
    Connection,
    /// Held messages.
    Held,
    /// The held message with this number alone: the text is its payload, as a command takes it.
    HeldPayload(u64),
    /// Rules.
    Rule,
}

/// Parses a filter; the error is its reason.
pub type FilterParser = fn(&str) -> Result<Arc<dyn DisplayFilter>, String>;

/// Lists numbers, each with a text that shows what it is the number of.
pub type NumberList = Arc<dyn Fn(NumberKind) -> Vec<(u64, String)> + Send + Sync>;

/// Makes a scenario of the session so far.
pub type ScenarioMaker = Arc<dyn Fn() -> SessionScenario + Send + Sync>;

/// Carries out what is asked of recordings.
pub type RecordControl = Arc<dyn Fn(RecordRequest) -> Result<String, String> + Send + Sync>;

/// What is asked of recordings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordRequest {
    /// What is recorded where.
    List,
    /// Record to this file from now on.
    Start(PathBuf, Existing),
    /// Do not record any longer, to this file or to any.
    Stop(Option<PathBuf>),
}

/// A session as a scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionScenario {
    /// The text of the file.
    pub text: String,
    /// What the user has to know of it, each in one line.
    pub notes: Vec<String>,
}

impl fmt::Debug for PromptContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PromptContext").field("view", &self.view).finish_non_exhaustive()
    }
}
