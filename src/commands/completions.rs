//! Completion scripts and the manual page, made from the command line's definition.

use clap::CommandFactory;
use clap_complete::{Shell as ClapShell, generate};
use clap_complete_nushell::Nushell;

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
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(command).render(&mut page);
    rendered.map_err(|error| Error::System("manual page".to_owned(), error))?;
    Ok(page)
}
