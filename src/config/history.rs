//! The history file of the prompt.

use std::path::PathBuf;

use crate::cli::SettingsArgs;

/// Its path; `None`: no history is saved.
pub(super) fn file(args: &SettingsArgs, usual: Option<&PathBuf>) -> Option<PathBuf> {
    usual.filter(|_| !args.no_history).cloned()
}
