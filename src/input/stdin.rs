//! Standard input, read when it is ready.

use std::io;
use std::sync::Arc;

use mio::{Registry, Token, Waker};

use super::cutter::Cutter;
pub use super::cutter::InputFraming;
use super::repl::Loading;
use super::{Action, ActionSource, InputError, Next};
use crate::platform::signals::Signal;
use crate::platform::stdio::{Reader, register_stdin};
use crate::platform::terminal;
use crate::protocol::MessageKind;

/// Standard input.
#[derive(Debug)]
pub struct Stdin {
    reader: Option<Reader>,
    cutter: Cutter,
    waker: Option<Arc<Waker>>,
    /// The file that the last line named. Later lines wait until it is loaded.
    loading: Option<Loading<Action>>,
}

impl Stdin {
    /// Reads messages of this kind, framed like this.
    pub fn new(framing: InputFraming, kind: MessageKind) -> Self {
        Self { reader: None, cutter: Cutter::new(framing, kind), waker: None, loading: None }
    }
}

impl ActionSource for Stdin {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        waker: &Arc<Waker>,
    ) -> io::Result<()> {
        self.waker = Some(Arc::clone(waker));
        register_stdin(&mut self.reader, registry, token, waker)
    }

    fn set_ready(&mut self) {
        if let Some(reader) = &mut self.reader {
            reader.set_ready();
        }
    }

    fn is_typed(&self) -> bool {
        self.reader.as_ref().is_some_and(Reader::is_typed)
    }

    fn take_waiting_messages(&mut self) -> u64 {
        let loading = self.loading.take().map_or(0, |_| 1); // its action is one
        loading + self.cutter.take_waiting_messages()
    }

    fn next(&mut self, _: &Registry) -> Next<'_> {
        if let Some(loading) = &self.loading {
            let Some(loaded) = loading.poll() else { return Next::Pending };
            self.loading = None;
            return match loaded {
                Ok(action) => Next::Action(action),
                Err(reason) => Next::Failed(self.cutter.refuse(reason)),
            };
        }
        while !self.cutter.has_record() {
            let Some(reader) = self.reader.as_mut().filter(|_| !self.cutter.has_ended()) else {
                break;
            };
            match reader.read(self.cutter.space()) {
                // First, since that is the case at most turns of the loop.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.cutter.release_idle_memory();
                    return Next::Pending;
                }
                Ok(0) | Err(_) if terminal::is_gone() => {
                    self.cutter.filled(0);
                    return Next::Action(Action::Leave(Signal::Hangup));
                }
                Ok(count) => self.cutter.filled(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.cutter.fail(InputError::Io(error)),
            }
        }
        if let (Some(file), Some(waker)) = (self.cutter.take_file(), &self.waker) {
            return match Loading::start(file, waker) {
                Ok(loading) => {
                    self.loading = Some(loading);
                    Next::Pending
                }
                Err(reason) => Next::Failed(self.cutter.refuse(reason)),
            };
        }
        self.cutter.next()
    }
}
