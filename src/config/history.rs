//! Where the prompt keeps what was typed.

use std::path::PathBuf;

use crate::cli::SettingsArgs;

/// The file, unless there is to be none.
pub(super) fn file(args: &SettingsArgs, usual: Option<&PathBuf>) -> Option<PathBuf> {
    usual.filter(|_| !args.no_history).cloned()
}
