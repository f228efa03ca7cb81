//! One attempt to open a connection: dial, upgrade, judge.

use std::borrow::Cow;
use std::io::Write;
use std::time::{Duration, Instant};

use super::request::{replaced, request_options};
use crate::commands::certificates;
use crate::config::ConnectConfig;
use crate::error::{DialAttempt, Error, Rejected, Tries};
use crate::event::{EventKind, HeadView, Hop, InterimView, Level, Opened, Proxied, ProxyHeads};
use crate::net::dial::{DialOptions, answers_in_tls, certificate_name};
use crate::net::malformed::objections;
use crate::net::tls::{TlsFailure, TlsInfo};
use crate::net::tunnel::Heads;
use crate::net::upgrade::{UpgradeError, UpgradeFailed, Upgraded, upgrade};
use crate::net::{Deadline, DialError, Dialed, Reactor, Remote, Stream, dial};
use crate::output::human::Detail;
use crate::protocol::CloseCode;
use crate::protocol::connection::{Connection, ConnectionOptions, Initiator};
use crate::protocol::frame::Masks;
use crate::protocol::handshake::Request;
use crate::protocol::head::{Head, StatusLine};
use crate::protocol::vocabulary::Role;
use crate::redact::{Redaction, Secrets};
use crate::resilience::redirect::Route;
use crate::session::Journal;

mod secrets;

/// What is to be opened.
#[derive(Clone, Copy)]
pub(super) struct Opening<'a> {
    pub(super) config: &'a ConnectConfig,
    /// When the whole run has to be over.
    pub(super) max_time: Option<Instant>,
}

/// The handshake that failed.
struct Rejection<'a> {
    request: &'a Request,
    is_sent: bool,
    route: &'a Route,
    remote: &'a Remote,
    tls: Option<&'a TlsInfo>,
    speaks_tls: Option<bool>,
}

/// A connection whose opening handshake succeeded.
struct Attempt {
    stream: Stream,
    upgraded: Upgraded,
    opened: Opened,
    /// Lines of the responses that were ignored, in words.
    ignored: Vec<String>,
}

/// A connection that was opened, with what is known of it.
pub(super) struct Open {
    pub(super) stream: Stream,
    pub(super) connection: Connection,
    pub(super) opened: Opened,
}

impl Opening<'_> {
    /// Opens the connection, over redirects if they are to be followed, and tells of it.
    ///
    /// # Errors
    /// Why there is none, or none that is of use.
    pub(super) fn attempt(
        &self,
        reactor: &mut Reactor,
        journal: &mut Journal<'_>,
    ) -> Result<Open, Error> {
        let deadline = self.deadline();
        let mut route = Route::to(self.config.target.clone());
        let Attempt { mut stream, upgraded, opened, ignored } = loop {
            match self.open(&route, deadline, reactor, journal) {
                Ok(open) => break open,
                Err(error) => route = self.redirected(&route, error, journal)?,
            }
        };
        self.require_subprotocol(&opened)?;
        journal.emit_now(EventKind::Open(&opened));
        for lines in ignored {
            let text = format!("{lines}: ignored (--lenient)");
            journal.emit_now(EventKind::Notice(Level::Warning, &text));
        }
        for text in certificates::warnings(opened.tls.as_ref(), &self.config.dial.tls) {
            journal.emit_now(EventKind::Notice(Level::Warning, &text));
        }
        self.warn_of_subprotocol(&opened, journal);
        let mut connection = self.connection(&upgraded);
        self.judge_compression(&upgraded, &mut connection, &mut stream, journal)?;
        Ok(Open { stream, connection, opened })
    }

    fn open(
        &self,
        route: &Route,
        deadline: Deadline,
        reactor: &mut Reactor,
        journal: &mut Journal<'_>,
    ) -> Result<Attempt, Error> {
        let (config, target) = (self.config, &route.target);
        let request = Request::new(&request_options(config, route));
        let Dialed { mut stream, remote, heads, tls, mut timings } =
            dial(target, &self.way(route), reactor, deadline)
                .map_err(|error| self.dial_failed(error, route))?;
        let secrets = self.secrets(&request, route).and(self.proxy_secrets(&remote, &heads));
        let proxy = self.proxied(&remote, heads.as_ref(), route, &secrets);
        if let Some(heads) = proxy.as_ref().and_then(|proxy| proxy.heads.as_ref()) {
            journal.emit_now(EventKind::Tunnel(heads));
        }
        let request_view = HeadView::new(&request.head, config.redaction).without(&route.secrets);
        let mut is_sent = false;
        let on_sent = || {
            is_sent = true;
            journal.emit_now(EventKind::Request(&request_view));
            let _ = journal.outputs().flush(); // a failure shows again later
        };
        let is_followed =
            |line: &StatusLine, head: &Head| matches!(self.next(route, line, head), Some(Ok(_)));
        let upgraded =
            upgrade(&mut stream, &request, reactor, deadline, config.lenient, on_sent, is_followed);
        let upgraded = match upgraded {
            Ok(upgraded) => upgraded,
            Err(failed) => {
                drop(stream);
                let speaks_tls = self.speaks_tls(&failed, route, &remote, reactor, deadline)?;
                let tls = tls.as_ref();
                let (request, remote) = (&request, &remote);
                let rejection = Rejection { request, is_sent, route, remote, tls, speaks_tls };
                return Err(self.upgrade_failed(failed, &rejection, &secrets));
            }
        };
        timings.upgrade = Some(upgraded.took);
        timings.total += upgraded.took;
        let ignored = self.ignored_lines(heads.as_ref(), &upgraded, &secrets);
        let said = |text: String| secrets.mask_text(text);
        let opened = Opened {
            initiator: Initiator::Local,
            url: route.secrets.mask_text(config.redaction.url(&target.url()).into_owned()),
            remote: remote.socket(),
            proxy,
            local: stream.local_address().unwrap_or_default(),
            http_minor: upgraded.line.minor_version,
            status: upgraded.line.status,
            reason: said(upgraded.line.reason.clone()),
            request: request_view,
            interim: InterimView::all(&upgraded.interim, Hop::Server, config.redaction, &secrets),
            has_credentials: !Redaction::credentials(&target.resource, request.head.fields())
                .is_empty(),
            response: HeadView::new(&upgraded.head, config.redaction).without(&secrets),
            offered: request.subprotocols().iter().cloned().map(said).collect(),
            protocol: upgraded.agreement.subprotocol.clone().map(said),
            extensions: upgraded.agreement.extensions.clone(),
            compression: upgraded.agreement.deflate.map(|agreed| agreed.describe(Role::Client)),
            tls,
            timings,
            secrets,
        };
        Ok(Attempt { stream, upgraded, opened, ignored })
    }

    /// The proxy in between.
    fn proxied(
        &self,
        remote: &Remote,
        heads: Option<&Heads>,
        route: &Route,
        secrets: &Secrets,
    ) -> Option<Proxied> {
        remote.via().map(|via| Proxied {
            url: via.proxy.to_string(),
            words: via.to_string(),
            heads: heads.map(|heads| self.proxy_heads(heads, route, secrets)),
        })
    }

    /// What was said to a proxy and by it, as it may be shown.
    fn proxy_heads(&self, heads: &Heads, route: &Route, secrets: &Secrets) -> ProxyHeads {
        let redaction = self.config.redaction;
        let view = |head| HeadView::new(head, redaction);
        ProxyHeads {
            request: view(&heads.request).without(&route.secrets),
            interim: InterimView::all(&heads.interim, Hop::Proxy, redaction, secrets),
            response: heads.response.as_ref().map(|head| view(head).without(secrets)),
        }
    }

    /// How to dial. A client certificate is for whom the user named, and so is `--servername`.
    fn way(&self, route: &Route) -> Cow<'_, DialOptions> {
        match route.is_foreign {
            false => Cow::Borrowed(&self.config.dial),
            true => Cow::Owned(self.config.dial.elsewhere()),
        }
    }

    /// The end of `--connect-timeout`, or of `--max-time` if that comes first.
    fn deadline(&self) -> Deadline {
        let deadline = Deadline::after(self.config.connect_timeout);
        match self.max_time.filter(|end| deadline.at.is_none_or(|at| *end < at)) {
            None => deadline,
            Some(end) => {
                Deadline { at: Some(end), limit: self.config.ending.max_time.unwrap_or_default() }
            }
        }
    }

    /// A connection that does not come about within `--max-time` misses what was expected of it.
    fn dial_failed(&self, error: DialError, route: &Route) -> Error {
        let secrets = route.secrets.clone();
        let attempt = DialAttempt {
            tries: Tries::One,
            secrets,
            is_redirected: !route.before.is_empty(),
            max_time: self.spent_time(),
        };
        let error = match error {
            DialError::Interrupted(interrupted) => return Error::Signal(interrupted.0),
            DialError::Proxy(mut proxy) => {
                proxy.request.take_if(|_| self.config.commentary.detail < Detail::Control);
                proxy.secrets = std::mem::take(&mut proxy.secrets).and(route.secrets.clone());
                DialError::Proxy(proxy)
            }
            error => error,
        };
        match (self.awaited(), attempt.max_time) {
            (Some(awaited), Some(limit)) if error.is_timeout() => {
                let late = format!("not open within --max-time {limit:?}");
                let attempt = DialAttempt { max_time: None, ..attempt }; // it is named already
                let end = Error::Dial(error, Box::new(attempt));
                Error::Unmet(vec![awaited, late], Some(Box::new(end)))
            }
            _ => Error::Dial(error, Box::new(attempt)),
        }
    }

    /// Whether a server that ended the connection without a response answers a ClientHello in TLS. Where
    /// another attempt follows anyway, that is not looked into.
    fn speaks_tls(
        &self,
        failed: &UpgradeFailed,
        route: &Route,
        remote: &Remote,
        reactor: &mut Reactor,
        deadline: Deadline,
    ) -> Result<Option<bool>, Error> {
        let resilience = &self.config.resilience;
        let is_last = resilience.retry.is_none() && resilience.reconnect.is_none();
        let is_silent = matches!(&failed.error, UpgradeError::Ended(_, received) if received.is_empty())
            && failed.interim.is_empty();
        let asks = is_last && is_silent && !route.target.scheme.is_tls();
        if !asks {
            return Ok(None);
        }
        answers_in_tls(remote, &route.target, &self.way(route), reactor, deadline)
            .map_err(|interrupted| Error::Signal(interrupted.0))
    }

    fn upgrade_failed(
        &self,
        failed: UpgradeFailed,
        rejection: &Rejection<'_>,
        secrets: &Secrets,
    ) -> Error {
        let Rejection { request, is_sent, route, remote, tls, speaks_tls } = *rejection;
        let UpgradeFailed { error, interim } = failed;
        let (config, target) = (self.config, &route.target);
        if let UpgradeError::Interrupted(interrupted) = error {
            return Error::Signal(interrupted.0);
        }
        if let UpgradeError::Tls(reason) = error {
            let options = &self.way(route).tls;
            let name = certificate_name(target, options);
            let failure = TlsFailure::new(remote.to_string(), name, reason, &[], options);
            return self.dial_failed(DialError::Tls(Box::new(failure)), route);
        }
        let secrets = &secrets.clone().and(self.answered_secrets(&error));
        let (path, query) = target.resource.split_once('?').unwrap_or((&target.resource, ""));
        let rejected = Error::Upgrade(Box::new(Rejected {
            error,
            interim,
            via: remote.via().map(ToString::to_string),
            tls: tls.map(|tls| tls.version.clone()),
            gave_certificate: self.way(route).tls.identity.is_some(),
            speaks_tls,
            sent_origin: request.head.value("Origin").is_some(),
            offered: request
                .subprotocols()
                .iter()
                .map(|name| secrets.mask_text(name.clone()))
                .collect(),
            path: route.secrets.mask_text(path.to_owned()),
            query: query.to_owned(),
            host: request.head.value("Host").map(|host| secrets.mask_text(host)),
            replaced: replaced(config, route)
                .map(|(name, value)| (name, value.map(|value| secrets.mask_text(value))))
                .collect(),
            asked_upgrade: request.asks_for_websocket(),
            credentials: config.auth.sent(&target.resource, &request.head),
            secrets: secrets.clone(),
            limit: config.connect_timeout.unwrap_or_default(),
            max_time: self.spent_time(),
            redaction: config.redaction,
            tries: Tries::One,
            follows: config.resilience.redirects.is_some(),
            request: (config.commentary.detail >= Detail::Control)
                .then(|| HeadView::new(&request.head, config.redaction).without(&route.secrets)),
            request_shown: is_sent,
        }));
        match self.awaited() {
            Some(awaited) if self.is_out_of_time() => {
                Error::Unmet(vec![awaited], Some(Box::new(rejected)))
            }
            _ => rejected,
        }
    }

    /// Whether `--max-time` has run out.
    pub(super) fn is_out_of_time(&self) -> bool {
        self.max_time.is_some_and(|end| Instant::now() >= end)
    }

    /// `--max-time`, if it has run out.
    fn spent_time(&self) -> Option<Duration> {
        self.is_out_of_time().then_some(self.config.ending.max_time).flatten()
    }

    /// What it means that `--max-time` ran out before there was a connection.
    pub(super) fn out_of_time(&self) -> Error {
        let limit = self.config.ending.max_time.unwrap_or(Duration::ZERO);
        match self.awaited() {
            Some(awaited) => {
                Error::Unmet(vec![awaited, format!("not open within --max-time {limit:?}")], None)
            }
            None => Error::MaxTime(limit),
        }
    }

    /// What was expected first, if anything was.
    fn awaited(&self) -> Option<String> {
        let pattern = self.config.ending.expect.first()?;
        Some(format!("awaited {:?}", pattern.to_string()))
    }

    /// The lines of the responses that are not header fields and, with `--lenient`, do not fail a handshake:
    /// those of the proxy, and those of the server.
    fn ignored_lines(
        &self,
        heads: Option<&Heads>,
        upgraded: &Upgraded,
        secrets: &Secrets,
    ) -> Vec<String> {
        let lines = |head| objections(head, self.config.redaction, secrets);
        let by_proxy = heads.and_then(|heads| heads.response.as_ref()).and_then(lines);
        let by_proxy = by_proxy.map(|lines| format!("answer to CONNECT: {lines}"));
        by_proxy.into_iter().chain(lines(&upgraded.head)).collect()
    }

    /// RFC 6455 section 4.1: a client may do without the connection then, before it is open.
    fn require_subprotocol(&self, opened: &Opened) -> Result<(), Error> {
        let is_missing = !opened.offered.is_empty() && opened.protocol.is_none();
        if !is_missing || !self.config.handshake.strict {
            return Ok(());
        }
        let shows_request = self.config.commentary.detail >= Detail::Control;
        Err(Error::NoSubprotocol {
            offered: opened.offered.clone(),
            heads: Box::new((
                shows_request.then(|| opened.request.clone()),
                opened.response.clone(),
            )),
        })
    }

    fn warn_of_subprotocol(&self, opened: &Opened, journal: &mut Journal<'_>) {
        if opened.offered.is_empty() || opened.protocol.is_some() {
            return;
        }
        let text = format!(
            "the server chose none of the subprotocols offered ({})",
            opened.offered.join(", ")
        );
        journal.emit_now(EventKind::Notice(Level::Warning, &text));
    }

    fn connection(&self, upgraded: &Upgraded) -> Connection {
        let config = self.config;
        let options = ConnectionOptions {
            role: Role::Client,
            max_message_size: config.max_message_size,
            close_timeout: config.ending.close_timeout,
            observe_frames: config.commentary.observes_frames(),
            lenient: config.lenient,
            deflate: upgraded.agreement.deflate,
            masks: Masks::random(),
        };
        Connection::new(options, &upgraded.early)
    }

    /// RFC 6455 section 7.4.1: a client that cannot do without an extension closes with 1010.
    fn judge_compression(
        &self,
        upgraded: &Upgraded,
        connection: &mut Connection,
        stream: &mut Stream,
        journal: &mut Journal<'_>,
    ) -> Result<(), Error> {
        let handshake = &self.config.handshake;
        if !handshake.wants_compression || upgraded.agreement.deflate.is_some() {
            return Ok(());
        }
        if !handshake.strict {
            let text = "the server did not accept permessage-deflate: nothing is compressed";
            journal.emit_now(EventKind::Notice(Level::Warning, text));
            return Ok(());
        }
        let code = Some(CloseCode::MANDATORY_EXTENSION);
        if connection.close(code, "permessage-deflate", Instant::now()).is_ok() {
            let _ = stream.write_all(connection.pending_output()); // the failure is told all the same
            stream.finish_sending();
        }
        Err(Error::NoCompression)
    }
}
