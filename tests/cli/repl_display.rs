//! The display of a session on a terminal, and escaping.

#![cfg(unix)]

mod connection;
mod messages;
mod safety;

use crate::support::{Key, Peer, Server, Terminal};

/// The output of a session.
struct Shown {
    screen: String,
    /// Everything written, escape sequences included.
    written: String,
}

/// A server that accepts, sends these bytes and closes.
fn sending(frames: Vec<u8>) -> Server {
    sending_with(&[], frames)
}

fn sending_with(headers: &[&str], frames: Vec<u8>) -> Server {
    let headers: Vec<String> = headers.iter().map(|&line| line.to_owned()).collect();
    Server::script(move |peer| {
        let head = peer.read_head();
        peer.accept_with(&head, &headers.iter().map(String::as_str).collect::<Vec<_>>());
        peer.send(frames);
        end(peer);
    })
}

fn end(peer: &mut Peer) {
    peer.close_and_expect_reply(1000);
}

/// Runs `wscope` with these options on a terminal of 80 by 60 until the server closes.
#[track_caller]
fn show(server: &Server, options: &[&str]) -> Shown {
    show_in(server, options, &[], 0)
}

#[track_caller]
fn show_in(server: &Server, options: &[&str], env: &[(&str, &str)], code: i32) -> Shown {
    let url = server.url();
    let args = [options, &[url.as_str()]].concat();
    let mut terminal = Terminal::spawn_with(args, 80, 60, env);
    assert_eq!(terminal.wait_exit(), code, "{}", terminal.screen());
    assert!(terminal.termios_restored());
    Shown { screen: terminal.screen(), written: terminal.raw_output() }
}

impl Shown {
    /// The screen contains this text.
    #[track_caller]
    fn has(&self, text: &str) -> &Self {
        assert!(self.screen.contains(text), "no {text:?} on:\n{}", self.screen);
        self
    }

    /// The screen does not contain this text.
    #[track_caller]
    fn lacks(&self, text: &str) -> &Self {
        assert!(!self.screen.contains(text), "{text:?} is on:\n{}", self.screen);
        self
    }

    /// This was never written.
    #[track_caller]
    fn never_wrote(&self, text: &str) -> &Self {
        assert!(!self.written.contains(text), "{text:?} was written:\n{:?}", self.written);
        self
    }

    /// The line with this text.
    #[track_caller]
    fn line(&self, text: &str) -> &str {
        let found = self.screen.lines().find(|line| line.contains(text));
        found.unwrap_or_else(|| panic!("no line with {text:?} on:\n{}", self.screen))
    }
}

/// Exits a prompt with Ctrl-D.
#[track_caller]
fn leave(mut terminal: Terminal) -> Shown {
    terminal.press(Key::CtrlD);
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());
    Shown { screen: terminal.screen(), written: terminal.raw_output() }
}
