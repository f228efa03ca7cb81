//! Runs the `wscope` binary against scripted peers, in pipes and on a terminal.

mod compression;
mod dial;
mod ending;
mod events;
mod expectations;
mod frames;
mod generated;
mod handshake;
mod hostile;
mod input;
mod lenient;
mod listen;
mod pipes;
mod protocol;
mod raw_frames;
mod refusal;
mod repl;
mod repl_display;
mod request;
mod scripts;
mod support;
mod target;
mod tls;
mod usage;
