//! The command line of `wscope proxy`.

use clap::Args;

use super::{
    AuthArgs, ClosingArgs, DisplayArgs, FilterArgs, NetworkArgs, OutputMode, RecordArgs, RouteArgs,
    ServerTlsArgs, SettingsArgs, TlsArgs, UiArgs,
};

/// Options for `proxy`.
#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_long_help = MORE,
    mut_arg("connect_to", |arg| arg.long_help(CONNECT_TO)),
    mut_arg("filter", |arg| arg.long_help(FILTER)),
)]
pub struct ProxyArgs {
    /// Address to listen on: HOST:PORT, HOST, :PORT or PORT; without a host it is this machine only, :0 is any free port
    #[arg(value_name = "ADDR")]
    pub address: String,

    /// The server to connect to: ws://, wss://, host:port/path, :port/path, port or @name
    ///
    /// It is written as for 'wscope URL'. The path that a client requests is appended to that of the URL, and its query
    /// is joined to that of the URL with &. @name is an endpoint of the configuration file, and its options apply as far as
    /// this command has them. Of those for all connections only --connect-timeout and those for proxies, TLS and the display
    /// apply: the others would change the requests of clients.
    #[arg(value_name = "URL")]
    pub url: String,

    /// The clients' side.
    #[command(flatten)]
    pub clients: ClientsArgs,
    /// The request to the server.
    #[command(flatten)]
    pub forwarding: ForwardingArgs,
    /// Authentication.
    #[command(flatten)]
    pub auth: AuthArgs,
    /// Route.
    #[command(flatten)]
    pub route: RouteArgs,
    /// TLS with the server.
    #[command(flatten)]
    pub tls: TlsArgs,
    /// Rules and faults.
    #[command(flatten)]
    pub faults: FaultArgs,
    /// Output.
    #[command(flatten)]
    pub receiving: WatchingArgs,
    /// Recording.
    #[command(flatten, next_help_heading = "Receiving")]
    pub record: RecordArgs,
    /// Page.
    #[command(flatten, next_help_heading = "Receiving")]
    pub ui: UiArgs,
    /// Ending.
    #[command(flatten)]
    pub ending: StoppingArgs,
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

/// The clients' side.
#[derive(Args, Debug)]
#[command(
    next_help_heading = "Clients",
    // Without the aliases, which are options for the server here.
    mut_arg("tls_cert", |arg| arg.alias(None::<&str>).help_heading("Clients")),
    mut_arg("tls_key", |arg| arg.alias(None::<&str>).help_heading("Clients")),
    mut_arg("tls_pass", |arg| arg.alias(None::<&str>).help_heading("Clients")),
)]
pub struct ClientsArgs {
    /// Serve at most this many connections at a time; others get 503
    #[arg(long, value_name = "N", default_value = "1000")]
    pub max_clients: usize,

    /// Time limit for a client's TLS handshake and request; 0 means no limit
    ///
    /// At most 2048 handshakes may be unfinished, 1024 of them from one address (for IPv6 a /64); beyond that the oldest is
    /// closed for each new one.
    #[arg(long, value_name = "TIME", default_value = "10s")]
    pub handshake_timeout: String,

    /// Answer HTTP requests other than opening handshakes with 426 instead of relaying them to the server
    #[arg(long)]
    pub no_http: bool,

    /// TLS.
    #[command(flatten)]
    pub tls: ServerTlsArgs,
}

/// The request to the server.
#[derive(Args, Debug)]
#[command(
    next_help_heading = "Opening handshake",
    mut_arg("connect_timeout", |arg| arg.help(CONNECT_TIMEOUT).long_help(CONNECT_TIMEOUT_LONG)),
)]
pub struct ForwardingArgs {
    /// Add, replace or remove a header of the client's request [repeatable]
    ///
    /// 'Name: value' adds a header or replaces those that the client sends; 'Name:' removes them; 'Name;' sends the header
    /// without a value; @FILE reads them from a file, one per line. All others are passed on as the client sends them.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub headers: Vec<String>,

    /// Send this Origin header in place of the client's
    #[arg(short = 'o', long, value_name = "ORIGIN")]
    pub origin: Option<String>,

    /// Send this User-Agent header in place of the client's
    #[arg(short = 'A', long, alias = "ua", value_name = "NAME")]
    pub user_agent: Option<String>,

    /// Pass on the Host header as the client sends it
    ///
    /// Without this option a Host header that names the proxy is replaced with the host and the port of the URL, as the server
    /// may refuse it otherwise.
    #[arg(long)]
    pub keep_host: bool,

    /// Pass on the Origin header as the client sends it
    ///
    /// Without this option an Origin header that names the proxy is replaced with the origin of the URL.
    #[arg(long)]
    pub keep_origin: bool,

    /// Network.
    #[command(flatten)]
    pub network: NetworkArgs,
}

/// What is changed on purpose.
#[derive(Args, Debug)]
#[command(next_help_heading = "Rules and faults")]
pub struct FaultArgs {
    /// Change messages: 'SIDE [PATTERN] [WHEN] => ACTION' [repeatable; the first that matches counts]
    ///
    /// SIDE is who sent the message: client, server or any. PATTERN is one of --expect (see 'wscope --help'); without it the
    /// rule is for every text and binary message; ping:, pong: and close: are for control frames. WHEN, ACTION and examples are
    /// listed below.
    #[arg(long, value_name = "RULE")]
    pub rule: Vec<String>,

    /// Seed for all that is random (N%, ±TIME, corrupt): runs with the same N make the same choices
    #[arg(long, value_name = "N", value_parser = seed)]
    pub seed: Option<u64>,

    /// Pass on at most SIZE bytes a second in each direction of a connection (16K, 1M)
    ///
    /// After a pause up to the bytes of one second are passed on at once.
    #[arg(long, value_name = "SIZE")]
    pub throttle: Option<String>,

    /// Delay everything by TIME in each direction, such as 200ms or 200ms±50ms
    ///
    /// With ±TIME (or +-TIME) each delay is chosen at random from that range. Order is kept. Opening handshakes and other HTTP
    /// requests are not delayed.
    #[arg(long, value_name = "TIME[±TIME]")]
    pub latency: Option<String>,

    /// Refuse opening handshakes with this status, such as 503; with 503,20% one in five at random
    #[arg(long, value_name = "STATUS[,N%]")]
    pub refuse: Option<String>,

    /// Withhold frames that violate the protocol, and close both sides with 1002 or 1007
    ///
    /// Without this option they are passed on and shown as violations.
    #[arg(long)]
    pub enforce: bool,
}

/// Output of messages.
#[derive(Args, Debug)]
#[command(next_help_heading = "Receiving")]
pub struct WatchingArgs {
    /// How to write messages [default: lines; decorated on a terminal]
    ///
    /// With lines, each line begins with the number of the connection and the direction: '#1 > ' is from the client to the server,
    /// '#1 < ' from the server to the client. nul, raw, hex and base64 have only the messages, of both directions in the order
    /// in which they came.
    #[arg(long, value_name = "HOW")]
    pub output: Option<OutputMode>,

    /// Same as --output json: every event as a line of JSON
    #[arg(long, conflicts_with = "output")]
    pub json: bool,

    /// Do not show messages over SIZE, and do not apply rules to them (64K, 10M, 1G)
    ///
    /// They are passed on.
    #[arg(long, value_name = "SIZE", default_value = "64M")]
    pub max_message_size: String,

    /// Memory limit for what is kept of all connections for display and rules
    ///
    /// Beyond it messages are passed on without being shown; but if a rule has changed the connection that holds most, that
    /// is closed with 1009 or 1013.
    #[arg(long, value_name = "SIZE", default_value = "512M")]
    pub max_memory: String,
}

/// The end of the run.
#[derive(Args, Debug)]
#[command(
    next_help_heading = "Ending",
    mut_arg("close_timeout", |arg| arg.help("Time limit for the answers to a Close frame of the proxy's own")),
)]
pub struct StoppingArgs {
    /// Serve one connection, then exit with its status; others get 503
    #[arg(long, conflicts_with = "connections")]
    pub once: bool,

    /// End after N connections have ended
    #[arg(long, value_name = "N")]
    pub connections: Option<u64>,

    /// Serve for TIME, then close all connections; exit status 0
    ///
    /// TIME starts when the proxy listens.
    #[arg(long, value_name = "TIME")]
    pub duration: Option<String>,

    /// The closing handshake.
    #[command(flatten)]
    pub closing: ClosingArgs,
}

const CONNECT_TO: &str = "\
Connect to this host and port instead; TLS and HTTP still use those of the URL

HOST1:PORT1:HOST2:PORT2 does so only for HOST1:PORT1 [repeatable].";

const FILTER: &str = "\
Show only what matches PATTERN [repeatable]

Of several one is enough. PATTERN is one of --expect (see 'wscope --help'), for messages of both directions, or client, server (who sent it), #N (everything on connection N), ping or pong. It applies to messages, pings, pongs and their frames, on standard output too. What is not shown is passed on and recorded all the same. A frame that is only a part of a message is hidden by patterns of what messages contain.";

const CONNECT_TIMEOUT: &str =
    "Time limit for connecting to the server, up to its response; then the client gets 504";

const CONNECT_TIMEOUT_LONG: &str = "\
Time limit for connecting to the server, up to its response; then the client gets 504

Durations are written 500ms, 5s, 2m or 1h; a number alone is in seconds; 0 means no limit.";

/// The number that random choices start from.
fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

const MORE: &str = "\
Clients connect to ADDR as they would to the server. What both send is shown,
and passed on byte for byte, also what violates the protocol; so is the way in
which TCP ends. Of the client's request only Host and Origin are changed, and
only if they name the proxy. Other HTTP requests are relayed too, so that a page
and its WebSocket have the same origin.
Options for authentication, which replace what the client sends, for proxies and
for TLS (but --tls-cert) are for the server. On a terminal /help lists the
commands of the prompt; other input is not read. In front of a pager, which
reads keys itself, </dev/null keeps the proxy from reading them.

A rule, 'SIDE [PATTERN] [WHEN] => ACTION', changes what SIDE sent: all data
messages, or the messages, pings, pongs and Close frames that PATTERN matches.
The first rule that matches counts. WHEN counts per connection and rule, and
only what PATTERN matches; with any, both directions together. PATTERN may contain =>: the rule is split at the
first => that an action follows. A WHEN before that is never part of PATTERN. A
message over --max-message-size is passed on unchanged.

When:
  nth N                the Nth only
  every N              each Nth: with 3 the third, the sixth, …
  N%                   that share of them, chosen at random
  after TIME           what comes later than TIME after the opening handshake

Action:
  drop                 do not deliver it
  delay TIME[±TIME]    deliver it later; what the same side sends next waits too
  duplicate            deliver it twice
  replace PAYLOAD      deliver this: text, {…}, json:…, hex:…, text:@FILE
  corrupt              deliver it with one bit changed
  hold                 keep it until /go, /drop or /edit, or with --ui the page
  close CODE [REASON]  do not deliver it, and close both sides with CODE
  abort                do not deliver it, and reset both TCP connections

Rules:
  'server nth 3 => drop'                       lose the third message
  'any 5% => delay 300ms±200ms'                a delay now and then
  'client {\"op\":\"buy\"} => replace {}'          another request
  'server /price/ every 10 => corrupt'         damage each tenth price
  'server after 30s => close 1012 restarting'  a server that restarts
  'client ping: => drop'                       a server that answers no ping

Examples:
  wscope proxy :9000 ws://localhost:3000      show what both sides say
  wscope proxy :9000 @staging --record x.har  keep it in a file
  wscope proxy :9000 :3000 --json | jq .data  events for other programs
  wscope proxy :9000 :3000 --rule 'server 5% => drop' --seed 7
  wscope proxy :9000 :3000 --latency 150ms±50ms --throttle 64K

Exit status:
  0 after SIGINT, SIGTERM, --duration or --connections; with --once that of the
  connection, as of 'wscope URL' · 2 usage · 3 ADDR cannot be listened on ·
  8 local failure";
