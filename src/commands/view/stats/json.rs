//! Statistics as one JSON object.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::output::json::visible;
use crate::recording::stats::{Histogram, Statistics, Stats, Traffic, micros};

#[derive(Serialize)]
struct Report<'a> {
    file: &'a str,
    connections: u64,
    #[serde(flatten)]
    total: Part<'a>,
    /// The first ones.
    per_connection: Vec<One<'a>>,
}

#[derive(Serialize)]
struct One<'a> {
    connection: Option<u64>,
    url: &'a str,
    #[serde(flatten)]
    part: Part<'a>,
}

#[derive(Serialize)]
struct Part<'a> {
    started: Option<String>,
    duration_ms: f64,
    received: Side,
    sent: Side,
    latency_ms: Option<Times>,
    rtt_ms: Option<Times>,
    pings: u64,
    pongs: u64,
    closes: &'a BTreeMap<u16, u64>,
    errors: Vec<Failures<'a>>,
    violations: u64,
}

#[derive(Serialize)]
struct Side {
    messages: u64,
    bytes: u64,
    per_second: Option<f64>,
    peak_second: u64,
    size: Option<Sizes>,
    gap_ms: Option<Gaps>,
    compressed: Option<Compressed>,
}

#[derive(Serialize)]
struct Sizes {
    min: u64,
    median: u64,
    p95: u64,
    max: u64,
}

#[derive(Serialize)]
struct Gaps {
    median: f64,
    p95: f64,
    max: f64,
}

#[derive(Serialize)]
struct Times {
    count: u64,
    min: f64,
    p50: f64,
    p95: f64,
    p99: f64,
    max: f64,
}

#[derive(Serialize)]
struct Compressed {
    messages: u64,
    bytes: u64,
    wire_bytes: u64,
}

#[derive(Serialize)]
struct Failures<'a> {
    kind: &'static str,
    count: u64,
    message: &'a str,
}

/// The object, with a newline.
pub(super) fn object(name: &str, statistics: &Statistics) -> String {
    let per_connection = statistics.connections.iter().map(|it| One {
        connection: it.number,
        url: &it.url,
        part: part(&it.stats),
    });
    let report = Report {
        file: name,
        connections: statistics.count,
        total: part(&statistics.total),
        per_connection: per_connection.collect(),
    };
    visible(&report) + "\n"
}

fn part(stats: &Stats) -> Part<'_> {
    let started = stats.started.and_then(|wall| Timestamp::try_from(wall).ok());
    let errors = stats.failures.iter().map(|(kind, count, message)| Failures {
        kind: kind.name(),
        count: *count,
        message,
    });
    Part {
        started: started.map(|at| format!("{at:.6}")),
        duration_ms: millis(micros(stats.duration)),
        received: side(&stats.received, stats),
        sent: side(&stats.sent, stats),
        latency_ms: times(&stats.latency),
        rtt_ms: times(&stats.rtt),
        pings: stats.pings,
        pongs: stats.pongs,
        closes: &stats.closes,
        errors: errors.collect(),
        violations: stats.tolerated,
    }
}

fn side(traffic: &Traffic, stats: &Stats) -> Side {
    let Traffic { messages, bytes, peak, sizes, gaps, packed, .. } = traffic;
    Side {
        messages: *messages,
        bytes: *bytes,
        per_second: super::rate(*messages, stats.duration),
        peak_second: *peak,
        size: (sizes.count() > 0).then(|| Sizes {
            min: sizes.min(),
            median: sizes.percentile(50),
            p95: sizes.percentile(95),
            max: sizes.max(),
        }),
        gap_ms: (gaps.count() > 0).then(|| Gaps {
            median: millis(gaps.percentile(50)),
            p95: millis(gaps.percentile(95)),
            max: millis(gaps.max()),
        }),
        compressed: (packed.messages > 0).then_some(Compressed {
            messages: packed.messages,
            bytes: packed.bytes,
            wire_bytes: packed.wire_bytes,
        }),
    }
}

fn times(times: &Histogram) -> Option<Times> {
    (times.count() > 0).then(|| Times {
        count: times.count(),
        min: millis(times.min()),
        p50: millis(times.percentile(50)),
        p95: millis(times.percentile(95)),
        p99: millis(times.percentile(99)),
        max: millis(times.max()),
    })
}

/// Milliseconds of microseconds.
fn millis(micros: u64) -> f64 {
    micros as f64 / 1e3
}
