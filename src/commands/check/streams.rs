//! Standard output and standard error of a run, which are written without waiting for their readers.

use std::io;

use mio::Token;

use crate::net::Reactor;
use crate::net::reactor::{Woken, tokens};
use crate::output::{Buffered, Outlet, OutputError};
use crate::platform::stdio::{Writer, are_one_stream};

const STANDARD_OUTPUT: &str = "standard output";

/// The streams.
pub(super) struct Streams {
    pub(super) out: Outlet,
    /// `None` where it is the same as standard output: what goes to one place stays in order.
    err: Option<Outlet>,
}

impl Streams {
    /// The streams as they are.
    ///
    /// # Errors
    /// If they cannot be used.
    pub(super) fn open(reactor: &Reactor) -> io::Result<Self> {
        let mut out = Outlet::stream(STANDARD_OUTPUT, Writer::stdout()?);
        register(&mut out, 0, reactor)?;
        let err = match are_one_stream() {
            true => None,
            false => {
                // An error on standard error cannot be reported.
                let mut err = Outlet::stream("standard error", Writer::stderr()?).optional();
                register(&mut err, 1, reactor)?;
                Some(err)
            }
        };
        Ok(Self { out, err })
    }

    /// Adds text for standard error.
    pub(super) fn put_err(&mut self, text: &str) {
        self.err.as_mut().unwrap_or(&mut self.out).put(text.as_bytes());
    }

    /// Whether so much is waiting that nothing should be added.
    pub(super) fn are_backed_up(&self) -> bool {
        self.all().any(Outlet::is_backed_up)
    }

    /// Writes what the streams take now. The wait at the end reports what fails.
    pub(super) fn flush(&mut self) {
        self.all_mut().for_each(Outlet::flush);
    }

    fn all(&self) -> impl Iterator<Item = &Outlet> {
        std::iter::once(&self.out).chain(&self.err)
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Outlet> {
        std::iter::once(&mut self.out).chain(&mut self.err)
    }
}

impl Buffered for Streams {
    fn write_ready(&mut self) -> Result<(), OutputError> {
        self.flush();
        match self.out.take_error() {
            Some(error) => Err(OutputError { name: self.out.name(), error }),
            None => Ok(()),
        }
    }

    fn is_drained(&self) -> bool {
        self.all().all(|outlet| outlet.pending() == 0)
    }

    fn set_ready(&mut self, woken: &Woken) {
        if woken.is_woken {
            self.set_all_ready(); // also after a wake-up that is not about them
        }
        for (index, reader_gone) in woken.outputs() {
            if let Some(outlet) = self.all_mut().nth(index) {
                outlet.set_ready(reader_gone);
            }
        }
    }

    fn set_all_ready(&mut self) {
        self.all_mut().for_each(|outlet| outlet.set_ready(false));
    }
}

fn register(outlet: &mut Outlet, index: usize, reactor: &Reactor) -> io::Result<()> {
    outlet.register(reactor.registry(), Token(tokens::OUTPUTS + index), &reactor.waker())
}
