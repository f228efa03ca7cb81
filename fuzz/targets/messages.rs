//! Messages, control frames and faults in any order, each with its expected event.
//!
//! Input: a byte of [`Setup`], three piece sizes, how many bytes are missing at the end; then steps.

use wscope::protocol::vocabulary::Direction;
use wscope::protocol::{CloseCode, MessageKind, Role, Rule};

use super::end::{End, Outcome, Setup, same_however_cut};
use super::input::Input;
use super::observed::Observed;
use super::wire::{Length, frame, frame_for};

/// Everything is received as it was sent, up to the first fault, and answered as required.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let setup = Setup { lenient: false, ..Setup::from(&mut input) };
    let mut script = Script::new(setup);
    let sizes = input.take(3);
    let missing = usize::from(input.byte());
    for _ in 0..MAX_STEPS {
        if input.is_empty() {
            break;
        }
        script.step(&mut input);
    }
    let length = script.stream.len().saturating_sub(missing);
    let outcome = same_however_cut(script.setup, &script.stream[..length], 3, sizes);
    let received: Vec<Expected> = outcome.events.iter().filter_map(Expected::from_event).collect();
    if missing == 0 {
        assert_eq!(received, script.expected);
    } else {
        assert!(
            script.expected.starts_with(&received),
            "{received:?} is not a prefix of {:?}",
            script.expected
        );
    }
    check_replies(script.setup, &outcome, &received);
}

const MAX_STEPS: usize = 40;

/// An event that is expected.
#[derive(Clone, Debug, PartialEq)]
enum Expected {
    Message(MessageKind, Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<CloseCode>),
    Violation,
}

impl Expected {
    fn from_event(event: &Observed) -> Option<Self> {
        match event {
            Observed::Message { kind, data, .. } => Some(Self::Message(*kind, data.clone())),
            Observed::Ping(Direction::Received, data) => Some(Self::Ping(data.clone())),
            Observed::Pong(Direction::Received, data, _) => Some(Self::Pong(data.clone())),
            Observed::Close(Direction::Received, close) => Some(Self::Close(close.code)),
            Observed::Violation(violation) if violation.rule != Rule::FrameAfterClose => {
                Some(Self::Violation)
            }
            _ => None,
        }
    }
}

/// A stream and the events expected of it.
struct Script {
    setup: Setup,
    stream: Vec<u8>,
    expected: Vec<Expected>,
    /// Compresses messages, if that was negotiated.
    compressor: Option<End>,
    /// Contains a Close frame or a fault: the rest of the stream must be ignored.
    is_over: bool,
}

impl Script {
    fn new(setup: Setup) -> Self {
        let compressor = setup.deflate.map(|_| End::new(setup.peer(0)));
        Self { setup, stream: Vec::new(), expected: Vec::new(), compressor, is_over: false }
    }

    fn step(&mut self, input: &mut Input<'_>) {
        match input.byte() % 8 {
            0..4 if self.compressor.is_some() && input.flag() => self.compressed_message(input),
            0..4 => self.message(input),
            4 | 5 => self.control(input),
            6 => self.close(input),
            _ => self.fault(input),
        }
    }

    fn expect(&mut self, event: Expected) {
        if !self.is_over {
            self.is_over = matches!(event, Expected::Close(_) | Expected::Violation);
            self.expected.push(event);
        }
    }

    fn frame(&mut self, first: u8, payload: &[u8]) {
        self.stream.extend(frame_for(self.setup.role, first, payload));
    }

    /// A message in up to four fragments, control frames between them.
    fn message(&mut self, input: &mut Input<'_>) {
        let kind = input.choose(&[MessageKind::Text, MessageKind::Binary]);
        let content = content(input);
        let cuts = cuts(input, content.len());
        let last = cuts.len() - 2;
        for (index, range) in cuts.windows(2).enumerate() {
            let opcode = if index == 0 { kind.opcode().bits() } else { 0 };
            let fin = if index == last { 0x80 } else { 0 };
            self.frame(fin | opcode, &content[range[0]..range[1]]);
            let so_far = &content[..range[1]];
            let is_too_big = so_far.len() as u64 > self.setup.max_message_size;
            if is_too_big || (kind == MessageKind::Text && is_invalid_utf8(so_far, index == last)) {
                self.expect(Expected::Violation);
            }
            if index < last && input.flag() {
                self.control(input);
            }
        }
        self.expect(Expected::Message(kind, content));
    }

    /// A message in up to four fragments, compressed where that makes it shorter.
    fn compressed_message(&mut self, input: &mut Input<'_>) {
        let kind = input.choose(&[MessageKind::Text, MessageKind::Binary]);
        let frames = 1 + usize::from(input.byte() % 4);
        let content = content(input);
        let Some(compressor) = &mut self.compressor else { return };
        let sent = compressor.connection.send_in_frames(kind, &content, frames, &mut |_| ());
        assert_eq!(sent.map(|sent| sent.frames), Ok(frames as u64));
        let bytes = compressor.take_output(usize::MAX);
        self.stream.extend(bytes);
        let is_too_big = content.len() as u64 > self.setup.max_message_size;
        let is_invalid_utf8 = kind == MessageKind::Text && is_invalid_utf8(&content, true);
        self.expect(match is_too_big || is_invalid_utf8 {
            true => Expected::Violation,
            false => Expected::Message(kind, content),
        });
    }

    fn control(&mut self, input: &mut Input<'_>) {
        let is_ping = input.flag();
        let payload = at_most(input.bytes(), 125).to_vec();
        self.frame(if is_ping { 0x89 } else { 0x8a }, &payload);
        self.expect(if is_ping { Expected::Ping(payload) } else { Expected::Pong(payload) });
    }

    fn close(&mut self, input: &mut Input<'_>) {
        let payload = at_most(input.bytes(), 125);
        self.frame(0x88, payload);
        self.expect(match payload {
            [] => Expected::Close(None),
            [high, low, reason @ ..] => {
                let code = u16::from_be_bytes([*high, *low]);
                let is_valid_code = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
                let is_text = str::from_utf8(reason).is_ok();
                if is_valid_code && is_text {
                    Expected::Close(Some(code.into()))
                } else {
                    Expected::Violation
                }
            }
            _ => Expected::Violation,
        });
    }

    /// A frame that is invalid wherever a message may start.
    fn fault(&mut self, input: &mut Input<'_>) {
        let is_masked = self.setup.role == Role::Server;
        let (kind, choice) = (input.byte() % 8, input.byte());
        let payload = at_most(input.bytes(), 100);
        let shortest =
            |first: u8, payload: &[u8]| frame(first, Length::Shortest, is_masked, payload);
        let bytes = match kind {
            0 => shortest(
                0x80 | [3, 4, 5, 6, 7, 11, 12, 13, 14, 15][usize::from(choice % 10)],
                payload,
            ),
            1 => shortest(0x81 | undefined_bits(choice, self.setup), payload),
            2 => frame(
                0x80 | [1, 2, 8, 9][usize::from(choice % 4)],
                Length::Shortest,
                !is_masked,
                payload,
            ),
            3 => shortest([8, 9, 10][usize::from(choice % 3)], payload),
            4 => shortest([0x88, 0x89, 0x8a][usize::from(choice % 3)], &[choice; 126]),
            5 => shortest([0x00, 0x80][usize::from(choice % 2)], payload),
            6 => [shortest(0x01, b""), shortest([0x01, 0x82][usize::from(choice % 2)], payload)]
                .concat(),
            _ => {
                let length = [Length::Bits16, Length::Bits64, Length::TopBit];
                frame(0x82, length[usize::from(choice % 3)], is_masked, payload)
            }
        };
        self.stream.extend(bytes);
        self.expect(Expected::Violation);
    }
}

/// Reserved bits, at least one of which no extension uses.
fn undefined_bits(choice: u8, setup: Setup) -> u8 {
    match choice & 0x70 {
        0 | 0x40 if setup.deflate.is_some() => 0x20,
        0 => 0x40,
        bits => bits,
    }
}

/// Bytes of the input, text of it, or something long.
fn content(input: &mut Input<'_>) -> Vec<u8> {
    match input.byte() % 4 {
        0 => input.bytes().to_vec(),
        1 => input.text().into_bytes(),
        2 => vec![input.byte(); usize::from(input.number())],
        _ => {
            let text = input.text();
            text.repeat(usize::from(input.byte())).into_bytes()
        }
    }
}

/// Where the fragments start, and the end.
fn cuts(input: &mut Input<'_>, length: usize) -> Vec<usize> {
    let count = usize::from(input.byte() % 4);
    let mut cuts = vec![0, length];
    cuts.extend((0..count).map(|_| usize::from(input.number()) % (length + 1)));
    cuts.sort_unstable();
    cuts
}

/// Whether this is not UTF-8, nor, unless it is the whole text, the start of it.
fn is_invalid_utf8(bytes: &[u8], is_all: bool) -> bool {
    str::from_utf8(bytes).is_err_and(|error| is_all || error.error_len().is_some())
}

fn at_most(bytes: &[u8], count: usize) -> &[u8] {
    &bytes[..bytes.len().min(count)]
}

/// The output is valid for the peer and has the required replies.
fn check_replies(setup: Setup, outcome: &Outcome, received: &[Expected]) {
    let mut peer = End::new(setup.peer(0));
    peer.receive(&outcome.written);
    let replies: Vec<Expected> = peer.events.iter().filter_map(Expected::from_event).collect();
    let expected: Vec<Expected> =
        received.iter().filter_map(|event| reply_to(event, outcome)).collect();
    assert_eq!(replies, expected);
}

fn reply_to(event: &Expected, outcome: &Outcome) -> Option<Expected> {
    match event {
        Expected::Ping(payload) => Some(Expected::Pong(payload.clone())),
        Expected::Close(code) => Some(Expected::Close(*code)),
        Expected::Violation => {
            let rule = outcome.events.iter().find_map(|event| match event {
                Observed::Violation(violation) => Some(violation.rule),
                _ => None,
            })?;
            Some(Expected::Close(Some(rule.close_code())))
        }
        Expected::Message(..) | Expected::Pong(_) => None,
    }
}
