// A client as many applications have one, on `ws`, to see what it makes of what `wscope proxy` does (../../proxy.md). It
// connects again after an increasing delay, checks that no price is missing, limits the time for an answer, and pings.
//
//     node prices-client.js ws://localhost:9000/feed
"use strict";
const WebSocket = require("ws");

const url = process.argv[2];
const start = Date.now();
const log = (text) => console.log(`${((Date.now() - start) / 1000).toFixed(1)} ${text}`);
let delay = 250; // until the next attempt, in milliseconds

connect();

function connect() {
  const began = Date.now();
  const socket = new WebSocket(url);
  let last = 0;
  let isAlive = true;
  let timers = [];

  socket.on("open", () => {
    log(`open after ${Date.now() - began} ms`);
    const asked = Date.now();
    socket.send(JSON.stringify({ id: 1, op: "buy" }));
    const timeout = setTimeout(() => log("no answer within 1 s"), 1000);
    socket.once("answer", () => {
      clearTimeout(timeout);
      log(`answer after ${Date.now() - asked} ms`);
    });
    const heartbeat = setInterval(() => {
      if (!isAlive) {
        log("no pong: terminating");
        return socket.terminate();
      }
      isAlive = false;
      socket.ping();
    }, 1000);
    timers = [timeout, heartbeat];
  });
  socket.on("pong", () => (isAlive = true));
  socket.on("message", (data) => {
    let message;
    try {
      message = JSON.parse(data);
    } catch (error) {
      return log(`ignored: ${error.message}`);
    }
    if (message.id) return socket.emit("answer");
    if (!message.seq) return log(`unknown message: ${data}`);
    if (message.seq <= last) log(`price ${message.seq} again`);
    else if (message.seq > last + 1) log(`price ${message.seq}, but ${last + 1} is missing`);
    else log(`price ${message.seq}`);
    last = Math.max(last, message.seq);
    if (last === 5) delay = 250; // it works again
  });
  socket.on("unexpected-response", (request, response) => {
    log(`refused: ${response.statusCode} ${response.statusMessage}`);
    response.resume();
    request.destroy();
    again();
  });
  socket.on("error", (error) => log(`error: ${error.message}`));
  socket.on("close", (code, reason) => {
    timers.forEach(clearInterval);
    log(`closed: ${code} ${reason}`.trimEnd());
    again();
  });
  function again() {
    log(`next attempt in ${delay} ms`);
    setTimeout(connect, delay);
    delay = Math.min(delay * 2, 10000);
  }
}
