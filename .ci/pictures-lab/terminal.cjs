// Sessions in a real terminal, which tmux provides, as SVG.
"use strict";
const { execFileSync } = require("node:child_process");
const { mkdtempSync, rmSync, writeFileSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { dirname, join } = require("node:path");

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The longest time until a terminal shows what is waited for, in ms. */
const LIMIT = 10_000;

/** A terminal with a shell in which `wscope` is the program of this path. */
class Terminal {
  constructor(wscope, { columns = 80, rows = 24, files = {} } = {}) {
    this.folder = mkdtempSync(join(tmpdir(), "pictures-"));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.folder, name), text);
    const environment = [`HOME=${this.folder}`, "PS1=$ ", "WSCOPE_HISTORY=", `PATH=${dirname(wscope)}:${process.env.PATH}`];
    this.tmux("-f", "/dev/null", "new-session", "-d", "-c", this.folder, "-x", `${columns}`, "-y", `${rows}`, "env", ...environment, "bash", "--norc", "--noprofile");
  }

  /** One whose shell is ready for input. */
  static async open(wscope, options) {
    const terminal = new Terminal(wscope, options);
    await terminal.screen(/^\$ ?$/m);
    return terminal;
  }

  tmux(...args) {
    return execFileSync("tmux", ["-S", join(this.folder, "tmux"), ...args], { encoding: "utf8" });
  }

  /** Types a line. */
  type(line) {
    this.tmux("send-keys", "-l", line);
    this.tmux("send-keys", "Enter");
  }

  /** The screen with its colors as escape sequences, once its text matches the pattern. */
  async screen(pattern) {
    for (const end = Date.now() + LIMIT; Date.now() < end; await sleep(50)) {
      if (pattern.test(this.tmux("capture-pane", "-p"))) {
        await sleep(300); // what is shown together may arrive in parts
        return this.tmux("capture-pane", "-e", "-p").trimEnd();
      }
    }
    throw new Error(`no ${pattern} in\n${this.tmux("capture-pane", "-p")}`);
  }

  close() {
    this.tmux("kill-server");
    rmSync(this.folder, { recursive: true });
  }
}

/** The colors of a terminal, by the numbers of SGR. */
const COLORS = {
  light: { back: "#ffffff", front: "#1b1f24", frame: "#d0d7de", faint: "#57606a", 31: "#b3261e", 91: "#b3261e", 32: "#146c2e", 33: "#7a5200", 34: "#0a5cc2", 35: "#8a2a8a", 36: "#00606b", 90: "#57606a" },
  dark: { back: "#14171a", front: "#e6e9ec", frame: "#3d444d", faint: "#9aa4ae", 31: "#ff8a80", 91: "#ff8a80", 32: "#6fd08c", 33: "#e8c268", 34: "#7ab7ff", 35: "#d9a0e8", 36: "#6fd3e0", 90: "#9aa4ae" },
};

/** The size of a cell, and the margin, in pixels. */
const CELL = { width: 8.4, height: 20, margin: 16 };

/** Text of SVG, in which several blanks would be shown as one. */
const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/ /g, "\u00a0");

/** The parts of a line with the same style: column, text and style. */
function parts(line, style) {
  const found = [];
  let column = 0;
  for (const [, codes, text] of line.matchAll(/(?:\x1b\[([\d;]*)m|\x0f|\x0e)?([^\x1b\x0e\x0f]*)/g)) {
    for (const code of codes?.split(";") ?? []) {
      if (code === "" || code === "0") for (const key of Object.keys(style)) delete style[key];
      else if (code === "1") style.bold = true;
      else if (code === "2") style.faint = true;
      else if (code === "22") style.bold = style.faint = false;
      else if (code === "4") style.underline = true;
      else if (code === "24") style.underline = false;
      else if (code === "39") delete style.color;
      else if (code === "49") continue; // the usual background
      else if (COLORS.light[code]) style.color = code;
      else throw new Error(`SGR ${code} is not known`);
    }
    if (text.trim()) found.push({ column, text, style: { ...style } });
    column += [...text].length;
  }
  return found;
}

/** A screen as SVG. Each part is stretched to its cells, so that columns are straight in every font. */
function svg(screen, scheme) {
  const colors = COLORS[scheme], lines = screen.split("\n"), style = {};
  const rows = lines.map((line) => parts(line, style));
  const columns = Math.max(...rows.flat().map(({ column, text }) => column + [...text.trimEnd()].length));
  const width = Math.ceil(columns * CELL.width + 2 * CELL.margin), height = lines.length * CELL.height + 2 * CELL.margin;
  const texts = rows.flatMap((row, number) => row.map(({ column, text, style }) => {
    const start = text.length - text.trimStart().length, shown = text.trim();
    const x = (CELL.margin + (column + start) * CELL.width).toFixed(1), y = CELL.margin + number * CELL.height + 15;
    const fill = style.color ? colors[style.color] : style.faint ? colors.faint : null;
    const attributes = [fill && `fill="${fill}"`, style.bold && "font-weight=\"bold\"", style.underline && "text-decoration=\"underline\""].filter(Boolean);
    return `<text x="${x}" y="${y}" textLength="${([...shown].length * CELL.width).toFixed(1)}"${attributes.map((it) => ` ${it}`).join("")}>${escaped(shown)}</text>`;
  }));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="14" fill="${colors.front}">`,
    `<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="6" fill="${colors.back}" stroke="${colors.frame}"/>`,
    ...texts,
    "</svg>",
    "",
  ].join("\n");
}

module.exports = { Terminal, svg };
