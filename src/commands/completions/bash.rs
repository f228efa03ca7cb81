//! The script for bash: tables of the options and their values, and the functions that use them.

use clap::{Arg, Command};

use super::offered::{CONNECT, Values, is_repeatable, names, values};

const TAIL: &str = include_str!("tail.bash");

pub(super) fn script(commands: &[Command]) -> String {
    let names: Vec<_> =
        commands.iter().map(Command::get_name).filter(|it| *it != CONNECT).collect();
    let arguments: String = commands.iter().map(arguments).collect();
    let options: String = commands.iter().map(options).collect();
    format!(
        "# What a command has: its options, the values of each of its arguments, and whether there may be many of the last.
_wscope_command() {{
    case $1 in
{arguments}    esac
}}

# What the option of a command takes: its values, and whether they may be the next word.
_wscope_option() {{
    case \"$1 $2\" in
{options}    esac
}}

{}",
        TAIL.replace("@COMMANDS@", &names.join(" "))
    )
}

fn arguments(command: &Command) -> String {
    let names: Vec<_> = command.get_opts().chain(flags(command)).flat_map(names).collect();
    let arguments = command.get_positionals().filter_map(values);
    let arguments: Vec<_> = arguments.map(|values| format!("'{}'", words(&values))).collect();
    let many = if command.get_positionals().any(is_repeatable) { "yes" } else { "" };
    format!(
        "        {})\n            options='{}'\n            arguments=({}) many={many}\n            ;;\n",
        command.get_name(),
        names.join(" "),
        arguments.join(" "),
    )
}

/// The options of a command that take values.
fn options(command: &Command) -> String {
    let line = |arg: &Arg| {
        let names = names(arg).into_iter().map(|name| format!("'{} {name}'", command.get_name()));
        let names = names.collect::<Vec<_>>().join(" | ");
        let takes = if arg.is_require_equals_set() { "equals" } else { "next" };
        format!("        {names}) takes={takes} values='{}' ;;\n", words(&values(arg)?)).into()
    };
    command.get_opts().filter_map(line).collect()
}

fn flags(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|arg| !arg.is_positional() && !arg.get_action().takes_values())
}

/// As `compgen -W` takes them; `<path>`, `<@path>` and `<url>` stand for those.
fn words(values: &Values) -> String {
    match values {
        Values::Path => "<path>".to_owned(),
        Values::Url => "<url>".to_owned(),
        Values::AtPath => "<@path>".to_owned(),
        Values::Text => String::new(),
        Values::OneOf(values) => {
            values.iter().map(|value| value.get_name()).collect::<Vec<_>>().join(" ")
        }
    }
}
