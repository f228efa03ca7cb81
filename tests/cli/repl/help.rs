//! `/help`.

use super::{leave, server, wait_for_prompt};
use crate::support::{Key, Terminal};

const COMMANDS: &str = "help text binary file ping pong fragment frame close status headers full again save copy grep \
                        filter mute pause resume time numbers set unset send save-as quit";

#[test]
fn all_of_help_lists_every_command() {
    let server = server(|_| {});
    let terminal = Terminal::spawn([server.url()], 80, 60);
    wait_for_prompt(&terminal, "");
    assert!(
        terminal
            .screen()
            .contains("\nlines typed are sent as messages; /help lists the commands\n")
    );
    terminal.type_line("/help all");
    terminal.wait_for("  Ctrl-Z "); // the last line
    let screen = terminal.raw_output();
    for name in COMMANDS.split(' ') {
        assert!(screen.contains(&format!("  /{name} ")), "no /{name} in:\n{screen}");
    }
    terminal.type_line("/help send");
    terminal.wait_for("for example:\n      /send login user=");
    for example in ["/filter {\"type\":\"error\"}", "/mute {\"type\":\"heartbeat\"}"] {
        terminal.type_line(&format!("/help {}", example.split(' ').next().unwrap_or_default()));
        terminal.wait_for(&format!("for example:\n      {example}"));
    }
    terminal.type_line("/hlep");
    terminal.wait_for("unknown command /hlep; did you mean /help? /help lists the commands");
    terminal.type_line("/filtre");
    terminal.wait_for("did you mean /filter?");
    leave(terminal);
}

#[test]
fn typed_lines_are_not_mentioned_where_a_goal_ends_the_run() {
    for goal in [&["-1"][..], &["--count", "2"], &["--expect", "hi"]] {
        let server = server(|_| {});
        let mut terminal = Terminal::spawn([goal, &[&server.url()]].concat(), 80, 24);
        wait_for_prompt(&terminal, "");
        assert!(!terminal.screen().contains("lines typed"), "{goal:?}: {}", terminal.screen());
        terminal.press(Key::CtrlD);
        assert_eq!(terminal.wait_exit(), 1);
    }
}

#[test]
fn help_names_every_command_on_one_screen() {
    for options in [&[][..], &["--stay"]] {
        let server = server(|_| {});
        let url = server.url();
        let terminal = Terminal::spawn([&[url.as_str()], options].concat(), 80, 24);
        wait_for_prompt(&terminal, "");
        terminal.type_line("/help");
        terminal.wait_for("/help all everything\n>");
        let screen = terminal.screen();
        assert!(
            screen.starts_with("text is sent") || screen.contains("\ntext is sent"),
            "{screen}"
        );
        let words: Vec<_> = screen.split_whitespace().collect();
        let of_stay = options.first().map_or("quit", |_| "connect reconnect use connections");
        for name in COMMANDS.split(' ').chain(of_stay.split(' ')) {
            assert!(words.contains(&format!("/{name}").as_str()), "no /{name} in:\n{screen}");
        }
        leave(terminal);
    }
}

#[test]
fn help_fits_narrow_and_wide_terminals() {
    for (columns, widest) in [(40, 40), (80, 80), (200, 100)] {
        for (line, end) in [("/help", "everything\n>"), ("/help all", "  Ctrl-Z")] {
            let server = server(|_| {});
            let terminal = Terminal::spawn([server.url()], columns, 200);
            wait_for_prompt(&terminal, "");
            terminal.type_line(line);
            terminal.wait_for(end);
            wait_for_prompt(&terminal, "");
            let screen = terminal.screen();
            let help = screen.split(&format!("> {line}\n")).nth(1).expect("the help");
            let width = |line: &str| line.chars().count();
            let longest = help.lines().map(width).max().unwrap_or(0);
            assert!(longest <= widest, "{longest} of {columns}:\n{screen}");
            leave(terminal);
        }
    }
}
