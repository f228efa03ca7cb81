//! The building blocks of the tests: a scripted server, the program under test, a terminal.

#![allow(dead_code, unused_imports, reason = "each test binary uses a part of it")]
#![allow(
    unreachable_pub,
    reason = "`pub` marks what tests may use, as opposed to what is internal to the support code"
)]

mod deflate;
mod frame;
mod head;
#[cfg(unix)]
mod key;
mod layer;
mod listener;
mod outcome;
mod peer;
mod pipe;
#[cfg(unix)]
mod pty;
mod run;
mod server;
mod wait;

pub use deflate::{Inflater, deflate};
pub use frame::{BINARY, CLOSE, CONTINUATION, Frame, NO_STATUS, PING, PONG, TEXT};
pub use frame::{binary, close, frame, last_header, masked, ping, pong, text};
pub use head::{assert_status, header, switching_protocols, upgrade_request};
#[cfg(unix)]
pub use key::Key;
pub use layer::Layer;
pub use listener::Listener;
pub use outcome::Outcome;
pub use peer::{Peer, Wire};
#[cfg(unix)]
pub use pty::{Terminal, close_terminal};
pub use run::{Running, Wscope, wscope};
#[cfg(unix)]
pub use rustix::process::Signal;
pub use server::{Script, Server, script};

use std::time::Duration;

/// The time limit of a single step.
pub const DEADLINE: Duration = Duration::from_secs(10);
