//! What belongs to an endpoint is that of the connection in use.

use std::fs;
use std::path::Path;
use std::sync::mpsc::channel;

use super::credentials::heads;
use super::{accept, quit, stay};
use crate::scripts::{answer_close, next, serve};
use crate::support::{Key, Peer, Server, Terminal, script, text};

fn answering(expected: &'static str, answer: &'static str) -> Server {
    serve(move |peer| {
        peer.expect_text(expected);
        peer.send(text(answer));
        answer_close(peer);
    })
}

#[track_caller]
fn wait_for_prompt_of(terminal: &Terminal, name: &str) {
    terminal.wait_until("its prompt", |screen| screen.trim_end().ends_with(&format!("\n{name}>")));
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
}

fn write_privately(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    write(path, text);
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a mode");
}

#[test]
fn saved_messages_are_those_of_the_connection_in_use() {
    let one = answering("hi one", "yes");
    let two = serve(|peer| {
        peer.expect_text("hi two");
        peer.expect_text("more");
        peer.send(text("sure"));
        answer_close(peer);
    });
    let terminal = stay(&one, &[]);
    let folder = |server: &Server| {
        let name = format!("127.0.0.1_{}", server.port());
        terminal.home().join(".config/wscope/messages").join(name)
    };
    write(&folder(&one).join("first.txt"), "hi one\n");
    write(&folder(&two).join("second.txt"), "hi two\n");
    terminal.wait_for("subprotocol");
    terminal.type_line(&format!("/connect b {}", two.url()));
    terminal.wait_for("[b] connected to");
    wait_for_prompt_of(&terminal, "b");
    terminal.type_line("/send first");
    terminal.wait_for("no message is saved as first");
    terminal.type_text("/send s");
    terminal.press(Key::Tab);
    terminal.wait_for("/send second");
    terminal.press(Key::Enter);
    terminal.wait_for("[b] > hi two");
    terminal.type_line("more");
    terminal.wait_for("[b] < sure");
    terminal.type_line("/use main");
    wait_for_prompt_of(&terminal, "main");
    terminal.type_text("/send f");
    terminal.press(Key::Tab);
    terminal.wait_for("/send first");
    terminal.press(Key::Enter);
    terminal.wait_for("[main] < yes");
    terminal.type_line("/use b");
    wait_for_prompt_of(&terminal, "b");
    terminal.type_line("/save-as third");
    terminal.wait_until("the path", |screen| screen.replace('\n', "").contains("third.txt"));
    assert!(folder(&two).join("third.txt").is_file() && !folder(&one).join("third.txt").exists());
    quit(terminal, 0);
}

/// Opens a second connection to this URL, which the netrc file has an entry for.
fn open_second(first: &Server, options: &[&str], url: &str) -> Terminal {
    let terminal = stay(first, options);
    terminal.wait_for("subprotocol");
    terminal.type_line(&format!("/connect b {url}"));
    terminal
}

#[test]
fn the_netrc_file_has_the_credentials_of_each_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("netrc").display().to_string();
    let (first, one) = heads(1);
    let (sender, two) = channel();
    let second = Server::scripts([script(move |peer: &mut Peer| {
        sender.send(peer.accept_request()).expect("a receiver in the test");
        peer.expect_text("0pen-sesame");
        answer_close(peer);
    })]);
    let entries = [
        format!("machine 127.0.0.1:{} login me password hunter2-hunter2\n", first.port()),
        format!("machine 127.0.0.1:{} login you password 0pen-sesame\n", second.port()),
    ];
    write_privately(Path::new(&file), &entries.concat());
    let terminal = open_second(&first, &["--netrc-file", &file], &format!("{}/c", second.url()));
    let head = next(&one);
    assert!(head.contains("Authorization: Basic bWU6aHVudGVyMi1odW50ZXIy\r\n"), "{head}");
    let head = next(&two);
    assert!(head.contains("Authorization: Basic eW91OjBwZW4tc2VzYW1l\r\n"), "{head}");
    terminal.wait_for("[b] connected to");
    // What is saved has no password of the file.
    terminal.type_line("0pen-sesame");
    terminal.type_line("/save-as login");
    terminal.wait_for("secrets are *** in it");
    let history = terminal.home().join(".local/state/wscope/history");
    let history = fs::read_to_string(history).expect("the history");
    assert!(!history.contains("0pen-sesame"), "{history}");
    let screen = quit(terminal, 0);
    assert!(!screen.contains("not sent to"), "{screen}");
}

#[test]
fn without_an_entry_no_credentials_are_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("netrc").display().to_string();
    let (first, _one) = heads(1);
    let (second, two) = heads(1);
    let entry = format!("machine 127.0.0.1:{} login me password hunter2-hunter2", first.port());
    write_privately(Path::new(&file), &entry);
    let terminal = open_second(&first, &["--netrc-file", &file], &second.url());
    terminal.wait_for("--netrc-file: nothing for 127.0.0.1 in ");
    assert!(!next(&two).contains("Authorization"));
    terminal.wait_for("[b] connected to");
    quit(terminal, 0);
}

/// A prompt for an endpoint `[one]`, with this configuration file, in which TWO is the URL of the second server.
fn with_config(one: &Server, two: &Server, options: &str, config: &str) -> Terminal {
    let config = format!("[one]\nurl = {}\n{config}", one.url()).replace("TWO", &two.url());
    let config = config.replace('\n', "\\n");
    let script = format!(
        "umask 77; mkdir -p .config/wscope; printf '{config}' > .config/wscope/config; \
         exec \"$WSCOPE\" --stay {options} @one"
    );
    let terminal = Terminal::spawn_shell(&script, 100, 40);
    terminal.wait_for("subprotocol");
    terminal
}

#[test]
fn an_endpoint_is_opened_with_its_options() {
    let (one, first) = heads(1);
    let (two, second) = heads(1);
    let config =
        "[two]\nurl = TWO/base\nuser = you:0pen-sesame\n-A agent-two\nstay = true\nverbose\n";
    let options = "-H X-Api-Key:k3y-value -H X-Plain:stays -u me:hunter2-hunter2";
    let terminal = with_config(&one, &two, options, config);
    assert!(next(&first).contains("k3y-value"));
    terminal.type_text("/connect b @t");
    terminal.press(Key::Tab);
    terminal.wait_for("/connect b @two");
    terminal.type_text("/feed");
    terminal.press(Key::Enter);
    let head = next(&second);
    for sent in [
        "GET /base/feed HTTP/1.1\r\n",
        "Authorization: Basic eW91OjBwZW4tc2VzYW1l\r\n",
        "User-Agent: agent-two\r\n",
        "X-Plain: stays\r\n",
    ] {
        assert!(head.contains(sent), "{sent}: {head}");
    }
    assert!(!head.contains("k3y-value"), "{head}");
    terminal.wait_for(": --header, --user\n");
    terminal.wait_for("section [two]: not used, as it would be for the whole run: ");
    terminal.wait_for("--verbose");
    terminal.wait_for("[b] connected to");
    terminal.type_line("/send");
    terminal.wait_until("its folder", |screen| {
        screen.replace('\n', "").contains("no saved messages in") && screen.contains("/two\n")
    });
    let screen = quit(terminal, 0);
    assert!(!screen.contains("0pen-sesame"), "{screen}");
}

#[test]
fn options_of_the_command_line_take_precedence_and_the_same_server_gets_its_credentials() {
    let (sender, requests) = channel();
    let server = Server::scripts([
        accept(|peer| peer.close_and_expect_reply(1000)),
        script(move |peer: &mut Peer| {
            sender.send(peer.accept_request()).expect("a receiver in the test");
            peer.expect_text("hello");
            answer_close(peer);
        }),
    ]);
    let config = "[two]\nurl = TWO/two\n-A agent-two\nsend = hello\n";
    let terminal = with_config(&server, &server, "-A mine -u me:hunter2-hunter2", config);
    terminal.wait_for("closed by the peer: 1000");
    terminal.type_line("/connect @two");
    let head = next(&requests);
    for sent in ["GET /two HTTP", "Authorization: Basic", "User-Agent: mine\r\n"] {
        assert!(head.contains(sent), "{sent}: {head}");
    }
    terminal.wait_for("> hello");
    quit(terminal, 0);
}

#[test]
fn an_endpoint_that_cannot_be_used_is_reported() {
    let server = serve(answer_close);
    let config = "[two]\nurl = TWO\n[bad]\nurl = TWO\nfrob = 1\n[asks]\nurl = TWO\nuser = me\n";
    let terminal = with_config(&server, &server, "", config);
    for (line, reason) in [
        ("/connect b @tow", "no section [tow] with a line url = wss://…; did you mean @two?"),
        ("/connect b @nothing-like-it", "no section [nothing-like-it] with a line url"),
        ("/connect b @", "@: a name is missing"),
        ("/connect b @bad", "line 7: unexpected argument '--frob'"),
        ("/connect b @asks", "the password is missing, and it cannot be prompted for here"),
        ("/connect @two", "one is still connected"),
    ] {
        terminal.type_line(line);
        terminal.wait_until(reason, |screen| {
            let words = |text: &str| text.split_whitespace().collect::<String>();
            words(screen).contains(&words(reason))
        });
    }
    quit(terminal, 0);
}
