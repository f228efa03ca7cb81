// The ws package as the peer of the Autobahn test suite: an echo, with compression.
//     suite-ws.cjs client ws://… [-H 'Host: …']
//     suite-ws.cjs server 127.0.0.1:PORT
"use strict";
const { WebSocket, WebSocketServer } = require("ws");

const [role, where, , header] = process.argv.slice(2);
const perMessageDeflate = { threshold: 0 };
const maxPayload = 128 << 20;

function echo(socket) {
  socket.on("message", (data, binary) => socket.send(data, { binary, compress: true }));
  // Violations of the suite, which ws answers with a Close.
  socket.on("error", () => {});
}

if (role === "client") {
  const headers = header ? { Host: header.replace(/^Host: /, "") } : {};
  echo(new WebSocket(where, { perMessageDeflate, maxPayload, headers }));
} else {
  const [host, port] = where.split(":");
  new WebSocketServer({ host, port, perMessageDeflate, maxPayload }).on("connection", echo);
}
