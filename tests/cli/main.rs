//! Runs the `wscope` binary against scripted peers, in pipes and on a terminal.

mod dial;
mod generated;
mod handshake;
mod listen;
mod refusal;
mod repl;
mod repl_display;
mod request;
mod support;
mod target;
mod tls;
mod usage;
