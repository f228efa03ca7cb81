//! On macOS the program replaces itself with execve, under the same process id, with the secrets in the
//! environment, which only its owner can read. The system reports the path of the executable exactly.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::Arguments;

/// The prefix of the variables' names, followed by the index of the argument.
const VARIABLE: &str = "WSCOPE_ARG_";

pub(super) fn hide(
    args: Vec<OsString>,
    secrets: impl FnOnce(&[OsString]) -> Vec<(usize, OsString)>,
) -> Arguments {
    let (args, were_hidden) = restore(args);
    let shown = if were_hidden { Vec::new() } else { secrets(&args) };
    let visible = (!shown.is_empty()).then(|| execute_again(&args, &shown));
    Arguments { args, visible }
}

/// The arguments with the secrets restored, and whether there were any.
fn restore(mut args: Vec<OsString>) -> (Vec<OsString>, bool) {
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

/// Executes the program again with these arguments shown instead. Returns only if that fails, with the
/// reason.
fn execute_again(args: &[OsString], shown: &[(usize, OsString)]) -> String {
    let program = match env::current_exe() {
        Ok(program) => program,
        Err(error) => return error.to_string(),
    };
    let mut masked = args.to_vec();
    let mut command = Command::new(program);
    for (place, shown) in shown {
        let Some(arg) = masked.get_mut(*place) else { continue };
        command.env(format!("{VARIABLE}{place}"), &*arg);
        arg.clone_from(shown);
    }
    let Some((name, rest)) = masked.split_first() else { return String::new() };
    command.arg0(name).args(rest).exec().to_string()
}
