//! The cost of a message, step by step: `cargo bench --bench core`.

use std::hint::black_box;
use std::time::Instant;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use wscope::event::{Clock, Event as Observed, EventKind, Message, Transit};
use wscope::output::escape::{Newlines, escape};
use wscope::output::json::{Json, JsonFrames};
use wscope::output::payload::{OutputFraming, PayloadFormat};
use wscope::output::{BatchSink, Format, Outlet};
use wscope::platform::batches::Batch;
use wscope::protocol::deflate::Offer;
use wscope::protocol::frame::apply_mask;
use wscope::protocol::vocabulary::Direction;
use wscope::protocol::{
    Connection, ConnectionOptions, Event, Header, Masks, MessageKind, Opcode, Role,
};

fn main() {
    divan::main();
}

/// Messages in one run.
const MESSAGES: usize = 1000;

const SIZES: [usize; 4] = [0, 64, 1 << 10, 64 << 10];

fn options(role: Role, compress: bool) -> ConnectionOptions {
    let offer = Offer::parse("permessage-deflate").expect("an offer");
    ConnectionOptions {
        role,
        max_message_size: 64 << 20,
        close_timeout: None,
        observe_frames: false,
        lenient: false,
        deflate: compress.then(|| offer.accept().0),
        masks: Masks::random(),
    }
}

/// JSON of about this size, different for each message.
fn json(number: usize, size: usize) -> Vec<u8> {
    let mut text = format!("{{\"id\":{number},\"tags\":[");
    for tag in 0.. {
        if text.len() + 2 >= size {
            break;
        }
        text += &format!("\"tag {}\",", (number * 31 + tag * 7) % 97);
    }
    text.truncate(size);
    text.into_bytes()
}

/// The output of a connection that sends `count` messages.
fn stream(sender: Role, compress: bool, size: usize, count: usize, frames: usize) -> Vec<u8> {
    let mut connection = Connection::new(options(sender, compress), &[]);
    for number in 0..count {
        let data = json(number, size);
        let sent = connection.send_in_frames(MessageKind::Text, &data, frames, &mut |_| ());
        sent.expect("it is open");
    }
    connection.pending_output().to_vec()
}

/// Receives a stream, and counts the messages.
fn receive(role: Role, compress: bool, mut bytes: &[u8]) -> usize {
    let mut connection = Connection::new(options(role, compress), &[]);
    let now = Instant::now();
    let mut messages = 0;
    while !bytes.is_empty() {
        let space = connection.receive_space();
        let count = space.len().min(bytes.len());
        space[..count].copy_from_slice(&bytes[..count]);
        connection.received(count);
        bytes = &bytes[count..];
        while let Some(event) = connection.next_event(now) {
            messages += usize::from(matches!(black_box(event), Event::Message { .. }));
        }
    }
    messages
}

fn bench_receive(
    bencher: Bencher<'_, '_>,
    stream: &[u8],
    role: Role,
    compress: bool,
    count: usize,
) {
    bencher.counter(ItemsCount::new(count)).bench(|| {
        assert_eq!(receive(role, compress, black_box(stream)), count);
    });
}

#[divan::bench(args = SIZES)]
fn receive_unmasked(bencher: Bencher<'_, '_>, size: usize) {
    let stream = stream(Role::Server, false, size, MESSAGES, 1);
    bench_receive(bencher, &stream, Role::Client, false, MESSAGES);
}

#[divan::bench(args = SIZES)]
fn receive_masked(bencher: Bencher<'_, '_>, size: usize) {
    let stream = stream(Role::Client, false, size, MESSAGES, 1);
    bench_receive(bencher, &stream, Role::Server, false, MESSAGES);
}

#[divan::bench(args = [1, 100, 10_000])]
fn assemble_1_mib_from_frames(bencher: Bencher<'_, '_>, frames: usize) {
    let stream = stream(Role::Server, false, 1 << 20, 4, frames);
    bench_receive(bencher, &stream, Role::Client, false, 4);
}

#[divan::bench(args = [64, 1 << 10, 64 << 10])]
fn inflate(bencher: Bencher<'_, '_>, size: usize) {
    let stream = stream(Role::Server, true, size, MESSAGES, 1);
    bench_receive(bencher, &stream, Role::Client, true, MESSAGES);
}

fn bench_send(bencher: Bencher<'_, '_>, compress: bool, size: usize) {
    let messages: Vec<Vec<u8>> = (0..MESSAGES).map(|number| json(number, size)).collect();
    let mut connection = Connection::new(options(Role::Client, compress), &[]);
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        for data in &messages {
            connection.send(MessageKind::Text, black_box(data)).expect("it is open");
        }
        let written = connection.pending_output().len();
        connection.advance_output(written);
    });
}

#[divan::bench(args = SIZES)]
fn send_masked(bencher: Bencher<'_, '_>, size: usize) {
    bench_send(bencher, false, size);
}

#[divan::bench(args = [64, 1 << 10, 64 << 10])]
fn deflate(bencher: Bencher<'_, '_>, size: usize) {
    bench_send(bencher, true, size);
}

#[divan::bench(args = [5, 300, 70_000])]
fn header_encode_and_decode(length: u64) -> Option<Header> {
    let header = Header::new(Opcode::Text, true, Some([1, 2, 3, 4]), black_box(length));
    Header::decode(black_box(header.bytes()))
}

#[divan::bench(args = [64, 64 << 10])]
fn mask(bencher: Bencher<'_, '_>, size: usize) {
    let mut bytes = vec![7; size];
    bencher
        .counter(BytesCount::new(size))
        .bench_local(|| apply_mask(black_box(&mut bytes), [1, 2, 3, 4], 1));
}

/// A lane that discards everything.
struct Discard;

impl BatchSink for Discard {
    fn offer(&mut self, batch: &mut Batch) -> bool {
        black_box(std::mem::take(batch));
        true
    }

    fn discard(&mut self) -> u64 {
        0
    }
}

#[divan::bench(args = [64, 1 << 10])]
fn json_event(bencher: Bencher<'_, '_>, size: usize) {
    bench_format(bencher, size, None, &mut Json::new(JsonFrames::None));
}

#[divan::bench(args = [64, 1 << 10])]
fn json_event_of_a_proxy(bencher: Bencher<'_, '_>, size: usize) {
    let transit = Some(Transit::default());
    bench_format(bencher, size, transit, &mut Json::new(JsonFrames::None));
}

#[divan::bench(args = [64, 1 << 10])]
fn line_of_a_proxy(bencher: Bencher<'_, '_>, size: usize) {
    let transit = Some(Transit::default());
    bench_format(bencher, size, transit, &mut PayloadFormat::new(OutputFraming::Lines));
}

fn bench_format(
    bencher: Bencher<'_, '_>,
    size: usize,
    transit: Option<Transit<'_>>,
    format: &mut impl Format,
) {
    let data = json(1, size);
    let message = Message {
        direction: Direction::Received,
        kind: MessageKind::Text,
        data: &data,
        wire_size: 66,
        compressed: false,
        frames: 1,
        typed: false,
        surplus: false,
        masked: false,
    };
    let event = Observed {
        at: Clock::start().now(),
        connection: transit.is_some().then_some(12),
        mark: None,
        transit,
        what: EventKind::Message(message),
    };
    let mut out = Outlet::batches("discard", Discard);
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        for _ in 0..MESSAGES {
            format.event(black_box(&event), &mut out);
        }
        out.flush();
    });
}

#[divan::bench(args = ["plain text, as nearly all is", "bad \x1b[31m text \u{202e} with escapes \x07"])]
fn escape_for_the_terminal(text: &str) -> usize {
    escape(black_box(text), Newlines::Escape).len()
}
