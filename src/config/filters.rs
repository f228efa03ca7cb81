//! What is shown of the messages.

use std::sync::Arc;

use super::ConfigError;
use super::files::FileReader;
use crate::cli::FilterArgs;
use crate::scenario::expect::PatternError;
use crate::scenario::{display, expect};
use crate::view::{DisplayFilter, Filters};

/// The filters of `--filter` and `--mute`.
pub(super) fn filters(args: &FilterArgs, files: &FileReader) -> Result<Filters, ConfigError> {
    parsed(args, files, display::parse)
}

/// The same for a server, where connections have numbers.
pub(super) fn server_filters(
    args: &FilterArgs,
    files: &FileReader,
) -> Result<Filters, ConfigError> {
    parsed(args, files, display::parse_for_server)
}

/// The same for a proxy, where sides have names.
pub(super) fn proxy_filters(args: &FilterArgs, files: &FileReader) -> Result<Filters, ConfigError> {
    parsed(args, files, display::parse_for_proxy)
}

type Parser = fn(&str, Option<Vec<u8>>) -> Result<Arc<dyn DisplayFilter>, PatternError>;

fn parsed(args: &FilterArgs, files: &FileReader, parser: Parser) -> Result<Filters, ConfigError> {
    let parse = |option: &'static str, given: &[String]| -> Result<Vec<_>, ConfigError> {
        let filter = |text: &String| -> Result<Arc<dyn DisplayFilter>, ConfigError> {
            let content = expect::file(text).map(|path| files.long_bytes(option, path));
            parser(text, content.transpose()?)
                .map_err(|error| ConfigError::value(option, text, error))
        };
        given.iter().map(filter).collect()
    };
    Ok(Filters { only: parse("--filter", &args.filter)?, mute: parse("--mute", &args.mute)? })
}
