//! One connection of a browser: its request, and what is answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::answers::{denied, page_answer, text, with_headers};
use super::tabs::{Slot, Tabs};
use super::{About, ControlMaker, download, tab};
use crate::net::exchange::Exchange;
use crate::net::{Deadline, Reactor, Stream};
use crate::page::guard::{Admitted, Guard, Route, headers};
use crate::page::{Hello, Store, Tab, assets};
use crate::protocol::handshake::{AllowedOrigins, Response, ServerOptions, answer};
use crate::protocol::head::HeaderLine;
use crate::server::{AcceptedSocket, ReceiveOptions, Received, Rejected, Service};

/// Answers the requests of browsers.
pub(super) struct PageService {
    guard: Guard,
    store: Arc<Store>,
    hello: Hello,
    control: ControlMaker,
    tabs: Arc<Tabs>,
    receive: ReceiveOptions,
}

/// A request that was received, with its connection.
struct Exchanged<'a> {
    stream: Stream,
    reactor: &'a mut Reactor,
    /// The value of Host, once it is valid.
    host: Option<String>,
    deadline: Deadline,
}

/// How long a browser may take for a request, and for an answer.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// How long it may go on sending once it was answered.
const LINGER: Duration = Duration::from_secs(1);

/// Requests that are not complete, at a time.
const MAX_HANDSHAKES: usize = 64;

impl PageService {
    /// For a page about this.
    pub(super) fn new(guard: Guard, store: Arc<Store>, about: About, tabs: Arc<Tabs>) -> Self {
        let receive = ReceiveOptions {
            tls: None,
            time_limit: Some(TIME_LIMIT),
            max_handshakes: MAX_HANDSHAKES,
            refusal_headers: headers(None),
        };
        let About { hello, control } = about;
        Self { guard, store, hello, control, tabs, receive }
    }

    /// How requests are received.
    pub(super) fn receive_options(&self) -> &ReceiveOptions {
        &self.receive
    }
}

impl Service for PageService {
    fn serve(self: Arc<Self>, socket: AcceptedSocket, reactor: &mut Reactor) {
        match socket.receive(&self.receive, reactor) {
            Ok(received) => self.answer(received, reactor),
            Err(mut rejected) => reject(&mut rejected, reactor),
        }
    }
}

/// Answers what is not a request.
fn reject(rejected: &mut Rejected, reactor: &mut Reactor) {
    if let Some(response) = rejected.response.take() {
        rejected.response = Some(with_headers(&response, None));
    }
    rejected.respond(reactor);
}

impl PageService {
    fn answer(&self, received: Received, reactor: &mut Reactor) {
        let Received { remote, request, stream, deadline, pending, .. } = received;
        let local = stream.local_address().and_then(|it| it.parse::<SocketAddr>().ok());
        let mut exchanged = Exchanged { stream, reactor, host: None, deadline };
        let judged = self.guard.judge(local.map(|it| it.ip()), &request.line, &request.head);
        let Admitted { route, host } = match judged {
            Ok(admitted) => admitted,
            Err(why) => return exchanged.respond(&denied(&why, None).to(&request.line)),
        };
        exchanged.host = Some(host);
        match route {
            Route::Index => exchanged.respond_with_asset("index.html"),
            Route::Asset(name) => exchanged.respond_with_asset(name),
            Route::Session { length } => exchanged.log_in(&self.guard, request.early, length),
            Route::Save(id) => match self.admit(&mut exchanged) {
                Some(slot) => {
                    pending.admit(exchanged.reactor);
                    let is_chunked = request.line.minor_version > 0;
                    self.save(id, is_chunked, exchanged);
                    drop(slot);
                }
                None => drop(pending),
            },
            Route::Socket => {
                let rules = ServerOptions {
                    origins: AllowedOrigins::Any, // the guard has judged it
                    headers: upgrade_headers(exchanged.host.as_deref()),
                    compress: !remote.ip().to_canonical().is_loopback(),
                    ..ServerOptions::default()
                };
                let (response, agreement) = match answer(&rules, &request.line, &request.head) {
                    Ok(accepted) => accepted,
                    Err(refusal) => {
                        let response = with_headers(&refusal.response, exchanged.host.as_deref());
                        return exchanged.respond(&response);
                    }
                };
                let Some(slot) = self.admit(&mut exchanged) else { return };
                if exchanged.write(response.bytes()) {
                    pending.admit(exchanged.reactor);
                    let control = (self.control)();
                    let tab = Tab::new(Arc::clone(&self.store), self.hello.clone(), control);
                    let early = &request.early;
                    let Exchanged { stream, reactor, .. } = exchanged;
                    tab::run(tab, slot, (stream, early), agreement.deflate, reactor);
                }
            }
        }
    }

    /// A place for a tab or a download. Where there is none, the request is answered.
    fn admit(&self, exchanged: &mut Exchanged<'_>) -> Option<Slot> {
        let slot = self.tabs.admit(exchanged.reactor.waker(), Instant::now());
        if slot.is_none() {
            let host = exchanged.host.take();
            exchanged.respond_to(&text(
                503,
                host.as_deref(),
                "too many tabs are open, or wscope is ending",
            ));
        }
        slot
    }

    fn save(&self, id: &str, is_chunked: bool, mut exchanged: Exchanged<'_>) {
        let Some(save) = self.store.take_save(id) else {
            let host = exchanged.host.take();
            return exchanged.respond(&text(404, host.as_deref(), "no such download"));
        };
        let host = exchanged.host.take();
        let Exchanged { stream, reactor, .. } = &mut exchanged;
        if download::send(save, host.as_deref(), is_chunked, stream, reactor) {
            exchanged.linger();
        }
    }
}

/// What a 101 has beside the fields of the handshake.
fn upgrade_headers(host: Option<&str>) -> Vec<HeaderLine> {
    let mut fields = headers(host);
    fields.push(HeaderLine::new("X-Content-Type-Options", "nosniff"));
    fields
}

impl Exchanged<'_> {
    /// Trades the token in the body for the cookie.
    fn log_in(mut self, guard: &Guard, mut body: Vec<u8>, length: usize) {
        while body.len() < length {
            let mut exchange = Exchange::new(&mut self.stream, self.reactor);
            if exchange.read_more(&mut body, self.deadline).is_err() {
                return; // the browser has gone
            }
        }
        let host = self.host.take();
        let response = match guard.accepts(&body[..length]) {
            true => {
                let mut fields = upgrade_headers(host.as_deref());
                fields.push(HeaderLine::new("Set-Cookie", &guard.cookie()));
                Response::new(204, &fields, "", &[])
            }
            false => text(403, host.as_deref(), "wrong token"),
        };
        self.respond(&response);
    }

    fn respond_with_asset(self, name: &str) {
        let host = self.host.clone();
        let response = match assets::find(name) {
            Some(asset) => page_answer(asset, host.as_deref()),
            None => text(404, host.as_deref(), "not found"),
        };
        self.respond(&response);
    }

    /// Sends a response, and ends the connection.
    fn respond(mut self, response: &Response) {
        self.respond_to(response);
    }

    fn respond_to(&mut self, response: &Response) {
        if self.write(&response.bytes()) {
            self.linger();
        }
    }

    fn write(&mut self, bytes: &[u8]) -> bool {
        let deadline = Deadline::after(Some(TIME_LIMIT));
        Exchange::new(&mut self.stream, self.reactor).write_all(bytes, deadline).is_ok()
    }

    fn linger(&mut self) {
        let deadline = Deadline::after(Some(LINGER));
        Exchange::new(&mut self.stream, self.reactor).linger(deadline);
    }
}
