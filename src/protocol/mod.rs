//! The WebSocket protocol (RFC 6455) without any I/O: bytes in, events and bytes out.
//!
//! Nothing here opens a socket, reads a clock or prints. Time is passed in as an argument, randomness as
//! a [`Masks`] value, so all behaviour can be tested with tables of bytes.
//!
//! Driving a [`Connection`]:
//!
//! 1. read from the transport into [`Connection::receive_space`], then record how much with
//!    [`Connection::received`] (or [`Connection::receive_eof`]);
//! 2. call [`Connection::next_event`] until it returns `None`;
//! 3. write [`Connection::pending_output`] to the transport and record how much was accepted with
//!    [`Connection::advance_output`];
//! 4. at [`Connection::deadline`] call [`Connection::on_deadline`];
//! 5. stop when [`Connection::is_finished`].

pub mod basic;
pub mod body;
pub mod challenge;
pub mod close;
pub mod connection;
pub mod counted;
pub mod deflate;
pub mod forward;
pub mod frame;
pub mod handshake;
pub mod head;
pub mod hex;
pub mod inbound;
pub mod keepalive;
pub mod large;
pub mod memory;
pub mod message;
pub mod payload;
pub mod raw;
pub mod relay;
pub mod tap;
pub mod violation;
pub mod vocabulary;

mod buffer;
mod chunked;
mod outbox;
#[cfg(test)]
mod tests;
mod utf8;

pub use close::CloseCode;
pub use connection::{Connection, ConnectionOptions, Ending};
pub use frame::{Header, Masks, Opcode};
pub use inbound::{Inbound, InboundOptions, Tolerance};
pub use message::{MessageKind, Omission};
pub use payload::Payload;
pub use raw::RawFrame;
pub use relay::{Content, Decision, MessageRelay, RelayOptions, Step, Undeliverable, Unit};
pub use tap::{Side, Tap, TapOptions};
pub use utf8::{Utf8Checker, cause as utf8_cause};
pub use violation::{Cause, Rule, Violation};
pub use vocabulary::{Event, Role, Sent, TransportEnd};
