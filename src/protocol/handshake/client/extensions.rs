//! Validation of the extensions accepted by a server (RFC 6455 section 9.1, RFC 7692 section 7.1).

use super::{Finding, Head, Request, contains_ignoring_case, quoted};
use crate::protocol::deflate::DeflateParams;
use crate::protocol::deflate::negotiation;
use crate::protocol::handshake::extension_name;

const HEADER: &str = "Sec-WebSocket-Extensions";

/// Predecessors of permessage-deflate that some servers and tutorials still use.
const PREDECESSORS: [&str; 4] =
    ["x-webkit-deflate-frame", "deflate-frame", "perframe-deflate", "permessage-compress"];

/// The negotiated parameters of permessage-deflate, if the server selected it; as it wrote them, if they do not match the offer.
pub(super) fn examine(
    request: &Request,
    head: &Head,
    findings: &mut Vec<Finding>,
) -> Option<DeflateParams> {
    let mut params = None;
    for element in head.list(HEADER) {
        let offers = &request.extensions;
        let is_deflate = negotiation::is_permessage_deflate(&element);
        if !contains_ignoring_case(&names(offers), &extension_name(&element)) {
            findings.push(not_offered(&element, offers));
            if is_deflate {
                params = params.or_else(|| Some(negotiation::as_written(&element)));
            }
        } else if is_deflate && params.is_some() {
            findings.push(Finding::new(
                HEADER,
                format!("'{element}', repeated"),
                "permessage-deflate once",
                "RFC 7692 section 5",
            ));
        } else if is_deflate {
            let offers: Vec<String> = offers
                .iter()
                .filter(|offer| negotiation::is_permessage_deflate(offer))
                .cloned()
                .collect();
            match negotiation::validate(&offers, &element) {
                Ok(parameters) => params = Some(parameters),
                Err(mismatch) => {
                    params = Some(negotiation::as_written(&element));
                    findings.push(Finding::new(
                        HEADER,
                        format!("'{element}': {}", mismatch.got),
                        mismatch.expected,
                        mismatch.section,
                    ));
                }
            }
        }
    }
    params
}

fn not_offered(element: &str, offers: &[String]) -> Finding {
    const SECTION: &str = "RFC 6455 section 4.1";
    let expected = match offers {
        [] => "no such header, since no extension was offered".to_owned(),
        _ => format!("only {}", quoted(&names(offers))),
    };
    let name = extension_name(element);
    if PREDECESSORS.iter().any(|predecessor| name.eq_ignore_ascii_case(predecessor)) {
        let got = format!(
            "'{element}', which was not offered: a draft replaced by permessage-deflate (RFC 7692)"
        );
        return Finding::new(HEADER, got, expected, SECTION);
    }
    Finding::new(HEADER, format!("'{element}', which was not offered"), expected, SECTION)
}

fn names(offers: &[String]) -> Vec<String> {
    let mut names: Vec<String> = offers.iter().map(|offer| extension_name(offer)).collect();
    names.dedup();
    names
}
