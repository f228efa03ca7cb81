//! Runs the `wscope` binary against scripted peers, in pipes and on a terminal.

mod dial;
mod ending;
mod events;
mod expectations;
mod generated;
mod handshake;
mod input;
mod listen;
mod pipes;
mod protocol;
mod refusal;
mod repl;
mod repl_display;
mod request;
mod scripts;
mod support;
mod target;
mod tls;
mod usage;
