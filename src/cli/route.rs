//! The way to the server: proxies, and other places to connect to.

use std::path::PathBuf;

use clap::Args;

/// Where to really connect.
#[derive(Args, Debug)]
#[command(next_help_heading = "Way to the server")]
pub struct RouteArgs {
    /// Use this proxy: http://, https://, socks5:// or socks5h:// [USER:PASS@]HOST[:PORT]
    ///
    /// With socks5h:// the proxy looks the host's name up. Without this option the environment
    /// decides, as for curl: WSS_PROXY or HTTPS_PROXY for wss://, WS_PROXY or HTTP_PROXY for ws://,
    /// else ALL_PROXY, also in lower case; '' turns them off. The port is 1080 unless given, 443
    /// for https://.
    #[arg(long, value_name = "URL")]
    pub proxy: Option<String>,

    /// Use no proxy for these hosts [default: the environment variable NO_PROXY]
    ///
    /// A list, with commas: names (with all below them), addresses, blocks (10.0.0.0/8), each with
    /// a :PORT if need be; * stands for all.
    #[arg(long, alias = "noproxy", value_name = "LIST")]
    pub no_proxy: Option<String>,

    /// Add, replace or remove a header of the request to an HTTP proxy [repeatable]
    #[arg(long, value_name = "NAME: VALUE")]
    pub proxy_header: Vec<String>,

    /// Accept any certificate of an https:// proxy
    #[arg(long)]
    pub proxy_insecure: bool,

    /// Connect to this host and port instead; the URL stays what it is for TLS and HTTP
    ///
    /// HOST1:PORT1:HOST2:PORT2 does so only for HOST1:PORT1 [repeatable]. This, --resolve and
    /// --unix-socket hold for where a redirect leads too, as with curl.
    #[arg(long, value_name = "HOST:PORT")]
    pub connect_to: Vec<String>,

    /// Use these addresses for a host and port, without DNS; the host may be * [repeatable]
    #[arg(long, value_name = "HOST:PORT:ADDR[,ADDR]", allow_hyphen_values = true)]
    pub resolve: Vec<String>,

    /// Connect to this Unix socket, whatever host the URL names
    #[arg(long, value_name = "PATH")]
    pub unix_socket: Option<PathBuf>,

    /// Connect from this address or network interface of ours
    #[arg(long, value_name = "NAME|ADDR")]
    pub interface: Option<String>,

    /// Use IPv4 only
    #[arg(short = '4', conflicts_with = "ipv6")]
    pub ipv4: bool,

    /// Use IPv6 only
    #[arg(short = '6')]
    pub ipv6: bool,
}
