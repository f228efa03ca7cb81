//! Where the target of a request leads (RFC 9112 section 3.2).

use super::{Authority, ForwardOptions, Host, Refused, RequestLine, RequestTarget};

/// A request that is for the target.
pub(super) struct Route {
    /// The request target to send, if it is not the client's.
    pub(super) target: Option<String>,
    /// The client named the host in the request target, which overrides Host (RFC 9112 section 3.2.2).
    pub(super) names_host: bool,
}

impl Route {
    /// The route of a request.
    ///
    /// # Errors
    /// If it leads anywhere else, or the request target is neither a path, a URL, nor `*`.
    pub(super) fn of(
        options: &ForwardOptions,
        local: &Host,
        line: &RequestLine,
    ) -> Result<Self, Refused> {
        if line.method == "CONNECT" {
            return Err(Refused::new(403, "CONNECT is refused: this is not an open proxy"));
        }
        if line.target == "*" {
            return Ok(Self { target: None, names_host: false });
        }
        let foreign =
            || Refused::new(403, "the request is for another host: this is not an open proxy");
        let Some(target) = RequestTarget::parse(&line.target) else {
            // A URL with another scheme leads elsewhere too.
            let is_url = line.target.contains("://");
            let malformed = || Refused::new(400, "the request target is neither a path nor a URL");
            return Err(if is_url { foreign() } else { malformed() });
        };
        if let Some(authority) = target.authority {
            let authority = Authority::parse(authority).ok_or_else(foreign)?;
            let port = default_port(&line.target);
            let is_own = options.proxy.include(local, &authority, port)
                || options.target.is(&authority, port);
            is_own.then_some(()).ok_or_else(foreign)?;
        }
        let joined = join(&options.target.resource, &target.resource);
        Ok(Self {
            target: (joined != line.target).then_some(joined),
            names_host: target.authority.is_some(),
        })
    }
}

/// That of the scheme of a URL.
fn default_port(url: &str) -> u16 {
    let scheme = url.split(':').next().unwrap_or_default().to_ascii_lowercase();
    if matches!(scheme.as_str(), "https" | "wss") { 443 } else { 80 }
}

/// The client's `resource` below the one of the URL: paths are appended, queries joined.
fn join(base: &str, resource: &str) -> String {
    let (base_path, base_query) = split_query(base);
    let (path, query) = split_query(resource);
    let path = match (base_path, path) {
        ("/", path) => path.to_owned(),
        (base, "/") => base.to_owned(),
        (base, path) => format!("{}{path}", base.strip_suffix('/').unwrap_or(base)),
    };
    let query = match (base_query, query) {
        (Some(base), Some(query)) if !base.is_empty() && !query.is_empty() => {
            Some(format!("{base}&{query}"))
        }
        (Some(base), query) if !base.is_empty() || query.is_none() => Some(base.to_owned()),
        (_, query) => query.map(str::to_owned),
    };
    query.map_or(path.clone(), |query| format!("{path}?{query}"))
}

fn split_query(resource: &str) -> (&str, Option<&str>) {
    resource.split_once('?').map_or((resource, None), |(path, query)| (path, Some(query)))
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn paths_are_appended_and_queries_joined() {
        for (base, resource, expected) in [
            ("/", "/", "/"),
            ("/", "/chat", "/chat"),
            ("/", "//chat//", "//chat//"),
            ("/", "/?", "/?"),
            ("/api", "/", "/api"),
            ("/api/", "/", "/api/"),
            ("/api", "/chat", "/api/chat"),
            ("/api/", "/chat", "/api/chat"),
            ("/api", "/chat/", "/api/chat/"),
            ("/api/", "//chat", "/api//chat"),
            ("/api", "/chat?x=1", "/api/chat?x=1"),
            ("/api", "/?x=1", "/api?x=1"),
            ("/?k=1", "/", "/?k=1"),
            ("/?k=1", "/c", "/c?k=1"),
            ("/api?k=1", "/c", "/api/c?k=1"),
            ("/api?k=1", "/c?x=2", "/api/c?k=1&x=2"),
            ("/api?k=1", "/c?", "/api/c?k=1"),
            ("/api?", "/c?x=2", "/api/c?x=2"),
            ("/api?", "/c", "/api/c?"),
            ("/api?", "/c?", "/api/c?"),
            ("/api?k=/?", "/c?x=?/", "/api/c?k=/?&x=?/"),
            ("/a%20b", "/%2e%2E/é", "/a%20b/%2e%2E/é"),
        ] {
            assert_eq!(join(base, resource), expected, "{base} {resource}");
        }
    }
}
