//! Credentials for the server: their sources, and which of them take precedence.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::files::FileReader;
use super::{ConfigError, Env};
use crate::cli::AuthArgs;
use crate::event::Level;
use crate::net::target::{Endpoint, Target};
use crate::protocol::basic;
use crate::protocol::head::{Head, HeaderLine};
use crate::redact::Redaction;

mod cookies;
mod netrc;
mod netrc_file;

use netrc_file::FROM_NETRC;
pub use netrc_file::NetrcFile;

/// Credentials from the environment.
#[derive(Clone, Debug, Default)]
pub struct AuthEnv {
    /// WSCOPE_USER
    pub user: Option<OsString>,
    /// WSCOPE_BEARER
    pub bearer: Option<OsString>,
    /// NETRC, or `.netrc` in the home directory.
    pub netrc: Option<PathBuf>,
}

impl AuthEnv {
    /// Reads it with a function that gives the value of a variable, unless it is empty.
    pub fn read(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let home = || variable("HOME").or_else(|| variable("USERPROFILE"));
        let in_home = || home().map(|home| PathBuf::from(home).join(".netrc"));
        Self {
            user: variable("WSCOPE_USER"),
            bearer: variable("WSCOPE_BEARER"),
            netrc: variable("NETRC").map(PathBuf::from).or_else(in_home),
        }
    }
}

/// The credentials for a server.
#[derive(Debug, Default)]
pub(super) struct CredentialHeaders {
    /// Authorization and Cookie.
    pub(super) headers: Vec<HeaderLine>,
    /// Their sources.
    pub(super) sources: CredentialSources,
    /// Notices about them.
    pub(super) notices: Vec<(Level, String)>,
}

/// The sources of a request's credentials, as messages name them.
#[derive(Clone, Copy, Debug, Default)]
pub struct CredentialSources {
    /// That of Authorization; `None`: a header of the user's own.
    authorization: Option<&'static str>,
    /// There is a Cookie of `--cookie`.
    has_cookie: bool,
}

/// The credentials that a request had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentCredentials {
    /// The scheme of those in Authorization, such as `Basic`. Others, such as cookies, have none.
    pub scheme: Option<String>,
    /// Their source, such as `--user`.
    pub source: String,
}

impl CredentialSources {
    /// They are in the URL.
    pub(super) fn of_url() -> Self {
        Self { authorization: Some("from the URL"), has_cookie: false }
    }

    /// They are in the netrc file.
    pub(super) fn of_netrc() -> Self {
        Self { authorization: Some(FROM_NETRC), has_cookie: false }
    }

    /// Whether Authorization is of the netrc file.
    pub(super) fn are_of_netrc(&self) -> bool {
        self.authorization == Some(FROM_NETRC)
    }

    /// The credentials that this request to a target had. Those in Authorization take precedence.
    pub fn sent(&self, target: &str, request: &Head) -> Option<SentCredentials> {
        self.authorization_sent(request).or_else(|| self.others_sent(target, request))
    }

    fn authorization_sent(&self, request: &Head) -> Option<SentCredentials> {
        let value = request.value("Authorization")?;
        let scheme = value.split_whitespace().next().filter(|scheme| scheme.len() < value.len());
        let source = self.authorization.unwrap_or("-H Authorization").to_owned();
        Some(SentCredentials { scheme: Some(scheme.unwrap_or("unnamed").to_owned()), source })
    }

    fn others_sent(&self, target: &str, request: &Head) -> Option<SentCredentials> {
        let found = Redaction::credentials(target, request.fields());
        let sources = found.iter().map(|name| match name.strip_prefix('?') {
            Some(name) => format!("{name} in the URL"),
            None if name.eq_ignore_ascii_case("Sec-WebSocket-Protocol") => "-s".to_owned(),
            None if self.has_cookie && name.eq_ignore_ascii_case("Cookie") => "--cookie".to_owned(),
            None => format!("-H {name}"),
        });
        let source = sources.collect::<Vec<_>>().join(", ");
        (!found.is_empty()).then_some(SentCredentials { scheme: None, source })
    }
}

/// Credentials for one server. `own` are the user's own headers, which take precedence.
pub(super) fn auth(
    args: &AuthArgs,
    own: &[HeaderLine],
    target: &Target,
    env: &Env,
    files: &FileReader,
) -> Result<CredentialHeaders, ConfigError> {
    let mut found = CredentialHeaders::default();
    let is_own = |name: &str| own.iter().any(|line| line.is(name));
    if is_own("Authorization") {
        let given = [("--bearer", args.bearer.is_some()), ("--user", args.user.is_some())];
        let unused = given.into_iter().filter(|(_, is_given)| *is_given);
        found.notices.extend(unused.map(|(option, _)| replaced(option, "Authorization")));
    } else {
        let authorization = authorization(args, target, env, files, &mut found.notices)?;
        if let Some((line, source)) = authorization {
            found.headers.push(line);
            found.sources.authorization = Some(source);
        }
    }
    if is_own("Cookie") {
        let is_unused = !args.cookies.is_empty();
        found.notices.extend(is_unused.then(|| replaced("--cookie", "Cookie")));
    } else {
        let cookie = cookie(&args.cookies, target, files, &mut found.notices)?;
        found.sources.has_cookie = cookie.is_some();
        found.headers.extend(cookie);
    }
    Ok(found)
}

/// That an option counts for nothing beside a header of the user's own.
fn replaced(option: &str, header: &str) -> (Level, String) {
    (Level::Info, format!("{option} is not sent: -H '{header}: …' replaces it"))
}

/// A header and its source. In order of precedence: the option, the URL, the netrc file, the environment.
fn authorization(
    args: &AuthArgs,
    target: &Target,
    env: &Env,
    files: &FileReader,
    notices: &mut Vec<(Level, String)>,
) -> Result<Option<(HeaderLine, &'static str)>, ConfigError> {
    // A prompt in the background of a script would wait forever.
    let may_ask = env.stdin_is_terminal || env.stderr_is_terminal;
    if let Some(given) = &args.bearer {
        return Ok(Some((bearer("--bearer", given, files)?, "--bearer")));
    }
    if let Some(given) = &args.user {
        return Ok(Some((user("--user", given, target, may_ask, files)?, "--user")));
    }
    let url = target.credentials.as_ref();
    let login = url.map(|credentials| credentials.user.as_str());
    let password = url.and_then(|credentials| credentials.password.as_deref());
    if let (Some(login), Some(password)) = (login, password) {
        return Ok(Some((basic_header(login, password), "from the URL")));
    }
    if let Some(file) = NetrcFile::new(args, env)
        && let Some(header) = file.authorization(target, may_ask, files, notices)?
    {
        return Ok(Some((header, FROM_NETRC)));
    }
    if let Some(login) = login {
        return Ok(Some((basic_header(login, ""), "from the URL")));
    }
    from_environment(&env.auth, target, may_ask, files)
}

fn from_environment(
    env: &AuthEnv,
    target: &Target,
    may_ask: bool,
    files: &FileReader,
) -> Result<Option<(HeaderLine, &'static str)>, ConfigError> {
    let text = |name: &'static str, value: &OsString| {
        let not_text = |_| ConfigError::value(name, "***", "it is not UTF-8");
        value.clone().into_string().map_err(not_text)
    };
    const BEARER: &str = "WSCOPE_BEARER";
    const USER: &str = "WSCOPE_USER";
    match (&env.bearer, &env.user) {
        (Some(given), _) => Ok(Some((bearer(BEARER, &text(BEARER, given)?, files)?, BEARER))),
        (None, Some(given)) => {
            Ok(Some((user(USER, &text(USER, given)?, target, may_ask, files)?, USER)))
        }
        (None, None) => Ok(None),
    }
}

fn bearer(
    option: &'static str,
    given: &str,
    files: &FileReader,
) -> Result<HeaderLine, ConfigError> {
    let token = first_line(option, given, files)?;
    let bad = |reason: &str| ConfigError::value(option, "***", reason);
    if token.is_empty() {
        return Err(bad("the token is empty"));
    }
    if token.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer ")) {
        return Err(bad("leave out the word Bearer: it is put before the token"));
    }
    if let Some(wrong) = token.chars().find(|c| !c.is_ascii_graphic()) {
        return Err(bad(&format!("{wrong:?} is not allowed in a token (RFC 6750 section 2.1)")));
    }
    Ok(HeaderLine::new("Authorization", &format!("Bearer {token}")))
}

fn user(
    option: &'static str,
    given: &str,
    target: &Target,
    may_ask: bool,
    files: &FileReader,
) -> Result<HeaderLine, ConfigError> {
    let pair = first_line(option, given, files)?;
    match pair.split_once(':') {
        Some((user, password)) => checked(option, user, password),
        None if pair.is_empty() => {
            Err(ConfigError::value(option, "", "the user name is missing: write USER:PASS"))
        }
        None => checked(option, &pair, &ask(option, &pair, target, may_ask, files)?),
    }
}

fn ask(
    option: &'static str,
    user: &str,
    target: &Target,
    may_ask: bool,
    files: &FileReader,
) -> Result<String, ConfigError> {
    let prompt = format!("Password for {user} at {}: ", target.host_header());
    let prompt: String = prompt.chars().filter(|c| !c.is_control()).collect();
    let failed = |error: io::Error| match error.kind() {
        ErrorKind::UnexpectedEof => ConfigError::value(option, user, "no password was entered"),
        _ => ConfigError::value(option, user, format!("the password: {error}")),
    };
    let asked = if may_ask { files.ask("password", &prompt, failed)? } else { None };
    asked.ok_or_else(|| {
        let reason = "the password is missing, and it cannot be prompted for here: write USER:PASS, or @FILE with it";
        ConfigError::value(option, user, reason)
    })
}

/// RFC 7617 section 2: no control characters.
fn checked(option: &'static str, user: &str, password: &str) -> Result<HeaderLine, ConfigError> {
    if [user, password].iter().any(|text| text.chars().any(char::is_control)) {
        let reason =
            "user name and password must not contain control characters (RFC 7617 section 2)";
        return Err(ConfigError::value(option, "***", reason));
    }
    Ok(basic_header(user, password))
}

/// In UTF-8, which servers may request (RFC 7617 section 2.1), and which most expect.
pub(super) fn basic_header(user: &str, password: &str) -> HeaderLine {
    let pair = format!("{user}:{password}");
    HeaderLine::new("Authorization", &basic::authorization(pair.as_bytes()))
}

/// The value, or the first line of the file that follows the @.
fn first_line(
    option: &'static str,
    given: &str,
    files: &FileReader,
) -> Result<String, ConfigError> {
    let Some(path) = given.strip_prefix('@') else { return Ok(given.to_owned()) };
    let text = files.text(option, Path::new(path))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// As netrc files and cookies write them: an IPv6 address without brackets.
fn host_and_port(target: &Target) -> (String, u16) {
    match &target.endpoint {
        Endpoint::Tcp { host, port } => {
            (host.to_string().trim_matches(['[', ']']).to_owned(), *port)
        }
        Endpoint::Unix(_) => ("localhost".to_owned(), target.scheme.default_port()),
    }
}

fn cookie(
    given: &[String],
    target: &Target,
    files: &FileReader,
    notices: &mut Vec<(Level, String)>,
) -> Result<Option<HeaderLine>, ConfigError> {
    const OPTION: &str = "--cookie";
    let (host, _) = host_and_port(target);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let is_secure = target.scheme.is_tls() || host == "localhost";
    let place = cookies::CookieContext { host: &host, path: &target.resource, is_secure, now };
    let mut lists = Vec::new();
    for given in given {
        let Some(path) = given.strip_prefix('@') else {
            let list = cookies::list(given);
            lists.push(list.map_err(|reason| ConfigError::value(OPTION, "***", reason))?);
            continue;
        };
        let found = cookies::file(&files.long_text(OPTION, Path::new(path))?, place);
        let found = found.map_err(|(line, reason)| {
            ConfigError::value(OPTION, path, format!("line {line}: {reason}"))
        })?;
        if found.is_empty() {
            let place = format!("{}{}", target.host_header(), target.resource);
            let place = place.split('?').next().unwrap_or_default();
            notices.push((Level::Info, format!("--cookie {path}: nothing for {place}")));
        }
        lists.extend(found);
    }
    Ok((!lists.is_empty()).then(|| HeaderLine::new("Cookie", &lists.join("; "))))
}
