use std::ffi::OsString;
use std::path::Path;

use clap::{CommandFactory, FromArgMatches};

use super::*;
use crate::cli::{Cli, Command};
use crate::config::{AuthEnv, SettingsEnv, expand};

/// A file of settings with what `proxy` takes and what it does not.
const SETTINGS: &str = "\
header = X-All: 1
user-agent = all
origin = http://all
bearer = all-token
cookie = all=1
netrc
connect-timeout = 3s
no-proxy = *
verbose
subprotocol = all
no-compress
output = hex

[staging]
url = ws://staging.test/base
header = X-Staging: 1
header = X-Typed: staging
user = me:hunter2-staging
connect-timeout = 4s
";

fn environment(settings: &Path) -> Env {
    Env {
        visible_secrets: None,
        stdin_is_terminal: false,
        stdout_is_terminal: false,
        stdout_is_discarded: false,
        stderr_is_terminal: false,
        no_color: false,
        force_color: false,
        can_edit_lines: true,
        is_foreground: true,
        history: None,
        listen_history: None,
        proxy_history: Some("proxy-history".into()),
        programs: UserPrograms::find(|_| None),
        auth: AuthEnv::default(),
        settings: SettingsEnv { file: Some(settings.to_owned()), ..SettingsEnv::default() },
        proxies: Vec::new(),
        variables: Default::default(),
        secrets: Default::default(),
        is_github: false,
        is_azure: false,
    }
}

/// The configuration of `wscope proxy :0` with these arguments, with [`SETTINGS`], in this environment.
fn configured_in(args: &[&str], changed: impl FnOnce(&mut Env)) -> Result<ProxyConfig, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config");
    std::fs::write(&path, SETTINGS).expect("a file");
    let mut env = environment(&path);
    changed(&mut env);
    let words = ["wscope", "proxy", ":0"].iter().chain(args);
    let words: Vec<_> = words.map(OsString::from).collect();
    let typed = Cli::command().try_get_matches_from(&words).map_err(|error| error.to_string())?;
    let expanded = expand(&words, &typed, &env).map_err(|error| error.to_string())?;
    let matches = expanded.as_ref().map_or(&typed, |expanded| &expanded.matches);
    let cli = Cli::from_arg_matches(matches).map_err(|error| error.to_string())?;
    let Some(Command::Proxy(mut args)) = cli.command else { panic!("another command") };
    let mut given = GivenValues::typed(&words);
    if let Some(expanded) = &expanded {
        expanded.settle_proxy(&mut args);
        given = given.and(expanded.given());
    }
    ProxyConfig::new(&args, &given, &env).map_err(|error| error.to_string())
}

fn configured(args: &[&str]) -> ProxyConfig {
    configured_in(args, |_| {}).expect("a valid command line")
}

/// The edits as they are typed.
fn edits_of(args: &[&str]) -> Vec<String> {
    configured(args).edits.iter().map(HeaderLine::to_string).collect()
}

#[test]
fn nothing_is_changed_that_was_not_asked_for() {
    let config = configured(&["--no-config", "ws://h/a"]);
    assert!(config.edits.is_empty() && config.rules.list().is_empty(), "{config:?}");
    assert_eq!(config.faults, Faults::default());
    assert!(config.relays_http && !config.keep_host && !config.keep_origin && !config.once);
    assert_eq!((config.seed, config.connections, config.duration), (None, None, None));
    assert_eq!(config.endpoint.max_redirects, None);
    let handshake = &config.endpoint.handshake;
    assert_eq!((&handshake.extensions, &handshake.origin), (&None, &None));
    assert!(handshake.subprotocols.is_empty());
    let Capacity { clients, message, memory, .. } = config.capacity;
    assert_eq!((clients, message, memory), (1000, 64 << 20, 512 << 20));
}

#[test]
fn options_replace_what_the_client_sends() {
    for (args, edits) in [
        (&["-o", "http://o", "-A", "me/1"][..], &["Origin: http://o", "User-Agent: me/1"][..]),
        (&["-A", ""], &["User-Agent:"]),
        (&["-u", "a:b"], &["Authorization: Basic YTpi"]),
        (&["--bearer", "t", "--cookie", "a=b"], &["Authorization: Bearer t", "Cookie: a=b"]),
        (&["-H", "X-A: 1", "-H", "X-A: 2", "-H", "X-B:"], &["X-A: 1", "X-A: 2", "X-B:"]),
        // The headers of one's own count most.
        (&["-H", "origin: http://h", "-o", "http://o"], &["origin: http://h"]),
        (&["-H", "User-Agent:", "-A", "me"], &["User-Agent:"]),
        (&["-H", "Authorization: x", "-u", "a:b"], &["Authorization: x"]),
        (&["-H", "Cookie;", "--cookie", "a=b"], &["Cookie;"]),
    ] {
        assert_eq!(edits_of(&[args, &["--no-config", "ws://h"]].concat()), edits, "{args:?}");
    }
}

#[test]
fn userinfo_of_the_url_is_basic_authentication_and_masked() {
    let config = configured(&["--no-config", "ws://me:hunter2-url@h/?token=hunter2-query"]);
    assert_eq!(config.edits, [HeaderLine::new("Authorization", "Basic bWU6aHVudGVyMi11cmw=")]);
    for secret in ["hunter2-url", "hunter2-query"] {
        assert_eq!(config.secrets.mask_text(secret.to_owned()), "***");
    }
}

#[test]
fn an_endpoint_brings_its_options_along() {
    let config = configured(&["@staging/x", "-H", "X-Typed: 1"]);
    assert_eq!(config.endpoint.target.resource, "/base/x");
    let edits: Vec<_> = config.edits.iter().map(HeaderLine::to_string).collect();
    let basic = "Authorization: Basic bWU6aHVudGVyMi1zdGFnaW5n";
    assert_eq!(edits, [basic, "X-Staging: 1", "X-Typed: 1"]);
    assert_eq!(config.endpoint.connect_timeout, Some(Duration::from_secs(4)));
    assert_eq!(config.secrets.mask_text("hunter2-staging".to_owned()), "***");
    let error = configured_in(&["@stagign"], |_| {}).expect_err("no such endpoint");
    assert!(error.ends_with("did you mean @staging?"), "{error}");
}

/// The file is about wscope's own requests.
#[test]
fn settings_for_all_connections_do_not_change_the_requests_of_clients() {
    let config = configured(&["ws://h"]);
    assert!(config.edits.is_empty(), "{:?}", config.edits);
    assert_eq!(config.endpoint.handshake.user_agent, USER_AGENT);
    assert_eq!(config.endpoint.connect_timeout, Some(Duration::from_secs(3)));
    assert_eq!(config.commentary.detail, Detail::Control);
    assert!(matches!(config.stdout, Stdout::Payload(_)));
    let with_variable = |env: &mut Env| env.settings.options = Some("-A variable -k".into());
    let config = configured_in(&["ws://h"], with_variable).expect("a valid command line");
    assert!(config.edits.is_empty() && config.endpoint.tls.options().insecure);
}

#[test]
fn standard_input_is_read_only_from_a_terminal() {
    let input = |stdin, stdout| {
        let on_terminal = |env: &mut Env| {
            (env.stdin_is_terminal, env.stdout_is_terminal) = (stdin, stdout);
        };
        configured_in(&["ws://h"], on_terminal).expect("a valid command line").input
    };
    assert_eq!(input(false, true), ServerInput::None);
    assert_eq!(input(true, false), ServerInput::Plain);
    assert_eq!(input(true, true), ServerInput::Repl);
}

#[test]
fn what_no_option_asks_for_is_not_written_to_the_null_device() {
    let stdout = |options: &[&str]| {
        let arguments = [options, &["ws://h"]].concat();
        let discards = |env: &mut Env| env.stdout_is_discarded = true;
        configured_in(&arguments, discards).expect("a valid command line").stdout
    };
    assert_eq!(stdout(&[]), Stdout::Nothing);
    assert!(matches!(stdout(&["--json"]), Stdout::Json(_)));
    assert!(matches!(stdout(&["--output", "lines"]), Stdout::Payload(_)));
}

#[test]
fn rules_are_parsed_with_their_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("payload");
    std::fs::write(&path, "from a file").expect("a file");
    let rule = format!("client /a/ => replace text:@{}", path.display());
    let config = configured(&["--rule", "any ping: => drop", "--rule", &rule, "ws://h"]);
    let texts: Vec<_> = config.rules.list().iter().map(|it| it.rule.to_string()).collect();
    assert_eq!(texts, ["any ping: => drop", &rule]);
    let replacement = match config.rules.list()[1].rule.action() {
        RuleAction::Replace(replacement) => &replacement.data,
        other => panic!("{other:?}"),
    };
    assert_eq!(&replacement[..], b"from a file");
    assert!(config.record.used.iter().any(|(used, _)| *used == path), "no recording replaces it");
}

#[test]
fn only_an_operator_can_decide_about_held_messages() {
    let hold = ["--rule", "client => hold", "ws://h"];
    let reason = configured_in(&hold, |_| {}).expect_err("no prompt");
    assert!(reason.contains("hold needs a prompt"), "{reason}");
    let config = configured_in(&hold, |env| env.stdin_is_terminal = true);
    assert!(config.expect("a prompt").rules.first_hold().is_some());
    let config = configured_in(&["--ui", "--rule", "client => hold", "ws://h"], |_| {});
    assert!(config.expect("the page").rules.first_hold().is_some());
}

#[test]
fn what_the_user_may_not_expect_is_noted() {
    let notices = |args: &[&str]| {
        let config = configured(&[args, &["--no-config"]].concat());
        config.notices.into_iter().map(|(_, text)| text).collect::<Vec<_>>()
    };
    assert!(notices(&["ws://h"]).is_empty());
    assert!(notices(&["h"]).iter().any(|text| text.contains("wss://")), "{:?}", notices(&["h"]));
    assert_eq!(notices(&["ws://h", "-n"]), ["-n: the server's certificate is not checked"]);
    let bypassed = notices(&["ws://h", "--proxy", "http://p", "--no-proxy", "h"]);
    assert!(bypassed.iter().any(|text| text.contains("is not used")), "{bypassed:?}");
}
