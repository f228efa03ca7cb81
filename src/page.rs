//! The page.

pub mod guard;
