//! Lines of events for tests.

use std::sync::Arc;

use super::store::{Store, StoreOptions};
use crate::output::json::escaped;

/// A line with these members, at a time in milliseconds.
pub(super) fn line(event: &str, at: u64, members: &str) -> String {
    let comma = if members.is_empty() { "" } else { "," };
    format!(
        "{{\"event\":\"{event}\",\"time\":\"2026-01-01T00:00:{:02}.{:03}000Z\",\"elapsed_ms\":{at}.000{comma}{members}}}\n",
        at / 1000 % 60,
        at % 1000
    )
}

/// A text message.
pub(super) fn message(direction: &str, at: u64, text: &str) -> String {
    let mut data = Vec::new();
    escaped(text, |part| data.extend_from_slice(part));
    let data = String::from_utf8(data).expect("UTF-8");
    let size = text.len();
    let members = format!(
        "\"direction\":\"{direction}\",\"type\":\"text\",\"data\":\"{data}\",\"size\":{size},\"wire_size\":{},\"compressed\":false,\"frames\":1",
        size + 2
    );
    line("message", at, &members)
}

/// A store with these limits in bytes.
pub(super) fn store(memory: u64, history: u64) -> Arc<Store> {
    Arc::new(Store::new(StoreOptions { memory, history, ..StoreOptions::default() }))
}

/// A store that has these lines.
pub(super) fn store_of(lines: &[String]) -> Arc<Store> {
    let store = store(1 << 20, 1 << 20);
    store.append(lines.concat().as_bytes());
    store
}
