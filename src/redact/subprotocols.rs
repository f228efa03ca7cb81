//! Tokens among subprotocols. A browser cannot send an Authorization header with a WebSocket, so
//! services let clients put the token where a subprotocol belongs.

use std::borrow::Cow;
use std::ops::Range;

use data_encoding::BASE64URL_NOPAD;

/// Shorter ones are rather versions.
const MIN_LENGTH: usize = 8;

/// What Kubernetes' API server takes a token behind, encoded in base64url.
const KUBERNETES: &str = "base64url.bearer.authorization.k8s.io.";

/// Prefixes that services document: what follows is a token, whatever it looks like.
pub(super) const PREFIXES: [&str; 2] = [KUBERNETES, "openai-insecure-api-key."];

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
    places(value).into_iter().map(|place| &value[place]).collect()
}

/// The tokens, and the credentials that those of Kubernetes encode.
pub(super) fn secrets(value: &str) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for name in value.split(',').map(str::trim) {
        let token = behind_prefix(name, KUBERNETES).map(|token| token.trim_end_matches('='));
        found.extend(token.and_then(|token| BASE64URL_NOPAD.decode(token.as_bytes()).ok()));
    }
    found.extend(tokens(value).into_iter().map(Into::into));
    found
}

/// The value without them.
pub(super) fn masked(value: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    let mut copied = 0;
    for place in places(value) {
        masked += &value[copied..place.start];
        masked += "***";
        copied = place.end;
    }
    if copied == 0 { Cow::Borrowed(value) } else { Cow::Owned(masked + &value[copied..]) }
}

/// Where the tokens are, in order.
fn places(value: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut is_announced = false;
    let mut start = 0;
    for part in value.split(',') {
        let name = part.trim();
        let token = match is_announced && name.len() >= MIN_LENGTH && is_mixed(name) {
            true => Some(name),
            false => token_in(name),
        };
        let end = start + part.trim_end().len();
        found.extend(token.map(|token| end - token.len()..end)); // a token ends its name
        is_announced = is_announcer(name);
        start += part.len() + 1;
    }
    found
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
    let documented = PREFIXES.iter().find_map(|prefix| behind_prefix(name, prefix));
    if documented.is_some() {
        return documented;
    }
    // A JSON Web Token starts with an object in base64url (RFC 7515 section 3.1), and bokeh's is one alone.
    let is_object = |at: &usize| name[*at..].contains('.') || name.len() - at >= MIN_RANDOM;
    if let Some(at) = name.find("eyJ").filter(is_object) {
        return Some(&name[at..]);
    }
    if let Some(rest) = behind_announcer(name) {
        let has_digit = rest.bytes().any(|byte| byte.is_ascii_digit());
        if rest.len() >= MIN_LENGTH && has_digit {
            return Some(rest);
        }
    }
    random_part(name)
}

/// What follows a documented prefix, if anything does.
fn behind_prefix<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = name.split_at_checked(prefix.len())?;
    (start.eq_ignore_ascii_case(prefix) && !rest.is_empty()).then_some(rest)
}

/// The least number of letters and digits in what is taken for a token because of them alone.
const MIN_RANDOM: usize = 20;

/// From where on the name is too random to be made of words, if it is. Words in front stay in sight.
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

/// Whether letters and digits follow each other as they do not in words. In random ones a third of the
/// neighbours are a digit and a letter, and others a small letter and a capital; names of protocols have a
/// version or two, and a capital for each word.
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
    fn the_token_that_kubernetes_decodes_is_a_secret_too() {
        let value = "v4.channel.k8s.io, base64url.bearer.authorization.k8s.io.bXktdG9rZW4";
        assert_eq!(secrets(value), [b"my-token".to_vec(), b"bXktdG9rZW4".to_vec()]);
        assert_eq!(secrets("v4.channel.k8s.io"), [] as [Vec<u8>; 0]);
    }
}
