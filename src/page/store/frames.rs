//! Frames that wait for the event that they cause.

use std::collections::HashMap;

use super::lines::Frame;
use crate::page::facts::Kind;
use crate::protocol::Side;

/// The most bytes of lines that wait in one direction of a connection.
const MAX_WAITING: usize = 64 << 10;

/// The most bytes that wait altogether.
const MAX_TOTAL: usize = 4 << 20;

/// The lines of frames that are kept with the next row of their kind. What has no room is left out: the row says how
/// many frames there were.
#[derive(Debug, Default)]
pub(super) struct Frames {
    waiting: HashMap<(Option<u64>, Side), Waiting>,
    total: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    /// Each with its newline.
    lines: Vec<(Kind, Box<[u8]>)>,
    size: usize,
}

impl Frames {
    /// Keeps the line of a frame, if there is anything in it that its message does not tell.
    pub(super) fn add(&mut self, frame: &Frame, line: &[u8]) {
        let key = (frame.connection, frame.from);
        let size = line.len() + 1;
        if frame.is_plain || self.total + size > MAX_TOTAL {
            return;
        }
        let waiting = self.waiting.entry(key).or_default();
        if waiting.size + size <= MAX_WAITING {
            waiting.size += size;
            self.total += size;
            waiting.lines.push((frame.kind, [line, b"\n"].concat().into()));
        }
    }

    /// Moves those of a row to the end of `out`.
    pub(super) fn take(
        &mut self,
        connection: Option<u64>,
        from: Option<Side>,
        kind: Kind,
        out: &mut Vec<u8>,
    ) {
        if self.waiting.is_empty() {
            return;
        }
        let frame_kind = match kind {
            Kind::Text | Kind::Binary | Kind::Omitted => Some(Kind::Text),
            Kind::Ping | Kind::Pong => Some(kind),
            Kind::CloseFrame => Some(Kind::Close),
            Kind::Close => None, // all that are left
            _ => return,
        };
        for side in [Side::Client, Side::Server] {
            if from.is_some_and(|from| from != side) {
                continue;
            }
            let Some(waiting) = self.waiting.get_mut(&(connection, side)) else { continue };
            for (_, line) in
                waiting.lines.extract_if(.., |(of, _)| frame_kind.is_none_or(|kind| kind == *of))
            {
                waiting.size -= line.len();
                self.total -= line.len();
                out.extend_from_slice(&line);
            }
            if waiting.lines.is_empty() {
                self.waiting.remove(&(connection, side));
            }
        }
    }
}
