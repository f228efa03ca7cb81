//! Encoding and decoding of headers, and masking.

use super::*;

#[test]
fn headers_survive_a_round_trip_with_every_length_encoding() {
    for (length, bits) in [(0, 7), (125, 7), (126, 16), (65535, 16), (65536, 64), (u64::MAX, 64)] {
        for mask in [None, Some([1, 2, 3, 4])] {
            let sent = Header::new(Opcode::Text, true, mask, length);
            let got = Header::decode(sent.bytes()).expect("complete header");
            assert_eq!(got, sent);
            assert_eq!(got.length_bits(), bits);
            assert!(got.is_minimal());
        }
    }
}

#[test]
fn an_incomplete_header_is_not_decoded() {
    let header = Header::new(Opcode::Binary, true, Some([9; 4]), 70_000);
    for cut in 0..header.len() {
        assert_eq!(Header::decode(&header.bytes()[..cut]), None, "cut at {cut}");
    }
}

#[test]
fn reserved_opcodes_keep_their_header() {
    for bits in [3, 7, 11, 15] {
        let header = Header::decode(&[0xf0 | bits, 0x03, 1, 2, 3]).expect("complete header");
        assert_eq!(header.opcode, Opcode::Reserved(bits));
        assert_eq!(header.bytes(), [0xf0 | bits, 0x03]);
        assert_eq!(header.reserved_bits(), "RSV1, RSV2, RSV3");
        assert_eq!(header.length, 3);
    }
}

#[test]
fn length_encodings_that_are_not_minimal_are_detected() {
    assert!(!Header::decode(&[0x81, 126, 0, 125]).unwrap().is_minimal());
    assert!(!Header::decode(&[0x81, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff]).unwrap().is_minimal());
}

/// RFC 6455 section 5.7: a masked "Hello".
#[test]
fn masking_matches_the_rfc_at_any_offset() {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let masked = [0x7f, 0x9f, 0x4d, 0x51, 0x58];
    for cut in 0..=5 {
        let mut bytes = *b"Hello";
        let (head, tail) = bytes.split_at_mut(cut);
        apply_mask(head, key, 0);
        apply_mask(tail, key, cut);
        assert_eq!(bytes, masked, "cut at {cut}");
    }
}

#[test]
fn random_masks_differ() {
    let mut masks = Masks::random();
    let keys: std::collections::HashSet<_> = (0..64).map(|_| masks.next_key()).collect();
    assert!(keys.len() > 60);
}
