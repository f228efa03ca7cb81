//! Offers and responses.

use super::*;

fn mismatch(offer: &str, answer: &str) -> String {
    match validate(&split_list(offer), answer) {
        Err(Mismatch { got, expected, section }) => {
            format!("{got}; expected {expected} ({section})")
        }
        Ok(params) => panic!("{answer:?} to {offer:?}: {params:?}"),
    }
}

fn agreement(offer: &str, answer: &str) -> DeflateParams {
    validate(&split_list(offer), answer).unwrap_or_else(|why| panic!("{answer:?}: {why:?}"))
}

#[test]
fn matching_responses_are_accepted() {
    for (offer, answer, words) in [
        (DEFAULT_OFFER, "permessage-deflate", "compressed both ways, context kept"),
        (
            DEFAULT_OFFER,
            "Permessage-Deflate;client_max_window_bits=\"12\" ; server_no_context_takeover",
            "compressed both ways, no context kept by the server, client window 12",
        ),
        (
            "permessage-deflate; server_max_window_bits=10; client_no_context_takeover",
            "permessage-deflate; server_max_window_bits=9",
            "compressed both ways, no context kept by the client, server window 9",
        ),
        (
            "permessage-deflate; client_max_window_bits=10",
            "permessage-deflate; client_max_window_bits=12",
            "compressed both ways, context kept, client window 10",
        ),
        (
            DEFAULT_OFFER,
            "permessage-deflate; client_max_window_bits=8",
            "compressed by the peer only (our window is too small), context kept, client window 8",
        ),
        (
            "permessage-deflate; server_no_context_takeover, permessage-deflate",
            "permessage-deflate; server_max_window_bits=8",
            "compressed both ways, context kept, server window 8",
        ),
    ] {
        assert_eq!(agreement(offer, answer).describe(Role::Client), words, "{answer}");
    }
}

#[test]
fn mismatched_responses_are_explained() {
    for (offer, answer, expected) in [
        (DEFAULT_OFFER, "permessage-deflate; x=1", "unknown parameter 'x'"),
        (
            DEFAULT_OFFER,
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            "duplicate parameter 'server_no_context_takeover'",
        ),
        (
            DEFAULT_OFFER,
            "permessage-deflate; server_no_context_takeover=1",
            "does not take a value",
        ),
        (DEFAULT_OFFER, "permessage-deflate; server_max_window_bits", "requires a value"),
        (DEFAULT_OFFER, "permessage-deflate; server_max_window_bits=7", "is '7': must be"),
        (DEFAULT_OFFER, "permessage-deflate; server_max_window_bits=16", "is '16': must be"),
        (DEFAULT_OFFER, "permessage-deflate; server_max_window_bits=09", "is '09': must be"),
        (DEFAULT_OFFER, "permessage-deflate; client_max_window_bits", "without a value"),
        (
            "permessage-deflate",
            "permessage-deflate; client_max_window_bits=10",
            "client_max_window_bits, which was not offered; expected only what was offered (RFC 7692 section 7.1.2.2)",
        ),
        (
            "permessage-deflate; server_max_window_bits=10",
            "permessage-deflate; server_max_window_bits=11",
            "server_max_window_bits=11; expected at most 10",
        ),
        (
            "permessage-deflate; server_max_window_bits=10",
            "permessage-deflate",
            "without server_max_window_bits",
        ),
        (
            "permessage-deflate; server_no_context_takeover",
            "permessage-deflate",
            "without server_no_context_takeover",
        ),
    ] {
        let got = mismatch(offer, answer);
        assert!(got.contains(expected), "{answer}: {got}");
    }
}

#[test]
fn a_server_accepts_the_first_valid_offer() {
    let offers = split_list(
        "x-webkit-deflate-frame, permessage-deflate; server_max_window_bits=7, \
         permessage-deflate; server_max_window_bits=10; client_max_window_bits, permessage-deflate",
    );
    let (params, answer) = choose(&offers).expect("one is valid");
    assert_eq!(answer, "permessage-deflate; server_max_window_bits=10");
    assert_eq!((params.server_max_window_bits, params.client_max_window_bits), (10, 15));
    assert_eq!(choose(&split_list("permessage-bzip2")), None);
}
