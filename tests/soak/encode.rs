//! Messages as frames, as lines of stdin, and as bytes of stdout.

use data_encoding::BASE64;
use flate2::{Compress, Decompress, FlushCompress, FlushDecompress, Status};
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use crate::messages::Message;
use crate::scenario::{Compression, Input, Output};
use crate::support::{BINARY, CONTINUATION, Frame, TEXT, frame, ping};

const RSV1: u8 = 4;
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// Encodes messages as frames of a server.
pub(crate) struct Encoder {
    compression: Compression,
    state: Compress,
    pings: u64,
}

impl Encoder {
    /// Before the first message.
    pub(crate) fn new(compression: Compression) -> Self {
        Self { compression, state: Compress::new(flate2::Compression::fast(), false), pings: 0 }
    }

    /// A message in a random number of fragments, with pings between.
    pub(crate) fn encode(&mut self, message: &Message, random: &mut StdRng) -> Vec<u8> {
        let compressed = self.compression != Compression::None && random.random_bool(0.7);
        let payload = if compressed { self.compress(&message.data) } else { message.data.clone() };
        let mut opcode = if message.is_text { TEXT } else { BINARY };
        let mut rsv = if compressed { RSV1 } else { 0 };
        let (mut frames, mut rest) = (Vec::new(), &*payload);
        while random.random_bool(0.3) {
            let (fragment, more) = rest.split_at(random.random_range(0..=rest.len()));
            frames.extend(frame(false, rsv, opcode, fragment));
            if random.random_bool(0.3) {
                self.pings += 1;
                frames.extend(ping(self.pings.to_string().as_bytes()));
            }
            (opcode, rsv, rest) = (CONTINUATION, 0, more);
        }
        frames.extend(frame(true, rsv, opcode, rest));
        frames
    }

    /// How many pings were sent; their payloads are the numbers from 1.
    pub(crate) fn pings(&self) -> u64 {
        self.pings
    }

    fn compress(&mut self, data: &[u8]) -> Vec<u8> {
        if data.is_empty() {
            // RFC 7692 section 7.2.3.6: there is nothing to flush.
            return vec![0];
        }
        if self.compression == Compression::NoContext {
            self.state.reset();
        }
        let mut compressed = Vec::with_capacity(data.len() + data.len() / 100 + 1024);
        let before = self.state.total_in();
        self.state
            .compress_vec(data, &mut compressed, FlushCompress::Sync)
            .expect("data to compress");
        assert_eq!(self.state.total_in() - before, data.len() as u64, "enough capacity");
        compressed.truncate(compressed.len() - TAIL.len());
        compressed
    }
}

/// Decodes messages from the frames of a client.
pub(crate) struct Decoder {
    state: Decompress,
    partial: Option<(Frame, Vec<u8>)>,
}

impl Decoder {
    /// Before the first frame.
    pub(crate) fn new() -> Self {
        Self { state: Decompress::new(false), partial: None }
    }

    /// Decodes a data frame; returns the message if it is the last of one.
    pub(crate) fn decode(&mut self, frame: Frame) -> Result<Option<Message>, String> {
        let (first, mut payload) = match (self.partial.take(), frame.opcode) {
            (None, TEXT | BINARY) => (Frame { payload: Vec::new(), ..frame.clone() }, Vec::new()),
            (Some(partial), CONTINUATION) => partial,
            (_, opcode) => {
                return Err(format!("the client sent a frame with opcode {opcode} here"));
            }
        };
        payload.extend(&frame.payload);
        if !frame.fin {
            self.partial = Some((first, payload));
            return Ok(None);
        }
        let data = if first.rsv & RSV1 == 0 { payload } else { self.inflate(payload)? };
        Ok(Some(Message { is_text: first.opcode == TEXT, data }))
    }

    fn inflate(&mut self, mut payload: Vec<u8>) -> Result<Vec<u8>, String> {
        payload.extend(TAIL);
        let (mut data, mut rest) = (Vec::new(), &*payload);
        loop {
            data.reserve(64 << 10);
            let before = (self.state.total_in(), self.state.total_out());
            let status = self.state.decompress_vec(rest, &mut data, FlushDecompress::Sync);
            let status = status.map_err(|error| format!("the client's compression: {error}"))?;
            rest = &rest[usize::try_from(self.state.total_in() - before.0).expect("a length")..];
            let is_stuck = (self.state.total_in(), self.state.total_out()) == before;
            if status == Status::BufError
                || is_stuck
                || (rest.is_empty() && data.len() < data.capacity())
            {
                return Ok(data);
            }
        }
    }
}

/// The contents of stdin: all messages one after another.
pub(crate) fn stdin(messages: &[Message], input: Input) -> Vec<u8> {
    let mut bytes = Vec::new();
    for message in messages {
        match input {
            Input::Lines | Input::BinaryLines => bytes.extend([&*message.data, b"\n"].concat()),
            Input::Nul => bytes.extend([&*message.data, b"\0"].concat()),
            Input::Json => bytes.extend((action(message).to_string() + "\n").bytes()),
        }
    }
    bytes
}

fn action(message: &Message) -> Value {
    if message.is_text {
        return json!({"type": "text", "data": String::from_utf8_lossy(&message.data)});
    }
    json!({"type": "binary", "encoding": "base64", "data": BASE64.encode(&message.data)})
}

/// How many messages are complete, if stdout is what the server sent or a prefix of it.
pub(crate) fn shown(stdout: &[u8], messages: &[Message], output: Output) -> Result<usize, String> {
    match output {
        Output::Lines => shown_bytes(stdout, messages, b"\n"),
        Output::Nul => shown_bytes(stdout, messages, b"\0"),
        Output::Raw => shown_bytes(stdout, messages, b""),
        Output::Json => shown_events(stdout, messages),
    }
}

fn shown_bytes(stdout: &[u8], messages: &[Message], end: &[u8]) -> Result<usize, String> {
    let mut rest = stdout;
    for (number, message) in messages.iter().enumerate() {
        let expected = [&*message.data, end].concat();
        match rest.strip_prefix(&*expected) {
            Some(more) => rest = more,
            None if expected.starts_with(rest) => return Ok(number),
            None => return Err(difference("stdout", number, rest, &expected)),
        }
    }
    if rest.is_empty() {
        Ok(messages.len())
    } else {
        Err(format!("{} bytes too many on stdout", rest.len()))
    }
}

fn shown_events(stdout: &[u8], messages: &[Message]) -> Result<usize, String> {
    let mut expected = messages.iter().enumerate();
    for line in stdout.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")) {
        let event: Value =
            serde_json::from_slice(line).map_err(|error| format!("not JSON: {error}"))?;
        if event["event"] != "message" || event["direction"] != "received" {
            continue;
        }
        let data = event["data"].as_str().unwrap_or_default().as_bytes();
        let is_text = event["type"] == "text";
        let data = if is_text {
            data.to_vec()
        } else {
            BASE64.decode(data).map_err(|error| error.to_string())?
        };
        let Some((number, expected)) = expected.next() else {
            return Err("an event of a message that was not sent".to_owned());
        };
        if (Message { is_text, data: data.clone() }) != *expected {
            return Err(difference("stdout (JSON)", number, &data, &expected.data));
        }
    }
    Ok(messages.len() - expected.len())
}

/// Where and how message `number` differs.
pub(crate) fn difference(place: &str, number: usize, got: &[u8], expected: &[u8]) -> String {
    let at = got.iter().zip(expected).take_while(|(got, expected)| got == expected).count();
    let shown = |bytes: &[u8]| {
        bytes[at.min(bytes.len())..]
            .iter()
            .take(60)
            .copied()
            .collect::<Vec<_>>()
            .escape_ascii()
            .to_string()
    };
    format!(
        "{place}: message {number} differs at byte {at} of {}: got \"{}\", expected \"{}\"",
        expected.len(),
        shown(got),
        shown(expected)
    )
}
