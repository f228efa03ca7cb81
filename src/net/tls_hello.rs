//! Reads the start of a TLS connection from the underlying stream.
//!
//! native-tls reports neither the protocol version nor the cipher suite; both are in the
//! ServerHello, which is not encrypted in TLS 1.3 either (RFC 8446 section 4.1.3).

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};

use super::read_ahead::ReadAhead;

/// The most bytes from the server that are kept.
const MAX_SEEN: usize = 32 << 10;

/// The first bytes from the server, at most 32 KiB; they remain available after the stream has failed.
pub type Seen = Arc<Mutex<Vec<u8>>>;

/// A stream that keeps a copy of the first bytes from the server, and reads ahead.
#[derive(Debug)]
pub struct HelloTap<S> {
    inner: S,
    server: ServerEnd,
    seen: Option<Seen>,
    ahead: ReadAhead,
}

/// Which end of the stream is the TLS server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerEnd {
    /// The remote one: the bytes that are read are the server's.
    Peer,
    /// The local one: the bytes that are written are the server's.
    Local,
}

impl<S> HelloTap<S> {
    /// Keeps what the server sends through `inner`.
    pub fn new(inner: S, server: ServerEnd) -> (Self, Seen) {
        let seen = Seen::default();
        (Self { inner, server, seen: Some(Arc::clone(&seen)), ahead: ReadAhead::default() }, seen)
    }

    /// The underlying stream.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// The underlying stream.
    pub fn inner_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The handshake is complete: no more bytes are kept, and an end of the underlying stream is an error. A TLS library
    /// would report an end without close_notify like one with it.
    pub fn stop(&mut self) {
        self.seen = None;
    }

    /// Where to keep the bytes of this end, if it is the server.
    fn notes(&self, server: ServerEnd) -> Option<&Seen> {
        self.seen.as_ref().filter(|_| server == self.server)
    }
}

fn note(seen: Option<&Seen>, bytes: &[u8]) {
    if let Some(seen) = seen
        && let Ok(mut seen) = seen.lock()
    {
        let room = MAX_SEEN.saturating_sub(seen.len());
        seen.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// Keeps what is read ahead: a TLS library that fails has read the first bytes only.
struct Noting<'a, S> {
    inner: &'a mut S,
    seen: Option<Seen>,
}

impl<S: Read> Read for Noting<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        note(self.seen.as_ref(), &buffer[..count]);
        Ok(count)
    }
}

impl<S: Read> Read for HelloTap<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let seen = self.notes(ServerEnd::Peer).map(Arc::clone);
        let count = self.ahead.read(&mut Noting { inner: &mut self.inner, seen }, buffer)?;
        match count {
            0 if self.seen.is_none() && !buffer.is_empty() => {
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, "no close_notify"))
            }
            count => Ok(count),
        }
    }
}

impl<S: Write> Write for HelloTap<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        note(self.notes(ServerEnd::Local), &bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The version and cipher suite that the server chose.
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

/// Whether the server requested a certificate (RFC 5246 section 7.4.4); `None` if that is not known. In TLS 1.3
/// the request is encrypted.
pub fn certificate_request(bytes: &[u8]) -> Option<bool> {
    const CERTIFICATE_REQUEST: u8 = 13;
    const SERVER_HELLO_DONE: u8 = 14;
    let messages = handshake_bytes(bytes);
    let mut rest = Cursor(&messages);
    loop {
        let (kind, high, low) = (rest.u8()?, rest.u8()?, rest.u16()?);
        match kind {
            CERTIFICATE_REQUEST => return Some(true),
            SERVER_HELLO_DONE => return Some(false),
            _ => rest.skip(usize::from(high) << 16 | usize::from(low))?,
        }
    }
}

/// What the first bytes of a server prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsAnswer {
    /// No byte was received.
    Nothing,
    /// It is not TLS: the first bytes.
    Foreign(Vec<u8>),
    /// An alert is first (RFC 8446 section 6).
    Alert,
    /// TLS so far: the start of a record.
    Record,
    /// A whole ServerHello.
    ServerHello,
}

/// The number of bytes that are kept if they are not TLS.
const MAX_FOREIGN: usize = 4 << 10;

/// What the first bytes of a server prove (RFC 8446 section 5.1).
pub fn answer(bytes: &[u8]) -> TlsAnswer {
    match bytes {
        [] => TlsAnswer::Nothing,
        [20..=24] | [20..=24, 3, ..] if server_hello(bytes).is_some() => TlsAnswer::ServerHello,
        [21, 3, ..] => TlsAnswer::Alert,
        [20..=24] | [20..=24, 3, ..] => TlsAnswer::Record,
        other => TlsAnswer::Foreign(other[..other.len().min(MAX_FOREIGN)].to_vec()),
    }
}

/// The handshake messages in the records, as far as they are not encrypted.
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

/// IANA's names of the cipher suites in common use.
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
        assert_eq!(certificate_request(&bytes), None);
        let record = |payload: &[u8]| [&[22, 3, 3, 0, payload.len() as u8], payload].concat();
        let done = record(&[14, 0, 0, 0]);
        assert_eq!(certificate_request(&[&bytes[..], &done].concat()), Some(false));
        bytes.extend(record(&[11, 0, 0, 3, 0, 0, 0, 13, 0])); // cut in the middle of its head
        bytes.extend(record(&[0, 1, 0]));
        bytes.extend(done);
        assert_eq!(certificate_request(&bytes), Some(true));
        bytes.insert(0, 21); // an alert first: what follows is not examined
        assert_eq!(certificate_request(&bytes), None);
        for bytes in [&[22, 3, 3, 0xff, 0xff][..], &[]] {
            assert_eq!(certificate_request(bytes), None);
        }
    }

    #[test]
    fn the_first_bytes_show_the_progress_of_the_server() {
        let whole = hello(0x0303, 0x1302, &[0, 43, 0, 2, 3, 4]);
        for (bytes, expected) in [
            (&b""[..], TlsAnswer::Nothing),
            (&[22], TlsAnswer::Record),
            (&whole[..9], TlsAnswer::Record),
            (&whole, TlsAnswer::ServerHello),
            (&[21, 3, 3, 0, 2, 2, 40], TlsAnswer::Alert),
            (&[22, 7], TlsAnswer::Foreign(vec![22, 7])),
            (b"220 ", TlsAnswer::Foreign(b"220 ".to_vec())),
        ] {
            assert_eq!(answer(bytes), expected, "{bytes:?}");
        }
    }

    /// A library that fails after a record's header has not read the rest.
    #[test]
    fn bytes_read_ahead_are_seen() {
        let (mut tap, seen) = HelloTap::new(&b"220 mail.example\r\n"[..], ServerEnd::Peer);
        tap.read_exact(&mut [0; 5]).unwrap();
        assert_eq!(*seen.lock().unwrap(), b"220 mail.example\r\n");
        tap.stop();
    }

    #[test]
    fn only_the_bytes_of_the_server_are_examined() {
        let bytes = hello(0x0303, 0x1302, &[]);
        for (server, is_seen) in [(ServerEnd::Peer, false), (ServerEnd::Local, true)] {
            let (mut tap, seen) = HelloTap::new(Vec::new(), server);
            tap.write_all(&bytes).unwrap();
            assert_eq!(server_hello(&seen.lock().unwrap()).is_some(), is_seen, "{server:?}");
        }
    }

    #[test]
    fn any_other_input_is_none() {
        let whole = hello(0x0303, 0x1302, &[0, 43, 0, 2, 3, 4]);
        for cut in 0..whole.len() {
            assert_eq!(server_hello(&whole[..cut]), None, "cut at {cut}");
        }
        assert_eq!(server_hello(b"HTTP/1.1 400 Bad Request\r\n\r\n"), None);
    }
}
