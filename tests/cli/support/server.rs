//! A server on a free port that runs a script, and fails the test if the script does not run to its end.

use super::{DEADLINE, Peer};
use socket2::{Domain, SockAddr, Socket, Type};
use std::net::{Ipv4Addr, SocketAddr};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// The actions of a server on one connection.
pub type Script = Box<dyn FnOnce(&mut Peer) + Send>;

/// Makes a script for [`Server::scripts`].
pub fn script(steps: impl FnOnce(&mut Peer) + Send + 'static) -> Script {
    Box::new(steps)
}

/// A scripted server. When joined or dropped, it waits for its scripts and fails if one of them did.
pub struct Server {
    address: SockAddr,
    gate: Arc<Gate>,
    joined: bool,
    optional: bool,
}

impl Server {
    /// Serves one connection on a free port of 127.0.0.1.
    pub fn script(steps: impl FnOnce(&mut Peer) + Send + 'static) -> Self {
        Self::scripts([script(steps)])
    }

    /// Serves one connection: reads the request and sends this response.
    pub fn respond(response: impl AsRef<[u8]> + Send + 'static) -> Self {
        Self::script(move |peer| {
            peer.read_head();
            peer.send(response);
        })
    }

    /// Serves `count` connections, each by the same steps.
    pub fn repeat(count: usize, steps: impl Fn(&mut Peer) + Send + Sync + 'static) -> Self {
        let steps = Arc::new(steps);
        let one = |_| {
            let steps = Arc::clone(&steps);
            script(move |peer| steps(peer))
        };
        Self::scripts((0..count).map(one))
    }

    /// Serves one connection with each of the scripts, in the order in which clients connect. The connections
    /// are concurrent. After the last, connections are refused.
    pub fn scripts(scripts: impl IntoIterator<Item = Script>) -> Self {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self::serve(Domain::IPV4, &any_port.into(), scripts.into_iter().collect())
    }

    /// Serves one connection on a unix socket.
    #[cfg(unix)]
    pub fn unix(path: &Path, steps: impl FnOnce(&mut Peer) + Send + 'static) -> Self {
        let address = SockAddr::unix(path).expect("a path for a unix socket");
        Self::serve(Domain::UNIX, &address, vec![script(steps)])
    }

    fn serve(domain: Domain, address: &SockAddr, scripts: Vec<Script>) -> Self {
        let listener = Socket::new(domain, Type::STREAM, None).expect("a socket");
        listener.bind(address).expect("a free address");
        listener.listen(16).expect("a listening socket");
        let address = listener.local_addr().expect("the address of the listener");
        let gate = Arc::new(Gate::for_scripts(scripts.len()));
        let thread_gate = Arc::clone(&gate);
        thread::spawn(move || accept_all(&listener, scripts, &thread_gate));
        Self { address, gate, joined: false, optional: false }
    }

    /// `ws://127.0.0.1:PORT`, without a path.
    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port())
    }

    /// `http://127.0.0.1:PORT`, for a server that is a proxy.
    pub fn http_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// The port, which is never the same twice.
    pub fn port(&self) -> u16 {
        self.address.as_socket().expect("a TCP server").port()
    }

    /// Resumes scripts that [stall](Peer::stall).
    pub fn release(&self) {
        self.gate.change(|state| state.released = true);
    }

    /// It is not a failure if no client connects.
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Waits until all scripts have run; fails as they do.
    #[track_caller]
    pub fn join(mut self) {
        self.finish();
    }

    #[track_caller]
    fn finish(&mut self) {
        self.joined = true;
        self.release();
        if self.optional {
            self.gate.change(|state| state.scripts = state.accepted);
        }
        let verdict = self.gate.verdict();
        self.abandon();
        if let Err(failure) = verdict {
            panic!("{failure}");
        }
    }

    /// Ends the accepting thread by connecting to it. Only while it listens: later the port may belong to
    /// another server.
    fn abandon(&self) {
        let mut listening = false;
        self.gate.change(|state| {
            (state.abandoned, state.released) = (true, true);
            listening = state.accepted < state.scripts;
        });
        if listening && let Ok(socket) = Socket::new(self.address.domain(), Type::STREAM, None) {
            let _ = socket.connect_timeout(&self.address, DEADLINE);
        }
    }
}

impl Drop for Server {
    #[track_caller]
    fn drop(&mut self) {
        if thread::panicking() {
            self.abandon();
        } else if !self.joined {
            self.finish();
        }
    }
}

fn accept_all(listener: &Socket, scripts: Vec<Script>, gate: &Arc<Gate>) {
    for script in scripts {
        let accepted = listener.accept();
        if gate.state().abandoned {
            return;
        }
        gate.change(|state| state.accepted += 1);
        match accepted {
            Ok((socket, _)) => {
                let gate = Arc::clone(gate);
                thread::spawn(move || run(script, socket, &gate));
            }
            Err(error) => gate.fail(format!("the scripted server cannot accept: {error}")),
        }
    }
}

fn run(script: Script, socket: Socket, gate: &Arc<Gate>) {
    let peer = Peer::accepted(socket, Arc::clone(gate));
    let steps = AssertUnwindSafe(move || {
        let mut peer = peer;
        script(&mut peer);
        peer.finish();
    });
    match panic::catch_unwind(steps) {
        Ok(()) => gate.change(|state| state.done += 1),
        Err(payload) => {
            let text = payload.downcast_ref::<String>().map(String::as_str);
            let text =
                text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message");
            gate.fail(format!("the server's script failed: {text}"));
        }
    }
}

/// The progress of the scripts, and whether the test has released them.
#[derive(Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    scripts: usize,
    accepted: usize,
    done: usize,
    failure: Option<String>,
    released: bool,
    abandoned: bool,
}

impl Gate {
    fn for_scripts(scripts: usize) -> Self {
        Self { state: Mutex::new(State { scripts, ..State::default() }), changed: Condvar::new() }
    }

    /// Whether the scripts were released in time. The limit is long, as the test may do other things first.
    pub(super) fn wait_for_release(&self) -> bool {
        self.wait_while(6 * DEADLINE, |state| !state.released).released
    }

    fn verdict(&self) -> Result<(), String> {
        drop(self.wait_while(DEADLINE, |state| {
            state.accepted < state.scripts && state.failure.is_none()
        }));
        let unfinished = |state: &mut State| state.done < state.accepted && state.failure.is_none();
        let state = self.wait_while(6 * DEADLINE, unfinished);
        match &state.failure {
            Some(failure) => Err(failure.clone()),
            None if state.done < state.accepted => {
                Err("the server's script does not end".to_owned())
            }
            None if state.accepted < state.scripts => Err(format!(
                "{} of {} scripts got no connection within {DEADLINE:?}",
                state.scripts - state.accepted,
                state.scripts
            )),
            None => Ok(()),
        }
    }

    fn fail(&self, failure: String) {
        self.change(|state| _ = state.failure.get_or_insert(failure));
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.changed.notify_all();
    }

    fn wait_while(
        &self,
        limit: Duration,
        unmet: impl FnMut(&mut State) -> bool,
    ) -> MutexGuard<'_, State> {
        let waited = self.changed.wait_timeout_while(self.state(), limit, unmet);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
