//! Which rows belong together: a pong and its ping, an answer and its request. Of each connection only the latest that
//! wait are known.

use std::collections::{HashMap, VecDeque};

use memchr::memmem;

use super::members::unescape;
use crate::protocol::Side;
use crate::view::Requests;

/// The most pings that wait for a pong; the oldest make room.
const MAX_PINGS: usize = 1024;

/// The longest message that is looked at, in bytes of its line.
const MAX_MESSAGE: usize = 1 << 20;

/// The longest payload of a ping, in base64 (RFC 6455 section 5.5).
const MAX_PING: usize = 168;

/// A row that may be answered, and when it was, in microseconds since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) row: u64,
    pub(super) elapsed: u64,
}

/// Rows that wait for their answers.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    requests: Requests<Asked>,
    pings: HashMap<Ping, Asked>,
    /// In their order; also some that have been answered.
    order: VecDeque<Ping>,
    text: Vec<u8>,
}

/// The connection, who sent it, and its payload in base64.
type Ping = (Option<u64>, Side, Vec<u8>);

impl Pairs {
    /// What a text message answers; if it answers nothing, it may be answered. `raw` is the text as it is in the line.
    pub(super) fn message(
        &mut self,
        connection: Option<u64>,
        from: Side,
        raw: &[u8],
        asked: Asked,
    ) -> Option<Asked> {
        // What is looked for is a member of an object, whose quotes are escaped in a line.
        if raw.first() != Some(&b'{') && !raw.first().is_some_and(is_blank) {
            return None;
        }
        if raw.len() > MAX_MESSAGE || memmem::find(raw, br#"\"id\""#).is_none() {
            return None;
        }
        self.text.clear();
        unescape(raw, &mut self.text);
        self.requests.observe(connection, from.direction(), &self.text, asked)
    }

    /// A ping was sent with this payload, in base64.
    pub(super) fn ping(
        &mut self,
        connection: Option<u64>,
        from: Side,
        payload: &[u8],
        asked: Asked,
    ) {
        if payload.len() > MAX_PING {
            return;
        }
        let ping = (connection, from, payload.to_vec());
        if self.pings.insert(ping.clone(), asked).is_none() {
            self.order.push_back(ping);
        }
        while self.order.len() > MAX_PINGS
            && let Some(oldest) = self.order.pop_front()
        {
            self.pings.remove(&oldest);
        }
    }

    /// The ping that a pong answers.
    pub(super) fn pong(
        &mut self,
        connection: Option<u64>,
        from: Side,
        payload: &[u8],
    ) -> Option<Asked> {
        self.pings.remove(&(connection, from.other(), payload.to_vec()))
    }
}

fn is_blank(byte: &u8) -> bool {
    // A newline or tab is an escape.
    matches!(byte, b' ' | b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn asked(row: u64) -> Asked {
        Asked { row, elapsed: row }
    }

    #[test]
    fn answers_are_those_of_the_other_side() {
        let mut pairs = Pairs::default();
        let request = br#"{\"id\":1,\"method\":\"a\"}"#;
        assert_eq!(pairs.message(None, Side::Client, request, asked(1)), None);
        assert_eq!(pairs.message(None, Side::Client, br#"{\"id\":1}"#, asked(2)), None);
        assert_eq!(pairs.message(None, Side::Server, br#" {\"id\":1}"#, asked(3)), Some(asked(2)));
        assert_eq!(pairs.message(None, Side::Server, br#"{\"id\":1}"#, asked(4)), None);
        pairs.ping(Some(1), Side::Client, b"AP8=", asked(5));
        assert_eq!(pairs.pong(Some(1), Side::Client, b"AP8="), None);
        assert_eq!(pairs.pong(Some(2), Side::Server, b"AP8="), None);
        assert_eq!(pairs.pong(Some(1), Side::Server, b"AP8="), Some(asked(5)));
        assert_eq!(pairs.pong(Some(1), Side::Server, b"AP8="), None);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut pairs = Pairs::default();
        for number in 0..5000_u64 {
            pairs.ping(None, Side::Client, number.to_string().as_bytes(), asked(number));
        }
        assert!(pairs.pings.len() <= MAX_PINGS && pairs.order.len() <= MAX_PINGS);
        assert_eq!(pairs.pong(None, Side::Server, b"4999"), Some(asked(4999)));
        assert_eq!(pairs.pong(None, Side::Server, b"1"), None);
    }
}
