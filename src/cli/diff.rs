//! The command line of `wscope diff`.

use std::path::PathBuf;

use clap::Args;

use super::{ColorMode, SelectionArgs};

/// Options for `diff`.
#[derive(Args, Debug)]
#[command(args_override_self = true, after_long_help = MORE)]
pub struct DiffArgs {
    /// The first recording: events (.ndjson) or a HAR of a browser; - reads standard input
    #[arg(value_name = "FILE")]
    pub one: PathBuf,

    /// The second recording
    #[arg(value_name = "FILE")]
    pub other: PathBuf,

    /// Comparison.
    #[command(flatten)]
    pub comparison: ComparisonArgs,
    /// Selection.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Output.
    #[command(flatten)]
    pub output: DiffOutputArgs,
}

/// What is compared.
#[derive(Args, Debug)]
#[command(next_help_heading = "Comparison")]
pub struct ComparisonArgs {
    /// Do not compare what this JSONPath selects, such as '$.ts' or '$..id' [repeatable]
    #[arg(long, value_name = "JSONPATH")]
    pub ignore: Vec<String>,

    /// Accept the messages of each side in any order
    #[arg(long)]
    pub ignore_order: bool,

    /// Compare the opening handshakes too: URL, header fields and their order
    ///
    /// Header fields that are new each time are left out: Sec-WebSocket-Key, Sec-WebSocket-Accept and Date. Where the URL
    /// differs, so does Host, which is not reported again.
    #[arg(long)]
    pub handshake: bool,

    /// Compare times too: between messages, to the end, and to open the connection
    ///
    /// A time differs if it is more than twice the other one and longer by more than 50 ms. A message's time is measured
    /// from the previous message that both recordings have.
    #[arg(long)]
    pub timing: bool,

    /// Compare pings and pongs too
    #[arg(long)]
    pub control: bool,
}

/// What is written.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub struct DiffOutputArgs {
    /// Write each difference as a line of JSON, and last the counts
    #[arg(long, conflicts_with = "quiet")]
    pub json: bool,

    /// Write nothing: the exit status is the answer
    #[arg(short = 'q', long)]
    pub quiet: bool,

    /// When to use colors
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_short_help = true)]
    pub color: ColorMode,

    /// Same as --color never
    #[arg(long, conflicts_with = "color", hide_short_help = true)]
    pub no_color: bool,

    /// Show and compare credentials, cookies and tokens instead of masking them
    #[arg(long, hide_short_help = true)]
    pub show_secrets: bool,
}

const MORE: &str = "\
Connections to the same path are compared, in order; hosts may differ. The
messages of each side are aligned: first equal ones (JSON as JSON), then similar
ones between them. How the two sides interleave depends on the network and is
not compared.

  -  only the first recording has the message     > and <  sent and received by
  +  only the second one has it                   the side that recorded
  ~  it changed; the changes follow               (of the first recording)

The numbers are the message's numbers in the first and in the second recording.

Examples:
  wscope diff before.ndjson after.ndjson    what has changed?
  wscope diff --ignore '$..ts' a.har b.har  apart from times
  wscope diff --handshake --timing a.ndjson b.ndjson
  wscope diff --entry /chat page.har chat.ndjson
  wscope replay --json chat.har :8080 > now.ndjson
  wscope diff chat.har now.ndjson
  wscope diff --json a.ndjson b.ndjson | jq 'select(.kind == \"changed\").changes'

Exit status:
  0 no difference · 1 differences · 2 usage, or a file is not a recording ·
  8 a file cannot be read, or the output cannot be written";
