//! Which failures are transient, and how long to wait: pure functions, without clock, sockets or random numbers
//! of their own.

pub mod backoff;
pub mod idle_timeouts;
pub mod retry_after;
pub mod transient;

pub use backoff::Backoff;
