//! One run of `wscope URL`.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rand::RngExt;

use crate::encode;
use crate::pauses::Pauses;
use crate::scenario::{CLOSE_TIMEOUT, Ending, LIMIT, Scenario, WAIT};
use crate::server::{Log, serve};
use crate::starvation;
use crate::support::{Outcome, Running, Server, Signal, wscope};
use crate::verdict;

/// The result of a run.
pub(crate) struct Run {
    /// Exit status and stderr.
    pub(crate) outcome: Outcome,
    /// All of stdout.
    pub(crate) stdout: Vec<u8>,
    /// The log of the server.
    pub(crate) log: Log,
    /// The time from the signal to the end, or from the start for `--max-time`.
    pub(crate) time_to_end: Duration,
    /// How long the program, or this thread of the test, was ready and had no processor.
    pub(crate) starved: Duration,
}

/// Runs the scenario and judges it.
pub(crate) fn run(scenario: &Scenario, seed: u64) -> Result<(), String> {
    let (sender, logs) = channel();
    let served = scenario.clone();
    let server = Server::script(move |peer| {
        let log = serve(peer, &served, seed);
        sender.send(log).expect("a receiver of the log");
    });
    let (started, starved_before) = (Instant::now(), starvation::of_this_thread());
    let (running, streams) = start(scenario, seed, &server.url());
    let signalled = send_signals(&running, scenario).unwrap_or(started);
    let starved = starvation::until_end_of(&running, LIMIT);
    let time_to_end = signalled.elapsed();
    let starved = starved + starvation::of_this_thread() - starved_before;
    let outcome = running.wait();
    let stdout = streams.finish();
    server.join();
    let log = logs.recv().expect("a server that has run to its end");
    verdict::judge(scenario, &Run { outcome, stdout, log, time_to_end, starved })
}

/// Stdin and stdout.
struct Streams {
    /// Dropped at the end of the run.
    end: std::sync::mpsc::Sender<()>,
    writer_end: std::sync::mpsc::Sender<()>,
    reader: JoinHandle<Vec<u8>>,
    writer: JoinHandle<()>,
}

impl Streams {
    fn finish(self) -> Vec<u8> {
        drop((self.end, self.writer_end));
        self.writer.join().expect("a writer that does not panic");
        self.reader.join().expect("a reader that does not panic")
    }
}

fn start(scenario: &Scenario, seed: u64, url: &str) -> (Running, Streams) {
    let (in_reader, in_writer) = pipe().expect("a pipe");
    let (out_reader, out_writer) = pipe().expect("a pipe");
    let millis = |duration: Duration| format!("{}ms", duration.as_millis());
    let mut program = wscope()
        .args(["-v", "--output", scenario.output.value(), "--wait", &millis(WAIT)])
        .args(["--close-timeout", &millis(CLOSE_TIMEOUT)])
        .args(scenario.input.options())
        .deadline(LIMIT);
    match scenario.ending {
        Ending::Count(count) => program = program.args(["--count", &count.to_string()]),
        Ending::MaxTime(time, _) => program = program.args(["--max-time", &format!("{time}ms")]),
        _ => {}
    }
    let program = program.arg(url).stdin_from(in_reader).stdout_to(out_writer);
    let mut running = program.spawn();
    let ((end, ended), (writer_end, writer_ended)) = (channel(), channel());
    let (reading, writing) = (scenario.clone(), scenario.clone());
    let reader = thread::spawn(move || read_stdout(&reading, seed, out_reader, &ended));
    let writer = thread::spawn(move || write_stdin(&writing, seed, in_writer, &writer_ended));
    running.wait_stderr("connected");
    (running, Streams { end, writer_end, reader, writer })
}

/// Stops, continues and signals the program according to the scenario. Returns when the signal was sent.
fn send_signals(running: &Running, scenario: &Scenario) -> Option<Instant> {
    if let Some((after, length)) = scenario.stop {
        thread::sleep(Duration::from_millis(after));
        running.signal(Signal::STOP);
        thread::sleep(Duration::from_millis(length));
        running.signal(Signal::CONT);
    }
    let Ending::Signal(signal, after, _) = scenario.ending else { return None };
    thread::sleep(Duration::from_millis(after));
    running.signal(signal);
    Some(Instant::now())
}

fn read_stdout(
    scenario: &Scenario,
    seed: u64,
    mut reader: PipeReader,
    ended: &Receiver<()>,
) -> Vec<u8> {
    let mut pauses = Pauses::new(scenario.stalls.stdout, seed, 3);
    let mut stall_after = match scenario.ending {
        Ending::Signal(_, _, stall) | Ending::MaxTime(_, stall) => stall.reader,
        _ => None,
    };
    let (mut stdout, mut piece) = (Vec::new(), vec![0; scenario.read_size]);
    loop {
        pauses.stall_at_random();
        let room = match scenario.ending {
            Ending::ReaderCloses(after) => piece.len().min(after - stdout.len()),
            _ => piece.len(),
        };
        match reader.read(&mut piece[..room]) {
            Ok(count @ 1..) => stdout.extend(&piece[..count]),
            _ => return stdout,
        }
        if stall_after.take_if(|after| stdout.len() >= *after).is_some() {
            // Wait until the program has ended.
            let _ = ended.recv();
        }
    }
}

fn write_stdin(scenario: &Scenario, seed: u64, mut writer: PipeWriter, ended: &Receiver<()>) {
    let mut pauses = Pauses::new(scenario.stalls.stdin, seed, 4);
    let bytes = encode::stdin(&scenario.sent, scenario.input);
    let mut rest = &*bytes;
    while !rest.is_empty() {
        let most = if pauses.random().random_bool(0.1) { 100 } else { 64 << 10 };
        let size = pauses.random().random_range(1..=rest.len().min(most));
        let (piece, more) = rest.split_at(size);
        // Fails when the program has ended or has stopped reading.
        if writer.write_all(piece).is_err() {
            break;
        }
        pauses.stall_at_random();
        rest = more;
    }
    if scenario.ending != Ending::InputEnd {
        // Stdin stays open until the program has ended.
        let _ = ended.recv();
    }
}
