//! The command line of `wscope view`.

use std::path::PathBuf;

use clap::Args;

use super::{DisplayArgs, FilterArgs, OutputMode, RecordArgs, UiArgs};

/// Options for `view`.
#[derive(Args, Debug)]
#[command(args_override_self = true, after_long_help = MORE)]
pub struct ViewArgs {
    /// The recording: events (.ndjson) or a HAR of a browser; - reads standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Selection.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Output.
    #[command(flatten)]
    pub output: ViewOutputArgs,
    /// Conversion.
    #[command(flatten)]
    pub record: RecordArgs,
    /// Page.
    #[command(flatten)]
    pub ui: UiArgs,
    /// Display.
    #[command(flatten)]
    pub display: DisplayArgs,
    /// Filters.
    #[command(flatten)]
    pub filter: FilterArgs,
}

/// What is read.
#[derive(Args, Debug)]
#[command(next_help_heading = "Recording")]
pub struct SelectionArgs {
    /// Only this connection: its number, or a part of its URL
    #[arg(long, value_name = "N|URLPART")]
    pub entry: Option<String>,

    /// The largest file that is read as a whole, and the longest line of events (64K, 10M, 1G)
    ///
    /// A HAR is read as a whole. Events are read line by line, whatever the size of the file.
    #[arg(long, value_name = "SIZE", default_value = "1G", hide_short_help = true)]
    pub max_size: String,
}

/// What is written.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub struct ViewOutputArgs {
    /// How received messages are written [default: decorated on a terminal, else lines]
    #[arg(long, value_name = "HOW")]
    pub output: Option<OutputMode>,

    /// Write every event as a line of JSON (same as --output json)
    #[arg(long, conflicts_with = "output")]
    pub json: bool,

    /// Show a table of numbers, sizes, rates, gaps and response times instead; with --json one object
    ///
    /// Response times are those of requests and answers with the same "id" in JSON. Quantiles of more than 64 values
    /// are exact to 3 %. --filter and --mute choose the messages that are counted.
    #[arg(long, conflicts_with_all = ["record", "ui"])]
    pub stats: bool,
}

const MORE: &str = "\
On a terminal a recording is shown as the live connection was; -v, -vv and
--timestamps show what was recorded. In a pipe the received messages are
written to standard output, and everything else to standard error. If the
recording has several connections, each line begins with their number.

With --record the recording is converted to other files and not shown. The
format is that of each file's extension. --entry chooses what is converted;
--filter and --mute do not.

The format of FILE is detected from its content. An invalid line of events is
skipped and reported at the end, with exit status 2. A truncated line, left by
a program that was killed while recording, causes only a warning.

A signal ends a conversion. The files are completed, and a warning says that the
rest is missing.

Examples:
  wscope view chat.ndjson                   what was sent and received
  wscope view -v --timestamps chat.ndjson   with heads, pings and times
  wscope view chat.ndjson | jq .price       the received messages
  wscope view --json chat.ndjson | jq .     all events
  wscope view --filter '/error/' chat.har   messages that match
  wscope view --stats chat.ndjson           numbers, sizes, response times
  wscope view chat.har --record chat.ndjson a HAR as events
  tail -f chat.ndjson | wscope view -       while it is being recorded";
