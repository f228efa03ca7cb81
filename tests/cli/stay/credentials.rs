//! What the options give for the first endpoint is not sent to another one.

use std::sync::mpsc::{Receiver, channel};

use super::{quit, stay};
use crate::scripts::{answer_close, next};
use crate::support::{Peer, Server, script};

/// A server that hands the heads of this many requests over, and closes each but the last.
pub(super) fn heads(count: usize) -> (Server, Receiver<String>) {
    let (sender, heads) = channel();
    let scripts = (1..=count).map(|number| {
        let sender = sender.clone();
        script(move |peer: &mut Peer| {
            let head = peer.accept_request();
            sender.send(head).expect("a receiver in the test");
            if number == count {
                answer_close(peer);
            } else {
                peer.close_and_expect_reply(1000);
            }
        })
    });
    (Server::scripts(scripts.collect::<Vec<_>>()), heads)
}

const SECRETS: [&str; 8] = [
    "-u",
    "me:hunter2-hunter2",
    "--cookie",
    "sid=c00kie-value",
    "-H",
    "X-Api-Key: k3y-value",
    "-H",
    "X-Plain: stays",
];

#[test]
fn credentials_are_sent_again_to_the_same_origin_only() {
    let (server, first) = heads(2);
    let (other, second) = heads(1);
    let terminal = stay(&server, &SECRETS);
    assert!(next(&first).contains("Authorization: Basic"));
    terminal.wait_for("closed by the peer: 1000");
    terminal.type_line(&format!("/connect {}/path", server.url()));
    let head = next(&first);
    for sent in ["GET /path", "Authorization: Basic", "sid=c00kie-value", "k3y-value", "X-Plain"] {
        assert!(head.contains(sent), "{sent}: {head}");
    }
    terminal.wait_for("connected to ws://127.0.0.1:");
    super::wait_for_times(&terminal, "subprotocol", 2);
    terminal.type_line("/close");
    terminal.wait_for("closed by us");
    terminal.type_line(&format!("/connect {}", other.url()));
    let head = next(&second);
    for kept in ["Authorization", "Cookie", "c00kie-value", "k3y-value"] {
        assert!(!head.contains(kept), "{kept}: {head}");
    }
    assert!(head.contains("X-Plain: stays"), "{head}");
    terminal.wait_for(&format!(" and not sent to 127.0.0.1:{}:", other.port()));
    terminal.wait_for("Authorization, Cookie,");
    super::wait_for_times(&terminal, "subprotocol", 3); // it is open
    quit(terminal, 0);
}

#[test]
fn servers_that_differ_in_the_scheme_are_named_with_it() {
    let (server, first) = heads(1);
    let mut terminal = stay(&server, &["-u", "me:hunter2-hunter2"]);
    next(&first);
    terminal.wait_for("subprotocol");
    let place = server.url().replace("ws://", "");
    terminal.type_line(&format!("/connect b wss://{place}"));
    let text = format!("given for ws://{place} and not sent to wss://{place}: Authorization");
    terminal.wait_until(&text, |screen| {
        screen.split_whitespace().collect::<Vec<_>>().join(" ").contains(&text)
    });
    // Whether that connection or the first one ends last decides the status.
    terminal.wait_for("could not connect");
    terminal.type_line("/quit");
    terminal.wait_exit();
}

#[test]
fn a_password_in_a_url_is_sent_and_not_shown() {
    let (server, first) = heads(1);
    let (other, second) = heads(1);
    let terminal = stay(&server, &["-u", "me:hunter2-hunter2"]);
    assert!(next(&first).contains("Authorization: Basic"));
    super::wait_for_times(&terminal, "subprotocol", 1); // it is open
    terminal.wait_for_prompt();
    terminal.type_line("/close");
    terminal.wait_for("closed by us");
    let url = other.url().replace("ws://", "ws://you:0pen-sesame@");
    terminal.type_line(&format!("/connect {url}/?token=t0ken-value"));
    let head = next(&second);
    assert!(head.contains("Authorization: Basic eW91OjBwZW4tc2VzYW1l"), "{head}"); // you:0pen-sesame
    super::wait_for_times(&terminal, "subprotocol", 2); // it is open
    terminal.type_line("/connections");
    terminal.wait_for("/?token=***");
    terminal.type_line("/status");
    let screen = quit(terminal, 0);
    let own_line = screen.lines().find(|line| line.contains("/connect ")).expect("the line");
    let rest = screen.replace(own_line, "");
    assert!(!rest.contains("0pen-sesame") && !rest.contains("t0ken-value"), "{screen}");
}

#[test]
fn the_history_has_no_secret_of_a_url_without_a_scheme() {
    let (server, first) = heads(1);
    let (other, second) = heads(1);
    let terminal = stay(&server, &[]);
    next(&first);
    super::wait_for_times(&terminal, "subprotocol", 1); // it is open
    terminal.wait_for_prompt();
    terminal.type_line("/close");
    terminal.wait_for("closed by us");
    let place = other.url().replace("ws://", "you:0pen-sesame@");
    terminal.type_line(&format!("/connect {place}/?token=t0ken-value"));
    next(&second);
    super::wait_for_times(&terminal, "subprotocol", 2); // it is open
    let path = terminal.home().join(".local/state/wscope/history");
    let history = std::fs::read_to_string(path).expect("the history");
    quit(terminal, 0);
    assert!(history.contains("/connect "), "{history}");
    assert!(!history.contains("0pen-sesame") && !history.contains("t0ken-value"), "{history}");
}
