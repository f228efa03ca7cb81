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
    let config = "no-compress = yes\n[e]\nurl = URL\nno-compress = false\n";
    assert_eq!(values(&request(config, "", &["URL"]).0, "Sec-WebSocket-Extensions").len(), 0);
    assert_eq!(values(&request(config, "", &["@e"]).0, "Sec-WebSocket-Extensions").len(), 1);
}

#[test]
fn a_second_section_of_a_name_is_refused() {
    let config = "[e]\nurl = ws://h\n[f]\nurl = ws://h\n[e]\n-A second\n";
    let reason = "line 5: there is an endpoint of that name already, in line 1";
    refused(config, &["@f"], 5, reason.split_once(": ").expect("two parts").1, "  [e]\n  ^^^");
}

#[test]
fn a_separator_may_be_the_value_of_an_option() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.expect_text("--");
        peer.answer_close(1000);
    });
    wscope().env("WSCOPE_OPTIONS", "-x --").args(["-w", "0", &server.url()]).run().code(0);
}

/// What the command line replaces may contradict itself in the file.
#[test]
fn options_that_exclude_each_other_are_settled_by_a_later_source() {
    let (_, outcome) = request("json\noutput = hex\n", "", &["--output=lines", "URL"]);
    assert!(!outcome.stdout.contains("\"event\""), "{}", outcome.stdout);
    let (_, outcome) = request("[e]\nurl = URL\njson\noutput = hex\n", "", &["--json", "@e"]);
    assert!(outcome.stdout.contains("\"event\""), "{}", outcome.stdout);
}

/// A subcommand uses the display options only.
#[test]
fn options_for_connecting_do_not_affect_subcommands() {
    for config in ["key = client.pem\n", "reconnect-on-close\n", "input = bad\n", "-4\n-6\n"] {
        with_config(config).args(["codes", "1000"]).run().code(0);
    }
    with_config("").env("WSCOPE_OPTIONS", "--key x").args(["codes", "1000"]).run().code(0);
}

#[test]
fn what_an_option_requires_may_be_elsewhere() {
    let config = "reconnect-on-close\n-H 'X-A: 1'\n";
    let (head, _) = request(config, "-H 'x-a: 2'", &["--reconnect=0", "URL"]);
    assert_eq!(values(&head, "x-a"), ["2"]);
    assert_eq!(values(&head, "X-A").len(), 0, "{head}");
    refused(
        config,
        &[&refused_url()],
        1,
        "were not provided: --reconnect",
        "\n  reconnect-on-close\n",
    );
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

/// Refused with this text after the file and line number, and with these marks.
#[track_caller]
fn refused(config: &str, args: &[&str], line: usize, words: &str, marks: &str) {
    let client = with_config(config);
    let path = client.home().join(FILE);
    let outcome = client.args(args).run().code(2).stdout("").stderr_lacks("hunter2");
    let first = outcome.stderr.lines().next().unwrap_or_default();
    let place = format!("wscope: {}, line {line}: ", path.display());
    assert!(first.starts_with(&place) && first.contains(words), "{config}: {}", outcome.stderr);
    assert!(outcome.stderr.contains(marks), "{config}: {}", outcome.stderr);
}

#[test]
fn an_invalid_line_is_reported_and_marked() {
    let url = &refused_url();
    for (config, line, words, marks) in [
        ("\n[a", 2, "the ']' is missing", "\n  [a\n    ^\n"),
        ("wait: hunter2", 1, "a '=' is expected here", "\n  wait:\n      ^\n"),
        ("bearer = \"hunter2", 1, "this quote is not closed", "\n  bearer = \"\n           ^\n"),
        (
            "quiet\nfrobnicate = 1",
            2,
            "unexpected argument '--frobnicate'",
            "\n  frobnicate = …\n  ^^^^^^^^^^\n",
        ),
        (
            "wiat = 5s",
            1,
            "unexpected argument '--wiat'",
            "\nhint: a similar argument exists: '--wait'\n",
        ),
        ("color = purple", 1, "'purple'", "\n  color = …\n  ^^^^^\n"),
        ("  -H nonsense", 1, "bad --header \"nonsense\"", "\n    -H …\n    ^^\n"),
        ("quiet = 5", 1, "its value must be true or false", "\n  quiet = …\n"),
        ("quiet =", 1, "its value must be true or false", "\n  quiet = …\n  ^^^^^\n"),
        ("w = soon", 1, "bad --wait \"soon\"", "\n  w = …\n  ^\n"),
        ("wait = 5s # five", 1, "bad --wait \"5s # five\"", "\nhint: a '#' after a value is part"),
        ("version", 1, "is allowed only on the command line", "\n  version\n"),
        (
            "connect-timeout = soon",
            1,
            "bad --connect-timeout \"soon\"",
            "\n  connect-timeout = …\n",
        ),
        ("bearer = hunter2 hunter2", 1, "bad --bearer \"***\"", "\n  bearer = …\n  ^^^^^^\n"),
        ("proxy = ftp://me:hunter2@h", 1, "bad --proxy \"ftp://", "\n  proxy = …\n  ^^^^^\n"),
        ("wait", 1, "a value is required", "\n  wait\n  ^^^^\n"),
        ("url = ws://hunter2@h", 1, "a URL must be part of an endpoint", "\n  url = …\n  ^^^\n"),
        ("connect = ws://h", 1, "is allowed only on the command line", "\n  connect = …\n"),
        ("--no-config", 1, "is allowed only on the command line", "\n  --no-config\n"),
        (
            "quiet\n-k\nverbose\n-k",
            3,
            "'--quiet' cannot be used with '--verbose...'",
            "\n  verbose\n",
        ),
        ("-ume:hunter2 x", 1, "an option is written", "\n  -u\n  ^^\n"),
        ("-uhunter2\n-4\n-6", 3, "'-4' cannot be used with '-6'", "\n  -6\n  ^^\n"),
    ] {
        refused(config, &[url], line, words, marks);
    }
}

#[test]
fn an_invalid_line_of_the_used_endpoint_is_reported() {
    let config = "[a]\nurl = ws://me:hunter2@h:x\n[b]\nquiet\n[c]\nurl = ws://h\nurl = ws://h\n[d]\nurl = ws://h\nfrob\n";
    refused(config, &["@a"], 2, "bad URL: 'x' is not a port number", "\n  ws://me:***@h:x\n");
    refused(config, &["@b"], 3, "the endpoint @b has no URL: write url = wss://… below it", "");
    refused(config, &["@c"], 7, "duplicate URL: the first is in line 6", "\n  url = …\n  ^^^\n");
    let comment = "[a]\nurl = ws://h # mine\n[b]\nurl = @a\n[c]\nurl = @c\n";
    refused(
        comment,
        &["@a"],
        2,
        "a URL cannot contain spaces",
        "\nhint: a '#' after a value is part",
    );
    refused(
        comment,
        &["@b"],
        4,
        "its own URL, not the name of another endpoint",
        "\n  url = …\n  ^^^\n",
    );
    refused(
        comment,
        &["@c/x"],
        6,
        "its own URL, not the name of another endpoint",
        "\n  url = …\n",
    );
    refused(config, &["@d"], 10, "unexpected argument '--frob'", "\n  frob\n  ^^^^\n");
    with_config(config).arg(refused_url()).run().code(3); // none of them is used
}

#[test]
fn an_unknown_endpoint_is_reported_with_the_known_ones() {
    let client = with_config("[staging]\nurl = ws://h\n[prod]\nurl = ws://h\n");
    let path = client.home().join(FILE).display().to_string();
    client
        .arg("@stagin/x")
        .run()
        .code(2)
        .stderr(&format!("wscope: no endpoint @stagin: {path} has none of that name\nhint: known endpoints: @staging, @prod\n"));
    let client = wscope();
    let path = client.home().join(FILE).display().to_string();
    client.arg("@staging").run().code(2).stderr(&format!(
        "wscope: no endpoint @staging: {path} does not exist\n\
         hint: add a section [staging] with a line url = wss://… to {path}\n"
    ));
}

#[test]
fn an_invalid_variable_is_reported() {
    for (options, words) in [
        ("--frob", "WSCOPE_OPTIONS: unexpected argument '--frob'"),
        ("--wiat 5s", "WSCOPE_OPTIONS: unexpected argument '--wiat'"),
        ("-H 'X: y", "WSCOPE_OPTIONS: the quote at character 4 is not closed"),
        (
            "ws://h",
            "WSCOPE_OPTIONS: 'ws://h' is not an option; a URL is allowed only on the command line",
        ),
        ("--wait soon", "WSCOPE_OPTIONS: bad --wait \"soon\""),
        ("--no-config", "WSCOPE_OPTIONS: --no-config is allowed only on the command line"),
        ("-q --help", "WSCOPE_OPTIONS: --help is allowed only on the command line"),
        ("-V", "WSCOPE_OPTIONS: -V is allowed only on the command line"),
        ("-q --wait", "WSCOPE_OPTIONS: a value is required for '--wait <TIME>'"),
        ("-q -- x", "WSCOPE_OPTIONS: '--' is not an option"),
        ("listen", "WSCOPE_OPTIONS: 'listen' is not an option"),
        ("-vq", "WSCOPE_OPTIONS: the argument '--verbose...' cannot be used with '--quiet'"),
    ] {
        let client = wscope().env("WSCOPE_OPTIONS", options).arg(refused_url());
        client.run().code(2).stdout("").stderr_contains(words);
    }
}

#[test]
fn an_error_of_the_command_line_is_not_attributed_to_the_file() {
    let client = with_config("wait = 5s\n").args(["--wait", "soon", &refused_url()]);
    client.run().code(2).stderr_contains("wscope: bad --wait \"soon\"");
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
        .stderr_contains("line 1: the ']' is missing");
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
        .stderr_contains(&format!("wscope: {}: ", path.display()));
    let client = with_config("");
    fs::write(client.home().join(FILE), b"quiet\n\xff\n").expect("a file");
    client.arg(refused_url()).run().code(2).stderr_contains(", line 2: it is not UTF-8\n");
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
    let headers: String = (0..20_000).map(|number| format!("-H X{number}:\n")).collect();
    let section = headers.replace('X', "Y");
    let url = refused_url();
    with_config(&format!("{headers}[a]\nurl = {url}\n{section}")).arg("@a").run().code(3);
    let name = "y".repeat(1_000_000);
    let outcome = with_config(&name).arg(refused_url()).run().code(2);
    outcome.stderr_contains("line 1: the option name is too long\n  yyyy");
    let outcome = with_config(&format!("wiat {name}")).arg(refused_url()).run().code(2);
    assert!(outcome.stderr.len() < 1000, "{} bytes", outcome.stderr.len());
    let outcome = with_config(&format!("-{name}")).arg(refused_url()).run().code(2);
    assert!(outcome.stderr.len() < 1000, "{} bytes", outcome.stderr.len());
}
