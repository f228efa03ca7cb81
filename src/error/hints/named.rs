//! Hints for refusals that name a cause.

use crate::error::RejectedHandshake;
use crate::error::words::Words;
use crate::net::upgrade::ServerResponse;
use crate::protocol::head::is_token;

/// The maximum number of characters repeated from the server's text.
const MAX_NAMED: usize = 100;

/// The hint for the cause that a refusal names; `None` if it names none, or requests credentials in a header.
pub(super) fn hint(
    rejected: &RejectedHandshake,
    response: &ServerResponse,
    words: &Words,
) -> Option<String> {
    let (head, status) = (&response.head, response.line.status);
    if status < 400 || head.value("WWW-Authenticate").is_some() || status == 407 {
        return None;
    }
    subprotocols(rejected, &head.list("Sec-WebSocket-Protocol"))
        .or_else(|| versions(rejected, response))
        .or_else(|| in_words(rejected, status, words))
}

fn subprotocols(rejected: &RejectedHandshake, names: &[String]) -> Option<String> {
    let are_names = !names.is_empty() && names.iter().all(|name| is_token(name));
    if !are_names || names.iter().any(|name| rejected.offered.contains(name)) {
        return None;
    }
    let first = rejected.secrets.mask_text(names[0].clone());
    let names = rejected.secrets.mask_text(names.join(", "));
    if names.chars().count() > MAX_NAMED {
        return None;
    }
    let offered = match rejected.offered.is_empty() {
        true => "none".to_owned(),
        false => rejected.offered.join(", "),
    };
    Some(format!(
        "the server names the subprotocol {names}, and {offered} was offered: -s {first} offers it"
    ))
}

/// RFC 6455 section 4.4 requires 426 with this header; many servers send it with 400.
fn versions(rejected: &RejectedHandshake, response: &ServerResponse) -> Option<String> {
    let versions = response.head.list("Sec-WebSocket-Version");
    let asked = requested_version(rejected);
    let has_ours = versions.iter().any(|version| version == "13");
    if !matches!(response.line.status, 400 | 426)
        || versions.is_empty()
        || (asked.is_none() && has_ours)
    {
        return None;
    }
    let versions = rejected.secrets.mask_text(versions.join(", "));
    let is_short = versions.chars().count() <= MAX_NAMED;
    is_short.then(|| match asked {
        Some(asked) => format!("the request {asked}, and the server speaks {versions}"),
        None => format!("the server speaks WebSocket version {versions}, not 13 (RFC 6455)"),
    })
}

/// The version in the request if it is not 13.
fn requested_version(rejected: &RejectedHandshake) -> Option<String> {
    Some(match rejected.replaced("Sec-WebSocket-Version")? {
        Some("13") => return None,
        Some(version) => format!("requested WebSocket version {version} (-H)"),
        None => "had no WebSocket version (-H removed it)".to_owned(),
    })
}

/// The text of a gateway is about the upstream server, not about the request.
fn in_words(rejected: &RejectedHandshake, status: u16, words: &Words) -> Option<String> {
    if (502..=504).contains(&status) || status >= 520 {
        return None;
    }
    if words.name_subprotocol() {
        return Some(match rejected.offered.is_empty() {
            true => "the response mentions a subprotocol, and none was offered: -s NAME offers one"
                .to_owned(),
            false => format!(
                "the response mentions a subprotocol: does the server support the one offered ({})? -s NAME offers another",
                rejected.offered.join(", ")
            ),
        });
    }
    if words.name_origin() {
        let text = match rejected.sent_origin {
            false => {
                "the response mentions the Origin, and the request had none: -o https://HOST sends one"
            }
            true => {
                "the response mentions the Origin: the server may accept another (-o ORIGIN), or a request without one"
            }
        };
        return Some(text.to_owned());
    }
    if words.name_host() {
        let sent = match &rejected.host {
            Some(host) => format!("which was {host}"),
            None => "and the request had none".to_owned(),
        };
        return Some(format!(
            "the response mentions the Host, {sent}: -H 'Host: NAME' sends another"
        ));
    }
    if words.name_upgrade() && (status < 500 && status != 426 || status == 501) {
        return Some(missing_upgrade(
            rejected,
            "the response mentions the Upgrade or Connection header",
        ));
    }
    words.name_version().then(|| match requested_version(rejected) {
        Some(asked) => format!("the response mentions the WebSocket version, and the request {asked}"),
        None => {
            "the response mentions the WebSocket version: -H 'Sec-WebSocket-Version: N' requests a version other than 13"
                .to_owned()
        }
    })
}

/// The hint for a server that received no upgrade request, as shown by `evidence`.
pub(super) fn missing_upgrade(rejected: &RejectedHandshake, evidence: &str) -> String {
    match rejected.asked_upgrade {
        true => format!(
            "{evidence}, and the request had both: does a reverse proxy in between forward Upgrade and Connection?"
        ),
        false => format!("{evidence}, and -H replaced or removed one of them in the request"),
    }
}
