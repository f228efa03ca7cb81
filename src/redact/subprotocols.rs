//! Tokens among subprotocols. A browser cannot send an Authorization header with a WebSocket handshake, so
//! some services accept a token as a subprotocol.

use std::borrow::Cow;
use std::ops::Range;

use data_encoding::BASE64URL_NOPAD;

use super::MASK;

/// The minimum length of a token: shorter ones are probably versions.
const MIN_LENGTH: usize = 8;

/// The prefix of a base64url-encoded token for Kubernetes' API server.
const KUBERNETES: &str = "base64url.bearer.authorization.k8s.io.";

/// Prefixes documented by services, and one in common use: what follows is always a token.
pub(super) const PREFIXES: [&str; 3] = [KUBERNETES, "openai-insecure-api-key.", "bearer."];

/// Names that are followed by a token: as the next subprotocol, or after a separator in the same one.
const TOKEN_NAMES: [&str; 12] = [
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
    places(value).into_iter().map(|place| &value[place]).collect()
}

/// The tokens, and the credentials encoded in those for Kubernetes.
pub(super) fn secrets(value: &str) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for name in value.split(',').map(str::trim) {
        let token = after_prefix(name, KUBERNETES).map(|token| token.trim_end_matches('='));
        found.extend(token.and_then(|token| BASE64URL_NOPAD.decode(token.as_bytes()).ok()));
    }
    found.extend(tokens(value).into_iter().map(Into::into));
    found
}

/// The value with tokens masked.
pub(super) fn masked(value: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    let mut copied = 0;
    for place in places(value) {
        masked += &value[copied..place.start];
        masked += MASK;
        copied = place.end;
    }
    if copied == 0 { Cow::Borrowed(value) } else { Cow::Owned(masked + &value[copied..]) }
}

/// The ranges of the tokens, in order.
fn places(value: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut follows_token_name = false;
    let mut start = 0;
    for part in value.split(',') {
        let name = part.trim();
        let token = match follows_token_name && name.len() >= MIN_LENGTH && is_mixed(name) {
            true => Some(name),
            false => token_in(name),
        };
        let end = start + part.trim_end().len();
        found.extend(token.map(|token| end - token.len()..end)); // a token is at the end of its subprotocol
        follows_token_name = is_token_name(name);
        start += part.len() + 1;
    }
    found
}

fn is_token_name(name: &str) -> bool {
    TOKEN_NAMES.iter().any(|token_name| token_name.eq_ignore_ascii_case(name))
}

/// Names of protocols are usually lower-case words; other names may be tokens.
fn is_mixed(name: &str) -> bool {
    name.bytes().any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

/// The token in one subprotocol: all of it, or its end.
fn token_in(name: &str) -> Option<&str> {
    let documented = PREFIXES.iter().find_map(|prefix| after_prefix(name, prefix));
    if documented.is_some() {
        return documented;
    }
    // A JSON Web Token starts with a base64url-encoded object (RFC 7515 section 3.1); a bokeh token is just one.
    let is_object = |at: &usize| name[*at..].contains('.') || name.len() - at >= MIN_RANDOM;
    if let Some(at) = name.find("eyJ").filter(is_object) {
        return Some(&name[at..]);
    }
    if let Some(rest) = after_token_name(name) {
        let has_digit = rest.bytes().any(|byte| byte.is_ascii_digit());
        if rest.len() >= MIN_LENGTH && has_digit {
            return Some(rest);
        }
    }
    random_part(name)
}

/// What follows a documented prefix, if it is not empty.
fn after_prefix<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = name.split_at_checked(prefix.len())?;
    (start.eq_ignore_ascii_case(prefix) && !rest.is_empty()).then_some(rest)
}

/// The minimum number of letters and digits in a token that is detected by its randomness.
const MIN_RANDOM: usize = 20;

/// The random part at the end of the name, if there is one. Words before it stay visible.
fn random_part(name: &str) -> Option<&str> {
    const SEPARATORS: [char; 4] = ['.', ':', '/', '|'];
    let behind = name.match_indices(SEPARATORS).map(|(at, _)| at + 1);
    let mut starts = std::iter::once(0).chain(behind);
    let is_random_at = |&at: &usize| name[at..].split(SEPARATORS).next().is_some_and(is_random);
    match starts.find(is_random_at) {
        Some(at) => Some(&name[at..]),
        None => Some(name).filter(|name| is_random(name)),
    }
}

/// Whether letters and digits are mixed more than in words. In random text a third of adjacent pairs are a
/// digit and a letter, and others a lower-case and an upper-case letter; names of protocols have one or two
/// versions, and an upper-case letter for each word.
fn is_random(text: &str) -> bool {
    let bytes = text.as_bytes();
    let count = bytes.iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
    let neighbours = |is_change: fn(u8, u8) -> bool| {
        let pairs = bytes.windows(2).filter(|pair| pair.iter().all(u8::is_ascii_alphanumeric));
        pairs.filter(|pair| is_change(pair[0], pair[1])).count()
    };
    let numbers = neighbours(|a, b| a.is_ascii_digit() != b.is_ascii_digit());
    let capitals = neighbours(|a, b| a.is_ascii_lowercase() && b.is_ascii_uppercase());
    count >= MIN_RANDOM && numbers >= 3 && (numbers + capitals) * 6 >= count
}

/// `openai-insecure-api-key.sk-…` → `sk-…`
fn after_token_name(name: &str) -> Option<&str> {
    let lower = name.to_ascii_lowercase();
    let ends = TOKEN_NAMES.iter().filter_map(|token_name| {
        let end = lower.find(token_name)? + token_name.len();
        lower[end..].starts_with(SEPARATORS).then_some(end + 1)
    });
    ends.max().map(|end| &name[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_distinguished_from_subprotocols() {
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
                "base64url.bearer.authorization.k8s.io.ab",
                "base64url.bearer.authorization.k8s.io.***",
            ),
            (
                "v4, Base64url.Bearer.Authorization.k8s.io.abcdefgh.ijkl-mn",
                "v4, Base64url.Bearer.Authorization.k8s.io.***",
            ),
            (
                "base64url.bearer.authorization.k8s.io.b, base64url.bearer.authorization.k8s.io.e",
                "base64url.bearer.authorization.k8s.io.***, base64url.bearer.authorization.k8s.io.***",
            ),
            ("base64url.bearer.authorization.k8s.io.", "base64url.bearer.authorization.k8s.io."),
            ("openai-insecure-api-key.a", "openai-insecure-api-key.***"),
            ("chat, bearer.PROTOSECRET", "chat, bearer.***"),
            (
                "realtime, openai-insecure-api-key.sk-proj-12345678",
                "realtime, openai-insecure-api-key.***",
            ),
            ("authorization-bearer-0123456789", "authorization-bearer-***"),
            ("bokeh, eyJzZXNzaW9uX2lkIjoiYWJjIn0", "bokeh, ***"),
            ("bokeh, nH4kPbKGnPmfWEnQbEDDSrXXWV2UIVwMdPjV5hMTlAgk", "bokeh, ***"),
            ("x, 550e8400-e29b-41d4-a716-446655440000", "x, ***"),
            ("x, d41d8cd98f00b204e9800998ecf8427e", "x, ***"),
            ("com.example.session.a8Kd03jf9sLq82hfKs7G", "com.example.session.***"),
            ("a8Kd03jf9sLq82hfKs7G.Zk39dkQ0, v1", "***, v1"),
            ("chat.example.com-2012-v2.json", "chat.example.com-2012-v2.json"),
            ("com.microsoft.minecraft.wsencrypt", "com.microsoft.minecraft.wsencrypt"),
            ("MyVeryLongProtocolNameForChatV12", "MyVeryLongProtocolNameForChatV12"),
            ("base64.binary.k8s.io, v5.channel.k8s.io", "base64.binary.k8s.io, v5.channel.k8s.io"),
            (
                "ocpp2.0.1, graphql-transport-ws-2024-05-01",
                "ocpp2.0.1, graphql-transport-ws-2024-05-01",
            ),
            ("", ""),
        ] {
            assert_eq!(masked(value), shown);
        }
    }

    #[test]
    fn the_decoded_token_for_kubernetes_is_a_secret_too() {
        let value = "v4.channel.k8s.io, base64url.bearer.authorization.k8s.io.bXktdG9rZW4";
        assert_eq!(secrets(value), [b"my-token".to_vec(), b"bXktdG9rZW4".to_vec()]);
        assert_eq!(secrets("v4.channel.k8s.io"), [] as [Vec<u8>; 0]);
    }
}
