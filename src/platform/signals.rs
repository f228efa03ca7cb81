//! SIGINT and SIGTERM as something an event loop can wait for.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use mio::net::UnixStream;
use mio::{Interest, Registry, Token};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{SigId, flag, low_level};

pub use super::signal::Signal;

/// The signals that come.
#[derive(Debug)]
pub struct Signals {
    pipes: [(Signal, UnixStream); 2],
    shutdowns: Vec<SigId>,
}

impl Signals {
    /// Takes SIGINT and SIGTERM over. A second signal of a kind ends the process at once, also where
    /// the event loop hangs in a system call.
    ///
    /// # Errors
    /// When the system refuses the handlers.
    pub fn install() -> io::Result<Self> {
        let mut shutdowns = Vec::new();
        let mut take_over = |signal: Signal, number| {
            let seen = Arc::new(AtomicBool::new(false));
            let code = i32::from(signal.exit_code());
            shutdowns.push(flag::register_conditional_shutdown(number, code, Arc::clone(&seen))?);
            shutdowns.push(flag::register(number, seen)?);
            let (wake, end) = std::os::unix::net::UnixStream::pair()?;
            wake.set_nonblocking(true)?;
            low_level::pipe::register(number, end)?;
            io::Result::Ok((signal, UnixStream::from_std(wake)))
        };
        let pipes = [take_over(Signal::Interrupt, SIGINT)?, take_over(Signal::Terminate, SIGTERM)?];
        Ok(Self { pipes, shutdowns })
    }

    /// Lets `registry` report signals as readiness of `token`.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        for (_, pipe) in &mut self.pipes {
            registry.register(pipe, token, Interest::READABLE)?;
        }
        Ok(())
    }

    /// Leaves also a second signal to the event loop: while a line editor has the terminal in its
    /// hands, the process must not end without giving it back.
    pub fn leave_to_loop(&mut self) {
        for id in self.shutdowns.drain(..) {
            low_level::unregister(id);
        }
    }

    /// The next signal that has come, each one once.
    pub fn take(&mut self) -> Option<Signal> {
        self.pipes.iter_mut().find_map(|(signal, pipe)| {
            let came = matches!(pipe.read(&mut [0]), Ok(count) if count > 0);
            came.then_some(*signal)
        })
    }
}
