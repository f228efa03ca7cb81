//! The options that scenarios need which are made from a session: with them they reach the same server.

use std::ffi::OsStr;
use std::path::{Path, absolute};

use super::tls::version_text;
use crate::cli::{RouteArgs, TlsArgs};
use crate::recording::scenario::{OptionSecret, ScenarioOption};

/// Those of the options that were given which events do not have. Passphrases, and user and password of a proxy, are
/// variables. Paths are absolute: a scenario is not always run where the session was.
pub(super) fn scenario_options(
    tls: &TlsArgs,
    route: &RouteArgs,
    compress: Option<&str>,
) -> Vec<ScenarioOption> {
    let mut options = Vec::new();
    let mut add = |name, value: Option<String>| {
        options.extend(value.map(|value| ScenarioOption::new(name, value)));
    };
    let flag = |is_given: bool| is_given.then(|| "true".to_owned());
    let file = |path: &Path| path_text(path.as_os_str());
    add("compress", compress.map(str::to_owned));
    add("insecure", flag(tls.insecure || tls.no_check));
    tls.cacert.iter().for_each(|path| add("cacert", file(path)));
    add("no-system-ca", flag(tls.no_system_ca));
    add("cert", tls.cert.as_deref().and_then(file));
    add("key", tls.key.as_deref().and_then(file));
    add("servername", tls.servername.clone());
    add("tls-min", tls.tls_min.map(|version| version_text(version).to_owned()));
    add("tls-max", tls.tls_max.map(|version| version_text(version).to_owned()));
    add("no-proxy", route.no_proxy.clone());
    add("proxy-insecure", flag(route.proxy_insecure));
    route.connect_to.iter().for_each(|value| add("connect-to", Some(value.clone())));
    route.resolve.iter().for_each(|value| add("resolve", Some(value.clone())));
    add("unix-socket", route.unix_socket.as_deref().and_then(file));
    add("interface", route.interface.clone());
    if tls.pass.is_some() {
        options.push(with_secret("pass", "", "pass", "the passphrase of --pass", ""));
    }
    options.extend(route.proxy.as_deref().map(proxy));
    options
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
    variable: &'static str,
    what: &'static str,
    rest: &str,
) -> ScenarioOption {
    let secret = OptionSecret { variable, what, rest: rest.to_owned() };
    ScenarioOption { name, value: value.to_owned(), secret: Some(secret) }
}

/// A path; `None` if no text has it.
fn path_text(path: &OsStr) -> Option<String> {
    absolute(path).ok()?.into_os_string().into_string().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_of_a_proxy_are_a_variable() {
        let written = |url| {
            let ScenarioOption { value, secret, .. } = proxy(url);
            secret.map_or(value.clone(), |it| format!("{value}{{{{{}}}}}{}", it.variable, it.rest))
        };
        assert_eq!(written("http://p:1"), "http://p:1");
        assert_eq!(written("socks5h://u:p@ss@p:1"), "socks5h://{{proxy_user}}@p:1");
        assert_eq!(written("u:p@p:1"), "{{proxy_user}}@p:1");
        assert_eq!(written(""), "");
    }
}
