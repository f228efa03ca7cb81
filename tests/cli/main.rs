//! Runs the `wscope` binary against scripted peers, in pipes and on a terminal.

mod support;
