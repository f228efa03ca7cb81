//! What the tests are told with: a scripted server, the program under test, a terminal.

#![allow(dead_code, unused_imports, reason = "a vocabulary: not every word is in use at all times")]
#![allow(
    unreachable_pub,
    reason = "`pub` tells what a test may use from what is internal to the support code"
)]

mod deflate;
mod frame;
mod head;
#[cfg(unix)]
mod key;
mod layer;
mod outcome;
mod peer;
mod pipe;
#[cfg(unix)]
mod pty;
mod run;
mod server;
mod wait;

pub use deflate::{Unpacker, pack};
pub use frame::{BINARY, CLOSE, CONTINUATION, Frame, NO_STATUS, PING, PONG, TEXT};
pub use frame::{binary, close, frame, last_header, masked, ping, pong, text};
pub use head::{header, switching_protocols};
#[cfg(unix)]
pub use key::Key;
pub use layer::Layer;
pub use outcome::Outcome;
pub use peer::{Peer, Wire};
#[cfg(unix)]
pub use pty::{Terminal, close_terminal};
pub use run::{Running, Wscope, wscope};
#[cfg(unix)]
pub use rustix::process::Signal;
pub use server::{Script, Server, script};

use std::time::Duration;

/// The longest that any single step may take.
pub const DEADLINE: Duration = Duration::from_secs(10);
