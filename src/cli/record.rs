//! Options that record what happens.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Files that are recorded to.
#[derive(Args, Debug)]
pub struct RecordArgs {
    /// Record everything: .ndjson, .har or .wscope [repeatable]
    ///
    /// The file's extension is its format: .ndjson has the events of --json, one per line, with frames under -vv (which
    /// --quiet excludes); .har is an HTTP archive, as browsers export; .wscope is a scenario for wscope check. Only the
    /// user can read the file, as messages are recorded as they are; headers, cookies and tokens in URLs are masked unless
    /// --show-secrets is given. --filter, --mute, --quiet and pausing the display do not change what is recorded. If the
    /// file can no longer be written, a warning says so, the run goes on, and the exit status is 8.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub record: Vec<PathBuf>,

    /// Replace files of --record that exist
    #[arg(long, hide_short_help = true)]
    pub force: bool,

    /// Continue files of --record that exist: .ndjson only
    #[arg(long, conflicts_with = "force", hide_short_help = true)]
    pub append: bool,
}
