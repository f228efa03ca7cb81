//! A handshake of the server's end of TLS, whatever the library.

use std::io::{Read, Write};

use crate::net::tls_stream::{ServerStream, UnfinishedStream};

/// How far a handshake has come.
pub enum ServerHandshake<S> {
    /// It is done.
    Done(ServerStream<S>),
    /// It waits for the client.
    Unfinished(UnfinishedStream<S>),
    /// It failed; the library's words.
    Failed(String),
}

impl<S: Read + Write> ServerHandshake<S> {
    /// Goes on, if there is something to go on with.
    #[must_use]
    pub fn resume(self) -> Self {
        match self {
            Self::Unfinished(unfinished) => unfinished.handshake().into(),
            done => done,
        }
    }
}
