//! How much the system lets one process have.

/// Raises the number of files and sockets that may be open to what the system allows at most.
/// Where that cannot be done, the number stays as it is.
#[cfg(unix)]
pub fn raise_open_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit); // macOS refuses "unlimited"
}

/// There is no such limit here.
#[cfg(not(unix))]
pub fn raise_open_files() {}

/// Connections that may wait to be accepted; the kernel may allow fewer.
#[cfg(unix)]
const BACKLOG: i32 = 4096;

/// Lets more connections wait to be accepted than the usual 128: those beyond are not told, and try
/// again after a second.
#[cfg(unix)]
pub fn widen_backlog(listener: &impl std::os::fd::AsFd) {
    let _ = rustix::net::listen(listener, BACKLOG); // it listens already, if to fewer
}

/// The system decides here.
#[cfg(not(unix))]
pub fn widen_backlog<T>(_: &T) {}
