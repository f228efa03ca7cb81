//! Secrets typed on the command line, out of what other users of the machine see of it.
//!
//! A C program overwrites its arguments, which is not possible without unsafe code. So the program
//! starts itself anew in its place, under the same process id, with the secrets in the environment:
//! that is for its owner's eyes alone.

use std::env;
use std::ffi::OsString;

/// The names of the variables begin so, and end with the place of the argument.
const VARIABLE: &str = "WSCOPE_ARG_";

/// The arguments, with the secrets that were taken out; and whether any were.
pub fn restore(mut args: Vec<OsString>) -> (Vec<OsString>, bool) {
    let mut were_hidden = false;
    for (place, arg) in args.iter_mut().enumerate() {
        let is_mask = arg.to_str().is_some_and(|text| text.contains("***"));
        if is_mask && let Some(secret) = env::var_os(format!("{VARIABLE}{place}")) {
            *arg = secret;
            were_hidden = true;
        }
    }
    (args, were_hidden)
}

/// Starts the program anew with these arguments shown instead. Returns only if that is not possible:
/// then they stay in sight.
#[cfg(unix)]
pub fn hide(args: &[OsString], shown: &[(usize, OsString)]) {
    use std::os::unix::process::CommandExt;
    let Ok(program) = env::current_exe() else { return };
    let mut masked = args.to_vec();
    let mut command = std::process::Command::new(program);
    for (place, shown) in shown {
        let Some(arg) = masked.get_mut(*place) else { continue };
        command.env(format!("{VARIABLE}{place}"), &*arg);
        arg.clone_from(shown);
    }
    let Some((name, rest)) = masked.split_first() else { return };
    let _ = command.arg0(name).args(rest).exec(); // it comes back with an error alone
}

/// Only Unix shows arguments to everybody.
#[cfg(not(unix))]
pub fn hide(_: &[OsString], _: &[(usize, OsString)]) {}
