//! Refused credentials, explained: what the server asks for, and what it was given.

use crate::net::upgrade::Response;
use crate::protocol::challenge::Challenge;

use super::Rejected;

/// How much of a text of the server is quoted, in characters.
const MAX_QUOTED: usize = 200;

/// Status 401: what to do about it. `is_explained`: the body names the cause.
pub(super) fn unauthorized(rejected: &Rejected, response: &Response, is_explained: bool) -> String {
    let challenges = challenges(rejected, response, "WWW-Authenticate");
    let wanted = wanted(&challenges);
    let Some(sent) = &rejected.credentials else {
        return match wanted {
            Some(wanted) => format!("the server wants {wanted}"),
            None => unnamed(rejected, is_explained),
        };
    };
    let Some(scheme) = &sent.scheme else {
        return match wanted {
            Some(wanted) => format!("the server wants {wanted}"),
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
        (None, Some(wanted)) => format!("{refused}: the server wants {wanted}"),
        (None, None) if is_explained => refused,
        (None, None) => format!("{refused}, or {}", origin(rejected)),
    }
}

/// Without a challenge it is not known what is wanted. `ws` for Node.js answers like this also to an Origin.
fn unnamed(rejected: &Rejected, is_explained: bool) -> String {
    let options = "-u USER, --bearer TOKEN, --cookie 'a=b', or a token in the query of the URL";
    match is_explained {
        true => format!("the server does not say which credentials it wants: {options}"),
        false => format!(
            "the server wants credentials and does not say which ({options}), or {}",
            origin(rejected)
        ),
    }
}

/// A cookie, or a token in the URL or a header of its own, may be what is refused, or have nothing to do with it.
fn insufficient(rejected: &Rejected, source: &str, is_explained: bool) -> String {
    let refused = format!(
        "what was sent ({source}) is not accepted as credentials, or the server wants others"
    );
    match is_explained {
        true => refused,
        false => format!("{refused}, or {}", origin(rejected)),
    }
}

fn origin(rejected: &Rejected) -> &'static str {
    match rejected.sent_origin {
        false => "it checks the Origin header (-o https://HOST)",
        true => "it does not accept this Origin",
    }
}

/// Status 403 that says what is wrong with a token.
pub(super) fn bad_token(rejected: &Rejected, response: &Response) -> Option<String> {
    let challenges = challenges(rejected, response, "WWW-Authenticate");
    let error = challenges.iter().find_map(bearer_error)?;
    Some(format!("not allowed with this token: {error}"))
}

/// Status 407 from where the server should be: a proxy that was not asked for.
pub(super) fn proxy_wants(rejected: &Rejected, response: &Response) -> String {
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
    format!("a proxy in between wants credentials{schemes}")
}

/// Without the secrets that the server may repeat there.
fn challenges(rejected: &Rejected, response: &Response, field: &str) -> Vec<Challenge> {
    let found = Challenge::read(&response.head, field).into_iter();
    found.map(|challenge| challenge.map(|word| rejected.secrets.mask_text(word))).collect()
}

/// The first scheme that is supported, else the names of those that are not.
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
                "a user name and password (Basic{details}): -u USER asks for the password"
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

/// What RFC 6750 section 3 lets a server say.
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

/// The start of a text of the server.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
