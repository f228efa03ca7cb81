//! What the system has accepted for a TCP connection and not sent yet.

use mio::net::TcpStream;

/// Whether there is none. A change from "not sent" to "sent" is announced as writable.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn has_sent_all(socket: &TcpStream) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    // From now on the socket is writable only if less than a byte is not sent.
    let is_known = socket2::SockRef::from(socket).set_tcp_notsent_lowat(1).is_ok();
    !is_known || poll(&mut [PollFd::new(socket, PollFlags::OUT)], Some(&now)) != Ok(0)
}

/// The system does not tell.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn has_sent_all(_: &TcpStream) -> bool {
    true
}
