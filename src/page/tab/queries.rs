//! Requests about rows.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::request::{Failure, Request, json};
use super::{Reached, Tab};
use crate::page::block::Row;
use crate::page::event::{cut_event, scenario_line};
use crate::page::filter::Filter;
use crate::page::lane::{self, MAX_BUCKETS, Span};
use crate::page::prepared::Prepared;
use crate::page::row::{RowView, millis};
use crate::page::search::Search;
use crate::page::store::Want;
use crate::recording::writer::RecordFormat;

/// The most rows or connections of an answer.
const MAX_COUNT: usize = 500;

/// The most data of an event in an answer, in bytes.
const MAX_DATA: usize = 16 << 20;

/// The answer to a request is looked for in the blocks behind it, in at most so many.
const MAX_AHEAD: u64 = 64;

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    from: u64,
    count: u64,
    #[serde(default)]
    filtered: bool,
}

#[derive(Deserialize)]
struct Detail {
    row: u64,
    limit: u64,
}

#[derive(Deserialize)]
struct SetFilter<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
    #[serde(default = "yes")]
    control: bool,
    after: Option<u64>,
    connection: Option<u64>,
}

const fn yes() -> bool {
    true
}

#[derive(Deserialize)]
struct Find {
    row: u64,
}

#[derive(Deserialize)]
struct LaneOf {
    from_row: Option<u64>,
    to_row: Option<u64>,
    from_ms: Option<f64>,
    to_ms: Option<f64>,
    buckets: u64,
    #[serde(default)]
    filtered: bool,
}

#[derive(Deserialize)]
struct SaveAs {
    format: Format,
    #[serde(default)]
    filtered: bool,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Har,
    Ndjson,
    Wscope,
}

impl Tab {
    /// Answers a request about rows; `None`: it is about something else.
    pub(super) fn query(
        &mut self,
        method: &str,
        request: &Request<'_>,
    ) -> Option<Result<String, Failure>> {
        Some(match method {
            "connections" => request.members().map(|list| self.connections(&list)),
            "rows" => request.members().map(|list| self.rows(&list)),
            "event" => request.members().and_then(|detail| self.event(&detail)),
            "filter" => request.members().and_then(|filter| self.set_filter(filter)),
            "find" => request.members().map(|find| self.find(&find)),
            "lane" => request.members().and_then(|of| self.lane(&of)),
            "save" => request.members().and_then(|save| self.save(&save)),
            _ => return None,
        })
    }

    fn connections(&self, list: &List) -> String {
        let from = usize::try_from(list.from).unwrap_or(usize::MAX);
        json(&self.store.connections(from, count(list.count)))
    }

    fn rows(&mut self, list: &List) -> String {
        #[derive(Serialize)]
        struct Answer<'a> {
            from: u64,
            /// Of a filtered list; while the filter shows everything it is null.
            #[serde(skip_serializing_if = "Option::is_none")]
            generation: Option<Option<u64>>,
            rows: &'a [Box<RawValue>],
        }

        let mut rows = Rows { before: None, rows: Vec::new(), most: count(list.count) };
        let (from, generation) = match self.search.as_mut().filter(|_| list.filtered) {
            None => {
                let from = list.from.max(self.store.rows().0);
                self.plain_rows(from, &mut rows);
                (from, None)
            }
            Some(search) => {
                let from = list.from.max(search.first());
                let before = from.checked_sub(1).filter(|before| *before >= search.first());
                let mut is_before = before.is_some();
                search.rows(&self.store, before.unwrap_or(from), Want::Starts, |row| {
                    match std::mem::take(&mut is_before) {
                        true => rows.before = Some(row.facts.elapsed),
                        false => return rows.add(row),
                    }
                    rows.most > 0
                });
                (from, Some(self.generation))
            }
        };
        let generation = list.filtered.then_some(generation);
        json(&Answer { from, generation, rows: &rows.rows })
    }

    /// Adds rows from this one on.
    fn plain_rows(&self, from: u64, rows: &mut Rows) {
        let before = from.checked_sub(1).and_then(|before| self.store.facts(before));
        rows.before = before.map(|facts| facts.elapsed);
        let mut next = from;
        while rows.rows.len() < rows.most
            && let Some(number) = self.store.block_of(next)
            && let Some(block) = self.store.block(number, Want::Starts)
        {
            for row in block.rows_from(next) {
                if !rows.add(&row) {
                    return;
                }
            }
            next = block.end();
        }
    }

    fn event(&self, detail: &Detail) -> Result<String, Failure> {
        #[derive(Serialize)]
        struct Answer {
            event: Box<RawValue>,
            connection: Option<u64>,
            cut: bool,
            frames: Vec<Box<RawValue>>,
            pair: Option<Pair>,
            decoded: (),
            scenario: Option<String>,
        }

        let number = self.store.block_of(detail.row);
        let block = number.and_then(|number| self.store.block(number, Want::All));
        let block = block.ok_or_else(|| format!("row {} is no longer kept", detail.row))?;
        let row = block.numbered(detail.row).ok_or("the row is no longer kept".to_owned())?;
        let limit = usize::try_from(detail.limit).map_or(MAX_DATA, |limit| limit.min(MAX_DATA));
        let (event, cut) = cut_event(&row, limit);
        let frames = row.frames.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        Ok(json(&Answer {
            event: raw(&event).ok_or("the event cannot be shown".to_owned())?,
            connection: row.facts.connection,
            cut,
            frames: frames.filter_map(raw).collect(),
            pair: self.pair(&row),
            decoded: (),
            scenario: scenario_line(&row),
        }))
    }

    /// What a row answers, or what answers it.
    fn pair(&self, row: &Row<'_>) -> Option<Pair> {
        if let Some(late) = row.facts.late() {
            let request = row.number.checked_sub(u64::from(row.facts.request))?;
            return Some(Pair { row: request, late_ms: millis(u64::from(late)), is_answer: true });
        }
        row.facts.size?;
        let first = self.store.block_of(row.number)?;
        let answers = |other: &Row<'_>| {
            let distance = other.number.checked_sub(row.number);
            other.facts.request > 0 && distance == Some(u64::from(other.facts.request))
        };
        (first..=first + MAX_AHEAD).find_map(|number| {
            let block = self.store.block(number, Want::Facts)?;
            let answer = block.rows_from(row.number + 1).find(answers)?;
            let late = answer.facts.late()?;
            Some(Pair { row: answer.number, late_ms: millis(u64::from(late)), is_answer: false })
        })
    }

    fn set_filter(&mut self, filter: SetFilter<'_>) -> Result<String, Failure> {
        #[derive(Serialize)]
        struct Answer {
            generation: Option<u64>,
        }

        let SetFilter { text, control, after, connection } = filter;
        let parsed = Filter::parse(&text, self.store.options().is_server);
        let mut filter = parsed.map_err(|error| {
            let before = text.get(..error.at).unwrap_or_default();
            Failure { text: error.reason, at: Some(before.encode_utf16().count()) }
        })?;
        (filter.hides_control, filter.after, filter.connection) =
            (!control, after.unwrap_or_default(), connection);
        let is_empty = filter.is_empty();
        self.generation += 1;
        (self.has_changed, self.reached) = (true, Reached::Nothing);
        self.search = (!is_empty).then(|| Search::new(Arc::new(filter), &self.store));
        Ok(json(&Answer { generation: (!is_empty).then_some(self.generation) }))
    }

    fn find(&mut self, find: &Find) -> String {
        #[derive(Serialize)]
        struct Answer {
            index: Option<u64>,
        }

        let (first, end) = self.store.rows();
        let index = match &mut self.search {
            Some(search) => search.index_of(&self.store, find.row),
            None => Some(find.row.max(first)).filter(|row| *row < end),
        };
        json(&Answer { index })
    }

    fn lane(&self, of: &LaneOf) -> Result<String, Failure> {
        let micros = |ms: f64| (ms * 1000.0).clamp(0.0, u64::MAX as f64) as u64;
        let span = match (of.from_row, of.to_row, of.from_ms, of.to_ms) {
            (_, _, Some(from), Some(to)) => Span::Times(micros(from), micros(to)),
            (Some(from), Some(to), ..) => Span::Rows(from, to),
            _ => return Err("a lane needs two rows or two times".to_owned().into()),
        };
        let buckets = usize::try_from(of.buckets).map_or(MAX_BUCKETS, |it| it.min(MAX_BUCKETS));
        let search = self.search.as_ref().filter(|_| of.filtered);
        Ok(json(&lane::lane(&self.store, span, buckets, search)))
    }

    fn save(&self, save: &SaveAs) -> Result<String, Failure> {
        #[derive(Serialize)]
        struct Answer {
            path: String,
            name: String,
            /// How many rows are no longer kept.
            missing: u64,
        }

        let format = match save.format {
            Format::Har => RecordFormat::Har,
            Format::Ndjson => RecordFormat::Ndjson,
            Format::Wscope => RecordFormat::Scenario,
        };
        let now = jiff::Timestamp::try_from(SystemTime::now()).unwrap_or_default();
        let name = format!("wscope-{}.{}", now.strftime("%Y-%m-%dT%H%M%S"), format.ending());
        let search = self.search.as_ref().filter(|_| save.filtered);
        let filter = search.map(|search| Arc::clone(search.filter()));
        let (first, end) = self.store.rows();
        if search.is_some_and(|search| search.found() == 0 && search.scanned() >= end) {
            let why = match search.is_some_and(|search| search.filter().is_only_cleared()) {
                true => "there is nothing since Clear",
                false => "the filter finds nothing",
            };
            return Err(format!("nothing is saved: {why}").into());
        }
        if first == end {
            return Err("nothing is saved: there are no messages yet".to_owned().into());
        }
        let prepared = Prepared { name: name.clone(), format, filter, end };
        let missing = first.saturating_sub(prepared.start());
        let over = || "nothing is saved: the run has ended (--record FILE)".to_owned();
        let id = self.store.prepare(prepared).ok_or_else(over)?;
        Ok(json(&Answer { path: format!("/save/{id}"), name, missing }))
    }
}

#[derive(Serialize)]
struct Pair {
    row: u64,
    late_ms: f64,
    is_answer: bool,
}

/// Rows of an answer.
struct Rows {
    /// When the row before the next one was, in microseconds since the start.
    before: Option<u64>,
    rows: Vec<Box<RawValue>>,
    most: usize,
}

impl Rows {
    /// Adds a row. Returns whether there is room for another.
    fn add(&mut self, row: &Row<'_>) -> bool {
        if self.rows.len() < self.most {
            let view = json(&RowView::new(row, self.before));
            self.rows.extend(RawValue::from_string(view).ok());
            self.before = Some(row.facts.elapsed);
        }
        self.rows.len() < self.most
    }
}

fn count(count: u64) -> usize {
    usize::try_from(count).map_or(MAX_COUNT, |count| count.min(MAX_COUNT))
}

/// JSON of the store; `None`: it is none.
fn raw(json: &[u8]) -> Option<Box<RawValue>> {
    RawValue::from_string(String::from_utf8(json.to_vec()).ok()?).ok()
}
