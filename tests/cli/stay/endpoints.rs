//! What belongs to an endpoint is that of the connection in use.

use std::fs;
use std::path::Path;

use super::{quit, stay};
use crate::scripts::{answer_close, serve};
use crate::support::{Key, Server, Terminal, text};

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
