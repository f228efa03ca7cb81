//! What was typed and what surrounds it → what will be done. Every default lives here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::client::EndpointConfig;
use crate::event::Level;
use crate::input::Action;
use crate::input::file::LoadError;
use crate::input::stdin::InputFraming;
use crate::net::proxy::{BadSetting, Variables};
use crate::net::target::TargetError;
use crate::output::human::{Detail, Timestamps};
use crate::output::json::JsonFrames;
use crate::output::payload::OutputFraming;
use crate::platform::files::FileError;
use crate::platform::signals::Signal;
use crate::protocol::MessageKind;
use crate::protocol::close::CloseCode;
use crate::scenario::Pattern;
use crate::session::AfterInput;

mod auth;
mod connect;
mod files;
mod headers;
mod history;
mod listen;
mod presets;
mod privacy;
mod resilience;
mod route;
mod secrets;
mod settings;
mod shared;
mod tls;
mod values;
pub mod wscat;

pub use auth::{AuthEnv, CredentialSources, SentCredentials};
pub use listen::{Broadcast, Capacity, ListenConfig, ServerInput};
pub use presets::SendOrder;
pub use resilience::ResilienceConfig;
pub use route::proxy_remark;
pub use secrets::{GivenValues, secret_arguments};
pub use settings::{Expanded, SettingError, SettingsEnv, expand};
pub use shared::failure_color;
pub use values::{parse_duration, parse_size};

/// The world around the program, read once.
#[derive(Clone, Debug)]
pub struct Env {
    /// Why other users of the machine can see the secrets of the command line.
    pub visible_secrets: Option<String>,
    /// Standard input is a terminal.
    pub stdin_is_terminal: bool,
    /// Standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Standard error is a terminal.
    pub stderr_is_terminal: bool,
    /// NO_COLOR is set and not empty, or the terminal is dumb.
    pub no_color: bool,
    /// CLICOLOR_FORCE is set and not 0.
    pub force_color: bool,
    /// The terminal can do what a line editor needs.
    pub can_edit_lines: bool,
    /// What is typed on the terminal is for us: we were not started in the background.
    pub is_foreground: bool,
    /// Where the line editor keeps its history.
    pub history: Option<PathBuf>,
    /// The same for `listen`.
    pub listen_history: Option<PathBuf>,
    /// Who we are.
    pub auth: AuthEnv,
    /// Where settings are.
    pub settings: SettingsEnv,
    /// The variables that name proxies.
    pub proxies: Variables,
}

/// Why a command line cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The URL is wrong.
    #[error("bad URL: {0}")]
    Target(TargetError),
    /// A setting of proxies is wrong.
    #[error(transparent)]
    Setting(BadSetting),
    /// An option's value is wrong.
    #[error("bad {option} {value:?}: {reason}")]
    Value {
        /// The option.
        option: &'static str,
        /// What was given.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file to be sent cannot be read.
    #[error("cannot read input: --send-file {path}: {error}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        error: LoadError,
    },
    /// `--max-time` ran out while a file was read.
    #[error("timed out: --max-time {limit:?} ran out while reading {option} {path}")]
    ReadTimeout {
        /// What names the file.
        option: &'static str,
        /// The file.
        path: String,
        /// The limit.
        limit: Duration,
        /// Reading it waits for another process.
        is_fifo: bool,
    },
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
        /// Why.
        error: FileError,
    },
    /// A setting of the configuration file or of WSCOPE_OPTIONS is wrong.
    #[error("{0}")]
    Configured(SettingError),
    /// Input that is not in lines has no commands.
    #[error("--slash is for --input lines")]
    Slash,
    /// A signal came instead of the answer to a question.
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

/// What `wscope URL` does.
#[derive(Debug)]
pub struct ConnectConfig {
    /// What to connect to, and how.
    pub endpoint: EndpointConfig,
    /// What the server has to agree to.
    pub negotiation: NegotiationConfig,
    /// Where the credentials of the request come from.
    pub credential_sources: CredentialSources,
    /// Certificates are not checked because of `-n`, which deserves a warning.
    pub warns_unchecked: bool,
    /// What is shown first.
    pub notices: Vec<(Level, String)>,
    /// Where actions come from after the presets.
    pub input: Input,
    /// Sent first.
    pub presets: Vec<Action>,
    /// Send every received message back.
    pub echo: bool,
    /// What standard output gets.
    pub stdout: Stdout,
    /// What is shown beside it, and how.
    pub commentary: Commentary,
    /// Larger received messages close the connection.
    pub max_message_size: u64,
    /// What ends the run.
    pub ending: EndingConfig,
    /// Further attempts, and the monitoring of the connection.
    pub resilience: ResilienceConfig,
    /// See [`Env::history`].
    pub history: Option<PathBuf>,
}

/// What the server has to agree to.
#[derive(Clone, Copy, Debug)]
pub struct NegotiationConfig {
    /// Compression was requested with an option.
    pub wants_compression: bool,
    /// Without that, or without one of the offered subprotocols, the connection fails; else there is a warning.
    pub strict: bool,
}

/// Where actions come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A line editor on the terminal.
    Repl,
    /// Lines typed on a terminal without a line editor.
    Plain,
    /// Standard input, cut like this into messages of this kind.
    Stdin(InputFraming, MessageKind),
    /// Nowhere.
    None,
}

/// What standard output gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stdout {
    /// Messages decorated for people.
    Decorated,
    /// Payloads.
    Payload(OutputFraming),
    /// Events.
    Json(JsonFrames),
}

/// What is told beside the messages.
#[derive(Clone, Copy, Debug)]
pub struct Commentary {
    /// How much.
    pub detail: Detail,
    /// Colours on standard output.
    pub stdout_color: bool,
    /// Colours on standard error.
    pub stderr_color: bool,
    /// Standard error is a terminal.
    pub on_terminal: bool,
    /// Standard output is a terminal.
    pub stdout_on_terminal: bool,
    /// Commands can be typed.
    pub takes_commands: bool,
    /// Long JSON messages are indented.
    pub pretty: bool,
    /// KeepaliveTimes.
    pub timestamps: Option<Timestamps>,
}

impl Commentary {
    /// Whether every frame is told.
    pub fn observes_frames(&self) -> bool {
        self.detail >= Detail::Frames
    }
}

/// What ends the run.
#[derive(Debug)]
pub struct EndingConfig {
    /// What follows the end of the input.
    pub after_input: AfterInput,
    /// Close after this many received messages.
    pub count: Option<u64>,
    /// Close when these have come.
    pub expect: Vec<Pattern>,
    /// Nothing else may come between.
    pub strict: bool,
    /// Limit on the whole run.
    pub max_time: Option<Duration>,
    /// What is left of it after the files that options name were read.
    pub time_left: Option<Duration>,
    /// Limit on the closing handshake.
    pub close_timeout: Option<Duration>,
    /// Code of our Close frame.
    pub close_code: CloseCode,
    /// Reason of our Close frame.
    pub close_reason: String,
}

/// What we call ourselves.
pub const USER_AGENT: &str = concat!("wscope/", env!("CARGO_PKG_VERSION"));
