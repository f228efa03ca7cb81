//! All secrets that were given, also those that are overridden: the history and the output may repeat any of them.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use super::Kind;
use super::words::values;
use crate::config::files::FileReader;
use crate::net::proxy::Variables;
use crate::net::target::Target;
use crate::protocol::basic;
use crate::protocol::head::HeaderLine;
use crate::redact::{Collector, Secrets};

/// Values of options, including those that are overridden.
#[derive(Clone, Default)]
pub struct GivenValues(Vec<(Kind, String)>);

impl fmt::Debug for GivenValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GivenValues({})", self.0.len())
    }
}

impl GivenValues {
    /// Those of the original command line.
    pub fn typed(args: &[OsString]) -> Self {
        let words: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
        let values = values(&words).into_iter();
        Self(values.map(|value| (value.kind, value.text.to_owned())).collect())
    }

    /// Adds others to these.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }
}

/// Secrets from other sources than options, and the values in use.
#[derive(Default)]
pub(in crate::config) struct Used<'a> {
    /// The target.
    pub(in crate::config) target: Option<&'a Target>,
    /// Header fields.
    pub(in crate::config) headers: Vec<&'a HeaderLine>,
    /// `USER:PASS`, or the name of a file with it.
    pub(in crate::config) user: Option<&'a OsString>,
    /// A token, or the name of a file with it.
    pub(in crate::config) bearer: Option<&'a OsString>,
    /// The environment's proxies.
    pub(in crate::config) proxies: Option<&'a Variables>,
    /// Passwords of the netrc file.
    pub(in crate::config) passwords: Vec<String>,
}

/// The secrets in all of these. Only regular files are read, because others can be read only once. A file that
/// cannot be read contains no secret that could be repeated.
pub(in crate::config) fn secrets(
    given: &GivenValues,
    used: &Used<'_>,
    files: &FileReader,
) -> Secrets {
    let mut collector = Collector::default();
    let environment = [(Kind::User, used.user), (Kind::Bearer, used.bearer)];
    let environment = environment
        .into_iter()
        .filter_map(|(kind, value)| Some((kind, value?.to_string_lossy().into_owned())));
    for (kind, value) in given.0.iter().cloned().chain(environment) {
        match value.strip_prefix('@') {
            None => collect(&mut collector, kind, &value),
            Some(path) => collect_file(&mut collector, kind, Path::new(path), files),
        }
    }
    for line in &used.headers {
        collector.field(&line.name, line.value.as_bytes());
    }
    if let Some(target) = used.target {
        collector.url(&target.resource);
        if let Some(credentials) = &target.credentials {
            let password = credentials.password.as_ref();
            collector.value(&[], password.unwrap_or(&credentials.user).as_bytes());
        }
    }
    for (_, proxy) in used.proxies.into_iter().flatten() {
        collector.authority(proxy);
    }
    for password in &used.passwords {
        collector.value(&["password"], password.as_bytes());
    }
    collector.secrets()
}

fn collect(collector: &mut Collector, kind: Kind, value: &str) {
    match kind {
        Kind::User if value.contains(':') => {
            collector.value(&["-u", "user", "auth", "basic-auth"], value.as_bytes());
            collector.field("Authorization", basic::authorization(value.as_bytes()).as_bytes());
        }
        Kind::User => {}
        Kind::Bearer => collector.field("Authorization", format!("Bearer {value}").as_bytes()),
        Kind::Cookies => collector.field("Cookie", value.as_bytes()),
        Kind::Passphrase => {
            collector.value(&["pass", "passphrase", "tls-pass"], value.as_bytes());
        }
        Kind::Assignment => {
            if let Some((name, value)) = value.split_once('=') {
                collector.value(&[name], value.as_bytes());
            }
        }
        Kind::Header => {
            if let Some((name, value)) = value.split_once(':') {
                collector.field(name.trim(), value.trim().as_bytes());
            }
        }
        Kind::Subprotocols => collector.field("Sec-WebSocket-Protocol", value.as_bytes()),
        Kind::Url => collector.authority(value),
        Kind::Other => collector.url(value),
    }
}

fn collect_file(collector: &mut Collector, kind: Kind, path: &Path, files: &FileReader) {
    const OPTION: &str = "secrets";
    if kind == Kind::Other || !path.is_file() {
        return;
    }
    let Ok(text) = files.text(OPTION, path) else { return };
    match kind {
        Kind::Header | Kind::Cookies => {
            text.lines().for_each(|line| collect(collector, kind, line));
        }
        _ => collect(collector, kind, text.lines().next().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_value_is_collected() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        std::fs::write(&file, "token-6\nsecond line").expect("a file");
        let file = format!("@{}", file.display());
        let args = [
            "wscope --pass phrase-1 --tls-pass=phrase-2 --proxy me:proxy-3@h --proxy=http://me:proxy-7@h",
            "-vc wss://me:url-4@h/?token=url-5 -u bob:pair-8 -u bob --cookie a=cookie-9 --bearer",
            &file,
        ];
        let args: Vec<_> = args.join(" ").split(' ').map(OsString::from).collect();
        let header = ["wscope", "-H=X-Api-Key: key-10"].map(OsString::from);
        let given = GivenValues::typed(&args).and(GivenValues::typed(&header));
        let secrets = secrets(&given, &Used::default(), &FileReader::new(None));
        for secret in [
            "phrase-1",
            "phrase-2",
            "proxy-3",
            "url-4",
            "url-5",
            "token-6",
            "proxy-7",
            "bob:pair-8",
            "pair-8",
            "cookie-9",
            "key-10",
        ] {
            assert_eq!(secrets.mask_text(format!("<{secret}>")), "<***>", "{secret}");
        }
        assert_eq!(
            secrets.mask_text("bob, me, h, second line".to_owned()),
            "bob, me, h, second line"
        );
    }
}
