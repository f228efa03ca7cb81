// Takes the pictures of the documents: the page of a proxy, and sessions in a terminal. Called by the script `pictures`.
"use strict";
const { spawn } = require("node:child_process");
const { statSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { chromium } = require("playwright-core");
const { WebSocket, WebSocketServer } = require("ws");
const { Terminal, svg } = require("./terminal.cjs");

const [folder] = process.argv.slice(2), { WSCOPE } = process.env;

/** The most bytes of a picture. */
const MAX_SIZE = 150_000;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Takes who has a token, and others only where none is needed. */
function isAllowed({ req }, decide) {
  if (req.url === "/account" && !req.headers.authorization) decide(false, 401, "token missing", { "WWW-Authenticate": "Bearer", "Content-Type": "text/plain" });
  else decide(true);
}

/** A server of prices: it answers requests by their id, sends prices, and ends a connection that asks too often. */
function startServer() {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 9000, handleProtocols: () => "prices.v1", verifyClient: isAllowed });
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

/** A client of the proxy. */
async function runClient(path, orders) {
  const client = new WebSocket(`ws://127.0.0.1:9001${path}`, ["prices.v1"]), send = (message) => client.send(JSON.stringify(message));
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

/** The first match in what the program writes to standard error. */
function waitFor(program, pattern) {
  let stderr = "";
  return new Promise((resolve, reject) => {
    program.stderr.on("data", (data) => {
      const match = pattern.exec(stderr += data);
      if (match) resolve(match);
    });
    program.on("exit", () => reject(new Error(stderr)));
  });
}

async function takePage(browser) {
  const proxy = spawn(WSCOPE, ["proxy", ":9001", ":9000", "--ui", "--rule", "server {\"seq\":4} => replace {\"op\":\"price\",\"seq\":4,\"bid\":null}"], { stdio: ["ignore", "ignore", "pipe"] });
  const [, page] = await waitFor(proxy, /page: (http:\S+)/);
  for (const [path, orders] of [["/feed", 2], ["/orders", 5], ["/feed?symbol=BTC-EUR", 3]]) await runClient(path, orders);
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

/** A scenario that fails: the server fills orders at once. */
const ORDER = `### an order is accepted
WS ws://127.0.0.1:9000/orders
[Options]
subprotocol: prices.v1
timeout: 1s

> {"id":2,"op":"order","symbol":"BTC-EUR","amount":0.25}
< {"id":2,"ok":true,"state":"open"}
`;

/** Sessions by the name of their picture. Each leaves a terminal, and what it shows. */
const SESSIONS = {
  async prompt() {
    const terminal = await Terminal.open(WSCOPE);
    terminal.type("wscope :9000/feed -s prices.v1");
    await terminal.screen(/\/help lists/);
    terminal.type('{"id":1,"op":"subscribe","symbol":"BTC-EUR"}');
    await terminal.screen(/"seq":5/);
    terminal.type('{"id":2,"op":"order","amount":0.25}');
    await terminal.screen(/filled/);
    terminal.type("/close 1000 done");
    return [terminal, await terminal.screen(/received \d+ messages/)];
  },
  async check() {
    const terminal = await Terminal.open(WSCOPE, { files: { "order.wscope": ORDER } });
    terminal.type("cat order.wscope; wscope check order.wscope");
    return [terminal, await terminal.screen(/1 file, /)];
  },
  async proxy() {
    const terminal = await Terminal.open(WSCOPE, { rows: 26 });
    terminal.type("wscope proxy :9001 :9000 --rule 'client {\"buy\":3} => hold'");
    await terminal.screen(/\/help lists/);
    const client = new WebSocket("ws://127.0.0.1:9001/orders", ["prices.v1"]);
    client.on("open", () => client.send('{"id":1,"buy":3}'));
    await terminal.screen(/held as/);
    terminal.type('/edit 1 {"id":1,"buy":900}');
    await terminal.screen(/still held/);
    terminal.type("/go 1");
    await terminal.screen(/< \{"id":1/);
    client.close(1000);
    return [terminal, await terminal.screen(/client sent \d+ message/)];
  },
  async refused() {
    const terminal = await Terminal.open(WSCOPE);
    terminal.type("wscope :9000/account");
    return [terminal, await terminal.screen(/token missing\n\$/)];
  },
};

async function takeSession(name) {
  const [terminal, screen] = await SESSIONS[name]();
  terminal.close();
  for (const scheme of ["light", "dark"]) writeFileSync(join(folder, `${name}-${scheme}.svg`), svg(screen, scheme));
}

(async () => {
  await startServer();
  for (const name of Object.keys(SESSIONS)) await takeSession(name);
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
  await takePage(browser);
  await browser.close();
  const names = [...Object.keys(SESSIONS).map((name) => [name, "svg"]), ["page", "png"]];
  for (const file of names.flatMap(([name, type]) => ["light", "dark"].map((scheme) => `${name}-${scheme}.${type}`))) {
    const { size } = statSync(join(folder, file));
    console.log(`${file}: ${size} bytes`);
    if (size > MAX_SIZE) throw new Error(`${file} is too large`);
  }
  process.exit(0);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
