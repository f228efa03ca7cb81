//! One run of `wscope listen`: clients that send lines and receive those of stdin.

use std::fmt::{self, Display, Formatter};
use std::io::{PipeReader, Read, pipe};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rand::RngExt;
use rand::rngs::StdRng;

use crate::messages::{Kind, Message, random_messages};
use crate::pauses::{Habit, Pauses};
use crate::support::{CLOSE, DEADLINE, PING, Peer, Signal, TEXT, frame, masked, ping, wscope};
use crate::verdict::TIME_TO_END;

/// A run, determined by its seed.
#[derive(Debug)]
pub(crate) struct Scenario {
    clients: Vec<Client>,
    lines: Vec<Message>,
    stdout: Habit,
    read_size: usize,
}

#[derive(Clone, Debug)]
struct Client {
    messages: Vec<Message>,
    sending: Habit,
    reading: Habit,
}

const LINES: Kind = Kind { text: true, binary: false, without: b"\n\r", least: 0, bytes: 1 << 20 };

impl Scenario {
    /// A random one.
    pub(crate) fn random(random: &mut StdRng) -> Self {
        let lines = random_messages(random, LINES);
        let clients = (0..random.random_range(1..6))
            .map(|number| Client {
                messages: random_messages(random, LINES)
                    .into_iter()
                    .map(|message| numbered(number, message))
                    .collect(),
                sending: Habit::random(random),
                reading: Habit::random(random),
            })
            .collect();
        let read_size = if random.random_bool(0.5) { 1000 } else { 64 << 10 };
        Self { clients, lines, stdout: Habit::random(random), read_size }
    }

    fn bytes(&self) -> usize {
        let messages = self.clients.iter().flat_map(|client| &client.messages);
        messages.map(|message| message.data.len() + 1).sum()
    }
}

/// The message with the client's number as prefix.
fn numbered(client: usize, message: Message) -> Message {
    let data = [format!("{client}:").as_bytes(), &message.data].concat();
    Message { data, ..message }
}

impl Display for Scenario {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "listen: stdin gives {} lines, stdout {:?}", self.lines.len(), self.stdout)?;
        for client in &self.clients {
            let (sending, reading) = (client.sending, client.reading);
            write!(f, "; a client of {} messages", client.messages.len())?;
            write!(f, " sends {sending:?}, reads {reading:?}")?;
        }
        Ok(())
    }
}

/// Runs the scenario and judges it.
pub(crate) fn run(scenario: &Scenario, seed: u64) -> Result<(), String> {
    let (reader, writer) = pipe().expect("a pipe");
    let program = wscope().args(["listen", "--output", "lines", "--close-timeout", "300ms", ":0"]);
    let mut running = program.stdin_open().stdout_to(writer).spawn();
    let line = running.wait_stderr("listening on ");
    let port =
        line.split("127.0.0.1:").nth(1).and_then(|rest| rest.split('/').next()?.parse().ok());
    let port = port.ok_or_else(|| format!("no port in {line:?}"))?;
    let (sender, pieces) = channel();
    let (habit, read_size) = (scenario.stdout, scenario.read_size);
    thread::spawn(move || read_stdout(reader, habit, seed, read_size, &sender));
    let peers: Vec<_> = scenario.clients.iter().map(|_| connect(port)).collect();
    running.wait_stderr(&format!("#{} ", peers.len()));
    for line in &scenario.lines {
        running.write_stdin([&*line.data, b"\n"].concat());
    }
    let results: Vec<_> = thread::scope(|scope| {
        let clients = peers.into_iter().zip(&scenario.clients).enumerate();
        let threads: Vec<_> = clients
            .map(|(number, (peer, client))| {
                scope.spawn(move || exchange(peer, client, &scenario.lines, seed + number as u64))
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err("a client panicked".to_owned())))
            .collect()
    });
    let stdout = collect(&pieces, scenario.bytes());
    running.signal(Signal::TERM);
    let signalled = Instant::now();
    let outcome = running.wait();
    for (number, result) in results.into_iter().enumerate() {
        result.map_err(|failure| {
            format!("client {number}: {failure}\n--- stderr ---\n{}", outcome.stderr)
        })?;
    }
    judge_stdout(scenario, &stdout)
        .map_err(|failure| format!("{failure}\n--- stderr ---\n{}", outcome.stderr))?;
    if signalled.elapsed() > TIME_TO_END || outcome.code != Some(143) {
        return Err(format!("exit status {:?} after {:?}", outcome.code, signalled.elapsed()));
    }
    Ok(())
}

fn connect(port: u16) -> Peer {
    let mut peer = Peer::connect(port);
    peer.request("/", &[]);
    let head = peer.read_head();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    peer
}

/// Sends all messages while receiving the lines, then closes.
fn exchange(mut peer: Peer, client: &Client, lines: &[Message], seed: u64) -> Result<(), String> {
    let (mut socket, messages, sending) = (peer.socket(), client.messages.clone(), client.sending);
    let sender = thread::spawn(move || {
        let mut pauses = Pauses::new(sending, seed, 5);
        messages.iter().try_for_each(|message| {
            pauses.stall_at_random();
            let frames =
                [masked(&frame(true, 0, TEXT, &message.data)), masked(&ping(b"p"))].concat();
            std::io::Write::write_all(&mut socket, &frames)
        })
    });
    let mut pauses = Pauses::new(client.reading, seed, 6);
    let (mut pongs, mut got) = (0, 0);
    while got < lines.len() || pongs == 0 && !client.messages.is_empty() {
        pauses.stall_at_random();
        let frame = peer
            .try_read_frame()
            .map_err(|error| format!("{got} of {} lines: {error}", lines.len()))?;
        match frame {
            Some(frame)
                if frame.opcode == TEXT
                    && got < lines.len()
                    && frame.payload == lines[got].data =>
            {
                got += 1
            }
            Some(frame) if frame.opcode == crate::support::PONG => pongs += 1,
            Some(frame) => {
                return Err(format!(
                    "after {got} of {} lines: unexpected opcode {} of {} bytes",
                    lines.len(),
                    frame.opcode,
                    frame.payload.len()
                ));
            }
            None => {
                return Err(format!("the connection ended after {got} of {} lines", lines.len()));
            }
        }
    }
    sender
        .join()
        .expect("a sender that does not panic")
        .map_err(|error| format!("cannot send: {error}"))?;
    peer.close(1000, "");
    loop {
        match peer.try_read_frame() {
            Ok(Some(frame)) if frame.opcode == CLOSE => return Ok(()),
            Ok(Some(frame)) if frame.opcode != PING => {}
            other => return Err(format!("instead of an answer to our Close: {other:?}")),
        }
    }
}

fn read_stdout(
    mut reader: PipeReader,
    habit: Habit,
    seed: u64,
    size: usize,
    pieces: &Sender<Vec<u8>>,
) {
    let mut pauses = Pauses::new(habit, seed, 7);
    let mut piece = vec![0; size];
    loop {
        pauses.stall_at_random();
        match reader.read(&mut piece) {
            Ok(count @ 1..) if pieces.send(piece[..count].to_vec()).is_ok() => {}
            _ => return,
        }
    }
}

/// Up to `bytes` bytes, fewer if the deadline passes.
fn collect(pieces: &Receiver<Vec<u8>>, bytes: usize) -> Vec<u8> {
    let until = Instant::now() + DEADLINE;
    let mut stdout = Vec::new();
    while stdout.len() < bytes {
        match pieces.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(piece) => stdout.extend(piece),
            Err(_) => break,
        }
    }
    // There must be no more than that.
    while let Ok(piece) = pieces.recv_timeout(Duration::ZERO) {
        stdout.extend(piece);
    }
    stdout
}

/// Every message of every client, in order for each of them.
fn judge_stdout(scenario: &Scenario, stdout: &[u8]) -> Result<(), String> {
    let mut next = vec![0; scenario.clients.len()];
    for line in stdout.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").ok_or("the last line is cut")?;
        let client = usize::from(line.first().copied().unwrap_or_default().wrapping_sub(b'0'));
        let Some(messages) = scenario.clients.get(client).map(|client| &client.messages) else {
            return Err(format!("a line without a client: {}", line.escape_ascii()));
        };
        let number = next[client];
        if messages.get(number).is_none_or(|expected| expected.data != line) {
            return Err(crate::encode::difference(
                &format!("client {client}"),
                number,
                line,
                messages.get(number).map_or(b"", |message| &message.data),
            ));
        }
        next[client] += 1;
    }
    let missing =
        next.iter().zip(&scenario.clients).find(|(next, client)| **next < client.messages.len());
    match missing {
        Some((got, client)) => {
            Err(format!("{got} of {} messages of a client were written", client.messages.len()))
        }
        None => Ok(()),
    }
}
