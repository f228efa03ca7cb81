// Joins modules to one script, as a report needs it: each after those that it imports, without the lines that import.
"use strict";
const { existsSync, readFileSync } = require("node:fs");
const { join } = require("node:path");

const FOLDERS = ["assets", "embedded"].map((name) => join(__dirname, "../../src/page", name));

/** The script that begins with this module. */
exports.bundle = (entry) => {
  const seen = new Set(), parts = [];
  const add = (name) => {
    if (seen.has(name)) return;
    seen.add(name);
    const text = readFileSync(FOLDERS.map((folder) => join(folder, name)).find(existsSync), "utf8");
    for (const [, imported] of text.matchAll(/^import .* from "\.\/(.*)";$/gm)) add(imported);
    parts.push(text.replace(/^import .*\n/gm, "").replace(/^export /gm, ""));
  };
  add(entry);
  return `"use strict";\n${parts.join("\n")}`;
};
