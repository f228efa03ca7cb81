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

/** Sends messages from a page to a server that returns them. */
function talk(page, url) {
  return page.evaluate((url) => new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    let count = 0;
    socket.onopen = () => ["hi é", "last"].forEach((text) => socket.send(text));
    socket.onmessage = () => { if (++count === 2) socket.close(1000); };
    socket.onclose = () => (count === 2 ? resolve() : reject(new Error(`${count} messages`)));
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

/** Runs in a page of DevTools, with its own modules: the HARs that its Network panel exports of these events. */
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
      request.responseReceivedTime = timestamp;
    },
    FrameSent: ({ timestamp, response }) => request.addProtocolFrame(response, timestamp, true),
    FrameReceived: ({ timestamp, response }) => request.addProtocolFrame(response, timestamp, false),
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
    headers: request.requestHeaders().filter(({ name }) => name === "X-Two").map(({ value }) => value),
    frames: request.frames().map(({ type, text, opCode }) => [type, opCode, text]),
  }));
  return [seen, JSON.stringify({ log: await Log.Log.build(requests, { sanitize: false }) })];
}

async function main() {
  const web = await serve();
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
  const home = `http://127.0.0.1:${web.address().port}/`;

  const page = await browser.newPage();
  await page.goto(home);
  const events = await observe(page, () => talk(page, `${url}/chromium`));
  const tools = await browser.newPage();
  await tools.goto("devtools://devtools/bundled/devtools_app.html");
  const [har, sanitized] = await tools.evaluate(exported, events);
  writeFileSync(`${folder}/chromium.har`, har);
  writeFileSync(`${folder}/sanitized.har`, sanitized);

  const [seen, again] = await tools.evaluate(imported, readFileSync(`${folder}/ours.har`, "utf8"));
  assert.deepStrictEqual(seen, [{
    url: `${url}/ours`,
    type: "websocket",
    status: 101,
    headers: ["1", "2"],
    frames: [["send", 1, "one é"], ["send", 1, "two"], ["receive", 1, "one é"], ["receive", 1, "two"]],
  }]);
  writeFileSync(`${folder}/again.har`, again);

  const recorded = await browser.newContext({ recordHar: { path: `${folder}/playwright.har`, content: "embed" } });
  const other = await recorded.newPage();
  await other.goto(home);
  await talk(other, `${url}/playwright`);
  await recorded.close();

  const routed = await browser.newContext();
  await routed.routeFromHAR(`${folder}/ours.har`, { notFound: "fallback" });
  const routedPage = await routed.newPage();
  await routedPage.goto(home);

  await browser.close();
  web.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
