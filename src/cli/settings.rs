//! Options for settings from other sources than the command line.

use clap::Args;

/// The configuration file.
#[derive(Args, Debug)]
#[command(next_help_heading = "Settings")]
pub struct SettingsArgs {
    /// Ignore the configuration file and WSCOPE_OPTIONS
    ///
    /// The file ~/.config/wscope/config (in XDG_CONFIG_HOME if that is set) has options for all
    /// connections, one per line: --name, --name=value or name = value. A [section] in it defines
    /// an endpoint for 'wscope @section': a line 'url = …', and options for it. WSCOPE_OPTIONS holds
    /// options too. In order of precedence: command line, WSCOPE_OPTIONS, section, options for all.
    #[arg(long, hide_short_help = true)]
    pub no_config: bool,

    /// Do not save the history of the prompt
    ///
    /// It is saved in ~/.local/state/wscope (in XDG_STATE_HOME if that is set), without the secrets
    /// that were given; lines that begin with a space are not saved. WSCOPE_HISTORY names another file;
    /// if it is empty, nothing is saved.
    #[arg(long, hide_short_help = true)]
    pub no_history: bool,
}
