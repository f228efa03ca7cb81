//! `WS`, its headers and options, and `HTTP`.

use std::ops::Range;

use super::lines::escaped;
use super::secrets::Secrets;
use super::session::{Connection, Opening};
use super::{OptionSecret, ScenarioOption, Settings};
use crate::event::{HeadView, Opened};
use crate::net::target::{Credentials, Target};
use crate::redact::userinfo_range;
use crate::scenario::language::syntax::{Connect, Item};
use crate::scenario::language::{Source, parse};

/// Fields of a request that each client makes for itself, or that say nothing to a server of WebSockets.
const OWN_FIELDS: [&str; 16] = [
    "host",
    "upgrade",
    "connection",
    "content-length",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
    "accept",
    "accept-encoding",
    "cache-control",
    "pragma",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "priority",
];

/// The starts of other such fields.
const OWN_STARTS: [&str; 3] = [":", "sec-fetch-", "sec-ch-"];

/// What stands before the headers of another request than the first one.
const REDIRECTED: &str = "# These headers are those of the request after the redirect: what only the first one had, such \
                          as credentials, was not recorded.";

/// The lines that open a connection, up to what was expected of the handshake.
pub(super) fn lines(
    connection: &Connection<'_>,
    name: Option<&str>,
    extra: &[String],
    settings: &Settings,
    secrets: &mut Secrets,
) -> Vec<String> {
    let request = request(connection);
    secrets.begin_request(request.map(|head| head.secret_ids.as_slice()).unwrap_or_default());
    let url = url(connection, secrets);
    let name = name.map(|name| format!(" as {name}")).unwrap_or_default();
    let mut lines = vec![format!("WS {url}{name}")];
    let fields = request.map(|head| head.fields.as_slice()).unwrap_or_default();
    let is_last = connection.redirect.is_some_and(|it| it.request.fields.is_empty());
    if is_last {
        // Recordings of older versions.
        lines.push(REDIRECTED.to_owned());
        secrets.warn(format!("the headers that {url} got before the redirect were not recorded"));
    }
    let is_wanted = |(name, value): &&(String, Vec<u8>)| {
        is_wanted(name, value, &url) && !(is_last && name.eq_ignore_ascii_case("host"))
    };
    for (name, value) in fields.iter().filter(is_wanted) {
        match field(name, value, secrets) {
            Some(line) => lines.push(line),
            None => secrets.warn(format!("the header {name:?} cannot be written in a scenario")),
        }
    }
    let mut options = options(connection, request, settings, secrets);
    options.extend(user(connection, fields, secrets));
    if !options.is_empty() || !extra.is_empty() {
        lines.push("[Options]".to_owned());
        lines.extend(options);
        lines.extend_from_slice(extra);
    }
    lines.extend(response(connection, secrets));
    lines
}

/// The first request.
fn request<'a>(connection: &Connection<'a>) -> Option<&'a HeadView> {
    if let Some(redirect) = connection.redirect
        && !redirect.request.fields.is_empty()
    {
        return Some(&redirect.request);
    }
    match *connection.opening.as_ref()? {
        Opening::Opened(opened) => Some(&opened.request),
        Opening::Refused(_, failure) => {
            let attempt = failure.attempt.as_ref();
            failure.request.as_ref().or_else(|| attempt?.request.as_ref())
        }
    }
}

fn recorded_url<'a>(connection: &'a Connection<'_>) -> Option<&'a str> {
    connection.redirect.map(|redirect| redirect.from.as_str()).or(match &connection.opening {
        Some(Opening::Opened(opened)) => Some(opened.url.as_str()),
        Some(Opening::Refused(_, failure)) => failure.attempt.as_ref().map(|it| it.url.as_str()),
        None => None,
    })
}

/// The option for user and password that a URL has which wscope did not write. Its request usually has them too.
fn user(
    connection: &Connection<'_>,
    fields: &[(String, Vec<u8>)],
    secrets: &mut Secrets,
) -> Option<String> {
    let has_field = fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let url = recorded_url(connection).filter(|_| !has_field)?;
    userinfo_range(url)?;
    let credentials = Target::parse(url).ok().and_then(|target| target.credentials);
    let line = credentials.map(|Credentials { user, password }| {
        format!("user: {}", secrets.user(&user, password.as_deref()))
    });
    let line = line.filter(|line| is_option(line));
    if line.is_none() {
        secrets.warn("the user and password of the URL cannot be written in a scenario".to_owned());
    }
    line
}

/// The URL without userinfo; a variable if the recording does not have it, or has one that cannot be written.
fn url(connection: &Connection<'_>, secrets: &mut Secrets) -> String {
    let bare = |url: &str| match userinfo_range(url) {
        Some(Range { start, end }) => format!("{}{}", &url[..start], &url[end + 1..]),
        None => url.to_owned(),
    };
    let recorded = recorded_url(connection).filter(|url| Target::parse(url).is_ok()).map(bare);
    let written = recorded.map(|url| secrets.url(&url)).filter(|url| {
        let connect = connect(&format!("WS {url}"));
        connect.is_some_and(|connect| connect.name.is_none() && !connect.url.pieces().is_empty())
    });
    written.unwrap_or_else(|| secrets.unknown_url())
}

fn is_wanted(name: &str, value: &[u8], url: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    match lower.as_str() {
        // One that is not that of the URL was chosen.
        "host" => !value.is_empty() && !has_host(url, &String::from_utf8_lossy(value)),
        "user-agent" => !value.starts_with(b"wscope/"),
        name => {
            !OWN_FIELDS.contains(&name) && !OWN_STARTS.iter().any(|start| name.starts_with(start))
        }
    }
}

/// Whether a URL has this host and port; a port may be left out where it is the usual one.
fn has_host(url: &str, host: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return true };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let usual = if matches!(scheme, "wss" | "https") { ":443" } else { ":80" };
    let bare = |text: &str| {
        let text = text.rsplit_once('@').map_or(text, |(_, host)| host).trim();
        text.strip_suffix(usual).unwrap_or(text).to_ascii_lowercase()
    };
    // Of a socket that is a file the host is not the URL's.
    scheme.contains("unix") || bare(authority) == bare(host)
}

/// A field as a line; `None` if it would be read as something else.
fn field(name: &str, value: &[u8], secrets: &mut Secrets) -> Option<String> {
    let value = str::from_utf8(value).ok()?.trim();
    let line = format!("{}: {}", escaped(name), secrets.field(name, value));
    let connect = connect(&format!("WS ws://h\n{line}"))?;
    let is_same = |field: &crate::scenario::language::syntax::Field| {
        field.name.as_literal().is_some_and(|it| it == name)
            && field.value.as_literal().is_none_or(|it| it == value)
    };
    matches!(&connect.headers[..], [field] if is_same(field)).then_some(line)
}

fn options(
    connection: &Connection<'_>,
    request: Option<&HeadView>,
    settings: &Settings,
    secrets: &mut Secrets,
) -> Vec<String> {
    let mut lines = Vec::new();
    let offered = request.map(|head| values(head, "sec-websocket-protocol")).unwrap_or_default();
    let offered = match (&connection.opening, offered.as_str()) {
        (Some(Opening::Opened(opened)), "") => opened.offered.join(", "),
        _ => offered,
    };
    if !offered.is_empty() {
        let value = secrets.field("Sec-WebSocket-Protocol", &offered);
        lines.push(format!("subprotocol: {value}"));
    }
    let is_known = request.is_some_and(|head| !head.fields.is_empty());
    let has_extensions = request.is_some_and(|head| !values(head, EXTENSIONS).is_empty());
    if is_known && !has_extensions {
        lines.push("no-compress: true".to_owned());
    }
    let mut given = given_options(connection, settings);
    let is_left = is_redirect_left(connection);
    let is_zero = given.iter().any(|option| option.name == "max-redirs" && option.value == "0");
    if is_left || is_zero {
        // With them the redirect would be followed, or be an error.
        given.retain(|option| !matches!(option.name, "location" | "max-redirs"));
    }
    let has = |name: &str| given.iter().any(|option| option.name == name);
    if connection.redirect.is_some() && !is_left && !has("location") {
        lines.push("location: true".to_owned());
    }
    if connection.is_lenient && !has("lenient") {
        lines.push("lenient: true".to_owned());
    }
    for ScenarioOption { name, value, secret, .. } in given {
        let value = escaped(value);
        lines.push(match secret {
            None => format!("{name}: {value}"),
            Some(OptionSecret { variable, what, rest }) => {
                let variable = secrets.in_option(variable, what);
                format!("{name}: {value}{variable}{}", escaped(rest))
            }
        });
    }
    lines.retain(|line| {
        let is_option = is_option(line);
        if !is_option {
            secrets.warn(format!("an option cannot be written in a scenario: {line:?}"));
        }
        is_option
    });
    lines
}

/// The options that were given for a connection: some are only for one server.
fn given_options<'a>(
    connection: &Connection<'_>,
    settings: &'a Settings,
) -> Vec<&'a ScenarioOption> {
    let url = recorded_url(connection).and_then(|url| Target::parse(url).ok());
    let is_other = match (&settings.server, url) {
        (Some(server), Some(url)) => !server.has_same_origin(&url),
        _ => false,
    };
    settings.options.iter().filter(|option| !(is_other && option.is_for_server)).collect()
}

fn is_option(line: &str) -> bool {
    let connect = connect(&format!("WS ws://h\n[Options]\n{line}"));
    connect.is_some_and(|it| it.options.len() == 1 && it.headers.is_empty())
}

const EXTENSIONS: &str = "sec-websocket-extensions";

/// The values of all fields with this name, joined.
fn values(head: &HeadView, name: &str) -> String {
    let is_it = |field: &&(String, Vec<u8>)| field.0.eq_ignore_ascii_case(name);
    let values = head.fields.iter().filter(is_it);
    let values: Vec<_> =
        values.map(|(_, value)| String::from_utf8_lossy(value).trim().to_owned()).collect();
    values.join(", ")
}

/// Whether a connection ended with a redirect that was not followed.
fn is_redirect_left(connection: &Connection<'_>) -> bool {
    let Some(Opening::Refused(_, failure)) = &connection.opening else { return false };
    let response = failure.response.as_ref();
    response.is_some_and(|it| matches!(it.status, 301 | 302 | 303 | 307 | 308))
}

/// What is expected of the response.
fn response(connection: &Connection<'_>, secrets: &mut Secrets) -> Vec<String> {
    match &connection.opening {
        None => Vec::new(),
        Some(Opening::Opened(opened)) => accepted(opened),
        Some(Opening::Refused(_, failure)) => {
            let Some(response) = &failure.response else { return Vec::new() };
            // Of several redirects the first one is expected: none is followed.
            let first = connection.redirect.filter(|_| is_redirect_left(connection));
            let status = first.map_or(response.status, |redirect| redirect.status);
            let mut lines = vec![format!("HTTP {status}")];
            let is_wanted = |name: &str| {
                ["www-authenticate", "sec-websocket-version"]
                    .iter()
                    .any(|wanted| name.eq_ignore_ascii_case(wanted))
            };
            for (name, value) in &response.head.fields {
                let is_masked = memchr::memmem::find(value, b"***").is_some();
                if is_wanted(name) && !is_masked {
                    lines.extend(field(name, value, secrets));
                }
            }
            lines
        }
    }
}

fn accepted(opened: &Opened) -> Vec<String> {
    let mut lines = vec!["HTTP 101".to_owned()];
    let protocol = opened.protocol.as_deref().filter(|protocol| !protocol.contains("***"));
    let line = protocol.map(|name| format!("Sec-WebSocket-Protocol: {}", escaped(name)));
    let is_field = |line: &String| {
        connect(&format!("WS ws://h\nHTTP 101\n{line}"))
            .and_then(|connect| connect.response)
            .is_some_and(|response| response.headers.len() == 1)
    };
    lines.extend(line.filter(is_field));
    lines
}

/// The connection of a part that is written like this, if that is a connection and nothing else.
fn connect(text: &str) -> Option<Connect> {
    let source = Source::new("head", format!("{text}\n").into_bytes());
    let scenario = parse(&source).complete().ok()?;
    let mut items = scenario.parts.into_iter().flat_map(|part| part.items);
    match (items.next(), items.next()) {
        (Some(Item::Connect(connect)), None) => Some(*connect),
        _ => None,
    }
}
