//! What `wscope proxy` has to do.

use std::path::PathBuf;
use std::time::Duration;

use super::connect::{redaction, stdout_in};
use super::endpoint::{AddedCredentials, EndpointOptions, add_credentials, check_field};
use super::files::FileReader;
use super::filters::proxy_filters;
use super::headers::headers;
use super::listen::{MAX_BACKLOG, MAX_HANDSHAKES, acceptor, at_least_one, input, memory};
use super::record::record;
use super::route::{proxy_remark, target};
use super::scenario_options::scenario_options;
use super::secrets::GivenValues;
use super::shared::{commentary, note_settings, notices};
use super::ui::ui;
use super::values::{duration, optional_duration, size};
use super::{
    Capacity, Commentary, ConfigError, CredentialSources, Env, RecordConfig, ServerInput, Stdout,
    USER_AGENT, UiConfig, history,
};
use crate::cli::{ForwardingArgs, OutputMode, ProxyArgs};
use crate::client::{EndpointConfig, HandshakeConfig};
use crate::event::Level;
use crate::net::accept::TlsAcceptor;
use crate::net::target::Target;
use crate::output::human::Detail;
use crate::platform::user_programs::UserPrograms;
use crate::protocol::head::HeaderLine;
use crate::redact::{Redaction, Secrets};
use crate::rules::{self, ProxyRule, RuleAction, Rules};
use crate::view::Filters;

/// Why a rule cannot hold messages.
const NO_OPERATOR: &str = "hold needs a prompt, where /go and /drop are typed, or the page: run it on a terminal or with --ui";

mod faults;

pub use faults::{Faults, Refuse};

/// The configuration of a proxy.
#[derive(Debug)]
pub struct ProxyConfig {
    /// The address to listen on, as given.
    pub address: String,
    /// The certificate for clients; `None`: they connect without TLS.
    pub tls: Option<TlsAcceptor>,
    /// Limit on a client's TLS handshake and request.
    pub handshake_timeout: Option<Duration>,
    /// Unfinished handshakes of clients at a time.
    pub max_handshakes: usize,
    /// The server. Its handshake has nothing that is sent in place of the client's request: that is in [`Self::edits`]. Its
    /// user agent is for HTTP proxies on the way to the server.
    pub endpoint: EndpointConfig,
    /// What is changed of the client's request: a field takes the place of all those of its name that the client sends, as do
    /// several of the same name together; a removal removes them.
    pub edits: Vec<HeaderLine>,
    /// A Host header that names the proxy is passed on.
    pub keep_host: bool,
    /// An Origin header that names the proxy is passed on.
    pub keep_origin: bool,
    /// Requests that are not opening handshakes are relayed.
    pub relays_http: bool,
    /// The limits on clients and memory.
    pub capacity: Capacity,
    /// What goes wrong on purpose.
    pub faults: Faults,
    /// The rules of `--rule`.
    pub rules: Rules,
    /// What random decisions start from; `None`: something else in each run.
    pub seed: Option<u64>,
    /// Serve one connection and exit with its result.
    pub once: bool,
    /// Exit after this many connections.
    pub connections: Option<u64>,
    /// Exit after this time.
    pub duration: Option<Duration>,
    /// The source of commands; never [`ServerInput::Stdin`].
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
    /// Limit on the closing handshakes that the proxy starts.
    pub close_timeout: Option<Duration>,
    /// Whether secrets are masked.
    pub redaction: Redaction,
    /// The secrets that were given, used or not.
    pub secrets: Secrets,
    /// The sources of the credentials among the edits.
    pub credential_sources: CredentialSources,
    /// The history file of the line editor.
    pub history: Option<PathBuf>,
    /// The user's text editor and pager.
    pub programs: UserPrograms,
    /// Notices to show first.
    pub notices: Vec<(Level, String)>,
}

impl ProxyConfig {
    /// Resolves the command line.
    ///
    /// # Errors
    /// With the first value that is not valid.
    pub fn new(args: &ProxyArgs, given: &GivenValues, env: &Env) -> Result<Self, ConfigError> {
        let files = FileReader::new(None);
        let input = match input(env) {
            ServerInput::Stdin => ServerInput::None,
            input => input,
        };
        let takes_commands = matches!(input, ServerInput::Repl | ServerInput::Plain);
        let commentary = commentary(&args.display, takes_commands, env);
        let faults = Faults::new(&args.faults)?;
        let connections = args.ending.connections;
        let mut config = Self {
            address: args.address.clone(),
            tls: acceptor(&args.clients.tls, &files)?,
            handshake_timeout: duration("--handshake-timeout", &args.clients.handshake_timeout)?,
            max_handshakes: MAX_HANDSHAKES,
            endpoint: endpoint(args, env, &files)?,
            edits: Vec::new(),
            keep_host: args.forwarding.keep_host,
            keep_origin: args.forwarding.keep_origin,
            relays_http: !args.clients.no_http,
            capacity: capacity(args)?,
            faults,
            rules: rules(
                &args.faults.rule,
                input != ServerInput::None || args.ui.ui.is_some(),
                &files,
            )?,
            seed: args.faults.seed,
            once: args.ending.once,
            connections: connections.map(|n| at_least_one("--connections", n)).transpose()?,
            duration: optional_duration("--duration", args.ending.duration.as_deref())?,
            input,
            stdout: stdout(args, env),
            commentary,
            filters: proxy_filters(&args.filter, &files)?,
            record: record(&args.record, args.display.verbose)?,
            ui: ui(&args.ui)?,
            close_timeout: duration("--close-timeout", &args.ending.closing.close_timeout)?,
            redaction: redaction(args.display.show_secrets),
            secrets: Secrets::default(),
            credential_sources: CredentialSources::default(),
            history: history::file(&args.settings, env.proxy_history.as_ref()),
            programs: env.programs.clone(),
            notices: Vec::new(),
        };
        config.record.options = scenario_options(&args.tls, &args.route, None, &config.endpoint);
        // The last step, as it may ask for a password.
        let added = add_credentials(&mut config.endpoint, &args.auth, given, env, &files)?;
        config.edits = edits(&args.forwarding, &config.endpoint.handshake);
        config.secrets = config.endpoint.secrets.clone();
        config.notices = all_notices(args, &config, &added, env);
        config.credential_sources = added.sources;
        note_settings(&args.settings, env, &files);
        config.record.used = files.uses();
        Ok(config)
    }

    /// Whether `--json` is set: failures before a connection are reported there too.
    pub fn wants_json(args: &ProxyArgs) -> bool {
        output(args) == Some(OutputMode::Json)
    }
}

/// A proxy often runs in the background, with its output discarded: messages that no option asks for are not written then,
/// and need not be kept.
fn stdout(args: &ProxyArgs, env: &Env) -> Stdout {
    match output(args) {
        None if env.stdout_is_discarded => Stdout::Nothing,
        mode => stdout_in(mode, false, args.display.verbose, env),
    }
}

fn output(args: &ProxyArgs) -> Option<OutputMode> {
    if args.receiving.json { Some(OutputMode::Json) } else { args.receiving.output }
}

fn endpoint(
    args: &ProxyArgs,
    env: &Env,
    files: &FileReader,
) -> Result<EndpointConfig, ConfigError> {
    let request = &args.forwarding;
    check_field("--origin", request.origin.as_deref())?;
    check_field("--user-agent", request.user_agent.as_deref())?;
    let options = EndpointOptions {
        target: target(&args.url, args.route.unix_socket.is_some())?,
        handshake: HandshakeConfig {
            subprotocols: Vec::new(),
            origin: None,
            user_agent: request.user_agent.clone().unwrap_or_else(|| USER_AGENT.to_owned()),
            credentials: Vec::new(),
            headers: headers(&request.headers, files)?,
            extensions: None,
        },
        route: &args.route,
        tls: &args.tls,
        connect_timeout: duration("--connect-timeout", &request.network.connect_timeout)?,
        lenient: false, // this is about responses of HTTP proxies: the client judges the server's
        max_redirects: None,
        redaction: redaction(args.display.show_secrets),
    };
    options.resolve(env, files)
}

/// The fields of options, unless one of `--header` has their name, then those of `--header`.
fn edits(args: &ForwardingArgs, handshake: &HandshakeConfig) -> Vec<HeaderLine> {
    let origin = args.origin.as_deref().map(|origin| HeaderLine::new("Origin", origin));
    let agent = args.user_agent.as_deref().map(|agent| {
        let removal = HeaderLine { is_removal: true, ..HeaderLine::new("User-Agent", "") };
        HeaderLine::user_agent(agent).unwrap_or(removal)
    });
    let is_own = |line: &HeaderLine| handshake.headers.iter().any(|own| own.is(&line.name));
    let options = origin.into_iter().chain(agent).chain(handshake.credentials.iter().cloned());
    options.filter(|line| !is_own(line)).chain(handshake.headers.iter().cloned()).collect()
}

fn capacity(args: &ProxyArgs) -> Result<Capacity, ConfigError> {
    Ok(Capacity {
        clients: at_least_one("--max-clients", args.clients.max_clients)?,
        backlog: MAX_BACKLOG,
        message: size("--max-message-size", &args.receiving.max_message_size)?,
        memory: memory(&args.receiving.max_memory)?,
    })
}

/// The rules of `--rule`. Only an operator, at a prompt or at the page, can decide about what a rule holds.
fn rules(given: &[String], has_operator: bool, files: &FileReader) -> Result<Rules, ConfigError> {
    const OPTION: &str = "--rule";
    let mut rules = Rules::default();
    for source in given {
        let bad = |reason: String| ConfigError::value(OPTION, source, reason);
        let contents = rules::files(source).into_iter();
        let contents =
            contents.map(|path| files.long_bytes(OPTION, path)).collect::<Result<_, _>>()?;
        let rule =
            ProxyRule::parse(source, contents).map_err(|error| bad(error.in_words(source)))?;
        if *rule.action() == RuleAction::Hold && !has_operator {
            return Err(bad(NO_OPERATOR.to_owned()));
        }
        rules.add(rule).map_err(|error| bad(error.to_string()))?;
    }
    Ok(rules)
}

fn all_notices(
    args: &ProxyArgs,
    config: &ProxyConfig,
    added: &AddedCredentials,
    env: &Env,
) -> Vec<(Level, String)> {
    let mut all: Vec<_> = config.endpoint.target.assumption().into_iter().map(info).collect();
    if args.tls.no_check {
        let text = "-n: the server's certificate is not checked";
        all.push((Level::Warning, text.to_owned()));
    }
    all.extend(notices(&args.display, env));
    all.extend(added.notices.iter().cloned());
    all.extend(route_notice(&config.endpoint, &config.endpoint.target, config.commentary.detail));
    all
}

/// Which proxy is used on the way to the server, or why one is not.
fn route_notice(
    endpoint: &EndpointConfig,
    target: &Target,
    detail: Detail,
) -> Option<(Level, String)> {
    let (is_detail, text) = proxy_remark(&endpoint.route.choose(target).ok()?)?;
    (!is_detail || detail >= Detail::Control).then(|| info(text))
}

fn info(text: String) -> (Level, String) {
    (Level::Info, text)
}

#[cfg(test)]
mod tests;
