//! Options of the page.

use clap::Args;

/// The page in the browser.
#[derive(Args, Debug)]
pub struct UiArgs {
    /// Show everything as a page in the browser, on a free port
    ///
    /// Without ADDR the page is on a free port, for this machine only. The URL is printed on standard error, and has a token without which nobody gets in. The page shows everything
    /// from the start, whatever --filter and --mute hide, and can do what the prompt can. ADDR is HOST:PORT, HOST, :PORT
    /// or PORT; one that other machines can reach is warned of, as there is no TLS. The page ends with the run.
    #[arg(
        long,
        value_name = "ADDR",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = DEFAULT_ADDRESS
    )]
    pub ui: Option<String>,

    /// With --ui: open the page in the browser
    ///
    /// Other users of this machine may see the URL with its token in the list of processes while the browser starts; where
    /// that matters, copy it from standard error.
    #[arg(long, requires = "ui", hide_short_help = true)]
    pub open: bool,

    /// With --ui: keep at most SIZE of events in a temporary file (64M, 4G); beyond it the oldest go
    ///
    /// The file has no name, and is gone when the program ends. The newest events are in memory, up to 32 MiB.
    #[arg(
        long,
        value_name = "SIZE",
        requires = "ui",
        default_value = "4G",
        hide_short_help = true
    )]
    pub ui_history: String,
}

/// A free port of the loopback interface.
const DEFAULT_ADDRESS: &str = "127.0.0.1:0";
