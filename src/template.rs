//! What `{{name}}` may name, in scenarios and at the prompt.

use jiff::Timestamp;

/// Whether a text is the name of a variable or connection: `[A-Za-z_][A-Za-z0-9_-]*`.
pub fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// `{{newUuid}}`: a random UUID.
pub fn new_uuid() -> String {
    uuid(rand::random())
}

/// `{{newDate}}`: the time, in UTC as RFC 3339 writes it.
pub fn new_date() -> String {
    Timestamp::now().to_string()
}

/// A random UUID (RFC 9562 section 5.4).
fn uuid(random: u128) -> String {
    let bits = (random & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scenario language, section 1: "Built in: `{{newUuid}}`"
    #[test]
    fn a_uuid_has_its_version_and_variant() {
        assert_eq!(uuid(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
