//! A client and a server joined by two queues of bytes, doing what the input says.
//!
//! Input: a byte of [`Setup`] for each end; then actions.

use std::time::Duration;

use wscope::protocol::connection::{EndCause, Initiator};
use wscope::protocol::vocabulary::Direction;
use wscope::protocol::{CloseCode, Ending, MessageKind, Role, Rule};

use super::end::{End, Observed, Setup};
use super::input::Input;

/// Whatever they do, what is heard is what was said, in order; and once all has been carried, all of
/// it, with endings that agree.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let mut pair = Pair::new(&mut input);
    for _ in 0..MAX_ACTIONS {
        if input.is_empty() {
            break;
        }
        pair.act(&mut input);
    }
    pair.carry_all();
    pair.check_order();
    pair.check_arrivals();
    pair.lose_transports();
    pair.check_endings();
}

const MAX_ACTIONS: usize = 60;

type Message = (MessageKind, Vec<u8>);

struct Seat {
    end: End,
    /// Written by this end and not yet heard by the other.
    queue: Vec<u8>,
    said: Vec<Message>,
    pings: Vec<Vec<u8>>,
    has_closed: bool,
    /// It heard of the end of the transport, or the time for the closing handshake ran out.
    is_cut_off: bool,
}

struct Pair {
    seats: [Seat; 2],
}

impl Seat {
    fn new(setup: Setup) -> Self {
        Self {
            end: End::new(setup),
            queue: Vec::new(),
            said: Vec::new(),
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
            self.said.push((kind, data));
        }
    }

    fn ping(&mut self, payload: &[u8]) {
        let may = self.end.connection.is_open() && payload.len() <= 125;
        let now = self.end.now();
        assert_eq!(self.end.connection.ping(payload, now).is_ok(), may);
        if may {
            self.pings.push(payload.to_vec());
        }
        self.end.tells();
    }

    fn pong(&mut self, payload: &[u8]) {
        let may = self.end.connection.is_open() && payload.len() <= 125;
        assert_eq!(self.end.connection.pong(payload).is_ok(), may);
        self.end.tells();
    }

    fn close(&mut self, code: Option<CloseCode>, reason: &str) {
        let fits = code.is_none_or(CloseCode::may_be_sent) && reason.len() <= 123;
        let may = self.end.connection.is_open() && fits;
        let now = self.end.now();
        assert_eq!(self.end.connection.close(code, reason, now).is_ok(), may);
        self.has_closed |= may;
        self.end.tells();
    }

    fn lose_transport(&mut self) {
        self.is_cut_off = true;
        self.end.loses_transport();
    }

    fn heard(&self) -> impl Iterator<Item = (MessageKind, &[u8])> {
        self.end.told.iter().filter_map(|told| match told {
            Observed::Message { kind, data, .. } => Some((*kind, &data[..])),
            _ => None,
        })
    }

    fn pinged(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.end.told.iter().filter_map(|told| match told {
            Observed::Ping(Direction::Received, payload) => Some(payload),
            _ => None,
        })
    }

    fn broken_rule(&self) -> Option<Rule> {
        self.end.told.iter().find_map(|told| match told {
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
        Self { seats: [Seat::new(client), Seat::new(server)] }
    }

    fn act(&mut self, input: &mut Input<'_>) {
        let action = input.byte();
        let index = usize::from(action & 1);
        let seat = &mut self.seats[index];
        match action >> 1 & 15 {
            0..4 => {
                let kind = input.choose(&[MessageKind::Text, MessageKind::Binary]);
                seat.send(kind, content(kind, input));
            }
            4 => seat.ping(input.bytes()),
            5 => seat.pong(input.bytes()),
            6 => {
                let code = input.flag().then(|| input.number().into());
                seat.close(code, &input.text());
            }
            7 => seat.close(Some(CloseCode::NORMAL), ""),
            8 => self.wait(Duration::from_millis(u64::from(input.number()))),
            9 if input.byte() == 0xff => seat.lose_transport(),
            10 => self.carry_all(),
            11 => {
                self.carry(index, usize::from(input.number()));
            }
            _ => {
                self.carry(index, usize::from(input.byte()));
            }
        }
    }

    fn wait(&mut self, time: Duration) {
        for seat in &mut self.seats {
            let was_finished = seat.end.connection.is_finished();
            seat.end.waits(time);
            seat.is_cut_off |= !was_finished && seat.end.connection.is_finished();
        }
    }

    /// Brings so many bytes from one end to the other. Returns whether there were any.
    fn carry(&mut self, from: usize, count: usize) -> bool {
        let [client, server] = &mut self.seats;
        let (from, to) = if from == 0 { (client, server) } else { (server, client) };
        if !from.is_cut_off {
            from.queue.extend(from.end.writes(count));
        }
        let rest = from.queue.split_off(count.min(from.queue.len()));
        let bytes = std::mem::replace(&mut from.queue, rest);
        if !to.is_cut_off {
            to.end.hears(&bytes);
        }
        !bytes.is_empty()
    }

    fn carry_all(&mut self) {
        loop {
            let carried = [0, 1].map(|index| self.carry(index, usize::MAX));
            if carried == [false, false] {
                return;
            }
        }
    }

    /// Each end and the other.
    fn both_ways(&self) -> [(&Seat, &Seat); 2] {
        let [client, server] = &self.seats;
        [(client, server), (server, client)]
    }

    fn check_order(&self) {
        for (from, to) in self.both_ways() {
            let said = from.said.iter().map(|(kind, data)| (*kind, &data[..]));
            assert!(to.heard().zip(said).all(|(heard, said)| heard == said), "not what was said");
            assert!(to.heard().count() <= from.said.len());
            assert!(to.pinged().eq(from.pings.iter().take(to.pinged().count())));
            assert!(to.broken_rule().is_none_or(|rule| rule == Rule::MessageTooBig));
        }
    }

    /// Nothing is lost but by the end of the transport or a message over the limit.
    fn check_arrivals(&self) {
        for (from, to) in self.both_ways() {
            if from.is_cut_off || to.is_cut_off || to.broken_rule().is_some() {
                continue;
            }
            assert_eq!(to.heard().count(), from.said.len());
            assert_eq!(to.pinged().count(), from.pings.len());
            let sent = from.end.connection.sent_counters();
            assert_eq!(to.end.connection.received_counters(), sent);
            let is_over = from.has_closed || to.has_closed || from.broken_rule().is_some();
            assert_eq!(to.end.connection.is_finished(), is_over);
        }
    }

    /// The end that has finished ends the transport; if neither has, the client does.
    fn lose_transports(&mut self) {
        let first = usize::from(!self.seats[0].end.connection.is_finished());
        for index in [first, 1 - first] {
            self.seats[index].lose_transport();
        }
    }

    fn check_endings(&self) {
        for (seat, peer) in self.both_ways() {
            let (Some(ending), Some(other)) = (seat.ending(), peer.ending()) else {
                panic!("without transport there is an ending");
            };
            let both = ending.sent.is_some() && ending.received.is_some();
            assert_eq!(ending.cause == EndCause::Handshake, both && ending.violation.is_none());
            assert_eq!(ending.is_clean(), ending.cause == EndCause::Handshake);
            assert_eq!(ending.violation.is_some(), seat.broken_rule().is_some());
            if let Some(received) = &ending.received {
                assert_eq!(Some(received), other.sent.as_ref());
            }
            assert!(ending.cause != EndCause::CloseTimeout || seat.has_closed);
            if ending.is_clean() {
                let initiator = if seat.has_closed { Initiator::Local } else { Initiator::Peer };
                assert_eq!(ending.initiator, initiator);
                assert!(seat.has_closed || ending.code() == other.code() || !other.is_clean());
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
