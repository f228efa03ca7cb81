//! Completion scripts and the manual page, made from the command line's definition.

use clap::CommandFactory;
use clap::builder::Resettable;
use clap_complete::{Shell as ClapShell, generate};
use clap_complete_nushell::Nushell;
use clap_mangen::roff::{Roff, roman};

use crate::cli::{Cli, Shell};
use crate::error::Error;

/// Every shell, with the name of its file under `completions/`.
pub const FILES: [(Shell, &str); 6] = [
    (Shell::Bash, "wscope.bash"),
    (Shell::Zsh, "_wscope"),
    (Shell::Fish, "wscope.fish"),
    (Shell::Powershell, "_wscope.ps1"),
    (Shell::Elvish, "wscope.elv"),
    (Shell::Nushell, "wscope.nu"),
];

/// The completion script for a shell.
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    let mut command = Cli::command();
    let mut with = |shell: ClapShell| generate(shell, &mut command, "wscope", &mut script);
    match shell {
        Shell::Bash => with(ClapShell::Bash),
        Shell::Zsh => with(ClapShell::Zsh),
        Shell::Fish => with(ClapShell::Fish),
        Shell::Powershell => with(ClapShell::PowerShell),
        Shell::Elvish => with(ClapShell::Elvish),
        Shell::Nushell => generate(Nushell, &mut Cli::command(), "wscope", &mut script),
    }
    script
}

/// The manual page of a command in roff; without a name, that of the program.
///
/// # Errors
/// If the command is unknown.
pub fn man(name: Option<&str>) -> Result<Vec<u8>, Error> {
    let mut cli = Cli::command();
    cli.build(); // gives the commands their full names
    let command = match name {
        None => Cli::command(),
        Some(name) => {
            let command = cli.find_subcommand(name).filter(|it| it.get_name() != "help");
            let unknown = || Error::Usage {
                message: format!("{name} is not a command"),
                hint: Some("'wscope --help' lists the commands".to_owned()),
            };
            command.ok_or_else(unknown)?.clone()
        }
    };
    page(command).map_err(|error| Error::System("manual page".to_owned(), error))
}

fn page(mut command: clap::Command) -> std::io::Result<Vec<u8>> {
    let usage = command.render_usage().to_string();
    let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage).to_owned();
    let rest = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    // The page has the long texts only: an option whose short text stands in the long help alone has them as one.
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
