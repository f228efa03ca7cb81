//! Opening a WebSocket connection as a client: dial, TLS, opening handshake, redirects.
//!
//! [`open()`] returns plain data, or an [`OpenError`] with the evidence of the failure. Texts, events and exit
//! codes are made of these above.

mod endpoint;
mod error;
mod open;
pub mod redirect;
mod request;
pub mod retry;

pub use endpoint::{EndpointConfig, EndpointTls, HandshakeConfig};
pub use error::{FailedDial, FailedHandshake, OpenError};
pub use open::{FollowedRedirect, OpenConnection, OpenObserver, open};
pub use redirect::RedirectChain;
