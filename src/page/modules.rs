//! Modules joined to one script: each is a file by itself to write, read and test, and a browser loads one.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::compact::compact_script;

/// A module of scripts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Module {
    /// The name of its file.
    pub(super) name: &'static str,
    /// What is in that.
    pub(super) source: &'static str,
}

/// One script of a module and of all that it imports, each behind those that it imports itself. What they declare has unique
/// names (`.ci/page`).
pub(super) fn joined(entry: &'static str, modules: &[Module]) -> String {
    let mut script = String::new();
    add(&mut script, entry, modules, &mut BTreeSet::new());
    format!("(() => {{\n\"use strict\";\n{}}})();\n", compact_script(&script))
}

fn add(
    script: &mut String,
    name: &'static str,
    modules: &[Module],
    added: &mut BTreeSet<&'static str>,
) {
    if !added.insert(name) {
        return;
    }
    let source = modules.iter().find(|module| module.name == name).map_or("", |it| it.source);
    for imported in source.lines().filter_map(imported) {
        add(script, imported, modules, added);
    }
    for line in source.lines().filter(|line| imported(line).is_none()) {
        let _ = writeln!(script, "{}", line.strip_prefix("export ").unwrap_or(line));
    }
}

/// The module that a line imports.
pub(super) fn imported(line: &'static str) -> Option<&'static str> {
    line.strip_prefix("import ")?.split_once("\"./")?.1.strip_suffix("\";")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_module_is_there_once_behind_what_it_imports() {
        let modules = [
            Module {
                name: "a.js",
                source: "import { b } from \"./b.js\";\nimport { c } from \"./c.js\";\na(b, c);\n",
            },
            Module {
                name: "b.js",
                source: "import { c } from \"./c.js\";\n\nexport const b = c;\n",
            },
            Module { name: "c.js", source: "// Why.\nexport function c() {}\n" },
            Module { name: "d.js", source: "export class D {}\n" },
        ];
        assert_eq!(
            joined("a.js", &modules),
            "(() => {\n\"use strict\";\nfunction c() {}\nconst b=c;a(b, c);})();\n"
        );
    }
}
