//! Code that differs between operating systems, in small files; everything else is portable.

pub mod batches;
#[cfg_attr(not(unix), path = "child_group_other.rs")]
pub mod child_group;
#[cfg(unix)]
mod early_signals;
pub mod files;
#[cfg_attr(not(unix), path = "job_control_other.rs")]
pub mod job_control;
pub mod lent;
pub mod limits;
pub mod line_editor;
pub mod linger;
pub mod pager;
pub mod positioned;
pub mod private;
pub mod prompt;
pub mod record_file;
pub mod replace;
pub mod room;
mod signal;
#[cfg_attr(not(unix), path = "signals_other.rs")]
pub mod signals;
pub mod stdio;
pub mod terminal;
pub mod text_editor;
pub mod title;
pub mod unsent;
pub mod user_programs;

pub use signal::raise_quit;
pub use signals::Signals;
