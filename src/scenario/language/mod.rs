//! The language of scenario files: text to a tree with positions. Nothing here connects or waits.

pub mod source;
pub mod template;

pub use source::{Diagnostic, Line, NotText, Place, Source};
pub use template::{Piece, Template, Values, Variable, is_name};
