//! The folder of the messages that are saved at the prompt.

use std::path::{Path, PathBuf};

use super::SettingsEnv;
use crate::net::target::{Endpoint, Target};

/// The longest name of a folder, in characters.
const MAX_NAME: usize = 100;

/// The folder for an endpoint, beside the configuration file; `None` without a place for that.
pub(super) fn folder(env: &SettingsEnv, endpoint: &str) -> Option<PathBuf> {
    let messages = env.file.as_deref().and_then(Path::parent)?.join("messages");
    Some(messages.join(safe(endpoint)))
}

/// The folder for the endpoint of a URL, beside this one.
pub(super) fn beside(folder: Option<&Path>, target: &Target) -> Option<PathBuf> {
    Some(folder?.parent()?.join(safe(&endpoint(target))))
}

/// The endpoint of a URL, without its scheme and query: `host_port_path`.
pub(super) fn endpoint(target: &Target) -> String {
    let path = target.resource.split('?').next().unwrap_or_default();
    match &target.endpoint {
        Endpoint::Tcp { host, port } => format!("{host}_{port}{path}"),
        Endpoint::Unix(socket) => format!("unix_{}_{path}", socket.display()),
    }
}

/// The name with `_` in place of what some file systems do not take.
fn safe(name: &str) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name: String = name.chars().map(|c| if is_safe(c) { c } else { '_' }).collect();
    let name: String = name.trim_end_matches(['_', '.']).chars().take(MAX_NAME).collect();
    match name.strip_prefix('.') {
        Some(rest) => format!("_{rest}"),
        None if name.is_empty() => "_".to_owned(),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_has_a_folder_of_its_own() {
        let env = SettingsEnv { file: Some("/c/wscope/config".into()), ..SettingsEnv::default() };
        for (url, name) in [
            ("wss://example.com", "example.com_443"),
            ("ws://example.com:8080/a/b?token=secret", "example.com_8080_a_b"),
            ("ws://me:pw@h/", "h_80"),
            ("ws://[::1]:9/x", "___1__9_x"),
            ("ws+unix:/run/x.sock:/ws", "unix__run_x.sock__ws"),
        ] {
            let target = Target::parse(url).expect(url);
            let folder = folder(&env, &endpoint(&target)).expect("a folder");
            assert_eq!(folder, Path::new("/c/wscope/messages").join(name), "{url}");
        }
        assert_eq!(folder(&SettingsEnv::default(), "a"), None);
        for (name, folder) in [("..", "_"), (".a", "_a"), ("a/../b", "a_.._b")] {
            assert_eq!(safe(name), folder);
        }
        assert_eq!(safe(&"x".repeat(1000)).len(), MAX_NAME);
    }
}
