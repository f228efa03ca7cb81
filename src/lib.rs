//! wscope: inspect, talk to, script and test WebSocket endpoints.
//!
//! Actions in, events out: inputs produce [`input::Action`]s, the [`session`] carries them out on a
//! [`protocol::Connection`], and outputs see nothing but [`event::Event`]s. Imports only point from
//! the top of this list to its bottom:
//!
//! `commands`, `error`, `config`, `report`, `session`, `page`, `recording`, `output`, `rules`, `scenario`, `observer`, `input`, `view`,
//! `event`, `client`, `server`, `resilience`, `net`, `protocol`; `cli`, `template`, `redact`, `hidden` and `platform`.

// In tests an unwrap is an assertion.
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub mod cli;
pub mod client;
pub mod commands;
pub mod config;
pub mod error;
pub mod event;
pub mod hidden;
pub mod input;
pub mod net;
pub mod observer;
pub mod output;
pub mod page;
pub mod platform;
pub mod protocol;
pub mod proxy;
pub mod recording;
pub mod redact;
pub mod report;
pub mod resilience;
pub mod rules;
pub mod scenario;
pub mod server;
pub mod session;
pub mod template;
pub mod view;
