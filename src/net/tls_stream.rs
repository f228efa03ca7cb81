//! The server's end of an established TLS connection, and its handshake, as the TLS library has them: OpenSSL, or
//! native-tls where that is not the library.

use std::io::{Read, Write};

#[cfg(any(windows, target_vendor = "apple"))]
pub use native_tls::{MidHandshakeTlsStream as UnfinishedStream, TlsStream as ServerStream};
#[cfg(not(any(windows, target_vendor = "apple")))]
pub use openssl::ssl::{MidHandshakeSslStream as UnfinishedStream, SslStream as ServerStream};

/// Sends close_notify, if that is possible.
pub(super) fn shut_down<S: Read + Write>(stream: &mut ServerStream<S>) {
    let _ = stream.shutdown(); // the client may have gone already
}
