//! The commands that a prompt carries out itself to write messages.

use bytes::Bytes;
use data_encoding::HEXLOWER;

use super::closest::closest;
use super::composer::Composer;
use super::context::PromptContext;
use super::filled::not_json;
use super::json_text::Fault;
use super::local::chosen;
use super::parsed::split;
use super::place::place;
use super::placeholders::{expand, quote};
use super::saved::Format;
use super::set::LineKind;
use super::text_part::SEND_TEXT;
use super::visible::{one_line, preview};
use super::words::SlashCommand;
use crate::protocol::MessageKind;
use crate::template::is_name;

/// `/set`, `/unset`, `/save-as`, `/send` and `/edit`.
pub(super) const SET: SlashCommand = SlashCommand {
    name: "set",
    arguments: "[NAME [VALUE]]",
    summary: "give {{NAME}} a value, or list them",
};
pub(super) const UNSET: SlashCommand =
    SlashCommand { name: "unset", arguments: "NAME", summary: "remove the value of {{NAME}}" };
pub(super) const SAVE_AS: SlashCommand = SlashCommand {
    name: "save-as",
    arguments: "[-f] NAME [N]",
    summary: "save the last text sent, or message N",
};
pub(super) const SEND: SlashCommand = SlashCommand {
    name: "send",
    arguments: "[NAME [KEY=VALUE…]]",
    summary: "send a saved message, or list them",
};

pub(super) const EDIT: SlashCommand = SlashCommand {
    name: "edit",
    arguments: "[N]",
    summary: "edit message N in VISUAL or EDITOR and send it",
};

/// What becomes of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Composed {
    /// It is parsed as it was typed.
    AsTyped,
    /// This message is sent, and shown as it is not what was typed.
    Message(MessageKind, Bytes),
    /// This line is opened in the text editor.
    Edit(String),
    /// This command is carried out, which is without its slash.
    Command(String),
    /// This is shown.
    Text(String),
}

/// What becomes of a line.
///
/// # Errors
/// Why nothing does, in words.
pub(super) fn compose(
    line: &str,
    composer: &Composer,
    context: Option<&PromptContext>,
) -> Result<Composed, String> {
    if !composer.sends_lines() {
        return Ok(Composed::AsTyped);
    }
    let view = context.map(|context| &*context.view);
    if let LineKind::Command(command) = LineKind::of(line.trim_end_matches(['\n', '\r'])) {
        let (name, argument) = split(command);
        match name {
            "set" => return set(argument, composer).map(Composed::Text),
            "unset" => return unset(argument.trim(), composer).map(Composed::Text),
            "save-as" => return save_as(argument.trim(), composer, context).map(Composed::Text),
            "edit" => return edit(argument.trim(), context).map(Composed::Edit),
            "send" => {
                let composed = send(argument.trim(), composer)?;
                if let Composed::Message(MessageKind::Text, data) = &composed {
                    composer.note_text(quote(&String::from_utf8_lossy(data)), data.clone(), view);
                }
                return Ok(composed);
            }
            _ => {}
        }
    }
    let command = composer.command(line)?;
    composer.note_line(line, view);
    Ok(match command {
        None => Composed::AsTyped,
        Some(command) => match command.strip_prefix(SEND_TEXT) {
            Some(text) => message(MessageKind::Text, text.to_owned()),
            None => Composed::Command(command),
        },
    })
}

fn message(kind: MessageKind, data: impl Into<Bytes>) -> Composed {
    Composed::Message(kind, data.into())
}

fn set(argument: &str, composer: &Composer) -> Result<String, String> {
    let (name, value) = split(argument.trim_start());
    let mut variables = composer.variables();
    if name.is_empty() {
        let lines: Vec<_> =
            variables.iter().map(|(name, value)| format!("  {name}  {}", preview(value))).collect();
        return Ok(match lines.is_empty() {
            true => "no values: /set NAME VALUE gives {{NAME}} one".to_owned(),
            false => lines.join("\n"),
        });
    }
    if !is_name(name) {
        return Err(format!(
            "/set: {name:?} is not a name: letters, digits, \"-\" and \"_\", with a letter or \"_\" at its start"
        ));
    }
    if !value.is_empty() {
        variables.insert(name.to_owned(), value.to_owned());
        return Ok(format!("  {name}  {}", preview(value)));
    }
    match variables.get(name) {
        Some(value) => Ok(format!("  {name}  {}", one_line(value))),
        None => Err(no_value(name, variables.keys().map(String::as_str))),
    }
}

fn unset(name: &str, composer: &Composer) -> Result<String, String> {
    let mut variables = composer.variables();
    match variables.remove(name) {
        Some(_) => Ok(format!("{name} has no value any more")),
        None if name.is_empty() => Err("/unset requires a name; /set lists them".to_owned()),
        None => Err(no_value(name, variables.keys().map(String::as_str))),
    }
}

fn no_value<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> String {
    let guess = closest(name, names).map(|name| format!("; did you mean {name}?"));
    format!("{name} has no value{}", guess.unwrap_or_default())
}

fn save_as(
    argument: &str,
    composer: &Composer,
    context: Option<&PromptContext>,
) -> Result<String, String> {
    let (replaces, rest) = match split(argument) {
        ("-f", rest) => (true, rest.trim()),
        _ => (false, argument),
    };
    let (name, number) = split(rest);
    if name.is_empty() {
        return Err("/save-as requires a name, as in /save-as login".to_owned());
    }
    let (text, is_hex) = match number.trim() {
        "" => {
            let text = composer.last_sent(context.map(|context| &*context.view));
            (text.ok_or("nothing was sent yet that could be saved")?, false)
        }
        number => {
            let kept = chosen("save-as", number, &context.ok_or(NO_MESSAGES)?.view)?;
            match str::from_utf8(&kept.data).ok().filter(|_| kept.kind == MessageKind::Text) {
                Some(text) => (quote(text), false),
                None => (HEXLOWER.encode(&kept.data), true),
            }
        }
    };
    let masked = composer.without_secrets(&text);
    let (path, replaced) = composer.saved().save(name, &masked, is_hex, replaces)?;
    let replaced = replaced.map(|name| format!("; replaced {name}")).unwrap_or_default();
    let secrets = if masked == text { "" } else { "; secrets are *** in it" };
    Ok(format!("saved as {}{replaced}{secrets}: {}", path.display(), preview(&masked)))
}

/// A larger message is not edited, in bytes.
const MAX_EDITED: usize = 1 << 20;

const NO_MESSAGES: &str = "messages are not kept here";

/// The line that sends a message that is kept.
fn edit(argument: &str, context: Option<&PromptContext>) -> Result<String, String> {
    let view = &context.ok_or(NO_MESSAGES)?.view;
    let kept = match argument {
        "" => view.last_sent().or_else(|| view.message(None)),
        number => Some(chosen("edit", number, view)?),
    };
    let kept = kept.ok_or("no message has been sent or received yet")?;
    if kept.data.len() > MAX_EDITED {
        return Err(format!(
            "message {} has {} bytes, more than are edited: /save {0} FILE writes it to a file",
            kept.number,
            kept.data.len()
        ));
    }
    Ok(match str::from_utf8(&kept.data).ok().filter(|_| kept.kind == MessageKind::Text) {
        Some("") => "/text ".to_owned(),
        Some(text) if text.starts_with('/') => format!("/{}", quote(text)),
        Some(text) => quote(text),
        None => format!("/binary {}", HEXLOWER.encode(&kept.data)),
    })
}

/// What stands for a secret where a message was saved.
const MASK: &str = "***";

fn send(argument: &str, composer: &Composer) -> Result<Composed, String> {
    let saved = composer.saved();
    let (name, values) = split(argument);
    if name.is_empty() {
        let previews = saved.previews();
        let width = previews.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let lines: Vec<_> =
            previews.iter().map(|(name, text)| format!("  {name:width$}  {text}")).collect();
        return Ok(Composed::Text(match lines.is_empty() {
            true => format!("no saved messages in {}", saved.folder()?.display()),
            false => lines.join("\n"),
        }));
    }
    let values = pairs(values)?;
    let message = saved.load(name)?;
    if message.text.contains(MASK) {
        let path = message.path.display();
        return Err(format!(
            "{path} has {MASK} in place of a secret: edit it, for example with {{{{name}}}}"
        ));
    }
    if message.format == Format::Hex {
        let bytes = message.hex()?;
        return match values.first() {
            Some((key, _)) => Err(format!("{name} is binary: {{{{{key}}}}} is not replaced in it")),
            None => Ok(self::message(MessageKind::Binary, bytes)),
        };
    }
    let path = message.path.display();
    let used = std::cell::RefCell::new(Vec::new());
    let value = |name: &str| {
        used.borrow_mut().push(name.to_owned());
        let given =
            values.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        given.or_else(|| composer.value(name))
    };
    let unknown =
        |name: &str| format!("{{{{{name}}}}} has no value: add {name}=VALUE, or /set {name} VALUE");
    let expanded = expand(&message.text, false, value, unknown)
        .map_err(|Fault { at, what }| format!("{path}: {}: {what}", place(&message.text, at)))?;
    if let Some((key, _)) = values.iter().find(|(key, _)| !used.borrow().contains(key)) {
        return Err(format!("{path} has no {{{{{key}}}}}"));
    }
    if message.format == Format::Json
        && let Some(reason) = not_json(&message.text, 0, &expanded)
    {
        return Err(format!("{path}: {reason}"));
    }
    Ok(self::message(MessageKind::Text, expanded.text))
}

/// `KEY=VALUE …`, with quotes as in a shell.
fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let words = shlex::split(text).ok_or("/send: a quote is not closed")?;
    let pair = |word: String| match word.split_once('=') {
        Some((key, value)) if is_name(key) => Ok((key.to_owned(), value.to_owned())),
        _ => Err(format!("/send: {word:?} is not KEY=VALUE")),
    };
    words.into_iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::input::repl::{CONNECTION_COMMANDS, Destination, PromptNames};
    use crate::redact::{Redaction, Secrets};

    fn composer(folder: &Path) -> Composer {
        let fields = [("Authorization", &b"Bearer hunter2-hunter2"[..])];
        let secrets = Secrets::of_request(Redaction::Mask, "/", fields.into_iter());
        let names = PromptNames::alone(Destination { messages: Some(folder.to_owned()), secrets });
        Composer::new(CONNECTION_COMMANDS.words, Arc::new(names))
    }

    fn text(line: &str, composer: &Composer) -> String {
        match compose(line, composer, None) {
            Ok(Composed::Text(text)) => text,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn command(line: &str, composer: &Composer) -> String {
        match compose(line, composer, None) {
            Ok(Composed::Command(command)) => command,
            Ok(Composed::Message(MessageKind::Text, data)) => {
                format!("text -- {}", String::from_utf8_lossy(&data))
            }
            Ok(Composed::Message(MessageKind::Binary, data)) => {
                format!("binary {}", HEXLOWER.encode(&data))
            }
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn values_are_set_listed_and_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let composer = composer(folder.path());
        assert!(text("/set", &composer).starts_with("no values"));
        assert_eq!(text("/set name  Kim {{x}}", &composer), "  name   Kim {{x}}");
        assert_eq!(text("/set b \x1b[2J", &composer), "  b  \\e[2J");
        assert_eq!(text("/set name", &composer), "  name   Kim {{x}}");
        assert_eq!(text("/set", &composer), "  b  \\e[2J\n  name   Kim {{x}}");
        assert_eq!(command("hi{{name}}", &composer), "text -- hi Kim {{x}}");
        assert_eq!(text("/unset b", &composer), "b has no value any more");
        for (line, reason) in [
            ("/set nam", "nam has no value; did you mean name?"),
            ("/unset", "/unset requires a name"),
            ("/unset b", "b has no value"),
            ("/set 1a x", "\"1a\" is not a name"),
            ("{{b}}", "{{b}} has no value"),
        ] {
            let problem = compose(line, &composer, None).expect_err(line);
            assert!(problem.contains(reason), "{line}: {problem}");
        }
        assert_eq!(compose("/ping", &composer, None), Ok(Composed::AsTyped));
        assert_eq!(compose("//set", &composer, None), Ok(Composed::AsTyped));
    }

    #[test]
    fn a_sent_text_is_saved_as_it_was_typed_and_sent_with_values() {
        let folder = tempfile::tempdir().expect("a folder");
        let composer = composer(folder.path());
        let problem = compose("/save-as a", &composer, None).expect_err("nothing was sent");
        assert!(problem.contains("nothing was sent yet"));
        text("/set user Kim", &composer);
        let sent = r#"text -- {"user":"Kim"}"#;
        assert_eq!(command(r#"{"user":"{{user}}"}"#, &composer), sent);
        let _ = compose("/ping", &composer, None);
        assert!(text("/save-as login", &composer).ends_with("login.json: {\"user\":\"{{user}}\"}"));
        let saved = std::fs::read_to_string(folder.path().join("login.json")).expect("a file");
        assert_eq!(saved, "{\"user\":\"{{user}}\"}\n");
        let sent = r#"text -- {"user":"a b"}"#;
        assert_eq!(command(r#"/send login user="a b""#, &composer), sent);
        assert_eq!(command("/send login", &composer), r#"text -- {"user":"Kim"}"#);
        assert_eq!(composer.last_sent(None).as_deref(), Some(r#"{"user":"Kim"}"#));
        command(r"/text -e a\t\x7b\x7bb}}", &composer);
        text("/save-as escaped", &composer);
        assert_eq!(command("/send escaped", &composer), "text -- a\t{{b}}");
    }

    #[test]
    fn what_cannot_be_sent_is_explained() {
        let folder = tempfile::tempdir().expect("a folder");
        let composer = composer(folder.path());
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("a file");
        };
        write("n.json", "{\n \"n\": {{n}}\n}\n");
        write("t.txt", "{{greeting}} {{ x }}\n");
        write("b.hex", "00 FF\n");
        assert_eq!(command("/send n n=1", &composer), "text -- {\n \"n\": 1\n}");
        assert_eq!(command("/send t x=' 1 ' greeting=a=b", &composer), "text -- a=b  1 ");
        assert_eq!(command("/send b", &composer), "binary 00ff");
        let list = "  b  00 FF\n  n  {\\n \"n\": {{n}}\\n}\n  t  {{greeting}} {{ x }}";
        assert_eq!(text("/send", &composer), list);
        write("broken.json", "{ {{n}}:1\n");
        for (line, reason) in [
            (
                "/send n n=",
                "n.json: not JSON after {{n}} was replaced by its value: line 3, column 1: expected a value, got \"}\"",
            ),
            (
                "/send n n=x",
                "by its value: line 2, column 7, character 1 of the value: expected a value, got \"x\"",
            ),
            ("/send broken n='\"a\"'", "broken.json: not JSON: column 10: expected \",\" or"),
            ("/send n", "n.json: line 2, column 7: {{n}} has no value: add n=VALUE"),
            ("/send n n=1 m=2", "n.json has no {{m}}"),
            ("/send n m", "\"m\" is not KEY=VALUE"),
            ("/send n n='1", "a quote is not closed"),
            ("/send b x=1", "b is binary: {{x}} is not replaced in it"),
            ("/send zz", "no message is saved as zz"),
            ("/send ../n", "cannot be the name"),
            ("/save-as", "/save-as requires a name"),
        ] {
            let problem = compose(line, &composer, None).expect_err(line);
            assert!(problem.contains(reason), "{line}: {problem}");
        }
    }

    #[test]
    fn secrets_are_not_saved() {
        let folder = tempfile::tempdir().expect("a folder");
        let composer = composer(folder.path());
        let _ = compose("token hunter2-hunter2", &composer, None);
        assert!(text("/save-as a", &composer).ends_with("a.txt; secrets are *** in it: token ***"));
        let saved = std::fs::read_to_string(folder.path().join("a.txt")).expect("a file");
        assert_eq!(saved, "token ***\n");
    }
}
