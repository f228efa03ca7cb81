//! What is announced of sockets on a loopback address.

use std::net::{TcpListener, TcpStream};

use mio::{Interest, Token};

use super::*;

/// A stream registered as `token`, and its peer.
pub(in crate::net) fn registered(
    reactor: &Reactor,
    token: Token,
) -> (mio::net::TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    ours.set_nonblocking(true).unwrap();
    let mut ours = mio::net::TcpStream::from_std(ours);
    let interest = Interest::READABLE | Interest::WRITABLE;
    reactor.registry().register(&mut ours, token, interest).unwrap();
    (ours, listener.accept().unwrap().0)
}

/// Waits until `is_seen`, at most some seconds. What each wait announces is announced once.
pub(in crate::net) fn wait_for(reactor: &mut Reactor, is_seen: impl Fn(&Woken) -> bool) -> Woken {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        let woken = reactor.wait(Some(end)).unwrap();
        if is_seen(&woken) {
            return woken;
        }
        assert!(Instant::now() < end, "{woken:?}");
    }
}

#[test]
fn each_token_has_its_flag() {
    let mut reactor = Reactor::new(None).unwrap();
    let (_socket, peer) = registered(&reactor, tokens::SOCKET);
    let woken = wait_for(&mut reactor, |woken| woken.socket.is_writable);
    assert!(!woken.socket.is_readable && !woken.is_woken);
    drop(peer);
    let woken = wait_for(&mut reactor, |woken| woken.socket.is_readable);
    assert!(woken.socket.is_read_closed);
    reactor.waker().wake().unwrap();
    let woken = wait_for(&mut reactor, |woken| woken.is_woken);
    assert_eq!(woken.socket, SocketReadiness::default());
    let _input = registered(&reactor, tokens::INPUT);
    wait_for(&mut reactor, |woken| woken.is_input_ready);
    let _listener = registered(&reactor, tokens::LISTENER);
    wait_for(&mut reactor, |woken| woken.is_listener_ready);
    let (_upstream, peer) = registered(&reactor, tokens::UPSTREAM);
    drop(peer);
    let woken = wait_for(&mut reactor, |woken| woken.upstream.is_read_closed);
    assert!(woken.upstream.is_readable && woken.socket == SocketReadiness::default());
    let _attempt = registered(&reactor, Token(tokens::ATTEMPTS + 31));
    let woken = wait_for(&mut reactor, |woken| woken.attempts().next().is_some());
    assert_eq!(woken.attempts().collect::<Vec<_>>(), [31]);
    assert_eq!(woken.outputs().count(), 0);
}

#[test]
fn an_output_whose_reader_has_closed_is_distinguished() {
    let mut reactor = Reactor::new(None).unwrap();
    let (_out, reader) = registered(&reactor, Token(tokens::OUTPUTS + 1));
    let woken = wait_for(&mut reactor, |woken| woken.outputs().next().is_some());
    assert_eq!(woken.outputs().collect::<Vec<_>>(), [(1, false)]);
    socket2::SockRef::from(&reader).set_linger(Some(Duration::ZERO)).unwrap();
    drop(reader);
    let woken = wait_for(&mut reactor, |woken| woken.outputs().next().is_some());
    assert_eq!(woken.outputs().collect::<Vec<_>>(), [(1, true)]);
}
