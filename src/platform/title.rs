//! Hiding of secrets on the command line from other users of the machine.

use std::ffi::OsString;

#[cfg_attr(any(target_os = "linux", target_os = "android"), path = "title/memory.rs")]
#[cfg_attr(target_vendor = "apple", path = "title/exec.rs")]
#[cfg_attr(
    not(any(target_os = "linux", target_os = "android", target_vendor = "apple")),
    path = "title/other.rs"
)]
mod hiding;

/// The command line, and whether the secrets in it were hidden.
#[derive(Debug)]
pub struct Arguments {
    /// The original arguments.
    pub args: Vec<OsString>,
    /// Why the secrets are still visible.
    pub visible: Option<String>,
}

/// Removes secrets from the command line that the system shows for this process. `secrets` finds them: the
/// index of each argument with a secret, and the text to show instead.
pub fn hide_secrets(
    args: Vec<OsString>,
    secrets: impl FnOnce(&[OsString]) -> Vec<(usize, OsString)>,
) -> Arguments {
    hiding::hide(args, secrets)
}
