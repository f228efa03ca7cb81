//! Hints for redirects that are not followed.

use crate::client::redirect::RedirectError;
use crate::error::RejectedHandshake;
use crate::net::upgrade::UpgradeError;

pub(super) fn hint(rejected: &RejectedHandshake, why: &RedirectError) -> Option<String> {
    let text = match why {
        RedirectError::Downgrade { .. } => {
            "the connection would not be encrypted; to accept that, connect to that ws:// URL directly"
        }
        RedirectError::TooMany { .. } => "--max-redirs N raises the limit",
        RedirectError::Loop(_) if sets_cookie(rejected) => {
            "the server sets a cookie, which the next request must send: --cookie 'NAME=VALUE'"
        }
        RedirectError::Loop(_) | RedirectError::NoLocation | RedirectError::BadLocation { .. } => {
            return None;
        }
    };
    Some(text.to_owned())
}

fn sets_cookie(rejected: &RejectedHandshake) -> bool {
    match &rejected.error {
        UpgradeError::Refused(response) => response.head.value("Set-Cookie").is_some(),
        _ => false,
    }
}
