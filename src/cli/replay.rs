//! The command line of `wscope replay`.

use std::path::PathBuf;

use clap::{Arg, Args, ValueEnum};

use super::{
    AuthArgs, ClosingArgs, DisplayArgs, FilterArgs, KeepaliveArgs, NetworkArgs, ReceivingArgs,
    RecordArgs, RedirectArgs, RequestArgs, RouteArgs, SelectionArgs, SettingsArgs, TlsArgs,
};

/// Options for `replay`.
#[derive(Args, Debug)]
#[command(args_override_self = true, after_long_help = MORE)]
pub struct ReplayArgs {
    /// The recording: events (.ndjson) or a HAR of a browser; - reads standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Where to connect [default: the URL of the recording]
    ///
    /// Written as for 'wscope URL'. Without a path and a query (such as :8080) those of the recording are requested;
    /// write :8080/ for the path /. Credentials of the recording (Authorization, Cookie, parameters of the
    /// query and others that would be shown as ***) are sent to the scheme, host and port that they were recorded with,
    /// and to no other: give them with -H, --cookie, --user or --bearer.
    #[arg(value_name = "URL")]
    pub target: Option<String>,

    /// Pace and comparison.
    #[command(flatten)]
    pub playing: PlayingArgs,
    /// Selection.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Handshake.
    #[command(flatten)]
    pub handshake: ReplayHandshakeArgs,
    /// Authentication.
    #[command(flatten)]
    pub auth: AuthArgs,
    /// Network.
    #[command(flatten)]
    pub network: NetworkArgs,
    /// Route.
    #[command(flatten)]
    pub route: RouteArgs,
    /// TLS.
    #[command(flatten)]
    pub tls: TlsArgs,
    /// Redirects, keepalive and limits.
    #[command(flatten)]
    pub connection: ReplayConnectionArgs,
    /// Receiving.
    #[command(flatten)]
    pub receiving: ReceivingArgs,
    /// Recording.
    #[command(flatten)]
    pub record: RecordArgs,
    /// Display.
    #[command(flatten)]
    pub display: DisplayArgs,
    /// Filters.
    #[command(flatten)]
    pub filter: FilterArgs,
    /// Settings.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

/// How the messages are sent, and what is compared.
#[derive(Args, Debug)]
#[command(next_help_heading = "Replay")]
pub struct PlayingArgs {
    /// When messages are sent [default: answers; original with --speed]
    #[arg(long, value_name = "HOW")]
    pub pace: Option<PaceMode>,

    /// With --pace original: divide the recorded gaps by this factor, such as 2 or 0.5
    #[arg(long, value_name = "FACTOR")]
    pub speed: Option<String>,

    /// How long to wait for answers; 0: no limit
    ///
    /// It starts again whenever anything is sent or received. When it runs out, the next message is sent without the
    /// missing answers, or the connection is closed, with a warning.
    #[arg(long, value_name = "TIME", default_value = "5s")]
    pub timeout: String,

    /// Compare what is received with the recording; exit status 1 if it differs
    ///
    /// JSON is compared as JSON: the order of members, white space and forms of numbers do not matter. Differences are
    /// messages that are missing, surplus or changed, answers that arrive after --timeout, and a different close code
    /// or reason.
    #[arg(long)]
    pub check: bool,

    /// Do not compare what this JSONPath selects, such as '$.ts' or '$..id' [repeatable]
    #[arg(long, value_name = "JSONPATH", requires = "check")]
    pub ignore: Vec<String>,

    /// Accept received messages in any order
    #[arg(long, requires = "check")]
    pub ignore_order: bool,
}

/// When messages are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PaceMode {
    /// Each after as many answers as came before it in the recording
    Answers,
    /// With the recorded gaps
    Original,
    /// At once
    Fast,
}

/// The opening handshake.
#[derive(Args, Debug)]
#[command(
    next_help_heading = "Opening handshake",
    mut_arg("headers", |arg| arg.help("Add, replace or remove a header of the recorded request [repeatable]")),
    mut_arg("subprotocols", |arg| short(arg, "Offer a subprotocol in place of the recorded ones [repeatable, or a comma-separated list]")),
    mut_arg("origin", |arg| short(arg, "Send this Origin header in place of the recorded one")),
    mut_arg("user_agent", |arg| short(arg, "Send this User-Agent header in place of the recorded one")),
)]
pub struct ReplayHandshakeArgs {
    /// What is requested.
    #[command(flatten)]
    pub request: RequestArgs,

    /// Fail if the server selects none of the subprotocols offered or does not accept --compress
    #[arg(long, hide_short_help = true)]
    pub strict: bool,
}

/// What follows the opening handshake, and redirects.
#[derive(Args, Debug)]
#[command(next_help_heading = "Redirects, keepalive and limits")]
pub struct ReplayConnectionArgs {
    /// Redirects.
    #[command(flatten)]
    pub redirects: RedirectArgs,

    /// Retry if connecting fails, up to N times
    ///
    /// Permanent failures are not retried: wrong usage, certificates, redirects, and responses other than 408, 425, 429
    /// and 5xx. Without N, until --max-time.
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = super::FOREVER)]
    pub retry: Option<String>,

    /// Keepalive.
    #[command(flatten)]
    pub keepalive: KeepaliveArgs,

    /// Time limit for the whole run
    #[arg(short = 'm', long, value_name = "TIME", allow_negative_numbers = true)]
    pub max_time: Option<String>,

    /// The closing handshake.
    #[command(flatten)]
    pub closing: ClosingArgs,
}

/// The option with another help than that of `wscope URL`.
fn short(arg: Arg, help: &'static str) -> Arg {
    arg.help(help).long_help(help)
}

const MORE: &str = "\
Sends again what the client of the recorded connection sent: its headers (except
those that belong to one handshake), subprotocols, messages, pings, and its
Close frame. A header whose value was masked (***) is not sent; a warning names it.

Examples:
  wscope replay chat.har                    the same again
  wscope replay chat.ndjson :8080           the same path, on this machine
  wscope replay chat.ndjson :8080/v2/chat   another path
  wscope replay --check chat.ndjson :8080   are the answers still the same?
  wscope replay --check --ignore '$..time' --ignore-order chat.har
  wscope replay --pace original --speed 10 feed.ndjson
  wscope replay --entry /chat page.har      one of several connections
  wscope listen --replay chat.ndjson        the other side: a mock server

Exit status:
  as for 'wscope URL'; 1 if --check found a difference, or not all was sent;
  2 if the file is not a recording, or has several connections";
