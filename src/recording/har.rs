//! HAR 1.2, with the fields for WebSockets that Chrome, Playwright, mitmproxy and HTTP Toolkit write.

mod base;
mod document;
mod entry;
mod events;
mod exchange;
mod fields;
mod input;
mod json;
mod layout;
mod message;
mod order;
mod read;
mod room;
mod runs;
mod spool;
#[cfg(test)]
mod tests;
mod time;
mod values;
mod warnings;
mod writer;

pub use read::read;
pub use writer::HarWriter;
