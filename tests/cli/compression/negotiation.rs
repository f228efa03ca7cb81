//! The offer, and the verdict on the response.

use crate::scripts::{answer_close, serve, serve_extension};
use crate::support::{Outcome, Server, header, wscope};

/// The offer with these options.
#[track_caller]
fn offered(options: &[&str]) -> Option<String> {
    let (sender, offer) = std::sync::mpsc::channel();
    let server = Server::script(move |peer| {
        let head = peer.read_head();
        let offer = header(&head, "Sec-WebSocket-Extensions").map(str::to_owned);
        sender.send(offer).expect("a receiver in the test");
        peer.accept(&head);
        answer_close(peer);
    });
    wscope().args(options).args(["--wait", "0", &server.url()]).run().code(0);
    crate::scripts::next(&offer)
}

/// A run whose handshake is refused. The server receives the end of TCP without a Close frame.
#[track_caller]
fn refused(options: &[&str], answer: &str) -> Outcome {
    let server = serve_extension(answer, |peer| peer.expect_eof());
    wscope().args(options).arg(server.url()).stdin_open().run().code(4).stdout("")
}

#[test]
fn the_offer_follows_the_options() {
    const NAME: &str = "permessage-deflate";
    assert_eq!(offered(&[]), Some(format!("{NAME}; client_max_window_bits")));
    assert_eq!(offered(&["--no-compress"]), None);
    for (given, offer) in [
        (
            "server_no_context_takeover; server_max_window_bits=10",
            format!("{NAME}; server_no_context_takeover; server_max_window_bits=10"),
        ),
        ("", NAME.to_owned()),
        (
            "server_max_window_bits=9, client_max_window_bits=12,permessage-deflate",
            format!("{NAME}; server_max_window_bits=9, {NAME}; client_max_window_bits=12, {NAME}"),
        ),
    ] {
        assert_eq!(offered(&["--compress", given]), Some(offer), "{given:?}");
    }
}

#[test]
fn an_invalid_offer_is_a_usage_error() {
    for (given, reason) in [
        ("fast", "unknown parameter 'fast'"),
        ("server_max_window_bits=7", "parameter 'server_max_window_bits' is '7': must be 8 to 15"),
        ("server_max_window_bits=16", "is '16': must be 8 to 15"),
        ("server_max_window_bits", "requires a value from 8 to 15"),
        ("client_no_context_takeover=1", "does not take a value"),
        ("client_max_window_bits; client_max_window_bits=9", "duplicate parameter"),
        ("server_max_window_bits=10, bogus", "unknown parameter 'bogus'"),
    ] {
        let outcome = wscope().args(["--compress", given, "ws://127.0.0.1:9/"]).run().code(2);
        outcome.stderr_contains("--compress").stderr_contains(reason);
    }
    wscope()
        .args(["--compress", "", "--no-compress", "ws://127.0.0.1:9/"])
        .run()
        .code(2)
        .stderr_contains("cannot be used with");
}

#[test]
fn the_negotiated_parameters_are_described() {
    for (options, answer, words) in [
        (&[][..], "permessage-deflate", "no subprotocol, compressed both ways, context kept, "),
        (
            &["--compress", "server_max_window_bits=10"],
            "permessage-deflate; server_max_window_bits=10",
            "compressed both ways, context kept, server window 10",
        ),
        (
            &[],
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
            "compressed both ways, no context kept, ",
        ),
        (
            &[],
            "permessage-deflate; client_no_context_takeover; client_max_window_bits=\"9\"",
            "compressed both ways, no context kept by the client, client window 9",
        ),
        (
            &[],
            "Permessage-Deflate ;server_no_context_takeover;server_max_window_bits=12",
            "compressed both ways, no context kept by the server, server window 12",
        ),
    ] {
        let server = serve_extension(answer, answer_close);
        let outcome = wscope().args(options).args(["--wait", "0", &server.url()]).run();
        outcome.code(0).stderr_contains(words);
    }
}

#[test]
fn a_response_that_does_not_match_the_offer_is_refused() {
    const TWICE: &str = "permessage-deflate, permessage-deflate; server_no_context_takeover";
    for (options, answer, reason, section) in [
        (&["--no-compress"][..], "permessage-deflate", "which was not offered", "6455 section 4.1"),
        (&[], "foo", "'foo', which was not offered", "6455 section 4.1"),
        (&[], "permessage-deflate; fast", "unknown parameter 'fast'", "7692 section 7.1"),
        (
            &[],
            "permessage-deflate; server_max_window_bits=16",
            "parameter 'server_max_window_bits' is '16': must be 8 to 15",
            "7692 section 7.1",
        ),
        (
            &[],
            "permessage-deflate; client_max_window_bits=10; client_max_window_bits=10",
            "duplicate parameter 'client_max_window_bits'",
            "7692 section 7.1",
        ),
        (
            &[],
            "permessage-deflate; client_max_window_bits",
            "client_max_window_bits without a value",
            "7692 section 7.1.2.2",
        ),
        (
            &["--compress", ""],
            "permessage-deflate; client_max_window_bits=10",
            "client_max_window_bits, which was not offered",
            "7692 section 7.1.2.2",
        ),
        (
            &["--compress", "server_max_window_bits=10"],
            "permessage-deflate; server_max_window_bits=11",
            "server_max_window_bits=11; expected at most 10",
            "7692 section 7.1.2.1",
        ),
        (
            &["--compress", "server_max_window_bits=10"],
            "permessage-deflate",
            "without server_max_window_bits; expected at most 10",
            "7692 section 7.1.2.1",
        ),
        (
            &["--compress", "server_no_context_takeover"],
            "permessage-deflate",
            "without server_no_context_takeover",
            "7692 section 7.1.1.1",
        ),
        (&[], TWICE, "repeated; expected permessage-deflate once", "7692 section 5"),
    ] {
        let outcome = refused(options, answer);
        outcome
            .stderr_contains("wscope: invalid opening handshake: Sec-WebSocket-Extensions: ")
            .stderr_contains(reason)
            .stderr_contains(&format!("(RFC {section})"))
            .stderr_contains(&format!("< Sec-WebSocket-Extensions: {answer}"));
    }
}

#[test]
fn a_predecessor_of_permessage_deflate_is_explained() {
    for name in ["x-webkit-deflate-frame", "deflate-frame"] {
        refused(&[], name)
            .stderr_contains(&format!("'{name}', which was not offered"))
            .stderr_contains("a draft replaced by permessage-deflate (RFC 7692)")
            .stderr_contains("RFC 6455 section 4.1");
    }
}

#[test]
fn refused_compression_is_a_warning_or_with_strict_an_error() {
    let server = serve(answer_close);
    let outcome = wscope().args(["--compress", "", "--wait", "0", &server.url()]).run().code(0);
    outcome.stderr_contains("warning: the server did not accept permessage-deflate");
    let server = serve(answer_close);
    let outcome = wscope().args(["--wait", "0", &server.url()]).run().code(0);
    outcome.stderr_lacks("warning");
    let server = serve(|peer| {
        assert_eq!(peer.expect_close(1010), "permessage-deflate");
        peer.expect_eof();
    });
    let outcome = wscope().args(["--compress", "", "--strict", &server.url()]).stdin_open().run();
    outcome
        .code(4)
        .stderr_contains("wscope: opening handshake: the server did not accept permessage-deflate")
        .stderr_contains("hint: ");
}
