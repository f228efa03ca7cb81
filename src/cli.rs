//! The definition of the command line. Doc comments are the help; there is no logic here.

#![allow(rustdoc::broken_intra_doc_links, reason = "what looks like a link is help text")]

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

mod auth;
mod check;
mod complaint;
mod connection;
mod diff;
mod filter;
mod from_curl;
mod info;
mod listen;
mod modes;
mod options;
mod proxy;
mod record;
mod replay;
mod resilience;
mod route;
mod settings;
mod similar;
mod tls;
mod ui;
mod view;
mod wscat;

pub use auth::AuthArgs;
pub use check::{CheckArgs, CheckConnectionArgs, CheckHandshakeArgs, CheckRunArgs, ReportArgs};
pub use complaint::{complaint, extra_url};
pub use connection::{ClosingArgs, RequestArgs, ToleranceArgs};
pub use diff::{ComparisonArgs, DiffArgs, DiffOutputArgs};
pub use filter::FilterArgs;
pub use from_curl::FromCurlArgs;
pub use info::{CodesArgs, CompletionsArgs, ManArgs, Shell};
pub use listen::{BroadcastMode, ListenArgs, MockArgs, ServerTlsArgs};
pub use modes::{ColorMode, InputMode, OutputMode, TimestampMode};
pub use options::{arguments, is_given, option_name};
pub use proxy::{FaultArgs, ForwardingArgs, ProxyArgs};
pub use record::RecordArgs;
pub use replay::{PaceMode, PlayingArgs, ReplayArgs};
pub use resilience::{FOREVER, KeepaliveArgs, RedirectArgs, ResilienceArgs};
pub use route::RouteArgs;
pub use settings::SettingsArgs;
pub use similar::{close_command, is_command, similar_command, url_argument};
pub use tls::{TlsArgs, TlsVersion};
pub use ui::UiArgs;
pub use view::{SelectionArgs, ViewArgs};
pub use wscat::{MAX_REDIRECTS, WscatArgs};

/// Inspect, talk to, script and test WebSocket endpoints.
///
/// On a terminal wscope shows the opening handshake and gives a prompt; in a pipe every line of
/// standard input is sent as a message, and every received message is written to standard output.
/// At the prompt /help lists the commands and keys; the text editor is that of VISUAL or EDITOR.
#[derive(Debug, Parser)]
#[command(
    name = "wscope",
    bin_name = "wscope",
    version,
    max_term_width = 80,
    args_conflicts_with_subcommands = true,
    args_override_self = true,
    subcommand_negates_reqs = true,
    subcommand_value_name = "COMMAND",
    override_usage = "wscope [OPTIONS] <URL>\n       wscope <COMMAND>",
    after_help = "'wscope --help' describes all options.",
    after_long_help = EXAMPLES
)]
pub struct Cli {
    /// The subcommands.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Connect.
    #[command(flatten)]
    pub connect: ConnectArgs,
}

/// The options of `wscope URL` without the commands: it is built in half the time.
pub fn connect_command() -> clap::Command {
    ConnectArgs::augment_args(clap::Command::new("wscope").args_override_self(true))
}

const EXAMPLES: &str = "\
Examples:
  wscope wss://example.com/socket           talk to an endpoint
  wscope :8080/chat -s chat.v2 -v           localhost, with a subprotocol
  echo '{\"op\":\"ping\"}' | wscope -1 URL      one request, one answer
  wscope URL | head -3                      the first three messages
  wscope --json URL | jq .data              events for other programs
  wscope -x hello --expect /^hi/ -m 5s URL  a check: exit status 0 or 1
  wscope --record chat.har URL              keep the session in a file
  wscope listen --echo                      a server to try these with

Exit status:
  0 success · 1 expectation not met · 2 usage · 3 no connection · 4 handshake
  refused · 5 protocol error of the peer · 6 abnormal close · 7 timeout ·
  8 local failure · 129, 130, 131, 143 SIGHUP, SIGINT, SIGQUIT, SIGTERM";

/// Shown for an empty command line.
pub const FIRST_STEPS: &str = "
  wscope wss://example.com/socket          talk to an endpoint
  wscope :8080/chat -v                     a server on this machine, in detail
  echo '{\"op\":\"ping\"}' | wscope -1 URL     one request, one answer
  wscope listen --echo                     a server to try these with
  wscope check hello.wscope                what is sent and expected, as a test

";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Accept WebSocket clients
    Listen(Box<ListenArgs>),
    /// Show, record and change what clients and a server send
    Proxy(Box<ProxyArgs>),
    /// Run scenario files and report what holds
    Check(Box<CheckArgs>),
    /// Show a recording
    View(Box<ViewArgs>),
    /// Send again what a recorded client sent
    Replay(Box<ReplayArgs>),
    /// Compare two recordings
    Diff(Box<DiffArgs>),
    /// Explain close codes
    Codes(CodesArgs),
    /// Print a completion script for a shell
    ///
    /// For bash, write it to a file that ~/.bashrc sources; for zsh, to a file _wscope in a folder of $fpath; for fish,
    /// to ~/.config/fish/completions/wscope.fish. The endpoints of the configuration file are offered as @name.
    Completions(CompletionsArgs),
    /// Print a manual page in roff
    Man(ManArgs),
}

/// Options for connecting.
#[derive(Args, Debug)]
pub struct ConnectArgs {
    /// The server: ws://, wss://, host:port/path, :port/path, port or @name
    ///
    /// Without a scheme, ws:// is used for this machine and wss:// for any other; http:// and https://
    /// are read as ws:// and wss://. ws+unix:/path/to.sock:/uri goes to a Unix socket, wss+unix:
    /// does so over TLS. @name is an endpoint of the configuration file (see --no-config), and
    /// @name/path adds to its path.
    #[arg(value_name = "URL", required_unless_present_any = ["connect", "listen", "from_curl"])]
    pub url: Option<String>,

    /// As wscat spells it.
    #[command(flatten)]
    pub wscat: WscatArgs,
    /// Handshake.
    #[command(flatten)]
    pub handshake: HandshakeArgs,
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
    /// Staying connected.
    #[command(flatten)]
    pub resilience: ResilienceArgs,
    /// Sending.
    #[command(flatten)]
    pub sending: SendingArgs,
    /// Receiving.
    #[command(flatten)]
    pub receiving: ReceivingArgs,
    /// Ending.
    #[command(flatten)]
    pub ending: EndingArgs,
    /// Recording.
    #[command(flatten, next_help_heading = "Receiving")]
    pub record: RecordArgs,
    /// Page.
    #[command(flatten, next_help_heading = "Receiving")]
    pub ui: UiArgs,
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

/// The opening handshake.
#[derive(Args, Debug)]
#[command(next_help_heading = "Opening handshake")]
pub struct HandshakeArgs {
    /// What is requested.
    #[command(flatten)]
    pub request: RequestArgs,

    /// A copied request.
    #[command(flatten)]
    pub copied: FromCurlArgs,

    /// Fail if the server selects none of the subprotocols offered or does not accept --compress, and,
    /// with --expect, if other messages are received in between
    #[arg(long, hide_short_help = true)]
    pub strict: bool,
}

/// The time limit for connecting.
#[derive(Args, Debug)]
#[command(next_help_heading = "Opening handshake")]
pub struct NetworkArgs {
    /// Time limit for connecting, up to the end of the opening handshake
    ///
    /// Durations are written 500ms, 5s, 2m or 1h; a number alone is in seconds; 0 means no limit.
    ///
    /// Within it, and within --max-time, a second connection finds the cause of some failures: it tests
    /// for TLS if a ws:// server ended the first one without a response (not with --retry or
    /// --reconnect), and reads the certificates if the server's certificate was refused.
    #[arg(long, value_name = "TIME", default_value = "10s")]
    pub connect_timeout: String,
}

/// Messages to send.
#[derive(Args, Debug)]
#[command(next_help_heading = "Sending")]
pub struct SendingArgs {
    /// Send TEXT once the connection is open, before standard input [repeatable]
    ///
    /// On a terminal a prompt follows, unless --wait is given.
    #[arg(short = 'x', long, alias = "execute", value_name = "TEXT", allow_hyphen_values = true)]
    pub send: Vec<String>,

    /// Send bytes, given in hexadecimal, as a binary message [repeatable]
    #[arg(long, value_name = "HEX", hide_short_help = true)]
    pub send_hex: Vec<String>,

    /// Send a file as one message [repeatable]
    ///
    /// Text is checked to be UTF-8 before connecting. A regular file over 1 MiB is sent while it is
    /// read, in one frame that is not compressed, and --json has the file's name instead of its data; if
    /// it changes meanwhile, the connection ends inside the frame and the exit status is 8. Other messages and
    /// pongs follow the frame. A FIFO or a device is read to its end first, up to 64 MiB.
    #[arg(long, value_name = "PATH")]
    pub send_file: Vec<PathBuf>,

    /// Send a single frame, valid or not [repeatable]
    ///
    /// FRAME is an opcode (0 to 15, or continuation, text, binary, close, ping, pong), then any of
    /// nofin, rsv1, rsv2, rsv3, nomask, mask=KEY (8 hex digits), length=N (the declared length,
    /// whatever the payload), bits=7|16|64 (how it is encoded), then the payload: text, hex:… or base64:….
    #[arg(long, value_name = "FRAME", hide_short_help = true)]
    pub send_frame: Vec<String>,

    /// How to split standard input into messages [default: lines; chunks with --binary]
    ///
    /// An error names the line and the byte of it, both from 1. With json that is the byte at which the
    /// value of the wrong member starts, or 1 if that is not known.
    #[arg(long, value_name = "HOW")]
    pub input: Option<InputMode>,

    /// Same as --input nul
    #[arg(short = '0', conflicts_with = "input", hide_short_help = true)]
    pub null: bool,

    /// Treat lines of standard input that start with / as commands, as at the prompt
    ///
    /// Those on the connection, such as /ping, /pong, /close 4000 bye or /binary 00ff. /help lists them; //text
    /// sends /text.
    #[arg(long, hide_short_help = true)]
    pub slash: bool,

    /// Send binary messages
    #[arg(short = 'b', long)]
    pub binary: bool,

    /// Send text messages [the default]
    #[arg(short = 't', long, conflicts_with = "binary", hide_short_help = true)]
    pub text: bool,

    /// Send every received message back, with the same type
    #[arg(long, hide_short_help = true)]
    pub echo: bool,
}

/// Output of received messages.
#[derive(Args, Debug)]
#[command(next_help_heading = "Receiving")]
pub struct ReceivingArgs {
    /// How to write received messages [default: lines; raw with --binary; decorated on a terminal]
    #[arg(long, value_name = "HOW")]
    pub output: Option<OutputMode>,

    /// Same as --output json: every event as a line of JSON
    #[arg(long, conflicts_with = "output")]
    pub json: bool,

    /// Limits of what is received.
    #[command(flatten)]
    pub tolerance: ToleranceArgs,
}

/// The end of the run.
#[derive(Args, Debug)]
#[command(next_help_heading = "Ending")]
pub struct EndingArgs {
    /// After the end of input, close once nothing has been received for TIME; 0: at once, -1 or
    /// 'forever': wait until the server closes [default: 1s]
    #[arg(short = 'w', long, value_name = "TIME", allow_hyphen_values = true)]
    pub wait: Option<String>,

    /// Close after N received messages
    ///
    /// Standard output gets exactly N. A terminal also shows the messages that arrive before the server has answered
    /// the Close frame, so that there can be more than N. With --expect the connection stays open, and received
    /// messages are written, until that is met too.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub count: Option<u64>,

    /// Same as --count 1
    #[arg(short = '1', conflicts_with = "count")]
    pub one: bool,

    /// Receive for TIME, then close with 1000; exit status 0
    ///
    /// TIME starts when the first connection is open. Its end is not a failure, unlike that of --max-time; but with
    /// --count or --expect the exit status is 1 if these are not met by then. Messages are received for all of
    /// TIME, also after the end of the input.
    #[arg(long, value_name = "TIME")]
    pub duration: Option<String>,

    /// Close once a message matches PATTERN; exit status 1 if none does [repeatable, in order]
    ///
    /// PATTERN is the whole text of the message, /regex/, {…} or […] (JSON that contains these
    /// members), json:… (any JSON value), hex:… or base64:… (a binary message; hex:01 .. is its start),
    /// ping:DATA, pong:DATA or close:CODE REASON, where what follows the colon may be left out and
    /// REASON may be /regex/. text:… always is the whole text, text:"…" a JSON string. text:@FILE,
    /// json:@FILE and binary:@FILE read the pattern from a file. A Close that only answers that of wscope
    /// does not count. If no JSON message matches, the first difference to the closest one is shown.
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true)]
    pub expect: Vec<String>,

    /// Time limit for the run [default with --expect: 30s]
    ///
    /// This includes reading files that options name, such as a FIFO. At the limit the Close frame is
    /// sent, and the run ends after the answer or within a second, whatever is stalled; what could not
    /// be written is counted on standard error. The other time limits do not run while standard output
    /// is stalled or the process is stopped.
    #[arg(short = 'm', long, value_name = "TIME", allow_negative_numbers = true)]
    pub max_time: Option<String>,

    /// Stay at the prompt when the connection has ended
    ///
    /// The prompt also stays if the connection cannot be opened. /reconnect, or Enter on an empty line, opens it again, with
    /// the messages of --send; /connect URL opens another one with the same options, but credentials, cookies and client
    /// certificates are not sent to another scheme, host or port; /connect @name opens an endpoint with its own options. /quit, Ctrl-C or Ctrl-D exits with the status of the last
    /// connection. --reconnect makes its attempts before. Goals that are met and --max-time end the run all the same.
    /// Without a line editor (in a pipe, with --input or --binary, TERM=dumb) this has no effect.
    #[arg(long)]
    pub stay: bool,

    /// The closing handshake.
    #[command(flatten)]
    pub closing: ClosingArgs,

    /// Status code of our Close frame
    #[arg(long, value_name = "CODE", default_value = "1000", hide_short_help = true)]
    pub close_code: String,

    /// Reason of our Close frame
    #[arg(long, value_name = "TEXT", hide_short_help = true)]
    pub close_reason: Option<String>,
}

/// Display of everything but messages.
#[derive(Args, Debug)]
#[command(next_help_heading = "Display")]
pub struct DisplayArgs {
    /// Show request, response and control frames; -vv: every frame; -vvv: every byte
    #[arg(short = 'v', long, action = ArgAction::Count)]
    pub verbose: u8,

    /// Show errors only
    #[arg(short = 'q', long, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Show the time of every line
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "local")]
    pub timestamps: Option<TimestampMode>,

    /// When to use colors
    ///
    /// With 'always' JSON messages have colors in a pipe too, if they are written with --output lines or
    /// nul. With 'auto' NO_COLOR and TERM=dumb mean never; without them, CLICOLOR_FORCE means always.
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_short_help = true)]
    pub color: ColorMode,

    /// Same as --color never
    #[arg(long, conflicts_with = "color", hide_short_help = true)]
    pub no_color: bool,

    /// Indent long JSON messages, also in a pipe [the default on a terminal]
    ///
    /// In a pipe this applies to --output lines and nul, to messages of up to 1 MiB and to the width of the
    /// terminal on standard error, or else to 80 columns. Only white space between values is changed.
    #[arg(long, hide_short_help = true)]
    pub pretty: bool,

    /// Show JSON messages as received
    #[arg(long, conflicts_with = "pretty", hide_short_help = true)]
    pub no_pretty: bool,

    /// Show credentials, cookies and tokens instead of masking them
    #[arg(long, hide_short_help = true)]
    pub show_secrets: bool,
}
