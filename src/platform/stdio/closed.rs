//! Detection of a standard output that was closed before the program started, as by `>&-`.
//!
//! The standard library replaces closed descriptors by /dev/null before `main` runs, and then a closed
//! stream cannot be distinguished from a discarded one: messages would be lost with exit status 0. So it
//! is checked before that, in an initializer of the executable.

use std::sync::atomic::{AtomicBool, Ordering};

static WAS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Whether standard output was closed when the program started. Always false if that is not known.
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
#[expect(
    unsafe_code,
    reason = "the only way to run before the initialization of the standard library"
)]
#[used]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
#[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".init_array"))]
static INITIALIZER: extern "C" fn() = note_closed;
