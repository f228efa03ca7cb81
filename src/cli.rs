//! The command line as it is typed. Doc comments are the help; there is no logic here.

#![allow(rustdoc::broken_intra_doc_links, reason = "what looks like a link is help text")]

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

mod auth;
mod listen;
mod resilience;
mod route;
mod settings;
mod similar;
mod tls;
mod wscat;

pub use auth::AuthArgs;
pub use listen::{BroadcastMode, ListenArgs, ServerTlsArgs};
pub use resilience::{FOREVER, ResilienceArgs};
pub use route::RouteArgs;
pub use settings::SettingsArgs;
pub use similar::similar_command;
pub use tls::{TlsArgs, TlsVersion};
pub use wscat::{MAX_REDIRECTS, WscatArgs};

/// See, talk to, pipe through and check WebSocket endpoints.
///
/// On a terminal wscope shows the opening handshake and gives a prompt; in a pipe every line of
/// standard input is sent as a message, and every received message is written to standard output.
#[derive(Debug, Parser)]
#[command(
    name = "wscope",
    version,
    max_term_width = 80,
    args_conflicts_with_subcommands = true,
    args_override_self = true,
    subcommand_negates_reqs = true,
    subcommand_value_name = "COMMAND",
    disable_help_subcommand = true,
    override_usage = "wscope [OPTIONS] <URL>\n       wscope <COMMAND>",
    after_help = "'wscope --help' tells more.",
    after_long_help = EXAMPLES
)]
pub struct Cli {
    /// What to do instead of connecting.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Connect.
    #[command(flatten)]
    pub connect: ConnectArgs,
}

const EXAMPLES: &str = "\
Examples:
  wscope wss://example.com/socket          talk to an endpoint
  wscope :8080/chat -s chat.v2 -v          localhost, with a subprotocol
  echo '{\"op\":\"ping\"}' | wscope -1 URL     one request, one answer
  wscope URL | head -3                     the first three messages
  wscope --json URL | jq .data             events for other programs
  wscope -x hello --expect /^hi/ -m 5s URL a check: exit status 0 or 1
  wscope listen --echo                     a server to try all this with

Exit status:
  0 done · 1 expectation not met · 2 usage · 3 no connection · 4 handshake
  refused · 5 protocol broken by the peer · 6 abnormal end · 7 timeout ·
  8 local trouble · 129, 130, 143 ended by SIGHUP, SIGINT, SIGTERM";

/// What to do instead of connecting.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Accept WebSocket clients
    Listen(Box<ListenArgs>),
    /// Tell what close codes mean
    Codes(CodesArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page in roff
    Man,
}

/// Options for connecting.
#[derive(Args, Debug)]
pub struct ConnectArgs {
    /// Where to connect: ws://, wss://, host:port/path, :port/path, port or @name
    ///
    /// Without a scheme it is ws:// for this machine and wss:// for any other; http:// and https://
    /// are taken as ws:// and wss://. ws+unix:/path/to.sock:/uri goes to a Unix socket, wss+unix:
    /// does so over TLS. @name is an endpoint of the configuration file (see --no-config), and
    /// @name/path is below it.
    #[arg(value_name = "URL", required = true)]
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
    /// Display.
    #[command(flatten)]
    pub display: DisplayArgs,
    /// Settings.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

/// The opening handshake.
#[derive(Args, Debug)]
#[command(next_help_heading = "Opening handshake")]
pub struct HandshakeArgs {
    /// Add, replace or remove a request header [repeatable]
    ///
    /// 'Name: value' adds a header or replaces the one that wscope would send; 'Name:' removes it;
    /// 'Name;' sends it without a value; @FILE reads them from a file, one a line. Order, case and duplicates go over the wire as
    /// given.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub headers: Vec<String>,

    /// Offer a subprotocol [repeatable, or a list with commas]
    #[arg(short = 's', long = "subprotocol", alias = "protocol", value_name = "NAME")]
    pub subprotocols: Vec<String>,

    /// Send an Origin header
    #[arg(short = 'o', long, value_name = "ORIGIN")]
    pub origin: Option<String>,

    /// Send this User-Agent header
    #[arg(short = 'A', long, alias = "ua", value_name = "NAME")]
    pub user_agent: Option<String>,

    /// Offer permessage-deflate with these parameters [default: client_max_window_bits]
    ///
    /// For example 'server_no_context_takeover; server_max_window_bits=10'; several offers are
    /// separated by commas, the best first.
    #[arg(long, value_name = "PARAMS", conflicts_with = "no_compress")]
    pub compress: Option<String>,

    /// Offer no compression
    #[arg(long)]
    pub no_compress: bool,

    /// Make it an error if the server chooses no subprotocol of those offered, or does not accept
    /// --compress, or, with --expect, if other messages come between
    #[arg(long)]
    pub strict: bool,
}

/// The way to the server.
#[derive(Args, Debug)]
#[command(next_help_heading = "Network")]
pub struct NetworkArgs {
    /// Limit on everything up to the end of the opening handshake
    ///
    /// Durations are written 500ms, 5s, 2m or 1h; a plain number is seconds; 0 turns a limit off.
    #[arg(long, value_name = "TIME", default_value = "10s")]
    pub connect_timeout: String,
}

/// What is sent.
#[derive(Args, Debug)]
#[command(next_help_heading = "Sending")]
pub struct SendingArgs {
    /// Send this text once open, before standard input [repeatable]
    ///
    /// On a terminal a prompt follows, unless --wait is given too.
    #[arg(short = 'x', long, alias = "execute", value_name = "TEXT", allow_hyphen_values = true)]
    pub send: Vec<String>,

    /// Send these bytes as a binary message [repeatable]
    #[arg(long, value_name = "HEX")]
    pub send_hex: Vec<String>,

    /// Send a file as one message [repeatable]
    ///
    /// Text is checked for UTF-8 before connecting. A regular file over 1 MiB is sent while it is
    /// read, in one frame that is not compressed, and --json names the file in place of its data; if
    /// it changes meanwhile, the connection ends inside the frame and the exit status is 8. Other messages and
    /// pongs follow the frame. A FIFO or a device is read to its end first, up to 64 MiB.
    #[arg(long, value_name = "PATH")]
    pub send_file: Vec<PathBuf>,

    /// Send this very frame, allowed or not [repeatable]
    ///
    /// FRAME is an opcode (0 to 15, or continuation, text, binary, close, ping, pong), then any of
    /// nofin, rsv1, rsv2, rsv3, nomask, mask=KEY (8 hex digits), length=N (declared, whatever the
    /// payload), bits=7|16|64 (how it is encoded), then the payload: text, hex:… or base64:….
    #[arg(long, value_name = "FRAME")]
    pub send_frame: Vec<String>,

    /// How standard input becomes messages: a line each, up to each NUL, all as one, as it comes,
    /// or JSON actions [default: lines; chunks with --binary]
    #[arg(long, value_name = "HOW")]
    pub input: Option<InputMode>,

    /// Short for --input nul
    #[arg(short = '0', conflicts_with = "input")]
    pub null: bool,

    /// Take lines of standard input that start with / for commands, as a prompt always does
    ///
    /// Such as /ping, /pong, /close 4000 bye or /binary 00ff; /help lists them, //text sends /text.
    #[arg(long)]
    pub slash: bool,

    /// Send binary messages
    #[arg(short = 'b', long)]
    pub binary: bool,

    /// Send text messages [the default]
    #[arg(short = 't', long, conflicts_with = "binary")]
    pub text: bool,

    /// Send every received message back, with the same type
    #[arg(long)]
    pub echo: bool,
}

/// What becomes of received messages.
#[derive(Args, Debug)]
#[command(next_help_heading = "Receiving")]
pub struct ReceivingArgs {
    /// How received messages are written [default: lines; raw with --binary; decorated on a
    /// terminal]
    #[arg(long, value_name = "HOW")]
    pub output: Option<OutputMode>,

    /// Short for --output json: every event as a line of JSON
    #[arg(long, conflicts_with = "output")]
    pub json: bool,

    /// Go on after violations of the protocol where that is possible; each is told as a warning
    #[arg(long)]
    pub lenient: bool,

    /// Close 1009 on a larger message; 64K, 10M and 1G are understood
    #[arg(long, value_name = "SIZE", default_value = "64M")]
    pub max_message_size: String,
}

/// What ends the run.
#[derive(Args, Debug)]
#[command(next_help_heading = "Ending")]
pub struct EndingArgs {
    /// After the end of input go on until nothing has come for so long; 0 closes at once, -1 or
    /// 'forever' goes on until the server closes [default: 1s]
    #[arg(short = 'w', long, value_name = "TIME", allow_hyphen_values = true)]
    pub wait: Option<String>,

    /// Close after this many received messages
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub count: Option<u64>,

    /// Short for --count 1
    #[arg(short = '1', conflicts_with = "count")]
    pub one: bool,

    /// Close once such a message is received; exit status 1 otherwise [repeatable, in order]
    ///
    /// PATTERN is the whole text of the message, /regex/, {…} or […] (JSON with these members, others
    /// are free), json:… (any JSON value), hex:… (a binary message) or close:CODE. text:… is always the
    /// whole text. If JSON does not match, the first difference of the closest message is shown.
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true)]
    pub expect: Vec<String>,

    /// Limit on the whole run [default with --expect: 30s]
    ///
    /// It includes reading the files that options name, such as a FIFO. When it runs out, the Close
    /// frame is sent, and the run ends after the answer or within a second, whatever is stalled; what
    /// could not be written is counted on standard error. The other timers do not run while standard
    /// output is stalled or the process is stopped.
    #[arg(short = 'm', long, value_name = "TIME", allow_negative_numbers = true)]
    pub max_time: Option<String>,

    /// How long the server may take to answer our Close frame
    #[arg(long, value_name = "TIME", default_value = "5s")]
    pub close_timeout: String,

    /// Code of our Close frame
    #[arg(long, value_name = "CODE", default_value = "1000")]
    pub close_code: String,

    /// Reason in our Close frame
    #[arg(long, value_name = "TEXT")]
    pub close_reason: Option<String>,
}

/// What is shown beside the messages.
#[derive(Args, Debug)]
#[command(next_help_heading = "Display")]
pub struct DisplayArgs {
    /// Show both heads and control frames; -vv every frame; -vvv every byte
    #[arg(short = 'v', long, action = ArgAction::Count)]
    pub verbose: u8,

    /// Show errors only
    #[arg(short = 'q', long, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Show when things happened
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "local")]
    pub timestamps: Option<TimestampMode>,

    /// Colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorMode,

    /// Short for --color never
    #[arg(long, conflicts_with = "color")]
    pub no_color: bool,

    /// Indent long JSON messages [the default on a terminal]
    #[arg(long)]
    pub pretty: bool,

    /// Show JSON messages as they came
    #[arg(long, conflicts_with = "pretty")]
    pub no_pretty: bool,

    /// Show credentials, cookies and tokens, which are masked otherwise
    #[arg(long)]
    pub show_secrets: bool,
}

/// How standard input becomes messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InputMode {
    /// A message a line
    Lines,
    /// A message up to each NUL byte
    Nul,
    /// All of it is one message
    Whole,
    /// A message for whatever one read gives
    Chunks,
    /// An action in JSON a line
    Json,
}

/// How received messages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputMode {
    /// As they are, each with a newline
    Lines,
    /// As they are, each with a NUL byte
    Nul,
    /// As they are
    Raw,
    /// In hex, one a line
    Hex,
    /// In base64, one a line
    Base64,
    /// Every event as a line of JSON
    Json,
}

/// How times are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TimestampMode {
    /// By the calendar, UTC
    Utc,
    /// By the clock on the wall
    Local,
    /// Since the start
    Relative,
    /// Since the line before
    Delta,
}

/// When colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorMode {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Options for `codes`.
#[derive(Args, Debug)]
pub struct CodesArgs {
    /// The close code to explain; all of them in short without it
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}

/// Options for `completions`.
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// For which shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// Shells that completions can be made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// Bash
    Bash,
    /// Zsh
    Zsh,
    /// Fish
    Fish,
    /// PowerShell
    Powershell,
    /// Elvish
    Elvish,
    /// Nushell
    Nushell,
}
