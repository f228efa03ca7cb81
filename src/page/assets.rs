//! The files of the page. They are part of the program, and have no secrets.

use std::sync::LazyLock;

use super::compact::{compact, compact_style};
use super::modules::{Module, joined};

/// A file of the page.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Its name.
    pub name: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// What is in it, without indentation and comments.
    pub content: String,
}

macro_rules! modules {
    ($($name:literal),* $(,)?) => {
        &[$(Module { name: $name, source: include_str!(concat!("assets/", $name)) }),*]
    };
}

/// The modules of the page.
pub(super) const MODULES: &[Module] = modules![
    "app.js",
    "compose.js",
    "connections.js",
    "detail-parts.js",
    "detail.js",
    "dialogs.js",
    "dom.js",
    "format.js",
    "held.js",
    "hex.js",
    "json-parse.js",
    "json-tree.js",
    "keys.js",
    "lane-scale.js",
    "lane.js",
    "list.js",
    "main.js",
    "model.js",
    "panes.js",
    "payload.js",
    "row-view.js",
    "rows.js",
    "save.js",
    "scroll.js",
    "socket.js",
    "status.js",
];

/// What a browser gets: few files, as each is a connection of its own, and the first paint waits for them.
static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        Asset {
            name: "index.html",
            content_type: "text/html; charset=utf-8",
            content: compact(include_str!("assets/index.html")),
        },
        Asset {
            name: "main.js",
            content_type: "text/javascript; charset=utf-8",
            content: joined("main.js", MODULES),
        },
        Asset {
            name: "style.css",
            content_type: "text/css; charset=utf-8",
            content: compact_style(include_str!("assets/style.css")),
        },
    ]
});

/// The file of this name.
pub fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn each_file_of_the_folder_is_part_of_the_program() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/page/assets");
        let files = fs::read_dir(folder).expect("the folder").map(|entry| {
            entry.expect("an entry").file_name().into_string().expect("a name in UTF-8")
        });
        let modules = MODULES.iter().map(|module| module.name);
        let parts = modules.chain(ASSETS.iter().map(|asset| asset.name)).map(str::to_owned);
        assert_eq!(files.collect::<BTreeSet<_>>(), parts.collect::<BTreeSet<_>>());
    }

    #[test]
    fn the_script_has_all_modules() {
        let script = &find("main.js").expect("the script").content;
        for text in
            ["class App", "new App", "class SocketSource", "new WebSocket(", "function byId"]
        {
            assert_eq!(script.matches(text).count(), 1, "{text}");
        }
        assert!(!script.contains("import {") && !script.contains("export "));
    }

    /// The limit that the page has set itself.
    #[test]
    fn all_files_together_are_small() {
        let size: usize = ASSETS.iter().map(|asset| asset.content.len()).sum();
        assert!(size <= 120 << 10, "{size} bytes");
    }

    #[test]
    fn only_names_of_files_are_found() {
        assert!(find("index.html").is_some());
        for name in ["", "/", "../assets.rs", "index.html/", "INDEX.HTML", "index%2ehtml"] {
            assert!(find(name).is_none(), "{name}");
        }
    }
}
