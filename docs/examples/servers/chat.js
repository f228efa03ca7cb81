// A chat with rooms, on `ws`. Members need a token, and the subprotocol chat.v2.
//
//     PORT   the port (default: any free one; the address is printed)
//     TOKEN  the token (default: letmein)
//     BREAK  a defect, by the names below: .ci/examples shows that the scenario finds each of them
"use strict";
const http = require("node:http");
const { WebSocketServer } = require("ws");

const TOKEN = process.env.TOKEN ?? "letmein";
const broken = (defect) => process.env.BREAK === defect;

const rooms = new Map(); // name → Set of sockets
let messages = 0;

const server = http.createServer((request, response) => response.writeHead(426).end("a WebSocket, please\n"));

const sockets = new WebSocketServer({
  noServer: true,
  handleProtocols: (offered) => (!broken("subprotocol") && offered.has("chat.v2") ? "chat.v2" : false),
  perMessageDeflate: broken("uncompressed") ? false : { threshold: 512, serverNoContextTakeover: true },
});

server.on("upgrade", (request, socket, head) => {
  if (broken("status-500")) return refuse(socket, "500 Internal Server Error", "", { error: "no database" });
  if (request.headers.authorization !== `Bearer ${TOKEN}`) {
    return refuse(socket, "401 Unauthorized", "WWW-Authenticate: Bearer\r\n", { error: "a valid token is needed" });
  }
  sockets.handleUpgrade(request, socket, head, serve);
});

function refuse(socket, status, header, body) {
  const text = JSON.stringify(body);
  socket.end(`HTTP/1.1 ${status}\r\n${header}Content-Type: application/json\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`);
}

function serve(socket) {
  const heartbeat = setInterval(() => send(socket, { event: "heartbeat" }), 200);
  socket.on("close", () => {
    clearInterval(heartbeat);
    leave(socket);
  });
  socket.on("error", () => {});
  socket.on("message", (data, isBinary) => {
    if (isBinary) return picture(socket, data);
    let request;
    try {
      request = JSON.parse(data);
    } catch {
      return broken("close-code") ? socket.close(1011) : socket.close(4400, "not JSON: line 1");
    }
    if (request.join) join(socket, request);
    else if (request.say !== undefined) say(socket, request.say);
    else if (request.history) history(socket);
    else send(socket, { event: "error", reason: `unknown request: ${Object.keys(request)}` });
  });
}

function send(socket, message) {
  socket.send(JSON.stringify(message));
}

function everyone(room, message) {
  for (const member of rooms.get(room) ?? []) send(member, message);
}

function join(socket, { join: room, as: name }) {
  Object.assign(socket, { room, name });
  rooms.set(room, (rooms.get(room) ?? new Set()).add(socket));
  if (rooms.get(room).size === 1) send(socket, { event: "created", room });
  const members = { event: "members", room, names: [...rooms.get(room)].map((member) => member.name) };
  if (broken("order")) send(socket, members);
  everyone(room, { event: "joined", room, user: { name, online: true } });
  if (!broken("order")) send(socket, members);
}

function leave(socket) {
  const members = rooms.get(socket.room);
  if (!members?.delete(socket)) return;
  if (members.size === 0) rooms.delete(socket.room);
  else if (!broken("dropped")) everyone(socket.room, { event: "left", room: socket.room, name: socket.name });
}

function say(socket, text) {
  if (broken("reset")) return socket._socket.resetAndDestroy();
  messages += 1;
  const message = { event: "message", id: messages, from: broken("value") ? "anonymous" : socket.name, text, time: new Date() };
  everyone(socket.room, message);
  if (broken("duplicate")) everyone(socket.room, message);
}

/** A picture goes to the others as it came, behind a byte that says that it is one. */
function picture(socket, data) {
  const bytes = Buffer.concat([Buffer.from([1]), broken("bytes") ? data.subarray(0, -1) : data]);
  for (const member of rooms.get(socket.room) ?? []) if (member !== socket) member.send(bytes);
}

function history(socket) {
  const entries = Array.from({ length: 50 }, (_, index) => ({ from: "system", text: `entry ${index}` }));
  send(socket, { event: "history", entries });
}

server.listen(process.env.PORT ?? 0, "127.0.0.1", () => console.log(`listening on 127.0.0.1:${server.address().port}`));
