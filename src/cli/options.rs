//! Turns options that clap has parsed back into arguments.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches};

/// The name of an option, with its dashes.
pub fn option_name(arg: &Arg) -> String {
    match (arg.get_long(), arg.get_short()) {
        (Some(long), _) => format!("--{long}"),
        (None, Some(short)) => format!("-{short}"),
        (None, None) => arg.get_id().to_string(),
    }
}

/// Whether an option was given rather than set to its default.
pub fn is_given(id: &str, matches: &ArgMatches) -> bool {
    let is_known = matches.try_contains_id(id).is_ok_and(|is_there| is_there);
    is_known && matches.value_source(id) == Some(ValueSource::CommandLine)
}

/// The arguments that repeat this option with the values that it has in `matches`.
pub fn arguments(arg: &Arg, matches: &ArgMatches) -> Vec<OsString> {
    let (id, name) = (arg.get_id().as_str(), option_name(arg));
    if !is_given(id, matches) {
        return Vec::new();
    }
    match arg.get_action() {
        ArgAction::Count => vec![name.into(); usize::from(matches.get_count(id))],
        ArgAction::Set | ArgAction::Append => {
            let occurrences = matches.get_raw_occurrences(id).into_iter().flatten();
            let argument = occurrences.map(|mut values| {
                let mut argument = OsString::from(&name);
                if let Some(value) = values.next() {
                    argument.push("=");
                    argument.push(value);
                }
                argument
            });
            argument.collect()
        }
        _ => vec![name.into()],
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use crate::cli::{Cli, connect_command};

    /// Only if clap was built with assertions, as `.ci/variants` does.
    #[test]
    fn the_command_line_is_well_defined() {
        Cli::command().debug_assert();
        connect_command().debug_assert();
    }
}
