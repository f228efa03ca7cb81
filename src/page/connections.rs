//! What the page lists of connections.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use super::facts::{Facts, Kind};
use super::members::{Members, number, text};
use crate::protocol::{CloseCode, Side};

/// The most connections that are listed; of the others those that ended first are forgotten.
const MAX_LISTED: usize = 10_000;

/// Longer texts are cut, in bytes.
const MAX_TEXT: usize = 512;

/// All connections that are known.
#[derive(Debug, Default)]
pub(super) struct Connections {
    /// In the order in which they came.
    list: BTreeMap<u64, Connection>,
    /// The one that has a number now; without numbers the last one.
    current: HashMap<Option<u64>, u64>,
    /// Those that have ended.
    ended: BTreeSet<u64>,
    count: u64,
    version: u64,
    /// Messages came since the version changed.
    has_traffic: bool,
}

/// A part of the list, as the page gets it.
#[derive(Debug, Serialize)]
pub(super) struct ConnectionList {
    /// How many are listed.
    pub(super) total: usize,
    pub(super) version: u64,
    /// How many are not listed any more.
    pub(super) forgotten: u64,
    pub(super) list: Vec<Connection>,
}

/// A connection as the page lists it.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Connection {
    number: Option<u64>,
    url: String,
    path: String,
    state: State,
    protocol: Option<String>,
    extensions: Option<String>,
    remote: Option<String>,
    opened: Option<String>,
    ended: Option<String>,
    code: Option<u16>,
    reason: String,
    name: Option<&'static str>,
    why: Option<String>,
    /// Who ended it first: `client`, `server`, or `self`, which is this program.
    initiator: Option<&'static str>,
    status: Option<u64>,
    out: u64,
    #[serde(rename = "in")]
    received: u64,
    bytes: u64,
    /// The row of its first event.
    row: u64,
    /// This program is the server.
    #[serde(skip)]
    is_server: bool,
    /// The client, the server, has sent a Close frame.
    #[serde(skip)]
    has_closed: [bool; 2],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    #[default]
    Open,
    /// A Close frame has passed, and the end has not come.
    Closing,
    Closed,
    Refused,
}

impl Connections {
    /// How many there were.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Whether one has not ended.
    pub(super) fn has_open(&self) -> bool {
        self.list.len() > self.ended.len()
    }

    /// Whether the one that has this number now has not ended.
    pub(super) fn is_open(&self, number: Option<u64>) -> bool {
        let key = self.current.get(&number);
        key.is_some_and(|key| self.list.contains_key(key) && !self.ended.contains(key))
    }

    /// A number that changes with the list; for messages only once between two calls.
    pub(super) fn version(&mut self) -> u64 {
        self.version += u64::from(std::mem::take(&mut self.has_traffic));
        self.version
    }

    /// How many are listed, and a part of the list, the newest first.
    pub(super) fn list(&self, from: usize, most: usize) -> (usize, Vec<Connection>) {
        let part = self.list.values().rev().skip(from).take(most).cloned();
        (self.list.len(), part.collect())
    }

    /// How many are not listed any more.
    pub(super) fn forgotten(&self) -> u64 {
        self.count - self.list.len() as u64
    }

    /// Takes note of a Close frame of this side.
    pub(super) fn begin_close(&mut self, number: Option<u64>, from: Side) {
        let key = self.current.get(&number);
        let Some(connection) = key.and_then(|key| self.list.get_mut(key)) else { return };
        connection.has_closed[usize::from(from == Side::Server)] = true;
        if connection.state == State::Open {
            connection.state = State::Closing;
            self.version += 1;
        }
    }

    /// Whether this side of a connection that has not ended has sent a Close frame: it sends nothing more.
    pub(super) fn has_closed(&self, number: Option<u64>, from: Side) -> bool {
        let connection = self.current.get(&number).and_then(|key| self.list.get(key));
        connection.is_some_and(|connection| {
            connection.state == State::Closing
                && connection.has_closed[usize::from(from == Side::Server)]
        })
    }

    /// Whether this program is the server of a connection, if that is known of it.
    pub(super) fn is_server(&self, number: Option<u64>) -> Option<bool> {
        Some(self.list.get(self.current.get(&number)?)?.is_server)
    }

    /// The number of each connection whose first row is before this one, and that row; of several with the same number the last.
    pub(super) fn begun_before(&self, row: u64) -> BTreeMap<Option<u64>, u64> {
        let before = self.list.values().filter(|it| it.row < row);
        before.map(|it| (it.number, it.row)).collect()
    }

    /// Takes note of a row. `line` is that of its event.
    pub(super) fn observe(&mut self, row: u64, facts: &Facts, line: &[u8]) {
        match facts.kind {
            Kind::Open => self.open(row, facts, line),
            Kind::Close => self.close(row, facts, line),
            Kind::CloseFrame => self.close_frame(facts, line),
            Kind::Error => self.error(row, facts, line),
            Kind::Text | Kind::Binary | Kind::Omitted => {
                let connection = self.current_or_new(row, facts.connection);
                match facts.from {
                    Some(Side::Client) => connection.out += 1,
                    _ => connection.received += 1,
                }
                let size = facts.size.unwrap_or_default();
                connection.bytes = connection.bytes.saturating_add(size);
                self.has_traffic = true;
            }
            _ => {}
        }
    }

    fn open(&mut self, row: u64, facts: &Facts, line: &[u8]) {
        let mut connection = Connection { number: facts.connection, row, ..Connection::default() };
        for (key, value) in Members::new(line) {
            match key {
                b"time" => connection.opened = short(value),
                b"url" => connection.url = short(value).unwrap_or_default(),
                b"remote" => connection.remote = short(value),
                b"protocol" => connection.protocol = short(value),
                b"extensions" => connection.extensions = short(value),
                b"status" => connection.status = number(value),
                b"initiator" => connection.is_server = value == b"\"peer\"",
                _ => {}
            }
        }
        connection.path = path(&connection.url).to_owned();
        self.add(connection);
    }

    /// A Close frame that a rule has touched. One that it drops reaches nobody.
    fn close_frame(&mut self, facts: &Facts, line: &[u8]) {
        let is_dropped = Members::new(line).find("action") == Some(br#""drop""#);
        let key = self.current.get(&facts.connection).filter(|_| is_dropped);
        let Some(connection) = key.and_then(|key| self.list.get_mut(key)) else { return };
        connection.has_closed[usize::from(facts.from == Some(Side::Server))] = false;
        if connection.state == State::Closing && connection.has_closed == [false; 2] {
            connection.state = State::Open;
            self.version += 1;
        }
    }

    fn close(&mut self, row: u64, facts: &Facts, line: &[u8]) {
        let key = self.key_or_new(row, facts.connection);
        let Some(connection) = self.list.get_mut(&key) else { return };
        connection.state = State::Closed;
        connection.code = Some(facts.code);
        connection.name = Some(CloseCode::new(facts.code).name());
        let members = Members::new(line);
        connection.ended = members.clone().find("time").and_then(short);
        connection.reason = members.clone().find("reason").and_then(short).unwrap_or_default();
        let is_server = connection.is_server;
        connection.initiator = members.clone().find("initiator").and_then(|it| who(it, is_server));
        connection.why = why(members, facts.code, is_server);
        self.end(key);
    }

    /// A connection that was refused, or why one ended.
    fn error(&mut self, row: u64, facts: &Facts, line: &[u8]) {
        let members = Members::new(line);
        let member = |name| members.clone().find(name);
        let message = member("message").and_then(short);
        let is_of_opening = matches!(member("kind"), Some(br#""connect""# | br#""handshake""#));
        if !is_of_opening {
            let known = self.current.get(&facts.connection);
            if let Some(connection) = known.and_then(|key| self.list.get_mut(key)) {
                connection.why = message;
                self.version += 1;
            }
            return;
        }
        let url = member("url").and_then(short).unwrap_or_default();
        let key = self.add(Connection {
            number: facts.connection,
            path: path(&url).to_owned(),
            url,
            state: State::Refused,
            ended: member("time").and_then(short),
            why: message,
            status: member("status").and_then(number),
            row,
            ..Connection::default()
        });
        self.end(key);
    }

    fn current_or_new(&mut self, row: u64, number: Option<u64>) -> &mut Connection {
        let key = self.key_or_new(row, number);
        self.list.entry(key).or_default()
    }

    /// That of the connection with this number. One whose start is not known begins here.
    fn key_or_new(&mut self, row: u64, number: Option<u64>) -> u64 {
        match self.current.get(&number).filter(|key| self.list.contains_key(key)) {
            Some(key) => *key,
            None => self.add(Connection { number, row, ..Connection::default() }),
        }
    }

    fn add(&mut self, connection: Connection) -> u64 {
        self.count += 1;
        self.version += 1;
        let key = self.count;
        self.current.insert(connection.number, key);
        self.list.insert(key, connection);
        while self.list.len() > MAX_LISTED {
            let first_ended = self.ended.pop_first();
            let forgotten = match first_ended {
                Some(key) => self.list.remove(&key),
                None => self.list.pop_first().map(|(_, connection)| connection),
            };
            if let Some(number) = forgotten.map(|it| it.number) {
                let is_known = |key: &u64| self.list.contains_key(key);
                if !self.current.get(&number).is_some_and(is_known) {
                    self.current.remove(&number);
                }
            }
        }
        key
    }

    fn end(&mut self, key: u64) {
        self.version += 1;
        if self.list.contains_key(&key) {
            self.ended.insert(key);
        }
    }
}

/// A text, up to a bounded length.
fn short(value: &[u8]) -> Option<String> {
    if !value.starts_with(b"\"") {
        return None;
    }
    let start = &value[..value.len().min(6 * MAX_TEXT)];
    let mut text = text(start).into_owned();
    text.truncate(text.floor_char_boundary(MAX_TEXT));
    Some(text)
}

/// What follows the host of a URL.
fn path(url: &str) -> &str {
    let behind = url.split_once("://").map_or("", |(_, rest)| rest);
    behind.find(['/', '?']).map_or("", |at| &behind[at..])
}

/// Why a connection ended, if its code does not say that.
fn why(members: Members<'_>, code: u16, is_server: bool) -> Option<String> {
    let is_abnormal = code == CloseCode::ABNORMAL.get();
    // The end of one side is passed on to the other: the first one is the cause.
    let sides = match members.clone().find("initiator") {
        Some(br#""client""#) => ["client", "server"],
        _ => ["server", "client"],
    };
    let mut found = None;
    for (key, value) in members {
        match key {
            b"why" | b"hint" if found.is_none() => found = short(value),
            b"end" if value.starts_with(b"{") && is_abnormal => {
                let how = |side| Members::new(value).find(side).and_then(transport_end);
                let first = sides.iter().find_map(|side| Some((how(side)?, side)));
                found = first.map(|(how, side)| format!("{how} by {side}")).or(found);
            }
            b"end" => {
                let peer = if is_server { "client" } else { "server" };
                found = match value {
                    br#""close_timeout""# => Some("the Close frame was not answered".to_owned()),
                    br#""violation""# => Some("protocol violation".to_owned()),
                    br#""abandoned""# if is_abnormal => Some("abandoned".to_owned()),
                    how if is_abnormal => transport_end(how).map(|how| format!("{how} by {peer}")),
                    _ => None,
                };
            }
            _ => {}
        }
    }
    found
}

/// The side that an event calls so.
fn who(initiator: &[u8], is_server: bool) -> Option<&'static str> {
    match initiator {
        br#""client""# => Some("client"),
        br#""server""# => Some("server"),
        br#""peer""# => Some(if is_server { "client" } else { "server" }),
        br#""self""# => Some("self"),
        _ => None,
    }
}

fn transport_end(value: &[u8]) -> Option<&'static str> {
    match value {
        br#""fin""# => Some("ended without a Close frame"),
        br#""fin_without_close_notify""# => Some("ended without a TLS close_notify"),
        br#""reset""# => Some("reset"),
        br#""error""# => Some("failed"),
        _ => None,
    }
}
