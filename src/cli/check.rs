//! The command line of `wscope check`.

use std::path::PathBuf;

use clap::{Arg, Args, ValueHint};

use super::{
    AuthArgs, ClosingArgs, DisplayArgs, KeepaliveArgs, NetworkArgs, RecordArgs, RedirectArgs,
    RequestArgs, RouteArgs, SettingsArgs, TlsArgs, ToleranceArgs,
};

/// Run scenario files and report what holds
///
/// A scenario is a text file with what is sent (>) and what is expected (<). The exit status is 0 only if
/// all parts of all files passed.
///
/// Options of connections, such as --header, are for all connections. What a scenario says itself counts more.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub struct CheckArgs {
    /// Scenario files (.wscope, .http, .rest) and recordings (.ndjson, .har), or folders with *.wscope files; - is standard input [default: .]
    #[arg(value_name = "FILE|FOLDER", value_hint = ValueHint::AnyPath)]
    pub files: Vec<String>,

    /// Values and selection.
    #[command(flatten)]
    pub run: CheckRunArgs,
    /// Reports.
    #[command(flatten)]
    pub reports: ReportArgs,
    /// Handshake.
    #[command(flatten)]
    pub handshake: CheckHandshakeArgs,
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
    pub connection: CheckConnectionArgs,
    /// Recording.
    #[command(flatten, next_help_heading = "Recording")]
    pub record: RecordArgs,
    /// Display.
    #[command(flatten)]
    pub display: DisplayArgs,
    /// Settings.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

const EXAMPLES: &str = "\
Examples:
  wscope check chat.wscope                        one file
  wscope check --variable host=localhost:8080     every *.wscope below
  wscope check --report-junit report.xml tests/   a report for a CI system
  wscope check --relax chat.wscope                accept changing values

A scenario:
  WS ws://{{host}}/chat
  > {\"join\":\"lobby\"}
  < {\"event\":\"joined\"}
  [Asserts]
  duration < 500ms

Exit status:
  0 all parts passed · 1 a part failed · 2 syntax or usage · 8 unreadable file,
  unwritable report · 130, 143 SIGINT, SIGTERM";

/// What is run, with which values.
#[derive(Args, Debug)]
#[command(next_help_heading = "Scenarios")]
pub struct CheckRunArgs {
    /// Give {{NAME}} this value [repeatable]
    #[arg(long = "variable", value_name = "NAME=VALUE")]
    pub variables: Vec<String>,

    /// Read variables from a file with a NAME=VALUE on each line [repeatable]
    #[arg(long = "variables-file", value_name = "FILE")]
    pub variables_files: Vec<PathBuf>,

    /// Give {{NAME}} this value, and show it as *** in all output and reports [repeatable]
    ///
    /// The environment variables WSCOPE_VARIABLE_name and WSCOPE_SECRET_name give values too.
    #[arg(long = "secret", value_name = "NAME=VALUE")]
    pub secrets: Vec<String>,

    /// Add the files that match a pattern, such as 'tests/**/*.wscope' [repeatable]
    ///
    /// Quote it, so that the shell leaves it alone. ** stands for any folders; * and ? match neither a
    /// slash nor the dot of a hidden name. Files are added in order of name, each once. A pattern that
    /// matches no file is an error.
    #[arg(long = "glob", value_name = "PATTERN")]
    pub globs: Vec<String>,

    /// Run this many files at the same time [default: the number of processors, 1 with --verbose]
    #[arg(short = 'j', long, value_name = "N")]
    pub jobs: Option<usize>,

    /// Run all files N times
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub repeat: usize,

    /// Stop at the first part that fails
    #[arg(long)]
    pub fail_fast: bool,

    /// Run only the parts whose title matches
    #[arg(long, value_name = "/REGEX/")]
    pub only: Option<String>,

    /// List files and parts with their lines, and run nothing
    #[arg(long)]
    pub list: bool,

    /// Allow scenarios to run commands ($ lines)
    #[arg(long)]
    pub allow_run: bool,

    /// Relax patterns that fail only because values differ, and rewrite the files
    ///
    /// Members of JSON that differ from what was received are taken out, and a text that differs becomes the
    /// regular expression of what stayed the same. Everything else of a file stays as it is. The difference is
    /// shown first; on a terminal wscope asks before it writes, elsewhere --yes is required.
    #[arg(long, requires = "files", conflicts_with_all = ["list", "repeat", "ReportArgs"])]
    pub relax: bool,

    /// Write what --relax changes without asking
    #[arg(long, requires = "relax")]
    pub yes: bool,

    /// Count warnings as failures
    #[arg(long)]
    pub strict: bool,

    /// Retry connecting up to N times, for each connection, while the server is not reachable or answers 502 or
    /// 503
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "1000000")]
    pub retry: Option<u64>,

    /// Limit for each part [default: max-time of the scenario, or 30s]
    ///
    /// Of this limit and those of a scenario the smallest counts; 0 is no limit.
    #[arg(short = 'm', long, value_name = "TIME", allow_hyphen_values = true)]
    pub max_time: Option<String>,
}

/// Reports in files.
#[derive(Args, Debug)]
#[command(next_help_heading = "Reports")]
pub struct ReportArgs {
    /// Write a JUnit XML report; - is standard output
    #[arg(long, value_name = "FILE")]
    pub report_junit: Option<PathBuf>,

    /// Write a TAP version 14 report; - is standard output
    #[arg(long, value_name = "FILE")]
    pub report_tap: Option<PathBuf>,

    /// Write a JSON report; - is standard output
    #[arg(long, value_name = "FILE")]
    pub report_json: Option<PathBuf>,

    /// Write an HTML report, a page for people; - is standard output
    ///
    /// The page is one file that loads nothing else, and can be read without scripts.
    #[arg(long, value_name = "FILE")]
    pub report_html: Option<PathBuf>,
}

/// The opening handshakes of all connections.
#[derive(Args, Debug)]
#[command(next_help_heading = "Opening handshake")]
pub struct CheckHandshakeArgs {
    /// The request.
    #[command(flatten)]
    pub request: RequestArgs,
}

/// What follows the opening handshakes, and redirects.
#[derive(Args, Debug)]
#[command(
    next_help_heading = "Redirects, keepalive and limits",
    mut_arg("max_redirs", |arg| short(arg, "Follow at most N redirects")),
    mut_arg("ping_timeout", |arg| short(arg, PING_TIMEOUT)),
    mut_arg("idle_timeout", |arg| short(arg, "End the connection if nothing is received for TIME")),
    mut_arg("lenient", |arg| short(arg, "Continue after protocol violations where possible"))
)]
pub struct CheckConnectionArgs {
    /// Redirects.
    #[command(flatten)]
    pub redirects: RedirectArgs,
    /// Keepalive.
    #[command(flatten)]
    pub keepalive: KeepaliveArgs,
    /// Limits of what is received.
    #[command(flatten)]
    pub tolerance: ToleranceArgs,
    /// The closing handshake.
    #[command(flatten)]
    pub closing: ClosingArgs,
}

const PING_TIMEOUT: &str =
    "End the connection if a ping of --ping-interval is not answered within TIME";

/// The option with another help: that of `wscope URL` is about its exit status and the spelling of wscat.
fn short(arg: Arg, help: &'static str) -> Arg {
    arg.help(help).long_help(help)
}
