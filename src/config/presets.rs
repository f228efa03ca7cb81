//! What `-x`, `--send-hex`, `--send-file` and `--send-frame` send, in the order given.

use std::borrow::Cow;
use std::path::Path;

use clap::ArgMatches;

use super::ConfigError;
use crate::cli::SendingArgs;
use crate::input::raw::parse_frame;
use crate::input::{Action, decode_hex};
use crate::protocol::MessageKind;

/// Where on the command line the values of these options stood.
#[derive(Clone, Debug, Default)]
pub struct SendOrder {
    text: Vec<usize>,
    hex: Vec<usize>,
    file: Vec<usize>,
    frame: Vec<usize>,
}

impl SendOrder {
    /// Reads it from the parsed command line.
    pub fn new(matches: &ArgMatches) -> Self {
        let of = |id| matches.indices_of(id).into_iter().flatten().collect();
        Self {
            text: of("send"),
            hex: of("send_hex"),
            file: of("send_file"),
            frame: of("send_frame"),
        }
    }
}

pub(super) fn presets(
    args: &SendingArgs,
    kind: MessageKind,
    order: &SendOrder,
) -> Result<Vec<Action<'static>>, ConfigError> {
    let mut placed = Vec::new();
    let place = |places: &[usize], index: usize| places.get(index).copied().unwrap_or(usize::MAX);
    for (index, text) in args.send.iter().enumerate() {
        placed.push((place(&order.text, index), send(kind, text.clone().into_bytes())));
    }
    for (index, hex) in args.send_hex.iter().enumerate() {
        let bytes =
            decode_hex(hex).map_err(|reason| ConfigError::value("--send-hex", hex, reason))?;
        placed.push((place(&order.hex, index), send(MessageKind::Binary, bytes)));
    }
    for (index, path) in args.send_file.iter().enumerate() {
        let bytes = read(path)?;
        if kind == MessageKind::Text {
            must_be_text(path, &bytes)?;
        }
        placed.push((place(&order.file, index), send(kind, bytes)));
    }
    for (index, text) in args.send_frame.iter().enumerate() {
        let frame =
            parse_frame(text).map_err(|reason| ConfigError::value("--send-frame", text, reason))?;
        placed.push((place(&order.frame, index), Action::Frame(Box::new(frame))));
    }
    placed.sort_by_key(|(place, _)| *place);
    Ok(placed.into_iter().map(|(_, action)| action).collect())
}

fn send(kind: MessageKind, bytes: Vec<u8>) -> Action<'static> {
    Action::Send(kind, Cow::Owned(bytes))
}

fn read(path: &Path) -> Result<Vec<u8>, ConfigError> {
    let shown = path.to_string_lossy().into_owned();
    std::fs::read(path).map_err(|error| ConfigError::Unreadable { path: shown, error })
}

fn must_be_text(path: &Path, bytes: &[u8]) -> Result<(), ConfigError> {
    let Err(error) = simdutf8::compat::from_utf8(bytes) else { return Ok(()) };
    let offset = error.valid_up_to();
    let before = &bytes[..offset];
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    Err(ConfigError::NotUtf8 {
        path: path.to_string_lossy().into_owned(),
        line: memchr::memchr_iter(b'\n', before).count() + 1,
        column: offset - line_start + 1,
        offset,
    })
}
