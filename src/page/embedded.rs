//! The viewer: the page as a part of a file that has its events in itself, and no program to ask.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::LazyLock;

use super::assets::{Asset, compact_script, compact_style, find};

/// Modules that only the viewer has, in place of those that speak with the program.
const MODULES: [(&str, &str); 5] = [
    ("embedded.js", include_str!("embedded/embedded.js")),
    ("filter.js", include_str!("embedded/filter.js")),
    ("filter-path.js", include_str!("embedded/filter-path.js")),
    ("filter-text.js", include_str!("embedded/filter-text.js")),
    ("report.js", include_str!("embedded/report.js")),
];

const OWN_STYLE: &str = include_str!("embedded/report.css");

/// What a file contains to show its events. The events are for the script in an element `events`, the markup is in a
/// `template` with the id `viewer-template`; until the script needs it, nothing of the viewer is applied or shown.
#[derive(Debug)]
pub struct Viewer {
    /// The content of the template.
    pub markup: String,
    /// For a `style` element with the id `viewer-style`.
    pub style: String,
    /// For a `script` element.
    pub script: String,
}

/// The viewer.
pub fn viewer() -> &'static Viewer {
    static VIEWER: LazyLock<Viewer> = LazyLock::new(|| Viewer {
        markup: markup(find("index.html").map_or("", |page| &page.content)),
        style: find("style.css").map_or("", |style| &style.content).to_owned()
            + &compact_style(OWN_STYLE),
        script: script(),
    });
    &VIEWER
}

/// The content of the body.
fn markup(page: &str) -> String {
    let body = page.split_once("<body").and_then(|(_, rest)| rest.split_once(">\n"));
    let body = body.and_then(|(_, rest)| rest.split_once("</body>")).map_or("", |(body, _)| body);
    let lines = body.lines().filter(|line| !line.starts_with("<noscript>"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// The modules as one script: each behind those that it imports. Their names are unique (`.ci/page`).
fn script() -> String {
    let mut modules = String::new();
    add(&mut modules, "report.js", &mut BTreeSet::new());
    format!("(() => {{\n\"use strict\";\n{}}})();\n", compact_script(&modules))
}

fn add(script: &mut String, name: &'static str, added: &mut BTreeSet<&'static str>) {
    if !added.insert(name) {
        return;
    }
    let source = source(name);
    for imported in source.lines().filter_map(imported) {
        add(script, imported, added);
    }
    for line in source.lines().filter(|line| imported(line).is_none()) {
        let _ = writeln!(script, "{}", line.strip_prefix("export ").unwrap_or(line));
    }
}

/// The text of a module.
fn source(name: &str) -> &'static str {
    let own = MODULES.iter().find(|(own, _)| *own == name).map(|(_, text)| *text);
    own.or_else(|| find(name).map(|Asset { source, .. }| *source)).unwrap_or_default()
}

/// The module that a line imports.
fn imported(line: &'static str) -> Option<&'static str> {
    line.strip_prefix("import ")?.split_once("\"./")?.1.strip_suffix("\";")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_has_each_module_once_behind_what_it_imports() {
        let Viewer { script, .. } = viewer();
        for (text, before) in [
            ("class EmbeddedSource", "new EmbeddedSource"),
            ("class App", "new App"),
            ("function parseFilter", "class EmbeddedSource"),
            ("function byId", "class App"),
        ] {
            assert_eq!(script.matches(text).count(), 1, "{text}");
            assert!(script.find(text) < script.find(before), "{text}");
        }
        for word in ["import {", "export "] {
            assert!(!script.contains(word), "{word}");
        }
        // What it would import to speak with the program.
        assert!(!script.contains("new WebSocket("));
    }

    #[test]
    fn all_imported_modules_exist() {
        let mut names: Vec<_> = MODULES.iter().map(|(name, _)| *name).collect();
        let mut at = 0;
        while let Some(name) = names.get(at) {
            let text = source(name);
            assert!(!text.is_empty(), "{name}");
            for imported in text.lines().filter_map(imported) {
                if !names.contains(&imported) {
                    names.push(imported);
                }
            }
            at += 1;
        }
        assert!(at > 20);
    }

    #[test]
    fn no_part_ends_its_element() {
        let Viewer { markup, style, script } = viewer();
        for text in [style, script] {
            assert!(!text.contains("</s") && !text.contains("<!--"));
        }
        assert!(markup.starts_with("<header id=\"bar\">"));
        assert!(
            !markup.contains("<script")
                && !markup.contains("noscript")
                && !markup.contains("template")
        );
        assert!(markup.trim_end().ends_with("</dialog>"));
    }
}
