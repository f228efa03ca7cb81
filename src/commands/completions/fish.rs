//! The script for fish: clap's lines for each command, with the condition that it is the one typed.

use clap::builder::PossibleValue;
use clap::{Arg, Command};
use clap_complete::{Shell, generate};

use super::offered::{CONNECT, Values, is_repeatable, names, values};

const HEAD: &str = include_str!("head.fish");

pub(super) fn script(commands: &[Command]) -> String {
    let own = || commands.iter().filter(|command| command.get_name() != CONNECT);
    let names: Vec<_> = own().map(Command::get_name).collect();
    let valued: String = commands.iter().map(valued).collect();
    let mut script = HEAD.replace("@COMMANDS@", &names.join(" ")).replace("@VALUED@", &valued);
    for command in own() {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let name = command.get_name();
        script += &format!(
            "complete -c wscope -n __wscope_is_first -f -a {name} -d '{}'\n",
            escaped(&about)
        );
    }
    script + &commands.iter().map(lines).collect::<String>()
}

/// The options of a command whose values are the next words.
fn valued(command: &Command) -> String {
    let names: Vec<_> =
        command.get_opts().filter(|arg| !arg.is_require_equals_set()).flat_map(names).collect();
    match names.as_slice() {
        [] => String::new(),
        names => format!(
            "        case {}\n            string split ' ' -- '{}'\n",
            command.get_name(),
            names.join(" ")
        ),
    }
}

/// The options and arguments of a command.
fn lines(command: &Command) -> String {
    let (name, mut text) = (command.get_name(), Vec::new());
    generate(Shell::Fish, &mut command.clone(), format!("wscope_{name}"), &mut text);
    let mut text = String::from_utf8_lossy(&text)
        .replace(&format!("complete -c wscope_{name} "), &start(name));
    for arg in command.get_opts() {
        if arg.is_require_equals_set() {
            // -r would offer the values as the next word too.
            text = changed(&text, arg, " -r -f", " -f");
        } else if values(arg) == Some(Values::AtPath) {
            text = changed(&text, arg, " -r -f", " -r -f -a '(__wscope_at_files)'");
        } else if values(arg) == Some(Values::Path) {
            let condition = format!("'__wscope_is {name}");
            text = changed(&text, arg, &condition, &format!("{condition}; and __wscope_expands"));
        }
    }
    let text = filtered(&text);
    let arguments = command.get_positionals().enumerate();
    text + &arguments.filter_map(|(before, arg)| argument(command, arg, before)).collect::<String>()
}

/// With the lists of values as arguments of a function: fish would compare what is typed with the descriptions too.
fn filtered(text: &str) -> String {
    let mut parts = text.split(" -a \"");
    let start = parts.next().unwrap_or_default().to_owned();
    parts.fold(start, |text, part| {
        let (values, rest) = part.split_once("\"\n").unwrap_or((part, ""));
        format!("{text} -a \"(__wscope_offered {})\"\n{rest}", values.replace('\n', " "))
    })
}

/// The values of an argument that is behind so many others.
fn argument(command: &Command, arg: &Arg, before: usize) -> Option<String> {
    let start = match is_repeatable(arg) {
        true => start(command.get_name()),
        false => format!(
            "complete -c wscope -n '__wscope_is {}; and __wscope_has_arguments {before}' ",
            command.get_name()
        ),
    };
    let offered = match values(arg)? {
        Values::Path => "-F".to_owned(),
        Values::Text | Values::AtPath => "-f".to_owned(),
        Values::Url => "-f -a '(__wscope_endpoints)'".to_owned(),
        Values::OneOf(values) => {
            let value = |value: &PossibleValue| match value.get_help() {
                Some(help) => format!("{}\\t'{}'", value.get_name(), escaped(&help.to_string())),
                None => value.get_name().to_owned(),
            };
            let values: Vec<_> = values.iter().map(value).collect();
            format!("-f -a \"(__wscope_offered {})\"", values.join(" "))
        }
    };
    Some(format!("{start}{offered}\n"))
}

fn start(command: &str) -> String {
    format!("complete -c wscope -n '__wscope_is {command}' ")
}

/// With `new` in place of `old` in the line of an option.
fn changed(text: &str, arg: &Arg, old: &str, new: &str) -> String {
    let option = format!(" -l {} ", arg.get_long().unwrap_or_default());
    let line = |line: &str| match line.contains(&option) {
        true => line.replacen(old, new, 1),
        false => line.to_owned(),
    };
    text.split_inclusive('\n').map(line).collect()
}

fn escaped(text: &str) -> String {
    text.replace('\\', r"\\").replace('\'', r"\'")
}
