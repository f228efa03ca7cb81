//! Arbitrary bytes, received as frames by either end.
//!
//! Input: a byte of [`Setup`], three piece sizes, the stream.

use wscope::protocol::{Header, Opcode};

use super::end::{Setup, same_however_cut};
use super::input::Input;

/// Nothing panics, and neither headers nor what they lead to depend on where the stream is cut.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let setup = Setup::from(&mut input);
    let sizes = input.take(3);
    let stream = input.rest();
    check_headers(stream);
    same_however_cut(setup, stream, 12, sizes);
}

/// Walks from header to header by the lengths in them.
fn check_headers(mut stream: &[u8]) {
    while let Some(header) = Header::decode(stream) {
        check_header(&header, stream);
        let size = usize::try_from(header.wire_size()).unwrap_or(usize::MAX);
        stream = &stream[size.min(stream.len())..];
    }
}

fn check_header(header: &Header, stream: &[u8]) {
    assert_eq!(header.bytes(), &stream[..header.len()]);
    assert_eq!(Header::decode(header.bytes()), Some(*header));
    for cut in 0..header.len() {
        assert_eq!(Header::decode(&stream[..cut]), None, "cut at {cut}");
    }
    assert!(header.wire_size() >= header.length);
    assert_eq!(header.reserved_bits().is_empty(), header.bytes()[0] & 0x70 == 0);
    assert_eq!(header.opcode, Opcode::from_bits(header.opcode.bits()));
    let made = Header::new(header.opcode, header.fin, header.mask, header.length);
    assert!(made.is_minimal() && made.len() <= header.len());
    if header.is_minimal() && header.reserved_bits().is_empty() {
        assert_eq!(made, *header);
    }
}
