//! Standard input and output without blocking, and without O_NONBLOCK on descriptors that are
//! shared with the shell that started us.

#[cfg(unix)]
pub use unix::{Reader, Writer, are_one_stream};

#[cfg(not(unix))]
pub use other::{Reader, Writer, are_one_stream};

#[cfg(unix)]
mod unix {
    use std::fs::{File, OpenOptions};
    use std::io::{self, Write};
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
    use std::os::unix::fs::OpenOptionsExt;
    use std::sync::Arc;

    use mio::unix::SourceFd;
    use mio::{Interest, Registry, Token, Waker};
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::{FileType, OFlags, fstat};
    use rustix::net::SendFlags;

    /// Standard input: read when ready.
    #[derive(Debug)]
    pub struct Reader {
        /// Regular files and the like cannot be waited for: they are always ready.
        token: Option<Token>,
        ready: bool,
    }

    impl Reader {
        /// Standard input, to be announced as `token`.
        ///
        /// # Errors
        /// When it cannot be registered for another reason than being always ready.
        pub fn register(registry: &Registry, token: Token, _: &Arc<Waker>) -> io::Result<Self> {
            let stdin = io::stdin();
            match registry.register(&mut SourceFd(&stdin.as_raw_fd()), token, Interest::READABLE) {
                Ok(()) => Ok(Self { token: Some(token), ready: false }),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    Ok(Self { token: None, ready: true })
                }
                Err(error) => Err(error),
            }
        }

        /// Has it announced again if something is there to be read.
        ///
        /// # Errors
        /// When the system refuses.
        pub fn renew(&mut self, registry: &Registry) -> io::Result<()> {
            let Some(token) = self.token else { return Ok(()) };
            let stdin = io::stdin();
            registry.reregister(&mut SourceFd(&stdin.as_raw_fd()), token, Interest::READABLE)
        }

        /// Takes note that `token` was announced.
        pub fn set_ready(&mut self) {
            self.ready = true;
        }

        /// Whether a read would not block.
        pub fn is_ready(&self) -> bool {
            self.ready
        }

        /// Reads what is there.
        ///
        /// # Errors
        /// `WouldBlock` when nothing is; others as the system says.
        pub fn read(&mut self, registry: &Registry, buffer: &mut [u8]) -> io::Result<usize> {
            if !self.ready {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let stdin = io::stdin();
            let count = rustix::io::read(stdin.as_fd(), buffer)?;
            if let Some(token) = self.token
                && count > 0
            {
                // Edge-triggered readiness of a blocking descriptor: ask anew instead of reading
                // until it blocks.
                self.ready = false;
                registry.reregister(
                    &mut SourceFd(&stdin.as_raw_fd()),
                    token,
                    Interest::READABLE,
                )?;
            }
            Ok(count)
        }
    }

    /// Standard output or error: written as far as it takes it at once.
    #[derive(Debug)]
    pub struct Writer {
        way: Way,
        fd: File,
        registered: bool,
    }

    #[derive(Debug)]
    enum Way {
        /// A description of its own, in non-blocking mode: a pipe or terminal opened again.
        Reopened,
        /// A socket takes "do not wait" with each call.
        Socket,
        /// A pipe that cannot be opened again: writes of up to PIPE_BUF when poll says it is ready.
        Polled,
        /// Files never keep one waiting, as far as poll is concerned.
        Direct,
    }

    /// POSIX: a write of at most this many bytes to a pipe that is ready does not block.
    const PIPE_BUF: usize = 512;

    impl Writer {
        /// Standard output.
        ///
        /// # Errors
        /// When the descriptor cannot be duplicated.
        pub fn stdout() -> io::Result<Self> {
            Self::new(io::stdout().as_fd(), 1)
        }

        /// Standard error.
        ///
        /// # Errors
        /// When the descriptor cannot be duplicated.
        pub fn stderr() -> io::Result<Self> {
            Self::new(io::stderr().as_fd(), 2)
        }

        fn new(fd: BorrowedFd<'_>, number: u8) -> io::Result<Self> {
            let own = File::from(fd.try_clone_to_owned()?);
            let kind = FileType::from_raw_mode(fstat(&own)?.st_mode);
            let is_terminal = rustix::termios::isatty(&own);
            let (way, fd) = match kind {
                FileType::Socket => (Way::Socket, own),
                FileType::Fifo => {
                    reopen(number).map_or((Way::Polled, own), |file| (Way::Reopened, file))
                }
                _ if is_terminal => {
                    reopen(number).map_or((Way::Direct, own), |file| (Way::Reopened, file))
                }
                _ => (Way::Direct, own),
            };
            Ok(Self { way, fd, registered: false })
        }

        /// Lets `registry` report when it can be written again, and when a pipe's reader is gone.
        ///
        /// # Errors
        /// When the system refuses.
        pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
            if !matches!(self.way, Way::Direct) && !self.registered {
                registry.register(
                    &mut SourceFd(&self.fd.as_raw_fd()),
                    token,
                    Interest::WRITABLE,
                )?;
                self.registered = true;
            }
            Ok(())
        }

        /// Writes as much as fits now.
        ///
        /// # Errors
        /// `WouldBlock` when nothing fits; others as the system says.
        pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self.way {
                Way::Reopened | Way::Direct => self.fd.write(bytes),
                Way::Socket => Ok(rustix::net::send(
                    &self.fd,
                    bytes,
                    SendFlags::DONTWAIT | SendFlags::NOSIGNAL,
                )?),
                Way::Polled => {
                    let mut fds = [PollFd::new(&self.fd, PollFlags::OUT)];
                    if poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))? == 0 {
                        return Err(io::ErrorKind::WouldBlock.into());
                    }
                    self.fd.write(&bytes[..bytes.len().min(PIPE_BUF)])
                }
            }
        }
    }

    /// Whether standard output and error are the same pipe, terminal or file.
    pub fn are_one_stream() -> bool {
        let identity = |fd: BorrowedFd<'_>| fstat(fd).map(|stat| (stat.st_dev, stat.st_ino)).ok();
        let out = identity(io::stdout().as_fd());
        out.is_some() && out == identity(io::stderr().as_fd())
    }

    fn reopen(number: u8) -> Option<File> {
        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
        let flags = i32::try_from(flags).ok()?;
        OpenOptions::new()
            .write(true)
            .custom_flags(flags)
            .open(format!("/proc/self/fd/{number}"))
            .ok()
    }
}

#[cfg(not(unix))]
mod other {
    use std::io::{self, Read, Write};
    use std::sync::Arc;
    use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

    use mio::{Registry, Token, Waker};

    /// Standard input, read by a thread because it cannot be waited for.
    #[derive(Debug)]
    pub struct Reader {
        chunks: Receiver<io::Result<Vec<u8>>>,
        rest: Vec<u8>,
        ended: bool,
    }

    /// Chunks that may wait between the thread and the event loop.
    const QUEUE: usize = 4;
    const CHUNK: usize = 64 << 10;

    impl Reader {
        /// Standard input; `waker` announces it.
        ///
        /// # Errors
        /// None.
        pub fn register(_: &Registry, _: Token, waker: &Arc<Waker>) -> io::Result<Self> {
            let waker = Arc::clone(waker);
            let (sender, chunks) = sync_channel(QUEUE);
            std::thread::spawn(move || {
                loop {
                    let mut chunk = vec![0; CHUNK];
                    let read = io::stdin().read(&mut chunk).map(|count| {
                        chunk.truncate(count);
                        chunk
                    });
                    let last = !matches!(&read, Ok(chunk) if !chunk.is_empty());
                    if sender.send(read).is_err() || waker.wake().is_err() || last {
                        return;
                    }
                }
            });
            Ok(Self { chunks, rest: Vec::new(), ended: false })
        }

        /// The thread goes on by itself.
        ///
        /// # Errors
        /// None.
        pub fn renew(&mut self, _: &Registry) -> io::Result<()> {
            Ok(())
        }

        /// Takes note that `token` was announced.
        pub fn set_ready(&mut self) {}

        /// Whether a read is worth trying.
        pub fn is_ready(&self) -> bool {
            true
        }

        /// Reads what is there.
        ///
        /// # Errors
        /// `WouldBlock` when nothing is; others as the system says.
        pub fn read(&mut self, _: &Registry, buffer: &mut [u8]) -> io::Result<usize> {
            if self.rest.is_empty() && !self.ended {
                self.rest = match self.chunks.try_recv() {
                    Ok(chunk) => chunk?,
                    Err(TryRecvError::Empty) => return Err(io::ErrorKind::WouldBlock.into()),
                    Err(TryRecvError::Disconnected) => Vec::new(),
                };
                self.ended = self.rest.is_empty();
            }
            let count = self.rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&self.rest[..count]);
            self.rest.drain(..count);
            Ok(count)
        }
    }

    /// Whether standard output and error are the same stream; not known here.
    pub fn are_one_stream() -> bool {
        false
    }

    /// Standard output or error; writes wait here.
    #[derive(Debug)]
    pub enum Writer {
        /// Standard output.
        Out,
        /// Standard error.
        Err,
    }

    impl Writer {
        /// Standard output.
        ///
        /// # Errors
        /// None.
        pub fn stdout() -> io::Result<Self> {
            Ok(Self::Out)
        }

        /// Standard error.
        ///
        /// # Errors
        /// None.
        pub fn stderr() -> io::Result<Self> {
            Ok(Self::Err)
        }

        /// Nothing to wait for here.
        ///
        /// # Errors
        /// None.
        pub fn register(&mut self, _: &Registry, _: Token) -> io::Result<()> {
            Ok(())
        }

        /// Writes some bytes.
        ///
        /// # Errors
        /// As the system says.
        pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self {
                Self::Out => io::stdout().write_all(bytes).and_then(|()| io::stdout().flush())?,
                Self::Err => io::stderr().write_all(bytes)?,
            }
            Ok(bytes.len())
        }
    }
}
