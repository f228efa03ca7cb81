//! Options for what does not go smoothly: redirects, servers that are down, connections that die.

use clap::Args;

use super::MAX_REDIRECTS;

/// Redirects, further attempts, and watching the connection.
#[derive(Args, Debug)]
#[command(next_help_heading = "Staying connected")]
pub struct ResilienceArgs {
    /// Follow redirects (301, 302, 303, 307, 308)
    ///
    /// Each is told. Credentials (Authorization, Cookie, Proxy-Authorization, name and password in
    /// the URL) and a Host header of your own are not sent on to another host, port or scheme, and
    /// wss:// is never followed to ws://.
    #[arg(short = 'L', long)]
    pub location: bool,

    /// Follow at most this many redirects
    ///
    /// Also --max-redirects [N], as wscat spells it; without a number it is the default.
    #[arg(long, value_name = "N", default_value = MAX_REDIRECTS, overrides_with = "max_redirects")]
    pub max_redirs: usize,

    /// Try again if the first connection fails, up to N times
    ///
    /// Not after failures that stay: wrong usage, certificates, redirects, and answers other than
    /// 408, 425, 429 and 5xx. The waits are those of --reconnect-delay, or what the server asks for
    /// with Retry-After (429 and 503). Without N it goes on until --max-time.
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = FOREVER)]
    pub retry: Option<String>,

    /// Connect again when the connection is lost, up to N times in a row
    ///
    /// Lost is a connection that ends without a Close frame, with 1001 or 1011 to 1014, or by
    /// --ping-timeout or --idle-timeout. Messages of --send and the like are sent anew. Input that
    /// the system had not taken yet is kept and sent then, in order; what it had taken may not have
    /// arrived, and how many messages that are is told.
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = FOREVER)]
    pub reconnect: Option<String>,

    /// Connect again also when the server closed with 1000, 3000 to 4999 or no code
    #[arg(long, requires = "reconnect")]
    pub reconnect_on_close: bool,

    /// The first wait before another attempt
    ///
    /// Each further one is up to twice as long, at most 60 times as long as this, and a random part
    /// of that, so that many clients do not come back at once. A connection that was open for ten
    /// times this long starts it anew.
    #[arg(long, value_name = "TIME", default_value = "500ms")]
    pub reconnect_delay: String,

    /// Send a ping so often, to keep the connection busy and to see that the server answers
    #[arg(long, value_name = "TIME")]
    pub ping_interval: Option<String>,

    /// End the connection (status 7) if a ping of --ping-interval is not answered in time
    ///
    /// Only its pong counts. Time in which it could not be seen does not: while a full output keeps
    /// wscope from reading, while a long message comes in or goes out.
    #[arg(long, value_name = "TIME", default_value = "20s")]
    pub ping_timeout: String,

    /// End the connection (status 7) if nothing at all comes for so long
    #[arg(long, value_name = "TIME")]
    pub idle_timeout: Option<String>,
}

/// Without a number there is no limit.
pub const FOREVER: &str = "forever";
