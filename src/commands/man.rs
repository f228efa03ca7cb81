//! The manual pages in roff, made from the command line's definition.

use clap::CommandFactory;
use clap::builder::Resettable;
use clap_mangen::roff::{Roff, roman};

use super::usage::unknown_name;
use crate::cli::Cli;
use crate::error::Error;

/// The manual page of a command; without a name, that of the program.
///
/// # Errors
/// If the command is unknown.
pub fn page_of(name: Option<&str>) -> Result<Vec<u8>, Error> {
    let mut cli = Cli::command();
    cli.build(); // gives the commands their full names
    let command = match name {
        None | Some("help" | "wscope") => Cli::command(),
        Some(name) => cli.find_subcommand(name).ok_or_else(|| unknown_name("man", name))?.clone(),
    };
    page(command).map_err(|error| Error::System("manual page".to_owned(), error))
}

fn page(mut command: clap::Command) -> std::io::Result<Vec<u8>> {
    let usage = command.render_usage().to_string();
    let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage).to_owned();
    let rest = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    // Only long help texts are printed: an option without one gets its short text as that.
    let command = command.mut_args(|arg| match (arg.get_long_help(), arg.get_help().cloned()) {
        (None, Some(help)) => arg.long_help(help),
        _ => arg,
    });
    let command = command.override_usage(usage);
    let command = command.after_help(Resettable::Reset).after_long_help(Resettable::Reset);
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    sections(&rest).to_writer(&mut page)?;
    Ok(page)
}

/// What stands below the options: paragraphs, and examples or tables, which are indented below a heading.
fn sections(text: &str) -> Roff {
    let mut roff = Roff::new();
    let (indented, prose): (Vec<_>, Vec<_>) =
        text.split("\n\n").partition(|block| block.contains("\n  "));
    if !prose.is_empty() {
        roff.control("SH", ["NOTES"]);
    }
    for paragraph in prose {
        roff.control("PP", []).text([roman(paragraph.replace('\n', " "))]);
    }
    for block in indented {
        let (heading, lines) = block.split_once('\n').unwrap_or((block, ""));
        roff.control("SH", [heading.trim_end_matches(':').to_uppercase().as_str()]);
        roff.control("nf", []);
        for line in lines.lines() {
            roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
        }
        roff.control("fi", []);
    }
    roff
}
