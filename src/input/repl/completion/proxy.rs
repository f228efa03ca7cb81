//! What Tab completes in the arguments of a proxy's commands.

use rustyline::completion::Pair;

use super::{close_codes, fitting, path, plain};
use crate::input::repl::context::{NumberKind, NumberList};
use crate::input::repl::visible::one_line;

type Words = Vec<(String, String)>;

/// What a payload can begin with; those of files end with `@`.
const FORMS: [&str; 9] =
    ["text:", "text:@", "json:", "json:@", "binary:@", "hex:", "base64:", "ping:", "pong:"];

const SIDES: [&str; 3] = ["client ", "server ", "any "];

/// What can stand behind SIDE and PATTERN of a rule.
const CONDITIONS: [&str; 4] = ["nth ", "every ", "after ", "=> "];

const ACTIONS: [&str; 8] =
    ["drop", "delay ", "duplicate", "replace ", "corrupt", "hold", "close ", "abort"];

/// What fits behind the command with this name: how many bytes before the cursor it replaces. `None`: it is not a command of
/// a proxy alone.
pub(super) fn arguments(
    name: &str,
    argument: &str,
    numbers: &NumberList,
) -> Option<(usize, Vec<Pair>)> {
    let argument = argument.trim_start();
    let (first, rest) = match argument.split_once(' ') {
        Some((first, rest)) => (first, Some(rest.trim_start())),
        None => (argument, None),
    };
    let number = |kind| fitting(first, numbered(numbers(kind)));
    Some(match (name, rest) {
        ("client" | "server" | "close", None) => number(NumberKind::Connection),
        ("go" | "drop" | "edit", None) => number(NumberKind::Held),
        ("unrule", None) => number(NumberKind::Rule),
        ("hold", None) => fitting(first, vec![plain("on"), plain("off")]),
        ("edit", Some("")) => held(first, numbers),
        ("client" | "server" | "edit", Some(payload)) => self::payload(payload),
        ("close", Some(rest)) => close(rest),
        ("rule", _) => rule(argument),
        ("go" | "drop" | "unrule" | "hold", Some(_)) => (0, Vec::new()),
        _ => return None,
    })
}

/// The payload of a held message, to be edited.
fn held(number: &str, numbers: &NumberList) -> (usize, Vec<Pair>) {
    let number = number.trim_start_matches('#').parse().ok();
    let found = number.map(|number| numbers(NumberKind::HeldPayload(number))).unwrap_or_default();
    match found.is_empty() {
        true => payload(""),
        false => fitting("", found.into_iter().map(|(_, typed)| plain(&typed)).collect()),
    }
}

fn numbered(list: Vec<(u64, String)>) -> Words {
    let word = |(number, what): (u64, String)| {
        (format!("{number} "), format!("{number}  {}", one_line(&what)))
    };
    list.into_iter().map(word).collect()
}

fn words<const N: usize>(list: [&str; N]) -> Words {
    list.into_iter().map(plain).collect()
}

fn payload(typed: &str) -> (usize, Vec<Pair>) {
    match file(typed) {
        Some(found) => path(found),
        None => fitting(typed, words(FORMS)),
    }
}

/// The path of the file that a payload or pattern is read from.
fn file(typed: &str) -> Option<&str> {
    FORMS.iter().filter(|form| form.ends_with('@')).find_map(|form| typed.strip_prefix(form))
}

fn close(rest: &str) -> (usize, Vec<Pair>) {
    match rest.strip_prefix("client ").or_else(|| rest.strip_prefix("server ")) {
        Some(code) => fitting(code.trim_start(), close_codes()),
        None => {
            let sides = SIDES.into_iter().take(2).map(plain);
            fitting(rest, sides.chain(close_codes()).collect())
        }
    }
}

fn rule(typed: &str) -> (usize, Vec<Pair>) {
    if let Some((_, action)) = typed.rsplit_once("=>") {
        let action = action.trim_start();
        return match action.split_once(' ') {
            None => fitting(action, words(ACTIONS)),
            Some(("replace", payload)) => self::payload(payload.trim_start()),
            Some(("close", code)) => fitting(code.trim_start(), close_codes()),
            Some(_) => (0, Vec::new()),
        };
    }
    let Some((_, rest)) = typed.split_once(' ') else { return fitting(typed, words(SIDES)) };
    if let Some(found) = file(rest.trim_start()) {
        return path(found);
    }
    let last = rest.rsplit(' ').next().unwrap_or(rest);
    let is_pattern = !rest.trim_start().contains(' ');
    let forms = FORMS.into_iter().chain(["close:"]).filter(|_| is_pattern);
    fitting(last, forms.chain(CONDITIONS).map(plain).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn numbers() -> NumberList {
        Arc::new(|kind| match kind {
            NumberKind::Connection => {
                vec![(1, "127.0.0.1:5 /\x1b".to_owned()), (12, String::new())]
            }
            NumberKind::Held => vec![(7, "#1 client".to_owned())],
            NumberKind::HeldPayload(7) => vec![(7, "{\"a\": 1}".to_owned())],
            NumberKind::HeldPayload(_) => Vec::new(),
            NumberKind::Rule => vec![(3, "any => drop".to_owned())],
        })
    }

    #[test]
    fn numbers_words_and_files_are_completed() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a b.json"), "").expect("a file");
        let root = folder.path().to_str().expect("UTF-8");
        for (name, argument, replaced, expected) in [
            ("server", "", 0, &["1 ", "12 "][..]),
            ("client", "12", 2, &["12 "]),
            ("close", "", 0, &["1 ", "12 "]),
            ("close", "1 c", 1, &["client "]),
            ("close", "1 401", 3, &[]),
            ("close", "1 101", 3, &["1010 ", "1011 ", "1012 ", "1013 ", "1014 "]),
            ("close", "1 server 1000", 4, &["1000 "]),
            ("go", "", 0, &["7 "]),
            ("drop", "8", 1, &[]),
            ("go", "7 ", 0, &[]),
            ("edit", "7", 1, &["7 "]),
            ("edit", "7 ", 0, &["{\"a\": 1}"]),
            ("edit", "7 js", 2, &["json:", "json:@"]),
            ("server", "1 hello t", 7, &[]),
            ("server", &format!("1 json:@{root}/a "), 2, &["a b.json"]),
            ("unrule", "", 0, &["3 "]),
            ("hold", "o", 1, &["on", "off"]),
            ("rule", "", 0, &["client ", "server ", "any "]),
            ("rule", "s", 1, &["server "]),
            ("rule", "any p", 1, &["ping:", "pong:"]),
            ("rule", "any clo", 3, &["close:"]),
            ("rule", "any /x y/ ", 0, &["nth ", "every ", "after ", "=> "]),
            ("rule", "any e", 1, &["every "]),
            ("rule", "any nth 2 =", 1, &["=> "]),
            ("rule", "any => d", 1, &["drop", "delay ", "duplicate"]),
            ("rule", "any => close 1012", 4, &["1012 "]),
            ("rule", "any => delay 1", 0, &[]),
            ("rule", &format!("any => replace text:@{root}/a"), 1, &["a b.json"]),
            ("rule", &format!("any json:@{root}/a "), 2, &["a b.json"]),
        ] {
            let (length, pairs) = arguments(name, argument, &numbers()).expect(name);
            let found: Vec<_> = pairs.iter().map(|pair| pair.replacement.as_str()).collect();
            assert_eq!((found.as_slice(), length), (expected, replaced), "/{name} {argument}");
        }
        for name in ["help", "filter", "record", "connections"] {
            assert!(arguments(name, "", &numbers()).is_none(), "{name}");
        }
        let (_, pairs) = arguments("client", "1", &numbers()).expect("numbers");
        assert_eq!(pairs[0].display, r"1  127.0.0.1:5 /\e");
    }
}
