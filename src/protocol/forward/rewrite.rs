//! The head for the target: the client's, but for the lines that have to differ.

use super::lines::{Line, Lines, line_break};
use super::route::Route;
use super::{Authority, ForwardOptions, Head, HeaderLine, Host, RequestLine};
use crate::protocol::handshake::TupleOrigin;

/// A difference between the head that the client sent and the one that the target gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// The name of the header field; `None`: it is the request target.
    pub field: Option<String>,
    /// What the client sent, several values separated by commas; `None`: nothing.
    pub from: Option<String>,
    /// What the target gets; `None`: nothing.
    pub to: Option<String>,
}

/// The head for the target, and how it differs from the client's.
pub(super) fn rewrite(
    options: &ForwardOptions,
    credentials: &[HeaderLine],
    local: &Host,
    route: &Route,
    line: &RequestLine,
    head: &Head,
) -> (Vec<u8>, Vec<Rewritten>) {
    let mut rewriter = Rewriter {
        options,
        local,
        names_host: route.names_host,
        bytes: Vec::with_capacity(head.bytes().len()),
        rewritten: Vec::new(),
    };
    let lines = Lines::of(head);
    rewriter.start_line(lines.start_line, line, route.target.as_deref());
    let own = own_lines(options, credentials);
    for (at, line) in lines.fields.iter().enumerate() {
        let mut same = own.iter().filter(|it| line.is(&it.name)).peekable();
        match same.peek() {
            None => rewriter.field(*line),
            Some(first) if !lines.fields[..at].iter().any(|it| it.is(&first.name)) => {
                let replaced: Vec<_> =
                    lines.fields[at..].iter().filter(|it| it.is(&first.name)).collect();
                rewriter.replace(&replaced, same.copied());
            }
            Some(_) => {} // replaced with the first line of its name
        }
    }
    for (at, line) in own.iter().enumerate() {
        let is_first = !own[..at].iter().any(|it| it.is(&line.name));
        if is_first && !lines.fields.iter().any(|it| it.is(&line.name)) {
            rewriter.add(own.iter().copied().filter(|it| it.is(&line.name)), lines.start_line);
        }
    }
    rewriter.bytes.extend_from_slice(lines.end);
    (rewriter.bytes, rewriter.rewritten)
}

/// The lines of the configuration.
fn own_lines<'a>(
    options: &'a ForwardOptions,
    credentials: &'a [HeaderLine],
) -> Vec<&'a HeaderLine> {
    let is_given = |line: &&HeaderLine| options.headers.iter().any(|it| it.is(&line.name));
    let credentials = credentials.iter().filter(|line| !is_given(line));
    options.headers.iter().chain(credentials).collect()
}

struct Rewriter<'a> {
    options: &'a ForwardOptions,
    local: &'a Host,
    names_host: bool,
    bytes: Vec<u8>,
    rewritten: Vec<Rewritten>,
}

impl Rewriter<'_> {
    fn start_line(&mut self, bytes: &[u8], line: &RequestLine, target: Option<&str>) {
        let target_from = line.method.len() + 1; // one space (RFC 9112 section 3)
        let parts = bytes.split_at_checked(target_from);
        let parts = parts
            .and_then(|(method, rest)| Some((method, rest.strip_prefix(line.target.as_bytes())?)));
        let (Some(target), Some((method, version))) = (target, parts) else {
            self.bytes.extend_from_slice(bytes);
            return;
        };
        self.bytes.extend_from_slice(method);
        self.bytes.extend_from_slice(target.as_bytes());
        self.bytes.extend_from_slice(version);
        let (from, to) = (Some(line.target.clone()), Some(target.to_owned()));
        self.rewritten.push(Rewritten { field: None, from, to });
    }

    /// Writes a line of the client, which no line of the configuration replaces.
    fn field(&mut self, line: Line<'_>) {
        let target = &self.options.target;
        let to = if line.is("Host") && !self.options.keep_host && self.is_own_host(line) {
            target.host.clone()
        } else if line.is("Origin") && !self.options.keep_origin && self.is_own_origin(line) {
            target.origin()
        } else {
            self.bytes.extend_from_slice(line.bytes);
            return;
        };
        let value = line.value_at();
        self.bytes.extend_from_slice(&line.bytes[..value.start]);
        self.bytes.extend_from_slice(to.as_bytes());
        self.bytes.extend_from_slice(&line.bytes[value.end..]);
        self.record(name(line), Some(line.value()), Some(to));
    }

    /// The host in the request target overrides this one, and is the target's.
    fn is_own_host(&self, line: Line<'_>) -> bool {
        // Of a URL without a port, http is as probable as https.
        let names_proxy = |authority: &Authority| {
            let names = &self.options.proxy;
            [80, 443].into_iter().any(|port| names.include(self.local, authority, port))
        };
        self.names_host || Authority::parse(&line.value()).as_ref().is_some_and(names_proxy)
    }

    fn is_own_origin(&self, line: Line<'_>) -> bool {
        TupleOrigin::parse(&line.value()).is_some_and(|origin| {
            let (host, port) = origin.place;
            let authority = Authority { host, port: Some(port) };
            self.options.proxy.include(self.local, &authority, port)
        })
    }

    /// Writes lines of the configuration in place of those of the client.
    fn replace<'b>(&mut self, replaced: &[&Line<'_>], own: impl Iterator<Item = &'b HeaderLine>) {
        let Some(first) = replaced.first() else { return };
        let from = joined(replaced.iter().map(|line| line.value()));
        let to = self.write(own, line_break(first.bytes));
        self.record(name(**first), from, to);
    }

    /// Writes lines of the configuration that the client has not sent.
    fn add<'b>(&mut self, own: impl Iterator<Item = &'b HeaderLine>, start_line: &[u8]) {
        let mut own = own.peekable();
        let Some(name) = own.peek().map(|line| line.name.clone()) else { return };
        let to = self.write(own, line_break(start_line));
        self.record(name, None, to);
    }

    /// Writes those lines that do not remove a field. Returns their values.
    fn write<'b>(
        &mut self,
        own: impl Iterator<Item = &'b HeaderLine>,
        line_break: &[u8],
    ) -> Option<String> {
        let own: Vec<_> = own.filter(|line| !line.is_removal).collect();
        for line in &own {
            let separator = if line.value.is_empty() { ":" } else { ": " };
            for part in [&line.name, separator, &line.value] {
                self.bytes.extend_from_slice(part.as_bytes());
            }
            self.bytes.extend_from_slice(line_break);
        }
        joined(own.iter().map(|line| line.value.clone()))
    }

    fn record(&mut self, field: String, from: Option<String>, to: Option<String>) {
        if from != to {
            self.rewritten.push(Rewritten { field: Some(field), from, to });
        }
    }
}

fn name(line: Line<'_>) -> String {
    String::from_utf8_lossy(line.name()).into_owned()
}

/// Several values as one; `None` if there are none.
fn joined(values: impl Iterator<Item = String>) -> Option<String> {
    let values: Vec<_> = values.collect();
    (!values.is_empty()).then(|| values.join(", "))
}
