//! Policies for retries and redirects: pure functions without a clock, sockets or randomness.

pub mod backoff;
pub mod healing;
pub mod idle_cuts;
pub mod redirect;
pub mod retry_after;

pub use backoff::Backoff;
