// Takes the pictures of the documents: the page of a proxy, and a session at the prompt. Called by the script `pictures`.
"use strict";
const { execFileSync, spawn } = require("node:child_process");
const { mkdtempSync, rmSync, statSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { chromium } = require("playwright-core");
const { WebSocket, WebSocketServer } = require("ws");

const [folder] = process.argv.slice(2), { WSCOPE } = process.env;

/** The most bytes of a picture. */
const MAX_SIZE = 150_000;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A server of prices: it answers requests by their id, sends prices, and ends a connection that asks too often. */
function startServer() {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: () => "prices.v1" });
  server.on("connection", (socket) => {
    let count = 0, price = 64_250;
    socket.on("message", (data) => {
      const { id, op } = JSON.parse(data);
      if (op === "order" && (count += 1) > 3) return socket.close(1008, "rate limit");
      socket.send(JSON.stringify({ id, ok: true, ...(op === "order" ? { order: `A-${400 + id}`, state: "filled" } : {}) }));
      if (op !== "subscribe") return;
      for (let n = 1; n <= 5; n++) setTimeout(() => socket.send(JSON.stringify({ op: "price", symbol: "BTC-EUR", seq: n, bid: (price += n * 3 % 7), ask: price + 2 })), n * 60);
    });
  });
  return new Promise((resolve) => server.on("listening", () => resolve(server)));
}

async function runClient(url, path, orders) {
  const client = new WebSocket(`${url}${path}`, ["prices.v1"]), send = (message) => client.send(JSON.stringify(message));
  client.on("error", () => {});
  await new Promise((resolve) => client.on("open", resolve));
  send({ id: 1, op: "subscribe", symbol: "BTC-EUR" });
  for (let n = 0; n < orders; n++) {
    await sleep(70);
    if (client.readyState === 1) send({ id: n + 2, op: "order", symbol: "BTC-EUR", side: n % 2 ? "sell" : "buy", amount: 0.25 });
  }
  client.ping("still there?");
  return client;
}

/** Prints what the program says until the pattern is there. */
function waitFor(program, pattern) {
  let told = "";
  return new Promise((resolve, reject) => {
    program.stderr.on("data", (data) => {
      const match = pattern.exec(told += data);
      if (match) resolve(match);
    });
    program.on("exit", () => reject(new Error(told)));
  });
}

async function takePage(browser, target) {
  const proxy = spawn(WSCOPE, ["proxy", "127.0.0.1:0", target, "--ui", "--rule", "server {\"seq\":4} => replace {\"op\":\"price\",\"seq\":4,\"bid\":null}"], { stdio: ["ignore", "ignore", "pipe"] });
  const [, address, page] = await waitFor(proxy, /listening on (ws:\S+)\/,[^]*page: (http:\S+)/);
  for (const [path, orders] of [["/feed", 2], ["/orders", 5], ["/feed?symbol=BTC-EUR", 3]]) await runClient(address, path, orders);
  await sleep(500);
  for (const colorScheme of ["light", "dark"]) {
    const tab = await browser.newPage({ viewport: { width: 1120, height: 480 }, colorScheme });
    await tab.goto(page);
    await tab.locator(".row", { hasText: '"state":"filled"' }).last().click();
    await tab.getByRole("tab", { name: "JSON" }).click();
    await tab.getByRole("treeitem", { name: /state/ }).waitFor();
    await tab.getByRole("button", { name: "Follow" }).click();
    await sleep(300);
    await tab.screenshot({ path: join(folder, `page-${colorScheme}.png`) });
  }
  proxy.kill();
}

/** What a terminal of this size shows after the keys, with its colours as escape sequences. */
async function terminal(target, keys) {
  const socket = mkdtempSync(join(tmpdir(), "pictures-")), tmux = (...args) => execFileSync("tmux", ["-S", join(socket, "tmux"), ...args], { encoding: "utf8" });
  tmux("-f", "/dev/null", "new-session", "-d", "-x", "92", "-y", "19", "-e", `HOME=${socket}`, "-e", "TERM=xterm-256color", "-e", "PS1=$ ", "env", `PATH=${join(WSCOPE, "..")}:${process.env.PATH}`, "bash", "--norc", "--noprofile");
  await sleep(500);
  for (const line of [`clear; wscope ${target}feed -s prices.v1`, ...keys]) {
    tmux("send-keys", "-l", line);
    tmux("send-keys", "Enter");
    await sleep(900);
  }
  const screen = tmux("capture-pane", "-e", "-p");
  tmux("kill-server");
  rmSync(socket, { recursive: true });
  return screen.trimEnd();
}

/** The colours of a terminal, by the numbers of SGR. */
const COLOURS = { light: { 31: "#b3261e", 32: "#146c2e", 33: "#7a5200", 34: "#0a5cc2", 35: "#8a2a8a", 36: "#00606b", 90: "#57606a" }, dark: { 31: "#ff8a80", 32: "#6fd08c", 33: "#e8c268", 34: "#7ab7ff", 35: "#d9a0e8", 36: "#6fd3e0", 90: "#9aa4ae" } };

/** Lines with escape sequences of colours as HTML. */
function html(screen, scheme) {
  let style = {}, text = "";
  for (const [, codes, part] of screen.matchAll(/(?:\x1b\[([\d;]*)m|\x0f|\x0e)?([^\x1b\x0e\x0f]*)/g)) {
    for (const code of codes?.split(";") ?? []) {
      if (code === "" || code === "0") style = {};
      else if (code === "1") style["font-weight"] = "bold";
      else if (code === "2") style.opacity = ".75";
      else if (code === "39") delete style.color;
      else if (COLOURS[scheme][code]) style.color = COLOURS[scheme][code];
    }
    const escaped = part.replace(/&/g, "&amp;").replace(/</g, "&lt;");
    text += escaped && `<span style="${Object.entries(style).map(([key, value]) => `${key}:${value}`).join(";")}">${escaped}</span>`;
  }
  const [back, front] = scheme === "light" ? ["#ffffff", "#1b1f24"] : ["#14171a", "#e6e9ec"];
  return `<body style="margin:0;background:${back};color:${front}"><pre style="margin:0;padding:16px 20px;display:inline-block;font:14px/20px 'DejaVu Sans Mono',monospace">${text}</pre>`;
}

async function takePrompt(browser, target) {
  const screen = await terminal(target, ['{"id":1,"op":"subscribe","symbol":"BTC-EUR"}', '{"id":2,"op":"order","amount":0.25}', "/close 1000 done"]);
  for (const scheme of ["light", "dark"]) {
    const tab = await browser.newPage({ viewport: { width: 860, height: 420 } });
    await tab.setContent(html(screen, scheme));
    await tab.locator("pre").screenshot({ path: join(folder, `prompt-${scheme}.png`) });
  }
}

(async () => {
  const server = await startServer(), target = `ws://127.0.0.1:${server.address().port}/`;
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
  await takePage(browser, target);
  await takePrompt(browser, target);
  await browser.close();
  for (const name of ["page-light", "page-dark", "prompt-light", "prompt-dark"]) {
    const { size } = statSync(join(folder, `${name}.png`));
    console.log(`${name}.png: ${size} bytes`);
    if (size > MAX_SIZE) throw new Error(`${name}.png is too large`);
  }
  process.exit(0);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
