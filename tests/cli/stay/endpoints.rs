//! What belongs to an endpoint is that of the connection in use.

use std::fs;
use std::path::Path;
use std::sync::mpsc::channel;

use super::credentials::heads;
use super::{quit, stay};
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
    wait_for_prompt_of(&terminal, "b");
    quit(terminal, 0);
}
