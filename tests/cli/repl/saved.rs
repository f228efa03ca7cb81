//! Placeholders, and saved messages.

use std::fs;
use std::path::PathBuf;

use super::{enter_line, leave, server, session, session_with, submit, wait_for_prompt};
use crate::scripts::answer_close;
use crate::support::{Key, Peer, Script, Server, Terminal, script};

#[test]
fn placeholders_are_replaced_in_typed_texts() {
    let server = server(|peer| {
        peer.expect_text("hi Kim {{name}} {{ \"a\": 1 }}");
        let uuid = String::from_utf8(peer.read_message().1).expect("UTF-8");
        assert_eq!(uuid.len(), 36, "{uuid}");
        peer.expect_text("Kim");
    });
    let terminal = session(&server);
    terminal.type_line("hi {{nme}}");
    terminal.wait_for("column 4: {{nme}} has no value: /set nme VALUE gives it one");
    terminal.press(Key::Enter);
    terminal.press(Key::CtrlU);
    wait_for_prompt(&terminal, "");
    terminal.type_line("/set name Kim");
    terminal.wait_for("  name  Kim");
    terminal.type_line("hi {{nme}}");
    terminal.wait_for("did you mean {{name}}?");
    terminal.press(Key::CtrlU);
    wait_for_prompt(&terminal, "");
    enter_line(&terminal, r#"hi {{name}} \{{name}} {{ "a": 1 }}"#);
    enter_line(&terminal, "{{newUuid}}");
    enter_line(&terminal, "/fragment 1 {{name}}");
    leave(terminal);
}

#[test]
fn placeholders_are_not_replaced_elsewhere() {
    let server = server(|peer| peer.expect_text("{{name}}"));
    let terminal = session_with(&server, &["-x", "{{name}}"]);
    leave(terminal);
}

fn steps(steps: impl FnOnce(&mut Peer) + Send + 'static) -> Script {
    script(move |peer| {
        peer.accept_request();
        steps(peer);
        answer_close(peer);
    })
}

fn folder(home: &Terminal, server: &Server) -> PathBuf {
    home.home().join(format!(".config/wscope/messages/127.0.0.1_{}", server.port()))
}

#[test]
fn a_saved_message_is_sent_by_the_next_session() {
    let server = Server::scripts([
        steps(|peer| peer.expect_text(r#"{"user":"Kim"}"#)),
        steps(|peer| {
            peer.expect_text(r#"{"user":"Lee Min"}"#);
            peer.expect_binary(&[0, 255]);
        }),
    ]);
    let first = session(&server);
    terminal_set(&first);
    enter_line(&first, r#"{"user":"{{user}}"}"#);
    first.type_line("/save-as login");
    first.wait_until("the path", |screen| screen.replace('\n', "").contains("login.json"));
    first.type_line("/save-as login");
    first.wait_until("a refusal", |screen| screen.replace('\n', "").contains("/save-as -f login"));
    let folder = folder(&first, &server);
    let saved = fs::read_to_string(folder.join("login.json")).expect("the message");
    assert_eq!(saved, "{\"user\":\"{{user}}\"}\n");
    fs::write(folder.join("bytes.hex"), "00\nff\n").expect("a message");
    fs::write(folder.join("broken.json"), "{\n").expect("a message");
    let home = first.home();
    let environment = [("HOME", home.to_str().expect("a path in UTF-8"))];
    let second = Terminal::spawn_with([server.url()], 80, 24, &environment);
    wait_for_prompt(&second, "");
    second.type_line("/send");
    second.wait_for("  broken  {\n");
    second.wait_for("  login   {\"user\":\"{{user}}\"}\n");
    second.type_text("/send l");
    second.press(Key::Tab);
    second.wait_for("> /send login");
    second.type_text(" user='Lee Min'");
    submit(&second);
    enter_line(&second, "/send bytes");
    second.type_line("/send broken");
    second.wait_until("a reason", |screen| {
        let words: Vec<_> = screen.split_whitespace().collect();
        words.join(" ").contains("broken.json: not JSON: column 2: expected a key")
    });
    leave(second);
    leave(first);
}

#[test]
fn a_value_that_breaks_json_is_named() {
    let server = server(|peer| peer.expect_text(r#"{"a":"it\"s"}"#));
    let terminal = session(&server);
    enter_line(&terminal, "/set name it\"s");
    terminal.type_line(r#"{"a":"{{name}}"}"#);
    terminal.wait_until("the name", |screen| {
        let words: Vec<_> = screen.split_whitespace().collect();
        words.join(" ").contains(
            "not JSON after {{name}} was replaced by its value: column 7, character 4 of the value: expected \",\" or",
        )
    });
    terminal.press(Key::CtrlU);
    wait_for_prompt(&terminal, "");
    enter_line(&terminal, r#"/set name it\"s"#);
    enter_line(&terminal, r#"{"a":"{{name}}"}"#);
    leave(terminal);
}

/// Waits for words, which may be on several lines.
fn wait_for_words(terminal: &Terminal, words: &str) {
    terminal.wait_until(words, |screen| {
        screen.split_whitespace().collect::<Vec<_>>().join(" ").contains(words)
    });
}

#[test]
fn the_last_text_is_saved_however_it_was_sent() {
    let (sender, received) = std::sync::mpsc::channel();
    let server = server(move |peer| {
        for text in ["preset", "typed {{x}}", "loaded", "typed {{x}}", "edited"] {
            peer.expect_text(text);
            sender.send(()).expect("a receiver in the test");
        }
    });
    let terminal = session_with(&server, &["-x", "preset"]);
    let save = |name: &str, start: &str| {
        crate::scripts::next(&received); // it has been sent
        terminal.type_line(&format!("/save-as {name}"));
        wait_for_words(&terminal, &format!("{name}.txt: {start}"));
        wait_for_prompt(&terminal, "");
    };
    save("t1", "preset");
    enter_line(&terminal, r"typed \{{x}}");
    save("t2", r"typed \{{x}}");
    fs::write(folder(&terminal, &server).join("own.txt"), "loaded").expect("a message");
    enter_line(&terminal, "/send own");
    save("t3", "loaded");
    enter_line(&terminal, "/again 2");
    save("t4", r"typed \{{x}}");
    enter_line(&terminal, "/fragment 2 edited");
    save("t5", "edited");
    let saved = fs::read_to_string(folder(&terminal, &server).join("t4.txt"));
    assert_eq!(saved.expect("a message"), "typed \\{{x}}\n");
    leave(terminal);
}

#[test]
fn a_file_of_another_kind_is_not_deleted_without_a_word() {
    let server = server(|peer| {
        peer.expect_text("plain");
        peer.expect_text("{}");
    });
    let terminal = session(&server);
    enter_line(&terminal, "plain");
    terminal.type_line("/save-as order");
    wait_for_words(&terminal, "order.txt: plain");
    wait_for_prompt(&terminal, "");
    enter_line(&terminal, "{}");
    terminal.type_line("/save-as -f order");
    wait_for_words(&terminal, "order.json; replaced order.txt: {}");
    wait_for_prompt(&terminal, "");
    let txt = folder(&terminal, &server).join("order.txt");
    fs::write(&txt, "own").expect("a message");
    terminal.type_line("/save-as -f order");
    wait_for_words(&terminal, "order.txt: remove one of them");
    assert_eq!(fs::read_to_string(&txt).expect("it is kept"), "own");
    leave(terminal);
}

fn terminal_set(terminal: &Terminal) {
    terminal.type_line("/set user Kim");
    terminal.wait_for("  user  Kim");
    wait_for_prompt(terminal, "");
}

#[test]
fn paths_with_spaces_and_a_home_are_completed_and_sent() {
    let server = server(|peer| {
        peer.expect_text("in a file");
        peer.expect_text("in a file");
    });
    let terminal = session(&server);
    fs::create_dir(terminal.home().join("a folder")).expect("a folder");
    fs::write(terminal.home().join("a folder/the file.txt"), "in a file").expect("a file");
    terminal.type_text("/file ~/a ");
    terminal.press(Key::Tab);
    terminal.wait_for("> /file ~/a folder/");
    terminal.press(Key::Tab);
    terminal.wait_for("> /file ~/a folder/the file.txt");
    submit(&terminal);
    enter_line(&terminal, "/file \"a folder/the file.txt\"");
    leave(terminal);
}

#[test]
fn close_codes_are_completed_with_their_names() {
    let server = server(|_| {});
    let terminal = session(&server);
    terminal.type_text("/close 100");
    terminal.press(Key::Tab);
    terminal.press(Key::Tab);
    terminal.wait_for("1008 Policy Violation");
    terminal.press(Key::CtrlU);
    wait_for_prompt(&terminal, "");
    leave(terminal);
}
