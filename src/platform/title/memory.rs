//! On Linux the arguments are overwritten where the kernel reads them, as C programs do. Executing the program
//! again instead would run the loader if one was named (`ld.so ./wscope …`), or a newer version that has just
//! been installed, and would take milliseconds.
//!
//! The memory is accessed as a file. Nothing is written unless exactly the arguments are found there, and no
//! string becomes longer, so all pointers to the strings stay valid.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;

use super::Arguments;

/// More than the maximum size of arguments of the kernel (execve(2)).
const MAX_ARGUMENTS: u64 = 16 << 20;

pub(super) fn hide(
    args: Vec<OsString>,
    secrets: impl FnOnce(&[OsString]) -> Vec<(usize, OsString)>,
) -> Arguments {
    let shown = secrets(&args);
    let visible = match shown.is_empty() {
        true => None,
        false => overwrite(&args, &shown).err().map(|error| error.to_string()),
    };
    Arguments { args, visible }
}

fn overwrite(args: &[OsString], shown: &[(usize, OsString)]) -> io::Result<()> {
    const STAT: &str = "/proc/self/stat";
    const MEMORY: &str = "/proc/self/mem";
    let naming = |path| move |error| io::Error::other(format!("{path}: {error}"));
    let place = place(&fs::read_to_string(STAT).map_err(naming(STAT))?)
        .ok_or_else(|| io::Error::other(format!("{STAT} does not contain their address")))?;
    let memory = OpenOptions::new().read(true).write(true).open(MEMORY).map_err(naming(MEMORY))?;
    let start = find(&memory, args, place)?;
    let mut at = start;
    for (index, arg) in args.iter().enumerate() {
        if let Some((_, shown)) = shown.iter().find(|(place, _)| *place == index) {
            memory.write_all_at(&padded(arg.as_bytes(), shown.as_bytes()), at)?;
        }
        at += arg.len() as u64 + 1;
    }
    Ok(())
}

/// The address range of the arguments: `arg_start` and `arg_end` in proc_pid_stat(5). The process name in
/// parentheses may contain spaces and parentheses.
fn place(stat: &str) -> Option<Range<u64>> {
    /// The index of `arg_start` after the name.
    const ARG_START: usize = 45;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(ARG_START);
    let range = fields.next()?.parse().ok()?..fields.next()?.parse().ok()?;
    (range.start > 0 && range.start < range.end && range.end - range.start <= MAX_ARGUMENTS)
        .then_some(range)
}

/// The address of our arguments: those of a loader may precede them.
fn find(memory: &File, args: &[OsString], place: Range<u64>) -> io::Result<u64> {
    let expected: Vec<u8> =
        args.iter().flat_map(|arg| [arg.as_bytes(), b"\0"]).flatten().copied().collect();
    let not_there =
        || io::Error::other("the arguments are not at the address reported by the kernel");
    let start = place.end.checked_sub(expected.len() as u64).filter(|start| *start >= place.start);
    let start = start.ok_or_else(not_there)?;
    let mut found = vec![0; expected.len()];
    memory.read_exact_at(&mut found, start)?;
    if found == expected { Ok(start) } else { Err(not_there()) }
}

/// The text to show, truncated or padded to the length of the argument it replaces.
fn padded(arg: &[u8], shown: &[u8]) -> Vec<u8> {
    let mut bytes = shown.to_vec();
    bytes.resize(arg.len(), 0);
    bytes
}

#[cfg(test)]
mod tests {
    use super::{padded, place};

    #[test]
    fn the_range_is_parsed_for_any_process_name() {
        let fields = |from: usize| {
            (from..=52).map(|number| number.to_string()).collect::<Vec<_>>().join(" ")
        };
        for name in ["wscope", "a) b (c", ") R 1 2"] {
            assert_eq!(place(&format!("17 ({name}) R {}\n", fields(4))), Some(48..49), "{name}");
        }
        for stat in
            ["", "17 (wscope", "17 (wscope) R 1 2", &format!("17 (a) R {} 0 0 0 0", fields(50))]
        {
            assert_eq!(place(stat), None, "{stat}");
        }
        let zeros = ["0"; 52].join(" ");
        assert_eq!(place(&format!("17 (wscope) R {zeros}")), None, "not accessible");
    }

    #[test]
    fn a_string_keeps_its_length() {
        assert_eq!(padded(b"--bearer=secret", b"--bearer=***"), b"--bearer=***\0\0\0");
        assert_eq!(padded(b"-HCookie:x", b"-HCookie: ***"), b"-HCookie: ");
    }
}
