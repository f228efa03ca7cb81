//! A look at the start of a TLS connection from below.
//!
//! native-tls tells neither the protocol version nor the cipher suite; both stand in the
//! ServerHello, which is sent in the clear also in TLS 1.3 (RFC 8446 section 4.1.3).

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};

use super::read_ahead::ReadAhead;

/// How much of what the server sends first is looked at, in bytes.
const MAX_SEEN: usize = 32 << 10;

/// The first bytes from the server, at most 32 KiB; they outlive a stream that failed.
pub type Seen = Arc<Mutex<Vec<u8>>>;

/// A stream that remembers the first bytes that the server sends through it, and reads ahead.
#[derive(Debug)]
pub struct HelloTap<S> {
    inner: S,
    server: Server,
    seen: Option<Seen>,
    ahead: ReadAhead,
}

/// Where the server is, seen from the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// At the other end: what is read is from it.
    Peer,
    /// Here: what is written is from it.
    Local,
}

impl<S> HelloTap<S> {
    /// Looks at what comes through `inner` from the server.
    pub fn new(inner: S, server: Server) -> (Self, Seen) {
        let seen = Seen::default();
        (Self { inner, server, seen: Some(Arc::clone(&seen)), ahead: ReadAhead::default() }, seen)
    }

    /// The stream below.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// The stream below, to be used.
    pub fn inner_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Looks no more.
    pub fn stop(&mut self) {
        self.seen = None;
    }

    fn look(&self, server: Server, bytes: &[u8]) {
        if let Some(seen) = self.seen.as_ref().filter(|_| server == self.server)
            && let Ok(mut seen) = seen.lock()
        {
            let room = MAX_SEEN.saturating_sub(seen.len());
            seen.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }
}

impl<S: Read> Read for HelloTap<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.ahead.read(&mut self.inner, buffer)?;
        self.look(Server::Peer, &buffer[..count]);
        Ok(count)
    }
}

impl<S: Write> Write for HelloTap<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.look(Server::Local, &bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// What the server chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerHello {
    /// "TLSv1.3".
    pub version: String,
    /// The cipher suite's IANA name, or its number in hex.
    pub cipher: String,
}

/// Reads the ServerHello (RFC 8446 section 4.1.3) from the first bytes a server sent.
pub fn server_hello(bytes: &[u8]) -> Option<ServerHello> {
    let mut record = Cursor(bytes);
    (record.u8()? == 22).then_some(())?; // handshake
    record.skip(2)?;
    let length = record.u16()?;
    let mut message = Cursor(record.take(usize::from(length))?);
    (message.u8()? == 2).then_some(())?; // ServerHello
    message.skip(3)?;
    let legacy_version = message.u16()?;
    message.skip(32)?;
    let session_id = message.u8()?;
    message.skip(usize::from(session_id))?;
    let cipher = message.u16()?;
    message.skip(1)?;
    let version = selected_version(message).unwrap_or(legacy_version);
    Some(ServerHello { version: version_name(version), cipher: cipher_name(cipher) })
}

/// Whether the server asked for a certificate (RFC 5246 section 7.4.4). In TLS 1.3 that is encrypted.
pub fn asks_for_certificate(bytes: &[u8]) -> bool {
    let messages = handshake_bytes(bytes);
    let mut rest = Cursor(&messages);
    while let (Some(kind), Some(high), Some(low)) = (rest.u8(), rest.u8(), rest.u16()) {
        let length = usize::from(high) << 16 | usize::from(low);
        if kind == 13 {
            return true;
        }
        if rest.skip(length).is_none() {
            break;
        }
    }
    false
}

/// Whether the server answered with nothing but an alert (RFC 8446 section 6), record type 21.
pub fn is_alert_alone(bytes: &[u8]) -> bool {
    bytes.first() == Some(&21)
}

/// What the records of the handshake carry, as long as it is in the clear.
fn handshake_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut records = Cursor(bytes);
    let mut messages = Vec::new();
    while records.u8() == Some(22)
        && records.skip(2).is_some()
        && let Some(length) = records.u16()
        && let Some(payload) = records.take(usize::from(length))
    {
        messages.extend_from_slice(payload);
    }
    messages
}

/// The extension supported_versions (RFC 8446 section 4.2.1), if there.
fn selected_version(mut rest: Cursor<'_>) -> Option<u16> {
    let length = rest.u16()?;
    let mut extensions = Cursor(rest.take(usize::from(length))?);
    loop {
        let kind = extensions.u16()?;
        let length = extensions.u16()?;
        let mut data = Cursor(extensions.take(usize::from(length))?);
        if kind == 43 {
            return data.u16();
        }
    }
}

struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        self.take(count).map(|_| ())
    }

    fn u8(&mut self) -> Option<u8> {
        Some(*self.take(1)?.first()?)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }
}

fn version_name(version: u16) -> String {
    match version {
        0x0304 => "TLSv1.3".to_owned(),
        0x0303 => "TLSv1.2".to_owned(),
        0x0302 => "TLSv1.1".to_owned(),
        0x0301 => "TLSv1.0".to_owned(),
        0x0300 => "SSLv3".to_owned(),
        other => format!("0x{other:04x}"),
    }
}

/// IANA's names of the suites that servers of today choose.
fn cipher_name(number: u16) -> String {
    let name = match number {
        0x1301 => "TLS_AES_128_GCM_SHA256",
        0x1302 => "TLS_AES_256_GCM_SHA384",
        0x1303 => "TLS_CHACHA20_POLY1305_SHA256",
        0x1304 => "TLS_AES_128_CCM_SHA256",
        0xc02b => "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        0xc02c => "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        0xc02f => "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        0xc030 => "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        0xcca8 => "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        0xcca9 => "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        0xc009 => "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
        0xc00a => "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
        0xc013 => "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
        0xc014 => "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        0xc023 => "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
        0xc024 => "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
        0xc027 => "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
        0xc028 => "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
        0x009c => "TLS_RSA_WITH_AES_128_GCM_SHA256",
        0x009d => "TLS_RSA_WITH_AES_256_GCM_SHA384",
        0x009e => "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
        0x009f => "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
        0xccaa => "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        other => return format!("0x{other:04x}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(legacy: u16, cipher: u16, extensions: &[u8]) -> Vec<u8> {
        let mut body = legacy.to_be_bytes().to_vec();
        body.extend([7; 32]);
        body.extend([2, 0xaa, 0xbb]);
        body.extend(cipher.to_be_bytes());
        body.push(0);
        if !extensions.is_empty() {
            body.extend((extensions.len() as u16).to_be_bytes());
            body.extend(extensions);
        }
        let mut message = vec![2, 0, 0, body.len() as u8];
        message.extend(body);
        let mut record = vec![22, 3, 3, 0, message.len() as u8];
        record.extend(message);
        record
    }

    #[test]
    fn version_and_cipher_are_read() {
        let tls13 = hello(0x0303, 0x1302, &[0, 51, 0, 1, 9, 0, 43, 0, 2, 3, 4]);
        let expected =
            ServerHello { version: "TLSv1.3".into(), cipher: "TLS_AES_256_GCM_SHA384".into() };
        assert_eq!(server_hello(&tls13), Some(expected));
        let tls12 = server_hello(&hello(0x0303, 0xc02f, &[])).unwrap();
        assert_eq!((tls12.version.as_str(), tls12.cipher.contains("ECDHE_RSA")), ("TLSv1.2", true));
        assert_eq!(server_hello(&hello(0x0303, 0xfefe, &[])).unwrap().cipher, "0xfefe");
    }

    #[test]
    fn a_request_for_a_certificate_is_found() {
        let mut bytes = hello(0x0303, 0xc02f, &[]);
        assert!(!asks_for_certificate(&bytes));
        let record = |payload: &[u8]| [&[22, 3, 3, 0, payload.len() as u8], payload].concat();
        bytes.extend(record(&[11, 0, 0, 3, 0, 0, 0, 13, 0])); // cut in the middle of its head
        bytes.extend(record(&[0, 1, 0]));
        assert!(asks_for_certificate(&bytes));
        bytes.insert(0, 21); // an alert first: not looked behind
        assert!(!asks_for_certificate(&bytes));
        assert!(!asks_for_certificate(&[22, 3, 3, 0xff, 0xff]) && !asks_for_certificate(&[]));
    }

    #[test]
    fn only_the_server_is_looked_at() {
        let bytes = hello(0x0303, 0x1302, &[]);
        for (server, is_seen) in [(Server::Peer, false), (Server::Local, true)] {
            let (mut tap, seen) = HelloTap::new(Vec::new(), server);
            tap.write_all(&bytes).unwrap();
            assert_eq!(server_hello(&seen.lock().unwrap()).is_some(), is_seen, "{server:?}");
        }
    }

    #[test]
    fn anything_else_is_none_and_never_a_panic() {
        let whole = hello(0x0303, 0x1302, &[0, 43, 0, 2, 3, 4]);
        for cut in 0..whole.len() {
            assert_eq!(server_hello(&whole[..cut]), None, "cut at {cut}");
        }
        assert_eq!(server_hello(b"HTTP/1.1 400 Bad Request\r\n\r\n"), None);
    }
}
