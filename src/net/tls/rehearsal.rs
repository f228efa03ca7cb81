//! A TLS handshake with ourselves: a key that does not belong to the certificate is not noticed
//! before the first client otherwise, and then only as "no shared cipher".

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::rc::Rc;

use native_tls::{HandshakeError, TlsConnector, TlsStream};

use super::{ServerContext, ServerHandshake};

/// One end of a connection within this process.
#[derive(Debug)]
struct End {
    incoming: Rc<RefCell<VecDeque<u8>>>,
    outgoing: Rc<RefCell<VecDeque<u8>>>,
}

impl Read for End {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.incoming.borrow_mut().read(buffer)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            count => Ok(count),
        }
    }
}

impl Write for End {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outgoing.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The maximum number of turns of each side in a handshake.
const MAX_TURNS: usize = 16;

type Progress = Result<TlsStream<End>, HandshakeError<End>>;

/// Does a handshake with a client that accepts any certificate.
///
/// # Errors
/// When it fails.
pub(in crate::net) fn rehearse(context: &ServerContext) -> Result<(), String> {
    let connector = TlsConnector::builder()
        .danger_accept_invalid_certs(true)
        .danger_accept_invalid_hostnames(true)
        .disable_built_in_roots(true)
        .build()
        .map_err(|error| error.to_string())?;
    let pipes = [(); 2].map(|()| Rc::new(RefCell::new(VecDeque::new())));
    let end = |incoming: usize| End {
        incoming: Rc::clone(&pipes[incoming]),
        outgoing: Rc::clone(&pipes[1 - incoming]),
    };
    let mut client: Progress = connector.connect("localhost", end(0));
    let mut server = context.accept(end(1));
    for _ in 0..MAX_TURNS {
        (client, server) = (resume(client), server.resume());
        match &server {
            ServerHandshake::Done(_) => return Ok(()),
            ServerHandshake::Failed(_) => break,
            ServerHandshake::Unfinished(_) => {}
        }
    }
    Err("the certificate cannot be used with this key: does it belong to it?".to_owned())
}

fn resume(progress: Progress) -> Progress {
    match progress {
        Err(HandshakeError::WouldBlock(unfinished)) => unfinished.handshake(),
        done => done,
    }
}
