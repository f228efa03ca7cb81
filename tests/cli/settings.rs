//! Options from the configuration file and from WSCOPE_OPTIONS, and endpoints by name.

use std::fs;
use std::path::Path;

use crate::request::request_of;
use crate::scripts::refused_url;
use crate::support::{Outcome, Server, Wscope, header, wscope};

const FILE: &str = ".config/wscope/config";

/// A client with this configuration file, readable only by its owner.
fn with_config(text: &str) -> Wscope {
    let client = wscope();
    write_config(&client.home().join(FILE), text);
    client
}

fn write_config(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
    set_mode(path, 0o600);
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) {}

/// The request of a client with this file, these arguments and this WSCOPE_OPTIONS. URL in them is replaced
/// by the server's.
#[track_caller]
fn request(config: &str, options: &str, args: &[&str]) -> (String, Outcome) {
    request_of(&[], |server: &Server| {
        let url = server.url();
        let client = with_config(&config.replace("URL", &url)).env("WSCOPE_OPTIONS", options);
        client.args(args.iter().map(|arg| arg.replace("URL", &url)))
    })
}

fn values(head: &str, name: &str) -> Vec<String> {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).collect()
}

/// The completion scripts read this list.
#[test]
fn endpoints_are_listed_for_completion() {
    let list = |config: &str| {
        let outcome = with_config(config).args(["completions", "--endpoints"]).run().code(0);
        outcome.stderr("").stdout
    };
    let config = "wait = 5s\n[a.b]\n-k\nurl = wss://me:hunter2@h/x?token=hunter3\n[none]\n-k\n\
                  [local]\nurl = :8080\nurl = :8081\n[chain]\nurl = @local\n";
    assert_eq!(list(config), "@a.b\twss://me:***@h/x?token=***\n@local\t:8081\n");
    let broken =
        "[a]\nurl = :1\nwait hunter2\n[bro ken\nurl = :2\n[b]\nfrob = 1\nurl = :3\n# \u{e9}\n";
    assert_eq!(list(broken), "@a\t:1\n@b\t:3\n");
    let client = with_config("");
    let latin1 = b"[a]\nurl = :1\n# caf\xe9\n[b]\nurl = :2\n";
    fs::write(client.home().join(FILE), latin1).expect("a file");
    client.args(["completions", "--endpoints"]).run().code(0).stdout("@a\t:1\n@b\t:2\n");
    wscope().args(["completions", "--endpoints"]).run().code(0).stdout("").stderr("");
    wscope().args(["completions", "--endpoints", "bash"]).run().code(2);
    wscope().arg("completions").run().code(2).stderr_contains("<SHELL>");
}

#[test]
fn options_for_all_connections_are_read_from_the_file() {
    let config =
        "# mine\n--no-compress\nuser-agent = me/1\n-H 'X-A: 1'\n--header=X-B: 2\norigin=http://o\n";
    let (head, _) = request(config, "", &["URL"]);
    for (name, value) in
        [("User-Agent", "me/1"), ("X-A", "1"), ("X-B", "2"), ("Origin", "http://o")]
    {
        assert_eq!(header(&head, name), Some(value), "{head}");
    }
    assert_eq!(header(&head, "Sec-WebSocket-Extensions"), None, "{head}");
}

#[test]
fn a_named_endpoint_has_its_url_and_its_options() {
    let config = "-A default\n[prod]\nurl = ws://127.0.0.1:1\n-A no\n[staging]\nurl = URL/base/?v=1\nuser = me:hunter2\n\
                  cookie = a=b\nsubprotocol = v2\n[last]\nurl = ws://127.0.0.1:1\nbearer = no\n";
    let agent = ("User-Agent", "default");
    for args in [["@staging/feed?x=2"], ["--connect=@staging/feed?x=2"]] {
        let (head, outcome) = request(config, "", &args);
        assert!(head.starts_with("GET /base/feed?v=1&x=2 HTTP/1.1\r\n"), "{head}");
        for (name, value) in [
            agent,
            ("Authorization", "Basic bWU6aHVudGVyMg=="),
            ("Cookie", "a=b"),
            ("Sec-WebSocket-Protocol", "v2"),
        ] {
            assert_eq!(header(&head, name), Some(value), "{head}");
        }
        outcome.stderr_lacks("hunter2").stderr_lacks("readable by others");
    }
}

#[test]
fn more_specific_settings_take_precedence() {
    let config = "-A file\norigin = http://file\n[e]\nurl = URL\n-A section\n";
    for (options, args, agent) in [
        ("", &["URL"][..], "file"),
        ("", &["@e"], "section"),
        ("-A variable", &["@e"], "variable"),
        ("-A variable", &["@e", "-A", "typed"], "typed"),
        ("--user-agent 'with blank'", &["URL"], "with blank"),
        ("-vkAshort", &["URL"], "short"),
    ] {
        let (head, _) = request(config, options, args);
        assert_eq!(header(&head, "User-Agent"), Some(agent), "{options} {args:?}");
        assert_eq!(header(&head, "Origin"), Some("http://file"), "{options} {args:?}");
    }
}

#[test]
fn headers_of_one_name_are_replaced_and_others_added() {
    let config = "-H 'X-A: 1'\n-H 'x-a: 2'\n-H 'X-B: 1'\n-H 'X-C: 1'\nsubprotocol = one, two\n";
    let (head, _) = request(config, "-H 'x-b: 2'", &["-H", "X-C:", "-s", "three", "URL"]);
    assert_eq!(values(&head, "X-A"), ["1"]);
    assert_eq!(values(&head, "x-a"), ["2"]);
    assert_eq!(values(&head, "X-B").len() + values(&head, "X-C").len(), 0, "{head}");
    assert_eq!(values(&head, "x-b"), ["2"]);
    assert_eq!(values(&head, "Sec-WebSocket-Protocol"), ["three"]);
}

#[test]
fn an_option_is_replaced_by_a_conflicting_one() {
    let config = "no-compress\nquiet\n--bearer no\n--json\n";
    let (head, outcome) = request(
        config,
        "--output lines",
        &["--compress", "client_max_window_bits=10", "-v", "-u", "a:b", "URL"],
    );
    assert!(values(&head, "Sec-WebSocket-Extensions")[0].ends_with("client_max_window_bits=10"));
    assert_eq!(values(&head, "Authorization"), ["Basic YTpi"]);
    outcome.stdout("").stderr_contains("> GET / HTTP/1.1\n");
}

#[test]
fn a_flag_can_be_turned_off_again() {
    let config = "no-compress = true\n[e]\nurl = URL\nno-compress = false\n";
    assert_eq!(values(&request(config, "", &["URL"]).0, "Sec-WebSocket-Extensions").len(), 0);
    assert_eq!(values(&request(config, "", &["@e"]).0, "Sec-WebSocket-Extensions").len(), 1);
}

#[test]
fn the_later_of_two_options_that_exclude_each_other_wins() {
    let (_, outcome) = request("json\noutput = lines\n", "", &["URL"]);
    assert!(!outcome.stdout.contains("\"event\""), "{}", outcome.stdout);
    let (_, outcome) = request("[e]\nurl = URL\noutput = hex\njson\n", "-vq", &["@e"]);
    assert!(outcome.stdout.contains("\"event\""), "{}", outcome.stdout);
    outcome.stderr("");
}

/// A subcommand uses the display options only.
#[test]
fn options_for_connecting_do_not_affect_subcommands() {
    for config in ["key = client.pem\n", "reconnect-on-close\n", "-4\n-6\n"] {
        let client = with_config(config).env("WSCOPE_OPTIONS", "--key x");
        client.args(["listen", "x"]).run().code(2).stderr_contains("wscope: bad address");
    }
}

#[test]
fn what_an_option_requires_may_be_elsewhere() {
    let config = "reconnect-on-close\n-H 'X-A: 1'\n";
    let (head, _) = request(config, "-H 'x-a: 2'", &["--reconnect=0", "URL"]);
    assert_eq!(values(&head, "x-a"), ["2"]);
    assert_eq!(values(&head, "X-A").len(), 0, "{head}");
    refused(config, &[&refused_url()], 1, "were not provided: --reconnect");
}

#[test]
fn no_config_ignores_the_file_and_the_variable() {
    let (head, _) = request("nonsense\n[", "--frob", &["--no-config", "URL"]);
    assert!(header(&head, "User-Agent").is_some_and(|agent| agent.starts_with("wscope/")));
    let outcome = with_config("[e]\nurl = ws://h\n").args(["--no-config", "@e"]).run().code(2);
    outcome.stderr_contains("wscope: --no-config: it ignores the file with the endpoints\n");
}

#[test]
fn the_file_is_in_xdg_config_home() {
    let (head, _) = request_of(&[], |server| {
        let client = with_config("-A no\n");
        let other = client.home().join("xdg");
        write_config(&other.join("wscope/config"), "-A yes\n");
        client.env("XDG_CONFIG_HOME", other).arg(server.url())
    });
    assert_eq!(header(&head, "User-Agent"), Some("yes"));
    let (head, _) = request_of(&[], |server| {
        with_config("-A yes\n").env("XDG_CONFIG_HOME", "relative").arg(server.url())
    });
    assert_eq!(header(&head, "User-Agent"), Some("yes"));
}

#[test]
fn a_path_may_start_with_a_tilde() {
    let (head, _) = request_of(&[], |server| {
        let client = with_config(&format!("[e]\nurl = {}\nbearer = @~/token\n", server.url()));
        client.file("token", "abc\n").arg("@e")
    });
    assert_eq!(header(&head, "Authorization"), Some("Bearer abc"));
}

/// Refused with this text after the file and line number.
#[track_caller]
fn refused(config: &str, args: &[&str], line: usize, words: &str) {
    let client = with_config(config);
    let path = client.home().join(FILE);
    let outcome = client.args(args).run().code(2).stdout("").stderr_lacks("hunter2");
    let first = outcome.stderr.lines().next().unwrap_or_default();
    let place = format!("wscope: {}, line {line}: ", path.display());
    assert!(first.starts_with(&place) && first.contains(words), "{config}: {}", outcome.stderr);
}

#[test]
fn an_invalid_line_is_reported() {
    let url = &refused_url();
    for (config, line, words) in [
        ("\n[a", 2, "a section is written [NAME]"),
        ("wait: hunter2", 1, "an option is written NAME = VALUE, --NAME or -X VALUE"),
        ("wait hunter2", 1, "an option is written"),
        ("bearer = \"hunter2 x\" # mine", 1, "bad --bearer \"***\""),
        ("quiet\nfrobnicate = hunter2", 2, "unexpected argument '--frobnicate'"),
        ("color = purple", 1, "'purple'"),
        ("  -H nonsense", 1, "bad --header \"nonsense\""),
        ("quiet = 5", 1, "--quiet must be true or false"),
        ("quiet =", 1, "--quiet must be true or false"),
        ("w = soon", 1, "bad --wait \"soon\""),
        ("wait = 5s\nwait = soon", 2, "bad --wait \"soon\""),
        ("-V", 1, "are allowed only on the command line"),
        ("proxy = ftp://me:hunter2@h", 1, "bad --proxy \"ftp://"),
        ("wait\n-k", 1, "--wait requires a value"),
        ("pass", 1, "--pass requires a value"),
        ("-x\n-k", 1, "a value is required for '--send <TEXT>'"),
        ("url = ws://hunter2@h", 1, "a line url = wss://… must be part of an endpoint"),
        ("connect = ws://hunter2@h", 1, "are allowed only on the command line"),
        ("-vcws://hunter2@h", 1, "are allowed only on the command line"),
        ("--no-config", 1, "are allowed only on the command line"),
        ("quiet\n-ume:hunter2 x\n-kX", 3, "unexpected argument '-X'"),
    ] {
        refused(config, &[url], line, words);
    }
    let outcome = with_config("wiat = 5s").arg(url).run().code(2);
    outcome.stderr_contains("'--wiat' found: a similar argument exists: '--wait'\n");
    let outcome = with_config("w = soon").arg(url).run().code(2);
    outcome.stderr_contains(
        "\nhint: 'wscope --help' lists the options; --no-config ignores the file\n",
    );
}

#[test]
fn an_invalid_line_of_the_used_endpoint_is_reported() {
    let config =
        "[a]\nurl = ws://me:hunter2@h:x\n[b]\nurl = ws://h\nfrob\n[c]\nurl = @a\n[d]\nurl =\n";
    for (endpoint, line, words) in [
        ("@a", 2, "section [a]: bad URL: 'x' is not a port number"),
        ("@b", 5, "unexpected argument '--frob'"),
        ("@d", 9, "section [d]: bad URL: "),
    ] {
        refused(config, &[endpoint], line, words);
    }
    with_config(config).arg(refused_url()).run().code(3); // none of them is used
}

#[test]
fn an_unknown_endpoint_is_reported() {
    let configured = with_config("[staging]\nurl = @prod\n[prod]\nurl = ws://h\n");
    for (client, reason) in [
        (configured, "has no section [staging] with a line url = wss://…"),
        (wscope(), "does not exist; @staging is its section [staging], with a line url = wss://…"),
    ] {
        let path = client.home().join(FILE).display().to_string();
        let message = format!("wscope: @staging: {path} {reason}\n");
        client.arg("@staging/x").run().code(2).stderr(&message);
    }
}

#[test]
fn a_misspelt_endpoint_is_recognised() {
    let outcome = with_config("[staging]\nurl = ws://h\n").arg("@stagign/x").run().code(2);
    outcome.stderr_contains("a line url = wss://…; did you mean @staging?\n");
}

#[test]
fn the_name_of_an_endpoint_is_required() {
    for arguments in [["@"], ["@/path"]] {
        let outcome = with_config("[a]\nurl = ws://h\n").args(arguments).run().code(2);
        outcome.stderr_contains("wscope: @: a name is missing: write @NAME");
    }
}

/// The advice for a misspelt command would not help.
#[test]
fn a_command_as_the_url_of_an_endpoint_is_reported_at_its_line() {
    for word in ["listen", "lisen"] {
        let config = format!("[cmd]\nurl = {word}\n");
        refused(&config, &["@cmd"], 2, &format!("section [cmd]: '{word}' is a command"));
        let outcome = with_config(&config).arg("@cmd").run();
        outcome.stderr_contains(&format!("\nhint: A host of that name is written ws://{word}\n"));
    }
}

/// As if they were one.
#[test]
fn sections_of_one_name_are_read_in_their_order() {
    let config =
        "[e]\nurl = ws://127.0.0.1:1\n-A no\n[f]\n-A f\n[e]\nurl = URL\n-A yes\n-o http://o\n";
    let (head, _) = request(config, "", &["@e"]);
    assert_eq!(header(&head, "User-Agent"), Some("yes"));
    assert_eq!(header(&head, "Origin"), Some("http://o"));
}

#[test]
fn an_invalid_variable_is_reported() {
    for (options, words) in [
        ("--frob", "WSCOPE_OPTIONS: unexpected argument '--frob'"),
        ("--wiat 5s", "WSCOPE_OPTIONS: unexpected argument '--wiat'"),
        ("-H 'X: y", "WSCOPE_OPTIONS: a quote is not closed, or a backslash ends it"),
        (
            "ws://h",
            "WSCOPE_OPTIONS: a URL, a command, --connect, --listen, --no-config, --from-curl,",
        ),
        ("--wait soon", "WSCOPE_OPTIONS: bad --wait \"soon\""),
        ("--no-config", "WSCOPE_OPTIONS: a URL, a command, --connect"),
        ("-q --help", "WSCOPE_OPTIONS: a URL, a command, --connect"),
        ("-q --wait", "WSCOPE_OPTIONS: a value is required for '--wait <TIME>'"),
        ("-q --", "WSCOPE_OPTIONS: '--' is not an option"),
        (
            "listen",
            "WSCOPE_OPTIONS: a URL, a command, --connect, --listen, --no-config, --from-curl,",
        ),
        ("--key x", "WSCOPE_OPTIONS: the following required arguments were not provided: --cert"),
    ] {
        let client = wscope().env("WSCOPE_OPTIONS", options).arg(refused_url());
        client.run().code(2).stdout("").stderr_contains(words);
    }
}

#[test]
fn an_error_of_the_command_line_is_not_attributed_to_the_file() {
    let client = with_config("wait = 5s\n").args(["--wait", "soon", &refused_url()]);
    client.run().code(2).stderr_contains("wscope: bad --wait \"soon\"");
    let client = with_config("bearer = hunter2\n").args(["--bearer", "a b", &refused_url()]);
    client.run().code(2).stderr_contains("wscope: bad --bearer");
    let client = with_config("wait = 5s\n").args(["--frob", &refused_url()]);
    client.run().code(2).stderr_contains("wscope: unexpected argument '--frob'");
}

#[test]
fn other_commands_use_display_options_only() {
    let config = "no-compress\n-u a:b\n-H 'X: y'\ncolor = always\nconnect-timeout = 1s\n";
    let outcome = with_config(config)
        .env("WSCOPE_OPTIONS", "-x hi")
        .args(["listen", "256.0.0.1:x"])
        .run()
        .code(2);
    outcome.stderr_contains("bad address");
    let client = with_config("[a]\nurl = ws://h\n").args(["listen", "@a"]).run().code(2);
    client.stderr_contains("bad address \"@a\"").stderr_contains("is an endpoint to connect to");
    with_config("nonsense =").arg("codes").run().code(0).stderr("");
    with_config("[").args(["completions", "bash"]).run().code(0).stderr("");
    with_config("[").arg("--help").run().code(0).stderr("");
    with_config("[")
        .args(["listen", "--once"])
        .run()
        .code(2)
        .stderr_contains("line 1: a section is written");
}

#[test]
fn failures_of_settings_are_events() {
    let outcome = with_config("json\nwait = soon\n").arg(refused_url()).run().code(2);
    let events = outcome.json_lines();
    assert_eq!(events[0]["kind"], "usage", "{}", outcome.stdout);
    assert!(
        events[0]["message"].as_str().is_some_and(|text| text.contains(", line 2: bad --wait"))
    );
}

#[test]
#[cfg(unix)]
fn secrets_readable_by_others_are_reported() {
    for (config, has_secret) in [
        ("user = me:hunter2", true),
        ("user = me", false),
        ("-ume:hunter2", true),
        ("bearer = hunter2", true),
        ("bearer = @token", false),
        ("cookie = a=hunter2", true),
        ("-H Authorization: Bearer hunter2", true),
        ("-H 'X-Api-Key: hunter2'", true),
        ("-H X-Other: hunter2", false),
        ("[other]\nurl = wss://me:hunter2@h", true),
        ("[other]\nurl = wss://h/?token=hunter2", true),
        ("[other]\nurl = wss://h/?a=b", false),
    ] {
        for (mode, is_readable) in [(0o600, false), (0o640, true), (0o604, true)] {
            let client = with_config(config).file("token", "x").env("WSCOPE_USER", "a:b");
            let path = client.home().join(FILE);
            set_mode(&path, mode);
            let args = ["-u", "a:b", &refused_url()];
            let outcome = client.args(args).run().code(3).stderr_lacks("hunter2");
            let has_warning =
                outcome.stderr.contains("contains secrets and is readable by others: chmod 600 ");
            assert_eq!(
                has_warning,
                has_secret && is_readable,
                "{config} {mode:o}: {}",
                outcome.stderr
            );
        }
    }
}

#[test]
fn unreadable_files_are_reported() {
    let client = wscope();
    let path = client.home().join(FILE);
    fs::create_dir_all(&path).expect("a folder");
    client
        .arg(refused_url())
        .run()
        .code(2)
        .stderr_contains(&format!("wscope: configuration file {}: ", path.display()));
    let client = with_config("");
    fs::write(client.home().join(FILE), b"quiet\n\xff\n").expect("a file");
    client.arg(refused_url()).run().code(2).stderr_contains("it is not UTF-8\n");
    let client = with_config(&"#\n".repeat(600_000));
    client.arg(refused_url()).run().code(2).stderr_contains("the file is larger than 1 MiB");
    let client = wscope().env("XDG_CONFIG_HOME", "").env("HOME", "").arg("@a");
    client
        .run()
        .code(2)
        .stderr("wscope: @a: no configuration file: neither HOME nor XDG_CONFIG_HOME is set\n");
}

#[test]
#[cfg(target_os = "linux")]
fn an_endless_file_is_read_up_to_a_limit() {
    let client = with_config("");
    let path = client.home().join(FILE);
    fs::remove_file(&path).expect("a file");
    std::os::unix::fs::symlink("/dev/zero", &path).expect("a link");
    client.arg(refused_url()).run().code(2).stderr_contains("the file is larger than 1 MiB");
}

#[test]
fn huge_files_are_processed_in_time() {
    let sections: String = (0..100_000).map(|number| format!("[{number:x}]\n")).collect();
    with_config(&sections).arg(refused_url()).run().code(3);
    let headers: String = (0..1_000).map(|number| format!("-H X{number}:\n")).collect();
    let section = headers.replace('X', "Y");
    let url = refused_url();
    with_config(&format!("{headers}[a]\nurl = {url}\n{section}")).arg("@a").run().code(3);
    let name = "y".repeat(1_000_000);
    let outcome = with_config(&name).arg(refused_url()).run().code(2);
    outcome.stderr_contains("line 1: an option is written").stderr_lacks("yyy");
    let outcome = with_config(&format!("wiat {name}")).arg(refused_url()).run().code(2);
    assert!(outcome.stderr.len() < 1000, "{} bytes", outcome.stderr.len());
    let outcome = with_config(&format!("-{name}")).arg(refused_url()).run().code(2);
    assert!(outcome.stderr.len() < 1000, "{} bytes", outcome.stderr.len());
}
