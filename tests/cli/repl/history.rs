//! History, completion and hints of the prompt.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{enter_line, leave, server, session, submit, wait_for_prompt};
use crate::scripts::answer_close;
use crate::support::{Key, Server, Terminal};

#[test]
fn up_recalls_earlier_lines() {
    let server = server(|peer| {
        ["one", "two", "one", "two!"].into_iter().for_each(|line| peer.expect_text(line))
    });
    let terminal = session(&server);
    enter_line(&terminal, "one");
    enter_line(&terminal, "two");
    terminal.press(Key::Up);
    terminal.press(Key::Up);
    wait_for_prompt(&terminal, "one");
    submit(&terminal);
    terminal.press(Key::Up);
    terminal.press(Key::Up);
    terminal.type_text("!");
    wait_for_prompt(&terminal, "two!");
    submit(&terminal);
    leave(terminal);
}

#[test]
fn the_next_session_recalls_lines() {
    let server = Server::scripts([expecting("remember me"), expecting("remember me")]);
    let first = session(&server);
    enter_line(&first, "remember me");
    let home = first.home();
    let second = session_at_home(&server, &home);
    second.press(Key::Up);
    wait_for_prompt(&second, "remember me");
    submit(&second);
    leave(second);
    leave(first);
}

fn expecting(line: &'static str) -> crate::support::Script {
    crate::support::script(move |peer| {
        peer.accept_request();
        peer.expect_text(line);
        answer_close(peer);
    })
}

fn session_at_home(server: &Server, home: &Path) -> Terminal {
    let home = home.to_str().expect("a path in UTF-8");
    let terminal = Terminal::spawn_with([server.url()], 80, 24, &[("HOME", home)]);
    wait_for_prompt(&terminal, "");
    terminal
}

#[test]
fn the_history_is_private() {
    let server = server(|peer| peer.expect_text("a secret"));
    let terminal = session(&server);
    enter_line(&terminal, "a secret");
    assert_private(&terminal.home().join(".local/state/wscope/history"), "a secret");
    leave(terminal);
}

#[test]
fn the_history_is_in_xdg_state_home() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path().to_str().expect("a path in UTF-8");
    let server = server(|peer| peer.expect_text("elsewhere"));
    let terminal = Terminal::spawn_with([server.url()], 80, 24, &[("XDG_STATE_HOME", path)]);
    wait_for_prompt(&terminal, "");
    enter_line(&terminal, "elsewhere");
    assert_private(&folder.path().join("wscope/history"), "elsewhere");
    assert!(!terminal.home().join(".local").exists());
    leave(terminal);
}

#[track_caller]
fn assert_private(file: &Path, line: &str) {
    let text = fs::read_to_string(file).expect("a history file");
    assert!(text.contains(line), "no {line:?} in {text:?}");
    assert_eq!(mode(file), 0o600);
    assert_eq!(mode(file.parent().expect("a folder")), 0o700);
}

#[track_caller]
fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

#[test]
fn a_line_that_starts_with_a_space_is_not_recorded() {
    let server = server(|peer| peer.expect_text(" token 123"));
    let terminal = session(&server);
    enter_line(&terminal, " token 123");
    let history = fs::read_to_string(terminal.home().join(".local/state/wscope/history"));
    assert!(!history.is_ok_and(|text| text.contains("token")));
    leave(terminal);
}

/// The message is sent as typed, and recalled unmasked at the same prompt.
#[test]
fn given_secrets_are_masked_in_the_history() {
    const LINE: &str = r#"{"token":"s3cr3t-V4lue"}"#;
    const URL: &str = "see wss://me:hunter2@h/?access_token=hunter2";
    let server = server(|peer| [LINE, URL, LINE].into_iter().for_each(|it| peer.expect_text(it)));
    let url = server.url();
    let args = ["--bearer", "s3cr3t-V4lue", &url];
    let terminal = Terminal::spawn_with(args, 80, 24, &[]);
    wait_for_prompt(&terminal, "");
    enter_line(&terminal, LINE);
    enter_line(&terminal, URL);
    terminal.press(Key::Up);
    terminal.press(Key::Up);
    wait_for_prompt(&terminal, LINE);
    submit(&terminal);
    let history = fs::read_to_string(terminal.home().join(".local/state/wscope/history"));
    let history = history.expect("a history file");
    assert!(history.contains(r#"{"token":"***"}"#), "{history}");
    assert!(history.contains("see wss://me:***@h/?access_token=***"), "{history}");
    assert!(!history.contains("s3cr3t") && !history.contains("hunter2"), "{history}");
    leave(terminal);
}

/// Only one of the secrets is sent.
#[test]
fn overridden_secrets_are_masked_in_the_history() {
    const LINE: &str =
        "option-1 pair-2 header-3 variable-4 setting-5 url-6 proxy-7 phrase-8 netrc-9";
    const SHORT: &str = "bearer A1, but A1";
    let server = server(|peer| [LINE, SHORT].into_iter().for_each(|it| peer.expect_text(it)));
    let folder = tempfile::tempdir().expect("a temporary directory");
    let netrc = folder.path().join("netrc");
    fs::write(&netrc, "machine 127.0.0.1 login a password netrc-9").expect("a file");
    let netrc = netrc.to_str().expect("a path in UTF-8");
    let url = server.url().replace("//", "//me:url-6@");
    let options = ["--bearer", "option-1", "-u", "me:pair-2", "--bearer=A1", "--netrc-file", netrc];
    let headers = ["-HX-Api-Key: header-3", "-H", "Authorization: Bearer used", "--no-proxy", "*"];
    let variables = [
        ("WSCOPE_BEARER", "variable-4"),
        ("WSCOPE_OPTIONS", "--cookie a=setting-5"),
        ("HTTP_PROXY", "http://me:proxy-7@localhost:1"),
    ];
    let tls = ["--proxy-header", "X-Token: phrase-8", &url];
    let args = [&options[..], &headers, &tls].concat();
    let terminal = Terminal::spawn_with(args, 120, 24, &variables);
    wait_for_prompt(&terminal, "");
    enter_line(&terminal, LINE);
    enter_line(&terminal, SHORT);
    let history = fs::read_to_string(terminal.home().join(".local/state/wscope/history"));
    let history = history.expect("a history file");
    assert!(history.contains("*** *** *** *** *** *** *** *** ***"), "{history}");
    assert!(history.contains("bearer ***, but A1"), "{history}");
    leave(terminal);
}

#[test]
fn the_history_can_be_disabled() {
    for (options, variables) in [(&["--no-history"][..], &[][..]), (&[], &[("WSCOPE_HISTORY", "")])]
    {
        let server = server(|peer| ["one", "one"].into_iter().for_each(|it| peer.expect_text(it)));
        let url = server.url();
        let args = [options, &[&*url]].concat();
        let terminal = Terminal::spawn_with(args, 80, 24, variables);
        wait_for_prompt(&terminal, "");
        enter_line(&terminal, "one");
        terminal.press(Key::Up);
        wait_for_prompt(&terminal, "one");
        submit(&terminal);
        assert!(!terminal.home().join(".local").exists());
        leave(terminal);
    }
}

#[test]
fn the_history_file_can_be_set() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("mine");
    let path = file.to_str().expect("a path in UTF-8");
    let server = server(|peer| peer.expect_text("elsewhere"));
    let terminal = Terminal::spawn_with([server.url()], 80, 24, &[("WSCOPE_HISTORY", path)]);
    wait_for_prompt(&terminal, "");
    enter_line(&terminal, "elsewhere");
    assert!(fs::read_to_string(&file).expect("a file").contains("elsewhere"));
    leave(terminal);
}

#[test]
fn an_unwritable_history_is_ignored() {
    let server = server(|peer| peer.expect_text("hello"));
    let terminal =
        Terminal::spawn_with([server.url()], 80, 24, &[("XDG_STATE_HOME", "/proc/none")]);
    wait_for_prompt(&terminal, "");
    enter_line(&terminal, "hello");
    leave(terminal);
}

/// A FIFO would block, and a device may be endless.
#[test]
fn a_history_that_is_not_a_regular_file_is_not_opened() {
    for kind in ["fifo", "device", "folder"] {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("wscope/history");
        fs::create_dir(folder.path().join("wscope")).expect("a folder");
        match kind {
            "fifo" => {
                let made = std::process::Command::new("mkfifo").arg(&path).status();
                assert!(made.expect("mkfifo").success());
            }
            "device" => std::os::unix::fs::symlink("/dev/zero", &path).expect("a link"),
            _ => fs::create_dir(&path).expect("a folder"),
        }
        let server = server(|peer| peer.expect_text("hello"));
        let home = folder.path().to_str().expect("a path in UTF-8");
        let terminal = Terminal::spawn_with([server.url()], 80, 24, &[("XDG_STATE_HOME", home)]);
        wait_for_prompt(&terminal, "");
        enter_line(&terminal, "hello");
        leave(terminal);
    }
}

#[test]
fn ctrl_r_searches() {
    let server = server(|peer| {
        ["apple pie", "banana", "apple pie"].into_iter().for_each(|line| peer.expect_text(line));
    });
    let terminal = session(&server);
    enter_line(&terminal, "apple pie");
    enter_line(&terminal, "banana");
    terminal.press(Key::CtrlR);
    terminal.type_text("app");
    terminal.wait_until("the line found", |screen| super::last_line(screen).contains("apple pie"));
    submit(&terminal);
    leave(terminal);
}

/// What is found is not sent, which its line shows whether or not it is colored; nothing found is no line.
#[test]
fn ctrl_c_ends_a_search() {
    let server = server(|peer| {
        [r#"{"op":"buy"}"#, "banana"].into_iter().for_each(|line| peer.expect_text(line));
    });
    let terminal = session(&server);
    enter_line(&terminal, r#"{"op":"buy"}"#);
    terminal.press(Key::CtrlR);
    terminal.type_text("bu");
    let search = "(reverse-i-search)`bu': {\"op\":\"buy\"}";
    terminal.wait_until("the line found", |screen| super::last_line(screen).contains(search));
    terminal.press(Key::CtrlC);
    terminal.wait_for("> {\"op\":\"buy\"}^C\n");
    wait_for_prompt(&terminal, "");
    terminal.press(Key::CtrlR);
    terminal.wait_for("(reverse-i-search)`': ");
    terminal.press(Key::CtrlC);
    wait_for_prompt(&terminal, "");
    enter_line(&terminal, "banana");
    leave(terminal);
}

#[test]
fn tab_completes_a_command() {
    let server = server(|_| {});
    let terminal = session(&server);
    terminal.type_text("/st");
    terminal.press(Key::Tab);
    wait_for_prompt(&terminal, "/status");
    terminal.press(Key::Enter);
    terminal.wait_for("OPEN (1)");
    leave(terminal);
}

#[test]
fn tab_lists_matching_commands() {
    let server = server(|_| {});
    let terminal = session(&server);
    terminal.type_text("/p");
    terminal.press(Key::Tab);
    terminal.press(Key::Tab);
    terminal.wait_for("/ping");
    terminal.wait_for("/pong");
    terminal.press(Key::CtrlU);
    wait_for_prompt(&terminal, "");
    leave(terminal);
}

#[test]
fn tab_completes_a_file_name() {
    let server = server(|peer| peer.expect_text("contents"));
    let terminal = session(&server);
    let folder = terminal.home().join("a folder; with (this) name");
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("long name.txt"), "contents").expect("a file");
    terminal.type_text("/file a");
    terminal.press(Key::Tab);
    wait_for_prompt(&terminal, "/file a folder; with (this) name/");
    terminal.type_text("lon");
    terminal.press(Key::Tab);
    wait_for_prompt(&terminal, "/file a folder; with (this) name/long name.txt");
    submit(&terminal);
    leave(terminal);
}

#[test]
fn a_hint_shows_the_arguments() {
    let server = server(|_| {});
    let terminal = session(&server);
    terminal.type_text("/cl");
    wait_for_prompt(&terminal, "/close [CODE [REASON]]");
    terminal.press(Key::CtrlU);
    wait_for_prompt(&terminal, "");
    leave(terminal);
}

#[test]
fn a_hint_is_not_sent() {
    let server = server(|peer| peer.expect_ping(b""));
    let terminal = session(&server);
    terminal.type_text("/ping");
    wait_for_prompt(&terminal, "/ping [DATA]");
    submit(&terminal);
    leave(terminal);
}
