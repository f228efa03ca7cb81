// 채팅 서버: 정적 페이지와 WebSocket을 같은 포트에서 제공합니다.
"use strict";
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const { WebSocket, WebSocketServer } = require("ws");

const port = Number(process.env.PORT ?? 9000);
const members = new Map(); // 이름 → WebSocket
const pages = { "/": "index.html", "/first": "first.html" };
let messages = 0;

const server = http.createServer((request, response) => {
  const page = pages[request.url.split("?")[0]];
  if (!page) return response.writeHead(404).end();
  response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
  fs.createReadStream(path.join(__dirname, page)).pipe(response);
});

const sockets = new WebSocketServer({
  noServer: true,
  maxPayload: 64 * 1024,
  handleProtocols: (offered) => (offered.has("chat.v1") ? "chat.v1" : false),
});

server.on("upgrade", (request, socket, head) => {
  if (request.url !== "/chat") return refuse(socket, "404 Not Found");
  if (!sameOrigin(request)) return refuse(socket, "403 Forbidden");
  sockets.handleUpgrade(request, socket, head, serve);
});

/** Origin이 없으면 브라우저가 아닙니다. 있으면 이 서버의 페이지여야 합니다. */
function sameOrigin({ headers: { origin, host } }) {
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
}

function refuse(socket, status) {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function serve(socket) {
  socket.alive = true;
  socket.on("pong", () => (socket.alive = true));
  socket.on("error", (error) => console.error("error:", error.message));
  socket.on("message", (data, isBinary) => receive(socket, data, isBinary));
  socket.on("close", () => leave(socket));
}

function receive(socket, data, isBinary) {
  if (isBinary) return socket.close(1003, "텍스트만 받습니다");
  let request;
  try {
    request = JSON.parse(data);
  } catch {
    return socket.close(4400, "JSON이 아닙니다");
  }
  if (request?.type === "join") join(socket, String(request.name));
  else if (request?.type === "say" && socket.name) say(socket, String(request.text));
  else send(socket, { type: "error", reason: "알 수 없는 요청입니다" });
}

function join(socket, name) {
  if (socket.name) return send(socket, { type: "error", reason: "이미 입장했습니다" });
  if (members.has(name)) return send(socket, { type: "error", reason: "이미 있는 이름입니다" });
  socket.name = name;
  members.set(name, socket);
  broadcast({ type: "joined", name, members: [...members.keys()] });
}

function say(socket, text) {
  messages += 1;
  broadcast({ type: "said", id: messages, name: socket.name, text });
}

function leave(socket) {
  if (!socket.name) return;
  members.delete(socket.name);
  broadcast({ type: "left", name: socket.name });
}

function broadcast(message) {
  for (const member of members.values()) send(member, message);
}

/** 읽지 않는 클라이언트 때문에 메모리가 계속 늘어나지 않게 합니다. */
function send(socket, message) {
  if (socket.readyState !== WebSocket.OPEN) return;
  if (socket.bufferedAmount > 1024 * 1024) return socket.terminate();
  socket.send(JSON.stringify(message));
}

// 30초마다 ping을 보내고, 그 사이에 pong이 오지 않은 연결은 끊습니다.
setInterval(() => {
  for (const socket of sockets.clients) {
    if (!socket.alive) {
      socket.terminate();
      continue;
    }
    socket.alive = false;
    socket.ping();
  }
}, 30_000);

server.listen(port, "127.0.0.1", () => console.log(`http://localhost:${port}/`));
