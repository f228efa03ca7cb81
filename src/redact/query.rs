//! Token-like parameters of URLs, including those of a URL that is the value of a parameter, and its userinfo:
//! `?next=%2Fx%3Ftoken%3D…`, as in redirects to a login page.

use std::ops::Range;

use super::names::is_secret;
use super::percent::encoded;
use super::userinfo::secrets_of_urls;

/// The ranges of secrets in the parameters of a URL, in order and without empty ones: values of token-like parameters,
/// and passwords of URLs.
pub fn secret_values(url: &str) -> Vec<Range<usize>> {
    secret_parameters(url).into_iter().map(|(_, value)| value).collect()
}

/// The names of token-like parameters that have a value, as written.
pub(super) fn secret_names(url: &str) -> Vec<&str> {
    secret_parameters(url).into_iter().map(|(name, _)| &url[name]).collect()
}

/// As [`secret_values`], with the ranges of the names.
pub(super) fn secret_parameters(url: &str) -> Vec<Parameter> {
    parameters_from(url, url.find(['?', '#']).map_or(url.len(), |separator| separator + 1))
}

/// The token-like parameters from the one on that starts here.
pub(super) fn parameters_from(url: &str, start: usize) -> Vec<Parameter> {
    let mut found = Vec::new();
    let mut start = start;
    while start < url.len() {
        let end = end_of_parameter(url, start);
        parameter(url, start..end, &mut found);
        start = end + 1;
    }
    found
}

/// The ranges of a name and its value.
pub(super) type Parameter = (Range<usize>, Range<usize>);

/// A semicolon separates parameters too (HTML 4.01 appendix B.2.2). It is part of a secret value unless a name follows.
fn end_of_parameter(url: &str, start: usize) -> usize {
    let rest = &url[start..];
    let name = rest.find(['=', '?', '#', '&', ';']).filter(|&end| rest[end..].starts_with('='));
    let is_secret = name.is_some_and(|end| is_secret(&rest[..end]));
    let is_end = |&(at, byte): &(usize, u8)| match byte {
        b'?' | b'#' | b'&' => true,
        b';' => !is_secret || starts_with_name(&rest[at + 1..]),
        _ => false,
    };
    rest.bytes().enumerate().find(is_end).map_or(url.len(), |(at, _)| start + at)
}

/// Whether `NAME=` is at the start.
fn starts_with_name(text: &str) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.%[]".contains(byte);
    let length = text.bytes().take_while(is_part).count();
    length > 0 && text[length..].starts_with('=')
}

/// The name of a parameter determines whether its whole value is secret; if not, the value may itself contain
/// parameters, and the userinfo of a URL.
fn parameter(url: &str, span: Range<usize>, found: &mut Vec<Parameter>) {
    let Some(length) = url[span.clone()].find('=') else { return };
    let value = span.start + length + 1..span.end;
    let name = span.start..value.start - 1;
    if is_secret(&url[name.clone()]) {
        found.extend(Some((name, value)).filter(|(_, value)| !value.is_empty()));
        return;
    }
    let mut secrets = inner_parameters(url, value.clone());
    let in_url = |range: Range<usize>| value.start + range.start..value.start + range.end;
    let passwords = secrets_of_urls(&url[value.clone()]).into_iter();
    secrets.extend(passwords.map(|password| (name.clone(), in_url(password))));
    secrets.sort_by_key(|(_, value)| value.start);
    let mut end = value.start;
    for (name, value) in secrets {
        match found.last_mut() {
            // What looks like a parameter in userinfo.
            Some((_, last)) if value.start < end => last.end = last.end.max(value.end),
            _ => found.push((name, value.clone())),
        }
        end = end.max(value.end);
    }
}

/// The token-like parameters of a URL that is the value of a parameter.
fn inner_parameters(url: &str, value: Range<usize>) -> Vec<Parameter> {
    let mut found = Vec::new();
    let (mut name, mut inner) = (value.start, None);
    let mut at = value.start;
    while at < value.end {
        match encoded(&url[at..value.end]) {
            Some((b'=', length)) if inner.is_none() => {
                inner = is_secret(&url[name..at]).then_some((name..at, at + length));
                at += length;
            }
            Some((b'?' | b'#' | b'&', length)) => {
                found.extend(inner.take().map(|(name, start)| (name, start..at)));
                at += length;
                name = at;
            }
            Some((b';', length)) if inner.is_none() => {
                at += length;
                name = at;
            }
            Some((_, length)) => at += length,
            None => at += url[at..].chars().next().map_or(1, char::len_utf8),
        }
    }
    found.extend(inner.map(|(name, start)| (name, start..value.end)));
    found.retain(|(_, value)| !value.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_at_every_depth() {
        for (url, values) in [
            ("/x", &[][..]),
            ("/x?a=1&token=abc&b=2", &["abc"]),
            ("/x?token=a%26b%3Dc", &["a%26b%3Dc"]),
            ("/x?token=a=b#sig=c", &["a=b", "c"]),
            ("/x?token=&a", &[]),
            ("/x?a=1;token=abc", &["abc"]),
            ("?a;token=abc;b=c", &["abc"]),
            ("/x?a=1&amp;token=abc&amp;b=c", &["abc"]),
            ("/x?token=ab;cd&b=e", &["ab;cd"]),
            ("/x?a=1;lang=de", &[]),
            ("/login?next=%2Fx%3Fa%3Db%3Btoken%3Dabc", &["abc"]),
            ("/login?next=%2Fx%3Ftoken%3Dabc%26a%3Db&c=d", &["abc"]),
            ("/login?next=%2Fx%3Fa%3Db%26token%3dabc", &["abc"]),
            ("/login?next=%252Fx%253Ftoken%253Dabc%2526a", &["abc"]),
            ("/login?next=%2Fx%3Ftoken%3D", &[]),
            ("/login?next=%2Fé%3Ftoken%3Dé%", &["é%"]),
            ("/?a=1; token=abc", &["abc"]),
            ("/?a=1&+key=abc&%20sid=abc", &["abc", "abc"]),
            ("/?next=https%3A%2F%2Fme%3Aabc%40h%2F%3Ftoken%3Ddef&a=b", &["abc", "def"]),
            ("/?next=https://me:abc@h/x@y", &["abc"]),
            ("/?next=ws%3A%2F%2Fabc%3Btoken%3Ddef%40h&a=b", &["abc%3Btoken%3Ddef%40h"]),
        ] {
            let found: Vec<_> = secret_values(url).into_iter().map(|value| &url[value]).collect();
            assert_eq!(found, values, "{url}");
        }
    }
}
