//! Settings from elsewhere than the command line.

use clap::Args;

/// The configuration file.
#[derive(Args, Debug)]
#[command(next_help_heading = "Settings")]
pub struct SettingsArgs {
    /// Take neither the configuration file nor WSCOPE_OPTIONS into account
    ///
    /// The file ~/.config/wscope/config (or where XDG_CONFIG_HOME says) has options for all
    /// connections, one a line: --name, --name=value or name = value. A [section] in it makes
    /// an endpoint that 'wscope @section' connects to: a line 'url = …', and options for it.
    /// WSCOPE_OPTIONS holds options too. The command line goes before WSCOPE_OPTIONS, that before
    /// the section, that before the options for all.
    #[arg(long)]
    pub no_config: bool,

    /// Keep nothing of what is typed at the prompt
    ///
    /// It is kept in ~/.local/state/wscope (or where XDG_STATE_HOME says), without the secrets that
    /// options gave; a line that begins with a blank is not. WSCOPE_HISTORY names another file; if
    /// it is empty, nothing is kept.
    #[arg(long)]
    pub no_history: bool,
}
