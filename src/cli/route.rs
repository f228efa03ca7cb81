//! Options for proxies and routing.

use std::path::PathBuf;

use clap::Args;

/// Proxies and routing.
#[derive(Args, Debug)]
#[command(next_help_heading = "Proxy and routing")]
pub struct RouteArgs {
    /// Use this proxy: http://, https://, socks5:// or socks5h:// [USER:PASS@]HOST[:PORT]
    ///
    /// With socks5h:// the proxy resolves the host name. Without this option the environment is
    /// used, as by curl: WSS_PROXY or HTTPS_PROXY for wss://, WS_PROXY or HTTP_PROXY for ws://,
    /// else ALL_PROXY, also in lower case; '' turns them off. The default port is 1080, 443 for
    /// https://.
    #[arg(long, value_name = "URL")]
    pub proxy: Option<String>,

    /// Do not use a proxy for these hosts [default: the environment variable NO_PROXY]
    ///
    /// A comma-separated list of names (which include their subdomains), addresses and blocks
    /// (10.0.0.0/8), each optionally with :PORT; * means all hosts.
    #[arg(long, alias = "noproxy", value_name = "LIST", hide_short_help = true)]
    pub no_proxy: Option<String>,

    /// Add, replace or remove a header of the request to an HTTP proxy [repeatable]
    #[arg(long, value_name = "NAME: VALUE", hide_short_help = true)]
    pub proxy_header: Vec<String>,

    /// Accept any certificate of an https:// proxy
    #[arg(long, hide_short_help = true)]
    pub proxy_insecure: bool,

    /// Connect to this host and port instead; TLS and HTTP still use those of the URL
    ///
    /// HOST1:PORT1:HOST2:PORT2 does so only for HOST1:PORT1 [repeatable]. This option, --resolve and
    /// --unix-socket also apply to redirects, as with curl.
    #[arg(long, value_name = "HOST:PORT", hide_short_help = true)]
    pub connect_to: Vec<String>,

    /// Use these addresses for HOST:PORT instead of DNS; HOST may be * [repeatable]
    #[arg(
        long,
        value_name = "HOST:PORT:ADDR[,ADDR]",
        allow_hyphen_values = true,
        hide_short_help = true
    )]
    pub resolve: Vec<String>,

    /// Connect to this Unix socket instead of the host in the URL
    #[arg(long, value_name = "PATH", hide_short_help = true)]
    pub unix_socket: Option<PathBuf>,

    /// Connect from this local address or network interface
    #[arg(long, value_name = "NAME|ADDR", hide_short_help = true)]
    pub interface: Option<String>,

    /// Use IPv4 only
    #[arg(short = '4', long, conflicts_with = "ipv6", hide_short_help = true)]
    pub ipv4: bool,

    /// Use IPv6 only
    #[arg(short = '6', long, hide_short_help = true)]
    pub ipv6: bool,
}
