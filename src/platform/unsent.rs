//! What the system has accepted for a TCP connection, and not sent or not seen acknowledged yet.

#[cfg(not(any(target_os = "linux", target_os = "android")))]
use mio::net::TcpStream;

#[cfg(any(target_os = "linux", target_os = "android"))]
pub use linux::{has_sent_all, unacknowledged};

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux {
    use std::collections::HashMap;
    use std::fs::File;
    use std::io::{BufRead, BufReader};
    use std::sync::{Mutex, PoisonError};
    use std::time::{Duration, Instant};

    use mio::net::TcpStream;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    /// The tables of TCP connections are read at most once in this time, whatever the number of connections: all of them are in it.
    const READ_EVERY: Duration = Duration::from_millis(200);

    /// The tables of IPv4 and IPv6, as they were last read.
    static TABLES: Mutex<[Option<Table>; 2]> = Mutex::new([None, None]);

    struct Table {
        read_at: Instant,
        /// Bytes that are not acknowledged, by the inode of the socket; none without any.
        queues: HashMap<u64, u64>,
    }

    /// Whether all was sent. A change from "not sent" to "sent" is announced as writable.
    pub fn has_sent_all(socket: &TcpStream) -> bool {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        // From now on the socket is writable only if less than a byte is not sent.
        let is_known = socket2::SockRef::from(socket).set_tcp_notsent_lowat(1).is_ok();
        !is_known || poll(&mut [PollFd::new(socket, PollFlags::OUT)], Some(&now)) != Ok(0)
    }

    /// Bytes that the peer has not acknowledged, some of which may not even be sent; as they were up to 200 ms ago. `None`: the
    /// system does not tell.
    pub fn unacknowledged(socket: &TcpStream) -> Option<u64> {
        let inode = rustix::fs::fstat(socket).ok()?.st_ino;
        let is_v6 = socket.local_addr().ok()?.is_ipv6();
        let mut tables = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
        let table = &mut tables[usize::from(is_v6)];
        if table.as_ref().is_none_or(|table| table.read_at.elapsed() >= READ_EVERY) {
            let path = if is_v6 { "/proc/self/net/tcp6" } else { "/proc/self/net/tcp" };
            let lines = BufReader::new(File::open(path).ok()?).lines().map_while(Result::ok);
            let queues = lines.filter_map(|line| queue(&line)).filter(|(_, size)| *size > 0);
            *table = Some(Table { read_at: Instant::now(), queues: queues.collect() });
        }
        table.as_ref().map(|table| table.queues.get(&inode).copied().unwrap_or(0))
    }

    /// The inode of a line of /proc/net/tcp, and its bytes that are not acknowledged: `sl local remote st tx:rx tr:when retransmits
    /// uid timeout inode …` (proc_pid_net(5)).
    fn queue(line: &str) -> Option<(u64, u64)> {
        let mut fields = line.split_ascii_whitespace();
        let (unacknowledged, _) = fields.nth(4)?.split_once(':')?;
        let inode = fields.nth(4)?.parse().ok()?;
        Some((inode, u64::from_str_radix(unacknowledged, 16).ok()?))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_line_of_the_table_has_inode_and_queue() {
            let line = "   1: 0100007F:1F90 0100007F:C350 01 0000A2C0:00000010 01:00000014 00000000  1000        0 98765 2 0000000000000000 20 4 30 10 -1";
            assert_eq!(queue(line), Some((98765, 0xA2C0)));
            let title = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
            assert_eq!(queue(title), None);
            assert_eq!(queue(""), None);
        }

        #[test]
        fn what_a_peer_does_not_take_is_not_acknowledged() {
            use std::io::Write;

            let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
            let address = listener.local_addr().expect("an address");
            let sender = std::net::TcpStream::connect(address).expect("a connection");
            sender.set_nonblocking(true).expect("a mode");
            let mut sender = TcpStream::from_std(sender);
            let receiver = listener.accept().expect("a connection");
            let mut written = 0;
            while let Ok(count) = sender.write(&[0; 60_000]) {
                written += count as u64;
            }
            let held = unacknowledged(&sender).expect("a table");
            assert!(0 < held && held <= written, "{held} of {written}");
            assert!(!has_sent_all(&sender));
            drop(receiver);
        }
    }
}

/// The system does not tell.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn has_sent_all(_: &TcpStream) -> bool {
    true
}

/// The system does not tell.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn unacknowledged(_: &TcpStream) -> Option<u64> {
    None
}
