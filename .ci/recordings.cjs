// Makes HARs with Chromium and Playwright, and has them read ours. Called by the script `recordings` beside this file:
//
//     node recordings.cjs URL FOLDER
"use strict";
const assert = require("node:assert");
const { readFileSync, writeFileSync } = require("node:fs");
const { createServer } = require("node:http");
const { chromium } = require("playwright-core");

const [url, folder] = process.argv.slice(2);

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

/** What Chromium reports of the WebSockets of a page. */
async function observe(page, run) {
  const events = [];
  const session = await page.context().newCDPSession(page);
  for (const name of ["Created", "WillSendHandshakeRequest", "HandshakeResponseReceived", "FrameSent", "FrameReceived", "Closed"]) {
    session.on(`Network.webSocket${name}`, (event) => events.push([name, event]));
  }
  await session.send("Network.enable");
  await run();
  for (let tries = 0; tries < 100 && !events.some(([name]) => name === "Closed"); tries++) {
    await page.waitForTimeout(50);
  }
  assert(events.some(([name]) => name === "Closed"), "Chromium reported no end");
  return events;
}

/**
 * Runs in a page of DevTools, with its own modules: the HARs that its Network panel exports of these events. What it does
 * with each of them is in its NetworkManager.
 */
async function exported(events) {
  const { NetworkRequest: { NetworkRequest } } = await import("devtools://devtools/bundled/core/sdk/sdk.js");
  const { ResourceType } = await import("devtools://devtools/bundled/core/common/common.js");
  const { Log: { Log } } = await import("devtools://devtools/bundled/models/har/har.js");
  const pairs = (headers) => Object.entries(headers).map(([name, value]) => ({ name, value }));
  let request;
  const handlers = {
    Created: ({ requestId, url, initiator }) => {
      // Its name depends on the version.
      const create = NetworkRequest.createForSocket ?? NetworkRequest.createForWebSocket;
      request = create.call(NetworkRequest, requestId, url, initiator);
      request.setResourceType(ResourceType.resourceTypes.WebSocket);
    },
    WillSendHandshakeRequest: ({ timestamp, wallTime, request: sent }) => {
      request.requestMethod = "GET";
      request.setRequestHeaders(pairs(sent.headers));
      request.setIssueTime(timestamp, wallTime);
    },
    HandshakeResponseReceived: ({ timestamp, response }) => {
      request.statusCode = response.status;
      request.statusText = response.statusText;
      request.responseHeaders = pairs(response.headers);
      request.responseHeadersText = response.headersText ?? "";
      if (response.requestHeaders) request.setRequestHeaders(pairs(response.requestHeaders));
      if (response.requestHeadersText) request.setRequestHeadersText(response.requestHeadersText);
      request.responseReceivedTime = timestamp;
      request.protocol = "websocket";
    },
    FrameSent: ({ timestamp, response }) => {
      request.addProtocolFrame(response, timestamp, true);
      request.responseReceivedTime = timestamp;
    },
    FrameReceived: ({ timestamp, response }) => {
      request.addProtocolFrame(response, timestamp, false);
      request.responseReceivedTime = timestamp;
    },
    Closed: ({ timestamp }) => { request.endTime = timestamp; },
  };
  events.forEach(([name, event]) => handlers[name](event));
  const build = async (sanitize) => JSON.stringify({ log: await Log.build([request], { sanitize }) }, null, 2);
  return [await build(false), await build(true)];
}

/** Runs in a page of DevTools: what its Network panel has of a HAR, and the HAR that it exports again. */
async function imported(text) {
  const { HARFormat, Importer, Log } = await import("devtools://devtools/bundled/models/har/har.js");
  const root = new HARFormat.HARRoot(JSON.parse(text));
  const requests = Importer.Importer.requestsFromHARLog(root.log);
  const seen = requests.map((request) => ({
    url: request.url(),
    type: request.resourceType().name(),
    status: request.statusCode,
    headers: request.requestHeaders().map(({ name, value }) => [name, value]),
    frames: request.frames().map(({ type, text, opCode }) => [type, opCode, text]),
  }));
  return [seen, JSON.stringify({ log: await Log.Log.build(requests, { sanitize: false }) })];
}

/** What DevTools has to have of a HAR. */
const contents = (har) => har.log.entries.map(({ request, response, _resourceType, _webSocketMessages }) => ({
  url: request.url,
  type: _resourceType,
  status: response.status,
  headers: request.headers.map(({ name, value }) => [name, value]),
  frames: _webSocketMessages.map(({ type, opcode, data }) => [type, opcode, data]),
}));

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

async function main() {
  const web = await serve();
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  const home = `http://127.0.0.1:${web.address().port}/`;

  const page = await browser.newPage();
  await page.goto(home);
  const events = await observe(page, () => talk(page, `${url}/chromium`));
  const tools = await browser.newPage();
  await tools.goto("devtools://devtools/bundled/devtools_app.html");
  const [har, sanitized] = await tools.evaluate(exported, events);
  writeFileSync(`${folder}/chromium.har`, har);
  writeFileSync(`${folder}/sanitized.har`, sanitized);

  const text = readFileSync(`${folder}/ours.har`, "utf8");
  const ours = JSON.parse(text);
  const [seen, again] = await tools.evaluate(imported, text);
  assert.deepStrictEqual(seen, contents(ours));
  writeFileSync(`${folder}/again.har`, again);

  const recorded = await browser.newContext({ recordHar: { path: `${folder}/playwright.har`, content: "embed" } });
  const other = await recorded.newPage();
  await other.goto(home);
  await talk(other, `${url}/playwright`);
  await recorded.close();

  // `routeFromHAR` of Playwright 1.65 looks up HTTP requests only, and aborts those that the HAR does not have. A
  // WebSocket reaches its server even if the HAR has it. `routeWebSocket` routes it, to a function that answers.
  const routed = await browser.newPage();
  await routed.goto(home);
  await routed.routeFromHAR(`${folder}/ours.har`);
  await assert.rejects(routed.evaluate(() => fetch("/")), /Failed to fetch/);
  await talk(routed, `${url}/ours`);
  const answered = await browser.newPage();
  await answered.routeWebSocket("ws://closed.invalid/ours", (route) => answer(route, ours.log.entries[0]));
  await answered.goto(home);
  await talk(answered, "ws://closed.invalid/ours");

  await browser.close();
  web.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
