//! Opening a WebSocket connection as a client: dial, TLS, opening handshake, redirects.
//!
//! [`open()`] returns plain data, or an [`OpenError`] with the evidence of the failure. The layers above
//! turn these into texts, events and exit codes.

mod endpoint;
mod error;
mod open;
pub mod redirect;
mod request;
pub mod retry;

pub use endpoint::{EndpointConfig, EndpointTls, HandshakeConfig};
pub use error::{FailedDial, FailedHandshake, OpenError};
pub use open::{FollowedRedirect, OpenConnection, OpenObserver, dial_only, open};
pub use redirect::RedirectChain;
