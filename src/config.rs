//! Resolves the command line and its environment to a configuration. Every default is here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::client::EndpointConfig;
use crate::event::Level;
use crate::input::Action;
use crate::input::file::LoadError;
use crate::input::stdin::InputFraming;
use crate::net::proxy::{BadSetting, Variables};
use crate::net::target::TargetError;
use crate::output::human::Detail;
use crate::output::json::JsonFrames;
use crate::output::json_payload::JsonLayout;
use crate::output::payload::OutputFraming;
use crate::platform::files::FileError;
use crate::platform::signals::Signal;
use crate::platform::user_programs::UserPrograms;
use crate::protocol::MessageKind;
use crate::protocol::close::CloseCode;
use crate::scenario::Pattern;
use crate::session::AfterInput;
use crate::view::{Filters, Timestamps};

mod another;
mod auth;
mod check;
mod connect;
pub mod curl;
mod diff;
mod endpoint;
mod files;
mod filters;
mod headers;
mod history;
mod invocation;
mod listen;
mod messages;
mod presets;
mod privacy;
mod proxy;
mod record;
mod replay;
mod resilience;
mod route;
mod scenario_options;
mod secrets;
mod settings;
mod shared;
mod tls;
mod ui;
mod values;
mod view;
pub mod wscat;

pub use auth::{AuthEnv, CredentialSources, NetrcFile, SentCredentials};
pub use check::{CheckConfig, ReportKind, SCENARIO_OPTIONS};
pub use diff::{DiffConfig, DiffOutput};
pub use headers::header_lines;
pub use invocation::Invocation;
pub use listen::{Broadcast, Capacity, ListenConfig, ServerInput};
pub use presets::SendOrder;
pub use proxy::{Faults, ProxyConfig, Refuse};
pub use record::RecordConfig;
pub use replay::{MockConfig, RecordedRequest, RecordingConfig, ReplayConfig};
pub use resilience::ResilienceConfig;
pub use route::proxy_remark;
pub use secrets::{GivenValues, secret_arguments};
pub use settings::{Expanded, SettingError, SettingsEnv, endpoint_list, expand};
pub use shared::failure_color;
pub use ui::UiConfig;
pub use values::{parse_duration, parse_size};
pub use view::ViewConfig;

/// The environment of the program, read once.
#[derive(Clone, Debug)]
pub struct Env {
    /// Why other users of the machine can see the secrets of the command line.
    pub visible_secrets: Option<String>,
    /// Standard input is a terminal.
    pub stdin_is_terminal: bool,
    /// Standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Standard output discards what is written.
    pub stdout_is_discarded: bool,
    /// Standard error is a terminal.
    pub stderr_is_terminal: bool,
    /// NO_COLOR is set and not empty, or the terminal is dumb.
    pub no_color: bool,
    /// CLICOLOR_FORCE is set and not 0.
    pub force_color: bool,
    /// The terminal can do what a line editor needs.
    pub can_edit_lines: bool,
    /// We are in the foreground: input from the terminal is for us.
    pub is_foreground: bool,
    /// Where the line editor keeps its history.
    pub history: Option<PathBuf>,
    /// The same for `listen`.
    pub listen_history: Option<PathBuf>,
    /// The same for `proxy`.
    pub proxy_history: Option<PathBuf>,
    /// The user's text editor and pager.
    pub programs: UserPrograms,
    /// Credentials.
    pub auth: AuthEnv,
    /// Where the settings are read from.
    pub settings: SettingsEnv,
    /// The variables that name proxies.
    pub proxies: Variables,
    /// WSCOPE_VARIABLE_name: values for scenarios.
    pub variables: BTreeMap<String, String>,
    /// WSCOPE_SECRET_name: values for scenarios that are not shown.
    pub secrets: BTreeMap<String, String>,
    /// GITHUB_ACTIONS is true: failures are annotated.
    pub is_github: bool,
    /// TF_BUILD is true, as in Azure Pipelines: what would be a command to it is shown as an escape.
    pub is_azure: bool,
}

/// Why a command line is not valid.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The URL is not valid.
    #[error("bad URL: {0}")]
    Target(TargetError),
    /// A proxy setting is not valid.
    #[error(transparent)]
    Setting(BadSetting),
    /// An option's value is not valid.
    #[error("bad {option} {value:?}: {reason}")]
    Value {
        /// The option.
        option: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file to be sent cannot be read.
    #[error("cannot read input: --send-file {path}: {error}")]
    Unreadable {
        /// The file.
        path: String,
        /// The system's error.
        error: LoadError,
    },
    /// `--max-time` ran out while a file was read.
    #[error("timed out: --max-time {limit:?} ran out while reading {option} {path}")]
    ReadTimeout {
        /// The option that names the file.
        option: &'static str,
        /// The file.
        path: String,
        /// The limit.
        limit: Duration,
        /// It is not a regular file: reading it waits for another process.
        is_fifo: bool,
    },
    /// `--max-time` ran out while the scenarios of `check` were read.
    #[error("timed out: --max-time {0:?} ran out while reading the scenarios")]
    ScenarioTimeout(Duration),
    /// `--max-time` ran out before a question was answered.
    #[error("timed out: --max-time {0:?} ran out while waiting for the {1}")]
    AnswerTimeout(Duration, &'static str),
    /// A file named on the command line cannot be read.
    #[error("{option} {path}: {error}")]
    File {
        /// The option.
        option: &'static str,
        /// The file.
        path: String,
        /// The system's error.
        error: FileError,
    },
    /// A setting of the configuration file or of WSCOPE_OPTIONS is not valid.
    #[error(transparent)]
    Configured(#[from] SettingError),
    /// An option does nothing without another one.
    #[error("{option} requires {needed}")]
    Unused {
        /// The option.
        option: &'static str,
        /// The other one.
        needed: &'static str,
    },
    /// Commands are possible in lines only.
    #[error("--slash requires --input lines")]
    Slash,
    /// A signal was received at a prompt for a secret.
    #[error("interrupted")]
    Interrupted(Signal),
}

impl ConfigError {
    fn value(option: &'static str, value: &str, reason: impl ToString) -> Self {
        Self::Value { option, value: value.to_owned(), reason: reason.to_string() }
    }

    fn file(option: &'static str, path: &Path, error: impl Into<FileError>) -> Self {
        let path = path.to_string_lossy().into_owned();
        Self::File { option, path, error: error.into() }
    }
}

/// The configuration of `wscope URL`.
#[derive(Clone, Debug)]
pub struct ConnectConfig {
    /// The endpoint to connect to.
    pub endpoint: EndpointConfig,
    /// What the server has to agree to.
    pub negotiation: NegotiationConfig,
    /// The sources of the request's credentials.
    pub credential_sources: CredentialSources,
    /// Certificates are not checked because of `-n`, which causes a warning.
    pub warns_unchecked: bool,
    /// Notices to show first.
    pub notices: Vec<(Level, String)>,
    /// The source of actions after the presets.
    pub input: Input,
    /// Sent first.
    pub presets: Vec<Action>,
    /// Send every received message back.
    pub echo: bool,
    /// What is written to standard output.
    pub stdout: Stdout,
    /// The display of everything else.
    pub commentary: Commentary,
    /// What is shown of the messages.
    pub filters: Filters,
    /// What is recorded.
    pub record: RecordConfig,
    /// The page, if it is served.
    pub ui: Option<UiConfig>,
    /// A larger received message closes the connection, in bytes.
    pub max_message_size: u64,
    /// What ends the run.
    pub ending: EndingConfig,
    /// Further attempts, and the monitoring of the connection.
    pub resilience: ResilienceConfig,
    /// See [`Env::history`].
    pub history: Option<PathBuf>,
    /// The prompt stays when the last connection has ended.
    pub stay: bool,
    /// The name of the connection, where there are several.
    pub name: String,
    /// See [`Env::programs`].
    pub programs: UserPrograms,
    /// The folder of the messages that are saved at the prompt.
    pub messages: Option<PathBuf>,
    /// The netrc file, for further connections.
    pub netrc: Option<NetrcFile>,
    /// The command line, for endpoints that are opened at the prompt.
    pub invocation: Option<Arc<Invocation>>,
}

/// What the server has to agree to.
#[derive(Clone, Copy, Debug)]
pub struct NegotiationConfig {
    /// Compression was requested with an option.
    pub wants_compression: bool,
    /// Without compression, or without one of the offered subprotocols, the connection fails; otherwise there is a
    /// warning.
    pub strict: bool,
}

/// The source of actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A line editor on the terminal.
    Repl,
    /// Lines typed on a terminal without a line editor.
    Plain,
    /// Standard input, split in this way into messages of this kind.
    Stdin(InputFraming, MessageKind),
    /// No source.
    None,
}

/// What is written to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stdout {
    /// Messages decorated for people.
    Decorated,
    /// Payloads.
    Payload(OutputFraming),
    /// Events.
    Json(JsonFrames),
    /// Nothing.
    Nothing,
}

/// The display of everything but messages.
#[derive(Clone, Copy, Debug)]
pub struct Commentary {
    /// The level of detail.
    pub detail: Detail,
    /// Colours on standard output.
    pub stdout_color: bool,
    /// Colours on standard error.
    pub stderr_color: bool,
    /// Standard error is a terminal.
    pub on_terminal: bool,
    /// Standard output is a terminal.
    pub stdout_on_terminal: bool,
    /// There is a prompt for commands.
    pub takes_commands: bool,
    /// Long JSON messages are indented.
    pub pretty: bool,
    /// What is made of JSON messages where they are not decorated.
    pub json: JsonLayout,
    /// The format of times.
    pub timestamps: Option<Timestamps>,
    /// Times belong to the list of frames (`-vv`), whose lines have them for what is typed, too.
    pub are_times_of_frames: bool,
}

impl Commentary {
    /// Whether every frame is an event: it is shown, or a page keeps it.
    pub fn observes_frames(&self, page: Option<&UiConfig>) -> bool {
        self.detail >= Detail::Frames || page.is_some()
    }
}

/// What ends the run.
#[derive(Clone, Debug)]
pub struct EndingConfig {
    /// What follows the end of the input.
    pub after_input: AfterInput,
    /// Close after this many received messages.
    pub count: Option<u64>,
    /// Close so long after the first connection was opened.
    pub duration: Option<Duration>,
    /// Close when these have been received.
    pub expect: Vec<Pattern>,
    /// No other message may be received between them.
    pub strict: bool,
    /// Limit on the whole run.
    pub max_time: Option<Duration>,
    /// The time left of it after the files that options name were read.
    pub time_left: Option<Duration>,
    /// Limit on the closing handshake.
    pub close_timeout: Option<Duration>,
    /// Code of our Close frame.
    pub close_code: CloseCode,
    /// Reason of our Close frame.
    pub close_reason: String,
}

/// The User-Agent header by default.
pub const USER_AGENT: &str = concat!("wscope/", env!("CARGO_PKG_VERSION"));
