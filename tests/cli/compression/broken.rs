//! Violations of peers with permessage-deflate negotiated.

use crate::scripts::{serve_deflate, serve_extension, violate_deflate};
use crate::support::{BINARY, CONTINUATION, PING, TEXT};
use crate::support::{deflate, frame, text, wscope};

const ERROR: u16 = 1002;
const BAD_DATA: u16 = 1007;

#[test]
fn reserved_bits_that_compression_does_not_define() {
    let first = frame(false, 4, TEXT, &deflate(b"hello"));
    let plain = frame(false, 0, TEXT, b"hello");
    for (bytes, cause, section) in [
        (frame(true, 2, TEXT, b"x"), "RSV2 set on a text frame", "6455 section 5.2"),
        (frame(true, 5, BINARY, b"x"), "RSV1, RSV3 set on a binary frame", "6455 section 5.2"),
        (
            [&first[..], &frame(true, 4, CONTINUATION, b"")].concat(),
            "RSV1 on a frame that cannot start a compressed message: continuation frame",
            "7692 section 6.1",
        ),
        (
            [&plain[..], &frame(true, 4, CONTINUATION, b"x")].concat(),
            "cannot start a compressed message: continuation frame",
            "7692 section 6.1",
        ),
        (
            frame(true, 4, PING, b"x"),
            "cannot start a compressed message: ping frame",
            "7692 section 6.1",
        ),
    ] {
        violate_deflate(&[], &bytes, ERROR)
            .stderr_contains(cause)
            .stderr_contains(&format!("(RFC {section})"))
            .stderr_lacks("which was not negotiated");
    }
}

#[test]
fn data_that_cannot_be_inflated() {
    let data = b"a message that is long enough to be compressed, compressed, compressed";
    let compressed = deflate(data);
    let zlib = [&[0x78, 0x9c][..], &compressed].concat();
    let with_tail = [&compressed[..], &[0, 0, 0xff, 0xff]].concat();
    let message = |payload: &[u8]| frame(true, 4, TEXT, payload);
    let split = |first: &[u8], last: &[u8]| {
        [frame(false, 4, TEXT, first), frame(true, 0, CONTINUATION, last)].concat()
    };
    for (bytes, cause) in [
        (message(&[0xff; 20]), "invalid"),
        (message(&compressed[..20]), "it ends in the middle of a DEFLATE block, after 20 bytes"),
        (message(&compressed[..1]), "it ends in the middle of a DEFLATE block, after 1 byte ("),
        (
            split(&compressed[..10], &compressed[10..20]),
            "in the middle of a DEFLATE block, after 20 bytes",
        ),
        (message(&zlib), "it starts with a zlib header instead of raw DEFLATE data"),
        (message(&with_tail), "its last four bytes, 00 00 ff ff, should have been removed"),
        (message(b""), "it is empty, but must have at least one byte"),
    ] {
        violate_deflate(&[], &bytes, BAD_DATA)
            .stderr_contains("protocol error: corrupt compressed message: ")
            .stderr_contains(cause)
            .stderr_contains("(RFC 7692 section 7.2.2)")
            .stderr_contains("hint: --no-compress");
    }
}

#[test]
fn the_start_of_the_corrupt_frame_is_shown() {
    let mut payload = deflate(b"fine as such");
    violate_deflate(&[], &frame(true, 4, TEXT, &payload[..4]), BAD_DATA)
        .stderr_contains("; header c1 04; payload 4a cb cc 4b\n");
    // Received in several reads, and corrupt only at its end.
    payload = [&[0x00, 0xff, 0xff, 0x00, 0x00][..], &[b'x'; 0xffff]].concat().repeat(8);
    payload.push(0xff);
    violate_deflate(&[], &frame(true, 4, BINARY, &payload), BAD_DATA)
        .stderr_contains("; payload 00 ff ff 00 00 78 78 78 78 78 ");
}

#[test]
fn compressed_text_that_is_not_utf8() {
    let bytes = frame(true, 4, TEXT, &deflate(b"fine up to here: \xff, and no further"));
    violate_deflate(&[], &bytes, BAD_DATA)
        .stderr_contains("invalid UTF-8 in a text message: at byte 17 of the message (ff)")
        .stderr_contains("(RFC 6455 section 8.1)");
}

#[test]
fn an_empty_compressed_message_is_an_empty_message() {
    let empty = frame(true, 4, TEXT, &[0]);
    let server = serve_deflate([empty, text("x")].concat());
    wscope().args(["--count", "2", &server.url()]).run().code(0).stdout("\nx\n");
}

#[test]
fn a_message_that_inflates_to_exactly_the_limit() {
    let data = "x".repeat(100_000);
    let message = frame(true, 4, TEXT, &deflate(data.as_bytes()));
    let server = serve_deflate(message.clone());
    let args = ["--max-message-size", "100000", "--count", "1", &server.url()];
    wscope().args(args).run().code(0).stdout(&(data + "\n"));
    violate_deflate(&["--max-message-size", "99999"], &message, 1009)
        .stderr_contains("inflate to more than the limit of 99999")
        .stderr_contains("(RFC 6455 section 10.4)");
}

#[test]
fn context_takeover_in_spite_of_no_context_takeover() {
    // RFC 7692 section 7.2.3.2: the second message refers to the first.
    let first = frame(true, 4, TEXT, &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    let second = frame(true, 4, TEXT, &[0xf2, 0x00, 0x11, 0x00, 0x00]);
    let server = serve_extension("permessage-deflate; server_no_context_takeover", |peer| {
        peer.send([first, second].concat());
        peer.expect_close(BAD_DATA);
    });
    let outcome = wscope().arg(server.url()).stdin_open().run().code(5).stdout("Hello\n");
    outcome
        .stderr_contains(
            "corrupt compressed message: it refers to earlier messages, although \
             server_no_context_takeover was negotiated (RFC 7692",
        )
        .stderr_contains("hint: the sender must compress each message on its own");
    // Data that cannot be inflated at all is not such a reference.
    let server = serve_extension("permessage-deflate; server_no_context_takeover", |peer| {
        peer.send(
            [frame(true, 4, TEXT, &deflate(b"x")), frame(true, 4, TEXT, &[0xff; 9])].concat(),
        );
        peer.expect_close(BAD_DATA);
    });
    let outcome = wscope().arg(server.url()).stdin_open().run().code(5);
    outcome.stderr_lacks("was negotiated");
}
