//! Stalls of all streams of the program, signals during them, and descriptors shared with other processes.
//! Nothing is lost, no timer counts our own stall, and every run ends in time.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::scripts::serve;
use crate::support::{Outcome, Peer, Server, close, text};

mod close_during_send;
mod closed_streams;
mod echo;
mod flood_at_prompt;
#[cfg(target_os = "linux")]
mod full_disk;
#[cfg(target_os = "linux")]
mod long_values;
mod pager;
mod reader_pause;
mod shared_description;
mod signals;
mod stopped_process;
mod stopped_terminal;

/// The time limit of a run after a signal or `--max-time`: the documented second, and a margin for a busy
/// machine.
pub(crate) const TIME_TO_END: Duration = Duration::from_secs(2);

/// Longer than the timers of a test.
const PAUSE: Duration = Duration::from_millis(1500);

/// More than what a flood still shows once the display is stopped: the kernel's buffers of a terminal, and what is written
/// until a thread that is scheduled late stops it. A display that goes on writes tens of megabytes.
pub(crate) const SHOWN_WHILE_STOPPING: usize = 2 << 20;

/// A pause that is itself tested, not a way to wait for an event.
fn pause() {
    thread::sleep(PAUSE);
}

/// A numbered line of length `size`.
fn numbered_line(number: usize, size: usize) -> String {
    format!("{number:06} {}", "a".repeat(size - 7))
}

/// A server that sends messages until the client closes with `code`, which it answers. The numbers of bytes
/// sent are reported.
pub(crate) fn serve_flood(message: &str, code: u16) -> (Server, Receiver<usize>) {
    let batch = text(message).repeat(1 + (64 << 10) / (message.len() + 4));
    let (sender, progress) = channel();
    let server = serve(move |peer| flood(peer, batch, code, sender));
    (server, progress)
}

fn flood(peer: &mut Peer, batch: Vec<u8>, code: u16, progress: Sender<usize>) {
    let is_closing = Arc::new(AtomicBool::new(false));
    let (mut socket, seen) = (peer.socket(), Arc::clone(&is_closing));
    let writer = thread::spawn(move || {
        while !seen.load(Ordering::SeqCst) {
            if socket.write_all(&batch).is_err() {
                return;
            }
            // Fails if the test has dropped the receiver.
            let _ = progress.send(batch.len());
        }
        // Fails if the client has disconnected.
        let _ = socket.write_all(&close(code, ""));
    });
    peer.expect_close(code);
    is_closing.store(true, Ordering::SeqCst);
    writer.join().expect("a writer that does not panic");
}

/// The number of messages that stderr reports as not delivered. Fails without one.
#[track_caller]
fn expect_drop_count(outcome: &Outcome) -> usize {
    drop_count(&outcome.stderr).unwrap_or_else(|| {
        panic!("stderr does not report undelivered messages:\n{}", outcome.stderr)
    })
}

/// The number of messages that stderr reports as not delivered.
pub(crate) fn drop_count(stderr: &str) -> Option<usize> {
    const WORDS: [&str; 3] = ["not written", "not shown", "not sent"];
    let line = stderr.lines().find(|line| WORDS.iter().any(|word| line.contains(word)))?;
    let (before, _) = line.split_once(" message")?;
    before.rsplit(' ').next()?.replace(',', "").parse().ok()
}

/// Stdout consists of lines of the flood; only the last may be incomplete.
#[track_caller]
fn assert_lines(outcome: &Outcome, line: &str) {
    let is_cut = |seen: &str| !seen.ends_with('\n') && line.starts_with(seen);
    let unexpected =
        outcome.stdout.split_inclusive('\n').find(|seen| seen.trim_end() != line && !is_cut(seen));
    assert!(unexpected.is_none(), "an incomplete message: {unexpected:?}");
}
