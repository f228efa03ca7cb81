//! The page in the browser.

use super::ConfigError;
use super::values::size;
use crate::cli::UiArgs;

/// The page that `--ui` serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UiConfig {
    /// The address to listen on, as given.
    pub address: String,
    /// The browser is started.
    pub opens_browser: bool,
    /// How much is kept of events, in bytes.
    pub history: u64,
}

const HISTORY: &str = "--ui-history";

/// Rows are kept and dropped in blocks of about 64 KiB: with less than a few of these there would be nothing to see.
const LEAST_HISTORY: u64 = 1 << 20;

/// Resolves the options; `None` without `--ui`.
///
/// # Errors
/// With a size that is not valid.
pub(super) fn ui(args: &UiArgs) -> Result<Option<UiConfig>, ConfigError> {
    let history = size(HISTORY, &args.ui_history)?;
    if history < LEAST_HISTORY {
        return Err(ConfigError::value(HISTORY, &args.ui_history, "it must be at least 1M"));
    }
    Ok(args.ui.as_ref().map(|address| UiConfig {
        address: address.clone(),
        opens_browser: args.open,
        history,
    }))
}
