//! `@name` and `@name/path`: a section of the configuration file as the endpoint to connect to.

use super::file::SettingLine;

/// The name of an endpoint, and the path and the query that may follow it.
pub(super) fn split(place: &str) -> (&str, &str) {
    place.split_at(place.find(['/', '?', '#']).unwrap_or(place.len()))
}

/// The last URL of an endpoint, and the number of its line.
pub(super) fn url(lines: &[SettingLine], name: &str, tail: &str) -> Option<(String, usize)> {
    let section = lines.iter().rev().filter(|line| *line.section == *name);
    section.filter_map(|line| Some((join(line.url()?, tail), line.number))).next()
}

/// All endpoints with their URLs, in the order of the file.
pub(super) fn list(lines: &[SettingLine]) -> Vec<(String, String)> {
    let mut endpoints: Vec<(String, String)> = Vec::new();
    for line in lines.iter().filter(|line| !line.section.is_empty()) {
        let is_listed = endpoints.iter().any(|(name, _)| **name == *line.section);
        if !is_listed && let Some((url, _)) = url(lines, &line.section, "") {
            endpoints.push((line.section.to_string(), url));
        }
    }
    endpoints
}

/// The URL with an additional path and query: the path is appended to the URL's own, queries are joined.
fn join(url: &str, tail: &str) -> String {
    let (base, query) =
        url.split_once('?').map_or((url, None), |(base, query)| (base, Some(query)));
    let (path, more) = tail.split_once('?').map_or((tail, None), |(path, more)| (path, Some(more)));
    let mut joined = match path {
        "" => base.to_owned(),
        path => format!("{}{path}", base.trim_end_matches('/')),
    };
    let is_socket = ["ws+unix:", "wss+unix:"].iter().any(|scheme| base.starts_with(scheme));
    if is_socket
        && !path.is_empty()
        && !base.split_once(':').is_some_and(|(_, rest)| rest.contains(":/"))
    {
        joined = format!("{base}:{path}"); // the path of the socket ends there
    }
    for (at, part) in [query, more].into_iter().flatten().enumerate() {
        joined.push(if at == 0 { '?' } else { '&' });
        joined += part;
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_appended_to_that_of_the_url() {
        for (url, tail, joined) in [
            ("wss://h", "", "wss://h"),
            ("wss://h/ws/", "", "wss://h/ws/"),
            ("wss://h", "/a/b", "wss://h/a/b"),
            ("wss://h/ws/", "/a", "wss://h/ws/a"),
            ("wss://h/ws?x=1", "/a", "wss://h/ws/a?x=1"),
            ("wss://h/ws?x=1", "?y=2", "wss://h/ws?x=1&y=2"),
            ("wss://h/ws", "/a?y=2", "wss://h/ws/a?y=2"),
            (":8080", "/a", ":8080/a"),
            ("ws+unix:/run/x.sock", "/a", "ws+unix:/run/x.sock:/a"),
            ("ws+unix:/run/x.sock:/ws", "/a", "ws+unix:/run/x.sock:/ws/a"),
        ] {
            assert_eq!(join(url, tail), joined, "{url} {tail}");
        }
    }
}
