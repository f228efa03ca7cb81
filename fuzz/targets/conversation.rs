//! A client and a server connected by two queues of bytes, which perform the actions of the input.
//!
//! Input: a byte of [`Setup`] for each end; then actions.

use std::time::Duration;

use wscope::protocol::connection::{EndCause, Initiator};
use wscope::protocol::vocabulary::Direction;
use wscope::protocol::{CloseCode, Ending, MessageKind, Role, Rule};

use super::end::{End, Setup};
use super::input::Input;
use super::observed::Observed;

/// Whatever they do, messages are received as they were sent, in order; once all bytes have been
/// transferred, all of them, with endings that agree.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let mut pair = Pair::new(&mut input);
    for _ in 0..MAX_ACTIONS {
        if input.is_empty() {
            break;
        }
        pair.act(&mut input);
    }
    pair.transfer_all();
    pair.check_order();
    pair.check_arrivals();
    pair.lose_transports();
    pair.check_endings();
}

const MAX_ACTIONS: usize = 60;

type Message = (MessageKind, Vec<u8>);

struct Peer {
    end: End,
    /// Written by this end and not yet received by the other.
    queue: Vec<u8>,
    sent: Vec<Message>,
    pings: Vec<Vec<u8>>,
    has_closed: bool,
    /// Its transport has ended, or its closing handshake has timed out.
    is_cut_off: bool,
}

struct Pair {
    peers: [Peer; 2],
}

impl Peer {
    fn new(setup: Setup) -> Self {
        Self {
            end: End::new(setup),
            queue: Vec::new(),
            sent: Vec::new(),
            pings: Vec::new(),
            has_closed: false,
            is_cut_off: false,
        }
    }

    fn send(&mut self, kind: MessageKind, data: Vec<u8>) {
        let was_open = self.end.connection.is_open();
        let sent = self.end.connection.send(kind, &data);
        assert_eq!(sent.is_ok(), was_open);
        if sent.is_ok() {
            self.sent.push((kind, data));
        }
    }

    fn ping(&mut self, payload: &[u8]) {
        let may = self.end.connection.is_open() && payload.len() <= 125;
        let now = self.end.now();
        assert_eq!(self.end.connection.ping(payload, now).is_ok(), may);
        if may {
            self.pings.push(payload.to_vec());
        }
        self.end.record_events();
    }

    fn pong(&mut self, payload: &[u8]) {
        let may = self.end.connection.is_open() && payload.len() <= 125;
        assert_eq!(self.end.connection.pong(payload).is_ok(), may);
        self.end.record_events();
    }

    fn close(&mut self, code: Option<CloseCode>, reason: &str) {
        let fits = code.is_none_or(CloseCode::may_be_sent) && reason.len() <= 123;
        let may = self.end.connection.is_open() && fits;
        let now = self.end.now();
        assert_eq!(self.end.connection.close(code, reason, now).is_ok(), may);
        self.has_closed |= may;
        self.end.record_events();
    }

    fn lose_transport(&mut self) {
        self.is_cut_off = true;
        self.end.lose_transport();
    }

    fn received_messages(&self) -> impl Iterator<Item = (MessageKind, &[u8])> {
        self.end.events.iter().filter_map(|event| match event {
            Observed::Message { kind, data, .. } => Some((*kind, &data[..])),
            _ => None,
        })
    }

    fn received_pings(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.end.events.iter().filter_map(|event| match event {
            Observed::Ping(Direction::Received, payload) => Some(payload),
            _ => None,
        })
    }

    fn broken_rule(&self) -> Option<Rule> {
        self.end.events.iter().find_map(|event| match event {
            Observed::Violation(violation) => Some(violation.rule),
            _ => None,
        })
    }

    fn ending(&self) -> Option<Ending> {
        self.end.connection.ending()
    }
}

impl Pair {
    fn new(input: &mut Input<'_>) -> Self {
        let client = Setup { role: Role::Client, lenient: false, ..Setup::from(&mut *input) };
        let server = Setup {
            role: Role::Server,
            lenient: false,
            deflate: client.deflate,
            ..Setup::from(&mut *input)
        };
        Self { peers: [Peer::new(client), Peer::new(server)] }
    }

    fn act(&mut self, input: &mut Input<'_>) {
        let action = input.byte();
        let index = usize::from(action & 1);
        let peer = &mut self.peers[index];
        match action >> 1 & 15 {
            0..4 => {
                let kind = input.choose(&[MessageKind::Text, MessageKind::Binary]);
                peer.send(kind, content(kind, input));
            }
            4 => peer.ping(input.bytes()),
            5 => peer.pong(input.bytes()),
            6 => {
                let code = input.flag().then(|| input.number().into());
                peer.close(code, &input.text());
            }
            7 => peer.close(Some(CloseCode::NORMAL), ""),
            8 => self.wait(Duration::from_millis(u64::from(input.number()))),
            9 if input.byte() == 0xff => peer.lose_transport(),
            10 => self.transfer_all(),
            11 => {
                self.transfer(index, usize::from(input.number()));
            }
            _ => {
                self.transfer(index, usize::from(input.byte()));
            }
        }
    }

    fn wait(&mut self, time: Duration) {
        for peer in &mut self.peers {
            let was_finished = peer.end.connection.is_finished();
            peer.end.advance_time(time);
            peer.is_cut_off |= !was_finished && peer.end.connection.is_finished();
        }
    }

    /// Transfers up to `count` bytes from one end to the other. Returns whether there were any.
    fn transfer(&mut self, from: usize, count: usize) -> bool {
        let [client, server] = &mut self.peers;
        let (from, to) = if from == 0 { (client, server) } else { (server, client) };
        if !from.is_cut_off {
            from.queue.extend(from.end.take_output(count));
        }
        let rest = from.queue.split_off(count.min(from.queue.len()));
        let bytes = std::mem::replace(&mut from.queue, rest);
        if !to.is_cut_off {
            to.end.receive(&bytes);
        }
        !bytes.is_empty()
    }

    fn transfer_all(&mut self) {
        loop {
            let transferred = [0, 1].map(|index| self.transfer(index, usize::MAX));
            if transferred == [false, false] {
                return;
            }
        }
    }

    /// Each end and the other.
    fn both_ways(&self) -> [(&Peer, &Peer); 2] {
        let [client, server] = &self.peers;
        [(client, server), (server, client)]
    }

    fn check_order(&self) {
        for (from, to) in self.both_ways() {
            let sent = from.sent.iter().map(|(kind, data)| (*kind, &data[..]));
            assert!(
                to.received_messages().zip(sent).all(|(received, sent)| received == sent),
                "a message differs from the one sent"
            );
            assert!(to.received_messages().count() <= from.sent.len());
            assert!(to.received_pings().eq(from.pings.iter().take(to.received_pings().count())));
            assert!(to.broken_rule().is_none_or(|rule| rule == Rule::MessageTooBig));
        }
    }

    /// Nothing is lost except by the end of the transport or a message over the limit.
    fn check_arrivals(&self) {
        for (from, to) in self.both_ways() {
            if from.is_cut_off || to.is_cut_off || to.broken_rule().is_some() {
                continue;
            }
            assert_eq!(to.received_messages().count(), from.sent.len());
            assert_eq!(to.received_pings().count(), from.pings.len());
            let sent = from.end.connection.sent_counters();
            assert_eq!(to.end.connection.received_counters(), sent);
            let is_over = from.has_closed || to.has_closed || from.broken_rule().is_some();
            assert_eq!(to.end.connection.is_finished(), is_over);
        }
    }

    /// The end that has finished ends the transport; if neither has, the client does.
    fn lose_transports(&mut self) {
        let first = usize::from(!self.peers[0].end.connection.is_finished());
        for index in [first, 1 - first] {
            self.peers[index].lose_transport();
        }
    }

    fn check_endings(&self) {
        for (local, remote) in self.both_ways() {
            let (Some(ending), Some(other)) = (local.ending(), remote.ending()) else {
                panic!("without transport there is an ending");
            };
            let both = ending.sent.is_some() && ending.received.is_some();
            assert_eq!(ending.cause == EndCause::Handshake, both && ending.violation.is_none());
            assert_eq!(ending.is_clean(), ending.cause == EndCause::Handshake);
            assert_eq!(ending.violation.is_some(), local.broken_rule().is_some());
            if let Some(received) = &ending.received {
                assert_eq!(Some(received), other.sent.as_ref());
            }
            assert!(ending.cause != EndCause::CloseTimeout || local.has_closed);
            if ending.is_clean() {
                let initiator = if local.has_closed { Initiator::Local } else { Initiator::Peer };
                assert_eq!(ending.initiator, initiator);
                assert!(local.has_closed || ending.code() == other.code() || !other.is_clean());
            }
        }
    }
}

/// A payload that differs in every part.
fn content(kind: MessageKind, input: &mut Input<'_>) -> Vec<u8> {
    let size = usize::from(input.number());
    match kind {
        MessageKind::Binary => filled(&[size as u8, 0xff, 0x80, 31, 1, 7, 0], size, 0xfe),
        MessageKind::Text => filled("aé한😀".as_bytes(), size, b'x'),
    }
}

fn filled(pattern: &[u8], size: usize, rest: u8) -> Vec<u8> {
    let mut data = pattern.repeat(size / pattern.len());
    data.resize(size, rest);
    data
}
