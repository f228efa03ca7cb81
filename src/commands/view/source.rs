//! The file that is read.

use std::cell::RefCell;
use std::io::{self, ErrorKind, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;

use mio::Waker;

use super::{Viewing, handles_signals};

/// The file. What is known is shown before more is read, which may take a while.
pub(super) struct Source<'a, 'v> {
    input: Input,
    viewing: &'a RefCell<Viewing<'v>>,
}

enum Input {
    File(Box<dyn Read + Send>),
    /// Signals are waited for, too: a thread reads the file.
    Blocks(Blocks),
}

impl<'a, 'v> Source<'a, 'v> {
    /// Reads this file. A signal ends the reading, if the run handles signals.
    ///
    /// # Errors
    /// If there can be no thread.
    pub(super) fn new(
        file: Box<dyn Read + Send>,
        viewing: &'a RefCell<Viewing<'v>>,
    ) -> io::Result<Self> {
        let input = match handles_signals(viewing.borrow().config) {
            true => Input::Blocks(Blocks::of(file, viewing.borrow().screen.waker())?),
            false => Input::File(file),
        };
        Ok(Self { input, viewing })
    }
}

impl Read for Source<'_, '_> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        if self.viewing.borrow_mut().screen.flush().is_break() {
            return Ok(0); // the reader has closed the pipe, or a signal was received
        }
        let blocks = match &mut self.input {
            Input::File(file) => return file.read(space),
            Input::Blocks(blocks) => blocks,
        };
        loop {
            if let Some(read) = blocks.read(space) {
                return read;
            }
            if self.viewing.borrow_mut().screen.wait().is_break() {
                return Ok(0);
            }
        }
    }
}

/// How much is read at once.
const BLOCK: usize = 256 << 10;

/// How many blocks are read ahead.
const AHEAD: usize = 2;

/// Blocks of a file that a thread reads.
struct Blocks {
    receiver: Receiver<io::Result<Vec<u8>>>,
    /// The block that is taken now, and how much of it was.
    block: Vec<u8>,
    taken: usize,
}

impl Blocks {
    /// Those of this file. The loop is woken for each, and for the end.
    fn of(file: Box<dyn Read + Send>, waker: Arc<Waker>) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(AHEAD);
        let read = move || {
            read_all(file, &sender, &waker);
            drop(sender);
            let _ = waker.wake(); // the loop has ended
        };
        thread::Builder::new().name("read".to_owned()).spawn(read)?;
        Ok(Self { receiver, block: Vec::new(), taken: 0 })
    }

    /// What was read; `None`: nothing yet.
    fn read(&mut self, space: &mut [u8]) -> Option<io::Result<usize>> {
        if self.taken == self.block.len() {
            match self.receiver.try_recv() {
                Ok(Ok(block)) => (self.block, self.taken) = (block, 0),
                Ok(Err(error)) => return Some(Err(error)),
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Disconnected) => return Some(Ok(0)),
            }
        }
        let count = space.len().min(self.block.len() - self.taken);
        space[..count].copy_from_slice(&self.block[self.taken..][..count]);
        self.taken += count;
        Some(Ok(count))
    }
}

/// Reads until the end of the file, or until the receiver is dropped.
fn read_all(mut file: impl Read, sender: &SyncSender<io::Result<Vec<u8>>>, waker: &Waker) {
    loop {
        let mut block = vec![0; BLOCK];
        let result = match file.read(&mut block) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Ok(0) => return,
            Ok(count) => {
                block.truncate(count);
                Ok(block)
            }
            Err(error) => Err(error),
        };
        let has_failed = result.is_err();
        if sender.send(result).is_err() || has_failed {
            return;
        }
        let _ = waker.wake(); // the loop has ended
    }
}
