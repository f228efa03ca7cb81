//! The configuration of `wscope listen`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use super::connect::{is_conversation, redaction, stdout_in};
use super::files::FileReader;
use super::filters::server_filters;
use super::headers::headers;
use super::record::record;
use super::secrets::{GivenValues, Used, secrets};
use super::shared::{commentary, note_settings, notices, subprotocols};
use super::tls::{Files, identity};
use super::ui::ui;
use super::values::{duration, optional_duration, size};
use super::{
    Commentary, ConfigError, Env, MockConfig, RecordConfig, Stdout, UiConfig, history, messages,
};
use crate::cli::{BroadcastMode, ListenArgs, OutputMode, ServerTlsArgs};
use crate::event::Level;
use crate::net::accept::TlsAcceptor;
use crate::platform::user_programs::UserPrograms;
use crate::protocol::handshake::{
    AllowedOrigins, ListenHosts, RequiredCredentials, ServerOptions, normalize_origin,
};
use crate::protocol::head::HeaderLine;
use crate::redact::{Redaction, Secrets};
use crate::server::{AcceptOptions, ReceiveOptions};
use crate::view::Filters;

/// The configuration of a server.
#[derive(Debug)]
pub struct ListenConfig {
    /// The address to listen on, as given.
    pub address: String,
    /// Who may connect, and how; `lenient` also: continue after violations.
    pub accept: AcceptOptions,
    /// The limits on clients and memory.
    pub capacity: Capacity,
    /// Texts that are sent to every client first.
    pub greeting: Vec<String>,
    /// Send every received message back.
    pub echo: bool,
    /// The recipients of received messages.
    pub broadcast: Option<Broadcast>,
    /// The recorded server that is played.
    pub mock: Option<MockConfig>,
    /// The source of lines for the clients.
    pub input: ServerInput,
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
    /// Serve one client and exit with its result.
    pub once: bool,
    /// Exit after this many received messages.
    pub count: Option<u64>,
    /// Exit after this time.
    pub duration: Option<Duration>,
    /// Limit on the closing handshake.
    pub close_timeout: Option<Duration>,
    /// Whether secrets are masked.
    pub redaction: Redaction,
    /// The secrets that were given, used or not.
    pub secrets: Secrets,
    /// The history file of the line editor.
    pub history: Option<PathBuf>,
    /// The user's text editor and pager.
    pub programs: UserPrograms,
    /// The folder of the messages that are saved at the prompt.
    pub messages: Option<PathBuf>,
    /// Notices to show first.
    pub notices: Vec<(Level, String)>,
}

/// The limits on clients and memory.
#[derive(Clone, Copy, Debug)]
pub struct Capacity {
    /// Clients at a time.
    pub clients: usize,
    /// The most bytes in the queue of one client.
    pub backlog: usize,
    /// A larger received message closes the connection, in bytes.
    pub message: u64,
    /// The most bytes of payloads in memory for all connections together.
    pub memory: usize,
}

/// The recipients of a received message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broadcast {
    /// All but the sender.
    Others,
    /// The sender too.
    All,
}

/// The source of lines for the clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerInput {
    /// A line editor on the terminal.
    Repl,
    /// Lines typed on a terminal without a line editor.
    Plain,
    /// Standard input.
    Stdin,
    /// No source: reading from the terminal would stop the process.
    None,
}

/// Unfinished handshakes at a time, each with a thread: of some 40 KiB, or 100 KiB with TLS.
pub(super) const MAX_HANDSHAKES: usize = 2048;

/// The most bytes in the queue of one client.
pub(super) const MAX_BACKLOG: usize = 16 << 20;

impl ListenConfig {
    /// Resolves the command line.
    ///
    /// # Errors
    /// With the first value that is not valid.
    pub fn new(args: &ListenArgs, given: &GivenValues, env: &Env) -> Result<Self, ConfigError> {
        let capacity = Capacity {
            clients: at_least_one("--max-clients", args.handshake.max_clients)?,
            backlog: MAX_BACKLOG,
            message: size("--max-message-size", &args.receiving.max_message_size)?,
            memory: memory(&args.receiving.max_memory)?,
        };
        let files = FileReader::new(None);
        let output = args.receiving.output;
        let output = if args.receiving.json { Some(OutputMode::Json) } else { output };
        let input = input(env);
        let takes_commands = matches!(input, ServerInput::Repl | ServerInput::Plain);
        let count = if args.ending.one { Some(1) } else { args.ending.count };
        let rules = handshake(args, &files)?;
        let filters = server_filters(&args.filter, &files)?;
        let tls = acceptor(&args.tls, &files)?;
        let secrets = given_secrets(&rules, given, &files);
        note_settings(&args.settings, env, &files);
        let mut record = record(&args.record, args.display.verbose)?;
        record.used = files.uses();
        Ok(Self {
            address: args.address.clone(),
            secrets,
            accept: AcceptOptions {
                receive: ReceiveOptions {
                    tls,
                    time_limit: duration("--handshake-timeout", &args.handshake.handshake_timeout)?,
                    max_handshakes: MAX_HANDSHAKES,
                    refusal_headers: Vec::new(),
                },
                rules,
                lenient: args.receiving.lenient,
            },
            capacity,
            greeting: args.sending.send.clone(),
            echo: args.sending.echo,
            broadcast: broadcast(args)?,
            mock: MockConfig::new(&args.sending.mock)?,
            input,
            stdout: stdout_in(output, false, args.display.verbose, env),
            commentary: commentary(&args.display, takes_commands, env),
            filters,
            record,
            ui: ui(&args.ui)?,
            once: args.ending.once,
            count: count.map(|count| at_least_one("--count", count)).transpose()?,
            duration: optional_duration("--duration", args.ending.duration.as_deref())?,
            close_timeout: duration("--close-timeout", &args.ending.close_timeout)?,
            redaction: redaction(args.display.show_secrets),
            notices: notices(&args.display, env),
            history: history::file(&args.settings, env.listen_history.as_ref()),
            programs: env.programs.clone(),
            messages: messages::folder(&env.settings, "listen"),
        })
    }

    /// Whether `--json` is set: failures before a connection are reported there too.
    pub fn wants_json(args: &ListenArgs) -> bool {
        args.receiving.json || args.receiving.output == Some(OutputMode::Json)
    }
}

fn given_secrets(options: &ServerOptions, given: &GivenValues, files: &FileReader) -> Secrets {
    let authorization = options.credentials.as_ref().map(RequiredCredentials::authorization);
    let authorization = authorization.map(|value| HeaderLine::new("Authorization", &value));
    let headers = options.headers.iter().chain(&authorization).collect();
    secrets(given, &Used { headers, ..Used::default() }, files)
}

/// The size given to `--max-memory`, in bytes.
pub(super) fn memory(given: &str) -> Result<usize, ConfigError> {
    let bytes = size("--max-memory", given)?;
    at_least_one("--max-memory", usize::try_from(bytes).unwrap_or(usize::MAX))
}

/// The number given to `option`, which 0 cannot be.
pub(super) fn at_least_one<T: PartialEq + Default>(
    option: &'static str,
    number: T,
) -> Result<T, ConfigError> {
    if number == T::default() {
        return Err(ConfigError::value(option, "0", "it must be at least 1"));
    }
    Ok(number)
}

fn handshake(args: &ListenArgs, files: &FileReader) -> Result<ServerOptions, ConfigError> {
    let args = &args.handshake;
    if let Some(path) = args.path.as_deref().filter(|path| !is_path(path)) {
        let reason = "a path starts with / and contains no space, ? or #";
        return Err(ConfigError::value("--path", path, reason));
    }
    Ok(ServerOptions {
        subprotocols: subprotocols(&args.subprotocols)?,
        headers: headers(&args.headers, files)?,
        path: args.path.clone(),
        credentials: args.user.as_deref().map(|given| credentials(given, files)).transpose()?,
        origins: origins(&args.origins)?,
        listening: ListenHosts::default(), // set when the socket listens
        compress: !args.no_compress,
    })
}

fn is_path(text: &str) -> bool {
    text.starts_with('/')
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#".contains(&byte))
}

/// `USER:PASS`, or the first line of a file. The value is not shown in errors.
fn credentials(given: &str, files: &FileReader) -> Result<RequiredCredentials, ConfigError> {
    let text = match given.strip_prefix('@') {
        Some(path) => files.text("--user", Path::new(path))?,
        None => given.to_owned(),
    };
    let pair = text.lines().next().unwrap_or_default();
    if !pair.contains(':') {
        return Err(ConfigError::value(
            "--user",
            "***",
            "the password is missing: write USER:PASS, or @FILE with that as its first line",
        ));
    }
    Ok(RequiredCredentials::new(pair))
}

fn origins(given: &[String]) -> Result<AllowedOrigins, ConfigError> {
    let origins = given.iter().map(|given| origin(given)).collect::<Result<Vec<_>, _>>()?;
    Ok(match origins.as_slice() {
        [] => AllowedOrigins::Local,
        some if some.iter().any(|origin| origin == ANY_ORIGIN) => AllowedOrigins::Any,
        _ => AllowedOrigins::Only(origins),
    })
}

/// Accepts all origins, and requests without one.
const ANY_ORIGIN: &str = "*";

/// An origin as browsers send it: scheme, host, and the port unless it is the scheme's default.
fn origin(given: &str) -> Result<String, ConfigError> {
    let bad = |reason: &str| ConfigError::value("--allow-origin", given, reason);
    if matches!(given, "null" | ANY_ORIGIN) {
        return Ok(given.to_owned());
    }
    let url = Url::parse(given).map_err(|_| bad("an origin is written https://example.com"))?;
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(bad("an origin has no path: scheme, host and perhaps a port"));
    }
    let bare = given.strip_suffix('/').filter(|bare| !bare.ends_with('/')); // not that of file://
    Ok(normalize_origin(bare.unwrap_or(given)))
}

/// The certificate for clients, if one is given.
pub(super) fn acceptor(
    args: &ServerTlsArgs,
    reader: &FileReader,
) -> Result<Option<TlsAcceptor>, ConfigError> {
    let files = Files {
        cert: ("--tls-cert", args.tls_cert.as_deref()),
        key: ("--tls-key", args.tls_key.as_deref()),
        pass: ("--tls-pass", args.tls_pass.as_ref()),
        reader,
    };
    let Some(identity) = identity(&files)? else { return Ok(None) };
    let path = args.tls_cert.as_deref().unwrap_or(Path::new("")).to_string_lossy();
    let bad = |reason| ConfigError::value("--tls-cert", &path, reason);
    TlsAcceptor::new(&identity).map(Some).map_err(bad)
}

fn broadcast(args: &ListenArgs) -> Result<Option<Broadcast>, ConfigError> {
    match args.sending.broadcast {
        None => Ok(None),
        Some(BroadcastMode::Others) => Ok(Some(Broadcast::Others)),
        Some(BroadcastMode::All) if args.sending.echo => Err(ConfigError::value(
            "--broadcast",
            "all",
            "with --echo the sender would receive it twice",
        )),
        Some(BroadcastMode::All) => Ok(Some(Broadcast::All)),
    }
}

pub(super) fn input(env: &Env) -> ServerInput {
    if env.stdin_is_terminal && !env.is_foreground {
        ServerInput::None
    } else if is_conversation(env) {
        ServerInput::Repl
    } else if env.stdin_is_terminal {
        ServerInput::Plain
    } else {
        ServerInput::Stdin
    }
}
