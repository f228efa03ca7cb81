//! The connections of a recording, and choosing one.

use std::fmt;
use std::ops::ControlFlow;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::script::{Script, ScriptBuilder, ScriptError};
use crate::event::Stamp;
use crate::output::escape::{Newlines, escape};
use crate::protocol::counted::counted;
use crate::recording::{Belonging, Labels, Recorded, RecordedKind};
use crate::redact::Redaction;

/// Which connection of a recording is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// The only one.
    Only,
    /// The one with this number, or with this text in its URL.
    Entry(String),
}

impl Selector {
    /// What `--entry` gives.
    pub fn new(entry: Option<&str>) -> Self {
        entry.map_or(Self::Only, |entry| Self::Entry(entry.to_owned()))
    }

    /// Whether the connection with this label (see [`Labels`]) and URL is meant.
    pub fn accepts(&self, label: &str, url: &str) -> bool {
        match self {
            Self::Only => true,
            Self::Entry(entry) => entry == label || (!is_number(entry) && url.contains(entry)),
        }
    }

    /// Whether a number is given.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Entry(entry) if is_number(entry))
    }
}

/// Whether a text is the number of a connection, as lists have them: `7` or `7.2`.
fn is_number(text: &str) -> bool {
    let (number, times) = text.split_once('.').unwrap_or((text, "1"));
    [number, times].iter().all(|it| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit()))
}

/// A connection of a recording, for lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryInfo {
    /// Its number, as `--entry` takes it.
    pub label: String,
    /// Its URL, if the recording has it: shortened, without secrets and safe to show.
    pub url: Option<String>,
    /// When it was opened.
    pub start: Stamp,
    /// The number of data messages: of the client, and of the server.
    pub messages: [u64; 2],
}

/// Collects the connection that is meant from the events of a recording.
#[derive(Debug)]
pub struct Collector {
    selector: Selector,
    limit: u64,
    entries: Vec<Entry>,
    labels: Labels,
    accepted: usize,
    has_too_many: bool,
}

#[derive(Debug)]
struct Entry {
    info: EntryInfo,
    /// It is an attempt that failed, on which nothing was sent.
    has_failed: bool,
    is_accepted: bool,
    builder: ScriptBuilder,
}

/// The connection that is meant.
#[derive(Debug)]
pub struct Collected {
    /// What was sent on it.
    pub script: Script,
    /// Which one it is.
    pub info: EntryInfo,
}

/// Why no connection of a recording can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryError {
    /// There is none.
    None,
    /// There are too many to tell them apart.
    TooMany,
    /// There are several, and none was chosen, or the choice is for more than one.
    Several(Vec<EntryInfo>),
    /// None is the one that was chosen.
    NotFound(String, Vec<EntryInfo>),
    /// What was sent on it cannot be used.
    Script(ScriptError),
}

/// The most connections of a recording.
const MAX_ENTRIES: usize = 10_000;

/// How many connections are listed.
const MAX_LISTED: usize = 30;

impl Collector {
    /// A collector that keeps at most `limit` bytes of the connection that is meant.
    pub fn new(selector: Selector, limit: u64) -> Self {
        Self {
            selector,
            limit,
            entries: Vec::new(),
            labels: Labels::default(),
            accepted: 0,
            has_too_many: false,
        }
    }

    /// Takes an event.
    pub fn push(&mut self, event: Recorded) -> ControlFlow<()> {
        event.seen_by_client().try_for_each(|seen| self.add(seen))
    }

    fn add(&mut self, event: Recorded) -> ControlFlow<()> {
        let index = match self.labels.belonging(&event) {
            Belonging::Nothing => return ControlFlow::Continue(()),
            Belonging::Current(index) => index,
            Belonging::Begins if self.entries.len() == MAX_ENTRIES => {
                self.has_too_many = true;
                return ControlFlow::Break(());
            }
            Belonging::Begins => self.begin(&event),
        };
        let counts_only = self.accepted > 1 || !self.entries[index].is_accepted;
        self.entries[index].builder.push(event, counts_only);
        ControlFlow::Continue(())
    }

    fn begin(&mut self, event: &Recorded) -> usize {
        let (index, label) = self.labels.begin(event.connection);
        let url = match &event.what {
            RecordedKind::Open(opened) => Some(opened.url.as_str()),
            _ => None,
        };
        let has_failed = matches!(event.what, RecordedKind::Failure(_));
        let is_accepted = !has_failed && self.selector.accepts(&label, url.unwrap_or_default());
        self.accepted += usize::from(is_accepted);
        if self.accepted > 1 {
            self.entries.iter_mut().for_each(|entry| entry.builder.drop_all());
        }
        self.entries.push(Entry {
            info: EntryInfo { label, url: url.map(listed), start: event.at, messages: [0; 2] },
            has_failed,
            is_accepted,
            builder: ScriptBuilder::new(self.limit),
        });
        index
    }

    /// The connection that is meant.
    ///
    /// # Errors
    /// Why there is none, or it cannot be used.
    pub fn finish(self) -> Result<Collected, EntryError> {
        if self.has_too_many {
            return Err(EntryError::TooMany);
        }
        let selector = self.selector;
        let mut entries = self.entries;
        entries.retain(|entry| !entry.has_failed);
        for entry in &mut entries {
            entry.info.messages = entry.builder.counts();
        }
        let infos = |of: &dyn Fn(&Entry) -> bool| {
            entries.iter().filter(|it| of(it)).map(|it| it.info.clone()).collect()
        };
        match (self.accepted, selector) {
            (1, _) => {}
            (0, Selector::Entry(entry)) if !entries.is_empty() => {
                return Err(EntryError::NotFound(entry, infos(&|_| true)));
            }
            (0, _) => return Err(EntryError::None),
            _ => return Err(EntryError::Several(infos(&|entry| entry.is_accepted))),
        }
        let Some(Entry { info, builder, .. }) = entries.into_iter().find(|it| it.is_accepted)
        else {
            return Err(EntryError::None);
        };
        let script = builder.finish().map_err(EntryError::Script)?;
        Ok(Collected { script, info })
    }
}

impl EntryError {
    /// The connections to choose from, a line for each.
    pub fn list(&self) -> Vec<String> {
        let (Self::Several(infos) | Self::NotFound(_, infos)) = self else { return Vec::new() };
        let shown = &infos[..infos.len().min(MAX_LISTED)];
        let widest = |text: &dyn Fn(&EntryInfo) -> usize| shown.iter().map(text).max().unwrap_or(0);
        let label = widest(&|info| info.label.len());
        let mut lines: Vec<_> = shown.iter().map(|info| info.line(label)).collect();
        if infos.len() > shown.len() {
            lines.push(format!("… and {} more", infos.len() - shown.len()));
        }
        lines
    }
}

/// How many characters of a URL are shown.
const MAX_URL: usize = 120;

impl EntryInfo {
    fn line(&self, width: usize) -> String {
        let url = self.url.as_deref().unwrap_or("(URL not recorded)");
        let start = Timestamp::try_from(self.start.wall).unwrap_or_default();
        let start = start.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let [client, server] = self.messages;
        format!(
            "{:>width$}  {start}  {} to the server, {server} to the client  {url}",
            self.label,
            counted(client, "message"),
        )
    }
}

/// A URL as it is listed.
fn listed(url: &str) -> String {
    let url = Redaction::Mask.url(url);
    let shown: String = url.chars().take(MAX_URL).collect();
    let dots = if shown.len() < url.len() { "…" } else { "" };
    format!("{}{dots}", escape(&shown, Newlines::Escape))
}

impl fmt::Display for EntryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const CHOOSE: &str = "choose one with --entry N, or --entry with a part of its URL";
        match self {
            Self::None => f.write_str("the recording has no WebSocket connection"),
            Self::TooMany => write!(f, "the recording has more than {MAX_ENTRIES} connections"),
            Self::Several(infos) => write!(f, "{} connections: {CHOOSE}", infos.len()),
            Self::NotFound(entry, _) => {
                write!(f, "--entry {entry}: no connection has this number or text; {CHOOSE}")
            }
            Self::Script(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for EntryError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::replay::Side;
    use crate::recording::replay::testing::events;

    fn collected(lines: &[&str], entry: Option<&str>) -> Result<Collected, EntryError> {
        let mut collector = Collector::new(Selector::new(entry), 1 << 20);
        let _ = events(lines).into_iter().try_for_each(|event| match collector.push(event) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(()),
        });
        collector.finish()
    }

    fn first(collected: &Collected) -> String {
        let content = collected.script.content(Side::Client, 0).expect("a message");
        String::from_utf8_lossy(&content.data).into_owned()
    }

    #[test]
    fn the_only_connection_needs_no_choice() {
        let one = collected(&["open ws://a/x", "> a", "< b"], None).expect("a connection");
        assert_eq!((first(&one), &*one.info.label), ("a".to_owned(), "1"));
        let cut = collected(&["> a"], None).expect("a connection");
        assert_eq!((first(&cut), cut.info.url), ("a".to_owned(), None));
        assert_eq!(collected(&[], None).expect_err("nothing"), EntryError::None);
    }

    #[test]
    fn several_are_told_apart_by_number_and_url() {
        let lines = [
            "#1",
            "open ws://a/x",
            "#7",
            "open ws://a/y",
            "> y",
            "#1",
            "> x",
            "open ws://a/z",
            "> z",
        ];
        for (entry, message) in [("1", "x"), ("7", "y"), ("1.2", "z"), ("/z", "z")] {
            let found = collected(&lines, Some(entry)).expect("a connection");
            assert_eq!(first(&found), message, "{entry}");
        }
        let error = collected(&lines, None).expect_err("several");
        assert!(error.to_string().starts_with("3 connections: choose one"), "{error}");
        assert_eq!(
            error.list(),
            [
                "  1  1970-01-01 00:00:00Z  1 message to the server, 0 to the client  ws://a/x",
                "  7  1970-01-01 00:00:00Z  1 message to the server, 0 to the client  ws://a/y",
                "1.2  1970-01-01 00:00:00Z  1 message to the server, 0 to the client  ws://a/z",
            ]
        );
        for (entry, count) in [("ws://a", 3), ("9", 3), ("nothing", 3)] {
            let error = collected(&lines, Some(entry)).expect_err("no choice");
            assert_eq!(error.list().len(), count, "{entry}: {error}");
        }
    }

    #[test]
    fn connections_without_numbers_follow_each_other() {
        let lines = ["open ws://a", "> a", "end self 1000 1000", "open ws://a", "> b"];
        assert_eq!(first(&collected(&lines, Some("2")).expect("a connection")), "b");
    }

    #[test]
    fn an_address_is_a_part_of_a_url() {
        let lines = ["open ws://127.0.0.1/", "> a", "open ws://127.0.0.2/", "> b"];
        assert_eq!(first(&collected(&lines, Some("127.0.0.2")).expect("a connection")), "b");
    }

    #[test]
    fn attempts_that_failed_have_numbers_and_are_not_chosen() {
        let lines = ["fail", "open ws://a", "> a"];
        let only = collected(&lines, None).expect("the only one that was opened");
        assert_eq!((first(&only), &*only.info.label), ("a".to_owned(), "2"));
        let error = collected(&lines, Some("1")).expect_err("it failed");
        assert_eq!(error.list().len(), 1);
        assert_eq!(collected(&["fail"], None).expect_err("it failed"), EntryError::None);
    }

    #[test]
    fn a_url_is_kept_as_it_is_listed() {
        let long = format!("open ws://user:{0}@h/?token={0}&{0}", "s".repeat(300))
            .replace("/?", &format!("/{}?", "p".repeat(300)));
        let error = collected(&[&long, "open ws://b"], None).expect_err("several");
        let EntryError::Several(infos) = &error else { panic!("{error:?}") };
        let url = infos[0].url.as_deref().expect("a URL");
        assert_eq!(url.chars().count(), MAX_URL + 1);
        assert!(url.starts_with("ws://") && !url.contains("user:s"), "{url}");
        assert!(error.list()[0].ends_with(url), "{error:?}");
    }

    #[test]
    fn too_many_connections_are_refused() {
        let lines = vec!["open ws://a"; MAX_ENTRIES + 1];
        assert_eq!(collected(&lines, None).expect_err("too many"), EntryError::TooMany);
        let listed = collected(&lines[..100], None).expect_err("several").list();
        assert_eq!((listed.len(), &*listed[MAX_LISTED]), (MAX_LISTED + 1, "… and 70 more"));
    }
}
