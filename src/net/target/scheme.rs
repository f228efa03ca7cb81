//! Schemes without the characters that must follow them: a browser would treat them as a host, or add the characters.

use super::error::TargetFault;
use super::split::split_scheme;

/// The schemes of URLs that have an authority.
const WITH_AUTHORITY: [&str; 4] = ["wss", "ws", "https", "http"];

/// Refuses `ws:host` and `ws:/host`, which lack slashes, and `ws//host`, which lacks the colon.
pub(super) fn refuse_incomplete_scheme(text: &str) -> Result<(), TargetFault<'_>> {
    let is_slash = |c: char| matches!(c, '/' | '\\');
    match split_scheme(text) {
        (Some(name), rest) if is_web(name) && !rest.is_empty() => {
            let slashes = rest.chars().take(2).take_while(|c| is_slash(*c)).count();
            let (_, missing) = rest.split_at(slashes);
            let reason = format!("two slashes must follow the scheme: {}://", name.to_lowercase());
            if slashes < 2 { Err(TargetFault::new(missing.split_at(0).0, reason)) } else { Ok(()) }
        }
        (Some(_), _) => Ok(()),
        (None, _) => {
            let Some(start) = text.find("//") else { return Ok(()) };
            let (name, rest) = text.split_at(start);
            let reason = format!("a colon must follow the scheme: {}://", name.to_lowercase());
            if is_web(name) { Err(TargetFault::new(rest.split_at(0).0, reason)) } else { Ok(()) }
        }
    }
}

fn is_web(name: &str) -> bool {
    WITH_AUTHORITY.iter().any(|known| known.eq_ignore_ascii_case(name))
}
