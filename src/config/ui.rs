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

/// Resolves the options; `None` without `--ui`.
///
/// # Errors
/// With a size that is not valid.
pub(super) fn ui(args: &UiArgs) -> Result<Option<UiConfig>, ConfigError> {
    let history = size("--ui-history", &args.ui_history)?;
    Ok(args.ui.as_ref().map(|address| UiConfig {
        address: address.clone(),
        opens_browser: args.open,
        history,
    }))
}
