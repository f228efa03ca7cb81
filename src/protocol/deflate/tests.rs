//! The examples of RFC 7692, corrupt data, and limits.

use super::*;

fn params(parameters: &str) -> DeflateParams {
    Offer::parse(&format!("permessage-deflate{parameters}")).expect("an offer").accept().0
}

fn inflater(parameters: &str) -> Inflater {
    Inflater::new(&params(parameters), Role::Client)
}

/// Inflates one message, fed in pieces of this many bytes.
fn inflate(inflater: &mut Inflater, payload: &[u8], piece: usize) -> Result<Vec<u8>, InflateError> {
    inflate_within(inflater, payload, piece, 1 << 20)
}

fn inflate_within(
    inflater: &mut Inflater,
    payload: &[u8],
    piece: usize,
    limit: u64,
) -> Result<Vec<u8>, InflateError> {
    let mut out = Buffer::default();
    for bytes in payload.chunks(piece.max(1)) {
        inflater.push(bytes, &mut out, limit, &mut |_| true)?;
    }
    inflater.finish(&mut out, limit)?;
    Ok(out.bytes().to_vec())
}

fn why(result: Result<Vec<u8>, InflateError>) -> String {
    match result {
        Err(InflateError::Corrupt(why)) => why,
        other => panic!("expected corrupt data, got {other:?}"),
    }
}

/// RFC 7692 section 7.2.3.
#[test]
fn the_examples_of_the_rfc_are_inflated_at_every_split_point() {
    let examples: [(&str, &[u8]); 5] = [
        ("7.2.3.1", &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]),
        (
            "7.2.3.3: no compression",
            &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00],
        ),
        ("7.2.3.4: BFINAL", &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]),
        (
            "7.2.3.5: two blocks",
            &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00],
        ),
        ("7.2.3.1 again", &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]),
    ];
    for piece in 1..14 {
        let mut inflater = inflater("");
        for (name, payload) in examples {
            let got = inflate(&mut inflater, payload, piece);
            assert_eq!(got, Ok(b"Hello".to_vec()), "{name}, {piece} bytes at a time");
        }
    }
}

/// RFC 7692 section 7.2.3.2.
#[test]
fn context_takeover_is_as_negotiated() {
    let (first, second) = ([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], [0xf2, 0x00, 0x11, 0, 0]);
    let mut keeping = inflater("");
    assert_eq!(inflate(&mut keeping, &first, 99), Ok(b"Hello".to_vec()));
    assert_eq!(inflate(&mut keeping, &second, 99), Ok(b"Hello".to_vec()));

    let mut forgetting = inflater("; server_no_context_takeover");
    assert_eq!(inflate(&mut forgetting, &first, 99), Ok(b"Hello".to_vec()));
    let expected = Err(InflateError::KeptContext("server_no_context_takeover"));
    assert_eq!(inflate(&mut forgetting, &second, 99), expected);
    for piece in 1..5 {
        let mut forgetting = inflater("; server_no_context_takeover");
        assert_eq!(inflate(&mut forgetting, &first, piece), Ok(b"Hello".to_vec()));
        assert_eq!(inflate(&mut forgetting, &second, piece), expected, "{piece} at a time");
    }
}

/// Data that is corrupt in another way is not attributed to context takeover.
#[test]
fn context_takeover_is_reported_only_if_it_happened() {
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    for broken in [&[0xff; 9][..], &[0xf2, 0x48]] {
        let mut forgetting = inflater("; server_no_context_takeover");
        assert_eq!(inflate(&mut forgetting, &hello, 99), Ok(b"Hello".to_vec()));
        assert!(
            matches!(inflate(&mut forgetting, broken, 99), Err(InflateError::Corrupt(_))),
            "{broken:x?}"
        );
    }
    let first = &[0xf2, 0x00, 0x11, 0x00, 0x00];
    let mut forgetting = inflater("; server_no_context_takeover");
    assert!(matches!(inflate(&mut forgetting, first, 99), Err(InflateError::Corrupt(_))));
}

/// As `zlib.deflateRawSync` produces it: nothing follows the final block.
#[test]
fn a_message_may_end_with_a_final_block() {
    let ended = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let (hello, again) =
        ([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], [0xf2, 0x00, 0x11, 0x00, 0x00]);
    for parameters in ["", "; server_no_context_takeover"] {
        for piece in 1..8 {
            let mut inflater = inflater(parameters);
            for payload in [&ended[..], &hello, &ended, &hello] {
                assert_eq!(inflate(&mut inflater, payload, piece), Ok(b"Hello".to_vec()));
            }
            if parameters.is_empty() {
                assert_eq!(inflate(&mut inflater, &again, piece), Ok(b"Hello".to_vec()));
            }
            let cut = inflate(&mut inflater, &ended[..5], piece);
            assert!(why(cut).contains("in the middle of a DEFLATE block"));
        }
    }
}

/// RFC 7692 section 7.2.3.6: an empty message is one byte.
#[test]
fn an_empty_message_is_one_byte() {
    let mut inflater = inflater("");
    assert_eq!(inflate(&mut inflater, &[0x00], 1), Ok(Vec::new()));
    assert_eq!(inflate(&mut inflater, &[0x02, 0x00], 1), Ok(Vec::new()));
    assert!(why(inflate(&mut inflater, &[], 1)).contains("it is empty"));
}

#[test]
fn truncated_data_is_detected_at_every_byte() {
    let text: Vec<u8> = (0..4000_u32).map(|n| (n * n % 251) as u8 ^ (n % 7) as u8).collect();
    for data in [&b"Hello, Hello, Hello, and once more"[..], &text, &[b'x'; 5000]] {
        let mut deflater = Deflater::new(&params(""), Role::Client);
        let Some(compressed) = deflater.compress(data) else { continue };
        let compressed = compressed.to_vec();
        assert_eq!(inflate(&mut inflater(""), &compressed, 99), Ok(data.to_vec()));
        let missed = (1..compressed.len())
            .filter(|cut| inflate(&mut inflater(""), &compressed[..*cut], 999).is_ok())
            .collect::<Vec<_>>();
        assert_eq!(missed, [0_usize; 0], "undetected cuts, of {} bytes", compressed.len());
    }
}

#[test]
fn the_defect_is_named() {
    let cases: [(&[u8], &str); 5] = [
        (&[0xff, 0xff, 0xff, 0xff], "invalid block type"),
        (&[0x78, 0x9c, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], "zlib header"),
        (
            &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00, 0x00, 0xff, 0xff],
            "00 00 ff ff, should have been removed",
        ),
        (&[0xf2, 0x48, 0xcd], "in the middle of a DEFLATE block, after 3 bytes"),
        (&[0xf2, 0x00, 0x11, 0x00, 0x00], "too far back"),
    ];
    for (payload, expected) in cases {
        let why = why(inflate(&mut inflater(""), payload, 99));
        assert!(why.contains(expected), "{payload:x?}: {why}");
    }
}

#[test]
fn a_bomb_is_stopped_at_the_limit_and_uses_no_more_memory() {
    const LIMIT: u64 = 100_000;
    let mut deflater = Deflater::new(&params(""), Role::Server);
    let bomb = deflater.compress(&vec![0; 50 << 20]).expect("it shrinks").to_vec();
    assert!(bomb.len() < 60 << 10);
    let mut out = Buffer::default();
    assert_eq!(inflater("").push(&bomb, &mut out, LIMIT, &mut |_| true), Err(InflateError::TooBig));
    assert!(out.memory_usage() as u64 <= 2 * LIMIT, "{}", out.memory_usage());
}

#[test]
fn a_bomb_is_stopped_when_memory_runs_out() {
    const MEMORY: usize = 3 << 20;
    let mut deflater = Deflater::new(&params(""), Role::Server);
    let bomb = deflater.compress(&vec![0; 50 << 20]).expect("it shrinks").to_vec();
    let (mut out, mut steps) = (Buffer::default(), 0);
    let mut may_grow = |size| {
        steps += 1;
        size <= MEMORY
    };
    let result = inflater("").push(&bomb, &mut out, u64::MAX, &mut may_grow);
    assert_eq!(result, Err(InflateError::OverMemory));
    assert!(out.memory_usage() <= MEMORY, "{}", out.memory_usage());
    assert!(steps > 10);
}

#[test]
fn exactly_the_limit_is_allowed() {
    let data = vec![b'a'; 10_000];
    let mut deflater = Deflater::new(&params(""), Role::Server);
    let compressed = deflater.compress(&data).expect("it shrinks").to_vec();
    assert_eq!(inflate_within(&mut inflater(""), &compressed, 3, 10_000), Ok(data));
    assert_eq!(inflate_within(&mut inflater(""), &compressed, 3, 9_999), Err(InflateError::TooBig));
}

#[test]
fn incompressible_data_is_sent_uncompressed_and_never_referred_to() {
    let mut state = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    })
    .take(2000)
    .collect();
    let mut deflater = Deflater::new(&params(""), Role::Client);
    assert_eq!(deflater.compress(b"tiny"), None);
    assert_eq!(deflater.compress(&noise), None);
    let again = [&noise[..], &[b'x'; 3000]].concat();
    let compressed = deflater.compress(&again).expect("half of it shrinks").to_vec();
    assert_eq!(inflate(&mut inflater(""), &compressed, 99), Ok(again));
}

#[test]
fn all_parameters_work_in_both_directions() {
    for bits in 8..=15 {
        for takeover in ["", "; server_no_context_takeover; client_no_context_takeover"] {
            let parameters =
                format!("; server_max_window_bits={bits}; client_max_window_bits={bits}{takeover}");
            for (sender, receiver) in [(Role::Client, Role::Server), (Role::Server, Role::Client)] {
                let mut deflater = Deflater::new(&params(&parameters), sender);
                let mut inflater = Inflater::new(&params(&parameters), receiver);
                for round in 0..4_usize {
                    let data: Vec<u8> = (0..40_000).map(|n| (n / 7 % 90 + round) as u8).collect();
                    match deflater.compress(&data) {
                        Some(compressed) => {
                            let compressed = compressed.to_vec();
                            assert_eq!(inflate(&mut inflater, &compressed, 777), Ok(data));
                        }
                        None => {
                            assert_eq!(bits, 8, "only a window of 8 bits is too small for zlib")
                        }
                    }
                }
            }
        }
    }
}

/// Bytes without repetitions.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// The messages of a peer that uses the whole window, whatever was negotiated.
fn compressed(messages: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut deflater = Deflater::new(&DeflateParams::default(), Role::Server);
    messages.iter().map(|it| deflater.compress(it).expect("a shorter form").to_vec()).collect()
}

/// RFC 7692 section 7.1.2: such a message was accepted.
#[test]
fn a_reference_may_lead_back_as_far_as_the_window() {
    for (distance, length, padding) in
        [(512, 8, 0), (512, 9, 1), (512, 50, 2), (512, 258, 0), (512, 300, 5), (700, 9, 1)]
    {
        let is_far = distance > 512;
        for distance in [distance, distance + 1] {
            let fresh = noise(padding + distance);
            let again = &fresh[padding..];
            let text = [&fresh[..], &again[..length.min(distance)], &[0; 999]].concat();
            let packed = &compressed(&[&text])[0];
            let expected = match is_far || distance > 512 {
                true => Err(InflateError::OutsideWindow("server_max_window_bits", 9)),
                false => Ok(text.clone()),
            };
            for piece in [1, 7, 9999] {
                let mut inflater = inflater("; server_max_window_bits=9");
                let got = inflate(&mut inflater, packed, piece);
                assert_eq!(got, expected, "{length} bytes, {distance} back, {piece} at a time");
            }
            assert_eq!(inflate(&mut inflater(""), packed, 9999), Ok(text));
        }
    }
}

#[test]
fn a_reference_to_an_earlier_message_may_lead_back_as_far_as_the_window() {
    let text = [&noise(3000)[..], &[0; 99]].concat();
    let messages = compressed(&[&text, &text]);
    for (bits, is_allowed) in [(9, false), (11, false), (12, true), (15, true)] {
        let params = params(&format!("; client_max_window_bits={bits}"));
        let mut inflater = Inflater::new(&params, Role::Server);
        assert_eq!(inflate(&mut inflater, &messages[0], 9999), Ok(text.clone()));
        let expected = match is_allowed {
            true => Ok(text.clone()),
            false => Err(InflateError::OutsideWindow("client_max_window_bits", bits)),
        };
        assert_eq!(inflate(&mut inflater, &messages[1], 9999), expected, "{bits} bits");
    }
}

/// A message over the limit is inflated for those that refer to it.
#[test]
fn the_window_holds_where_data_is_discarded() {
    let text = [&noise(600)[..], &noise(600), &[0; 99]].concat();
    let packed = &compressed(&[&text])[0];
    let mut inflater = inflater("; server_max_window_bits=9");
    let mut out = Buffer::default();
    let (first, rest) = packed.split_at(300);
    assert_eq!(inflater.push(first, &mut out, 10, &mut |_| true), Err(InflateError::TooBig));
    assert_eq!(inflater.discard_unread(first, &mut |_| {}), Ok(()));
    let result = inflater.discard(rest, &mut |_| {});
    assert_eq!(result, Err(InflateError::OutsideWindow("server_max_window_bits", 9)));
}

/// What is before the reference is judged as usual.
#[test]
fn the_data_before_a_reference_outside_of_the_window_is_inflated() {
    let text = [&noise(600)[..], b"between", &noise(600), &[0; 99]].concat();
    let packed = &compressed(&[&text])[0];
    let mut inflater = inflater("; server_max_window_bits=9");
    let mut out = Buffer::default();
    let result = inflater.push(packed, &mut out, 1 << 20, &mut |_| true);
    assert_eq!(result, Err(InflateError::OutsideWindow("server_max_window_bits", 9)));
    assert!(text.starts_with(out.bytes()) && (607..612).contains(&out.len()), "{}", out.len());
}

#[test]
fn a_small_window_is_enough_for_a_peer_that_keeps_to_it() {
    let params = params("; server_max_window_bits=10");
    let mut deflater = Deflater::new(&params, Role::Server);
    let mut inflater = Inflater::new(&params, Role::Client);
    let text = [&noise(4000)[..], &noise(900), &noise(900), &[7; 50_000]].concat();
    for piece in [1, 999, 99_999] {
        let packed = deflater.compress(&text).expect("a shorter form").to_vec();
        assert_eq!(inflate(&mut inflater, &packed, piece), Ok(text.clone()));
    }
}
