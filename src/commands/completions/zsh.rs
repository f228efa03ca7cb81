//! The script for zsh: clap's functions for the commands, and one that chooses.

use clap::Command;
use clap_complete::{Shell, generate};

use super::offered::{CONNECT, Values, values};

const TAIL: &str = include_str!("tail.zsh");

pub(super) fn script(commands: &[Command]) -> String {
    let mut script = "#compdef wscope\n\nautoload -U is-at-least\n\n".to_owned();
    for command in commands {
        script += &function(command);
        script.push('\n');
    }
    let list = commands.iter().filter(|command| command.get_name() != CONNECT);
    let list = list.map(|command| {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        format!("        {}:{}\n", command.get_name(), quoted(&about))
    });
    script + &TAIL.replace("        @COMMANDS@\n", &list.collect::<String>())
}

/// The function that completes the arguments of a command.
fn function(command: &Command) -> String {
    let name = format!("_wscope_{}", command.get_name());
    let mut text = Vec::new();
    // A colon would end the name.
    let mut command = command.clone().mut_args(|arg| match arg.get_value_names() {
        Some([value, ..]) => {
            let value = value.replace(':', r"\:");
            arg.value_name(value)
        }
        _ => arg,
    });
    generate(Shell::Zsh, &mut command, name.trim_start_matches('_'), &mut text);
    let text = String::from_utf8_lossy(&text).into_owned();
    let start = text.find(&format!("{name}() {{")).unwrap_or_default();
    let end = text[start..].find("\n}\n").map_or(text.len(), |end| start + end + "\n}\n".len());
    let mut function =
        text[start..end].replace(":_urls'", ":_wscope_url'").replace(":_files'", ":_wscope_files'");
    // A value that may be missing is part of the same word.
    for arg in command.get_arguments().filter(|arg| arg.is_require_equals_set()) {
        let name = arg.get_long().unwrap_or_default();
        function = function.replace(&format!("--{name}=["), &format!("--{name}=-["));
    }
    with_files(&function, &command)
}

/// With files where `@FILE` may be given.
fn with_files(function: &str, command: &Command) -> String {
    let names: Vec<_> = command
        .get_opts()
        .filter(|arg| values(arg) == Some(Values::AtPath))
        .flat_map(|arg| {
            let short = arg.get_short().map(|short| format!("-{short}+["));
            short.into_iter().chain(arg.get_long().map(|long| format!("--{long}=[")))
        })
        .collect();
    let line = |line: &str| match line.strip_suffix(":' \\\n") {
        Some(start) if names.iter().any(|name| start.contains(name)) => {
            format!("{start}:_wscope_at_file' \\\n")
        }
        _ => line.to_owned(),
    };
    function.split_inclusive('\n').map(line).collect()
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
