// A server that speaks the page's protocol about invented traffic, to build the page and to test it:
//   node .ci/page-lab/server.cjs [--port N] [--mode proxy] [--rows N] [--rate N] [--phase live] [--hostile] [--drop N]
// Prints the URL of the page. Lines on standard input: `end`, `kill`, `hold`, `open`, `close N`, `drop N`, `applied N`, `burst N`, `rate N`.
"use strict";
const { createServer } = require("node:http");
const { readFileSync, readdirSync } = require("node:fs");
const { randomBytes } = require("node:crypto");
const { createInterface } = require("node:readline");
const { join } = require("node:path");
const { parseArgs } = require("node:util");
const { accept } = require("./websocket.cjs");
const { bundle } = require("./bundle.cjs");
const { Lab } = require("./lab.cjs");

const { values: options } = parseArgs({ options: {
  port: { type: "string", default: "0" }, mode: { type: "string", default: "proxy" }, rows: { type: "string", default: "2000" }, rate: { type: "string", default: "0" },
  phase: { type: "string", default: "live" }, hostile: { type: "boolean", default: false }, drop: { type: "string", default: "0" },
} });
// One script, as the program serves it.
const script = bundle("main.js");
const assets = join(__dirname, "../../src/page/assets");
const types = { html: "text/html; charset=utf-8", css: "text/css; charset=utf-8", js: "text/javascript; charset=utf-8" };
const token = randomBytes(16).toString("hex"), secret = randomBytes(16).toString("hex");
const lab = new Lab(options);

const server = createServer((request, response) => {
  const { port } = server.address();
  for (const [name, value] of Object.entries({
    "Content-Security-Policy": `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' ws://127.0.0.1:${port}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'`,
    "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin", "Origin-Agent-Cluster": "?1",
  })) response.setHeader(name, value);
  const end = (status, text = "") => response.writeHead(status).end(text);
  if (request.method === "POST" && request.url === "/session") {
    let body = "";
    request.on("data", (data) => { body += data; });
    request.on("end", () => {
      if (!body.includes(`"${token}"`)) return end(403);
      response.setHeader("Set-Cookie", `wscope-${port}=${secret}; HttpOnly; SameSite=Strict; Path=/`);
      end(204);
    });
    return;
  }
  const saved = lab.saved.get(request.url);
  if (saved) {
    lab.saved.delete(request.url);
    response.setHeader("Content-Disposition", `attachment; filename="${saved.name}"`);
    return end(200, saved.text);
  }
  const name = request.url === "/" ? "index.html" : request.url.slice(1);
  if (request.method !== "GET" || !readdirSync(assets).includes(name)) return end(404);
  response.setHeader("Content-Type", types[name.split(".").pop()]);
  end(200, name === "main.js" ? script : readFileSync(join(assets, name)));
});

server.on("upgrade", (request, socket) => {
  const isKnown = (request.headers.cookie ?? "").includes(`wscope-${server.address().port}=${secret}`);
  if (request.url !== "/socket" || !isKnown) return socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  const tab = lab.tab();
  const session = accept(request, socket, async (text) => session.send(JSON.stringify(await tab.answer(JSON.parse(text)))));
  const timer = setInterval(() => {
    if (!session.isOpen) return clearInterval(timer);
    const notice = session.waiting() === 0 && tab.notice();
    if (notice) session.send(JSON.stringify(notice));
    if (lab.isOver) session.close(1001);
  }, 50);
});

server.listen(Number(options.port), "127.0.0.1", () => console.log(`page: http://127.0.0.1:${server.address().port}/#token=${token}`));
createInterface({ input: process.stdin }).on("close", () => process.exit(0)).on("line", (line) => {
  if (line === "kill") process.exit(0);
  if (line === "end") setTimeout(() => process.exit(0), 1_500);
  lab.command(line);
});
