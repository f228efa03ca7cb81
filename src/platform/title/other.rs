//! Systems on which arguments cannot be hidden: Windows shows them only to their owner, and other systems have
//! neither the memory of a process as a file nor a reliable way to execute the same program again.

use std::ffi::OsString;

use super::Arguments;

pub(super) fn hide(
    args: Vec<OsString>,
    secrets: impl FnOnce(&[OsString]) -> Vec<(usize, OsString)>,
) -> Arguments {
    let can_be_seen = cfg!(unix) && !secrets(&args).is_empty();
    let visible = can_be_seen.then(|| "this system does not allow it".to_owned());
    Arguments { args, visible }
}
