//! Transports bytes to and from a host: address, TCP, TLS, the opening handshake over them.

pub mod accept;
pub mod dial;
pub mod exchange;
pub mod malformed;
pub mod proxy;
pub mod reactor;
mod read_ahead;
pub mod resolve;
pub mod route;
pub mod stream;
pub mod target;
pub mod tcp;
pub mod tls;
pub mod tls_hello;
pub mod tls_stream;
pub mod tunnel;
pub mod unix;
pub mod upgrade;

pub use dial::{DialError, DialOptions, Dialed, Remote, Timings, dial};
pub use reactor::{Deadline, Interrupted, Reactor, Woken};
pub use stream::Stream;
pub use target::Target;
