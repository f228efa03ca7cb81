//! Checks the layers: imports point down only, and files and functions are of limited size.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// From low to high: each module with all that it may import.
const LAYERS: [(&str, &[&str]); 25] = [
    ("platform", &[]),
    ("template", &[]),
    ("hidden", &[]),
    ("redact", &[]),
    ("protocol", &[]),
    ("net", &["platform", "redact", "protocol"]),
    ("resilience", &["protocol", "net"]),
    ("server", &["platform", "protocol", "net"]),
    ("client", &["redact", "protocol", "net", "resilience"]),
    ("event", &["redact", "protocol", "net"]),
    ("view", &["protocol", "event"]),
    ("input", &["platform", "template", "redact", "protocol", "event", "view"]),
    ("observer", &["protocol", "event", "input"]),
    ("scenario", &["template", "hidden", "protocol", "event", "view", "observer"]),
    ("rules", &["protocol", "input", "scenario"]),
    ("output", &["platform", "hidden", "protocol", "net", "event", "view"]),
    (
        "recording",
        &[
            "platform", "template", "redact", "protocol", "net", "event", "view", "scenario",
            "output",
        ],
    ),
    (
        "page",
        &["platform", "redact", "protocol", "event", "view", "scenario", "output", "recording"],
    ),
    ("session", &["platform", "protocol", "net", "event", "observer", "output", "input"]),
    ("proxy", &["protocol", "net", "event", "rules", "output", "session"]),
    ("report", &["protocol", "scenario", "output", "page"]),
    ("cli", &[]),
    (
        "config",
        &[
            "platform",
            "redact",
            "protocol",
            "net",
            "server",
            "client",
            "event",
            "view",
            "scenario",
            "output",
            "recording",
            "input",
            "session",
            "rules",
            "cli",
        ],
    ),
    (
        "error",
        &[
            "platform",
            "redact",
            "protocol",
            "net",
            "resilience",
            "client",
            "event",
            "output",
            "recording",
            "input",
            "config",
        ],
    ),
    (
        "commands",
        &[
            "proxy",
            "rules",
            "platform",
            "template",
            "redact",
            "protocol",
            "net",
            "server",
            "resilience",
            "client",
            "event",
            "view",
            "observer",
            "scenario",
            "report",
            "output",
            "recording",
            "page",
            "input",
            "session",
            "cli",
            "config",
            "error",
        ],
    ),
];

/// Single items that a module may import from a layer at the same level: importing files, item.
const EXCEPTIONS: [(&str, &str); 1] = [("input/repl/", "output::escape")];

/// What the protocol, which uses neither clock nor system, must not name.
const SYSTEM: [&str; 6] =
    ["std::net", "std::fs", "std::io::std", "Instant::now", "SystemTime", "std::thread"];

const MAX_FILE: usize = 450;
const MAX_FUNCTION: usize = 70;

/// A source file under `src/`.
struct Source {
    /// Relative to `src/`, with slashes.
    name: String,
    text: String,
}

impl Source {
    /// The top-level module it belongs to.
    fn module(&self) -> &str {
        self.name.split('/').next().unwrap_or_default().trim_end_matches(".rs")
    }

    /// The depth of its module: 1 for `net.rs` and `net/mod.rs`, 2 for `net/tcp.rs`.
    fn depth(&self) -> usize {
        self.name.trim_end_matches(".rs").trim_end_matches("/mod").split('/').count()
    }

    /// All but tests and comments.
    fn code(&self) -> String {
        let body = self.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        body.lines()
            .map(|line| line.split("//").next().unwrap_or_default().to_owned() + "\n")
            .collect()
    }

    /// The paths below the crate's root that the code names, such as `output::Lane`.
    fn imports(&self) -> Vec<String> {
        let up = "super::".repeat(self.depth());
        let code = self.code();
        let below = |root: &str| {
            let paths = code.match_indices(root).filter(|(at, _)| !code[..*at].ends_with(is_path));
            let paths = paths.map(|(at, _)| &code[at + root.len()..]);
            paths
                .map(|rest| rest.split(|c| !is_path(c)).next().unwrap_or_default().to_owned())
                .collect()
        };
        let [named, climbed]: [Vec<String>; 2] = ["crate::", &up].map(below);
        [named, climbed].concat()
    }

    /// The module's path below the root.
    fn path(&self) -> Names {
        let name = self.name.trim_end_matches(".rs").trim_end_matches("/mod");
        name.split('/').map(str::to_owned).collect()
    }

    /// The paths that the code names, from the root, each behind the name that it has here. `only_uses`: those of
    /// `use` declarations.
    fn paths(&self, only_uses: bool) -> Vec<(Names, Names)> {
        let (code, mut found) = (self.code(), Vec::new());
        let roots: &[&str] = if only_uses { &["use "] } else { &["use ", "crate::", "super::"] };
        for (at, _) in roots.iter().flat_map(|root| code.match_indices(root)) {
            if code[..at].ends_with(is_path) {
                continue;
            }
            let rest = code[at..].trim_start_matches("use ");
            let (stem, after) = rest.split_at(rest.find(|c| !is_path(c)).unwrap_or(rest.len()));
            let list = after.strip_prefix('{').and_then(|list| list.split('}').next());
            for item in list.unwrap_or_default().split(',') {
                let mut path = self.path();
                for word in stem.split("::").chain(item.trim().split(" as ").next()) {
                    match word {
                        "crate" => path.clear(),
                        "super" => drop(path.pop()),
                        "self" | "" => {}
                        name => path.push(name.to_owned()),
                    }
                }
                let name = path.last().cloned();
                found.push((self.path().into_iter().chain(name).collect(), path));
            }
        }
        found
    }
}

/// The names of a path in Rust.
type Names = Vec<String>;

fn is_path(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | ':')
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources: Vec<_> = files(&root)
        .into_iter()
        .map(|path| {
            let name = path
                .strip_prefix(&root)
                .expect("a file below src")
                .to_string_lossy()
                .replace('\\', "/");
            let text = fs::read_to_string(&path).expect("a source file").replace("\r\n", "\n");
            Source { name, text }
        })
        .collect();
    sources.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(sources.len() > 20, "the sources were not found");
    sources
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let sources = files.into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs"));
    sources.chain(folders.iter().flat_map(|folder| self::files(folder))).collect()
}

fn allowed(module: &str) -> Option<&'static [&'static str]> {
    LAYERS.iter().find(|(name, _)| *name == module).map(|(_, allowed)| *allowed)
}

fn is_tests(source: &Source) -> bool {
    source.name.ends_with("tests.rs") || source.name.contains("/tests/")
}

#[test]
fn imports_point_down() {
    let mut upward = Vec::new();
    for source in sources().iter().filter(|source| !is_tests(source)) {
        let Some(allowed) = allowed(source.module()) else { continue };
        for import in source.imports() {
            let target = import.split("::").next().unwrap_or_default();
            let is_layer = LAYERS.iter().any(|(name, _)| *name == target);
            let is_excepted = EXCEPTIONS
                .iter()
                .any(|(files, item)| source.name.starts_with(files) && import == *item);
            if is_layer && target != source.module() && !allowed.contains(&target) && !is_excepted {
                upward.push(format!("src/{} imports {import}", source.name));
            }
        }
    }
    assert!(upward.is_empty(), "imports that the layers do not allow:\n{}", upward.join("\n"));
}

#[test]
fn the_table_has_no_cycle() {
    for (at, (module, allowed)) in LAYERS.iter().enumerate() {
        for name in *allowed {
            let is_below = LAYERS[..at].iter().any(|(below, _)| below == name);
            assert!(is_below, "{module} may not import {name}, which is not below it");
        }
    }
}

#[test]
fn every_module_has_a_layer() {
    let known: BTreeSet<&str> =
        LAYERS.iter().map(|(name, _)| *name).chain(["main", "lib"]).collect();
    let found: BTreeSet<String> =
        sources().iter().map(|source| source.module().to_owned()).collect();
    let unknown: Vec<_> = found.iter().filter(|name| !known.contains(name.as_str())).collect();
    assert!(unknown.is_empty(), "not in LAYERS: {unknown:?}");
}

/// Files of one folder, each with its own folder if it has one, must not import each other in a circle. Parent
/// and child may.
#[test]
fn the_files_of_a_folder_import_each_other_in_one_direction() {
    let sources: Vec<_> = sources().into_iter().filter(|source| !is_tests(source)).collect();
    let circles = circles(&sources);
    assert!(circles.is_empty(), "these are in circles, or between them: {circles:#?}");
}

/// Each file that is in a circle, or between two, with those beside it that it imports.
fn circles(sources: &[Source]) -> BTreeMap<Names, BTreeSet<Names>> {
    let mut reexports = BTreeMap::<Names, Vec<Names>>::new();
    for (name, path) in sources.iter().flat_map(|source| source.paths(true)) {
        reexports.entry(name).or_default().push(path);
    }
    let modules: BTreeSet<Names> = sources.iter().map(Source::path).collect();
    let mut imports = BTreeMap::<Names, BTreeSet<Names>>::new();
    for source in sources {
        let from = source.path();
        for (_, path) in source.paths(false) {
            for to in targets(&path, &modules, &reexports, 8) {
                let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
                if shared < from.len().min(to.len()) {
                    let files = imports.entry(from[..=shared].to_vec()).or_default();
                    files.insert(to[..=shared].to_vec());
                }
            }
        }
    }
    loop {
        let before = imports.len();
        let imported: BTreeSet<Names> = imports.values().flatten().cloned().collect();
        imports.retain(|from, _| imported.contains(from));
        let importing: BTreeSet<Names> = imports.keys().cloned().collect();
        imports.values_mut().for_each(|files| files.retain(|to| importing.contains(to)));
        imports.retain(|_, files| !files.is_empty());
        if imports.len() == before {
            return imports;
        }
    }
}

/// The modules that a path leads to, through at most `most` re-exports.
fn targets(
    path: &[String],
    modules: &BTreeSet<Names>,
    reexports: &BTreeMap<Names, Vec<Names>>,
    most: usize,
) -> Vec<Names> {
    let Some(depth) = (1..=path.len()).rev().find(|depth| modules.contains(&path[..*depth])) else {
        return Vec::new();
    };
    let item = reexports.get(&path[..path.len().min(depth + 1)]).filter(|_| most > 0);
    let others = item.into_iter().flatten().filter(|other| **other != path);
    let found: Vec<_> =
        others.flat_map(|other| targets(other, modules, reexports, most - 1)).collect();
    if found.is_empty() { vec![path[..depth].to_vec()] } else { found }
}

#[test]
fn the_scan_finds_circles() {
    let source = |name: &str, text: &str| Source { name: name.to_owned(), text: text.to_owned() };
    let mut sources = vec![
        source("net/mod.rs", "mod tls;\npub use tls::{Hello, Tls};\n"),
        source("net/tls.rs", "use super::{stream, tcp};\nmod hello;\nuse hello::Seen;\n"),
        source("net/tls/hello.rs", "use super::Tls;\nuse crate::net::tcp::Tcp;\n"),
        source("net/stream.rs", "fn hello(tcp: super::tcp::Tcp) {}\n"),
        source("net/tcp.rs", "use crate::event::Event;\n"),
    ];
    assert!(circles(&sources).is_empty());
    sources.push(source("net/stream.rs", "use crate::net::{\n    Hello,\n    tcp,\n};\n"));
    let files: Vec<_> = circles(&sources).into_keys().map(|path| path.join("::")).collect();
    assert_eq!(files, ["net::stream", "net::tls"]);
}

/// The scan above does not detect grouped imports from the root.
#[test]
fn the_scan_detects_every_import() {
    for source in sources() {
        assert!(!source.text.contains("crate::{"), "one line for each module: src/{}", source.name);
        assert!(!source.text.contains("crate::*"), "name the imported items: src/{}", source.name);
    }
}

#[test]
fn the_protocol_uses_no_system_api() {
    for source in
        sources().iter().filter(|source| source.module() == "protocol" && !is_tests(source))
    {
        let code = source.code();
        for word in SYSTEM {
            assert!(!code.contains(word), "{word} in src/{}", source.name);
        }
    }
}

#[test]
fn only_main_ends_the_process() {
    for source in sources().iter().filter(|source| source.name != "main.rs") {
        assert!(!source.code().contains("process::exit"), "src/{} ends the process", source.name);
    }
}

#[test]
fn no_file_is_too_long() {
    let lengths = sources().into_iter().map(|source| (source.text.lines().count(), source.name));
    let long: Vec<_> = lengths.filter(|(lines, _)| *lines > MAX_FILE).collect();
    assert!(long.is_empty(), "over {MAX_FILE} lines: {long:?}");
}

#[test]
fn no_function_is_too_long() {
    let mut long = Vec::new();
    for source in sources().into_iter().filter(|source| !is_tests(source)) {
        let found = functions(&source.text).into_iter().filter(|(_, lines)| *lines > MAX_FUNCTION);
        long.extend(
            found.map(|(name, lines)| format!("{lines} lines: {name} in src/{}", source.name)),
        );
    }
    assert!(long.is_empty(), "over {MAX_FUNCTION} lines:\n{}", long.join("\n"));
}

/// Each function and its number of lines. Relies on rustfmt: a block ends on a line with the indentation of its
/// start.
fn functions(text: &str) -> Vec<(&str, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let starts =
        lines.iter().enumerate().filter_map(|(at, line)| Some((at, *line, function_name(line)?)));
    starts.map(|(at, line, name)| (name, length(&lines[at..], indentation(line)))).collect()
}

fn function_name(line: &str) -> Option<&str> {
    const WORDS: [&str; 6] = ["pub", "pub(crate)", "pub(super)", "const", "async", "unsafe"];
    let mut rest = line.trim_start();
    while let Some((word, after)) = rest.split_once(' ') {
        match word {
            "fn" => return after.split(['(', '<']).next(),
            _ if WORDS.contains(&word) => rest = after,
            _ => return None,
        }
    }
    None
}

fn indentation(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

fn length(lines: &[&str], indent: &str) -> usize {
    if lines[0].ends_with(['}', ';']) {
        return 1;
    }
    let is_end = |line: &&str| {
        let rest = line.strip_prefix(indent).unwrap_or_default();
        rest == "}" || (!rest.starts_with(' ') && rest.ends_with(';'))
    };
    1 + lines[1..].iter().position(is_end).map_or(lines.len(), |at| at + 1)
}

#[test]
fn the_scan_measures_functions() {
    let text = "fn one() {}\n\nimpl X {\n    pub(super) fn two(\n        a: u8,\n    ) -> u8 {\n        a\n    }\n\n    fn three();\n}\n";
    let found = functions(text);
    assert_eq!(found, [("one", 1), ("two", 5), ("three", 1)]);
}

#[test]
fn the_scan_finds_imports() {
    let text = "//! See [`crate::session`].\nuse crate::event::Event;\nuse super::super::output::Lane;\n\
                fn f(x: crate::net::Stream) -> super::Y {}\n\n#[cfg(test)]\nmod tests {\n    use crate::cli;\n}\n";
    let source = Source { name: "input/repl.rs".to_owned(), text: text.to_owned() };
    assert_eq!(source.imports(), ["event::Event", "net::Stream", "output::Lane"]);
}
