//! Connections through proxies. The scripted proxy is also the target, after its own response.

mod choice;
mod connect;
mod http_refusals;
mod socks;
pub(crate) mod tls;

use crate::support::{Outcome, Server, wscope};

const TARGET: &str = "ws://target.invalid/x";

const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

/// Runs `-x hi` to the target through a proxy with this scheme, which includes `USER:PASS@`.
fn run_through(scheme: &str, proxy: &Server, options: &[&str]) -> Outcome {
    let proxy = format!("{scheme}127.0.0.1:{}", proxy.port());
    wscope().args(["-x", "hi", "--proxy", &proxy]).args(options).arg(TARGET).run()
}

/// The output contains none of the secrets.
#[track_caller]
fn assert_no_secret(outcome: &Outcome, secrets: &[&str]) {
    for secret in secrets {
        let is_shown = outcome.stdout.contains(secret) || outcome.stderr.contains(secret);
        assert!(!is_shown, "{secret} in\n{}\n{}", outcome.stdout, outcome.stderr);
    }
}
