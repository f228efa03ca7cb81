//! A command with all that it starts: a process group of its own, which ends as a whole.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, ChildStdout, Command};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process_group, waitid,
};

/// A process that leads a group. When it is dropped, whatever of the group is left is killed.
#[derive(Debug)]
pub struct ChildGroup {
    child: Child,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// With this status.
    Status(i32),
    /// By this signal.
    Signal(String),
}

/// How often its end is looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

impl ChildGroup {
    /// Starts a command.
    ///
    /// # Errors
    /// If that is not possible.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        Ok(Self { child: command.process_group(0).spawn()? })
    }

    /// The ends of its pipes, once.
    pub fn take_pipes(&mut self) -> (Option<ChildStdout>, Option<ChildStderr>) {
        (self.child.stdout.take(), self.child.stderr.take())
    }

    /// How the process ended, if it has. It stays a zombie, so that no other group can get its number.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn exit(&mut self) -> io::Result<Option<Exit>> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        Ok(waitid(WaitId::Pid(self.id()), options)?.map(|status| exit(&status)))
    }

    /// Ends the group: it is asked to, and killed when its leader has ended or the time is over.
    pub fn end(&mut self, grace: Duration) {
        let _ = kill_process_group(self.id(), Signal::TERM); // it may have ended just now
        let until = Instant::now() + grace;
        while Instant::now() < until && matches!(self.exit(), Ok(None)) {
            thread::sleep(LOOK_AGAIN);
        }
        let _ = kill_process_group(self.id(), Signal::KILL);
    }

    fn id(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for ChildGroup {
    fn drop(&mut self) {
        // The number is still ours: only the next line gives it back.
        let _ = kill_process_group(self.id(), Signal::KILL);
        let _ = self.child.wait();
    }
}

fn exit(status: &WaitIdStatus) -> Exit {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(status), _) => Exit::Status(status),
        (None, signal) => {
            let number = signal.unwrap_or_default();
            let name = signal_hook::low_level::signal_name(number);
            Exit::Signal(name.map_or_else(|| format!("signal {number}"), str::to_owned))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::process::Stdio;

    use super::*;

    fn shell(text: &str) -> ChildGroup {
        let mut command = Command::new("sh");
        command.args(["-c", text]).stdin(Stdio::null()).stdout(Stdio::piped());
        ChildGroup::spawn(&mut command).expect("sh")
    }

    fn wait(group: &mut ChildGroup) -> Exit {
        loop {
            match group.exit().expect("a status") {
                Some(exit) => return exit,
                None => thread::yield_now(),
            }
        }
    }

    #[test]
    fn the_end_of_a_process_is_its_status_or_a_signal() {
        let mut group = shell("exit 3");
        assert_eq!(wait(&mut group), Exit::Status(3));
        assert_eq!(wait(&mut group), Exit::Status(3), "as often as it is asked for");
        assert_eq!(wait(&mut shell("kill -KILL $$")), Exit::Signal("SIGKILL".to_owned()));
    }

    #[test]
    fn what_a_process_started_ends_with_the_group() {
        // Its output ends only when nothing holds it open any more.
        let mut group = shell("sleep 1000 & echo started");
        let mut stdout = group.take_pipes().0.expect("a pipe");
        assert_eq!(wait(&mut group), Exit::Status(0));
        drop(group);
        let mut text = String::new();
        stdout.read_to_string(&mut text).expect("UTF-8");
        assert_eq!(text, "started\n");
    }

    #[test]
    fn what_ignores_the_request_to_end_is_killed() {
        let mut group = shell("trap '' TERM; echo ready; sleep 1000; sleep 1000");
        let mut stdout = group.take_pipes().0.expect("a pipe");
        let mut text = [0; 6];
        stdout.read_exact(&mut text).expect("ready");
        group.end(Duration::from_millis(1));
        assert_eq!(wait(&mut group), Exit::Signal("SIGKILL".to_owned()));
    }
}
