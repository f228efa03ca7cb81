//! Standard input, read when it is ready.

use std::io;
use std::sync::Arc;
use std::task::Poll;

use mio::{Registry, Token, Waker};

use super::cutter::Cutter;
pub use super::cutter::InputFraming;
use super::repl::FileLoader;
use super::{Action, ActionSource, InputError, Next};
use crate::platform::signals::Signal;
use crate::platform::stdio::StdinReader;
use crate::platform::terminal;
use crate::protocol::MessageKind;

/// Standard input.
#[derive(Debug)]
pub struct Stdin {
    reader: StdinReader,
    cutter: Cutter,
    waker: Option<Arc<Waker>>,
    loader: FileLoader<Action>,
}

impl Stdin {
    /// Reads messages of this kind, framed like this.
    pub fn new(framing: InputFraming, kind: MessageKind) -> Self {
        Self {
            reader: StdinReader::default(),
            cutter: Cutter::new(framing, kind),
            waker: None,
            loader: FileLoader::default(),
        }
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
        self.reader.register(registry, token, waker)
    }

    fn set_ready(&mut self) {
        self.reader.set_ready();
    }

    fn is_typed(&self) -> bool {
        self.reader.is_typed()
    }

    fn take_waiting_messages(&mut self) -> u64 {
        let loading = self.loader.cancel(); // its action is one
        loading + self.cutter.take_waiting_messages()
    }

    fn next(&mut self, _: &Registry) -> Next<'_> {
        if self.loader.is_loading()
            && let Some(loaded) = self.loader.poll()
        {
            return match loaded {
                Poll::Pending => Next::Pending,
                Poll::Ready(Ok(action)) => Next::Action(action),
                Poll::Ready(Err(reason)) => Next::Failed(self.cutter.refuse(reason)),
            };
        }
        while !self.cutter.has_record() {
            let Some(reader) = self.reader.get_mut().filter(|_| !self.cutter.has_ended()) else {
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
            return match self.loader.start(file, waker) {
                Ok(()) => Next::Pending,
                Err(reason) => Next::Failed(self.cutter.refuse(reason)),
            };
        }
        self.cutter.next()
    }
}
