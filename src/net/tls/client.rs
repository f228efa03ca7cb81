//! The client's side of TLS, set up once for all connections under the same options.

use std::fmt;
use std::sync::OnceLock;

use native_tls::{Protocol, TlsConnector};

use super::{ALPN, ServerName, TlsOptions, Trust, reason_of};

/// The client's options with the TLS library's connector for them. It is built for the first connection,
/// because it reads the system's certificates, and used for all that follow.
#[derive(Clone, Default)]
pub struct ClientContext {
    options: TlsOptions,
    connector: OnceLock<Result<TlsConnector, String>>,
}

impl ClientContext {
    /// For connections under these options. Nothing is read or checked yet.
    pub fn new(options: TlsOptions) -> Self {
        Self { options, connector: OnceLock::new() }
    }

    /// The options.
    pub fn options(&self) -> &TlsOptions {
        &self.options
    }

    /// The connector. After a failure it is not built again.
    ///
    /// # Errors
    /// With the TLS library's reason.
    pub(super) fn connector(&self) -> Result<&TlsConnector, String> {
        let built =
            self.connector.get_or_init(|| build(&self.options).map_err(|it| reason_of(&it)));
        built.as_ref().map_err(Clone::clone)
    }
}

impl fmt::Debug for ClientContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(f)
    }
}

fn build(options: &TlsOptions) -> native_tls::Result<TlsConnector> {
    let mut builder = TlsConnector::builder();
    builder
        .danger_accept_invalid_certs(options.insecure)
        .danger_accept_invalid_hostnames(options.insecure)
        .disable_built_in_roots(options.trust == Trust::Named)
        .use_sni(options.server_name != ServerName::Omitted)
        .min_protocol_version(options.min.or(Some(Protocol::Tlsv10)))
        .max_protocol_version(options.max)
        .request_alpns(&[ALPN]);
    for root in &options.roots {
        builder.add_root_certificate(root.clone());
    }
    if let Some(identity) = &options.identity {
        builder.identity(identity.native.clone());
    }
    builder.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connector_is_built_once() {
        let context = ClientContext::new(TlsOptions::default());
        assert!(context.connector.get().is_none(), "not before it is needed");
        let first = context.connector().expect("a connector");
        assert!(std::ptr::eq(first, context.connector().expect("the same connector")));
    }

    #[test]
    fn other_hosts_have_a_separate_context_only_if_it_differs() {
        let named = |server_name| TlsOptions { server_name, ..TlsOptions::default() };
        for (server_name, expected) in [
            (ServerName::Host, None),
            (ServerName::Omitted, None),
            (ServerName::Other("a.example".to_owned()), Some(ServerName::Host)),
        ] {
            let others = named(server_name.clone()).for_other_hosts();
            assert_eq!(others.map(|it| it.server_name), expected, "{server_name:?}");
        }
    }
}
