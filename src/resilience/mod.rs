//! What is tried again, when and where: pure policy, without clock, sockets or chance of its own.

pub mod backoff;
pub mod healing;
pub mod idle_cuts;
pub mod redirect;
pub mod retry_after;

pub use backoff::Backoff;
