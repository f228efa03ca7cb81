//! Resource limits of the process.

/// Raises the soft limit on open files and sockets to the hard limit. Does nothing if that fails.
#[cfg(unix)]
pub fn raise_open_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit); // macOS refuses "unlimited"
}

/// Does nothing: there is no such limit on this system.
#[cfg(not(unix))]
pub fn raise_open_files() {}

/// The maximum number of connections not accepted yet; the kernel may allow fewer.
#[cfg(unix)]
const BACKLOG: i32 = 4096;

/// Raises the backlog of a listener from the usual 128: connections beyond it are silently dropped, and
/// retried by the client after a second.
#[cfg(unix)]
pub fn widen_backlog(listener: &impl std::os::fd::AsFd) {
    let _ = rustix::net::listen(listener, BACKLOG); // it listens already, with a smaller backlog
}

/// Does nothing: the system chooses the backlog.
#[cfg(not(unix))]
pub fn widen_backlog<T>(_: &T) {}
