//! Secrets typed on the command line, out of what other users of the machine see of it.

use std::ffi::OsString;

#[cfg_attr(any(target_os = "linux", target_os = "android"), path = "title/memory.rs")]
#[cfg_attr(target_vendor = "apple", path = "title/anew.rs")]
#[cfg_attr(
    not(any(target_os = "linux", target_os = "android", target_vendor = "apple")),
    path = "title/other.rs"
)]
mod hiding;

/// The command line, and what became of the secrets in it.
#[derive(Debug)]
pub struct Arguments {
    /// What was typed.
    pub args: Vec<OsString>,
    /// Why the secrets can still be seen.
    pub visible: Option<String>,
}

/// Takes the secrets out of what the system shows of this process. `secrets` finds them: each by its place
/// among the arguments, and as it may be shown.
pub fn hide_secrets(
    args: Vec<OsString>,
    secrets: impl FnOnce(&[OsString]) -> Vec<(usize, OsString)>,
) -> Arguments {
    hiding::hide(args, secrets)
}
