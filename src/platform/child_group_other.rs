//! A command on systems without process groups: what it starts is not ended with it.

use std::io;
use std::process::{Child, ChildStderr, ChildStdout, Command};
use std::time::Duration;

/// A process. It is killed when it is dropped.
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

impl ChildGroup {
    /// Starts a command.
    ///
    /// # Errors
    /// If that is not possible.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        Ok(Self { child: command.spawn()? })
    }

    /// The ends of its pipes, once.
    pub fn take_pipes(&mut self) -> (Option<ChildStdout>, Option<ChildStderr>) {
        (self.child.stdout.take(), self.child.stderr.take())
    }

    /// How the process ended, if it has.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn exit(&mut self) -> io::Result<Option<Exit>> {
        let status = self.child.try_wait()?;
        Ok(status.map(|status| Exit::Status(status.code().unwrap_or_default())))
    }

    /// Kills it.
    pub fn end(&mut self, _: Duration) {
        let _ = self.child.kill(); // it may have ended just now
    }
}

impl Drop for ChildGroup {
    fn drop(&mut self) {
        let _ = self.child.kill(); // fails if it has ended
        let _ = self.child.wait();
    }
}
