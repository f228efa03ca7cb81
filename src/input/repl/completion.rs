//! What Tab completes in the arguments of commands.

use std::fs;
use std::path::{MAIN_SEPARATOR_STR, Path, PathBuf, is_separator};

use rustyline::completion::Pair;

use super::composer::Composer;
use super::context::NumberList;
use super::names::PromptNames;
use super::parsed::split;
use super::visible::one_line;
use super::words::SlashCommand;
use crate::platform::files::expand_home;
use crate::protocol::CloseCode;
use crate::protocol::close::KNOWN;

mod proxy;

/// Of more files that match, none is offered: the editor counts them in 16 bits.
const MAX_FILES: usize = 10_000;

/// What fits behind a line that begins with a command, without its slash: how many bytes before the cursor it replaces.
pub(super) fn arguments(
    command: &str,
    commands: &[&SlashCommand],
    composer: &Composer,
    connections: &PromptNames,
    numbers: Option<&NumberList>,
) -> (usize, Vec<Pair>) {
    let (name, argument) = split(command);
    if let Some(completed) = numbers.and_then(|numbers| proxy::arguments(name, argument, numbers)) {
        return completed;
    }
    let last = argument.rsplit(' ').next().unwrap_or(argument);
    let is_first = !argument.trim_start().contains(' ');
    match name {
        "file" | "scenario" => path(argument.trim_start()),
        "record" => {
            let typed = argument.trim_start();
            path(["--force ", "-f ", "--append ", "off ", "stop "].into_iter().fold(typed, strip))
        }
        "binary" => argument.trim_start().strip_prefix('@').map_or((0, Vec::new()), path),
        "help" if is_first => {
            let names = commands.iter().map(|it| it.name).chain(["keys", "all"]);
            fitting(last, names.map(plain).collect())
        }
        "close" if is_first => fitting(last, close_codes()),
        "kick" if argument.split(' ').count() == 2 => fitting(last, close_codes()),
        "time" if is_first => {
            let modes = ["off", "local", "utc", "relative", "delta"];
            fitting(last, modes.iter().map(|word| plain(word)).collect())
        }
        "use" | "reconnect" if is_first => {
            fitting(last, connections.all().iter().map(|name| plain(name)).collect())
        }
        "connect" if last.starts_with('@') && argument.split_whitespace().count() <= 2 => {
            let endpoints = connections.endpoints().into_iter();
            fitting(last, endpoints.map(|name| plain(&format!("@{name}"))).collect())
        }
        "numbers" if is_first => fitting(last, vec![plain("on"), plain("off")]),
        "set" | "unset" if is_first => {
            fitting(last, composer.variables().keys().map(|name| plain(name)).collect())
        }
        "send" if is_first => fitting(last, names(composer)),
        "save-as" if is_first || argument.starts_with("-f ") => fitting(last, names(composer)),
        _ => (0, Vec::new()),
    }
}

/// Those of these words, each with how it is shown, that begin as what is typed.
fn fitting(start: &str, words: Vec<(String, String)>) -> (usize, Vec<Pair>) {
    let fitting = words.into_iter().filter(|(word, _)| word.starts_with(start));
    let pair = |(replacement, display)| Pair { display, replacement };
    (start.len(), fitting.map(pair).collect())
}

fn plain(word: &str) -> (String, String) {
    (word.to_owned(), one_line(word).into_owned())
}

/// What is behind a word, if a text starts with that.
fn strip<'t>(text: &'t str, word: &str) -> &'t str {
    text.strip_prefix(word).map_or(text, str::trim_start)
}

fn names(composer: &Composer) -> Vec<(String, String)> {
    composer.saved().names().into_keys().map(|name| (name.clone(), name)).collect()
}

fn close_codes() -> Vec<(String, String)> {
    let codes = KNOWN.iter().map(|code| CloseCode::new(*code));
    let word = |code: CloseCode| {
        let number = code.get();
        (format!("{number} "), format!("{number} {}", code.name()))
    };
    codes.filter(|code| code.may_be_sent()).map(word).collect()
}

/// The files whose names begin as the last part of a path. Names go onto the line as they are: a command takes all that
/// is behind it as one path, and removes only quotes around the whole.
fn path(typed: &str) -> (usize, Vec<Pair>) {
    let path = typed.strip_prefix(['"', '\'']).unwrap_or(typed);
    if path == "~" {
        let home = Pair { display: "~/".to_owned(), replacement: "~/".to_owned() };
        return (1, vec![home]);
    }
    let (folder, start) = path.split_at(path.rfind(is_separator).map_or(0, |at| at + 1));
    (start.len(), files(&expand_home(folder), start))
}

fn files(folder: &Path, start: &str) -> Vec<Pair> {
    let is_here = folder.as_os_str().is_empty();
    let place = if is_here { PathBuf::from(".") } else { folder.to_owned() };
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    let pair = |entry: fs::DirEntry| {
        let mut name =
            entry.file_name().into_string().ok().filter(|name| name.starts_with(start))?;
        if fs::metadata(entry.path()).is_ok_and(|meta| meta.is_dir()) {
            name += MAIN_SEPARATOR_STR;
        }
        Some(Pair { display: one_line(&name).into_owned(), replacement: name })
    };
    let mut pairs: Vec<_> = entries.filter_map(pair).take(MAX_FILES + 1).collect();
    if pairs.len() > MAX_FILES {
        return Vec::new();
    }
    pairs.sort_by(|a, b| a.replacement.cmp(&b.replacement));
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use crate::input::repl::names::tests::Known;
    use crate::input::repl::{CONNECTION_COMMANDS, Destination};

    #[test]
    fn arguments_are_completed() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["a b.txt", "ab.txt", "login.json"] {
            fs::write(folder.path().join(name), "").expect("a file");
        }
        fs::create_dir(folder.path().join("sub dir")).expect("a folder");
        let words = CONNECTION_COMMANDS.words;
        let commands: Vec<_> = words.all.iter().collect();
        let messages = Some(folder.path().to_owned());
        let destination = Destination { messages, ..Destination::default() };
        let connections = PromptNames::new("main", destination, Arc::new(Known), false);
        let connections = Arc::new(connections);
        let composer = Composer::new(words, Arc::clone(&connections));
        composer.variables().insert("user".to_owned(), "Kim".to_owned());
        let root = folder.path().to_str().expect("UTF-8");
        for (line, replaced, expected) in [
            (format!("file {root}/a"), 1, &["a b.txt", "ab.txt"][..]),
            (format!("file {root}/a b"), 3, &["a b.txt"]),
            (format!("file \"{root}/a "), 2, &["a b.txt"]),
            (format!("binary @{root}/su"), 2, &["sub dir/"]),
            (format!("record --force {root}/a "), 2, &["a b.txt"]),
            (format!("record {root}/lo"), 2, &["login.json"]),
            ("file ~".to_owned(), 1, &["~/"]),
            ("binary 00".to_owned(), 0, &[]),
            ("help se".to_owned(), 2, &["set", "send"]),
            (
                "close 100".to_owned(),
                3,
                &["1000 ", "1001 ", "1002 ", "1003 ", "1007 ", "1008 ", "1009 "],
            ),
            ("close 1000 a".to_owned(), 0, &[]),
            ("kick 2 101".to_owned(), 3, &["1010 ", "1011 ", "1012 ", "1013 ", "1014 "]),
            ("kick 2".to_owned(), 0, &[]),
            ("time re".to_owned(), 2, &["relative"]),
            ("set us".to_owned(), 2, &["user"]),
            ("unset ".to_owned(), 0, &["user"]),
            ("send lo".to_owned(), 2, &["login"]),
            ("save-as -f lo".to_owned(), 2, &["login"]),
            ("use ma".to_owned(), 2, &["main"]),
            ("reconnect ".to_owned(), 0, &["main"]),
            ("connect @st".to_owned(), 3, &["@staging"]),
            ("connect b @".to_owned(), 1, &["@staging", "@local"]),
            ("connect b ws://h @".to_owned(), 0, &[]),
            ("connect st".to_owned(), 0, &[]),
            ("text a".to_owned(), 0, &[]),
        ] {
            let (length, pairs) = arguments(&line, &commands, &composer, &connections, None);
            let found: Vec<_> = pairs.iter().map(|pair| pair.replacement.as_str()).collect();
            assert_eq!((found.as_slice(), length), (expected, replaced), "{line}");
        }
        let (_, pairs) = arguments("close 1000", &commands, &composer, &connections, None);
        assert_eq!(pairs[0].display, "1000 Normal Closure");
    }
}
