//! The thread that accepts connections for the page.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use mio::Waker;
use mio::net::TcpListener;

use super::reactor_of;
use super::service::PageService;
use crate::net::Reactor;
use crate::server::Acceptor;

/// The page is served until this is dropped.
pub(super) struct Serving {
    is_over: Arc<AtomicBool>,
    waker: Arc<Waker>,
}

impl Serving {
    /// Serves connections of `listener`.
    ///
    /// # Errors
    /// When the system refuses a thread or what it needs.
    pub(super) fn start(service: PageService, mut listener: TcpListener) -> io::Result<Self> {
        let mut reactor = reactor_of(&mut listener)?;
        let (waker, is_over) = (reactor.waker(), Arc::<AtomicBool>::default());
        let has_ended = Arc::clone(&is_over);
        let service = Arc::new(service);
        let receive = service.receive_options().clone();
        let mut acceptor = Acceptor::new(service, listener, &receive);
        thread::Builder::new().name("page".to_owned()).spawn(move || {
            while !has_ended.load(Ordering::SeqCst) && accept(&mut acceptor, &mut reactor).is_ok() {
            }
        })?;
        Ok(Self { is_over, waker })
    }
}

/// Accepts what there is, and waits for more. That the system refuses a connection is not shown: the browser says so.
fn accept(acceptor: &mut Acceptor<PageService>, reactor: &mut Reactor) -> io::Result<()> {
    let _ = acceptor.accept_pending();
    acceptor.take_evictions(false);
    if reactor.wait(acceptor.deadline())?.is_listener_ready {
        acceptor.set_ready();
    }
    Ok(())
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let _ = self.waker.wake(); // its loop has ended
    }
}
