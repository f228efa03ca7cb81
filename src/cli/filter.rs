//! Options that choose what is shown.

use clap::Args;

/// What is shown of the messages.
#[derive(Args, Debug)]
#[command(next_help_heading = "Display")]
pub struct FilterArgs {
    /// Show only what matches PATTERN [repeatable]
    ///
    /// Of several one is enough. PATTERN is one of --expect, for messages of both directions, or in (what is received), out (what is
    /// sent), ping or pong. It applies to messages, pings, pongs and their frames, on standard output too. What is
    /// not shown still counts for --count and --expect. A frame that is only a part of a message is hidden by patterns
    /// of what messages contain.
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true)]
    pub filter: Vec<String>,

    /// Do not show what matches PATTERN, as --filter has it [repeatable]
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true, hide_short_help = true)]
    pub mute: Vec<String>,
}
