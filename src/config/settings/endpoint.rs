//! `@name` and `@name/path`: a section of the configuration file as the place to connect to.

use std::path::Path;

use super::SettingError;
use super::file::{Endpoint, File, Line};

/// The most endpoints that a complaint lists.
const MAX_LISTED: usize = 30;

/// What a name stands for.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) url: String,
    pub(super) url_line: Line,
}

/// Whether a line has the URL of its endpoint.
pub(super) fn is_url(line: &Line) -> bool {
    line.option == "--url"
}

/// Looks up what stands behind the @.
///
/// # Errors
/// When there is none of that name, or it has not one URL.
pub(super) fn find<'a>(
    file: Option<&'a File>,
    place: &str,
    path: &Path,
) -> Result<Found<'a>, SettingError> {
    let (name, tail) = place.split_at(place.find(['/', '?', '#']).unwrap_or(place.len()));
    let endpoints = file.map_or(&[][..], |file| &file.endpoints);
    let Some(endpoint) = endpoints.iter().find(|endpoint| endpoint.name == name) else {
        return Err(unknown(file, name, path));
    };
    let mut urls = endpoint.lines.iter().filter(|line| is_url(line));
    let (Some(line), second) = (urls.next(), urls.next()) else {
        let place = format!("{}, line {}", path.display(), endpoint.number);
        let reason = format!("the endpoint @{name} has no URL: write url = wss://… below it");
        return Err(SettingError::plain(&place, &reason));
    };
    if let Some(second) = second {
        let reason = format!("there is a URL already, in line {}", line.number);
        return Err(SettingError::line(path, second, &reason));
    }
    let url = line.value.as_deref().unwrap_or_default();
    if url.is_empty() {
        return Err(SettingError::line(path, line, "the URL is missing: write url = wss://…"));
    }
    if url.starts_with('@') {
        let reason = "an endpoint has a URL of its own, not that of another";
        return Err(SettingError::line(path, line, reason));
    }
    Ok(Found { endpoint, url: join(url, tail), url_line: line.clone() })
}

fn unknown(file: Option<&File>, name: &str, path: &Path) -> SettingError {
    let shown = path.display();
    let endpoints = file.map_or(&[][..], |file| &file.endpoints);
    let listed = endpoints.iter().take(MAX_LISTED);
    let names: Vec<_> = listed.map(|endpoint| format!("@{}", endpoint.name)).collect();
    let more = if endpoints.len() > MAX_LISTED { ", …" } else { "" };
    let (reason, hint) = if names.is_empty() {
        let form = format!("write a section [{name}] with a line url = wss://… into {shown}");
        let lack = if file.is_some() { "has no endpoints" } else { "does not exist" };
        (format!("{shown} {lack}"), form)
    } else if name.is_empty() {
        ("its name is missing".to_owned(), format!("known are {}{more}", names.join(", ")))
    } else {
        (format!("{shown} has none of that name"), format!("known are {}{more}", names.join(", ")))
    };
    SettingError { place: format!("no endpoint @{name}"), reason, marked: None, hint: Some(hint) }
}

/// The URL with a further path and query: the path goes below the URL's own, queries are joined.
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
    fn a_path_goes_below_that_of_the_url() {
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
