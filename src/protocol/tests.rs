//! Tests of the protocol as a whole, with tables of bytes and with two connected endpoints: no sockets, and
//! all times derived from one instant.
//!
//! [`support`] contains the endpoint under test, [`wire`] builds the frames it receives. [`cuts`] feeds the
//! streams of all tables again, split at every point.

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
mod other_extensions;
mod passive;
mod passive_buffers;
mod pings;
mod relay;
mod relay_contexts;
mod relay_later;
mod relay_unfinished;
mod rfc_examples;
mod streamed;
mod streams;
mod support;
mod tap;
mod two_ends;
mod unwanted;
mod utf8;
mod violations;
mod wire;

use crate::protocol;
