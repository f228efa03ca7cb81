//! Waiting for the end of a child process, with a time limit.

use std::process::{Child, ExitStatus};
use std::time::Duration;

/// The child's exit status, or `None` if it still runs after `limit`.
#[cfg(unix)]
pub(super) fn exit_status(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    if !exits_within(rustix::process::Pid::from_child(child), limit) {
        return None;
    }
    Some(child.wait().expect("the status of a child that has ended"))
}

/// Whether the child ends in time. It is not reaped, so that its id is not reused: a later kill cannot hit
/// another process.
#[cfg(unix)]
pub(super) fn exits_within(pid: rustix::process::Pid, limit: Duration) -> bool {
    use rustix::io::Errno;
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    use std::sync::mpsc;
    use std::thread;

    let (ended, end) = mpsc::channel();
    thread::spawn(move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while matches!(waitid(WaitId::Pid(pid), options), Err(Errno::INTR)) {}
        ended.send(())
    });
    end.recv_timeout(limit).is_ok()
}

/// The child's exit status, or `None` if it still runs after `limit`.
#[cfg(not(unix))]
pub(super) fn exit_status(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    use std::thread;
    use std::time::Instant;

    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("the status of a child") {
            return Some(status);
        }
        if start.elapsed() > limit {
            return None;
        }
        // std cannot wait for a process with a time limit.
        thread::sleep(Duration::from_millis(5));
    }
}
