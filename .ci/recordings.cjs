// Makes HARs with DevTools of Chromium and with Playwright, and has them read ours. Called by the script `recordings`
// beside this file:
//
//     node recordings.cjs URL FOLDER
"use strict";
const assert = require("node:assert");
const { readFileSync, writeFileSync } = require("node:fs");
const { createServer } = require("node:http");
const { chromium } = require("playwright-core");

const [url, folder] = process.argv.slice(2);
const options = {
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
};

/** A web server for an empty page. */
function serve() {
  const server = createServer((_, response) => response.end("<!doctype html><title>empty</title>"));
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

/** The session of `recordings-server.cjs`, from a page; each message is sent when the one before it is answered. */
function talk(page, url) {
  return page.evaluate((url) => new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    let session, sent;
    const messages = [
      () => JSON.stringify({ type: "resume", session }),
      () => `line 1\n"line" 2 \\ 😀 ${session}`,
      () => new Uint8Array([0, 255]),
      () => "",
      () => '{"n":12345678901234567890.50,"list":[1,"é",null]}',
      () => "bye",
    ];
    socket.onmessage = ({ data }) => {
      session ??= JSON.parse(data).session;
      sent = messages.shift()();
      socket.send(sent);
    };
    socket.onclose = ({ code, reason }) => (
      sent === "bye" && code === 4001 ? resolve() : reject(new Error(`closed with ${code} ${reason} after ${sent}`))
    );
  }), url);
}

/** Opens DevTools for a page, in another one. */
async function openDevTools(context, page) {
  const [port] = readFileSync(`${folder}/profile/DevToolsActivePort`, "utf8").split("\n");
  const session = await context.newCDPSession(page);
  const { targetInfo: { targetId } } = await session.send("Target.getTargetInfo");
  const tools = await context.newPage();
  const target = `127.0.0.1:${port}/devtools/page/${targetId}`;
  await tools.goto(`devtools://devtools/bundled/devtools_app.html?ws=${target}&panel=network`);
  return tools;
}

/** Runs in DevTools: whether its Network panel has this URL, with its end. Waits for it for a short time. */
async function isLogged(url) {
  const { NetworkLog: { NetworkLog } } = await import("devtools://devtools/bundled/models/logs/logs.js");
  const has = () => NetworkLog.instance().requests().some((it) => it.url() === url && it.endTime > 0);
  for (let tries = 0; tries < 20 && !has(); tries++) await new Promise((resolve) => setTimeout(resolve, 50));
  return has();
}

/** Runs in DevTools: the HAR that its Network panel exports, sanitized or not. */
async function exported(sanitize) {
  const { NetworkLog: { NetworkLog } } = await import("devtools://devtools/bundled/models/logs/logs.js");
  const { Progress: { Progress } } = await import("devtools://devtools/bundled/core/common/common.js");
  const { Writer: { Writer } } = await import("devtools://devtools/bundled/models/har/har.js");
  let text = "";
  const stream = { write: async (part) => { text += part; } };
  await Writer.write(stream, NetworkLog.instance().requests(), { sanitize }, new Progress());
  return text;
}

/** Runs in DevTools: what its Network panel has of a HAR, and the HAR that it exports again. */
async function imported(text) {
  const { HARFormat, Importer, Log } = await import("devtools://devtools/bundled/models/har/har.js");
  const root = new HARFormat.HARRoot(JSON.parse(text));
  const requests = Importer.Importer.requestsFromHARLog(root.log);
  const seen = requests.map((request) => ({
    url: request.url(),
    type: request.resourceType().name(),
    status: request.statusCode,
    server: request.remoteAddress(),
    headers: request.requestHeaders().map(({ name, value }) => [name, value]),
    frames: request.frames().map(({ type, text, opCode }) => [type, opCode, text]),
  }));
  return [seen, JSON.stringify({ log: await Log.Log.build(requests, { sanitize: false }) })];
}

/** What DevTools has to have of a HAR. */
function contents(har) {
  return har.log.entries.map(({ request, response, _resourceType, _webSocketMessages }) => ({
    url: request.url,
    type: _resourceType,
    status: response.status,
    server: new URL(request.url).host,
    headers: request.headers.map(({ name, value }) => [name, value]),
    frames: _webSocketMessages.map(({ type, opcode, data }) => [type, opcode, data]),
  }));
}

/** Exports a session from DevTools, and imports our HAR. */
async function runDevTools(home, ours) {
  const context = await chromium.launchPersistentContext(`${folder}/profile`, {
    ...options,
    args: [...options.args, "--remote-debugging-port=0", "--remote-allow-origins=devtools://devtools"],
  });
  const page = await context.newPage();
  const tools = await openDevTools(context, page);
  // Again until DevTools observes the page.
  let observed = false;
  for (let tries = 0; tries < 20 && !observed; tries++) {
    await page.goto(home);
    observed = await tools.evaluate(isLogged, home);
  }
  await talk(page, `${url}/chromium`);
  assert(await tools.evaluate(isLogged, `${url}/chromium`), "DevTools observed no end");
  writeFileSync(`${folder}/chromium.har`, await tools.evaluate(exported, false));
  writeFileSync(`${folder}/sanitized.har`, await tools.evaluate(exported, true));

  const [seen, again] = await tools.evaluate(imported, ours);
  assert.deepStrictEqual(seen, contents(JSON.parse(ours)));
  writeFileSync(`${folder}/again.har`, again);
  await context.close();
}

/** Answers a page's messages as the server of a HAR did. */
function answer(route, { _webSocketMessages, _webSocketClose: { code, reason } }) {
  const messages = [..._webSocketMessages];
  const payload = ({ opcode, data }) => (opcode === 1 ? data : Buffer.from(data, "base64"));
  const next = () => {
    while (messages[0]?.type === "receive") route.send(payload(messages.shift()));
    if (messages.length === 0) route.close({ code, reason });
  };
  route.onMessage((data) => {
    assert.deepStrictEqual(data, payload(messages.shift()));
    next();
  });
  next();
}

/** Records a session with Playwright, and routes pages from our HAR. */
async function runPlaywright(home, ours) {
  const browser = await chromium.launch(options);
  const recorded = await browser.newContext({ recordHar: { path: `${folder}/playwright.har`, content: "embed" } });
  const page = await recorded.newPage();
  await page.goto(home);
  await talk(page, `${url}/playwright`);
  await recorded.close();

  // `routeFromHAR` of Playwright 1.65 looks up HTTP requests only, and aborts those that the HAR does not have. A
  // WebSocket reaches its server even if the HAR has it. `routeWebSocket` routes it, to a function that answers.
  const routed = await browser.newPage();
  await routed.goto(home);
  await routed.routeFromHAR(`${folder}/ours.har`);
  await assert.rejects(routed.evaluate(() => fetch("/")), /Failed to fetch/);
  await talk(routed, `${url}/ours`);
  const answered = await browser.newPage();
  const [entry] = JSON.parse(ours).log.entries;
  await answered.routeWebSocket("ws://closed.invalid/ours", (route) => answer(route, entry));
  await answered.goto(home);
  await talk(answered, "ws://closed.invalid/ours");
  await browser.close();
}

async function main() {
  const web = await serve();
  const home = `http://127.0.0.1:${web.address().port}/`;
  const ours = readFileSync(`${folder}/ours.har`, "utf8");
  await runDevTools(home, ours);
  await runPlaywright(home, ours);
  web.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
