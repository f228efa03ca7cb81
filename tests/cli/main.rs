//! Runs the `wscope` binary against scripted peers, with pipes and on a terminal.

mod auth;
mod check;
mod check_import;
mod check_recordings;
mod check_relax;
mod check_reports;
mod closed_output;
mod closing;
#[cfg(unix)]
mod columns;
mod compression;
mod dial;
mod diff;
mod ending;
mod events;
mod expectations;
mod files;
mod filters;
mod foreign;
mod frames;
mod from_curl;
mod generated;
mod handshake;
mod hars;
mod heads;
mod hostile;
mod input;
mod keepalive;
mod lenient;
mod listen;
mod meant_commands;
mod order;
mod page;
mod pipes;
#[cfg(unix)]
mod plain_terminal;
mod pretty;
mod protocol;
mod proxied_end;
mod proxy;
#[cfg(unix)]
mod proxy_prompt;
mod proxy_usage;
#[cfg(target_os = "linux")]
mod random;
mod raw_frames;
mod reconnect;
mod record;
mod redirects;
mod refusal;
mod repl;
mod repl_display;
mod replay;
mod request;
mod retry;
mod scripts;
#[cfg(unix)]
mod session_scenario;
mod settings;
mod slash;
#[cfg(target_os = "linux")]
mod stalls;
#[cfg(unix)]
mod stay;
mod support;
mod target;
mod through;
mod tls;
mod untrusted_recordings;
mod usage;
mod view;
#[cfg(unix)]
mod where_to;
mod wscat;
