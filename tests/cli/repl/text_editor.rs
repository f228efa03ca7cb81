//! A line in the user's text editor.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc;
use std::time::Duration;

use tempfile::TempDir;

use super::{leave, server, wait_for_prompt};
use crate::scripts::serve;
use crate::support::{DEADLINE, Key, Server, Signal, Terminal, binary, ping, text};

/// An editor that is a script; its files are in `folder`.
struct Editor {
    folder: TempDir,
}

impl Editor {
    fn new(script: &str) -> Self {
        let folder = TempDir::new().expect("a temporary directory");
        let path = folder.path().join("editor");
        fs::write(&path, format!("#!/bin/sh\nfile=$1\n{script}\n")).expect("a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("a script");
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("a path in UTF-8").to_owned()
    }

    fn session(&self, server: &Server) -> Terminal {
        let (editor, temporary) = (self.path("editor"), self.path(""));
        let environment =
            [("VISUAL", editor.as_str()), ("EDITOR", "false"), ("TMPDIR", temporary.as_str())];
        let terminal = Terminal::spawn_with([server.url()], 80, 24, &environment);
        wait_for_prompt(&terminal, "");
        terminal
    }

    /// Nothing is left of the file that was edited.
    fn assert_clean(&self) {
        let left = fs::read_dir(self.folder.path()).expect("a folder").flatten();
        let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
        let left = left.iter().filter_map(|name| name.to_str());
        assert_eq!(left.filter(|name| name.starts_with("wscope")).collect::<Vec<_>>(), [""; 0]);
    }
}

fn edit(terminal: &Terminal, line: &str) {
    terminal.type_text(line);
    wait_for_prompt(terminal, line);
    terminal.press(Key::CtrlXCtrlE);
}

#[test]
fn a_changed_line_is_sent_when_the_editor_ends() {
    let server = server(|peer| peer.expect_text("not JSON\n안녕"));
    let editor = Editor::new(
        "case $file in *.json) ;; *) exit 1;; esac
         test \"$(stat -c %a \"$file\")\" = 600 || exit 2
         test \"$(cat \"$file\")\" = '{\"a\": 1}' || exit 3
         printf 'not JSON\\n안녕\\n' >\"$file\"",
    );
    let terminal = editor.session(&server);
    edit(&terminal, "{\"a\": 1}");
    terminal.wait_for("> not JSON\n안녕\n>");
    leave(terminal);
    editor.assert_clean();
}

#[test]
fn an_unchanged_line_is_typed_on() {
    let server = server(|peer| peer.expect_text("hello you"));
    let editor = Editor::new("echo \"$file\" | grep -q txt$");
    let terminal = editor.session(&server);
    edit(&terminal, "hello");
    terminal.wait_for("the text is unchanged: not sent");
    wait_for_prompt(&terminal, "hello");
    terminal.type_line(" you");
    wait_for_prompt(&terminal, "");
    leave(terminal);
    editor.assert_clean();
}

#[test]
fn an_unchanged_message_is_not_left_on_the_line() {
    let server = server(|peer| peer.expect_text("hello"));
    let editor = Editor::new("echo \"$file\" | grep -q txt$");
    let terminal = editor.session(&server);
    terminal.type_line("hello");
    terminal.wait_for("> hello\n");
    terminal.type_line("/edit 1");
    terminal.wait_for("the text is unchanged: not sent");
    wait_for_prompt(&terminal, "");
    terminal.press(Key::Up);
    wait_for_prompt(&terminal, "hello");
    terminal.press(Key::CtrlU);
    wait_for_prompt(&terminal, "");
    leave(terminal);
    editor.assert_clean();
}

#[test]
fn nothing_is_sent_if_the_editor_fails_or_leaves_nothing() {
    for (script, reason) in [
        ("echo new >\"$file\"; exit 3", "failed: exit status 3; nothing was sent"),
        ("kill -SEGV $$", "failed: SIGSEGV; nothing was sent"),
        (": >\"$file\"", "the text is empty: nothing was sent"),
        ("rm \"$file\"", "the text cannot be read: No such file"),
        ("printf '\\377' >\"$file\"", "it is not UTF-8 from byte 1 on; nothing was sent"),
    ] {
        let server = server(|peer| peer.expect_text("hello"));
        let editor = Editor::new(script);
        let terminal = editor.session(&server);
        edit(&terminal, "hello");
        terminal.wait_until(reason, |screen| screen.replace('\n', "").contains(reason));
        wait_for_prompt(&terminal, "hello");
        terminal.press(Key::Enter);
        wait_for_prompt(&terminal, "");
        leave(terminal);
        editor.assert_clean();
    }
}

#[test]
fn json_that_was_broken_in_the_editor_is_put_onto_the_line() {
    let server = server(|peer| peer.expect_text("{\"a\":"));
    let editor = Editor::new("echo '{\"a\":' >\"$file\"");
    let terminal = editor.session(&server);
    edit(&terminal, "{}");
    terminal.wait_for("> {\"a\":\nnot JSON: column 6: expected a value, got the end of the text");
    terminal.press(Key::Enter);
    wait_for_prompt(&terminal, "");
    leave(terminal);
}

#[test]
fn without_an_editor_that_is_said() {
    let server = server(|_| {});
    let terminal = Terminal::spawn_with([server.url()], 80, 24, &[("PATH", "/nonexistent")]);
    wait_for_prompt(&terminal, "");
    edit(&terminal, "a");
    terminal.wait_for("no text editor: set VISUAL or EDITOR");
    terminal.press(Key::CtrlU);
    wait_for_prompt(&terminal, "");
    leave(terminal);
}

/// As [`WAITING`], and once more if that is interrupted.
const WAITING_TWICE: &str = "echo editing; read line || read line; echo \"$line\" >\"$file\"";

/// The editor waits for a line in the original modes of the terminal.
const WAITING: &str = "echo editing; read line; echo \"$line\" >\"$file\"";

#[test]
fn messages_are_held_while_the_editor_has_the_terminal() {
    let (sender, answered) = mpsc::channel();
    let server = server(move |peer| {
        peer.stall();
        for number in 0..50 {
            peer.send(text(&format!("message {number}")));
        }
        peer.send(ping(b"alive"));
        peer.expect_pong(b"alive");
        sender.send(()).expect("a test that waits");
        peer.expect_text("typed there");
    });
    let editor = Editor::new(WAITING);
    let terminal = editor.session(&server);
    edit(&terminal, "a");
    terminal.wait_for("editing");
    terminal.wait_until_raw(false);
    server.release();
    answered.recv_timeout(DEADLINE).expect("a pong");
    terminal.resize(60, 30);
    assert!(!terminal.raw_output().contains("message 0"), "{}", terminal.screen());
    terminal.type_text("typed there\n");
    terminal.wait_for("message 49");
    terminal.wait_for_output("> typed there\r\n");
    wait_for_prompt(&terminal, "");
    let written = terminal.raw_output();
    assert_eq!(written.matches(" message ").count(), 50);
    leave(terminal);
    editor.assert_clean();
}

#[test]
fn ctrl_c_belongs_to_the_editor() {
    let server = server(|peer| peer.expect_text("typed there"));
    let editor = Editor::new(&format!("trap 'echo interrupted' INT; {WAITING_TWICE}"));
    let terminal = editor.session(&server);
    edit(&terminal, "a");
    terminal.wait_for("editing");
    terminal.press(Key::CtrlC);
    terminal.wait_for("interrupted");
    terminal.type_text("typed there\n");
    terminal.wait_for("> typed there\n");
    leave(terminal);
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_z_in_the_editor_stops_both() {
    let server = server(|peer| peer.expect_text("typed there"));
    let editor = Editor::new(&format!("echo $$ >\"$0.id\"; {WAITING}"));
    let terminal = Terminal::spawn_job_shell("bash", 100, 30);
    terminal.type_line(&format!("VISUAL={} \"$WSCOPE\" {}", editor.path("editor"), server.url()));
    terminal.wait_for_prompt();
    edit(&terminal, "a");
    terminal.wait_for("editing");
    terminal.press(Key::CtrlZ);
    terminal.wait_for_stop();
    wait_until_stopped(&editor.path("editor.id"));
    terminal.type_text("fg\n");
    terminal.wait_until("the job again", |screen| screen.matches("WSCOPE").count() > 1);
    terminal.type_text("typed there\n");
    terminal.wait_for("> typed there\n");
    terminal.wait_for_prompt();
    terminal.press(Key::CtrlD);
    terminal.wait_for("closed by us: 1000");
    server.join();
}

/// The shell has its prompt as soon as wscope is stopped. An editor that the signal has not reached yet would read
/// what is typed for the shell.
#[cfg(target_os = "linux")]
fn wait_until_stopped(id_file: &str) {
    use std::time::Instant;

    let id = fs::read_to_string(id_file).expect("the editor's number");
    let state = format!("/proc/{}/stat", id.trim());
    let deadline = Instant::now() + DEADLINE;
    while !fs::read_to_string(&state).expect("the editor's state").contains(") T ") {
        assert!(Instant::now() < deadline, "the editor was not stopped");
        std::thread::yield_now();
    }
}

#[test]
fn a_text_is_not_lost_if_the_peer_closes_meanwhile() {
    let server = serve(|peer| {
        peer.stall();
        peer.close_and_expect_reply(1000);
    });
    let editor = Editor::new(WAITING);
    let mut terminal = editor.session(&server);
    edit(&terminal, "a");
    terminal.wait_for("editing");
    server.release();
    server.join();
    terminal.type_text("typed there\n");
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());
    assert!(terminal.termios_restored(), "{}", terminal.screen());
    let screen = terminal.screen();
    assert!(screen.contains("closed by the peer"), "{screen}");
    // The line may also have been left to a connection whose end it did not know yet.
    let texts = [
        "the text that was being edited was not sent; it is in the history",
        "1 message was not sent: the peer closed before",
    ];
    let words = screen.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(texts.iter().any(|text| words.contains(text)), "{screen}");
    let history = terminal.home().join(".local/state/wscope/history");
    let history = fs::read_to_string(history).expect("a history");
    assert!(history.ends_with("\ntyped there\n"), "{history}");
    editor.assert_clean();
}

#[test]
fn a_signal_ends_the_run_and_the_editor() {
    for script in [WAITING.to_owned(), format!("trap '' TERM; {WAITING}; read line")] {
        let server = serve(|peer| {
            peer.expect_close(1001);
            peer.eof();
        });
        let editor = Editor::new(&script);
        let mut terminal = editor.session(&server);
        edit(&terminal, "a");
        terminal.wait_for("editing");
        terminal.signal(Signal::TERM);
        assert_eq!(terminal.wait_exit_within(Duration::from_secs(1)), 143);
        assert!(terminal.termios_restored(), "{}", terminal.screen());
        editor.assert_clean();
    }
}

#[test]
fn a_message_is_edited_and_sent() {
    let server = server(|peer| {
        peer.send(text("/a {{b}} 안녕"));
        peer.send(binary(&[0, 255]));
        peer.expect_text("/a {{b}} 안녕!");
        peer.expect_binary(&[0, 255, 1]);
        peer.expect_text("/a {{b}} 안녕!!");
    });
    let editor = Editor::new(
        "case $(cat \"$file\") in
             //*) sed -i 's/$/!/' \"$file\";;
             /binary*) sed -i 's/$/01/' \"$file\";;
         esac",
    );
    let terminal = editor.session(&server);
    terminal.wait_for("안녕");
    terminal.type_line("/edit 1");
    terminal.wait_for("> //a \\{{b}} 안녕!\n");
    wait_for_prompt(&terminal, "");
    terminal.type_line("/edit 2");
    terminal.wait_for("> /binary 00ff01\n");
    wait_for_prompt(&terminal, "");
    terminal.type_line("/edit 3");
    terminal.wait_for("> //a \\{{b}} 안녕!!\n");
    wait_for_prompt(&terminal, "");
    terminal.type_line("/edit 99");
    terminal.wait_for("99");
    leave(terminal);
    editor.assert_clean();
}
