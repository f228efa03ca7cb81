//! Options of the page.

use clap::Args;

/// The page in the browser.
#[derive(Args, Debug)]
pub struct UiArgs {
    /// Show everything as a page in the browser, on a free port
    ///
    /// Without ADDR the page is served on a free port of the loopback interface. The URL is printed on standard error; it
    /// contains a token, without which requests are refused. The page shows all events from the start, regardless of
    /// --filter and --mute, and can do what the prompt can. ADDR is HOST:PORT, HOST, :PORT or PORT. There is no TLS: if
    /// other machines can reach the address, a warning says so. The page is served until the run ends.
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

    /// With --ui: keep at most SIZE of events (64M, 4G); beyond it the oldest are dropped
    ///
    /// The newest events are in memory, up to 32 MiB; older ones are in an unnamed temporary file, which the system deletes
    /// when the program ends. The newest message is kept even if it is larger.
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
