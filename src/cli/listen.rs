//! The command line of `wscope listen`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{DisplayArgs, FilterArgs, OutputMode, RecordArgs, SettingsArgs, UiArgs};

/// Options for `listen`.
#[derive(Args, Debug)]
#[command(args_override_self = true, after_long_help = MORE, mut_arg("filter", |arg| arg.long_help(FILTER)))]
pub struct ListenArgs {
    /// Address to listen on: HOST:PORT, HOST, :PORT or PORT; without a host it is this machine only, :0 is any free port
    #[arg(value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub address: String,

    /// Opening handshake.
    #[command(flatten)]
    pub handshake: WelcomeArgs,
    /// TLS.
    #[command(flatten)]
    pub tls: ServerTlsArgs,
    /// Sending.
    #[command(flatten)]
    pub sending: AnsweringArgs,
    /// Receiving.
    #[command(flatten)]
    pub receiving: TakingArgs,
    /// Ending.
    #[command(flatten)]
    pub ending: LeavingArgs,
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

const FILTER: &str = "\
Show only what matches PATTERN [repeatable]

Of several one is enough. PATTERN is one of --expect (see 'wscope --help'), for messages of both directions, or in (what is received), out (what is sent), #N (everything of client N), ping or pong. It applies to messages, pings, pongs and their frames, on standard output too. What is not shown still counts for --count. A frame that is only a part of a message is hidden by patterns of what messages contain.";

const MORE: &str = "\
On a terminal typed lines are sent to all clients; /help lists commands. In a
pipe every line of standard input is sent to all clients; it is read only while
there are any, at the speed of the fastest, and its end does not end the
server. A browser that opens the address gets a page with a client; pages of
other sites cannot connect unless --allow-origin names them.

No client delays another. The queue of a client that reads too slowly is
limited to 16 MiB, or one message; beyond that the queue is dropped and the
client closed with 1013 (Try Again Later). All clients together hold no more
than --max-memory.

While standard output is stalled, clients with more to be written are not read;
after SIGINT or SIGTERM it has one second, and messages that were not written
are counted. Standard error delays nothing: lines that it does not take are
dropped and counted.

Examples:
  wscope listen --echo              send every message back, on localhost:8080
  wscope listen :9000 --broadcast   a chat room
  tail -f log | wscope listen       a live feed
  wscope listen --once -x hello     one client; its end is the exit status
  wscope listen --replay chat.har   a mock of a recorded server";

/// Who may connect, and what is negotiated.
#[derive(Args, Debug)]
#[command(next_help_heading = "Opening handshake")]
pub struct WelcomeArgs {
    /// Add, replace or remove a header of the 101 response [repeatable]
    ///
    /// 'Name: value' adds a header or replaces the one that wscope would send; 'Name:' removes it;
    /// 'Name;' sends it without a value; @FILE reads them from a file, one per line.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub headers: Vec<String>,

    /// A subprotocol to accept [repeatable, or a comma-separated list]
    #[arg(short = 's', long = "subprotocol", alias = "protocol", value_name = "NAME")]
    pub subprotocols: Vec<String>,

    /// Accept only requests with this Origin; others get 403. '*' accepts all [repeatable]
    ///
    /// Without this option, so that pages of other sites cannot connect (nor by DNS rebinding), a
    /// request is accepted if it has no Origin header, or one whose host and port are those of the
    /// Host header, or that of a loopback host such as http://localhost:3000; and on a loopback
    /// address only if Host names a loopback host or that address. With it, only the origins given
    /// are accepted, and no request without Origin; '*' accepts everything, whatever Host says.
    /// ORIGIN is written as browsers send it: https://example.com, null, chrome-extension://ID.
    #[arg(long = "allow-origin", value_name = "ORIGIN")]
    pub origins: Vec<String>,

    /// Require this user name and password; others get 401. @FILE reads them from a file
    #[arg(short = 'u', long, value_name = "USER:PASS")]
    pub user: Option<String>,

    /// Serve this path only; others get 404
    #[arg(long, value_name = "PATH")]
    pub path: Option<String>,

    /// Do not accept compression
    #[arg(long)]
    pub no_compress: bool,

    /// Serve at most this many clients at a time; others get 503
    #[arg(long, value_name = "N", default_value = "4096")]
    pub max_clients: usize,

    /// Time limit for a client's TLS handshake and request; 0 means no limit
    ///
    /// At most 2048 handshakes may be unfinished, 1024 of them from one address (for IPv6 a
    /// /64); beyond that the oldest is closed for each new one, after a 503 if it has begun a request.
    #[arg(long, value_name = "TIME", default_value = "10s")]
    pub handshake_timeout: String,
}

/// TLS on the server's side.
#[derive(Args, Debug)]
#[command(next_help_heading = "TLS")]
pub struct ServerTlsArgs {
    /// Accept wss://, with this certificate and its chain: PEM, DER or PKCS#12
    #[arg(long, alias = "cert", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,

    /// Private key, if it is in another file: PKCS#8, PKCS#1 or SEC 1, encrypted or not
    #[arg(long, alias = "key", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Passphrase of the key, or @FILE to read it from; if it is missing, it is prompted for on the terminal
    #[arg(long, aliases = ["pass", "passphrase"], value_name = "TEXT", requires = "tls_cert", num_args = 0..=1)]
    pub tls_pass: Option<Option<String>>,
}

/// Messages to send.
#[derive(Args, Debug)]
#[command(next_help_heading = "Sending")]
pub struct AnsweringArgs {
    /// Send TEXT to every client once it is connected [repeatable]
    #[arg(short = 'x', long, alias = "execute", value_name = "TEXT", allow_hyphen_values = true)]
    pub send: Vec<String>,

    /// Send every received message back, with the same type
    #[arg(long)]
    pub echo: bool,

    /// Send every received message to all other clients; with =all also back to the sender
    #[arg(long, value_name = "WHOM", num_args = 0..=1, require_equals = true, default_missing_value = "others")]
    pub broadcast: Option<BroadcastMode>,

    /// A recorded server.
    #[command(flatten)]
    pub mock: MockArgs,
}

/// A recorded server that is played.
#[derive(Args, Debug)]
pub struct MockArgs {
    /// Answer every client as the server of this recording did: a mock server
    ///
    /// FILE has events (.ndjson) or is a HAR of a browser; - is standard input. After each message of a client it gets what the
    /// recorded server sent before the next one, whatever the message is, and in the end the Close frame, or the end of TCP without
    /// one, if the recorded server ended the connection first. A client that says something else than the recorded one is reported, with the difference; JSON is
    /// compared as JSON. The subprotocol of the recording is accepted.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["send", "echo", "broadcast"])]
    pub replay: Option<PathBuf>,

    /// With --replay: play this connection of the recording: its number, or a part of its URL
    #[arg(long, value_name = "N|URLPART", requires = "replay")]
    pub entry: Option<String>,

    /// With --replay: close with 1008 if a client says something else than was recorded
    #[arg(long, requires = "replay")]
    pub strict: bool,

    /// With --replay: do not compare what this JSONPath selects, such as '$.ts' [repeatable]
    #[arg(long, value_name = "JSONPATH", requires = "replay")]
    pub ignore: Vec<String>,

    /// With --replay: the largest file that is read as a whole, and the most memory for messages
    #[arg(long, value_name = "SIZE", requires = "replay")]
    pub max_size: Option<String>,
}

/// Output of received messages.
#[derive(Args, Debug)]
#[command(next_help_heading = "Receiving")]
pub struct TakingArgs {
    /// How to write received messages [default: lines; decorated on a terminal]
    #[arg(long, value_name = "HOW")]
    pub output: Option<OutputMode>,

    /// Same as --output json: write every event as a line of JSON
    #[arg(long, conflicts_with = "output")]
    pub json: bool,

    /// Continue after protocol violations where possible, with a warning for each
    #[arg(long)]
    pub lenient: bool,

    /// Close with 1009 if a message exceeds SIZE (64K, 10M, 1G)
    #[arg(long, value_name = "SIZE", default_value = "64M")]
    pub max_message_size: String,

    /// Memory limit for the messages of all clients; beyond it the client that holds most is closed
    ///
    /// It includes messages being received or inflated, and what waits to be sent or written. The client is
    /// closed with 1009 inside a message, else with 1013, and its memory is freed at once.
    #[arg(long, value_name = "SIZE", default_value = "512M")]
    pub max_memory: String,
}

/// The end of the run.
#[derive(Args, Debug)]
#[command(next_help_heading = "Ending")]
pub struct LeavingArgs {
    /// Serve one client, then exit with its status; others get 503
    #[arg(long)]
    pub once: bool,

    /// End after N messages have been received from all clients together
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub count: Option<u64>,

    /// Same as --count 1
    #[arg(short = '1', conflicts_with = "count")]
    pub one: bool,

    /// Serve for TIME, then close all connections with 1000; exit status 0
    ///
    /// TIME starts when the server listens. With --count the exit status is 1 if fewer messages were received.
    #[arg(long, value_name = "TIME")]
    pub duration: Option<String>,

    /// Time limit for a client's answer to our Close frame
    #[arg(long, value_name = "TIME", default_value = "5s")]
    pub close_timeout: String,
}

/// The recipients of received messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BroadcastMode {
    /// All but the sender
    Others,
    /// The sender too
    All,
}
