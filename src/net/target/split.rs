//! Where one part of a URL ends and the next begins; whether they are valid is not checked here.

/// The scheme, unless the colon follows a host or a user name, and the rest.
pub(super) fn split_scheme(text: &str) -> (Option<&str>, &str) {
    /// Treated as schemes also without slashes; any other name may be a host.
    const WITHOUT_SLASHES: [&str; 12] = [
        "ws", "wss", "http", "https", "ws+unix", "wss+unix", "data", "file", "ftp", "mailto",
        "tcp", "unix",
    ];
    let Some((name, rest)) = text.split_once(':') else { return (None, text) };
    if name.is_empty() || name.contains(['/', '\\', '?', '#', '@', '[']) {
        return (None, text);
    }
    let (port, _) = rest.split_at(authority_len(rest));
    let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_known = WITHOUT_SLASHES.iter().any(|known| known.eq_ignore_ascii_case(name));
    if rest.starts_with("//") || (is_known && !is_port) { (Some(name), rest) } else { (None, text) }
}

/// Also a single slash after a scheme, as in the URL standard; without a scheme it begins a path.
pub(super) fn strip_slashes(rest: &str, has_scheme: bool) -> &str {
    let is_slash = |c| matches!(c, '/' | '\\');
    let Some(after_one) = rest.strip_prefix(is_slash) else { return rest };
    after_one.strip_prefix(is_slash).unwrap_or(if has_scheme { after_one } else { rest })
}

/// The length of userinfo, host and port.
pub(super) fn authority_len(rest: &str) -> usize {
    rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len())
}

/// The part of the userinfo that must not be shown: the password, or all of it without a colon, because it
/// may be a token. Also where an unencoded delimiter ends it, as in `user:pa/ss@host`.
pub(super) fn secret(rest: &str) -> Option<&str> {
    let (authority, _) = rest.split_at(authority_len(rest));
    if let Some((userinfo, _)) = authority.rsplit_once('@') {
        return Some(userinfo.split_once(':').map_or(userinfo, |(_, password)| password));
    }
    let (user, port) = authority.split_once(':')?;
    if user.starts_with('[') || port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (userinfo, _) = rest.rsplit_once('@')?;
    Some(userinfo.split_once(':')?.1)
}

/// The path of a socket, up to a query or a colon that begins a URI, and that URI.
pub(super) fn split_socket(text: &str) -> (&str, &str) {
    let begins_uri =
        |tail: &str| tail == ":" || [":/", ":?", "?"].iter().any(|start| tail.starts_with(start));
    let ends = text.char_indices().map(|(at, _)| at).find(|&at| begins_uri(text.split_at(at).1));
    let (path, uri) = text.split_at(ends.unwrap_or(text.len()));
    (path, uri.strip_prefix(':').unwrap_or(uri))
}
