//! One direction that is passed on message by message, because a rule, the operator or `--enforce` may touch it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::event::{Behind, Decided, HeldOutcome};
use crate::protocol::Side;
use crate::protocol::close::ClosePayload;
use crate::protocol::relay::{Content, MessageRelay, Unit};

use super::plan::{Plan, carried};

/// A direction whose messages are decided one by one. Those that wait keep those behind them waiting.
#[derive(Debug)]
pub(super) struct Messages {
    pub(super) relay: MessageRelay,
    from: Side,
    lineup: VecDeque<Entry>,
    /// Bytes in it.
    size: usize,
    /// The last entry of it that does not wait only for others.
    last_waiting: Option<Behind>,
    /// How many entries of it pings and pongs must not overtake.
    barriers: usize,
    /// What was delivered before it ends within a message.
    is_inside: bool,
    /// Since when control frames wait for the end of the message that they were sent in.
    control_since: Option<Instant>,
    /// The end of the connection is in the lineup: nothing behind it is delivered.
    is_ending: bool,
    /// That end, once nothing is before it.
    ending: Option<Ending>,
    /// What has waited, or the operator has let go, and was delivered since.
    released: Vec<Released>,
}

/// How a rule ends the connection.
#[derive(Clone, Debug)]
pub(super) enum Ending {
    /// Both sides receive this Close frame.
    Close(ClosePayload),
    /// Both TCP connections are reset.
    Abort,
}

/// What waits, in order.
#[derive(Debug)]
enum Entry {
    /// Bytes that were not decided about, and whether they end within a message.
    Bytes(Vec<u8>, bool),
    /// A message or control frame, which was received at `since`.
    Unit { unit: Unit, plan: Plan, wait: Wait, since: Instant, released: Option<Box<Released>> },
    /// The end of the connection.
    Ending(Ending),
}

/// What has waited. If the operator has let it go, it may still be behind what waits.
#[derive(Debug)]
pub(super) struct Released {
    /// What became of it, if it is delivered.
    pub(super) decided: Decided,
    /// When it was received.
    pub(super) since: Instant,
}

/// What waited when the connection ended.
#[derive(Debug)]
pub(super) enum Leftover {
    /// For the operator, by this number.
    Held(u64),
    /// Only for what was before it.
    Released(Box<Released>),
}

impl Entry {
    /// Whether pings and pongs must not overtake it. Of what was added only [`Messages::hurry`] changes that.
    fn is_barrier(&self) -> bool {
        match self {
            Self::Unit { unit, wait, .. } => {
                !matches!(unit.content(), Content::Message(..)) || matches!(wait, Wait::Until(_))
            }
            Self::Bytes(..) | Self::Ending(_) => true,
        }
    }
}

impl Released {
    /// What becomes of something that waits without the operator, if it is delivered. `None`: it is not meant to be, or it is
    /// a Close frame, which is part of the end of the connection.
    fn of(from: Side, unit: &Unit, plan: &Plan, since: Instant) -> Option<Self> {
        let content = carried(unit.content()).filter(|_| !matches!(plan, Plan::Drop))?;
        let changed_to = plan.change(unit.content());
        let outcome = match changed_to {
            None => HeldOutcome::Delivered,
            Some(_) => HeldOutcome::Edited,
        };
        let (direction, waited) = (from.direction(), since.elapsed());
        let duplicated = matches!(plan, Plan::Duplicate);
        let number = None;
        let decided =
            Decided { number, direction, content, outcome, changed_to, duplicated, waited };
        Some(Self { decided, since })
    }

    /// The same, although it cannot be delivered.
    pub(super) fn not_delivered(self) -> Self {
        let outcome = HeldOutcome::NotDelivered;
        let decided = Decided { outcome, changed_to: None, duplicated: false, ..self.decided };
        Self { decided, ..self }
    }
}

/// How long something waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// Only for what is before it.
    None,
    /// Until then.
    Until(Instant),
    /// For the operator, by this number.
    Held(u64),
}

impl Wait {
    fn behind(self) -> Option<Behind> {
        match self {
            Self::None => None,
            Self::Until(_) => Some(Behind::Delayed),
            Self::Held(number) => Some(Behind::Held(number)),
        }
    }
}

/// How long a control frame waits for the end of the message that it was sent in.
const CONTROL_WAIT: Duration = Duration::from_secs(1);

/// With this many bytes that wait nothing more is read.
const LIMIT: usize = 1 << 20;

impl Messages {
    /// Nothing of what `from` sends waits yet.
    pub(super) fn new(relay: MessageRelay, from: Side) -> Self {
        Self {
            relay,
            from,
            lineup: VecDeque::new(),
            size: 0,
            last_waiting: None,
            barriers: 0,
            is_inside: false,
            control_since: None,
            is_ending: false,
            ending: None,
            released: Vec::new(),
        }
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.lineup.is_empty()
    }

    /// Whether more may be received.
    pub(super) fn has_room(&self) -> bool {
        self.size < LIMIT
    }

    /// Adds bytes behind what waits; if nothing does, returns them.
    pub(super) fn queue(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        if self.lineup.is_empty() || bytes.is_empty() {
            return bytes;
        }
        self.size += bytes.len();
        let is_inside = self.relay.is_inside_message();
        self.add(Entry::Bytes(bytes, is_inside));
        Vec::new()
    }

    /// Adds a message or control frame behind what waits.
    pub(super) fn push(&mut self, unit: Unit, plan: Plan, wait: Wait) {
        self.size += unit.memory_usage();
        self.last_waiting = wait.behind().or(self.behind());
        self.add(Entry::Unit { unit, plan, wait, since: Instant::now(), released: None });
    }

    /// What is added next waits behind this.
    pub(super) fn behind(&self) -> Option<Behind> {
        self.last_waiting.filter(|_| !self.lineup.is_empty())
    }

    /// The held message that something waits behind, and for nothing else, if it is added next and is to be delivered.
    pub(super) fn held_before(&self, plan: &Plan, wait: Wait) -> Option<u64> {
        match self.behind() {
            Some(Behind::Held(number)) if wait == Wait::None && !matches!(plan, Plan::Drop) => {
                Some(number)
            }
            _ => None,
        }
    }

    fn find_last_waiting(&mut self) {
        self.last_waiting = self.lineup.iter().rev().find_map(|entry| match entry {
            Entry::Unit { wait, .. } => wait.behind(),
            Entry::Bytes(..) | Entry::Ending(_) => None,
        });
    }

    fn add(&mut self, entry: Entry) {
        if self.lineup.is_empty() {
            self.is_inside = self.relay.is_inside_message();
        }
        self.barriers += usize::from(entry.is_barrier());
        self.lineup.push_back(entry);
    }

    /// Whether pings and pongs that no rule touches may be delivered before what waits: if only data messages wait, and for the
    /// operator. RFC 6455 section 5.4 allows control frames at any place between messages.
    pub(super) fn may_be_overtaken(&self) -> bool {
        !self.lineup.is_empty() && self.barriers == 0
    }

    /// Whether a message of the operator may be delivered before what waits: not within another one.
    pub(super) fn is_at_boundary(&self) -> bool {
        self.lineup.is_empty() || !self.is_inside
    }

    /// Whether nothing goes on before the operator decides.
    pub(super) fn waits_for_operator(&self) -> bool {
        matches!(self.lineup.front(), Some(Entry::Unit { wait: Wait::Held(_), .. }))
    }

    /// The number of the last held message.
    pub(super) fn last_held(&self) -> Option<u64> {
        self.lineup.iter().rev().find_map(|entry| match entry {
            Entry::Unit { wait: Wait::Held(number), .. } => Some(*number),
            _ => None,
        })
    }

    /// Ends the connection behind what waits.
    pub(super) fn end(&mut self, ending: Ending) {
        self.is_ending = true;
        self.relay.seal();
        self.add(Entry::Ending(ending));
    }

    /// Whether the connection ends behind what waits.
    pub(super) fn is_ending(&self) -> bool {
        self.is_ending
    }

    /// Takes the end of the connection, if nothing is before it any more.
    pub(super) fn take_ending(&mut self) -> Option<Ending> {
        self.ending.take()
    }

    /// Takes what has waited, or the operator has let go, and was delivered since.
    pub(super) fn take_released(&mut self) -> Vec<Released> {
        std::mem::take(&mut self.released)
    }

    /// Whether the held message with this number is here.
    pub(super) fn holds(&self, number: u64) -> bool {
        self.lineup
            .iter()
            .any(|entry| matches!(entry, Entry::Unit { wait: Wait::Held(it), .. } if *it == number))
    }

    /// Lets a held message go, as it is or changed. It is in [`Messages::take_released`] once it was delivered.
    pub(super) fn release(&mut self, number: u64, with: Plan, what: Option<Released>) {
        for entry in &mut self.lineup {
            if let Entry::Unit { plan, wait, released, .. } = entry
                && *wait == Wait::Held(number)
            {
                (*plan, *wait, *released) = (with, Wait::None, what.map(Box::new));
                break;
            }
        }
        self.find_last_waiting();
    }

    /// Appends what need not wait any more to `out`.
    pub(super) fn advance(&mut self, now: Instant, out: &mut Vec<u8>) {
        while let Some(front) = self.lineup.front() {
            let is_ready = match front {
                Entry::Bytes(..) | Entry::Ending(_) => true,
                Entry::Unit { wait, .. } => match wait {
                    Wait::None => true,
                    Wait::Until(at) => *at <= now,
                    Wait::Held(_) => false,
                },
            };
            if !is_ready {
                break;
            }
            let entry = self.lineup.pop_front();
            self.barriers -= usize::from(entry.as_ref().is_some_and(Entry::is_barrier));
            match entry {
                Some(Entry::Bytes(bytes, is_inside)) => {
                    self.size -= bytes.len();
                    self.is_inside = is_inside;
                    out.extend_from_slice(&bytes);
                }
                Some(Entry::Unit { unit, plan, released, since, .. }) => {
                    self.size -= unit.memory_usage();
                    let released = released.map(|it| *it);
                    self.released
                        .extend(released.or_else(|| Released::of(self.from, &unit, &plan, since)));
                    plan.carry_out(unit, &mut self.relay, out);
                }
                Some(Entry::Ending(ending)) => {
                    self.ending = Some(ending);
                    break;
                }
                None => break,
            }
        }
        let has_waiting = self.relay.has_waiting_control() && self.lineup.is_empty();
        match self.control_since {
            Some(since) if has_waiting && now >= since + CONTROL_WAIT => {
                self.relay.release_control(out);
                self.control_since = None;
            }
            Some(_) if has_waiting => {}
            _ => self.control_since = has_waiting.then_some(now),
        }
    }

    /// When [`Messages::advance`] has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let front = match self.lineup.front() {
            Some(Entry::Unit { wait: Wait::Until(at), .. }) => Some(*at),
            _ => None,
        };
        front.into_iter().chain(self.control_since.map(|since| since + CONTROL_WAIT)).min()
    }

    /// [`Messages::advance`], in which nothing waits for its time.
    pub(super) fn hurry(&mut self, now: Instant, out: &mut Vec<u8>) {
        for entry in &mut self.lineup {
            if let Entry::Unit { wait: wait @ Wait::Until(_), .. } = entry {
                *wait = Wait::None;
            }
        }
        self.barriers = self.lineup.iter().filter(|entry| entry.is_barrier()).count();
        self.find_last_waiting();
        self.advance(now, out);
    }

    /// How many messages wait that are to be delivered.
    pub(super) fn waiting(&self) -> u64 {
        self.waiting_sizes().count() as u64
    }

    /// The bytes of their payloads.
    pub(super) fn waiting_bytes(&self) -> u64 {
        self.waiting_sizes().map(|size| size as u64).sum()
    }

    fn waiting_sizes(&self) -> impl Iterator<Item = usize> {
        self.lineup.iter().filter_map(|entry| match entry {
            Entry::Unit { plan: Plan::Drop, .. } | Entry::Bytes(..) | Entry::Ending(_) => None,
            Entry::Unit { unit, .. } => match unit.content() {
                Content::Message(_, data) => Some(data.len()),
                Content::Control(..) => None,
            },
        })
    }

    /// Drops what waits. Returns what was to be delivered of it.
    pub(super) fn clear(&mut self) -> Vec<Leftover> {
        (self.size, self.barriers) = (0, 0);
        let from = self.from;
        let left = |entry: Entry| match entry {
            Entry::Unit { wait: Wait::Held(number), .. } => Some(Leftover::Held(number)),
            Entry::Unit { released: Some(released), .. } => Some(Leftover::Released(released)),
            Entry::Unit { unit, plan, since, .. } => {
                let released = Released::of(from, &unit, &plan, since);
                released.map(|it| Leftover::Released(Box::new(it)))
            }
            Entry::Bytes(..) | Entry::Ending(_) => None,
        };
        std::mem::take(&mut self.lineup).into_iter().filter_map(left).collect()
    }
}
