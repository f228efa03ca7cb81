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
