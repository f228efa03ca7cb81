//! The request of a recorded client, as it is repeated.

use std::borrow::Cow;

use crate::config::{RecordedRequest, ReplayConfig};
use crate::error::Error;
use crate::event::{HeadView, Opened};
use crate::net::target::Target;
use crate::protocol::head::{HeaderLine, is_token, split_list};
use crate::recording::replay::Script;
use crate::redact::{MASK, Redaction, secret_values};

/// The request, and what has to be said about it.
#[derive(Debug, Default)]
pub(super) struct Repeated {
    /// What is sent.
    pub(super) request: RecordedRequest,
    /// What was recorded and is not sent.
    pub(super) notices: Vec<String>,
    /// What to do if the server refuses the handshake for want of credentials.
    pub(super) refusal_hint: Option<String>,
}

/// Fields that belong to one handshake, one host, or one hop.
const OWN: [&str; 12] = [
    "Host",
    "Connection",
    "Upgrade",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Accept",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Protocol",
    "Content-Length",
    "Transfer-Encoding",
    "Proxy-Authorization",
    "Proxy-Connection",
];

/// The request of a recorded connection.
///
/// # Errors
/// If the recording has no URL, and none is given.
pub(super) fn repeated(script: &Script, config: &ReplayConfig) -> Result<Repeated, Error> {
    let mut repeated = Repeated::default();
    let opened = script.opened.as_deref();
    let recorded_url = opened.map(|opened| opened.url.as_str());
    repeated.request.url = match (&config.url, recorded_url) {
        (Some(given), Some(recorded)) => repeated.given(given, recorded),
        (Some(given), None) => given.clone(),
        (None, Some(url)) => repeated.without_masked(url),
        (None, None) => {
            return Err(Error::Usage {
                message: "the recording does not have the URL of the connection".to_owned(),
                hint: Some("give it after the file: wscope replay FILE URL".to_owned()),
            });
        }
    };
    let Some(opened) = opened else { return Ok(repeated) };
    let is_same = has_same_origin(&opened.url, &repeated.request.url);
    repeated.take_fields(&opened.request, config, is_same);
    if !config.replaces("Sec-WebSocket-Protocol") {
        repeated.take_subprotocols(opened, is_same);
    }
    let has_credentials = has_credentials(&opened.request) || !repeated.notices.is_empty();
    if !has_credentials && !opened.request.fields.is_empty() && !config.replaces("Cookie") {
        repeated.refusal_hint = Some(
            "the recording has neither cookies nor Authorization: a HAR that Chrome exports as 'sanitized' \
             lacks them; export it with sensitive data, or give them with --cookie or -H"
                .to_owned(),
        );
    }
    Ok(repeated)
}

fn has_same_origin(recorded: &str, given: &str) -> bool {
    match (Target::parse(recorded), Target::parse(given)) {
        (Ok(recorded), Ok(given)) => recorded.has_same_origin(&given),
        _ => false,
    }
}

fn has_credentials(request: &HeadView) -> bool {
    request.fields.iter().any(|(name, value)| Redaction::is_credential(name, value))
}

impl Repeated {
    /// The given URL, with path and query of the recorded one if it has neither.
    fn given(&mut self, given: &str, recorded: &str) -> String {
        let (kept, masked) = without_values(recorded, |value| value == MASK);
        let (kept, foreign) = match has_same_origin(recorded, given) {
            true => (kept, Vec::new()),
            false => without_values(&kept, |_| true),
        };
        let resource = Target::parse(&kept).ok().map(|target| target.resource);
        let url = resource.and_then(|resource| Target::with_resource(given, &resource));
        let Some(url) = url else { return given.to_owned() };
        self.report_masked(&masked);
        if !foreign.is_empty() {
            self.notices.push(format!(
                "recorded in the URL of another server and not sent to this one: {}; give the path and query with the URL",
                foreign.join(", ")
            ));
        }
        url
    }

    /// The recorded URL without user information and parameters whose values are masked.
    fn without_masked(&mut self, url: &str) -> String {
        let (mut kept, mut masked) = without_values(url, |value| value == MASK);
        if let Some((start, end)) = masked_userinfo(&kept) {
            kept.replace_range(start..end, "");
            masked.push("user and password".to_owned());
        }
        self.report_masked(&masked);
        kept
    }

    fn report_masked(&mut self, names: &[String]) {
        if !names.is_empty() {
            self.notices.push(format!(
                "masked in the URL of the recording and not sent: {}; give the whole URL after the file",
                names.join(", ")
            ));
        }
    }

    fn take_fields(&mut self, request: &HeadView, config: &ReplayConfig, is_same: bool) {
        let mut foreign: Vec<&str> = Vec::new();
        for (name, value) in &request.fields {
            let is_own = OWN.iter().any(|own| own.eq_ignore_ascii_case(name));
            // HTTP/2 writes the request line as fields whose names begin with a colon.
            if is_own || name.starts_with(':') || config.replaces(name) {
                continue;
            }
            let text = String::from_utf8_lossy(value);
            if text.contains(MASK) {
                self.notices.push(format!(
                    "{name} is masked in the recording and not sent; give it with {}",
                    option_for(name, &text)
                ));
            } else if !is_same && Redaction::is_credential(name, value) {
                foreign.push(name);
            } else {
                self.take_field(name, value);
            }
        }
        if !foreign.is_empty() {
            self.notices.push(format!(
                "recorded for another server and not sent to this one: {}; give it with -H",
                foreign.join(", ")
            ));
        }
    }

    fn take_field(&mut self, name: &str, value: &[u8]) {
        let line = match str::from_utf8(value).map(str::trim) {
            Ok("") => HeaderLine::parse(&format!("{name};")).ok(),
            Ok(value) => HeaderLine::parse(&format!("{name}: {value}")).ok(),
            Err(_) => None,
        };
        match line {
            Some(line) => self.request.headers.push(line),
            None => self.notices.push(format!("not a valid header, and not sent: {name}")),
        }
    }

    /// Subprotocols may be tokens.
    fn take_subprotocols(&mut self, opened: &Opened, is_same: bool) {
        const NAME: &str = "Sec-WebSocket-Protocol";
        let fields =
            opened.request.fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case(NAME));
        let mut values: Vec<_> = fields.map(|(_, value)| String::from_utf8_lossy(value)).collect();
        if values.is_empty() {
            // Not all programs record the request's fields.
            values.extend(opened.protocol.as_deref().map(Cow::Borrowed));
        }
        for list in values {
            let is_foreign = !is_same && Redaction::is_credential(NAME, list.as_bytes());
            for name in split_list(&list) {
                let names = &mut self.request.subprotocols;
                let is_masked = name.contains(MASK);
                if is_masked || is_foreign {
                    let why = if is_masked {
                        "masked in the recording"
                    } else {
                        "a token for another server"
                    };
                    self.notices.push(format!(
                        "subprotocol {}: {why}, and not offered; give it with -s",
                        if is_foreign { MASK } else { &name }
                    ));
                } else if is_token(&name) && !names.contains(&name) {
                    names.push(name);
                }
            }
        }
    }
}

/// The URL without the parameters whose values are secrets that are left out, and the names of those.
fn without_values(url: &str, is_left_out: impl Fn(&str) -> bool) -> (String, Vec<String>) {
    const SEPARATORS: [char; 3] = ['?', '&', '#'];
    let mut kept = String::new();
    let mut copied = 0;
    let mut names = Vec::new();
    for value in secret_values(url).into_iter().filter(|value| is_left_out(&url[value.clone()])) {
        if value.start < copied {
            continue; // another one of the same parameter
        }
        let start = url[..value.start].rfind(SEPARATORS).map_or(value.start, |at| at + 1);
        let rest = &url[value.end..];
        let end = value.end + rest.find(SEPARATORS).unwrap_or(rest.len());
        let parameter = &url[start..value.start];
        names.push(parameter.split('=').next().unwrap_or(parameter).to_owned());
        kept += &url[copied..start.max(copied)];
        copied = end;
        // The separator behind it is left out with it, else the one before.
        if url[end..].starts_with('&') {
            copied += 1;
        } else if kept.ends_with(SEPARATORS) {
            kept.pop();
        }
    }
    kept += &url[copied..];
    (kept, names)
}

/// The place of user information that is masked, with its @.
fn masked_userinfo(url: &str) -> Option<(usize, usize)> {
    let start = url.find("//")? + 2;
    let end = start + url[start..].find(['/', '?', '#']).unwrap_or(url.len() - start);
    let at = start + url[start..end].rfind('@')?;
    url[start..at].contains(MASK).then_some((start, at + 1))
}

/// The option that gives a field.
fn option_for(name: &str, value: &str) -> String {
    match &*name.to_ascii_lowercase() {
        "authorization" if value.starts_with("Basic") => "--user USER:PASS".to_owned(),
        "authorization" if value.starts_with("Bearer") => "--bearer TOKEN".to_owned(),
        "cookie" => "--cookie 'NAME=VALUE'".to_owned(),
        _ => format!("-H '{name}: …'"),
    }
}

#[cfg(test)]
mod tests;
