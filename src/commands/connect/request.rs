//! The request of an opening handshake, as the configuration wants it.

use crate::config::ConnectConfig;
use crate::protocol::handshake::{RequestOptions, generate_key};
use crate::protocol::head::HeaderLine;
use crate::resilience::redirect::Route;

/// The request to the end of this route, with a key of its own. What may not be carried over the
/// route stays behind.
pub(super) fn request_options(config: &ConnectConfig, route: &Route) -> RequestOptions {
    let mut options = wanted(config, route);
    options.common.retain(|line| route.may_carry(line));
    options.custom.retain(|line| route.may_carry(line));
    options
}

/// The headers that a handshake has to have.
const OWN: [&str; 5] =
    ["Host", "Connection", "Upgrade", "Sec-WebSocket-Version", "Sec-WebSocket-Key"];

/// Which of the handshake's own headers the user replaced, with the value, or removed.
pub(super) fn replaced(
    config: &ConnectConfig,
    route: &Route,
) -> impl Iterator<Item = (&'static str, Option<String>)> {
    let custom = request_options(config, route).custom;
    OWN.into_iter().filter_map(move |name| {
        let line = custom.iter().rfind(|line| line.is(name))?;
        Some((name, (!line.is_removal).then(|| line.value.clone())))
    })
}

/// Whether something stays behind on this step of the way.
pub(super) fn leaves_credentials(config: &ConnectConfig, from: &Route, to: &Route) -> bool {
    let before = wanted(config, from);
    let lines = || before.common.iter().chain(&before.custom);
    let subprotocols = &config.handshake.subprotocols;
    from.carried(subprotocols) != to.carried(subprotocols)
        || lines().any(|line| from.may_carry(line) && !to.may_carry(line))
}

fn wanted(config: &ConnectConfig, route: &Route) -> RequestOptions {
    let (handshake, target) = (&config.handshake, &route.target);
    let mut common = Vec::new();
    common.extend(HeaderLine::user_agent(&handshake.user_agent));
    common.extend(handshake.origin.as_ref().map(|origin| HeaderLine::new("Origin", origin)));
    common.extend(config.auth.headers.iter().cloned());
    RequestOptions {
        resource: target.resource.clone(),
        host: target.host_header(),
        key: generate_key(),
        subprotocols: route.carried(&handshake.subprotocols).into_iter().cloned().collect(),
        extensions: handshake.extensions.clone(),
        common,
        custom: handshake.headers.clone(),
    }
}
