//! Tokens among subprotocols. A browser cannot send an Authorization header with a WebSocket, so
//! services let clients put the token where a subprotocol belongs.

use std::borrow::Cow;

/// Shorter ones are rather versions.
const MIN_LENGTH: usize = 8;

/// What Kubernetes' API server takes a token behind.
const KUBERNETES: &str = "base64url.bearer.authorization.k8s.io.";

/// Names that a token follows: as the next subprotocol, or behind a separator in the same one.
const ANNOUNCERS: [&str; 12] = [
    "bearer",
    "token",
    "access_token",
    "access-token",
    "auth",
    "auth-token",
    "auth_token",
    "authorization",
    "jwt",
    "api-key",
    "api_key",
    "apikey",
];

const SEPARATORS: [char; 7] = ['.', '-', '_', '|', '~', '+', '!'];

/// The tokens in the value of a Sec-WebSocket-Protocol header.
pub fn tokens(value: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut is_announced = false;
    for name in value.split(',').map(str::trim) {
        if is_announced && name.len() >= MIN_LENGTH && is_mixed(name) {
            found.push(name);
        } else {
            found.extend(token_in(name));
        }
        is_announced = is_announcer(name);
    }
    found
}

/// The value without them.
pub(super) fn masked(value: &str) -> Cow<'_, str> {
    let mut masked = Cow::Borrowed(value);
    for token in tokens(value) {
        masked = Cow::Owned(masked.replace(token, "***"));
    }
    masked
}

fn is_announcer(name: &str) -> bool {
    ANNOUNCERS.iter().any(|announcer| announcer.eq_ignore_ascii_case(name))
}

/// Names of protocols are lower case and words; what is not may be a token.
fn is_mixed(name: &str) -> bool {
    name.bytes().any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

/// All or the end of one subprotocol.
fn token_in(name: &str) -> Option<&str> {
    // A JSON Web Token starts with an object in base64url (RFC 7515 section 3.1).
    if let Some(at) = name.find("eyJ").filter(|&at| name[at..].contains('.')) {
        return Some(&name[at..]);
    }
    let rest = name.strip_prefix(KUBERNETES).or_else(|| behind_announcer(name))?;
    let has_digit = rest.bytes().any(|byte| byte.is_ascii_digit());
    (rest.len() >= MIN_LENGTH && has_digit).then_some(rest)
}

/// `openai-insecure-api-key.sk-…` → `sk-…`
fn behind_announcer(name: &str) -> Option<&str> {
    let lower = name.to_ascii_lowercase();
    let ends = ANNOUNCERS.iter().filter_map(|announcer| {
        let end = lower.find(announcer)? + announcer.len();
        lower[end..].starts_with(SEPARATORS).then_some(end + 1)
    });
    ends.max().map(|end| &name[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_told_from_subprotocols() {
        for (value, shown) in [
            ("soap, wamp.2.json, graphql-transport-ws", "soap, wamp.2.json, graphql-transport-ws"),
            ("v12.stomp, mqttv3.1, auth-token-v2", "v12.stomp, mqttv3.1, auth-token-v2"),
            ("access_token, s3cr3tS3cr3t", "access_token, ***"),
            ("Bearer,AbCdEfGhIj", "Bearer,***"),
            ("token, graphql-ws", "token, graphql-ws"),
            ("x, eyJhbGciOiJIUzI1NiJ9.e30.abc", "x, ***"),
            (
                "base64url.bearer.authorization.k8s.io.c2VjcmV0MQ, v4.channel.k8s.io",
                "base64url.bearer.authorization.k8s.io.***, v4.channel.k8s.io",
            ),
            (
                "realtime, openai-insecure-api-key.sk-proj-12345678",
                "realtime, openai-insecure-api-key.***",
            ),
            ("authorization-bearer-0123456789", "authorization-bearer-***"),
            ("", ""),
        ] {
            assert_eq!(masked(value), shown);
        }
    }
}
