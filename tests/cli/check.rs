//! `wscope check`: scenario files against scripted servers.

mod command;
#[cfg(unix)]
mod commands;
mod connections;
mod endings;
mod errors;
mod exact;
mod examples;
mod explained;
mod failures;
mod filters;
mod handshakes;
mod limits;
mod lines;
#[cfg(unix)]
mod live;
mod masked;
mod options;
#[cfg(unix)]
mod outputs;
mod parts;
mod payloads;
mod queries;
mod receiving;
#[cfg(unix)]
mod reported;
mod reports;
mod rules;
mod shared_options;
mod steps;
mod text;
#[cfg(not(any(windows, target_vendor = "apple")))]
mod tls;
mod variables;

use crate::support::{Outcome, Server, Wscope, wscope};

/// `wscope check` with this scenario as `s.wscope`.
fn check(scenario: &str) -> Wscope {
    wscope().file("s.wscope", scenario).args(["check", "s.wscope"])
}

/// Runs a scenario in which `{{url}}` is the server's.
fn run(server: &Server, scenario: &str) -> Outcome {
    run_with(server, scenario, &[])
}

/// The same, with more arguments.
fn run_with(server: &Server, scenario: &str, args: &[&str]) -> Outcome {
    check(scenario).args(["--variable", &format!("url={}", server.url())]).args(args).run()
}

/// Whether this frame, which is all that is received, matches the pattern.
#[track_caller]
fn matches(frame: Vec<u8>, pattern: &str) -> bool {
    let scenario = format!("WS {{{{url}}}}\n[Options]\nstrict: true\n\n<{pattern}\n");
    let outcome = run(&failures::sending(&[frame]), &scenario);
    let is_met = outcome.code == Some(0);
    if !is_met {
        outcome.code(1).stdout_contains("strict: the next message does not match");
    }
    is_met
}

/// A server that expects these texts, then the Close frame.
fn expecting(texts: &[&str]) -> Server {
    let texts: Vec<_> = texts.iter().map(|text| (*text).to_owned()).collect();
    Server::script(move |peer| {
        peer.accept_request();
        texts.iter().for_each(|text| peer.expect_text(text));
        peer.answer_close(1000);
    })
}
