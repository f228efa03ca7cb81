//! What the page costs: `cargo bench --bench page`.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use divan::Bencher;
use divan::counter::ItemsCount;
use wscope::page::{Abilities, Hello, Mode, Store, StoreOptions, Tab};

#[path = "support/page_control.rs"]
mod page_control;

use page_control::NoControl;

fn main() {
    divan::main();
}

/// Messages of a store.
const MESSAGES: usize = 1_000_000;

/// Lines of messages of 64 bytes, with those of their frames if `frames`.
fn lines(count: usize, frames: bool) -> Vec<u8> {
    let mut lines = Vec::new();
    for number in 0..count {
        let (seconds, micros) = (number / 20_000, number % 20_000 * 50);
        let when = format!(
            "\"time\":\"2026-11-27T05:{:02}:{:02}.{micros:06}Z\",\"elapsed_ms\":{}.{:03},\"connection\":3,\"direction\":\"server\"",
            seconds / 60 % 60,
            seconds % 60,
            seconds * 1000 + micros / 1000,
            micros % 1000,
        );
        if frames {
            lines.extend_from_slice(
                format!(
                    "{{\"event\":\"frame\",{when},\"opcode\":\"text\",\"fin\":true,\"rsv1\":false,\"rsv2\":false,\"rsv3\":false,\"masked\":false,\"size\":64,\"wire_size\":66,\"mask\":null,\"length_bits\":7,\"minimal\":true,\"message\":{number},\"fragment\":1,\"compressed\":false,\"plain_size\":null,\"final_block\":false,\"header\":\"8140\",\"raw\":false}}\n"
                )
                .as_bytes(),
            );
        }
        let kind = if number % 1000 == 999 { "order" } else { "ticks" };
        let data = format!(
            "{{\\\"op\\\":\\\"{kind}\\\",\\\"n\\\":{number:09},\\\"price\\\":{:08},\\\"s\\\":\\\"ABCDEF\\\"}}",
            number * 7 % 100_000_000
        );
        lines.extend_from_slice(
            format!("{{\"event\":\"message\",{when},\"type\":\"text\",\"data\":\"{data}\",\"size\":64,\"wire_size\":66,\"compressed\":false,\"frames\":1}}\n").as_bytes(),
        );
    }
    lines
}

fn filled(count: usize) -> Arc<Store> {
    let store = Arc::new(Store::new(StoreOptions::default()));
    lines(count, false).chunks(1 << 20).for_each(|batch| store.append(batch));
    store
}

fn tab(store: &Arc<Store>) -> Tab {
    let hello = Hello {
        mode: Mode::Proxy,
        title: String::new(),
        clients_url: None,
        target: None,
        can: Abilities::default(),
    };
    Tab::new(Arc::clone(store), hello, Box::new(NoControl))
}

#[divan::bench(args = [false, true], sample_count = 5, sample_size = 1)]
fn append(bencher: Bencher<'_, '_>, frames: bool) {
    let lines = lines(MESSAGES, frames);
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        let store = Store::new(StoreOptions::default());
        lines.chunks(64 << 10).for_each(|batch| store.append(black_box(batch)));
        assert_eq!(store.summary().rows, MESSAGES as u64);
    });
}

const FILTERS: [&str; 7] =
    ["dir:in size:>100", "order", "ORDER", "/ord.r/", "-ticks", "$.op == order", "$.n ~ 999"];

/// The whole count of what a filter finds.
#[divan::bench(args = FILTERS, sample_count = 5, sample_size = 1)]
fn filter(bencher: Bencher<'_, '_>, text: &str) {
    let store = filled(MESSAGES);
    let request = serde_json::json!({"id": 1, "method": "filter", "text": text}).to_string();
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        let mut tab = tab(&store);
        tab.request(&request);
        while tab.work(Duration::from_millis(20)) {}
        assert!(tab.notice(Instant::now()).expect("a notice").contains("\"done\":true"));
    });
}

/// The rows of a screen, anywhere.
#[divan::bench(args = ["", "order"], sample_count = 50, sample_size = 1)]
fn scroll(bencher: Bencher<'_, '_>, text: &str) {
    let store = filled(MESSAGES);
    let mut tab = tab(&store);
    tab.request(&serde_json::json!({"id": 1, "method": "filter", "text": text}).to_string());
    while tab.work(Duration::from_millis(20)) {}
    let most = if text.is_empty() { MESSAGES } else { MESSAGES / 1000 } - 100;
    let mut at = 0;
    bencher.bench_local(|| {
        at = (at + 7_919) % most;
        let request = format!(
            "{{\"id\":1,\"method\":\"rows\",\"from\":{at},\"count\":100,\"filtered\":true}}"
        );
        assert!(tab.request(&request).len() > 10_000);
    });
}

#[divan::bench(args = ["", "order"], sample_count = 20, sample_size = 1)]
fn lane(bencher: Bencher<'_, '_>, text: &str) {
    let store = filled(MESSAGES);
    let mut tab = tab(&store);
    tab.request(&serde_json::json!({"id": 1, "method": "filter", "text": text}).to_string());
    while tab.work(Duration::from_millis(20)) {}
    bencher.bench_local(|| {
        tab.request("{\"id\":1,\"method\":\"lane\",\"from_row\":0,\"to_row\":999999,\"buckets\":600,\"filtered\":true}")
    });
}
