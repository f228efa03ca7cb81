//! Options of a connection that several commands have, without a heading of their own.

use clap::Args;

/// The request of the opening handshake.
#[derive(Args, Debug)]
pub struct RequestArgs {
    /// Add, replace or remove a request header [repeatable]
    ///
    /// 'Name: value' adds a header or replaces the one that wscope would send; 'Name:' removes it;
    /// 'Name;' sends it without a value; @FILE reads them from a file, one per line. Order, case and duplicates are sent as
    /// given.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub headers: Vec<String>,

    /// Offer a subprotocol [repeatable, or a comma-separated list]
    #[arg(short = 's', long = "subprotocol", alias = "protocol", value_name = "NAME")]
    pub subprotocols: Vec<String>,

    /// Send an Origin header
    #[arg(short = 'o', long, value_name = "ORIGIN")]
    pub origin: Option<String>,

    /// Send this User-Agent header
    #[arg(short = 'A', long, alias = "ua", value_name = "NAME", hide_short_help = true)]
    pub user_agent: Option<String>,

    /// Offer permessage-deflate with these parameters [default: client_max_window_bits]
    ///
    /// For example 'server_no_context_takeover; server_max_window_bits=10'. Separate several offers
    /// with commas, the preferred one first.
    #[arg(long, value_name = "PARAMS", conflicts_with = "no_compress", hide_short_help = true)]
    pub compress: Option<String>,

    /// Do not offer compression
    #[arg(long, hide_short_help = true)]
    pub no_compress: bool,
}

/// What is accepted from the peer.
#[derive(Args, Debug)]
pub struct ToleranceArgs {
    /// Continue after protocol violations, with warnings
    ///
    /// This is not possible after all of them. Each is named in a warning of its own.
    #[arg(long)]
    pub lenient: bool,

    /// Close with 1009 if a message exceeds SIZE (64K, 10M, 1G)
    #[arg(long, value_name = "SIZE", default_value = "64M", hide_short_help = true)]
    pub max_message_size: String,
}

/// The closing handshake.
#[derive(Args, Debug)]
pub struct ClosingArgs {
    /// Time limit for the server's answer to our Close frame
    #[arg(long, value_name = "TIME", default_value = "5s", hide_short_help = true)]
    pub close_timeout: String,
}
