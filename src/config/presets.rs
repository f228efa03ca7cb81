//! What `-x`, `--send-hex`, `--send-file` and `--send-frame` send, in the order given.

use std::path::Path;

use bytes::Bytes;
use clap::ArgMatches;

use super::ConfigError;
use super::files::FileReader;
use crate::cli::SendingArgs;
use crate::input::file::load;
use crate::input::raw::parse_frame;
use crate::input::{Action, decode_hex};
use crate::protocol::MessageKind;

/// The positions of these options' values on the command line.
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
    files: &FileReader,
) -> Result<Vec<Action>, ConfigError> {
    let mut placed = Vec::new();
    let place = |places: &[usize], index: usize| places.get(index).copied().unwrap_or(usize::MAX);
    for (index, text) in args.send.iter().enumerate() {
        placed.push((place(&order.text, index), send(kind, text.clone())));
    }
    for (index, hex) in args.send_hex.iter().enumerate() {
        let bytes =
            decode_hex(hex).map_err(|reason| ConfigError::value("--send-hex", hex, reason))?;
        placed.push((place(&order.hex, index), send(MessageKind::Binary, bytes)));
    }
    for (index, path) in args.send_file.iter().enumerate() {
        placed.push((place(&order.file, index), file(path, kind, files)?));
    }
    for (index, text) in args.send_frame.iter().enumerate() {
        let frame =
            parse_frame(text).map_err(|reason| ConfigError::value("--send-frame", text, reason))?;
        placed.push((place(&order.frame, index), Action::Frame(Box::new(frame))));
    }
    placed.sort_by_key(|(place, _)| *place);
    Ok(placed.into_iter().map(|(_, action)| action).collect())
}

fn send(kind: MessageKind, data: impl Into<Bytes>) -> Action {
    Action::Send(kind, data.into())
}

/// Loads a small file; a large one is only checked for UTF-8. Both happen before connecting.
fn file(path: &Path, kind: MessageKind, files: &FileReader) -> Result<Action, ConfigError> {
    const OPTION: &str = "--send-file";
    let owned = path.to_owned();
    let shown = path.to_string_lossy().into_owned();
    match files.run(OPTION, path, move || load(&owned, kind.into()))? {
        Ok(loaded) => Ok(Action::file(loaded, path.to_owned(), format!("{OPTION} {shown}"))),
        Err(error) => Err(ConfigError::Unreadable { path: shown, error }),
    }
}
