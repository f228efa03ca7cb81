// Documents edited by several people, on `socket.io`: events with acknowledgements, rooms, binary data, and a
// namespace that needs a token.
//
//     PORT   the port (default: any free one; the address is printed)
//     TOKEN  the token (default: letmein)
//     BREAK  a defect, by the names below: .ci/examples shows that the scenario finds each of them
"use strict";
const http = require("node:http");
const { Server } = require("socket.io");

const TOKEN = process.env.TOKEN ?? "letmein";
const broken = (defect) => process.env.BREAK === defect;

const server = http.createServer();
const io = new Server(server, { pingInterval: broken("heartbeat") ? 60_000 : 300, pingTimeout: 4_000, transports: ["websocket"] });

io.on("connection", (socket) => {
  socket.on("open", (document, reply) => {
    socket.join(document);
    socket.data.document = document;
    const opened = { document, revision: 1, text: "Hello" };
    if (broken("field")) delete opened.revision;
    if (!broken("acknowledgement")) reply?.(opened);
  });
  socket.on("edit", (change, reply) => {
    if (broken("reset")) return socket.conn.transport.socket._socket.resetAndDestroy();
    if (typeof change?.insert !== "string") return reply({ error: "insert has to be a string" });
    reply({ revision: 2 });
    if (broken("json")) return everyoneElse(socket, (peer) => peer.conn.write('2["edited",{"revision":2,"insert":"! }]'));
    socket.to(socket.data.document).emit("edited", { revision: 2, insert: change.insert });
  });
  socket.on("attach", (name, data, reply) => {
    const bytes = broken("bytes") ? Buffer.concat([data, Buffer.from([0])]) : data;
    socket.to(socket.data.document).emit("attached", name, bytes);
    reply(data.length);
  });
});

/** For BREAK=json: past the encoder, which cannot be made to write this. */
function everyoneElse(socket, act) {
  for (const peer of io.sockets.sockets.values()) if (peer !== socket) act(peer);
}

io.of("/admin").use((socket, next) => {
  const allowed = socket.handshake.auth.token === TOKEN || broken("auth");
  next(allowed ? undefined : Object.assign(new Error("not allowed"), { data: { need: "token" } }));
});
io.of("/admin").on("connection", (socket) => socket.emit("stats", { documents: io.sockets.adapter.rooms.size }));

server.listen(process.env.PORT ?? 0, "127.0.0.1", () => console.log(`listening on 127.0.0.1:${server.address().port}`));
