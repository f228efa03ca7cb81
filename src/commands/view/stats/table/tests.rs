//! Tables of small recordings.

use std::ops::ControlFlow;

use unicode_width::UnicodeWidthStr;

use super::*;
use crate::recording::reader::{Limits, read};

fn shown(lines: &str, columns: usize) -> String {
    let mut statistics = Statistics::default();
    let result = read("x", lines.as_bytes(), &Limits::default(), &mut |event| {
        statistics.add(&event);
        ControlFlow::Continue(())
    });
    assert!(result.is_ok(), "{result:?}");
    table("chat.ndjson", &statistics, Style::plain(), columns)
}

fn message(ms: u32, direction: &str, data: &str) -> String {
    format!(
        "{{\"event\":\"message\",\"elapsed_ms\":{ms},\"direction\":\"{direction}\",\"type\":\"text\",\
         \"data\":\"{data}\",\"wire_size\":10,\"compressed\":true}}\n"
    )
}

fn chat() -> String {
    let mut lines = "{\"event\":\"open\",\"url\":\"ws://localhost:8080/chat\",\"elapsed_ms\":0,\
                     \"time\":\"2026-07-31T12:34:56.7Z\"}\n"
        .to_owned();
    for id in 0..20 {
        lines += &message(id * 100, "sent", &format!("{{\\\"id\\\":{id}}}"));
        lines +=
            &message(id * 100 + id + 1, "received", &format!("{{\\\"id\\\":{id},\\\"x\\\":1}}"));
    }
    lines
        + "{\"event\":\"pong\",\"direction\":\"received\",\"rtt_ms\":1.5,\"elapsed_ms\":2000}\n\
             {\"event\":\"close\",\"code\":1000,\"was_clean\":true,\"elapsed_ms\":2000}\n\
             {\"event\":\"error\",\"kind\":\"local\",\"message\":\"it \\u001b[31m broke\",\"elapsed_ms\":2000}\n"
}

#[test]
fn a_recording_is_a_table() {
    assert_eq!(
        shown(&chat(), 80),
        "\
chat.ndjson: 1 connection, 2.0 s, from 2026-07-31T12:34:56Z

                        received            sent
messages                      20              20
bytes                      290 B           170 B
per second                  10.0            10.0
peak per second               10              10
size min                    14 B             8 B
size median                 14 B             8 B
size p95                    15 B             9 B
size max                    15 B             9 B
gap median                101 ms          100 ms
gap p95                   101 ms          100 ms
gap max                   101 ms          100 ms
size on the wire            69 %           118 %

answers: 20 (requests and answers with the same JSON id)
min 1.0 ms, p50 10.0 ms, p95 19.0 ms, p99 20.0 ms, max 20.0 ms
   ≤ 2.0 ms ███▋                                      1
   ≤ 5.0 ms ██████████▉                               3
  ≤ 10.0 ms ██████████████████▏                       5
  ≤ 20.0 ms ████████████████████████████████████████ 11

pings: 1 (from a ping to its pong)
min 1.5 ms, p50 1.5 ms, p95 1.5 ms, p99 1.5 ms, max 1.5 ms
   ≤ 2.0 ms ████████████████████████████████████████ 1

control frames: 0 pings, 1 pong
closed with 1000 Normal Closure: 1
errors of kind local: 1, first: it \\e[31m broke
"
    );
}

#[test]
fn every_line_fits_the_columns() {
    for columns in [40, 60, 80, 200] {
        let second = "{\"event\":\"open\",\"url\":\"ws://localhost/世界/a/very/long/url/世界世界世界世界世界世界世界世界世界世界\"}\n";
        let text = shown(&(chat() + second), columns);
        for line in text.lines() {
            assert!(line.width() <= columns, "{} of {columns}: {line:?}", line.width());
        }
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}

#[test]
fn recordings_of_next_to_nothing_have_tables() {
    for lines in
        ["{\"event\":\"x\"}", "{\"event\":\"open\",\"url\":\"ws://a\"}", &message(0, "sent", "")]
    {
        let text = shown(lines, 80);
        assert!(
            text.contains("messages") && !text.contains("NaN") && !text.contains("inf"),
            "{text}"
        );
    }
    let last = message(0, "sent", "a") + &message(u32::MAX, "sent", "a");
    assert!(shown(&last, 40).contains("1193 h"));
}

#[test]
fn sizes_have_units() {
    for (bytes, expected) in [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1_048_575, "1.0 MiB"),
        (5 << 30, "5.0 GiB"),
        (u64::MAX, "16.0 EiB"),
    ] {
        assert_eq!(size(bytes), expected);
    }
}
