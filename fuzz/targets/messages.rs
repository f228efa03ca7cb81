//! Messages, control frames and faults in any order, of which it is known what they should set off.
//!
//! Input: a byte of [`Setup`], three piece sizes, how many bytes are missing at the end; then steps.

use wscope::protocol::vocabulary::Direction;
use wscope::protocol::{CloseCode, MessageKind, Role, Rule};

use super::end::{End, Observed, Outcome, Setup, same_however_cut};
use super::input::Input;
use super::wire::{Length, frame, frame_for};

/// What is heard is what was said, up to the first fault, and is answered as it must be.
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
    let heard: Vec<Due> = outcome.told.iter().filter_map(Due::from_told).collect();
    if missing == 0 {
        assert_eq!(heard, script.due);
    } else {
        assert!(script.due.starts_with(&heard), "{heard:?} is no start of {:?}", script.due);
    }
    check_answers(script.setup, &outcome, &heard);
}

const MAX_STEPS: usize = 40;

/// Something that has to be heard.
#[derive(Clone, Debug, PartialEq)]
enum Due {
    Message(MessageKind, Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<CloseCode>),
    Violation,
}

impl Due {
    fn from_told(told: &Observed) -> Option<Self> {
        match told {
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

/// A stream and what it says.
struct Script {
    setup: Setup,
    stream: Vec<u8>,
    due: Vec<Due>,
    /// Compresses messages, where that was agreed on.
    packer: Option<End>,
    /// A Close frame or a fault came: the rest of the stream must not matter.
    is_over: bool,
}

impl Script {
    fn new(setup: Setup) -> Self {
        let packer = setup.deflate.map(|_| End::new(setup.peer(0)));
        Self { setup, stream: Vec::new(), due: Vec::new(), packer, is_over: false }
    }

    fn step(&mut self, input: &mut Input<'_>) {
        match input.byte() % 8 {
            0..4 if self.packer.is_some() && input.flag() => self.packed_message(input),
            0..4 => self.message(input),
            4 | 5 => self.control(input),
            6 => self.close(input),
            _ => self.fault(input),
        }
    }

    fn is_due(&mut self, due: Due) {
        if !self.is_over {
            self.is_over = matches!(due, Due::Close(_) | Due::Violation);
            self.due.push(due);
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
            if is_too_big || (kind == MessageKind::Text && is_wrong(so_far, index == last)) {
                self.is_due(Due::Violation);
            }
            if index < last && input.flag() {
                self.control(input);
            }
        }
        self.is_due(Due::Message(kind, content));
    }

    /// A message in up to four fragments, compressed where that makes it shorter.
    fn packed_message(&mut self, input: &mut Input<'_>) {
        let kind = input.choose(&[MessageKind::Text, MessageKind::Binary]);
        let frames = 1 + usize::from(input.byte() % 4);
        let content = content(input);
        let Some(packer) = &mut self.packer else { return };
        let sent = packer.connection.send_in_frames(kind, &content, frames, &mut |_| ());
        assert_eq!(sent.map(|sent| sent.frames), Ok(frames as u64));
        let bytes = packer.writes(usize::MAX);
        self.stream.extend(bytes);
        let is_too_big = content.len() as u64 > self.setup.max_message_size;
        let is_wrong = kind == MessageKind::Text && is_wrong(&content, true);
        self.is_due(match is_too_big || is_wrong {
            true => Due::Violation,
            false => Due::Message(kind, content),
        });
    }

    fn control(&mut self, input: &mut Input<'_>) {
        let is_ping = input.flag();
        let payload = at_most(input.bytes(), 125).to_vec();
        self.frame(if is_ping { 0x89 } else { 0x8a }, &payload);
        self.is_due(if is_ping { Due::Ping(payload) } else { Due::Pong(payload) });
    }

    fn close(&mut self, input: &mut Input<'_>) {
        let payload = at_most(input.bytes(), 125);
        self.frame(0x88, payload);
        self.is_due(match payload {
            [] => Due::Close(None),
            [high, low, reason @ ..] => {
                let code = u16::from_be_bytes([*high, *low]);
                let is_right = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
                let is_text = str::from_utf8(reason).is_ok();
                if is_right && is_text { Due::Close(Some(code.into())) } else { Due::Violation }
            }
            _ => Due::Violation,
        });
    }

    /// A frame that is wrong wherever a message may start.
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
            1 => shortest(0x81 | meaningless_bits(choice, self.setup), payload),
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
        self.is_due(Due::Violation);
    }
}

/// Reserved bits, at least one of which no extension has given a meaning.
fn meaningless_bits(choice: u8, setup: Setup) -> u8 {
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

/// Whether this is no text, nor, unless it is all, the start of one.
fn is_wrong(bytes: &[u8], is_all: bool) -> bool {
    str::from_utf8(bytes).is_err_and(|error| is_all || error.error_len().is_some())
}

fn at_most(bytes: &[u8], count: usize) -> &[u8] {
    &bytes[..bytes.len().min(count)]
}

/// What was written in answer is right for the peer, and says what it has to.
fn check_answers(setup: Setup, outcome: &Outcome, heard: &[Due]) {
    let mut peer = End::new(setup.peer(0));
    peer.hears(&outcome.written);
    let answers: Vec<Due> = peer.told.iter().filter_map(Due::from_told).collect();
    let due: Vec<Due> = heard.iter().filter_map(|heard| answer_to(heard, outcome)).collect();
    assert_eq!(answers, due);
}

fn answer_to(heard: &Due, outcome: &Outcome) -> Option<Due> {
    match heard {
        Due::Ping(payload) => Some(Due::Pong(payload.clone())),
        Due::Close(code) => Some(Due::Close(*code)),
        Due::Violation => {
            let rule = outcome.told.iter().find_map(|told| match told {
                Observed::Violation(violation) => Some(violation.rule),
                _ => None,
            })?;
            Some(Due::Close(Some(rule.close_code())))
        }
        Due::Message(..) | Due::Pong(_) => None,
    }
}
