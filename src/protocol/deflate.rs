//! permessage-deflate (RFC 7692): compression of whole messages with DEFLATE, in both directions.

use std::fmt;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::buffer::Buffer;
use super::counted::counted;
use super::large;
use super::vocabulary::Role;

mod discard;
mod distances;
mod history;
pub mod negotiation;

use distances::Distances;
use history::History;
use negotiation::Terms;
pub use negotiation::{DEFAULT_OFFER, DeflateParams, Offer, OfferError, choose, offers};

/// The bytes removed from the end of a compressed message and appended again to inflate it (RFC 7692
/// section 7.2.1): length and complement of an empty stored block.
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// [`TAIL`] followed by empty blocks: stored, fixed, stored, and so on. After a complete message they
/// produce no output; inside an unfinished block they are an error or produce data. Most of them are needed
/// if the message ends in the header of a dynamic block, which consumes many bits before an error.
const PROBE: [u8; 4 + 6 * PROBE_BLOCKS] = probe();

const PROBE_BLOCKS: usize = 12;

/// The part of it that suffices after that header.
const SHORT_PROBE: usize = 4 + 6 * 2;

/// A message of up to this many compressed bytes that has produced output is assumed to be one block: the
/// whole of [`PROBE`] would take a tenth of the time to inflate it.
const ONE_BLOCK: u64 = 2 << 10;

const fn probe() -> [u8; 4 + 6 * PROBE_BLOCKS] {
    const PAIR: [u8; 6] = [0x02, 0x00, 0x00, 0x00, 0xff, 0xff];
    let mut bytes = [0; 4 + 6 * PROBE_BLOCKS];
    let mut at = 0;
    while at < bytes.len() {
        bytes[at] = if at < 4 { TAIL[at] } else { PAIR[(at - 4) % 6] };
        at += 1;
    }
    bytes
}

/// The bits of the last byte that the padding and the header of the removed empty block leave 0.
const ALWAYS_CLEAR: u8 = 0b1110_0000;

/// Messages shorter than this many bytes are not compressed.
const MIN_COMPRESSED: usize = 16;

/// The smallest window zlib supports, as a base-2 logarithm.
const MIN_ZLIB_WINDOW: u8 = 9;

/// The minimum output space provided at a time, in bytes.
const OUTPUT_STEP: usize = 4 << 10;

/// The maximum output space provided at a time, in bytes.
const MAX_OUTPUT_STEP: usize = 256 << 10;

/// The largest window, as a base-2 logarithm: also the maximum distance of a reference.
const MAX_WINDOW: u8 = 15;

/// Called before a buffer grows to this many bytes; false if it must not.
pub(super) type MayGrow<'a> = &'a mut dyn FnMut(usize) -> bool;

/// Why a compressed message cannot be inflated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum InflateError {
    /// It is longer than allowed.
    TooBig,
    /// The memory budget is exceeded.
    OverMemory,
    /// It is not valid DEFLATE data, for this reason.
    Corrupt(String),
    /// It refers to earlier messages, although this parameter was negotiated.
    KeptContext(&'static str),
    /// It refers further back than the window of this size, a base-2 logarithm, that this parameter allows.
    OutsideWindow(&'static str, u8),
}

/// Inflates the peer's messages.
pub(super) struct Inflater {
    window: u8,
    keeps_context: bool,
    /// Created for the first message: it takes about 40 KiB.
    state: Option<Decompress>,
    /// The first bytes of the current message.
    first: [u8; 2],
    /// The last bytes received of the current message, right-aligned.
    last: [u8; 4],
    /// Compressed bytes received of the current message.
    fed: u64,
    /// The last byte received ended a final block (BFINAL).
    has_ended: bool,
    /// Earlier messages, if messages must not refer to them.
    history: History,
    /// Checks how far back messages refer, if they must not use the whole window.
    distances: Option<Box<Distances>>,
    /// Who sends the messages.
    sender: Role,
    /// The bytes at the end of the last piece that were not consumed because of a limit.
    unread: usize,
    /// Earlier data that messages may refer to is missing: no further message can be inflated.
    is_lost: bool,
}

impl Inflater {
    /// For the messages that `role` receives with these parameters.
    pub(super) fn new(params: &DeflateParams, role: Role) -> Self {
        let sender = match role {
            Role::Client => Role::Server,
            Role::Server => Role::Client,
        };
        let Terms { window, keeps_context } = params.terms(sender);
        let window = window.max(MIN_ZLIB_WINDOW);
        Self {
            window,
            keeps_context,
            state: None,
            first: [0; 2],
            last: [0; 4],
            fed: 0,
            has_ended: false,
            history: History::default(),
            distances: (window < MAX_WINDOW).then(|| Box::new(Distances::new(window))),
            sender,
            unread: 0,
            is_lost: false,
        }
    }

    /// Inflates the next bytes of a message and appends them to `out`. Over `limit` bytes it grows by one only.
    ///
    /// # Errors
    /// The data before the error is in `out`. After an error, the inflater must only be used as described in
    /// [`discard`].
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        out: &mut Buffer,
        limit: u64,
        may_grow: MayGrow<'_>,
    ) -> Result<(), InflateError> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.remember(bytes);
        self.history.push(bytes);
        let is_zlib = matches!(self.first, [0x78, 0x01 | 0x5e | 0x9c | 0xda]);
        let far = self.distances.as_mut().and_then(|distances| distances.push(bytes));
        let result = self.run(bytes, out, limit, may_grow);
        if let Some(before) = far.filter(|before| out.len() as u64 >= *before) {
            out.truncate(before as usize); // at most the length
            return Err(self.outside_window());
        }
        result.map_err(|error| match error {
            InflateError::Corrupt(why) if is_zlib => InflateError::Corrupt(format!(
                "{why}; it starts with a zlib header instead of raw DEFLATE data"
            )),
            InflateError::Corrupt(_) if self.history.explains_failure() => {
                InflateError::KeptContext(match self.sender {
                    Role::Server => "server_no_context_takeover",
                    Role::Client => "client_no_context_takeover",
                })
            }
            error => error,
        })
    }

    /// Ends the message. Returns whether it ended with a final block: then no bytes were removed from its
    /// end. `zlib.deflateRawSync` and others produce such messages, and all implementations accept them,
    /// although RFC 7692 section 7.2.3.4 has another byte after the block.
    ///
    /// # Errors
    /// If it ends in the middle of a DEFLATE block.
    pub(super) fn finish(&mut self, out: &mut Buffer, limit: u64) -> Result<bool, InflateError> {
        let (fed, last) = (std::mem::take(&mut self.fed), std::mem::take(&mut self.last));
        self.first = [0; 2];
        if let Some(distances) = &mut self.distances {
            distances.end_message();
        }
        let has_ended = std::mem::take(&mut self.has_ended);
        if !has_ended {
            self.complete(fed, last, out, limit)?;
        }
        if !self.keeps_context {
            self.history.note(out.bytes());
            if let Some(state) = &mut self.state {
                state.reset(false);
            }
        }
        Ok(has_ended)
    }

    /// Appends the bytes that were removed from the end of the message.
    fn complete(
        &mut self,
        fed: u64,
        last: [u8; 4],
        out: &mut Buffer,
        limit: u64,
    ) -> Result<(), InflateError> {
        let error = || InflateError::Corrupt(unfinished(fed, last));
        let before = out.len();
        let is_past_header = before > 0 && fed <= ONE_BLOCK;
        let probe = if is_past_header { &PROBE[..SHORT_PROBE] } else { &PROBE };
        let ended = if last[3] & ALWAYS_CLEAR == 0 && fed > 0 {
            self.run(probe, out, limit, &mut |_| true)
        } else {
            Err(error())
        };
        if ended.is_err() || out.len() != before {
            out.truncate(before);
            return Err(error());
        }
        Ok(())
    }

    fn outside_window(&self) -> InflateError {
        let parameter = match self.sender {
            Role::Server => "server_max_window_bits",
            Role::Client => "client_max_window_bits",
        };
        InflateError::OutsideWindow(parameter, self.window)
    }

    fn remember(&mut self, bytes: &[u8]) {
        let known = self.first.len().min(usize::try_from(self.fed).unwrap_or(usize::MAX));
        self.first[known..].iter_mut().zip(bytes).for_each(|(first, byte)| *first = *byte);
        self.fed += bytes.len() as u64;
        let fresh = &bytes[bytes.len().saturating_sub(self.last.len())..];
        self.last.rotate_left(fresh.len());
        let start = self.last.len() - fresh.len();
        self.last[start..].copy_from_slice(fresh);
    }

    fn run(
        &mut self,
        mut bytes: &[u8],
        out: &mut Buffer,
        limit: u64,
        may_grow: MayGrow<'_>,
    ) -> Result<(), InflateError> {
        self.has_ended = false;
        loop {
            // One byte over the limit shows that there is more.
            let room = limit.saturating_add(1).saturating_sub(out.len() as u64);
            let step = bytes.len().saturating_mul(4).clamp(OUTPUT_STEP, MAX_OUTPUT_STEP);
            let step = (step as u64).min(room) as usize;
            if out.len() + step > out.memory_usage() && !may_grow(out.len() + step) {
                self.unread = bytes.len();
                return Err(InflateError::OverMemory);
            }
            let (written, result) = self.step(&mut bytes, &mut out.space(step)[..step]);
            out.filled(written);
            if out.len() as u64 > limit {
                self.unread = bytes.len();
                return Err(InflateError::TooBig);
            }
            if !result? {
                return Ok(());
            }
        }
    }

    /// Inflates from the start of `bytes`, which becomes the rest, into `space`. Returns the number of bytes written,
    /// also if it fails, and whether more can be inflated.
    fn step(&mut self, bytes: &mut &[u8], space: &mut [u8]) -> (usize, Result<bool, InflateError>) {
        let window = self.window;
        let state =
            self.state.get_or_insert_with(|| Decompress::new_with_window_bits(false, window));
        let (read, made) = (state.total_in(), state.total_out());
        let result = state.decompress(bytes, space, FlushDecompress::None);
        let written = (state.total_out() - made) as usize; // at most the space
        let used = (state.total_in() - read) as usize; // at most what was given
        *bytes = &bytes[used..];
        let can_continue = match result {
            Err(error) => Err(InflateError::Corrupt(described(&error))),
            // BFINAL: more blocks may follow in the same message (RFC 7692 section 7.2.3.4). They are
            // inflated as a new stream, as zlib-based implementations do.
            Ok(Status::StreamEnd) => {
                state.reset(false);
                self.has_ended = bytes.is_empty();
                Ok(!self.has_ended)
            }
            Ok(_) => Ok((used > 0 || written > 0) && !(bytes.is_empty() && written < space.len())),
        };
        (written, can_continue)
    }
}

fn described(error: &flate2::DecompressError) -> String {
    // The decoder does not always provide a reason: errors in its inner loop have none.
    match error.message() {
        Some(message) if !message.starts_with("repeated call") => message.to_owned(),
        _ => "invalid DEFLATE data".to_owned(),
    }
}

fn unfinished(fed: u64, last: [u8; 4]) -> String {
    match (fed, last) {
        (0, _) => "it is empty, but must have at least one byte".to_owned(),
        (_, TAIL) => "its last four bytes, 00 00 ff ff, should have been removed".to_owned(),
        _ => format!("it ends in the middle of a DEFLATE block, after {}", counted(fed, "byte")),
    }
}

/// Compresses our messages.
pub(super) struct Deflater {
    /// `None`: the peer requires a smaller window than zlib supports, so nothing is compressed.
    window: Option<u8>,
    keeps_context: bool,
    /// Created for the first message: it takes about 270 KiB.
    state: Option<Compress>,
    compressed: Vec<u8>,
}

impl Deflater {
    /// For the messages that `role` sends with these parameters.
    pub(super) fn new(params: &DeflateParams, role: Role) -> Self {
        let Terms { window, keeps_context } = params.terms(role);
        let window = Some(window).filter(|window| *window >= MIN_ZLIB_WINDOW);
        Self { window, keeps_context, state: None, compressed: Vec::new() }
    }

    /// The compressed payload of a message; `None` if it should be sent uncompressed.
    pub(super) fn compress(&mut self, data: &[u8]) -> Option<&[u8]> {
        let window = self.window.filter(|_| data.len() >= MIN_COMPRESSED)?;
        let state = self.state.get_or_insert_with(|| {
            Compress::new_with_window_bits(Compression::default(), false, window)
        });
        self.compressed.clear();
        let fits = deflate(state, data, &mut self.compressed);
        // Later messages must not refer to data that the peer does not receive.
        if !fits || !self.keeps_context {
            state.reset();
        }
        fits.then_some(&self.compressed[..])
    }

    /// Bytes of memory used for compressed messages.
    pub(super) fn memory_usage(&self) -> usize {
        self.compressed.capacity()
    }

    /// Frees the memory for compressed messages if it is over `keep` bytes.
    pub(super) fn shrink(&mut self, keep: usize) {
        if self.compressed.capacity() > keep {
            self.compressed = Vec::new();
        }
    }
}

/// Compresses `data`; returns whether it became shorter.
fn deflate(state: &mut Compress, data: &[u8], compressed: &mut Vec<u8>) -> bool {
    let mut rest = data;
    while compressed.len() < data.len() + TAIL.len() {
        large::reserve(compressed, (rest.len() / 2).max(OUTPUT_STEP));
        let (read, room) = (state.total_in(), compressed.capacity() - compressed.len());
        let before = compressed.len();
        if state.compress_vec(rest, compressed, FlushCompress::Sync).is_err() {
            return false;
        }
        rest = &rest[(state.total_in() - read) as usize..]; // at most what was given
        // If space is left, the output is complete.
        if rest.is_empty() && compressed.len() - before < room {
            compressed.truncate(compressed.len().saturating_sub(TAIL.len()));
            return compressed.len() < data.len();
        }
    }
    false
}

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflater").field("window", &self.window).finish_non_exhaustive()
    }
}

impl fmt::Debug for Deflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflater").field("window", &self.window).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
