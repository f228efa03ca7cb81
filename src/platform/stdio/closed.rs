//! Whether standard output was closed before the program started, as by `>&-`.
//!
//! The standard library puts /dev/null in place of closed descriptors before `main` runs, and from
//! then on a closed one cannot be told from a discarded one: messages would vanish with exit
//! status 0. So it has to be asked before that, in an initializer of the program image.

use std::sync::atomic::{AtomicBool, Ordering};

static WAS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Whether there was no standard output to write to. Always false where it cannot be known.
pub fn was_stdout_closed() -> bool {
    WAS_CLOSED.load(Ordering::Relaxed)
}

#[cfg(unix)]
extern "C" fn note_closed() {
    let stdout = rustix::stdio::stdout();
    if rustix::io::fcntl_getfd(stdout) == Err(rustix::io::Errno::BADF) {
        WAS_CLOSED.store(true, Ordering::Relaxed);
    }
}

#[cfg(unix)]
#[expect(unsafe_code, reason = "the only way to run before the standard library's own start")]
#[used]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
#[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".init_array"))]
static INITIALIZER: extern "C" fn() = note_closed;
