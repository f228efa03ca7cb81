//! The request of an opening handshake, as the configuration wants it.

use crate::config::ConnectConfig;
use crate::net::Target;
use crate::protocol::handshake::{RequestOptions, generate_key};
use crate::protocol::head::HeaderLine;

/// The request to `target`, with a key of its own.
pub(super) fn request_options(config: &ConnectConfig, target: &Target) -> RequestOptions {
    let handshake = &config.handshake;
    let mut common = vec![HeaderLine::new("User-Agent", &handshake.user_agent)];
    common.extend(handshake.origin.as_ref().map(|origin| HeaderLine::new("Origin", origin)));
    common.extend(target.credentials.as_ref().map(|credentials| {
        let pair =
            format!("{}:{}", credentials.user, credentials.password.as_deref().unwrap_or_default());
        let value = format!("Basic {}", data_encoding::BASE64.encode(pair.as_bytes()));
        HeaderLine::new("Authorization", &value)
    }));
    RequestOptions {
        resource: target.resource.clone(),
        host: target.host_header(),
        key: generate_key(),
        subprotocols: handshake.subprotocols.clone(),
        extensions: handshake.extensions.clone(),
        common,
        custom: handshake.headers.clone(),
    }
}
