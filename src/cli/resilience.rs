//! Options for redirects, servers that are down and connections that are lost.

use clap::Args;

use super::MAX_REDIRECTS;

/// Redirects, retries, and monitoring of the connection.
#[derive(Args, Debug)]
#[command(next_help_heading = "Redirects, retries and keepalive")]
pub struct ResilienceArgs {
    /// Redirects.
    #[command(flatten)]
    pub redirects: RedirectArgs,

    /// Retry if the first connection fails, up to N times
    ///
    /// Permanent failures are not retried: wrong usage, certificates, redirects, and responses other
    /// than 408, 425, 429 and 5xx. The delays are those of --reconnect-delay, or what the server
    /// requests with Retry-After (429 and 503). Without N, until --max-time.
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = FOREVER)]
    pub retry: Option<String>,

    /// Reconnect when the connection is lost, up to N times in a row
    ///
    /// A connection is lost if it ends without a Close frame, with 1001 or 1011 to 1014, or by
    /// --ping-timeout or --idle-timeout. Messages of --send and similar options are sent again. Input
    /// that was not yet passed to the operating system is kept and sent then, in order; what was passed
    /// may not have arrived, and the number of those messages is shown.
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = FOREVER)]
    pub reconnect: Option<String>,

    /// Reconnect also after 1000, 3000 to 4999 or no code
    #[arg(long, requires = "reconnect", hide_short_help = true)]
    pub reconnect_on_close: bool,

    /// Delay before the first further attempt
    ///
    /// The maximum doubles with each attempt, up to 60 times TIME, and the delay is a random part of it,
    /// so that many clients do not reconnect at the same time. It starts again after a connection that
    /// was open for ten times TIME.
    #[arg(long, value_name = "TIME", default_value = "500ms", hide_short_help = true)]
    pub reconnect_delay: String,

    /// Keepalive.
    #[command(flatten)]
    pub keepalive: KeepaliveArgs,
}

/// Redirects.
#[derive(Args, Debug)]
pub struct RedirectArgs {
    /// Follow redirects (301, 302, 303, 307, 308)
    ///
    /// Each is shown. Credentials (Authorization, Cookie, Proxy-Authorization, user name and password
    /// in the URL) and a Host header given with -H are not sent to another host, port or scheme, and
    /// redirects from wss:// to ws:// are refused.
    #[arg(short = 'L', long)]
    pub location: bool,

    /// Follow at most N redirects
    ///
    /// --max-redirects [N] is wscat's name for it; without N it is the default.
    #[arg(
        long,
        value_name = "N",
        default_value = MAX_REDIRECTS,
        allow_negative_numbers = true,
        hide_short_help = true
    )]
    pub max_redirs: usize,
}

/// Monitoring of the connection.
#[derive(Args, Debug)]
pub struct KeepaliveArgs {
    /// Send a ping every TIME, to keep the connection alive and to see that the server answers
    #[arg(long, value_name = "TIME")]
    pub ping_interval: Option<String>,

    /// End the connection (exit status 7) if a ping of --ping-interval is not answered within TIME
    ///
    /// Only its own pong counts. Time in which it cannot be received does not: while a stalled output
    /// prevents reading, or while a long message is received or sent.
    #[arg(long, value_name = "TIME", default_value = "20s", hide_short_help = true)]
    pub ping_timeout: String,

    /// End the connection (exit status 7) if nothing is received for TIME
    #[arg(long, value_name = "TIME", hide_short_help = true)]
    pub idle_timeout: Option<String>,
}

/// Without a number there is no limit.
pub const FOREVER: &str = "forever";
