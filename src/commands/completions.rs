//! Completion scripts, made from the command line's definition.
//!
//! clap's generators make them, but do not combine a URL with commands in its place: their scripts for zsh and fish
//! stop after the first word, and that for bash offers neither files beside options nor values after `=`. So for zsh and
//! fish each command's arguments are generated alone, and a few lines choose between them; for bash the tables are
//! written here.

use clap_complete::{Generator, Shell as ClapShell, generate};
use clap_complete_nushell::Nushell;

use crate::cli::Shell;
use crate::config::{SettingsEnv, endpoint_list};
use crate::redact::Redaction;

mod bash;
mod fish;
mod offered;
mod zsh;

/// The completion script for a shell.
pub fn script(shell: Shell) -> Vec<u8> {
    match shell {
        Shell::Bash => bash::script(&offered::commands()).into_bytes(),
        Shell::Zsh => zsh::script(&offered::commands()).into_bytes(),
        Shell::Fish => fish::script(&offered::commands()).into_bytes(),
        Shell::Powershell => whole(ClapShell::PowerShell),
        Shell::Elvish => whole(ClapShell::Elvish),
        Shell::Nushell => whole(Nushell),
    }
}

fn whole(generator: impl Generator) -> Vec<u8> {
    let mut script = Vec::new();
    generate(generator, &mut offered::whole(), "wscope", &mut script);
    script
}

/// The endpoints of the configuration file as the scripts read them: `@name`, a tab, the URL. Empty if the file
/// cannot be read: a script cannot report that.
pub fn endpoints(env: &SettingsEnv) -> String {
    let line = |(name, url): (String, String)| {
        format!("@{name}\t{}\n", Redaction::Mask.argument(&url).replace(char::is_control, " "))
    };
    endpoint_list(env).into_iter().map(line).collect()
}
