//! Hints for refused credentials: what the server requires, and what was sent.

use crate::net::upgrade::ServerResponse;
use crate::protocol::challenge::Challenge;

use super::RejectedHandshake;

/// The maximum number of characters quoted from a text of the server.
const MAX_QUOTED: usize = 200;

/// The hint for status 401. `is_explained`: the body names the cause.
pub(super) fn unauthorized(
    rejected: &RejectedHandshake,
    response: &ServerResponse,
    is_explained: bool,
) -> String {
    let challenges = challenges(rejected, response, "WWW-Authenticate");
    let wanted = wanted(&challenges);
    let Some(sent) = &rejected.credentials else {
        return match wanted {
            Some(wanted) => format!("the server requires {wanted}"),
            None => unnamed(rejected, is_explained),
        };
    };
    let Some(scheme) = &sent.scheme else {
        return match wanted {
            Some(wanted) => format!("the server requires {wanted}"),
            None => insufficient(rejected, &sent.source, is_explained),
        };
    };
    let ours = challenges.iter().find(|challenge| challenge.is(scheme));
    let refused = format!("the {scheme} credentials sent ({}) were refused", sent.source);
    match (ours, wanted) {
        (Some(ours), _) => match (bearer_error(ours), ours.is("Basic")) {
            (Some(error), _) => format!("{refused}: {error}"),
            (None, true) => {
                format!("{refused}{}: check user name and password", details(ours, &["realm"]))
            }
            (None, false) => format!("{refused}{}", details(ours, &["realm", "scope"])),
        },
        (None, Some(wanted)) => format!("{refused}: the server requires {wanted}"),
        (None, None) if is_explained => refused,
        (None, None) => format!("{refused}, or {}", origin(rejected)),
    }
}

/// Without a challenge it is not known what is required. `ws` for Node.js also responds so to a wrong Origin.
fn unnamed(rejected: &RejectedHandshake, is_explained: bool) -> String {
    let options = "-u USER, --bearer TOKEN, --cookie 'a=b', or a token in the query of the URL";
    match is_explained {
        true => format!("the server does not specify which credentials it requires: {options}"),
        false => format!(
            "the server requires credentials and does not specify which ({options}), or {}",
            origin(rejected)
        ),
    }
}

/// A cookie, or a token in the URL or in a custom header, may be what was refused, or be unrelated.
fn insufficient(rejected: &RejectedHandshake, source: &str, is_explained: bool) -> String {
    let refused = format!(
        "what was sent ({source}) is not accepted as credentials, or the server requires others"
    );
    match is_explained {
        true => refused,
        false => format!("{refused}, or {}", origin(rejected)),
    }
}

fn origin(rejected: &RejectedHandshake) -> &'static str {
    match rejected.sent_origin {
        false => "it checks the Origin header (-o https://HOST)",
        true => "it does not accept this Origin",
    }
}

/// The hint for status 403 with a challenge that explains why a token was refused.
pub(super) fn bad_token(rejected: &RejectedHandshake, response: &ServerResponse) -> Option<String> {
    let challenges = challenges(rejected, response, "WWW-Authenticate");
    let error = challenges.iter().find_map(bearer_error)?;
    Some(format!("not allowed with this token: {error}"))
}

/// The hint for status 407 in place of the server's response: from a proxy that was not configured.
pub(super) fn proxy_requires(rejected: &RejectedHandshake, response: &ServerResponse) -> String {
    let challenges = challenges(rejected, response, "Proxy-Authenticate");
    let schemes: Vec<_> = challenges
        .iter()
        .map(|challenge| format!("{}{}", challenge.scheme, details(challenge, &["realm"])))
        .collect();
    let schemes = if schemes.is_empty() {
        String::new()
    } else {
        format!(" ({})", shortened(&schemes.join("; ")))
    };
    format!("a proxy in between requires credentials{schemes}")
}

/// The challenges, with secrets masked that the server may repeat.
fn challenges(
    rejected: &RejectedHandshake,
    response: &ServerResponse,
    field: &str,
) -> Vec<Challenge> {
    let found = Challenge::read(&response.head, field).into_iter();
    found.map(|challenge| challenge.map(|word| rejected.secrets.mask_text(word))).collect()
}

/// A description of the first supported scheme, else the names of the others.
fn wanted(challenges: &[Challenge]) -> Option<String> {
    let known = challenges.iter().find_map(|challenge| {
        let details = |names: &[&str]| details(challenge, names);
        if challenge.is("Bearer") {
            let error = bearer_error(challenge).map_or(String::new(), |error| format!(": {error}"));
            let details =
                if error.is_empty() { details(&["realm", "scope"]) } else { String::new() };
            Some(format!("a token (Bearer{details}): --bearer TOKEN{error}"))
        } else if challenge.is("Basic") {
            let details = details(&["realm"]);
            Some(format!(
                "a user name and password (Basic{details}): -u USER prompts for the password"
            ))
        } else {
            None
        }
    });
    known.or_else(|| {
        let first = challenges.first()?;
        let names: Vec<_> = challenges.iter().map(|challenge| challenge.scheme.as_str()).collect();
        let names = shortened(&names.join(", "));
        Some(if challenges.iter().any(|one| one.is("Negotiate") || one.is("NTLM")) {
            format!("{names} (Kerberos or a Windows login), which wscope does not support: does the server accept a token or a cookie instead?")
        } else if first.is("Digest") {
            let details = details(first, &["realm", "algorithm"]);
            let details = details.strip_prefix(", ");
            let details = details.map_or(String::new(), |details| format!(" ({details})"));
            format!("a Digest login{details}, which wscope does not support: does the server accept a token or a cookie instead?")
        } else {
            format!("credentials of the scheme {names}: -H 'Authorization: {names} …'")
        })
    })
}

/// The error in a Bearer challenge (RFC 6750 section 3).
fn bearer_error(challenge: &Challenge) -> Option<String> {
    let error = challenge.parameter("error")?;
    let description = challenge.parameter("error_description");
    let description =
        description.map_or(String::new(), |text| format!(" (\"{}\")", shortened(text)));
    Some(format!("{}{description}{}", shortened(error), details(challenge, &["scope", "realm"])))
}

/// `, realm "x"`
fn details(challenge: &Challenge, names: &[&str]) -> String {
    let named = names.iter().filter_map(|name| Some((name, challenge.parameter(name)?)));
    named.map(|(name, value)| format!(", {name} \"{}\"", shortened(value))).collect()
}

/// A text of the server, truncated.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
