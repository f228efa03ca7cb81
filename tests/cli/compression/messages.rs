//! Compressed messages in both directions.

use serde_json::Value;

use crate::scripts::{answer_close, next, read_to_close, serve_deflate, serve_extension};
use crate::support::{BINARY, CONTINUATION, Frame, Inflater, TEXT};
use crate::support::{deflate, frame, ping, text, wscope};

const ASK: &str = "client_no_context_takeover; client_max_window_bits";

/// The frames that the client sends for these arguments with this negotiated extension.
#[track_caller]
fn sent(agreed: &str, args: &[&str]) -> Vec<Frame> {
    let (sender, frames) = std::sync::mpsc::channel();
    let server = serve_extension(agreed, move |peer| {
        sender.send(read_to_close(peer)).expect("a receiver in the test");
    });
    let offer = ["--compress", ASK, "--wait", "0"];
    wscope().args(offer).args(args).arg(server.url()).run().code(0);
    next(&frames)
}

fn long() -> String {
    (0..200).map(|number| format!("line {number} of a long message\n")).collect()
}

/// Data that cannot be compressed.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_u32;
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 24) as u8
    };
    (0..length).map(step).collect()
}

#[test]
fn received_messages_are_shown_decompressed() {
    let data = long();
    let compressed = deflate(data.as_bytes());
    let (first, last) = compressed.split_at(compressed.len() / 2);
    let bytes = [
        frame(true, 4, TEXT, &deflate(b"short")),
        frame(false, 4, TEXT, first),
        ping(b"between"),
        frame(false, 0, CONTINUATION, b""),
        frame(true, 0, CONTINUATION, last),
        text("not compressed"),
        frame(true, 4, BINARY, &deflate(b"bytes")),
    ];
    let server = serve_deflate(bytes.concat());
    let expected = format!("short\n{data}\nnot compressed\nbytes\n");
    wscope().args(["--count", "4", &server.url()]).run().code(0).stdout(&expected);
}

#[test]
fn the_context_is_kept_between_messages() {
    // RFC 7692 section 7.2.3.2: "Hello" twice, the second by reference to the first.
    let first = frame(true, 4, TEXT, &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    let second = frame(true, 4, TEXT, &[0xf2, 0x00, 0x11, 0x00, 0x00]);
    let server = serve_deflate([first, second].concat());
    wscope().args(["--count", "2", &server.url()]).run().code(0).stdout("Hello\nHello\n");
}

/// zlib.deflateRawSync and others end a stream with the message: every peer accepts it.
#[test]
fn a_message_that_ends_with_a_final_block_is_delivered() {
    let ended = frame(true, 4, TEXT, &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    // RFC 7692 section 7.2.3.4: followed by the start of an empty block.
    let padded = frame(true, 4, TEXT, &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]);
    let open = frame(true, 4, TEXT, &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    let again = frame(true, 4, TEXT, &[0xf2, 0x00, 0x11, 0x00, 0x00]);
    let bytes = [&ended[..], &padded, &ended, &open, &again, &text("plain")].concat();
    let server = serve_deflate(bytes.clone());
    let outcome = wscope().args(["-vv", "--count", "6", &server.url()]).run().code(0);
    let outcome = outcome.stdout("Hello\nHello\nHello\nHello\nHello\nplain\n");
    assert_eq!(outcome.stderr.matches(", ends with a final DEFLATE block (BFINAL)").count(), 2);
    let server = serve_deflate(bytes);
    let outcome = wscope().args(["--json", "-vv", "--count", "6", &server.url()]).run().code(0);
    let is_marked = |event: &&Value| event["final_block"] == true;
    assert_eq!(outcome.json_lines().iter().filter(is_marked).count(), 2);
}

#[test]
fn events_have_both_sizes() {
    let compressed = deflate(long().as_bytes());
    let wire_size = compressed.len() + 4;
    let server = serve_deflate([frame(true, 4, TEXT, &compressed), text("x")].concat());
    let outcome = wscope().args(["--json", "--count", "2", &server.url()]).run().code(0);
    let events = outcome.json_lines();
    let open = events.iter().find(|event| event["event"] == "open").expect("an open event");
    assert_eq!(open["extensions"], "permessage-deflate");
    let messages: Vec<_> = events.iter().filter(|event| event["event"] == "message").collect();
    let facts = |event: &Value| {
        let number = |key: &str| event[key].as_u64().expect("a number");
        (event["compressed"] == true, number("size"), number("wire_size"))
    };
    assert_eq!(facts(messages[0]), (true, long().len() as u64, wire_size as u64));
    assert_eq!(messages[0]["data"], long());
    assert_eq!(facts(messages[1]), (false, 1, 3));
}

#[test]
fn only_messages_that_become_shorter_are_sent_compressed() {
    let (data, noise) = (long(), noise(400));
    let digits: String = noise.iter().map(|byte| format!("{byte:02x}")).collect();
    let frames = sent("permessage-deflate", &["-x", &data, "-x", "tiny", "--send-hex", &digits]);
    let [first, tiny, incompressible] = &frames[..] else { panic!("{frames:?}") };
    assert_eq!((first.opcode, first.rsv, first.fin), (TEXT, 4, true));
    assert!(first.payload.len() < data.len() / 2, "{} bytes", first.payload.len());
    assert_eq!(Inflater::new().inflate(&first.payload), data.as_bytes());
    assert_eq!((tiny.rsv, &tiny.payload[..]), (0, &b"tiny"[..]));
    assert_eq!((incompressible.rsv, &incompressible.payload), (0, &noise));
}

#[test]
fn uncompressed_messages_are_not_in_the_context() {
    let noise = noise(400);
    let digits: String = noise.iter().map(|byte| format!("{byte:02x}")).collect();
    let twice = format!("{digits}{digits}{digits}");
    let frames = sent("permessage-deflate", &["--send-hex", &digits, "--send-hex", &twice]);
    assert_eq!((frames[0].rsv, frames[1].rsv), (0, 4));
    assert_eq!(Inflater::new().inflate(&frames[1].payload), noise.repeat(3));
}

#[test]
fn context_takeover_is_as_negotiated() {
    let data = long();
    let kept = sent("permessage-deflate; client_max_window_bits=15", &["-x", &data, "-x", &data]);
    // The offer announces that the client does not use a context.
    let mut inflater = Inflater::new();
    let inflated: Vec<_> = kept.iter().map(|frame| inflater.inflate(&frame.payload)).collect();
    assert_eq!(inflated, [data.as_bytes(), data.as_bytes()]);

    let agreed = "permessage-deflate; client_no_context_takeover";
    let alone = sent(agreed, &["-x", &data, "-x", &data]);
    for frame in &alone {
        assert_eq!(Inflater::new().inflate(&frame.payload), data.as_bytes());
    }
    assert_eq!(alone.len(), 2);
}

#[test]
fn a_second_message_refers_to_the_first_with_context_takeover() {
    let data = long();
    let (sender, frames) = std::sync::mpsc::channel();
    let server = serve_extension("permessage-deflate", move |peer| {
        sender.send(read_to_close(peer)).expect("a receiver in the test");
    });
    wscope().args(["--wait", "0", "-x", &data, "-x", &data, &server.url()]).run().code(0);
    let frames = next(&frames);
    let mut inflater = Inflater::new();
    let inflated: Vec<_> = frames.iter().map(|frame| inflater.inflate(&frame.payload)).collect();
    assert_eq!(inflated, [data.as_bytes(), data.as_bytes()]);
    assert!(frames[1].payload.len() < frames[0].payload.len() / 4, "the context is not used");
}

#[test]
fn messages_are_not_compressed_for_an_unsupported_window() {
    let data = long();
    let frames = sent("permessage-deflate; client_max_window_bits=8", &["-x", &data]);
    assert_eq!((frames[0].rsv, &frames[0].payload[..]), (0, data.as_bytes()));
}

#[test]
fn a_small_window_is_respected() {
    // A match this far back is out of reach of a window of 512 bytes.
    let (noise, data) = (noise(600), long());
    let digits: String = noise.iter().map(|byte| format!("{byte:02x}")).collect();
    let twice = format!("{digits}{digits}");
    let agreed = "permessage-deflate; client_max_window_bits=9";
    let frames = sent(agreed, &["--send-hex", &twice, "-x", &data]);
    assert_eq!((frames[0].rsv, &frames[0].payload), (0, &noise.repeat(2)));
    assert_eq!(frames[1].rsv, 4);
    assert_eq!(Inflater::new().inflate(&frames[1].payload), data.as_bytes());
}

#[test]
fn double_verbosity_shows_the_compression_of_frames() {
    let data = long();
    let compressed = deflate(data.as_bytes());
    let percent = (compressed.len() as f64 * 100.0 / data.len() as f64).round();
    let server = serve_extension("permessage-deflate", {
        let compressed = compressed.clone();
        move |peer| {
            assert_eq!(peer.read_frame().rsv, 4);
            peer.send(frame(true, 4, TEXT, &compressed));
            answer_close(peer);
        }
    });
    let outcome = wscope().args(["-vv", "-x", &data, "--count", "1", &server.url()]).run().code(0);
    let grouped = format!("{},{:03}", data.len() / 1000, data.len() % 1000);
    outcome
        .stderr_contains(&format!(
            "<< frame text, FIN, RSV1, length {0} (16 bit), message 1, {grouped} bytes \
             compressed to {0} ({percent} %) \"line 0 of a long message\\nline 1",
            compressed.len()
        ))
        .stderr_contains(&format!("message 1, {grouped} bytes compressed to "))
        .stderr_contains(">> frame text, FIN, RSV1, mask ");
}

#[cfg(unix)]
#[test]
fn a_terminal_shows_the_compression_ratio() {
    use crate::support::Terminal;

    let data = "0123456789".repeat(100);
    let compressed = deflate(data.as_bytes());
    let total = format!("2 messages, 2,000 bytes compressed to {} (", 2 * compressed.len());
    let server = serve_extension("permessage-deflate; server_no_context_takeover", move |peer| {
        peer.send(frame(true, 4, TEXT, &compressed).repeat(2));
        peer.expect_text("go");
        peer.close_and_expect_reply(1000);
    });
    let mut terminal = Terminal::spawn([server.url().as_str()], 200, 50);
    terminal.wait_for("compressed both ways");
    terminal.wait_until("both messages", |screen| screen.matches("< 0123456789").count() == 2);
    terminal.type_line("/status");
    terminal.wait_for(&format!("; received {total}"));
    terminal.type_line("go");
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());
    terminal.wait_for(&format!("compression: received {total}"));
}

/// One message each way: both ratios are of no use.
#[cfg(unix)]
#[test]
fn a_single_message_has_no_compression_summary() {
    use crate::support::Terminal;

    let data = "0123456789".repeat(100);
    let compressed = deflate(data.as_bytes());
    let server = serve_extension("permessage-deflate", move |peer| {
        peer.send(frame(true, 4, TEXT, &compressed));
        peer.read_frame();
        peer.close_and_expect_reply(1000);
    });
    let mut terminal = Terminal::spawn([server.url().as_str()], 120, 50);
    terminal.wait_for("< 0123456789");
    terminal.type_line("/status");
    terminal.wait_for("  compression     compressed both ways, context kept\n");
    terminal.type_line(&data);
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());
    let screen = terminal.screen();
    assert!(screen.contains("received 1 message (1,000 bytes), sent 1 message"), "{screen}");
    assert!(!screen.contains("compressed to"), "{screen}");
}
