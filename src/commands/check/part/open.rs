//! Opening the connections of a part.

use std::sync::Arc;

use super::{PartRun, Stop};
use crate::commands::check::failure::Draft;
use crate::commands::check::handshake::{Handshake, Retries};
use crate::commands::check::link::{Link, LinkConfig};
use crate::commands::check::options::{OptionError, arguments, configure, own_options};
use crate::config::ConnectConfig;
use crate::redact::Redaction;
use crate::scenario::inbox::Inbox;
use crate::scenario::language::syntax::{Connect, ExpectedStatus, status_code};
use crate::scenario::language::{Diagnostic, Template};
use crate::scenario::phrase::Phrase;
use crate::scenario::query::{Facts, HandshakeFacts};

impl PartRun<'_, '_> {
    pub(super) fn open(&mut self, index: usize) -> Result<(), Stop> {
        let planned = &self.part.connections[index];
        let connect = &planned.connect;
        let options = own_options(connect, &self.file.values);
        let options = options.map_err(|error| self.option_failed(error))?;
        self.set_deadline(); // a step may have captured the value of a max-time
        let ignored = connect.options.iter().filter_map(|line| line.pattern.as_ref());
        let ignored = ignored.map(|pattern| self.pattern(pattern)).collect::<Result<_, _>>()?;
        let mut config = self.configure(connect)?;
        let status = self.expected_status(connect)?;
        let count = options.retry.unwrap_or(self.file.config.retry);
        // Where it is tried again, a further connection would be taken for the next attempt.
        config.endpoint.probes_tls &= count == 0;
        let retries = Retries { count, expected: status };
        config.record.frames = self.file.recordings.frames().max(self.recorder.frames());
        let link = Link::start(LinkConfig {
            connect: config,
            name: connect.name.clone(),
            inbox: Inbox::new(options.max_buffered, ignored),
            recorder: self.recorder.clone(),
            recordings: Arc::clone(self.file.recordings),
            secrets: self.file.secrets.clone(),
            deadline: self.deadline.map(|deadline| self.file.clock.real(deadline)),
            retries,
            clock: Arc::clone(&self.file.clock),
        });
        let mut link =
            link.map_err(|error| self.failed(&connect.at, "system", error.to_string()))?;
        let handshake =
            link.await_handshake(self.file.interrupted).ok_or(Stop::Interrupted(None))?;
        self.options[index] = options;
        self.links[index] = Some(link);
        let (facts, warnings) = self.judge(connect, status, handshake)?;
        // Who asserts what was chosen knows that it may be none.
        let asserts = &self.part.connections[index].checks.asserts;
        if !asserts.iter().any(|(it, _)| it.expression.is_subprotocol()) {
            for warning in warnings {
                self.warn(index, warning)?;
            }
        }
        self.check(&planned.checks, &Facts::Handshake(&facts))
    }

    /// The configuration, for which files are read.
    fn configure(&self, connect: &Connect) -> Result<ConnectConfig, Stop> {
        let args = arguments(self.file.config, connect, &self.file.values)
            .map_err(|error| self.option_failed(error))?;
        let (env, at) = (self.file.config.env.clone(), connect.at.clone());
        let config = self
            .in_background(move || configure(&args, &env, at))
            .map_err(|error| self.failed(&connect.at, "system", error.to_string()))?;
        let config = config.ok_or_else(|| {
            self.cut_short(&connect.at).unwrap_or(Stop::Interrupted(None)) // nothing else ends it
        })?;
        config.map_err(|error| self.option_failed(error))
    }

    /// The status that the response has to have; `None`: any.
    fn expected_status(&self, connect: &Connect) -> Result<Option<u16>, Stop> {
        let template = match connect.response.as_ref().map(|response| &response.status) {
            None => return Ok(Some(101)),
            Some(ExpectedStatus::Any) => return Ok(None),
            Some(ExpectedStatus::Is(status)) => return Ok(Some(*status)),
            Some(ExpectedStatus::Given(template)) => template,
        };
        let text = template.expand(&self.file.values).map_err(|it| self.no_value(&it))?;
        let status = status_code(&text).ok_or_else(|| {
            let message = format!("{text:?} is not a status code (100 to 599)");
            self.failed(&template.at, "value", message)
        });
        Ok(Some(status?))
    }

    /// Whether the handshake is what the file expects of it.
    fn judge(
        &self,
        connect: &Connect,
        status: Option<u16>,
        handshake: Handshake,
    ) -> Result<(Box<HandshakeFacts>, Vec<String>), Stop> {
        let expected = connect.response.as_ref();
        let at = expected.map_or(&connect.at, |response| &response.at);
        let (facts, warnings) = match (handshake, status) {
            (Handshake::Failed(message, hint), _) => {
                let mut failure = self.failed(&connect.at, "connect", message);
                failure.notes.extend(hint.map(|hint| Phrase::new("hint: ").value(hint)));
                return Err(failure.into());
            }
            (Handshake::Open(facts, warnings), None | Some(101)) => (facts, warnings),
            (Handshake::Refused(facts, _), None) => (facts, Vec::new()),
            (Handshake::Refused(facts, _), Some(status)) if facts.status == status => {
                (facts, Vec::new())
            }
            (Handshake::Refused(facts, message), Some(expected)) => {
                return Err(self.wrong_status(at, expected, &facts, message).into());
            }
            (Handshake::Open(facts, _), Some(expected)) => {
                let message = "the server accepted the connection";
                return Err(self.wrong_status(at, expected, &facts, message).into());
            }
        };
        for field in expected.iter().flat_map(|response| &response.headers) {
            let expand = |template: &Template| {
                template.expand(&self.file.values).map_err(|it| Stop::from(self.no_value(&it)))
            };
            let (name, value) = (expand(&field.name)?, expand(&field.value)?);
            let own = facts.headers.iter().filter(|(own, _)| own.eq_ignore_ascii_case(&name));
            let values: Vec<_> = own.map(|(_, value)| value.trim()).collect();
            if !values.contains(&value.as_str()) {
                let message = match values.is_empty() {
                    true => "the response does not have this header",
                    false => "the response has another value",
                };
                let mut failure = self.failed(&field.at, "header", message);
                failure.expected = Some(format!("{name}: {value}").into());
                failure.actual = Some(match values.is_empty() {
                    true => Phrase::new("no header ").value(name),
                    false => values.join(", ").into(),
                });
                failure.notes.extend(response(&facts));
                return Err(failure.into());
            }
        }
        Ok((facts, warnings))
    }

    fn wrong_status(
        &self,
        at: &std::ops::Range<usize>,
        expected: u16,
        facts: &HandshakeFacts,
        message: impl Into<Phrase>,
    ) -> Draft {
        let mut failure = self.failed(at, "status", message);
        failure.expected = Some(Phrase::new("status ").number(expected.into()));
        failure.actual = Some(Phrase::new("status ").number(facts.status.into()));
        failure.notes.extend(response(facts));
        failure
    }

    fn option_failed(&self, error: OptionError) -> Stop {
        match error {
            OptionError::Variable(variable) => self.no_value(&variable).into(),
            OptionError::Wrong(Diagnostic { at, message, help }) => {
                let mut failure = self.failed(&at, "option", message);
                failure.notes.extend(help.map(Phrase::from));
                failure.into()
            }
        }
    }
}

/// The most headers of a response that are shown, and the most characters of each.
const MOST_HEADERS: usize = 30;
const MOST_OF_HEADER: usize = 300;

/// The response of a handshake, line by line, without what is secret in it.
fn response(facts: &HandshakeFacts) -> Vec<Phrase> {
    let mut lines = vec![Phrase::new("HTTP ").number(facts.status.into())];
    for (name, value) in facts.headers.iter().take(MOST_HEADERS) {
        let value = Redaction::Mask.value(name, value.as_bytes());
        let value: String = String::from_utf8_lossy(&value).chars().take(MOST_OF_HEADER).collect();
        lines.push(format!("{name}: {value}").into());
    }
    let more = facts.headers.len().saturating_sub(MOST_HEADERS);
    if more > 0 {
        lines.push(Phrase::default().counted(more as u64, "more header"));
    }
    let body = facts.body.as_deref().unwrap_or_default();
    if !body.is_empty() {
        let start: String = String::from_utf8_lossy(body).chars().take(500).collect();
        lines.push(Phrase::new("body: ").value(start));
    }
    lines
}
