//! permessage-deflate for the peer (RFC 7692 section 7.2).

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// The compressed payload of a message, without a context.
pub fn deflate(data: &[u8]) -> Vec<u8> {
    let mut state = Compress::new(Compression::best(), false);
    let mut compressed = Vec::with_capacity(data.len() + 1024);
    state.compress_vec(data, &mut compressed, FlushCompress::Sync).expect("data to compress");
    assert_eq!(state.total_in(), data.len() as u64, "enough capacity");
    assert!(compressed.ends_with(&TAIL), "an empty block at the end of the flush");
    compressed.truncate(compressed.len() - TAIL.len());
    compressed
}

/// Decompresses messages one after another, with context takeover.
pub struct Inflater(Decompress);

impl Inflater {
    /// Before the first message.
    pub fn new() -> Self {
        Self(Decompress::new(false))
    }

    /// The message of this payload.
    #[track_caller]
    pub fn inflate(&mut self, payload: &[u8]) -> Vec<u8> {
        let mut data = Vec::with_capacity(1 << 20);
        let bytes = [payload, &TAIL].concat();
        self.0
            .decompress_vec(&bytes, &mut data, FlushDecompress::Sync)
            .expect("a compressed message");
        assert!(data.len() < data.capacity(), "a message of less than a MiB");
        data
    }
}
