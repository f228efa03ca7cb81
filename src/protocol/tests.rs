//! The core as a whole, from tables of bytes and with two ends joined: no socket, and one instant from
//! which all times are made.
//!
//! [`support`] has the end under test, [`wire`] builds the frames it hears. [`cuts`] feeds the streams
//! of all tables again in every possible piece.

mod accepted;
mod any_bytes;
mod any_streams;
mod close_codes;
mod closing;
mod cuts;
mod deflate;
mod endings;
mod independent_peer;
mod keepalive;
mod leniency;
mod memory;
mod observed;
mod observed_frames;
mod pings;
mod rfc_examples;
mod streamed;
mod streams;
mod support;
mod tap;
mod two_ends;
mod utf8;
mod violations;
mod wire;

use crate::protocol;
