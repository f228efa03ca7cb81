//! `@name` and `@name/path`: a section of the configuration file as the endpoint to connect to.

use std::path::Path;

use super::SettingError;
use super::file::{Section, SettingLine};

/// A section with its options and URL.
#[derive(Debug)]
pub(super) struct NamedEndpoint {
    /// Its options, without the URL.
    pub(super) lines: Vec<SettingLine>,
    /// Its URL.
    pub(super) url: String,
    /// The line with the URL.
    pub(super) url_line: SettingLine,
}

/// Whether a line gives the URL of its endpoint.
pub(super) fn is_url(line: &SettingLine) -> bool {
    line.option == "--url"
}

/// Looks up the name after the @.
///
/// # Errors
/// When there is none, or they do not have exactly one URL.
pub(super) fn find(
    file: Option<&[Section]>,
    place: &str,
    path: &Path,
) -> Result<NamedEndpoint, SettingError> {
    let (name, tail) = place.split_at(place.find(['/', '?', '#']).unwrap_or(place.len()));
    let all = file.and_then(|sections| sections.split_first()).map_or(&[][..], |(_, all)| all);
    let Some(section) = all.iter().find(|section| section.name == name) else {
        return Err(unknown(all, file.is_some(), name, path));
    };
    let (number, lines) = (section.number, section.lines.iter().cloned());
    let (urls, lines): (Vec<_>, _) = lines.partition(is_url);
    let error = |line: &SettingLine, reason: &str| Err(line.error(path, reason));
    match &urls[..] {
        [] => {
            let reason = format!("the endpoint @{name} has no URL: write url = wss://… below it");
            Err(SettingError::at_line(path, number, &reason))
        }
        [first, second, ..] => {
            error(second, &format!("duplicate URL: the first is in line {}", first.number))
        }
        [line] => match line.value.as_deref().unwrap_or_default() {
            "" => error(line, "the URL is missing: write url = wss://…"),
            url if url.starts_with('@') => {
                error(line, "an endpoint requires its own URL, not the name of another endpoint")
            }
            url => Ok(NamedEndpoint { lines, url: join(url, tail), url_line: line.clone() }),
        },
    }
}

fn unknown(endpoints: &[Section], exists: bool, name: &str, path: &Path) -> SettingError {
    const MAX_LISTED: usize = 30;
    let path = path.display();
    let listed = endpoints.iter().take(MAX_LISTED);
    let names: Vec<_> = listed.map(|section| format!("@{}", section.name)).collect();
    let more = if endpoints.len() > MAX_LISTED { ", …" } else { "" };
    let reason = match (exists, names.is_empty()) {
        (false, _) => format!("{path} does not exist"),
        (true, true) => format!("{path} has no endpoints"),
        (true, false) if name.is_empty() => "its name is missing".to_owned(),
        (true, false) => format!("{path} has none of that name"),
    };
    let hint = match names.is_empty() {
        true => format!("add a section [{name}] with a line url = wss://… to {path}"),
        false => format!("known endpoints: {}{more}", names.join(", ")),
    };
    SettingError {
        hint: Some(hint),
        ..SettingError::plain(&format!("no endpoint @{name}"), &reason)
    }
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
