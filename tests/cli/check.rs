//! `wscope check`: scenario files against scripted servers.

#[cfg(unix)]
mod commands;
mod connections;
mod exact;
mod examples;
mod failures;
mod limits;
mod lines;
mod options;
#[cfg(unix)]
mod outputs;
mod reports;
mod rules;

use crate::support::{Outcome, Server, Wscope, wscope};

/// `wscope check` with this scenario as `s.wscope`.
fn check(scenario: &str) -> Wscope {
    wscope().file("s.wscope", scenario).args(["check", "s.wscope"])
}

/// Runs a scenario in which `{{url}}` is the server's.
fn run(server: &Server, scenario: &str) -> Outcome {
    check(scenario).args(["--variable", &format!("url={}", server.url())]).run()
}
