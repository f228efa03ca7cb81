//! Basic authentication (RFC 7617).

use data_encoding::BASE64;

/// The value of an Authorization or Proxy-Authorization field for these credentials (`USER:PASSWORD`).
pub fn authorization(pair: &[u8]) -> String {
    format!("Basic {}", BASE64.encode(pair))
}

/// The credentials (`USER:PASSWORD`) in the value of such a field.
pub fn pair(authorization: &str) -> Option<Vec<u8>> {
    let (scheme, encoded) = authorization.trim().split_once(' ')?;
    let is_basic = scheme.eq_ignore_ascii_case("basic");
    BASE64.decode(encoded.trim().as_bytes()).ok().filter(|_| is_basic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_encoded_and_decoded() {
        assert_eq!(authorization(b"Aladdin:open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        for (value, decoded) in [
            ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", Some("Aladdin:open sesame")),
            (" bAsIc   bWU6 ", Some("me:")),
            ("Basic ", None),
            ("Basic ?", None),
            ("Bearer bWU6", None),
            ("bWU6", None),
        ] {
            assert_eq!(pair(value), decoded.map(|text| text.as_bytes().to_vec()), "{value}");
        }
    }
}
