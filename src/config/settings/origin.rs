//! Where a setting is from.

/// Where a setting is from.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// The line of the configuration file with this number, from 1.
    Line(usize),
    /// WSCOPE_OPTIONS.
    Variable,
    /// This place of a curl command.
    Curl(String),
}
