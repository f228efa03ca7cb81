//! The state that all connections of a proxy share.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use url::Host;

use super::connections::Connections;
use crate::commands::serving::{Served, Shared};
use crate::config::ProxyConfig;
use crate::error::Error;
use crate::input::Shutdown;
use crate::net::target::{Scheme, reached_at};
use crate::page::Store;
use crate::protocol::CloseCode;
use crate::protocol::forward::{ForwardOptions, ForwardTarget, ProxyNames};
use crate::protocol::handshake::ListenHosts;
use crate::protocol::head::HeaderLine;
use crate::protocol::memory::Budget;
use crate::proxy::{Delayed, Holding};
use crate::redact::Redaction;
use crate::rules::SharedRules;
use crate::server::ReceiveOptions;

/// The state that the control loop and the threads of all connections share.
pub(super) struct Server {
    pub(super) config: ProxyConfig,
    /// What it has in common with the servers of other commands.
    pub(super) shared: Shared<ConnectionReport>,
    pub(super) connections: Connections,
    /// The limit on what all connections together keep.
    pub(super) memory: Budget,
    /// What `--latency` keeps of all connections.
    pub(super) delayed: Delayed,
    /// The rules of all connections.
    pub(super) rules: Arc<SharedRules>,
    /// What waits for the operator.
    pub(super) holding: Arc<Holding>,
    /// What of requests is changed, and which are forwarded.
    pub(super) forward: ForwardOptions,
    /// The listening socket.
    pub(super) address: SocketAddr,
    /// How requests are received.
    pub(super) receive: ReceiveOptions,
    /// What random decisions start from.
    pub(super) seed: u64,
    /// The page, if there is one: what it keeps, and its socket.
    page: Option<(Arc<Store>, SocketAddr)>,
}

/// What the operator lists and changes. A clone shares it.
#[derive(Clone)]
pub(super) struct Operated {
    pub(super) connections: Connections,
    pub(super) rules: Arc<SharedRules>,
    pub(super) holding: Arc<Holding>,
}

/// What the threads of connections report to the control loop.
#[derive(Debug)]
pub(super) enum ConnectionReport {
    /// A WebSocket connection, or the attempt to open one, has ended with this result.
    Ended(Result<(), Error>),
    /// The page did what this line of the prompt does.
    Page(String),
}

impl Served for Server {
    type Report = ConnectionReport;

    fn shared(&self) -> &Shared<ConnectionReport> {
        &self.shared
    }

    fn receive_options(&self) -> &ReceiveOptions {
        &self.receive
    }

    fn shut_down(&self, code: CloseCode, shutdown: Shutdown) {
        self.connections.shut_down(code, shutdown);
    }

    fn have_finished(&self) -> bool {
        self.connections.have_finished()
    }
}

impl Server {
    pub(super) fn new(
        config: ProxyConfig,
        shared: Shared<ConnectionReport>,
        operated: Operated,
        address: SocketAddr,
        hosts: ListenHosts,
        receive: ReceiveOptions,
    ) -> Self {
        let Operated { connections, rules, holding } = operated;
        let page = shared.page().as_ref().map(|page| (Arc::clone(page.store()), page.address()));
        if let Some((store, _)) = &page {
            let store = Arc::clone(store);
            holding.watch(Box::new(move || store.notify()));
        }
        Self {
            page,
            connections,
            memory: Budget::new(config.capacity.memory),
            delayed: Delayed::default(),
            rules,
            holding,
            forward: forward_options(&config, address, hosts),
            seed: config.seed.unwrap_or_else(rand::random),
            config,
            shared,
            address,
            receive,
        }
    }

    /// Whether a connection from `local` to `remote` has reached this proxy itself, or its page.
    pub(super) fn is_loop(&self, local: Option<IpAddr>, remote: SocketAddr) -> bool {
        let page = self.page.as_ref().map(|(_, address)| *address);
        page.into_iter().chain([self.address]).any(|own| is_same(own, local, remote))
    }

    /// Has the tabs of the page show what has changed of the rules.
    pub(super) fn notify_page(&self) {
        if let Some((store, _)) = &self.page {
            store.notify();
        }
    }
}

/// Whether a connection from `local` to `remote` has reached the socket with the address `own` of this program.
fn is_same(own: SocketAddr, local: Option<IpAddr>, remote: SocketAddr) -> bool {
    let own_ip = own.ip().to_canonical();
    let remote_ip = reached_at(remote.ip().to_canonical());
    let is_local = local.map(|ip| ip.to_canonical()) == Some(remote_ip);
    let is_here = own_ip.is_unspecified() && (is_local || remote_ip.is_loopback());
    remote.port() == own.port() && (own_ip == remote_ip || is_here)
}

fn forward_options(
    config: &ProxyConfig,
    address: SocketAddr,
    hosts: ListenHosts,
) -> ForwardOptions {
    let target = &config.endpoint.target;
    let bound = match address.ip().to_canonical() {
        IpAddr::V4(ip) => Host::Ipv4(ip),
        IpAddr::V6(ip) => Host::Ipv6(ip),
    };
    let is_credential = |line: &HeaderLine| {
        !line.is_removal && Redaction::is_credential(&line.name, line.value.as_bytes())
    };
    let (credentials, headers) = config.edits.iter().cloned().partition(is_credential);
    ForwardOptions {
        proxy: ProxyNames {
            hosts: hosts.hosts.into_iter().chain([bound]).collect(),
            port: address.port(),
            is_loopback: address.ip().to_canonical().is_loopback(),
        },
        target: ForwardTarget {
            is_tls: target.scheme == Scheme::Wss,
            host: target.host_header(),
            resource: target.resource.clone(),
        },
        keep_host: config.keep_host,
        keep_origin: config.keep_origin,
        headers,
        credentials,
        relays_http: config.relays_http,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_socket_is_recognized_by_every_address_that_leads_to_it() {
        for (own, remote, expected) in [
            ("127.0.0.1:80", "127.0.0.1:80", true),
            ("127.0.0.1:80", "0.0.0.0:80", true),
            ("127.0.0.1:80", "[::ffff:0.0.0.0]:80", true),
            ("[::1]:80", "[::]:80", true),
            ("0.0.0.0:80", "127.0.0.2:80", true),
            ("0.0.0.0:80", "0.0.0.0:80", true),
            ("0.0.0.0:80", "10.0.0.1:80", true),
            ("0.0.0.0:80", "10.0.0.2:80", false),
            ("127.0.0.1:80", "0.0.0.0:81", false),
            ("127.0.0.1:80", "127.0.0.2:80", false),
        ] {
            let [own_address, remote_address] =
                [own, remote].map(|it| it.parse().expect("an address"));
            let local = Some("10.0.0.1".parse().expect("an address"));
            assert_eq!(is_same(own_address, local, remote_address), expected, "{own} {remote}");
        }
    }
}
