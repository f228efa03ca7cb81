//! Random messages.

use rand::RngExt;
use rand::rngs::StdRng;

/// A data message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// Text, not binary.
    pub(crate) is_text: bool,
    /// Its payload.
    pub(crate) data: Vec<u8>,
}

/// The constraints on a series of messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// Text messages may be among them.
    pub(crate) text: bool,
    /// Binary messages may be among them.
    pub(crate) binary: bool,
    /// Bytes that they must not contain.
    pub(crate) without: &'static [u8],
    /// The smallest size of each.
    pub(crate) least: usize,
    /// The total size.
    pub(crate) bytes: usize,
}

/// Some messages of this kind, mostly small ones.
pub(crate) fn random_messages(random: &mut StdRng, kind: Kind) -> Vec<Message> {
    let most = *[1, 10, 100, 400].get(random.random_range(0..4)).expect("one of four");
    let mut left = kind.bytes;
    let mut messages = Vec::new();
    for number in 0..random.random_range(0..=most) {
        let size = random_size(random).clamp(kind.least, left.max(kind.least));
        left = left.saturating_sub(size);
        let is_text = kind.text && (!kind.binary || random.random_bool(0.7));
        messages.push(random_message(random, number, is_text, size, kind.without));
    }
    messages
}

fn random_size(random: &mut StdRng) -> usize {
    match random.random_range(0..1000) {
        0..60 => 0,
        60..700 => random.random_range(1..200),
        700..930 => random.random_range(100..6000),
        930..985 => random.random_range(6000..80_000),
        985..997 => random.random_range(80_000..1 << 20),
        _ => random.random_range(1 << 20..=4 << 20),
    }
}

/// Numbered if there is room, so that a difference can be located; then a repeated pattern. Some compress well,
/// some badly.
fn random_message(
    random: &mut StdRng,
    number: usize,
    is_text: bool,
    size: usize,
    without: &[u8],
) -> Message {
    let mut data = format!("<{number}>").into_bytes();
    data.truncate(size);
    let pattern = random_pattern(random, is_text, size.min(3000), without);
    while let Some(left) = size.checked_sub(data.len()).filter(|left| *left > 0) {
        if left < pattern.len() {
            data.resize(size, b'.');
        } else {
            data.extend(&pattern);
        }
    }
    Message { is_text, data }
}

fn random_pattern(random: &mut StdRng, is_text: bool, most: usize, without: &[u8]) -> Vec<u8> {
    const CHARS: [&str; 8] = ["a", " ", "\"", "\\", "é", "\u{2192}", "\u{1f680}", "\n"];
    let length = random.random_range(1..most.max(2));
    let mut pattern = Vec::new();
    while pattern.len() < length {
        if is_text {
            pattern.extend(CHARS[random.random_range(0..CHARS.len())].bytes());
        } else {
            pattern.push(random.random());
        }
    }
    for byte in &mut pattern {
        if without.contains(byte) {
            *byte = b'.';
        }
    }
    pattern
}
