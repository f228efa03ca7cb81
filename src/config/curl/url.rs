//! The URL of a curl command.

use super::words::Fault;

/// The URL that curl would request, which begins at `at`. curl takes brackets and braces for a list of URLs unless they
/// are escaped, and reads a URL without a scheme as http.
///
/// # Errors
/// If it stands for several URLs, or is empty.
pub(super) fn requested(text: &str, at: usize, globs: bool) -> Result<String, Fault> {
    let text = if globs { without_globs(text, at)? } else { text.to_owned() };
    if text.trim().is_empty() {
        return Err(Fault::new(at, "the URL is empty"));
    }
    let end = text.find(['/', '?', '#']).unwrap_or(text.len());
    let has_scheme = text[..end].ends_with(':') && text[end..].starts_with("//");
    Ok(if has_scheme { text } else { format!("http://{text}") })
}

fn without_globs(text: &str, at: usize) -> Result<String, Fault> {
    const SEVERAL: &str = "curl would read the brackets or braces in the URL as a list of URLs: add -g, or a backslash before each";
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.char_indices().peekable();
    while let Some((place, c)) = chars.next() {
        let rest = &text[place..];
        match c {
            '\\' => match chars.next_if(|(_, next)| "[]{}".contains(*next)) {
                Some((_, escaped)) => plain.push(escaped),
                None => plain.push(c),
            },
            '{' => return Err(Fault::new(at, SEVERAL)),
            '[' if !rest.starts_with("[]") && !is_address(&text[..place], rest) => {
                return Err(Fault::new(at, SEVERAL));
            }
            c => plain.push(c),
        }
    }
    Ok(plain)
}

/// Whether the bracket at the start of `rest` begins an IPv6 address.
fn is_address(before: &str, rest: &str) -> bool {
    let inside = rest[1..].split(']').next().unwrap_or_default();
    let authority = before.rsplit("//").next().unwrap_or_default();
    !authority.contains(['/', '?'])
        && inside.contains(':')
        && inside.split('%').next().is_some_and(|it| it.parse::<std::net::Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_those_that_curl_requests() {
        for (text, expected) in [
            ("wss://h/x", "wss://h/x"),
            ("HTTPS://h/", "HTTPS://h/"),
            ("h.example/x?u=a://b", "http://h.example/x?u=a://b"),
            ("localhost:8080", "http://localhost:8080"),
            (r"wss://h/?a\[\]=1&b=\{\}", "wss://h/?a[]=1&b={}"),
            ("wss://h/?a[]=1", "wss://h/?a[]=1"),
            (r"wss://h/\a", r"wss://h/\a"),
            ("ws://[::1]:8080/", "ws://[::1]:8080/"),
            ("[::1]:8080/", "http://[::1]:8080/"),
        ] {
            assert_eq!(requested(text, 0, true).as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(requested("ws://h/{a,b}[1-3]", 0, false).as_deref(), Ok("ws://h/{a,b}[1-3]"));
    }

    #[test]
    fn lists_of_urls_are_refused() {
        for text in ["ws://h/{a,b}", "ws://h/[1-3]", "ws://h/{}", "ws://h/x?[::1]", "", " "] {
            assert_eq!(requested(text, 7, true).map_err(|it| it.at), Err(7), "{text}");
        }
    }
}
