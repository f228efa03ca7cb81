//! Compares what is received with what was recorded (`--check`).

use std::sync::Arc;
use std::time::Instant;

use super::differences::{CloseDifference, Difference, Differences, Kind, Lateness};
use super::player::ExpiredWait;
use super::script::{Content, RecordedClose, Script, Side, is_reset};
use super::sent_back::{Search, SentBack};
use crate::event::Closed;
use crate::protocol::close::ClosePayload;
use crate::protocol::connection::{EndCause, Initiator};
use crate::protocol::{CloseCode, MessageKind};
use crate::recording::compare::{
    Changes, Fingerprint, Ignore, Pair, align, match_any_order, shown,
};

/// How messages are compared.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// What is not compared.
    pub ignore: Ignore,
    /// Messages may come in any order.
    pub any_order: bool,
}

/// Collects what is received, in bounded memory, to compare it with a script in the end.
#[derive(Debug)]
pub struct Check {
    script: Arc<Script>,
    rules: Rules,
    recorded: Vec<Fingerprint>,
    received: Vec<Received>,
    /// How many received messages are only counted.
    only_counted: u64,
    /// Bytes of payloads that may still be kept.
    left: usize,
    close: Option<RecordedClose>,
}

#[derive(Debug)]
struct Received {
    print: Fingerprint,
    at: Instant,
    /// It takes no memory of its own if it is equal to the recorded message with its index: then it is that one.
    /// `None`: it does not fit into memory any more.
    content: Option<Content>,
}

/// Payloads that differ are kept up to this many bytes in all; of those behind it is only known that they differ.
const MAX_KEPT: usize = 16 << 20;

/// More messages than these beyond those recorded are only counted.
const MAX_SURPLUS: usize = 10_000;

impl Check {
    /// A comparison with what the recorded server sent.
    pub fn new(script: Arc<Script>, rules: Rules) -> Self {
        let contents = script.contents(Side::Server);
        let recorded = contents.map(|content| content.fingerprint(&rules.ignore)).collect();
        Self {
            script,
            rules,
            recorded,
            received: Vec::new(),
            only_counted: 0,
            left: MAX_KEPT,
            close: None,
        }
    }

    /// A data message was received.
    pub fn on_message(&mut self, kind: MessageKind, data: &[u8], now: Instant) {
        if self.received.len() >= self.recorded.len() + MAX_SURPLUS {
            self.only_counted += 1;
            return;
        }
        let print = Fingerprint::of(kind, data, &self.rules.ignore);
        let index = self.received.len();
        let content = match self.recorded.get(index) == Some(&print) {
            // It may still belong to another recorded message.
            true => self.script.content(Side::Server, index).cloned(),
            false => self.kept(kind, data),
        };
        self.received.push(Received { print, at: now, content });
    }

    /// The message, if there is memory for it.
    fn kept(&mut self, kind: MessageKind, data: &[u8]) -> Option<Content> {
        self.left = self.left.checked_sub(data.len())?;
        Some(Content::new(kind, data.to_vec()))
    }

    /// The connection has ended.
    pub fn on_closed(&mut self, closed: &Closed) {
        let ending = &closed.ending;
        self.close = Some(RecordedClose {
            initiator: closed.initiator().map(|initiator| match initiator {
                Initiator::Local => Side::Client,
                Initiator::Peer => Side::Server,
            }),
            client: ending.sent.clone(),
            server: ending.received.clone(),
            is_reset: is_reset(&ending.cause),
            is_abandoned: ending.cause == EndCause::Abandoned,
        });
    }

    /// How what was received differs. `expired`: the waits for answers that ran out, in order.
    pub fn differences(&self, expired: &[ExpiredWait]) -> Differences {
        let contents: Vec<&Content> = self.script.contents(Side::Server).collect();
        let now: Vec<_> = self.received.iter().map(|it| it.print).collect();
        let changes = |one: usize, other: usize| {
            let received = self.received[other].content.as_ref()?;
            Some(Changes::between(contents[one], received, &self.rules.ignore))
        };
        let mut distance = |one: usize, other: usize| {
            let is_short = |content: &Content| content.data.len() <= MAX_COMPARED;
            let is_compared = is_short(contents[one])
                && self.received[other].content.as_ref().is_some_and(is_short);
            let changes = if is_compared { changes(one, other) } else { None };
            changes.map_or(1.0, |changes| changes.distance())
        };
        let aligner = if self.rules.any_order { match_any_order } else { align };
        let pairs = aligner(&self.recorded, &now, &mut distance);
        let mut differences = Differences::new(contents.len());
        differences.sent_back = self.sent_back(&pairs);
        let mut place = 0;
        for pair in pairs {
            let text = |other: usize| self.received[other].content.as_ref().map(shown);
            match pair {
                Pair::Same(one, _) => place = one + 1,
                Pair::Changed(one, other) => {
                    place = one + 1;
                    differences.push(Kind::Changed, || Difference::Changed {
                        number: place,
                        changes: changes(one, other).unwrap_or_default(),
                    });
                }
                Pair::Missing(one) => {
                    place = one + 1;
                    let shown = || shown(contents[one]);
                    differences.push(Kind::Missing, || Difference::Missing {
                        number: place,
                        shown: shown(),
                    });
                }
                Pair::Surplus(other) => {
                    differences.push(Kind::Surplus, || Difference::Surplus {
                        after: place,
                        shown: text(other),
                    });
                }
            }
            if let Pair::Same(one, other) | Pair::Changed(one, other) = pair
                && let Some(late) = late(one, self.received[other].at, expired)
            {
                differences.push(Kind::Late, || Difference::Late(late));
            }
        }
        differences.surplus += self.only_counted;
        differences.close = self.close_difference();
        differences
    }

    /// The first value of the session that the client sent back although the server sent another one now.
    fn sent_back(&self, pairs: &[Pair]) -> Option<SentBack> {
        let mut search = Search::new(&self.script);
        pairs.iter().find_map(|pair| {
            let (one, other) = match *pair {
                Pair::Changed(one, other) => (one, other),
                // What was received in its place may resemble it too little.
                Pair::Missing(one) => (one, one),
                Pair::Same(..) | Pair::Surplus(_) => return None,
            };
            let now = self.received.get(other)?.content.as_ref()?;
            search.find(one, now, &self.rules.ignore)
        })
    }

    /// Compares how the server ended the connection, if both ends are known.
    fn close_difference(&self) -> Option<CloseDifference> {
        let recorded = self.script.close.as_ref().filter(|close| {
            // What a server would have answered is not known.
            !(close.is_abandoned && close.server.is_none())
        })?;
        let now = self.close.as_ref()?;
        let is_same = recorded.initiator.is_none_or(|initiator| now.initiator == Some(initiator))
            && code_and_reason(recorded) == code_and_reason(now);
        (!is_same).then(|| CloseDifference { recorded: described(recorded), now: described(now) })
    }
}

/// Longer messages are not compared to find out which of several is the closest, in bytes.
const MAX_COMPARED: usize = 64 << 10;

/// Whether the answer with this index came only after the wait for it had run out.
fn late(index: usize, at: Instant, expired: &[ExpiredWait]) -> Option<Lateness> {
    let wait = expired.iter().find(|wait| wait.answers > index)?;
    let by = at.checked_duration_since(wait.at)?;
    Some(Lateness { number: index + 1, by })
}

fn code_and_reason(close: &RecordedClose) -> (CloseCode, &str) {
    match &close.server {
        Some(ClosePayload { code, reason }) => (code.unwrap_or(CloseCode::NO_STATUS), reason),
        None => (CloseCode::ABNORMAL, ""),
    }
}

fn described(close: &RecordedClose) -> String {
    let (code, reason) = code_and_reason(close);
    let code = match code {
        CloseCode::ABNORMAL => "ended without a Close frame (1006)".to_owned(),
        CloseCode::NO_STATUS => "closed without a code".to_owned(),
        code => format!("closed with {}", code.get()),
    };
    let reason = match reason {
        "" => String::new(),
        reason => format!(" {reason:?}"),
    };
    match close.initiator {
        Some(Side::Server) => format!("{code}{reason} by the server"),
        Some(Side::Client) => format!("{code}{reason} in answer to the client"),
        None => format!("{code}{reason}"),
    }
}

#[cfg(test)]
mod tests;
