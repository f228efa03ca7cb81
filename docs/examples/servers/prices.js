// A feed of prices, on `ws`: what prices-client.js connects to through `wscope proxy` (../../proxy.md).
//
//     PORT  the port (default: any free one; the address is printed)
//
// GET / is a page, /feed the WebSocket. It answers {"id":1,"op":"buy"} with {"id":1,"ok":true}. On /broken the third message
// has a reserved bit set, which the protocol does not allow.
"use strict";
const http = require("node:http");
const { WebSocketServer } = require("ws");

const server = http.createServer((request, response) => response.end("<h1>Prices</h1>\n"));
const sockets = new WebSocketServer({ server });

sockets.on("connection", (socket, request) => {
  let seq = 0;
  const timer = setInterval(() => {
    seq += 1;
    if (request.url === "/broken" && seq === 3) return socket._socket.write(Buffer.from("c1026869", "hex"));
    socket.send(JSON.stringify({ seq, price: 100 + ((seq * 7) % 10) }));
  }, 200);
  socket.on("message", (data) => {
    const { id } = JSON.parse(data);
    socket.send(JSON.stringify({ id, ok: true }));
  });
  socket.on("close", (code) => {
    clearInterval(timer);
    console.log(`client closed: ${code}`);
  });
  socket.on("error", (error) => console.log(`client error: ${error.message}`));
});

server.listen(process.env.PORT ?? 0, "127.0.0.1", () => {
  const { address, port } = server.address();
  console.log(`listening on ${address}:${port}`);
});
