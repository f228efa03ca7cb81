//! The commands as completion offers them: without what is hidden, and with values that only help the one who types.

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Arg, ArgAction, ArgGroup, Command, CommandFactory, ValueHint};

use crate::cli::Cli;
use crate::protocol::close::{CloseCode, KNOWN};

/// The name of the command that is not written: `wscope URL`.
pub(super) const CONNECT: &str = "connect";

/// `wscope URL` as [`CONNECT`], then the commands, each without subcommands.
pub(super) fn commands() -> Vec<Command> {
    let cli = built();
    let names = subcommands(&cli).map(|command| command.get_name().to_owned());
    let connect = offered(&cli, CONNECT);
    let own = own_subcommands(&cli).map(|command| offered(command, command.get_name()));
    [connect].into_iter().chain(own).chain([help(names.collect())]).collect()
}

/// The same as one command with subcommands.
pub(super) fn whole() -> Command {
    let cli = built();
    let own = own_subcommands(&cli).map(|command| offered(command, command.get_name()));
    offered(&cli, "wscope").subcommands(own)
}

fn built() -> Command {
    let mut cli = Cli::command();
    cli.build(); // adds the command for help, and -h
    cli
}

fn subcommands(cli: &Command) -> impl Iterator<Item = &Command> {
    cli.get_subcommands().filter(|command| !command.is_hide_set())
}

/// All but `help`, which clap adds.
fn own_subcommands(cli: &Command) -> impl Iterator<Item = &Command> {
    subcommands(cli).filter(|command| command.get_name() != "help")
}

/// `wscope help COMMAND`
fn help(names: Vec<String>) -> Command {
    let command = Arg::new("command").help("The command").value_parser(names_parser(names));
    let about = "Print the help of wscope or of a command";
    Command::new("help").about(about).disable_help_flag(true).arg(command)
}

fn offered(command: &Command, name: &str) -> Command {
    let shown = || command.get_arguments().filter(|arg| !arg.is_hide_set());
    let groups = command.get_groups().map(|group| {
        let args = group.get_args().filter(|id| shown().any(|arg| arg.get_id() == *id));
        ArgGroup::new(group.get_id().clone()).args(args.cloned()).multiple(true)
    });
    Command::new(name.to_owned())
        .about(command.get_about().cloned().unwrap_or_default())
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_flag(true)
        .disable_version_flag(true)
        .args(shown().map(|arg| with_values(arg, command)))
        .groups(groups.filter(|group| group.get_args().next().is_some()))
}

/// An argument with the values to offer.
fn with_values(arg: &Arg, command: &Command) -> Arg {
    let id = arg.get_id().as_str();
    let arg = arg.clone();
    match (command.get_name(), id) {
        (_, "close_code") => arg.value_parser(close_codes(CloseCode::may_be_sent)),
        ("codes", "terms") => arg.value_parser(close_codes(|_| true)),
        ("man", "command") => {
            let cli = built();
            let names = own_subcommands(&cli).map(|command| command.get_name().to_owned());
            arg.value_parser(names_parser(names.collect()))
        }
        (_, "url") => {
            // A new one, as it may name hidden options that make it superfluous.
            let url = Arg::new("url").value_name("URL").required(arg.is_required_set());
            let help = arg.get_help().cloned().unwrap_or_default();
            url.value_hint(ValueHint::Url).help(help)
        }
        _ if takes_values(&arg) && arg.get_value_hint() == ValueHint::Unknown => {
            arg.value_hint(ValueHint::Other)
        }
        _ => arg,
    }
}

fn names_parser(names: Vec<String>) -> PossibleValuesParser {
    PossibleValuesParser::new(names.into_iter().map(PossibleValue::new))
}

fn close_codes(is_offered: impl Fn(CloseCode) -> bool) -> PossibleValuesParser {
    let codes = KNOWN.iter().map(|&code| CloseCode::new(code)).filter(|code| is_offered(*code));
    let value = |code: CloseCode| PossibleValue::new(code.get().to_string()).help(code.name());
    PossibleValuesParser::new(codes.map(value))
}

/// What follows an option or stands for an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Values {
    /// One of these.
    OneOf(Vec<PossibleValue>),
    /// A file or a folder.
    Path,
    /// A URL or an endpoint.
    Url,
    /// A text, or `@` and the name of a file that has it.
    AtPath,
    /// Anything else.
    Text,
}

/// The values of an option or argument that takes some.
pub(super) fn values(arg: &Arg) -> Option<Values> {
    let possible = arg.get_possible_values();
    takes_values(arg).then(|| match arg.get_value_hint() {
        _ if !possible.is_empty() => Values::OneOf(possible),
        ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath => Values::Path,
        ValueHint::Url => Values::Url,
        _ if may_name_file(arg) => Values::AtPath,
        _ => Values::Text,
    })
}

/// The short and the long name.
pub(super) fn names(arg: &Arg) -> Vec<String> {
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    short.into_iter().chain(long).collect()
}

/// Whether it may be given several times.
pub(super) fn is_repeatable(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append)
}

fn takes_values(arg: &Arg) -> bool {
    arg.is_positional() || arg.get_action().takes_values()
}

/// Whether its help says that `@FILE` is read from a file.
fn may_name_file(arg: &Arg) -> bool {
    let texts = [arg.get_help(), arg.get_long_help()].into_iter().flatten();
    texts.into_iter().any(|text| text.to_string().split_whitespace().any(|word| word == "@FILE"))
}
