//! Standard streams that can be polled, through open file descriptions of our own.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token, Waker};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, fstat};
use rustix::net::{RecvFlags, SendFlags};

use super::typed::{TypedLines, write_around_line};
use super::{closed, threaded};

/// Standard input, to be read until it would block.
#[derive(Debug)]
pub struct Reader {
    stream: Source,
    ready: bool,
    /// Line editing, if it is a terminal.
    typed: Option<TypedLines>,
}

#[derive(Debug)]
enum Source {
    /// A reopened pipe or terminal in non-blocking mode.
    Reopened(File),
    /// A socket, read with MSG_DONTWAIT.
    Socket(File),
    /// Regular files and the like, which are always ready.
    Direct(File),
    /// A pipe or terminal that cannot be reopened.
    Thread(threaded::Reader),
}

impl Reader {
    /// Opens standard input and registers it as `token`, or with `waker`.
    ///
    /// # Errors
    /// If it cannot be registered.
    pub fn register(registry: &Registry, token: Token, waker: &Arc<Waker>) -> io::Result<Self> {
        let stdin = io::stdin();
        let stream = match kind_of(stdin.as_fd())? {
            Kind::Socket => Source::Socket(own(stdin.as_fd())?),
            Kind::Stream => match reopen(0, OpenOptions::new().read(true)) {
                Some(file) => Source::Reopened(file),
                None => Source::Thread(threaded::Reader::register(registry, token, waker)?),
            },
            Kind::File => Source::Direct(own(stdin.as_fd())?),
        };
        let mut reader = Self { stream, ready: true, typed: None };
        if rustix::termios::isatty(stdin.as_fd()) {
            let stream = &mut reader.stream;
            reader.typed = TypedLines::take(&mut |buffer| stream.read(buffer))?;
        }
        if let Source::Reopened(file) | Source::Socket(file) | Source::Direct(file) = &reader.stream
        {
            let fd = file.as_raw_fd();
            match registry.register(&mut SourceFd(&fd), token, Interest::READABLE) {
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
                result => {
                    result?;
                    // Lines may have been typed before.
                    reader.ready = reader.typed.is_some(); // reading from a terminal in the background stops us
                }
            }
        }
        Ok(reader)
    }

    /// Marks it as readable, since an event may have been reported while it was not polled.
    ///
    /// # Errors
    /// None.
    pub fn renew(&mut self, _: &Registry) -> io::Result<()> {
        self.ready = true;
        Ok(())
    }

    /// Whether it is a terminal whose lines are edited and echoed here.
    pub fn is_typed(&self) -> bool {
        self.typed.is_some()
    }

    /// Discards the line being typed; false if there is none.
    pub fn clear_line(&self) -> bool {
        self.typed.as_ref().is_some_and(TypedLines::clear_line)
    }

    /// Records that an event for `token` was reported.
    pub fn set_ready(&mut self) {
        self.ready = true;
    }

    /// Reads the available bytes.
    ///
    /// # Errors
    /// `WouldBlock` if there are none; those of the system.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let may_be_ready = self.ready || matches!(self.stream, Source::Thread(_));
        if !may_be_ready {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let stream = &mut self.stream;
        let read = match &mut self.typed {
            Some(typed) => typed.read(&mut |buffer| stream.read(buffer), buffer),
            None => stream.read(buffer),
        };
        if matches!(&read, Err(error) if error.kind() == io::ErrorKind::WouldBlock) {
            self.ready = false;
        }
        read
    }
}

impl Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Thread(thread) => thread.read(buffer),
            Self::Reopened(file) | Self::Direct(file) => file.read(buffer),
            Self::Socket(file) => {
                let received = rustix::net::recv(file, buffer, RecvFlags::DONTWAIT);
                received.map(|(count, _)| count).map_err(io::Error::from)
            }
        }
    }
}

/// Standard output or error, written without blocking.
#[derive(Debug)]
pub struct Writer {
    stream: Sink,
    registered: bool,
    is_terminal: bool,
}

#[derive(Debug)]
enum Sink {
    /// A reopened pipe or terminal in non-blocking mode.
    Reopened(File),
    /// A socket, written with MSG_DONTWAIT.
    Socket(File),
    /// Regular files and the like, which do not block.
    Direct(File),
    /// A pipe or terminal that cannot be reopened.
    Thread(threaded::Writer),
    /// It was closed when the program started.
    Closed,
}

impl Writer {
    /// Standard output.
    ///
    /// # Errors
    /// If the descriptor cannot be duplicated.
    pub fn stdout() -> io::Result<Self> {
        if closed::was_stdout_closed() {
            return Ok(Self { stream: Sink::Closed, registered: false, is_terminal: false });
        }
        Self::new(io::stdout().as_fd(), 1)
    }

    /// Standard error.
    ///
    /// # Errors
    /// If the descriptor cannot be duplicated.
    pub fn stderr() -> io::Result<Self> {
        Self::new(io::stderr().as_fd(), 2)
    }

    /// A file, which is created or replaced. A thread writes it; a FIFO is opened by the thread, too.
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn file(path: &Path) -> io::Result<Self> {
        let stream = Sink::Thread(threaded::Writer::file(path)?);
        Ok(Self { stream, registered: false, is_terminal: false })
    }

    fn new(fd: BorrowedFd<'_>, number: u8) -> io::Result<Self> {
        let stream = match kind_of(fd)? {
            Kind::Socket => Sink::Socket(own(fd)?),
            Kind::Stream => match reopen(number, OpenOptions::new().write(true)) {
                Some(file) => Sink::Reopened(file),
                None => Sink::Thread(threaded::Writer::to(own(fd)?)),
            },
            Kind::File => Sink::Direct(own(fd)?),
        };
        Ok(Self { stream, registered: false, is_terminal: rustix::termios::isatty(fd) })
    }

    /// Whether it is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Registers it for write readiness, which also reports that the reader of a pipe was closed.
    ///
    /// # Errors
    /// If the registration fails.
    pub fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        waker: &Arc<Waker>,
    ) -> io::Result<()> {
        match &mut self.stream {
            Sink::Reopened(file) | Sink::Socket(file) if !self.registered => {
                let fd = file.as_raw_fd();
                registry.register(&mut SourceFd(&fd), token, Interest::WRITABLE)?;
                self.registered = true;
                Ok(())
            }
            Sink::Thread(thread) => thread.register(registry, token, waker),
            _ => Ok(()),
        }
    }

    /// Writes as much as possible without blocking.
    ///
    /// # Errors
    /// `WouldBlock` if nothing can be written; those of the system.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.is_terminal {
            true => write_around_line(bytes, |bytes| self.write_to(bytes)),
            false => self.write_to(bytes),
        }
    }

    fn write_to(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.stream {
            Sink::Reopened(file) | Sink::Direct(file) => file.write(bytes),
            Sink::Socket(file) => {
                let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
                Ok(rustix::net::send(file, bytes, flags)?)
            }
            Sink::Thread(thread) => thread.write(bytes),
            Sink::Closed => Err(io::Error::other(super::CLOSED)),
        }
    }

    /// Bytes that were accepted and not written to the stream yet.
    pub fn in_flight(&self) -> usize {
        match &self.stream {
            Sink::Thread(thread) => thread.in_flight(),
            _ => 0,
        }
    }

    /// The error of bytes that were accepted and could not be written, once.
    pub fn take_error(&mut self) -> Option<io::Error> {
        match &mut self.stream {
            Sink::Thread(thread) => thread.take_error(),
            _ => None,
        }
    }

    /// Waits until more can be written; false if `until` passes before.
    ///
    /// # Errors
    /// `Interrupted` by a signal.
    pub fn wait(&mut self, until: Option<Instant>) -> io::Result<bool> {
        let file = match &mut self.stream {
            Sink::Thread(thread) => return thread.wait(until),
            Sink::Reopened(file) | Sink::Socket(file) => file,
            Sink::Direct(_) | Sink::Closed => return Ok(true),
        };
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let left = left.map(|left| Timespec {
            tv_sec: left.as_secs() as i64, // bounded by the caller
            tv_nsec: i64::from(left.subsec_nanos()),
        });
        Ok(poll(&mut [PollFd::new(file, PollFlags::OUT)], left.as_ref())? > 0)
    }
}

/// Whether standard output and error are the same pipe, terminal or file.
pub fn are_one_stream() -> bool {
    let identity = |fd: BorrowedFd<'_>| fstat(fd).map(|stat| (stat.st_dev, stat.st_ino)).ok();
    let out = identity(io::stdout().as_fd());
    out.is_some() && out == identity(io::stderr().as_fd())
}

/// The type of a file, as far as relevant here.
enum Kind {
    /// A pipe or a terminal: reading and writing may block.
    Stream,
    Socket,
    /// Anything else.
    File,
}

fn kind_of(fd: BorrowedFd<'_>) -> io::Result<Kind> {
    Ok(match FileType::from_raw_mode(fstat(fd)?.st_mode) {
        FileType::Socket => Kind::Socket,
        FileType::Fifo => Kind::Stream,
        _ if rustix::termios::isatty(fd) => Kind::Stream,
        _ => Kind::File,
    })
}

fn own(fd: BorrowedFd<'_>) -> io::Result<File> {
    Ok(File::from(fd.try_clone_to_owned()?))
}

/// Reopens the file of a standard descriptor in non-blocking mode. On Linux this creates a new open file
/// description; elsewhere /dev/fd may refer to the shared one, which must not be changed.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn reopen(number: u8, options: &mut OpenOptions) -> Option<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).ok()?;
    options.custom_flags(flags).open(format!("/proc/self/fd/{number}")).ok()
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn reopen(_: u8, _: &mut OpenOptions) -> Option<File> {
    None
}
