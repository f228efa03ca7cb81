//! The viewer: the page as a part of a file that has its events in itself, and no program to ask.

use std::sync::LazyLock;

use super::assets::{self, find};
use super::compact::compact_style;
use super::modules::{Module, joined};

/// Modules that only the viewer has, in place of those that speak with the program.
const MODULES: [Module; 5] = [
    Module { name: "embedded.js", source: include_str!("embedded/embedded.js") },
    Module { name: "filter.js", source: include_str!("embedded/filter.js") },
    Module { name: "filter-path.js", source: include_str!("embedded/filter-path.js") },
    Module { name: "filter-text.js", source: include_str!("embedded/filter-text.js") },
    Module { name: "report.js", source: include_str!("embedded/report.js") },
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

/// Its modules as one script.
fn script() -> String {
    joined("report.js", &[&MODULES, assets::MODULES].concat())
}

#[cfg(test)]
mod tests {
    use super::super::modules::imported;
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
        let modules = [&MODULES, assets::MODULES].concat();
        for line in modules.iter().flat_map(|module| module.source.lines()) {
            if let Some(name) = imported(line) {
                assert!(modules.iter().any(|module| module.name == name), "{name}");
            }
        }
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
