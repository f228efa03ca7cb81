//! Completion scripts, made from the command line's definition.

use clap::CommandFactory;
use clap_complete::{Shell as ClapShell, generate};
use clap_complete_nushell::Nushell;

use crate::cli::{Cli, Shell};

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
