//! The random parameters of one run of `wscope URL`.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

use crate::messages::{Kind, Message, random_messages};
use crate::pauses::Habit;
use crate::support::{NO_STATUS, Signal};

/// `--wait` of all runs.
pub(crate) const WAIT: Duration = Duration::from_millis(200);

/// `--close-timeout` of all runs.
pub(crate) const CLOSE_TIMEOUT: Duration = Duration::from_millis(400);

/// The time limit of a run and of each of its steps, also on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// A run, determined by its seed.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    /// The messages that the server sends.
    pub(crate) received: Vec<Message>,
    /// The messages on stdin.
    pub(crate) sent: Vec<Message>,
    /// `--output`
    pub(crate) output: Output,
    /// `--input`
    pub(crate) input: Input,
    /// The server's response to the offer of permessage-deflate.
    pub(crate) compression: Compression,
    /// What ends the run.
    pub(crate) ending: Ending,
    /// The stalls of each side.
    pub(crate) stalls: Stalls,
    /// SIGSTOP after the first, SIGCONT after the second number of milliseconds.
    pub(crate) stop: Option<(u64, u64)>,
    /// The size of a read of stdout.
    pub(crate) read_size: usize,
}

/// How received messages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    Lines,
    Nul,
    Raw,
    Json,
}

/// How messages are given on stdin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Lines,
    BinaryLines,
    Nul,
    Json,
}

/// The negotiated permessage-deflate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    ContextKept,
    NoContext,
}

/// What ends a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The server's Close with this code.
    PeerClose(u16),
    /// The server ends TCP without a Close.
    PeerFin,
    /// The server resets the connection.
    PeerReset,
    /// The end of stdin, and then `--wait`.
    InputEnd,
    /// `--count`
    Count(usize),
    /// The reader of stdout closes it after this many bytes.
    ReaderCloses(usize),
    /// A signal after this many milliseconds.
    Signal(Signal, u64, PermanentStall),
    /// `--max-time` of this many milliseconds.
    MaxTime(u64, PermanentStall),
}

/// The sides that stall without end, in a run that must end nevertheless.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PermanentStall {
    /// After this many bytes stdout is not read until the program has ended.
    pub(crate) reader: Option<usize>,
    /// After this many frames the server does not read until the program has ended.
    pub(crate) server: Option<usize>,
}

/// The stalls of each side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stalls {
    pub(crate) stdout: Habit,
    pub(crate) stdin: Habit,
    pub(crate) server_reading: Habit,
    pub(crate) server_sending: Habit,
}

impl Scenario {
    /// A random one.
    pub(crate) fn random(random: &mut StdRng) -> Self {
        let output = pick(random, &[Output::Lines, Output::Nul, Output::Raw, Output::Json]);
        let input = pick(random, &[Input::Lines, Input::BinaryLines, Input::Nul, Input::Json]);
        let kind = Kind {
            text: true,
            binary: true,
            without: b"",
            // Empty messages are invisible without a separator.
            least: usize::from(output == Output::Raw),
            bytes: random_volume(random),
        };
        let received = random_messages(random, kind);
        let kind = Kind { bytes: random_volume(random), ..input.kind() };
        let sent = random_messages(random, kind);
        let bytes = received.iter().map(|message| message.data.len()).sum();
        let ending = random_ending(random, received.len(), bytes);
        let compression =
            pick(random, &[Compression::None, Compression::ContextKept, Compression::NoContext]);
        Self {
            received,
            sent,
            output,
            input,
            compression,
            ending,
            stalls: Stalls {
                stdout: Habit::random(random),
                stdin: Habit::random(random),
                server_reading: Habit::random(random),
                server_sending: Habit::random(random),
            },
            stop: random
                .random_bool(0.15)
                .then(|| (random.random_range(0..300), random.random_range(300..1200))),
            read_size: pick(random, &[500, 4096, 64 << 10]),
        }
    }
}

/// Mostly less than the capacity of all buffers between the two, sometimes more.
fn random_volume(random: &mut StdRng) -> usize {
    if random.random_bool(0.1) { 6 << 20 } else { 700_000 }
}

fn random_ending(random: &mut StdRng, messages: usize, bytes: usize) -> Ending {
    let millis = random.random_range(0..800);
    match random.random_range(0..12) {
        0 | 1 => Ending::PeerClose(pick(random, &[1000, 1001, NO_STATUS, 1011, 4000])),
        2 => Ending::PeerFin,
        3 => Ending::PeerReset,
        4 if messages > 0 => Ending::Count(random.random_range(1..=messages)),
        5 if bytes > 0 => Ending::ReaderCloses(random.random_range(0..bytes.div_ceil(2))),
        6 => Ending::MaxTime(200 + millis, random_permanent_stall(random)),
        7..=9 => {
            let signal = pick(random, &[Signal::INT, Signal::TERM, Signal::HUP]);
            Ending::Signal(signal, millis, random_permanent_stall(random))
        }
        _ => Ending::InputEnd,
    }
}

fn random_permanent_stall(random: &mut StdRng) -> PermanentStall {
    PermanentStall {
        reader: random.random_bool(0.4).then(|| random.random_range(0..100_000)),
        server: random.random_bool(0.2).then(|| random.random_range(0..10)),
    }
}

fn pick<T: Copy>(random: &mut StdRng, from: &[T]) -> T {
    from[random.random_range(0..from.len())]
}

impl Input {
    fn kind(self) -> Kind {
        let (text, binary, without): (_, _, &[u8]) = match self {
            Self::Lines => (true, false, b"\n\r"),
            Self::BinaryLines => (false, true, b"\n\r"),
            Self::Nul => (true, false, b"\0"),
            Self::Json => (true, true, b""),
        };
        Kind { text, binary, without, least: 0, bytes: 0 }
    }

    /// The options that select it.
    pub(crate) fn options(self) -> &'static [&'static str] {
        match self {
            Self::Lines => &["--input", "lines"],
            Self::BinaryLines => &["--input", "lines", "--binary"],
            Self::Nul => &["--input", "nul"],
            Self::Json => &["--input", "json"],
        }
    }
}

impl Output {
    /// The value of `--output`.
    pub(crate) fn value(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Nul => "nul",
            Self::Raw => "raw",
            Self::Json => "json",
        }
    }
}

impl Display for Scenario {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let size = |messages: &[Message]| {
            let bytes: usize = messages.iter().map(|message| message.data.len()).sum();
            format!("{} messages ({bytes} bytes)", messages.len())
        };
        write!(f, "the server sends {} ", size(&self.received))?;
        write!(f, "as --output {:?}, stdin gives {} ", self.output, size(&self.sent))?;
        write!(f, "as --input {:?}; compression {:?}; ", self.input, self.compression)?;
        write!(f, "ended by {:?}; {:?}", self.ending, self.stalls)?;
        if let Some((after, length)) = self.stop {
            write!(f, "; SIGSTOP after {after} ms for {length} ms")?;
        }
        write!(f, "; stdout is read by {} bytes", self.read_size)
    }
}
