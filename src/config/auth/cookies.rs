//! Cookies from the command line and from files.

/// The request that a cookie has to match to be sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct CookieContext<'a> {
    /// The host, in lower case.
    pub(super) host: &'a str,
    /// The path of the request.
    pub(super) path: &'a str,
    /// Cookies marked as secure may be sent.
    pub(super) is_secure: bool,
    /// Now, in seconds since 1970.
    pub(super) now: u64,
}

/// `a=b; c=d` as one list, without superfluous semicolons.
///
/// # Errors
/// Why it is not valid, without any of the values.
pub(super) fn list(text: &str) -> Result<String, &'static str> {
    let text = text.trim().trim_end_matches(';').trim_end();
    if text.chars().any(|c| c.is_ascii_control()) {
        return Err("a cookie must not contain control characters");
    }
    if !text.contains('=') {
        return Err("cookies are written 'a=b; c=d'; @FILE reads them from a file");
    }
    Ok(text.to_owned())
}

/// The lists of a file: one per line, or in the format of `cookies.txt`.
///
/// # Errors
/// With the number of the line, from 1.
pub(super) fn file(
    text: &str,
    place: CookieContext<'_>,
) -> Result<Vec<String>, (usize, &'static str)> {
    let mut lists = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.strip_prefix("#HttpOnly_").unwrap_or(line);
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let fields: Vec<_> = line.split('\t').collect();
        if let [domain, subdomains, path, secure, expires, name, value] = fields[..] {
            let jar = Kept { domain, subdomains, path, secure, expires };
            if jar.is_for(place) {
                lists.push(list(&format!("{name}={value}")).map_err(|why| (index + 1, why))?);
            }
            continue;
        }
        let is_header = line.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("cookie:"));
        let line = if is_header { &line[7..] } else { line };
        lists.push(list(line).map_err(|why| (index + 1, why))?);
    }
    Ok(lists)
}

/// The conditions in a line of `cookies.txt`.
struct Kept<'a> {
    domain: &'a str,
    subdomains: &'a str,
    path: &'a str,
    secure: &'a str,
    expires: &'a str,
}

impl Kept<'_> {
    fn is_for(&self, place: CookieContext<'_>) -> bool {
        let is_true = |text: &str| text.eq_ignore_ascii_case("TRUE");
        let expires = self.expires.trim().parse::<u64>().unwrap_or(0); // 0: with the session
        self.has_host(place.host, is_true(self.subdomains))
            && self.has_path(place.path)
            && (place.is_secure || !is_true(self.secure))
            && (expires == 0 || expires > place.now)
    }

    /// RFC 6265 section 5.1.3.
    fn has_host(&self, host: &str, subdomains: bool) -> bool {
        let domain = self.domain.trim_start_matches('.').to_ascii_lowercase();
        let below = host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'));
        host == domain || (subdomains && below && host.parse::<std::net::IpAddr>().is_err())
    }

    /// RFC 6265 section 5.1.4.
    fn has_path(&self, path: &str) -> bool {
        let rest = path.split('?').next().unwrap_or_default().strip_prefix(self.path);
        rest.is_some_and(|rest| {
            rest.is_empty() || rest.starts_with('/') || self.path.ends_with('/')
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: CookieContext<'_> =
        CookieContext { host: "api.a.example", path: "/ws/feed?x=1", is_secure: false, now: 1000 };

    #[test]
    fn cookies_of_a_jar_are_matched_against_the_request() {
        for (line, is_sent) in [
            ("api.a.example\tFALSE\t/\tFALSE\t0\tn\tv", true),
            ("#HttpOnly_api.a.example\tFALSE\t/\tFALSE\t0\tn\tv", true),
            (".a.example\tTRUE\t/\tFALSE\t2000\tn\tv", true),
            ("A.example\tTRUE\t/ws\tFALSE\t0\tn\tv", true),
            ("a.example\tFALSE\t/\tFALSE\t0\tn\tv", false),
            ("ba.example\tTRUE\t/\tFALSE\t0\tn\tv", false),
            ("i.a.example\tTRUE\t/\tFALSE\t0\tn\tv", false),
            (".a.example\tTRUE\t/w\tFALSE\t0\tn\tv", false),
            (".a.example\tTRUE\t/\tTRUE\t0\tn\tv", false),
            (".a.example\tTRUE\t/\tFALSE\t999\tn\tv", false),
        ] {
            let expected = if is_sent { vec!["n=v".to_owned()] } else { Vec::new() };
            assert_eq!(file(line, PLACE), Ok(expected), "{line}");
        }
    }

    #[test]
    fn a_file_may_have_one_list_per_line() {
        let text = "# mine\na=b; c=d;\n\n  e=f\nCookie: g=h\r\n";
        assert_eq!(file(text, PLACE), Ok(["a=b; c=d", "e=f", "g=h"].map(str::to_owned).to_vec()));
        assert_eq!(file("a=b\nnonsense", PLACE).map_err(|(line, _)| line), Err(2));
    }

    #[test]
    fn invalid_cookies_are_rejected() {
        for text in ["", "a", "a=b\r\nX: y", "a=\u{7}"] {
            assert!(list(text).is_err(), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_parsed_or_rejected(text in "(\\PC|[\t\n=;]|#HttpOnly_|Cookie:){0,40}") {
            let _ = file(&text, PLACE);
        }
    }
}
