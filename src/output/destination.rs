//! Where the bytes of an outlet go.

use std::io;
use std::sync::Arc;

use mio::{Registry, Token, Waker};

use super::batch_sink::BatchSink;
use crate::platform::stdio::Writer;

/// Where the bytes of an outlet go.
pub(super) enum Destination {
    Stream(Writer),
    /// Batches of whole records, and the destination to restore.
    Batches(Box<dyn BatchSink>, Box<Self>),
    /// After an error bytes are dropped.
    Broken,
    /// All bytes are kept.
    Memory,
}

/// With more bytes waiting for a stream than this, nothing should be added.
const HIGH_WATER: usize = 1 << 20;

/// The same for a sink: there may be one for each of many connections.
const SINK_HIGH_WATER: usize = 256 << 10;

impl Destination {
    /// Whether a record must not be split: something else could be written in between.
    pub(super) fn takes_whole_records(&self) -> bool {
        !matches!(self, Self::Stream(_) | Self::Broken)
    }

    /// Whether a long record may come in parts.
    pub(super) fn takes_parts(&self) -> bool {
        matches!(self, Self::Batches(sink, _) if sink.takes_parts())
    }

    pub(super) fn is_broken(&self) -> bool {
        matches!(self, Self::Broken)
    }

    /// With more bytes waiting than this, nothing should be added.
    #[inline]
    pub(super) fn high_water(&self) -> usize {
        if let Self::Batches(..) = self { SINK_HIGH_WATER } else { HIGH_WATER }
    }

    /// Bytes that a stream has taken and not written.
    pub(super) fn in_flight(&self) -> usize {
        if let Self::Stream(writer) = self { writer.in_flight() } else { 0 }
    }

    /// The error of bytes that a stream has taken and could not write, once.
    pub(super) fn take_error(&mut self) -> Option<io::Error> {
        if let Self::Stream(writer) = self { writer.take_error() } else { None }
    }

    /// Bytes that a sink has taken and not written.
    pub(super) fn queued(&self) -> usize {
        if let Self::Batches(sink, _) = self { sink.queued() } else { 0 }
    }

    /// Drops what a sink has taken and does not write yet. Returns how many received messages that were.
    pub(super) fn discard(&mut self) -> u64 {
        if let Self::Batches(sink, _) = self { sink.discard() } else { 0 }
    }

    /// Writes to a stream; `None` if it is not one.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Option<io::Result<usize>> {
        if let Self::Stream(writer) = self { Some(writer.write(bytes)) } else { None }
    }

    /// See [`super::Outputs::register`].
    pub(super) fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        waker: &Arc<Waker>,
    ) -> io::Result<()> {
        if let Self::Stream(writer) = self {
            writer.register(registry, token, waker)?;
        }
        Ok(())
    }

    /// Hands all bytes to `sink` until it is restored.
    pub(super) fn redirect(&mut self, sink: Box<dyn BatchSink>) {
        let before = std::mem::replace(self, Self::Broken);
        *self = Self::Batches(sink, Box::new(before));
    }

    /// Undoes [`Destination::redirect`].
    pub(super) fn restore(&mut self) {
        *self = match std::mem::replace(self, Self::Broken) {
            Self::Batches(_, before) => *before,
            destination => destination,
        };
    }
}
