//! The script for fish: clap's lines for each command, with the condition that it is the one typed.

use clap::{Arg, Command};
use clap_complete::{Shell, generate};

use super::offered::{CONNECT, Values, values};

const HEAD: &str = include_str!("head.fish");

pub(super) fn script(commands: &[Command]) -> String {
    let own = || commands.iter().filter(|command| command.get_name() != CONNECT);
    let names: Vec<_> = own().map(Command::get_name).collect();
    let mut script = HEAD.replace("@COMMANDS@", &names.join(" "));
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
    let arguments = command.get_positionals().filter_map(values).map(|values| {
        let offered = match values {
            Values::Path => return format!("{}-F\n", start(name)),
            Values::Text | Values::AtPath => "-f".to_owned(),
            Values::Url => "-f -a '(__wscope_endpoints)'".to_owned(),
            Values::OneOf(values) => {
                let value = |value: &clap::builder::PossibleValue| match value.get_help() {
                    Some(help) => {
                        format!("{}\\t'{}'", value.get_name(), escaped(&help.to_string()))
                    }
                    None => value.get_name().to_owned(),
                };
                format!("-f -a \"{}\"", values.iter().map(value).collect::<Vec<_>>().join("\n"))
            }
        };
        format!("{}{offered}\n", start(name))
    });
    text + &arguments.collect::<String>()
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
