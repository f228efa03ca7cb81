//! Standard input, read when it is ready.

use std::io;
use std::sync::Arc;

use mio::{Registry, Token, Waker};

use super::cutter::Cutter;
pub use super::cutter::Framing;
use super::{InputError, Next, Source};
use crate::platform::stdio::Reader;
use crate::protocol::MessageKind;

/// Standard input.
#[derive(Debug)]
pub struct Stdin {
    reader: Option<Reader>,
    cutter: Cutter,
}

impl Stdin {
    /// Reads messages of this kind, framed like this.
    pub fn new(framing: Framing, kind: MessageKind) -> Self {
        Self { reader: None, cutter: Cutter::new(framing, kind) }
    }
}

impl Source for Stdin {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        waker: &Arc<Waker>,
    ) -> io::Result<()> {
        match &mut self.reader {
            // It may have been announced while nobody listened.
            Some(reader) => reader.renew(registry),
            None => {
                self.reader = Some(Reader::register(registry, token, waker)?);
                Ok(())
            }
        }
    }

    fn set_ready(&mut self) {
        if let Some(reader) = &mut self.reader {
            reader.set_ready();
        }
    }

    fn next(&mut self, registry: &Registry) -> Next<'_> {
        while !self.cutter.has_record() {
            let Some(reader) = self.reader.as_mut().filter(|_| !self.cutter.has_ended()) else {
                break;
            };
            match reader.read(registry, self.cutter.space()) {
                Ok(count) => self.cutter.filled(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.cutter.release_idle_memory();
                    return Next::Pending;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.cutter.fail(InputError::Io(error)),
            }
        }
        self.cutter.next()
    }
}
