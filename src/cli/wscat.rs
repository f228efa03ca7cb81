//! Options that only wscat has. Its other options are among ours.

use clap::Args;

/// The default of --max-redirs.
pub const MAX_REDIRECTS: &str = "10";

/// Options of wscat 6, not shown in the help.
#[derive(Args, Debug)]
pub struct WscatArgs {
    /// The URL
    #[arg(short = 'c', long = "connect", value_name = "URL", hide = true, conflicts_with = "url")]
    pub connect: Option<String>,

    /// As 'wscope listen PORT'
    #[arg(
        short = 'l',
        long,
        value_name = "PORT",
        hide = true,
        conflicts_with_all = ["url", "connect"]
    )]
    pub listen: Option<String>,

    /// The Host header
    #[arg(long, value_name = "HOST", hide = true)]
    pub host: Option<String>,

    /// As -v, which shows more than pings and pongs
    #[arg(short = 'P', long, hide = true, conflicts_with = "quiet")]
    pub show_ping_pong: bool,

    /// As --max-redirs, whose number may be missing
    #[arg(
        long,
        value_name = "N",
        hide = true,
        num_args = 0..=1,
        allow_negative_numbers = true,
        default_missing_value = MAX_REDIRECTS,
        overrides_with = "max_redirs"
    )]
    pub max_redirects: Option<usize>,

    /// -x is on the command line, with -w or wscat's -c: on a terminal too the run ends after the wait, without a prompt.
    #[arg(skip)]
    pub leaves: bool,
}
