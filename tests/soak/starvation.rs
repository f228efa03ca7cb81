//! Time in which a thread was ready to run and had no processor, which happens on a busy machine.

use std::fs;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use crate::support::Running;

/// The time of this thread so far.
pub(crate) fn of_this_thread() -> Duration {
    of("/proc/thread-self/schedstat")
}

/// Waits up to `limit` for the end of the program, without reaping it. Returns the time of its main thread.
pub(crate) fn until_end_of(running: &Running, limit: Duration) -> Duration {
    let id = running.id();
    let (ended, end) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let pid = Pid::from_raw(id.cast_signed()).expect("the id of a process");
        let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
        ended.send(())
    });
    let _ = end.recv_timeout(limit);
    of(&format!("/proc/{id}/schedstat"))
}

/// The second of the three numbers in the file.
fn of(path: &str) -> Duration {
    let stat = fs::read_to_string(path).unwrap_or_default();
    let nanoseconds = stat.split_whitespace().nth(1).and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}
