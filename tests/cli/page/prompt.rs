//! What the page does is visible at the prompt, and the other way round.

use serde_json::json;

use super::{Page, message};
use crate::support::{Key, Server, Terminal, script, text};

#[test]
fn a_message_of_the_page_is_shown_at_the_prompt_and_one_of_the_prompt_on_the_page() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.expect_text("from the page");
        peer.expect_text("typed");
        peer.send(text("an answer"));
        peer.answer_close(1000);
    });
    let mut terminal = Terminal::spawn(["--ui", &server.url()], 140, 40);
    terminal.wait_for("#token=");
    let mut tab = Page::in_text(&terminal.screen()).tab();
    tab.wait(|state| state["phase"] == "live");
    tab.ask("send", message(None, "server", "from the page"));
    terminal.wait_for("from the page");
    terminal.type_line("typed");
    tab.wait_for_messages(3);
    let texts: Vec<_> = tab.messages().into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["from the page", "typed", "an answer"]);
    tab.ask("close", json!({"connection": null, "to": "server", "code": 1000, "reason": ""}));
    tab.expect_end();
    assert_eq!(terminal.wait_exit(), 0);
    assert!(terminal.termios_restored());
}

#[test]
fn further_connections_of_a_prompt_are_reached_by_their_number() {
    let one = Server::script(|peer| {
        peer.accept_request();
        peer.expect_text("to the first");
        peer.answer_close(1000);
    });
    let two = Server::script(|peer| {
        peer.accept_request();
        peer.expect_text("to the second");
        peer.answer_close(1000);
    });
    let mut terminal = Terminal::spawn(["--ui", &one.url()], 140, 40);
    terminal.wait_for("#token=");
    let mut tab = Page::in_text(&terminal.screen()).tab();
    tab.wait(|state| state["phase"] == "live");
    terminal.type_line(&format!("/connect two {}", two.url()));
    tab.wait(|state| state["connections"] == 2);
    let list = tab.ask("connections", json!({"from": 0, "count": 10}));
    let second = list["list"][0]["number"].as_u64().expect("a number");
    tab.ask("send", message(Some(second), "server", "to the second"));
    tab.ask("send", message(None, "server", "to the first"));
    tab.wait_for_messages(2);
    terminal.press(Key::CtrlD);
    tab.expect_end();
    assert_eq!(terminal.wait_exit(), 0);
}

#[test]
fn a_prompt_that_stays_is_not_connected_and_its_next_connection_has_the_next_number() {
    let server = Server::scripts([
        script(|peer| {
            peer.accept_request();
            peer.expect_text("to the first");
        }),
        script(|peer| {
            peer.accept_request();
            peer.expect_text("to the second");
            peer.answer_close(1000);
        }),
    ]);
    let mut terminal = Terminal::spawn(["--ui", "--stay", &server.url()], 140, 40);
    terminal.wait_for("#token=");
    let mut tab = Page::in_text(&terminal.screen()).tab();
    tab.wait(|state| state["phase"] == "live" && state["connections"] == 1);
    tab.ask("send", message(Some(1), "server", "to the first"));
    tab.wait(|state| state["phase"] == "waiting");
    tab.wait_for_messages(1);
    assert_eq!(tab.refused("send", message(None, "server", "x")), "not connected");
    terminal.wait_for("/reconnect connects again");
    terminal.type_line("/reconnect");
    tab.wait(|state| state["phase"] == "live" && state["connections"] == 2);
    assert_eq!(tab.refused("send", message(Some(1), "server", "x")), "connection 1 is not open");
    tab.ask("send", message(Some(2), "server", "to the second"));
    tab.wait_for_messages(2);
    let list = tab.ask("connections", json!({"from": 0, "count": 10}));
    let states = [0, 1].map(|at| (&list["list"][at]["number"], &list["list"][at]["state"]));
    assert_eq!(json!(states), json!([[2, "open"], [1, "closed"]]));
    let rows = tab.rows(false).into_iter().filter(|row| row["event"] == "message");
    let numbers: Vec<_> = rows.map(|row| row["connection"].clone()).collect();
    assert_eq!(json!(numbers), json!([1, 2]));
    tab.ask("close", json!({"connection": 2, "to": "server", "code": 1000, "reason": ""}));
    tab.wait(|state| state["phase"] == "waiting");
    terminal.wait_for("connects again");
    terminal.type_line("/quit");
    tab.expect_end();
    assert_eq!(terminal.wait_exit(), 0);
}

#[test]
fn rules_and_held_messages_of_the_prompt_are_on_the_page() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.expect_close(1001);
    })
    .optional();
    let mut terminal = Terminal::spawn(["proxy", "--ui", ":0", &server.url()], 140, 40);
    terminal.wait_for("#token=");
    let mut tab = Page::in_text(&terminal.screen()).tab();
    let before = tab.ask("rules", json!({}))["version"].clone();
    terminal.type_line("/rule client => drop");
    tab.wait(|state| state["rules_version"] != before);
    terminal.type_line("/hold on");
    tab.wait(|state| state["holding"] == true);
    tab.ask("hold", json!({"on": false}));
    terminal.wait_for("page: /hold off");
    terminal.press(Key::CtrlD);
    tab.expect_end();
    assert_eq!(terminal.wait_exit(), 0);
}
