//! Statistics as a table for people, in the columns of a terminal.

use std::time::SystemTime;

use jiff::Timestamp;

use super::{bars, time};
use crate::output::escape::{Newlines, escape};
use crate::output::human::{grouped, short};
use crate::output::style::{Role, Style};
use crate::output::wrap::{HANGING, fit, wrap};
use crate::protocol::CloseCode;
use crate::protocol::counted::counted;
use crate::recording::stats::{Connection, Histogram, Packed, Statistics, Stats, Traffic};

/// Columns of the names of rows.
const LABEL: usize = 16;

/// The most columns of a value.
const VALUE: usize = 16;

/// How many connections have a row.
const MAX_ROWS: usize = 50;

/// The columns of the rows of connections, without the URL.
const ROW: usize = 42;

/// The fewest columns for a URL.
const MIN_URL: usize = 16;

/// The text, with its last newline.
pub(super) fn table(name: &str, statistics: &Statistics, style: Style, columns: usize) -> String {
    let table = Table { style, columns };
    let Statistics { total, count, connections, .. } = statistics;
    let mut text = table.title(name, total, *count);
    text += &table.traffic(total);
    text += &table.times("answers", "requests and answers with the same JSON id", &total.latency);
    text += &table.times("pings", "from a ping to its pong", &total.rtt);
    text += &table.ends(total);
    if *count > 1 {
        text += &table.connections(connections, *count);
    }
    text
}

#[derive(Clone, Copy)]
struct Table {
    style: Style,
    columns: usize,
}

/// What a cell has for a direction, if anything is known.
type Cell<'a> = &'a dyn Fn(&Traffic) -> Option<String>;

impl Table {
    fn title(self, name: &str, total: &Stats, count: u64) -> String {
        let started = total.started.filter(|at| *at != SystemTime::UNIX_EPOCH);
        let started = started.and_then(|wall| Timestamp::try_from(wall).ok());
        let started = started.map_or_else(String::new, |at| format!(", from {at:.0}"));
        let count =
            format!("{} {}", grouped(count), if count == 1 { "connection" } else { "connections" });
        let text = format!("{name}: {count}, {}{started}", short(total.duration));
        format!("{}\n", self.wrapped(&text, 0))
    }

    fn wrapped(self, text: &str, lead: usize) -> String {
        wrap(text, Some(self.columns), lead, HANGING).into_owned()
    }

    fn traffic(self, total: &Stats) -> String {
        let Stats { received, sent, duration, .. } = total;
        let sides = [received, sent];
        let width = VALUE.min(self.columns.saturating_sub(LABEL) / 2);
        let row = |label: &str, values: [String; 2]| {
            let values = values.map(|value| format!("{value:>width$}"));
            let label = self.style.paint(Role::Dim, &format!("{label:<LABEL$}"));
            format!("{label}{}{}\n", values[0], values[1])
        };
        let rows: [(&str, Cell<'_>); 12] = [
            ("messages", &|it| Some(grouped(it.messages))),
            ("bytes", &|it| Some(size(it.bytes))),
            ("per second", &|it| super::rate(it.messages, *duration).map(decimal)),
            ("peak per second", &|it| Some(grouped(it.peak))),
            ("size min", &|it| known(&it.sizes, |it| size(it.min()))),
            ("size median", &|it| known(&it.sizes, |it| size(it.percentile(50)))),
            ("size p95", &|it| known(&it.sizes, |it| size(it.percentile(95)))),
            ("size max", &|it| known(&it.sizes, |it| size(it.max()))),
            ("gap median", &|it| known(&it.gaps, |it| time(it.percentile(50)))),
            ("gap p95", &|it| known(&it.gaps, |it| time(it.percentile(95)))),
            ("gap max", &|it| known(&it.gaps, |it| time(it.max()))),
            ("size on the wire", &|it| ratio(it.packed)),
        ];
        let mut text = format!("\n{}", row("", ["received", "sent"].map(str::to_owned)));
        for (label, value) in rows {
            let values = sides.map(value);
            if values.iter().any(Option::is_some) {
                text += &row(label, values.map(|value| value.unwrap_or_else(|| "-".to_owned())));
            }
        }
        text
    }

    /// Times with their quantiles and bars.
    fn times(self, label: &str, what: &str, times: &Histogram) -> String {
        if times.count() == 0 {
            return String::new();
        }
        let title = format!("{label}: {} ({what})", grouped(times.count()));
        let quantiles = format!(
            "min {}, p50 {}, p95 {}, p99 {}, max {}",
            time(times.min()),
            time(times.percentile(50)),
            time(times.percentile(95)),
            time(times.percentile(99)),
            time(times.max())
        );
        let title = self.style.paint_lines(Role::Bold, &self.wrapped(&title, 0));
        let lines = format!("\n{title}\n{}\n", self.wrapped(&quantiles, 0));
        lines + &bars::bars(times, self.style, self.columns)
    }

    /// Control frames, close codes and failures.
    fn ends(self, total: &Stats) -> String {
        let mut lines = Vec::new();
        if total.pings + total.pongs > 0 {
            let (pings, pongs) = (counted(total.pings, "ping"), counted(total.pongs, "pong"));
            lines.push(format!("control frames: {pings}, {pongs}"));
        }
        for (code, count) in &total.closes {
            lines.push(format!("closed with {}: {}", CloseCode::new(*code), grouped(*count)));
        }
        for (kind, count, message) in &total.failures {
            let (kind, count) = (kind.name(), grouped(*count));
            let message = escape(message, Newlines::Escape);
            lines.push(format!("errors of kind {kind}: {count}, first: {message}"));
        }
        if total.tolerated > 0 {
            lines.push(format!(
                "tolerated violations of the protocol: {}",
                grouped(total.tolerated)
            ));
        }
        let lines: String = lines.iter().map(|it| format!("{}\n", self.wrapped(it, 0))).collect();
        if lines.is_empty() { lines } else { format!("\n{lines}") }
    }

    fn connections(self, connections: &[Connection], count: u64) -> String {
        let room = self.columns.saturating_sub(ROW);
        let url = |url: &str| match room {
            ..MIN_URL => String::new(),
            _ => fit(&escape(url, Newlines::Escape), room).into_owned(),
        };
        let row = |number: &str, time: &str, received: &str, sent: &str, end: &str, url: &str| {
            let text = format!("{number:<5}{time:>11}{received:>10}{sent:>8}{end:>6}");
            match url {
                "" => text,
                url => format!("{text}  {url}"),
            }
        };
        let head =
            row("", "time", "received", "sent", "code", if room < MIN_URL { "" } else { "URL" });
        let mut text = format!("\n{}\n", self.style.paint(Role::Dim, &head));
        for it in connections.iter().take(MAX_ROWS) {
            let code = it.stats.closes.keys().next_back();
            let line = row(
                &format!("#{}", it.label),
                &short(it.stats.duration),
                &brief(it.stats.received.messages),
                &brief(it.stats.sent.messages),
                &code.map_or_else(|| "-".to_owned(), u16::to_string),
                &url(&it.url),
            );
            text += &format!("{line}\n");
        }
        let rest = count.saturating_sub(connections.len().min(MAX_ROWS) as u64);
        if rest > 0 {
            let line = format!("and {} more; --json lists up to 1,000", grouped(rest));
            text += &format!("{}\n", self.wrapped(&line, 0));
        }
        text
    }
}

fn known(numbers: &Histogram, text: impl Fn(&Histogram) -> String) -> Option<String> {
    (numbers.count() > 0).then(|| text(numbers))
}

/// The size on the wire of compressed messages, with frame headers, in percent of that of their payloads.
fn ratio(packed: Packed) -> Option<String> {
    let Packed { messages, bytes, wire_bytes } = packed;
    (messages > 0 && bytes > 0)
        .then(|| format!("{:.0} %", wire_bytes as f64 * 100.0 / bytes as f64))
}

/// "512 B", "1.2 MiB".
fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let (mut value, mut unit) = (bytes as f64 / 1024.0, 0);
    // What would be rounded to 1024 is one of the next unit.
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A number in at most seven columns: "999,999", "12.3 M".
fn brief(number: u64) -> String {
    match number {
        0..1_000_000 => grouped(number),
        1_000_000..1_000_000_000 => format!("{:.1} M", number as f64 / 1e6),
        _ => format!("{:.0} G", number as f64 / 1e9),
    }
}

fn decimal(number: f64) -> String {
    if number < 100.0 { format!("{number:.1}") } else { grouped(number as u64) }
}

#[cfg(test)]
mod tests;
