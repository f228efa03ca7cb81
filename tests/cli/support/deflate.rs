//! permessage-deflate on the other side of the connection (RFC 7692 section 7.2).

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// A message's compressed payload, with no context before it.
pub fn pack(data: &[u8]) -> Vec<u8> {
    let mut state = Compress::new(Compression::best(), false);
    let mut packed = Vec::with_capacity(data.len() + 1024);
    state.compress_vec(data, &mut packed, FlushCompress::Sync).expect("data that is compressed");
    assert_eq!(state.total_in(), data.len() as u64, "room for all of it");
    assert!(packed.ends_with(&TAIL), "a flush that ends with an empty block");
    packed.truncate(packed.len() - TAIL.len());
    packed
}

/// Reads compressed messages one after another, with the context kept.
pub struct Unpacker(Decompress);

impl Unpacker {
    /// Before the first message.
    pub fn new() -> Self {
        Self(Decompress::new(false))
    }

    /// The message of this payload.
    #[track_caller]
    pub fn unpack(&mut self, payload: &[u8]) -> Vec<u8> {
        let mut data = Vec::with_capacity(1 << 20);
        let bytes = [payload, &TAIL].concat();
        self.0.decompress_vec(&bytes, &mut data, FlushDecompress::Sync).expect("a packed message");
        assert!(data.len() < data.capacity(), "a message of less than a MiB");
        data
    }
}
