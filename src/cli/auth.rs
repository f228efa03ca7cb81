//! Options for authentication.

use std::path::PathBuf;

use clap::Args;

/// Credentials.
#[derive(Args, Debug)]
#[command(next_help_heading = "Authentication")]
pub struct AuthArgs {
    /// Authenticate with user name and password (Basic)
    ///
    /// A missing password is prompted for on the terminal. @FILE reads both from the first line of a
    /// file. In order of precedence: -H 'Authorization: …', this option, USER:PASS@ in the URL,
    /// --netrc, and the environment variable WSCOPE_USER.
    #[arg(
        short = 'u',
        long,
        aliases = ["auth", "basic-auth"],
        value_name = "USER[:PASS]",
        overrides_with = "bearer"
    )]
    pub user: Option<String>,

    /// Authenticate with a token (Authorization: Bearer)
    ///
    /// @FILE reads it from a file; WSCOPE_BEARER is used without an option. Of --user and --bearer the
    /// last one counts.
    #[arg(long, value_name = "TOKEN", alias = "oauth2-bearer", overrides_with = "user")]
    pub bearer: Option<String>,

    /// Send cookies: 'a=b; c=d' [repeatable]
    ///
    /// @FILE reads them from a file: either lines of them, or a cookies.txt as curl and browser
    /// extensions write it, from which the cookies for this host and path are sent.
    #[arg(long = "cookie", value_name = "COOKIES")]
    pub cookies: Vec<String>,

    /// Read user name and password from ~/.netrc, or the file that NETRC names
    #[arg(long, hide_short_help = true)]
    pub netrc: bool,

    /// Read user name and password from this file instead of ~/.netrc
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub netrc_file: Option<PathBuf>,
}
