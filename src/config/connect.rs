//! `wscope URL`: what was typed → what will be done.

use std::path::Path;
use std::time::Duration;

use super::auth::CredentialSources;
use super::curl::STDIN;
use super::endpoint::{EndpointOptions, add_credentials, check_field};
use super::files::FileReader;
use super::filters::filters;
use super::headers::headers;
use super::record::{RecordConfig, record};
use super::route::target;
use super::scenario_options::connect_options;
use super::secrets::GivenValues;
use super::shared::{commentary, note_settings, notices, subprotocols};
use super::ui::ui;
use super::values::{duration, optional_duration, size};
use super::{
    ConfigError, ConnectConfig, EndingConfig, Env, Input, NegotiationConfig, ResilienceConfig,
    SendOrder, Stdout, USER_AGENT, history, messages, presets, resilience,
};
use crate::cli::{
    ConnectArgs, EndingArgs, InputMode, OutputMode, ReceivingArgs, RequestArgs, SendingArgs,
    close_command,
};
use crate::client::{EndpointConfig, HandshakeConfig};
use crate::event::Level;
use crate::input::repl::check_name;
use crate::input::stdin::InputFraming;
use crate::net::target::Target;
use crate::output::json::JsonFrames;
use crate::output::payload::OutputFraming;
use crate::protocol::MessageKind;
use crate::protocol::close::{CloseCode, ClosePayload, InvalidClose};
use crate::protocol::deflate::{self, DEFAULT_OFFER};
use crate::redact::Redaction;
use crate::scenario::language::literal;
use crate::scenario::{Pattern, expect};
use crate::session::AfterInput;

/// The name of the first connection.
const FIRST_NAME: &str = "main";

/// The default wait after the end of input.
const DEFAULT_WAIT: Duration = Duration::from_secs(1);

/// The default limit of a run with expectations.
const DEFAULT_EXPECT_TIME: Duration = Duration::from_secs(30);

impl ConnectConfig {
    /// Resolves what was typed. `order` is that of -x, --send-hex, --send-file and --send-frame.
    ///
    /// # Errors
    /// With the first value that cannot be used.
    pub fn new(
        args: &ConnectArgs,
        order: &SendOrder,
        given: &GivenValues,
        env: &Env,
    ) -> Result<Self, ConfigError> {
        let url = args.url.as_deref().or(args.wscat.connect.as_deref()).unwrap_or_default();
        let target = target(url, args.route.unix_socket.is_some())?;
        let messages = messages::folder(&env.settings, &messages::endpoint(&target));
        let max_time = max_time(&args.ending)?;
        let files = FileReader::new(max_time);
        let handshake = handshake_config(&args.handshake.request, &files)?;
        let compress = &args.handshake.request.compress;
        let kind = if args.sending.binary { MessageKind::Binary } else { MessageKind::Text };
        let input = input(args, kind, env)?;
        let takes_commands = matches!(input, Input::Repl | Input::Plain);
        let mut config = Self {
            endpoint: endpoint(args, target, handshake, env, &files)?,
            negotiation: NegotiationConfig {
                wants_compression: compress.is_some(),
                strict: args.handshake.strict,
            },
            credential_sources: CredentialSources::default(),
            warns_unchecked: args.tls.no_check,
            notices: Vec::new(),
            input,
            presets: presets::presets(&args.sending, kind, order, &files)?,
            echo: args.sending.echo,
            stdout: stdout(&args.receiving, &args.sending, args.display.verbose, env),
            commentary: commentary(&args.display, takes_commands, env),
            filters: filters(&args.filter, &files)?,
            record: record(&args.record, args.display.verbose)?,
            ui: ui(&args.ui)?,
            max_message_size: size(
                "--max-message-size",
                &args.receiving.tolerance.max_message_size,
            )?,
            ending: ending(&args.ending, args.handshake.strict, args.sending.echo, input, &files)?,
            resilience: resilience::resilience(&args.resilience)?,
            history: history::file(&args.settings, env.history.as_ref()),
            stay: args.ending.stay,
            name: FIRST_NAME.to_owned(),
            programs: env.programs.clone(),
            messages,
            netrc: None,
            invocation: None,
        };
        config.record = RecordConfig {
            options: connect_options(args, &config),
            server: Some(config.endpoint.target.clone()),
            ..config.record
        };
        let ResilienceConfig { retry, reconnect, .. } = &config.resilience;
        // Where another attempt follows, a failure is not investigated.
        config.endpoint.probes_tls = retry.is_none() && reconnect.is_none();
        config.with_credentials(args, given, env, max_time, &files)
    }

    /// The last step, as it may ask for a password.
    fn with_credentials(
        mut self,
        args: &ConnectArgs,
        given: &GivenValues,
        env: &Env,
        max_time: Option<Duration>,
        files: &FileReader,
    ) -> Result<Self, ConfigError> {
        let added = add_credentials(&mut self.endpoint, &args.auth, given, env, files)?;
        self.credential_sources = added.sources;
        self.netrc = added.netrc;
        self.notices = notices(&args.display, env);
        self.notices.extend(added.notices);
        self.notices.extend(args.url.as_deref().and_then(close_to_command));
        self.notices.extend(args.ending.expect.iter().filter_map(|text| broken_json(text)));
        self.ending.max_time = max_time;
        self.ending.time_left = files.time_left();
        note_settings(&args.settings, env, files);
        if let Some(path) = &args.handshake.copied.from_curl {
            files.note("--from-curl", Path::new(path));
        }
        self.record.used = files.uses();
        Ok(self)
    }

    /// The endpoint has this name in the configuration file. With `names_connection` the connection has it too, if it can be
    /// that of one.
    pub fn set_endpoint_name(&mut self, name: &str, names_connection: bool, env: &Env) {
        self.messages = messages::folder(&env.settings, name);
        if names_connection && check_name(name).is_ok() {
            name.clone_into(&mut self.name);
        }
    }

    /// Whether `--json` was given: failures before the connection are reported there too.
    pub fn wants_json(args: &ConnectArgs) -> bool {
        args.receiving.json || args.receiving.output == Some(OutputMode::Json)
    }
}

fn endpoint(
    args: &ConnectArgs,
    target: Target,
    handshake: HandshakeConfig,
    env: &Env,
    files: &FileReader,
) -> Result<EndpointConfig, ConfigError> {
    let redirects = &args.resilience.redirects;
    let options = EndpointOptions {
        target,
        handshake,
        route: &args.route,
        tls: &args.tls,
        connect_timeout: duration("--connect-timeout", &args.network.connect_timeout)?,
        lenient: args.receiving.tolerance.lenient,
        max_redirects: redirects.location.then_some(redirects.max_redirs),
        redaction: redaction(args.display.show_secrets),
    };
    options.resolve(env, files)
}

fn handshake_config(
    args: &RequestArgs,
    files: &FileReader,
) -> Result<HandshakeConfig, ConfigError> {
    check_field("--origin", args.origin.as_deref())?;
    check_field("--user-agent", args.user_agent.as_deref())?;
    Ok(HandshakeConfig {
        subprotocols: subprotocols(&args.subprotocols)?,
        origin: args.origin.clone(),
        user_agent: args.user_agent.clone().unwrap_or_else(|| USER_AGENT.to_owned()),
        credentials: Vec::new(),
        headers: headers(&args.headers, files)?,
        extensions: extensions(args)?,
    })
}

/// What to offer. Without the extension's name the value is its parameters.
fn extensions(args: &RequestArgs) -> Result<Option<String>, ConfigError> {
    if args.no_compress {
        return Ok(None);
    }
    let Some(given) = &args.compress else { return Ok(Some(DEFAULT_OFFER.to_owned())) };
    let offers =
        deflate::offers(given).map_err(|error| ConfigError::value("--compress", given, error))?;
    Ok(Some(offers.join(", ")))
}

fn input(args: &ConnectArgs, kind: MessageKind, env: &Env) -> Result<Input, ConfigError> {
    let copied = args.handshake.copied.from_curl.as_deref();
    if copied == Some(STDIN) && !env.stdin_is_terminal {
        return without_stdin(&args.sending);
    }
    let leaves = args.wscat.leaves;
    let args = &args.sending;
    let framing = match (args.input, args.null) {
        (Some(InputMode::Lines), _) => InputFraming::Lines,
        (Some(InputMode::Nul), _) | (None, true) => InputFraming::Nul,
        (Some(InputMode::Whole), _) => InputFraming::Whole,
        (Some(InputMode::Chunks), _) => InputFraming::Chunks,
        (Some(InputMode::Json), _) => InputFraming::Json,
        (None, false) if env.stdin_is_terminal && leaves => return Ok(Input::None),
        (None, false) if is_conversation(env) && !args.binary => return Ok(Input::Repl),
        (None, false) if env.stdin_is_terminal && !args.binary => return Ok(Input::Plain),
        (None, false) if args.binary => InputFraming::Chunks,
        (None, false) => InputFraming::Lines,
    };
    match (args.slash, framing) {
        (false, framing) => Ok(Input::Stdin(framing, kind)),
        (true, InputFraming::Lines) => Ok(Input::Stdin(InputFraming::Commands, kind)),
        (true, _) => Err(ConfigError::Slash),
    }
}

/// Standard input is the curl command.
fn without_stdin(args: &SendingArgs) -> Result<Input, ConfigError> {
    let options = [(args.input.is_some(), "--input"), (args.null, "-0"), (args.slash, "--slash")];
    match options.into_iter().find(|(is_given, _)| *is_given) {
        None => Ok(Input::None),
        Some((_, option)) => {
            let reason =
                format!("standard input is the command, and {option} is for messages in it");
            Err(ConfigError::value("--from-curl", STDIN, reason))
        }
    }
}

pub(super) fn is_conversation(env: &Env) -> bool {
    env.stdin_is_terminal && env.stdout_is_terminal && env.can_edit_lines
}

fn stdout(args: &ReceivingArgs, sending: &SendingArgs, verbose: u8, env: &Env) -> Stdout {
    let mode = if args.json { Some(OutputMode::Json) } else { args.output };
    stdout_in(mode, sending.binary, verbose, env)
}

pub(super) fn stdout_in(mode: Option<OutputMode>, binary: bool, verbose: u8, env: &Env) -> Stdout {
    let frames = JsonFrames::of_verbosity(verbose);
    let framing = match mode {
        Some(OutputMode::Json) => return Stdout::Json(frames),
        Some(OutputMode::Lines) => OutputFraming::Lines,
        Some(OutputMode::Nul) => OutputFraming::Nul,
        Some(OutputMode::Raw) => OutputFraming::Raw,
        Some(OutputMode::Hex) => OutputFraming::Hex,
        Some(OutputMode::Base64) => OutputFraming::Base64,
        None if env.stdout_is_terminal => return Stdout::Decorated,
        None if binary => OutputFraming::Raw,
        None => OutputFraming::Lines,
    };
    Stdout::Payload(framing)
}

pub(super) fn redaction(show_secrets: bool) -> Redaction {
    if show_secrets { Redaction::Show } else { Redaction::Mask }
}

fn ending(
    args: &EndingArgs,
    strict: bool,
    echo: bool,
    input: Input,
    files: &FileReader,
) -> Result<EndingConfig, ConfigError> {
    let count = if args.one { Some(1) } else { args.count };
    if count == Some(0) {
        return Err(ConfigError::value("--count", "0", "at least 1 message has to be waited for"));
    }
    let expect = patterns(&args.expect, files)?;
    let run_duration = optional_duration("--duration", args.duration.as_deref())?;
    let has_goal = count.is_some() || !expect.is_empty() || echo || run_duration.is_some();
    let close_code: CloseCode = args
        .close_code
        .parse()
        .map_err(|error| ConfigError::value("--close-code", &args.close_code, error))?;
    let close_reason = args.close_reason.clone().unwrap_or_default();
    ClosePayload::to_send(Some(close_code), &close_reason).map_err(|error| match error {
        InvalidClose::ReasonTooLong(_) => {
            ConfigError::value("--close-reason", &close_reason, error)
        }
        InvalidClose::Code(_) => ConfigError::value("--close-code", &args.close_code, error),
    })?;
    Ok(EndingConfig {
        after_input: match run_duration {
            Some(_) if input != Input::Repl => AfterInput::Stay, // for all of that time
            _ => after_input(args.wait.as_deref(), has_goal, input)?,
        },
        count,
        duration: run_duration,
        expect,
        strict,
        max_time: None,
        time_left: None,
        close_timeout: duration("--close-timeout", &args.closing.close_timeout)?,
        close_code,
        close_reason,
    })
}

fn max_time(args: &EndingArgs) -> Result<Option<Duration>, ConfigError> {
    match &args.max_time {
        Some(text) => duration("--max-time", text),
        None => Ok((!args.expect.is_empty()).then_some(DEFAULT_EXPECT_TIME)),
    }
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

/// A notice about a host whose name is close to that of a command.
fn close_to_command(word: &str) -> Option<(Level, String)> {
    let command = close_command(word)?;
    let text =
        format!("'{word}' is taken as the name of a host; the command is 'wscope {command}'");
    Some((Level::Info, text))
}

/// A warning about a pattern that looks like JSON and is a text: it would match almost nothing.
fn broken_json(pattern: &str) -> Option<(Level, String)> {
    let error = literal::broken_json(pattern)?;
    let text = format!(
        "--expect {pattern}: taken as text, as it is not JSON: {error}; write text:… if it is meant to be text"
    );
    Some((Level::Warning, text))
}

fn patterns(given: &[String], files: &FileReader) -> Result<Vec<Pattern>, ConfigError> {
    let pattern = |text: &String| {
        let content = expect::file(text).map(|path| files.long_bytes("--expect", path));
        expect::parse(text, content.transpose()?)
            .map_err(|error| ConfigError::value("--expect", text, error))
    };
    given.iter().map(pattern).collect()
}
