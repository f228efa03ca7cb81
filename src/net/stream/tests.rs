//! The ends of streams on a loopback address, and whose readiness is reported as what.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use super::*;
use crate::net::accept::TlsAcceptor;
use crate::net::exchange::{Exchange, ExchangeError};
use crate::net::reactor::tests::{registered, wait_for};
use crate::net::tls::{self, ClientContext, Identity, TlsOptions};
use crate::net::{Deadline, Reactor};
use crate::protocol::vocabulary::TransportEnd;

/// A registered stream, its reactor, and the peer's end.
fn connected() -> (Stream, Reactor, TcpStream) {
    let reactor = Reactor::new(None).unwrap();
    let (ours, peer) = registered(&reactor, tokens::SOCKET);
    (Stream::Plain(ours), reactor, peer)
}

fn long() -> Deadline {
    Deadline::after(Some(Duration::from_secs(10)))
}

/// The server's end of a TLS connection with its reactor, and the client's.
fn connected_with_tls() -> [(Stream, Reactor); 2] {
    let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, key) = (own.cert.pem(), own.signing_key.serialize_pem());
    let identity = Identity::from_files(certificate.as_bytes(), key.as_bytes(), None).unwrap();
    let acceptor = TlsAcceptor::new(&identity).unwrap();
    let (server, mut reactor, peer) = connected();
    let server = thread::spawn(move || {
        let (stream, _) = acceptor.accept(server, &mut reactor, long()).unwrap();
        (stream, reactor)
    });
    let context = ClientContext::new(TlsOptions { insecure: true, ..TlsOptions::default() });
    let mut reactor = Reactor::new(None).unwrap();
    peer.set_nonblocking(true).unwrap();
    let mut tcp = mio::net::TcpStream::from_std(peer);
    let interest = Interest::READABLE | Interest::WRITABLE;
    reactor.registry().register(&mut tcp, tokens::SOCKET, interest).unwrap();
    let tcp = Stream::Plain(tcp);
    let (client, _) = tls::connect(tcp, "localhost", &context, &mut reactor, long()).unwrap();
    [server.join().unwrap(), (Stream::Tls(Box::new(client)), reactor)]
}

/// How the other end sees the end of the stream, after `expected`.
fn end_after(expected: &[u8], (stream, reactor): &mut (Stream, Reactor)) -> TransportEnd {
    let (mut exchange, mut received) = (Exchange::new(stream, reactor), Vec::new());
    loop {
        match exchange.read_more(&mut received, long()) {
            Ok(()) => {}
            Err(ExchangeError::Transport(end)) => {
                assert_eq!(received, expected);
                return end;
            }
            Err(error) => panic!("{error:?} after {received:?}"),
        }
    }
}

#[test]
fn a_cut_is_fin_without_close_notify() {
    let (mut stream, _reactor, mut peer) = connected();
    stream.write_all(b"bytes").unwrap();
    stream.cut_sending();
    let mut received = Vec::new();
    peer.read_to_end(&mut received).unwrap();
    assert_eq!(received, b"bytes");
    peer.write_all(b"x").expect("the other direction is open");
    for from in 0..2 {
        let mut ends = connected_with_tls();
        ends[from].0.write_all(b"bytes").unwrap();
        ends[from].0.cut_sending();
        assert_eq!(end_after(b"bytes", &mut ends[1 - from]), TransportEnd::Truncated, "{from}");
    }
    let mut ends = connected_with_tls();
    ends[0].0.finish_sending();
    assert_eq!(end_after(b"", &mut ends[1]), TransportEnd::Eof, "with close_notify");
}

#[test]
fn a_stream_can_be_reset_by_dropping_it() {
    let (stream, _reactor, mut peer) = connected();
    let stream = stream.resume(b"early".to_vec());
    stream.reset_on_drop();
    drop(stream);
    let error = peer.read(&mut [0; 8]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    let [server, mut client] = connected_with_tls();
    server.0.reset_on_drop();
    drop(server);
    assert_eq!(end_after(b"", &mut client), TransportEnd::Reset);
}

#[test]
fn what_is_ready_is_reported_again_under_another_token() {
    let (stream, mut reactor, mut peer) = connected();
    let mut stream = stream.resume(b"early".to_vec());
    peer.write_all(b"bytes").unwrap();
    wait_for(&mut reactor, |woken| woken.socket.is_readable);
    stream.set_token(&reactor, tokens::UPSTREAM).unwrap();
    let woken = wait_for(&mut reactor, |woken| woken.upstream.is_readable);
    assert!(!woken.socket.is_readable && woken.upstream.is_writable);
}
