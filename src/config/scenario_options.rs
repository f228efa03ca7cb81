//! The options that scenarios need which are made from a session: with them they reach the same server.

use std::ffi::OsStr;
use std::path::{Path, absolute};
use std::time::Duration;

use super::ConnectConfig;
use super::tls::version_text;
use crate::cli::{ConnectArgs, MAX_REDIRECTS, RouteArgs, TlsArgs};
use crate::client::EndpointConfig;
use crate::protocol::head::HeaderLine;
use crate::recording::scenario::{OptionSecret, ScenarioOption};
use crate::redact::{MASK, Redaction};

/// The limits that connections have unless options say otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
const PING_TIMEOUT: Duration = Duration::from_secs(20);
const MAX_MESSAGE_SIZE: u64 = 64 << 20;

/// The options of a connection that events do not have, of `wscope URL`.
pub(super) fn connect_options(args: &ConnectArgs, config: &ConnectConfig) -> Vec<ScenarioOption> {
    let compress = args.handshake.request.compress.as_deref();
    let mut options = scenario_options(&args.tls, &args.route, compress, &config.endpoint);
    let mut add = |name, value: Option<String>| {
        options.extend(value.map(|value| ScenarioOption::new(name, value)));
    };
    let flag = |is_given: bool| is_given.then(|| "true".to_owned());
    let redirects = &args.resilience.redirects;
    add("location", flag(redirects.location));
    let most = redirects.max_redirs.to_string();
    add("max-redirs", Some(most).filter(|most| redirects.location && most != MAX_REDIRECTS));
    add("lenient", flag(config.endpoint.lenient));
    let size = config.max_message_size;
    add("max-message-size", (size != MAX_MESSAGE_SIZE).then(|| size.to_string()));
    add("close-timeout", limit(config.ending.close_timeout, CLOSE_TIMEOUT));
    let times = &config.resilience.times;
    add("ping-interval", times.ping_interval.map(duration_text));
    let ping_timeout = times.ping_interval.and_then(|_| limit(times.ping_timeout, PING_TIMEOUT));
    add("ping-timeout", ping_timeout);
    add("idle-timeout", times.idle_timeout.map(duration_text));
    options
}

/// The same for the connections of a proxy to its server. Passphrases, and user and password of a proxy, are variables. Paths
/// are absolute: a scenario is not always run where the session was.
pub(super) fn scenario_options(
    tls: &TlsArgs,
    route: &RouteArgs,
    compress: Option<&str>,
    endpoint: &EndpointConfig,
) -> Vec<ScenarioOption> {
    let mut options = Vec::new();
    let mut add = |name, value: Option<String>| {
        options.extend(value.map(|value| ScenarioOption::new(name, value)));
    };
    let flag = |is_given: bool| is_given.then(|| "true".to_owned());
    let file = |path: &Path| path_text(path.as_os_str());
    add("compress", compress.map(str::to_owned));
    add("connect-timeout", limit(endpoint.connect_timeout, CONNECT_TIMEOUT));
    add("insecure", flag(tls.insecure || tls.no_check));
    tls.cacert.iter().for_each(|path| add("cacert", file(path)));
    add("no-system-ca", flag(tls.no_system_ca));
    add("tls-min", tls.tls_min.map(|version| version_text(version).to_owned()));
    add("tls-max", tls.tls_max.map(|version| version_text(version).to_owned()));
    add("ipv4", flag(route.ipv4));
    add("ipv6", flag(route.ipv6));
    add("no-proxy", route.no_proxy.clone());
    add("proxy-insecure", flag(route.proxy_insecure));
    route.connect_to.iter().for_each(|value| add("connect-to", Some(value.clone())));
    route.resolve.iter().for_each(|value| add("resolve", Some(value.clone())));
    add("unix-socket", route.unix_socket.as_deref().and_then(file));
    add("interface", route.interface.clone());
    options.extend(of_server(tls).into_iter().map(ScenarioOption::for_server));
    options.extend(route.proxy.as_deref().map(proxy));
    options.extend(proxy_headers(&endpoint.route.proxy_headers));
    options
}

/// Those that are not for other servers.
fn of_server(tls: &TlsArgs) -> Vec<ScenarioOption> {
    let file = |path: &Path| path_text(path.as_os_str());
    let given = [
        ("cert", tls.cert.as_deref().and_then(file)),
        ("key", tls.key.as_deref().and_then(file)),
        ("servername", tls.servername.clone()),
    ];
    let given = given.into_iter();
    let mut options: Vec<_> =
        given.filter_map(|(name, value)| Some(ScenarioOption::new(name, value?))).collect();
    if tls.pass.is_some() {
        options.push(with_secret("pass", "", "pass", "the passphrase of --pass", ""));
    }
    options
}

/// A limit that is not the usual one.
fn limit(limit: Option<Duration>, usual: Duration) -> Option<String> {
    (limit != Some(usual)).then(|| duration_text(limit.unwrap_or_default()))
}

/// A duration as scenarios have them, in milliseconds if it has some.
fn duration_text(duration: Duration) -> String {
    match duration.subsec_nanos() {
        0 => format!("{}s", duration.as_secs()),
        _ => format!("{}ms", duration.as_nanos().div_ceil(1_000_000)),
    }
}

/// The headers of the request to a proxy. Those of one name have different secrets, so that each has a variable of its own.
fn proxy_headers(lines: &[HeaderLine]) -> impl Iterator<Item = ScenarioOption> {
    lines.iter().enumerate().map(|(index, line)| {
        let same = lines[..index].iter().filter(|it| it.name.eq_ignore_ascii_case(&line.name));
        proxy_header(line, same.count() + 1)
    })
}

/// A header of the request to a proxy, without a secret that it has. `number` counts those of its name.
fn proxy_header(line: &HeaderLine, number: usize) -> ScenarioOption {
    let HeaderLine { name, value, is_removal } = line;
    let masked = Redaction::Mask.value(name, value.as_bytes());
    let masked = String::from_utf8_lossy(&masked);
    match masked.split_once(MASK) {
        _ if *is_removal => ScenarioOption::new("proxy-header", format!("{name}:")),
        None if value.is_empty() => ScenarioOption::new("proxy-header", format!("{name};")),
        None => ScenarioOption::new("proxy-header", format!("{name}: {value}")),
        Some((start, rest)) => {
            let which = if number > 1 { format!(" (no. {number})") } else { String::new() };
            let what = format!("the header {name}{which} for the proxy");
            let start = format!("{name}: {start}");
            let end = if rest.contains(MASK) { "" } else { rest };
            with_secret("proxy-header", &start, name, &what, end)
        }
    }
}

/// The proxy, without its user and password.
fn proxy(url: &str) -> ScenarioOption {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), url),
    };
    match rest.rsplit_once('@') {
        None => ScenarioOption::new("proxy", url),
        Some((_, host)) => {
            let what = "USER:PASS of the proxy";
            with_secret("proxy", &scheme, "proxy_user", what, &format!("@{host}"))
        }
    }
}

fn with_secret(
    name: &'static str,
    value: &str,
    variable: &str,
    what: &str,
    rest: &str,
) -> ScenarioOption {
    let secret = OptionSecret {
        variable: variable.to_owned(),
        what: what.to_owned(),
        rest: rest.to_owned(),
    };
    ScenarioOption { secret: Some(secret), ..ScenarioOption::new(name, value) }
}

/// A path; `None` if no text has it.
fn path_text(path: &OsStr) -> Option<String> {
    absolute(path).ok()?.into_os_string().into_string().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(option: ScenarioOption) -> String {
        let ScenarioOption { value, secret, .. } = option;
        secret.map_or(value.clone(), |it| format!("{value}{{{{{}}}}}{}", it.variable, it.rest))
    }

    #[test]
    fn secrets_in_headers_for_a_proxy_are_variables() {
        for (line, expected) in [
            ("X-Region: eu", "X-Region: eu"),
            ("X-Proxy-Token: s3cr3t", "X-Proxy-Token: {{X-Proxy-Token}}"),
            (
                "Proxy-Authorization: Basic dTpw",
                "Proxy-Authorization: Basic {{Proxy-Authorization}}",
            ),
            ("User-Agent:", "User-Agent:"),
            ("X-Empty;", "X-Empty;"),
        ] {
            let line = HeaderLine::parse(line).expect("a header");
            assert_eq!(written(proxy_header(&line, 1)), expected);
        }
    }

    /// What a variable is for tells it from others.
    #[test]
    fn headers_of_one_name_have_different_variables() {
        let lines = ["X-Token: one", "x-token: two"];
        let lines = lines.map(|line| HeaderLine::parse(line).expect("a header"));
        let secrets: Vec<_> = proxy_headers(&lines).filter_map(|it| it.secret).collect();
        assert_ne!(secrets[0].what, secrets[1].what);
        assert_eq!(secrets[1].what, "the header x-token (no. 2) for the proxy");
    }

    #[test]
    fn limits_have_units() {
        let seconds = Duration::from_secs;
        assert_eq!(limit(Some(seconds(10)), seconds(10)), None);
        assert_eq!(limit(None, seconds(10)).as_deref(), Some("0s"));
        assert_eq!(limit(Some(seconds(90)), seconds(10)).as_deref(), Some("90s"));
        assert_eq!(duration_text(Duration::from_micros(250_001)), "251ms");
    }

    #[test]
    fn user_and_password_of_a_proxy_are_a_variable() {
        let written = |url| written(proxy(url));
        assert_eq!(written("http://p:1"), "http://p:1");
        assert_eq!(written("socks5h://u:p@ss@p:1"), "socks5h://{{proxy_user}}@p:1");
        assert_eq!(written("u:p@p:1"), "{{proxy_user}}@p:1");
        assert_eq!(written(""), "");
    }
}
