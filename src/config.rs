//! What was typed and what surrounds it → what will be done. Every default lives here.

use std::path::Path;
use std::time::Duration;

use crate::cli::{
    ColorMode, ConnectArgs, DisplayArgs, EndingArgs, HandshakeArgs, InputMode, ListenArgs,
    NetworkArgs, OutputMode, ReceivingArgs, SendingArgs, TimestampMode,
};
use crate::event::redact::Redaction;
use crate::input::Action;
use crate::input::stdin::Framing as InputFraming;
use crate::net::dial::{DialOptions, Family};
use crate::net::target::{Target, TargetError};
use crate::net::tls::TlsOptions;
use crate::output::human::{Detail, Timestamps};
use crate::output::payload::Framing as OutputFraming;
use crate::protocol::MessageKind;
use crate::protocol::close::CloseCode;
use crate::protocol::connection::ClosePayload;
use crate::protocol::head::{HeaderLine, is_token};
use crate::scenario::Pattern;
use crate::session::AfterInput;

mod presets;
mod values;

pub use presets::SendOrder;
pub use values::{parse_duration, parse_size};

/// The world around the program, read once.
#[derive(Clone, Debug)]
pub struct Env {
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
    /// Where the line editor keeps its history.
    pub history: Option<std::path::PathBuf>,
}

/// Why a command line cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The URL is wrong.
    #[error("bad URL: {0}")]
    Target(TargetError),
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
    /// A file named on the command line cannot be read.
    #[error("{option} {path}: {error}")]
    File {
        /// The option.
        option: &'static str,
        /// The file.
        path: String,
        /// The system's words.
        error: std::io::Error,
    },
}

impl ConfigError {
    fn value(option: &'static str, value: &str, reason: impl ToString) -> Self {
        Self::Value { option, value: value.to_owned(), reason: reason.to_string() }
    }
}

/// All that a connection is to be and do.
#[derive(Debug)]
pub struct ConnectConfig {
    /// Where to.
    pub target: Target,
    /// The way there.
    pub dial: DialOptions,
    /// Certificates are not checked because `-n` said so.
    pub says_unchecked: bool,
    /// The opening handshake.
    pub handshake: HandshakeConfig,
    /// Where actions come from after the presets.
    pub input: Input,
    /// Sent first.
    pub presets: Vec<Action<'static>>,
    /// Send every received message back.
    pub echo: bool,
    /// What standard output gets.
    pub stdout: Stdout,
    /// What is told beside it, and how.
    pub commentary: Commentary,
    /// Larger received messages close the connection.
    pub max_message_size: u64,
    /// What ends the run.
    pub ending: EndingConfig,
    /// Limit on everything up to the end of the opening handshake.
    pub connect_timeout: Option<Duration>,
    /// Whether secrets are masked.
    pub redaction: Redaction,
    /// See [`Env::history`].
    pub history: Option<std::path::PathBuf>,
}

/// What goes into the request.
#[derive(Debug)]
pub struct HandshakeConfig {
    /// Offered, best first.
    pub subprotocols: Vec<String>,
    /// Origin header.
    pub origin: Option<String>,
    /// User-Agent header.
    pub user_agent: String,
    /// The user's own headers.
    pub headers: Vec<HeaderLine>,
    /// A subprotocol has to be chosen if any was offered.
    pub strict: bool,
}

/// Where actions come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A line editor on the terminal.
    Repl,
    /// Standard input, cut like this into messages of this kind.
    Stdin(InputFraming, MessageKind),
}

/// What standard output gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stdout {
    /// Messages decorated for people.
    Decorated,
    /// Payloads.
    Payload(OutputFraming),
    /// Events.
    Json {
        /// Also one for each frame.
        frames: bool,
    },
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
    /// Long JSON messages are indented.
    pub pretty: bool,
    /// Times.
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
    /// Limit on the closing handshake.
    pub close_timeout: Option<Duration>,
    /// Code of our Close frame.
    pub close_code: CloseCode,
    /// Reason of our Close frame.
    pub close_reason: String,
}

/// The wait after the end of input, where nothing else is said.
const DEFAULT_WAIT: Duration = Duration::from_secs(1);

/// The limit of a run with expectations, where nothing else is said.
const DEFAULT_EXPECT_TIME: Duration = Duration::from_secs(30);

/// What we call ourselves.
pub const USER_AGENT: &str = concat!("wscope/", env!("CARGO_PKG_VERSION"));

impl ConnectConfig {
    /// Resolves what was typed. `order` tells in which order -x, --send-hex and --send-file came.
    ///
    /// # Errors
    /// With the first value that cannot be used.
    pub fn new(args: &ConnectArgs, order: &SendOrder, env: &Env) -> Result<Self, ConfigError> {
        let url = args.url.as_deref().or(args.connect.as_deref()).unwrap_or_default();
        let target = Target::parse(url).map_err(ConfigError::Target)?;
        let handshake = handshake_config(&args.handshake)?;
        let input = input(&args.sending, env);
        let kind = if args.sending.binary { MessageKind::Binary } else { MessageKind::Text };
        let commentary = commentary(&args.display, env);
        Ok(Self {
            target,
            dial: DialOptions { family: family(&args.network), tls: tls(&args.network)? },
            says_unchecked: args.network.no_check,
            handshake,
            input,
            presets: presets::presets(&args.sending, kind, order)?,
            echo: args.sending.echo,
            stdout: stdout(&args.receiving, &args.sending, args.display.verbose, env),
            commentary,
            max_message_size: size("--max-message-size", &args.receiving.max_message_size)?,
            ending: ending(&args.ending, args.handshake.strict, args.sending.echo, input)?,
            connect_timeout: duration("--connect-timeout", &args.network.connect_timeout)?,
            redaction: redaction(args.display.show_secrets),
            history: env.history.clone(),
        })
    }

    /// Whether `--json` was asked for: failures before the connection are told there too.
    pub fn wants_json(args: &ConnectArgs) -> bool {
        args.receiving.json || args.receiving.output == Some(OutputMode::Json)
    }
}

/// All that a server is to be and do.
#[derive(Debug)]
pub struct ListenConfig {
    /// The address to listen on, as a resolvable `host:port`.
    pub address: String,
    /// Send every received message back.
    pub echo: bool,
    /// Subprotocols that are spoken.
    pub subprotocols: Vec<String>,
    /// What standard output gets.
    pub stdout: Stdout,
    /// What is told beside it, and how.
    pub commentary: Commentary,
}

impl ListenConfig {
    /// Resolves what was typed.
    ///
    /// # Errors
    /// With the first value that cannot be used.
    pub fn new(args: &ListenArgs, env: &Env) -> Result<Self, ConfigError> {
        let address = if args.address.starts_with(':') {
            format!("127.0.0.1{}", args.address)
        } else if args.address.parse::<u16>().is_ok() {
            format!("127.0.0.1:{}", args.address)
        } else {
            args.address.clone()
        };
        Ok(Self {
            address,
            echo: args.echo,
            subprotocols: subprotocols(&args.subprotocols)?,
            stdout: if env.stdout_is_terminal {
                Stdout::Decorated
            } else {
                Stdout::Payload(OutputFraming::Lines)
            },
            commentary: commentary(&args.display, env),
        })
    }
}

fn handshake_config(args: &HandshakeArgs) -> Result<HandshakeConfig, ConfigError> {
    for (option, value) in [("--origin", &args.origin), ("--user-agent", &args.user_agent)] {
        if let Some(value) = value {
            HeaderLine::parse(&format!("X: {value}"))
                .map_err(|error| ConfigError::value(option, value, error))?;
        }
    }
    Ok(HandshakeConfig {
        subprotocols: subprotocols(&args.subprotocols)?,
        origin: args.origin.clone(),
        user_agent: args.user_agent.clone().unwrap_or_else(|| USER_AGENT.to_owned()),
        headers: headers(&args.headers)?,
        strict: args.strict,
    })
}

fn headers(given: &[String]) -> Result<Vec<HeaderLine>, ConfigError> {
    let mut lines = Vec::new();
    for value in given {
        let Some(path) = value.strip_prefix('@') else {
            lines.push(header("--header", value)?);
            continue;
        };
        let text = read_text("--header", Path::new(path))?;
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            lines.push(header("--header", line)?);
        }
    }
    Ok(lines)
}

fn header(option: &'static str, line: &str) -> Result<HeaderLine, ConfigError> {
    HeaderLine::parse(line).map_err(|error| ConfigError::value(option, line, error))
}

fn subprotocols(given: &[String]) -> Result<Vec<String>, ConfigError> {
    let mut names: Vec<String> = Vec::new();
    for list in given {
        for name in list.split(',').map(str::trim) {
            if !is_token(name) {
                let reason = "a subprotocol is a token: letters, digits and !#$%&'*+-.^_`|~";
                return Err(ConfigError::value("--subprotocol", name, reason));
            }
            if names.iter().any(|other| other == name) {
                return Err(ConfigError::value("--subprotocol", name, "it is offered twice"));
            }
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

fn family(args: &NetworkArgs) -> Family {
    match (args.ipv4, args.ipv6) {
        (true, _) => Family::V4,
        (_, true) => Family::V6,
        _ => Family::Any,
    }
}

fn tls(args: &NetworkArgs) -> Result<TlsOptions, ConfigError> {
    let mut roots = Vec::new();
    for path in &args.cacert {
        let pem = std::fs::read(path).map_err(|error| file_error("--cacert", path, error))?;
        let found = native_tls::Certificate::stack_from_pem(&pem).unwrap_or_default();
        if found.is_empty() {
            let reason = "it holds no certificate in PEM form";
            return Err(ConfigError::value("--cacert", &path.to_string_lossy(), reason));
        }
        roots.extend(found);
    }
    Ok(TlsOptions { insecure: args.insecure || args.no_check, roots })
}

fn input(args: &SendingArgs, env: &Env) -> Input {
    let kind = if args.binary { MessageKind::Binary } else { MessageKind::Text };
    let framing = match (args.input, args.null) {
        (Some(InputMode::Lines), _) => InputFraming::Lines,
        (Some(InputMode::Nul), _) | (None, true) => InputFraming::Nul,
        (Some(InputMode::Whole), _) => InputFraming::Whole,
        (Some(InputMode::Chunks), _) => InputFraming::Chunks,
        (Some(InputMode::Json), _) => InputFraming::Json,
        (None, false) if is_conversation(env) && !args.binary => return Input::Repl,
        (None, false) if args.binary => InputFraming::Chunks,
        (None, false) => InputFraming::Lines,
    };
    Input::Stdin(framing, kind)
}

fn is_conversation(env: &Env) -> bool {
    env.stdin_is_terminal && env.stdout_is_terminal && env.can_edit_lines
}

fn stdout(args: &ReceivingArgs, sending: &SendingArgs, verbose: u8, env: &Env) -> Stdout {
    let framing = match args.output {
        Some(OutputMode::Json) => return Stdout::Json { frames: verbose >= 2 },
        None if args.json => return Stdout::Json { frames: verbose >= 2 },
        Some(OutputMode::Lines) => OutputFraming::Lines,
        Some(OutputMode::Nul) => OutputFraming::Nul,
        Some(OutputMode::Raw) => OutputFraming::Raw,
        Some(OutputMode::Hex) => OutputFraming::Hex,
        Some(OutputMode::Base64) => OutputFraming::Base64,
        None if env.stdout_is_terminal => return Stdout::Decorated,
        None if sending.binary => OutputFraming::Raw,
        None => OutputFraming::Lines,
    };
    Stdout::Payload(framing)
}

fn commentary(args: &DisplayArgs, env: &Env) -> Commentary {
    let mode = if args.no_color { ColorMode::Never } else { args.color };
    let default = if env.stderr_is_terminal { Detail::Head } else { Detail::Line };
    Commentary {
        detail: detail(args.verbose, args.quiet, default),
        stdout_color: color(mode, env, env.stdout_is_terminal),
        stderr_color: color(mode, env, env.stderr_is_terminal),
        on_terminal: env.stderr_is_terminal,
        pretty: !args.no_pretty,
        timestamps: args.timestamps.map(|mode| match mode {
            TimestampMode::Utc => Timestamps::Utc,
            TimestampMode::Local => Timestamps::Local,
            TimestampMode::Relative => Timestamps::Relative,
            TimestampMode::Delta => Timestamps::Delta,
        }),
    }
}

fn detail(verbose: u8, quiet: bool, default: Detail) -> Detail {
    match (quiet, verbose) {
        (true, _) => Detail::Quiet,
        (_, 0) => default,
        (_, 1) => Detail::Control,
        (_, 2) => Detail::Frames,
        _ => Detail::Bytes,
    }
}

fn color(mode: ColorMode, env: &Env, is_terminal: bool) -> bool {
    match mode {
        ColorMode::Always => true,
        ColorMode::Never => false,
        ColorMode::Auto => !env.no_color && (is_terminal || env.force_color),
    }
}

fn redaction(show_secrets: bool) -> Redaction {
    if show_secrets { Redaction::Show } else { Redaction::Mask }
}

fn ending(
    args: &EndingArgs,
    strict: bool,
    echo: bool,
    input: Input,
) -> Result<EndingConfig, ConfigError> {
    let count = if args.one { Some(1) } else { args.count };
    if count == Some(0) {
        return Err(ConfigError::value("--count", "0", "at least 1 message has to be waited for"));
    }
    let expect = patterns(&args.expect)?;
    let has_goal = count.is_some() || !expect.is_empty() || echo;
    let max_time = match &args.max_time {
        Some(text) => duration("--max-time", text)?,
        None => (!expect.is_empty()).then_some(DEFAULT_EXPECT_TIME),
    };
    let close_code: CloseCode = args
        .close_code
        .parse()
        .map_err(|error| ConfigError::value("--close-code", &args.close_code, error))?;
    let close_reason = args.close_reason.clone().unwrap_or_default();
    ClosePayload::to_send(Some(close_code), &close_reason).map_err(|misuse| match misuse {
        crate::protocol::connection::Misuse::ReasonTooLong(_) => {
            ConfigError::value("--close-reason", &close_reason, misuse)
        }
        _ => ConfigError::value("--close-code", &args.close_code, misuse),
    })?;
    Ok(EndingConfig {
        after_input: after_input(args.wait.as_deref(), has_goal, input)?,
        count,
        expect,
        strict,
        max_time,
        close_timeout: duration("--close-timeout", &args.close_timeout)?,
        close_code,
        close_reason,
    })
}

fn after_input(
    wait: Option<&str>,
    has_goal: bool,
    input: Input,
) -> Result<AfterInput, ConfigError> {
    match wait {
        _ if input == Input::Repl => Ok(AfterInput::Close),
        None if has_goal => Ok(AfterInput::Stay),
        None => Ok(AfterInput::Silence(DEFAULT_WAIT)),
        Some("-1" | "forever") => Ok(AfterInput::Stay),
        Some(text) => Ok(match duration("--wait", text)? {
            Some(silence) => AfterInput::Silence(silence),
            None => AfterInput::Close,
        }),
    }
}

fn patterns(given: &[String]) -> Result<Vec<Pattern>, ConfigError> {
    given
        .iter()
        .map(|text| {
            Pattern::parse(text).map_err(|error| ConfigError::value("--expect", text, error))
        })
        .collect()
}

/// A duration; `None` for 0, which turns a limit off.
fn duration(option: &'static str, text: &str) -> Result<Option<Duration>, ConfigError> {
    let duration =
        parse_duration(text).map_err(|reason| ConfigError::value(option, text, reason))?;
    Ok((!duration.is_zero()).then_some(duration))
}

fn size(option: &'static str, text: &str) -> Result<u64, ConfigError> {
    parse_size(text).map_err(|reason| ConfigError::value(option, text, reason))
}

fn read_text(option: &'static str, path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|error| file_error(option, path, error))
}

fn file_error(option: &'static str, path: &Path, error: std::io::Error) -> ConfigError {
    ConfigError::File { option, path: path.to_string_lossy().into_owned(), error }
}
