//! `wscope check`: scenario files against scripted servers.

mod command;
#[cfg(unix)]
mod commands;
mod connections;
mod errors;
mod exact;
mod examples;
mod explained;
mod failures;
mod filters;
mod limits;
mod lines;
#[cfg(unix)]
mod live;
#[cfg(unix)]
mod outputs;
mod queries;
#[cfg(unix)]
mod reported;
mod reports;
mod rules;
#[cfg(not(any(windows, target_vendor = "apple")))]
mod tls;

use crate::support::{Outcome, Server, Wscope, wscope};

/// `wscope check` with this scenario as `s.wscope`.
fn check(scenario: &str) -> Wscope {
    wscope().file("s.wscope", scenario).args(["check", "s.wscope"])
}

/// Runs a scenario in which `{{url}}` is the server's.
fn run(server: &Server, scenario: &str) -> Outcome {
    check(scenario).args(["--variable", &format!("url={}", server.url())]).run()
}
