//! The commands that only print something: codes, completions, man.

use clap::{Args, ValueEnum};

/// Options for `codes`.
#[derive(Args, Debug)]
pub struct CodesArgs {
    /// Close codes to explain, or words to look for in their names, meanings and causes; without any,
    /// all codes are listed
    #[arg(value_name = "CODE|WORD")]
    pub terms: Vec<String>,
}

/// Options for `man`.
#[derive(Args, Debug)]
pub struct ManArgs {
    /// The command whose page is printed; without it, the page of 'wscope URL'
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
}

/// Options for `completions`.
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL", required = true)]
    pub shell: Option<Shell>,

    /// List the endpoints of the configuration file, which the scripts offer
    #[arg(long, hide = true, exclusive = true)]
    pub endpoints: bool,
}

/// Shells that completions can be made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// Bash
    Bash,
    /// Zsh
    Zsh,
    /// Fish
    Fish,
    /// PowerShell
    Powershell,
    /// Elvish
    Elvish,
    /// Nushell
    Nushell,
}
