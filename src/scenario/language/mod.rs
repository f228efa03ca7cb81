//! The language of scenario files: text to a tree with positions. Nothing here connects or waits.

mod diagnostic;
mod encoding;
pub mod literal;
pub mod parse;
pub mod prefix;
pub mod shell;
pub mod source;
pub mod syntax;
pub mod template;
pub mod units;

pub use diagnostic::{Diagnostic, Partial, at_other_lines, elsewhere};
pub use parse::parse;
pub use source::{Line, Place, Source};
pub use syntax::Scenario;
pub use template::{Piece, Template, Values, Variable, is_name};
