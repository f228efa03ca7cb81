//! The option for a request that was copied from a browser.

use clap::{Args, ValueHint};

/// A copied request.
#[derive(Args, Debug)]
pub struct FromCurlArgs {
    /// Take URL and options from a curl command that a browser or Burp copied; -: from standard input
    ///
    /// As copied for bash or cmd by the developer tools of Chrome, Firefox or Safari, or by Burp. No shell is run; shell
    /// operators, variables and files with headers are errors. A URL and options given beside it replace those of the
    /// command. What belongs to the browser's own handshake, such as its key, is generated again; options that mean
    /// nothing for a WebSocket, such as --data, are ignored with a warning that names them. With -, standard input is not
    /// sent; on a terminal the prompt follows.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, hide_short_help = true)]
    pub from_curl: Option<String>,
}
