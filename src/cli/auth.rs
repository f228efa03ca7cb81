//! Who we are to the server.

use std::path::PathBuf;

use clap::Args;

/// Credentials.
#[derive(Args, Debug)]
#[command(next_help_heading = "Authentication")]
pub struct AuthArgs {
    /// Log in with user name and password (Basic)
    ///
    /// A password that is left out is asked for on the terminal. @FILE reads both from a file's
    /// first line; WSCOPE_USER is used if nothing else is said. -H 'Authorization: …' goes before
    /// this, this before NAME:PASSWORD@ in the URL, that before --netrc, and the environment is
    /// last.
    #[arg(
        short = 'u',
        long,
        aliases = ["auth", "basic-auth"],
        value_name = "USER[:PASS]",
        overrides_with = "bearer"
    )]
    pub user: Option<String>,

    /// Log in with a token (Authorization: Bearer)
    ///
    /// @FILE reads it from a file, and WSCOPE_BEARER is used if nothing else is said. Of --user and
    /// --bearer the last one counts.
    #[arg(long, value_name = "TOKEN", alias = "oauth2-bearer", overrides_with = "user")]
    pub bearer: Option<String>,

    /// Send cookies: 'a=b; c=d' [repeatable]
    ///
    /// @FILE reads them from a file: a line of them each, or what curl and browser extensions
    /// write (cookies.txt), of which those are sent that are for this host and path.
    #[arg(long = "cookie", value_name = "COOKIES")]
    pub cookies: Vec<String>,

    /// Take user name and password from ~/.netrc, or the file that NETRC names
    #[arg(long)]
    pub netrc: bool,

    /// Take user name and password from this file, written like ~/.netrc
    #[arg(long, value_name = "FILE")]
    pub netrc_file: Option<PathBuf>,
}
