//! Names of header fields and query parameters with secret values.

use super::percent::decoded_bytes;

/// Parts of names, without hyphens and underscores, whose values are secrets.
const SECRET_WORDS: [&str; 13] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "apikey",
    "privatekey",
    "signature",
    "session",
    "credential",
    "ticket",
    "subscriptionkey",
    "hmac",
];

/// Complete names of query parameters whose values are secrets.
const SECRET_PARAMETERS: [&str; 11] =
    ["key", "sig", "pwd", "pass", "jwt", "sid", "code", "otp", "pin", "accesskey", "bearer"];

/// Last words of header names that describe a secret but do not contain it: `X-Session-Timeout`,
/// `X-RateLimit-Remaining-Tokens`.
const DESCRIPTIONS: [&str; 14] = [
    "type",
    "expires",
    "expiry",
    "expiration",
    "timeout",
    "ttl",
    "age",
    "limit",
    "remaining",
    "count",
    "tokens",
    "version",
    "algorithm",
    "input",
];

/// The kind of value of a header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeaderKind {
    /// A scheme and credentials, as in Authorization.
    Credentials,
    /// Cookies: names and secrets.
    Cookies,
    /// One cookie with its attributes.
    SetCookie,
    /// A secret.
    Secret,
    /// Subprotocols, which may include tokens.
    Subprotocols,
    /// A URL, which may contain secrets in its query.
    Url,
    /// Any text, which may contain URLs with secrets.
    Plain,
}

impl HeaderKind {
    /// The kind of a header field with this name.
    pub(super) fn of(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "authorization" | "proxy-authorization" => Self::Credentials,
            "cookie" | "cookie2" => Self::Cookies,
            "set-cookie" | "set-cookie2" => Self::SetCookie,
            "authentication-info" | "proxy-authentication-info" => Self::Secret,
            "sec-websocket-protocol" => Self::Subprotocols,
            "location" | "content-location" | "referer" => Self::Url,
            name if is_secret_header(name) => Self::Secret,
            _ => Self::Plain,
        }
    }
}

/// Whether the name, in lower case, is a non-standard one for a secret. The fields of the handshake are not
/// secret (RFC 6455 section 11.3), nor is a challenge (WWW-Authenticate).
fn is_secret_header(name: &str) -> bool {
    if name.starts_with("sec-websocket-") || name.contains("ratelimit") {
        return false;
    }
    let last = name.rsplit(['-', '_']).next().unwrap_or_default();
    if DESCRIPTIONS.contains(&last) {
        return false;
    }
    let joined = joined(name);
    let is_auth = joined.starts_with("xauth") || joined.ends_with("auth");
    is_auth || matches!(&*joined, "authentication" | "bearer") || has_secret_word(&joined)
}

/// Headers with credentials that are searched for in malformed lines.
const CREDENTIALS: [&str; 6] =
    ["proxy-authorization", "authorization", "set-cookie", "cookie", "set-cookie2", "cookie2"];

/// The name of a header with secrets at the start of a line, ignoring invalid characters in it, and its end:
/// `Author ization: x`.
pub(super) fn obfuscated_name(line: &[u8]) -> Option<(String, usize)> {
    let mut name = String::new();
    for (at, &byte) in line.iter().enumerate() {
        let is_separator = matches!(byte, b':' | b'=');
        if is_separator && HeaderKind::of(&name) != HeaderKind::Plain {
            return Some((name, at));
        }
        if is_separator {
            return None;
        }
        if !is_name_byte(byte) {
            continue;
        }
        name.push(char::from(byte.to_ascii_lowercase()));
        let rest = &line[at + 1..];
        let is_whole = rest.first().is_none_or(|&byte| !is_name_byte(byte));
        if CREDENTIALS.contains(&&*name) && (is_whole || name.ends_with("authorization")) {
            let gap = rest.iter().position(|&byte| is_name_byte(byte))?;
            return Some((name, at + 1 + gap));
        }
    }
    None
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// Whether a query parameter of this name has a secret value.
pub(super) fn is_secret(name: &str) -> bool {
    let name = parameter_name(name);
    SECRET_PARAMETERS.contains(&name.as_str()) || is_long_secret(&name)
}

/// The same where it is not certain that it is the name of a parameter: `bad request; code=404` is none.
pub(super) fn is_clearly_secret(name: &str) -> bool {
    is_long_secret(&parameter_name(name))
}

fn is_long_secret(joined: &str) -> bool {
    joined.contains("auth") || has_secret_word(joined)
}

/// A name of a query parameter, decoded, as one word.
fn parameter_name(name: &str) -> String {
    let decoded = decoded_bytes(name.as_bytes());
    let is_blank = |c: char| c.is_whitespace() || c == '+';
    joined(&String::from_utf8_lossy(&decoded).trim_matches(is_blank).to_ascii_lowercase())
}

/// The name without hyphens and underscores. "author" is removed: it does not indicate authorization.
fn joined(name: &str) -> String {
    name.replace(['-', '_'], "").replace("authorization", "auth").replace("author", "")
}

fn has_secret_word(joined: &str) -> bool {
    SECRET_WORDS.iter().any(|word| joined.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_names_with_secrets() {
        for name in [
            "X-Api-Key",
            "api_key",
            "ApiKey",
            "Ocp-Apim-Subscription-ApiKey",
            "X-Auth-Token",
            "X-AuthToken",
            "x-auth-key",
            "X-Authorization",
            "X-Access-Token",
            "X-Amz-Security-Token",
            "X-CSRF-Token",
            "X-Vault-Token",
            "Private-Token",
            "X-Client-Secret",
            "X-Password",
            "X-Session-Id",
            "X-Hub-Signature-256",
            "Proxy-Auth",
            "X-Forwarded-Authorization",
            "X-Private-Key",
            "Bearer",
            "Ocp-Apim-Subscription-Key",
            "X-Shopify-Hmac-SHA256",
            "Authentication-Info",
            "Proxy-Authentication-Info",
        ] {
            assert_eq!(HeaderKind::of(name), HeaderKind::Secret, "{name}");
        }
        for (name, kind) in [
            ("authorization", HeaderKind::Credentials),
            ("COOKIE", HeaderKind::Cookies),
            ("Cookie2", HeaderKind::Cookies),
            ("Set-Cookie", HeaderKind::SetCookie),
            ("Set-Cookie2", HeaderKind::SetCookie),
            ("Location", HeaderKind::Url),
        ] {
            assert_eq!(HeaderKind::of(name), kind, "{name}");
        }
    }

    #[test]
    fn header_names_without_secrets() {
        for name in [
            "Sec-WebSocket-Key",
            "Sec-WebSocket-Accept",
            "Sec-WebSocket-Token",
            "WWW-Authenticate",
            "Proxy-Authenticate",
            "X-Author",
            "X-Localization",
            "X-RateLimit-Remaining-Tokens",
            "X-Token-Type",
            "X-Session-Timeout",
            "Signature-Input",
            "X-Other",
            "Origin",
            "X-Request-Id",
            ":authority",
            "Access-Control-Allow-Headers",
        ] {
            assert_eq!(HeaderKind::of(name), HeaderKind::Plain, "{name}");
        }
    }

    #[test]
    fn parameter_names() {
        for name in [
            "token",
            "access_token",
            "Key",
            "%74oken",
            "api-key",
            "authorization",
            "X-Amz-Signature",
            "private_key",
            "bearer",
            "subscription-key",
            "hmac",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["author", "keyboard", "a", "", "decode", "monkey", "subscription"] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
