// Servers of many node packages: `servers-node.cjs KIND PORT`, and `servers-node.cjs kinds` for their names. The same file
// runs in Bun and Deno, for their own servers.
//
// Most are an echo: they send every message back as it came, choose the subprotocol chat.v1 if it is offered, and close with
// code and reason after a text such as `close 4321 goodbye`. The others have protocols of their own: see servers.py.
"use strict";
const http = require("node:http");

const PROTOCOL = "chat.v1";
const HOST = "127.0.0.1";
const LIMIT = 16 << 20;

/** The code and the reason that the client asks for, if it does. */
function requestedClose(text) {
  const [, code, reason] = /^close (\d+) (.*)$/.exec(text) ?? [];
  return code ? [Number(code), reason] : null;
}

/** An echo on a socket of ws. */
function echo(socket) {
  socket.on("error", () => {});
  socket.on("message", (data, binary) => {
    const close = binary ? null : requestedClose(data.toString());
    if (close) socket.close(...close);
    else socket.send(data, { binary });
  });
}

const choose = (offered) => (offered.has(PROTOCOL) ? PROTOCOL : false);

function wsServer(port, more) {
  const { WebSocketServer } = require("ws");
  new WebSocketServer({ host: HOST, port, maxPayload: LIMIT, handleProtocols: choose, ...more }).on("connection", echo);
}

const kinds = {
  "ws": (port) => wsServer(port, { perMessageDeflate: false }),
  "ws-deflate": (port) => wsServer(port, { perMessageDeflate: { threshold: 0 } }),
  "ws-deflate-no-takeover": (port) => wsServer(port, { perMessageDeflate: { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: 10 } }),

  "faye-websocket"(port) {
    const FayeWebSocket = require("faye-websocket");
    const server = http.createServer();
    server.on("upgrade", (request, socket, head) => {
      if (!FayeWebSocket.isWebSocket(request)) return;
      const client = new FayeWebSocket(request, socket, head, [PROTOCOL], { maxLength: LIMIT });
      client.on("message", ({ data }) => {
        const close = typeof data === "string" ? requestedClose(data) : null;
        if (close) client.close(...close);
        else client.send(data);
      });
    });
    server.listen(port, HOST);
  },

  "websocket"(port) {
    const { server: Server } = require("websocket");
    const server = http.createServer();
    new Server({ httpServer: server, maxReceivedMessageSize: LIMIT, maxReceivedFrameSize: LIMIT }).on("request", (request) => {
      const client = request.accept(request.requestedProtocols.includes(PROTOCOL) ? PROTOCOL : null, request.origin);
      client.on("message", (message) => {
        if (message.type === "binary") return client.sendBytes(message.binaryData);
        const close = requestedClose(message.utf8Data);
        if (close) client.close(...close);
        else client.sendUTF(message.utf8Data);
      });
    });
    server.listen(port, HOST);
  },

  "fastify"(port) {
    const application = require("fastify")();
    application.register(require("@fastify/websocket"), { options: { maxPayload: LIMIT, perMessageDeflate: true, handleProtocols: choose } });
    application.register(async (routes) => routes.get("/", { websocket: true }, echo));
    application.listen({ port, host: HOST });
  },

  "sockjs"(port) {
    const server = http.createServer();
    const echoing = require("sockjs").createServer({ log: () => {} });
    echoing.on("connection", (client) => client.on("data", (text) => {
      const close = requestedClose(text);
      if (close) client.close(...close);
      else client.write(text);
    }));
    echoing.installHandlers(server, { prefix: "/echo" });
    server.listen(port, HOST);
  },

  "primus"(port) {
    const Primus = require("primus");
    const server = http.createServer();
    new Primus(server, { transformer: "websockets" }).on("connection", (spark) => spark.on("data", (data) => spark.write(data)));
    server.listen(port, HOST);
  },

  "socket.io"(port) {
    const { Server } = require("socket.io");
    const server = http.createServer();
    new Server(server, { perMessageDeflate: { threshold: 0 } }).on("connection", (client) =>
      client.on("echo", (...given) => (typeof given.at(-1) === "function" ? given.pop()(...given) : client.emit("echo", ...given))));
    server.listen(port, HOST);
  },

  "engine.io"(port) {
    const server = http.createServer();
    require("engine.io").attach(server).on("connection", (client) => client.on("message", (data) => client.send(data)));
    server.listen(port, HOST);
  },

  "graphql-ws"(port) {
    const { WebSocketServer } = require("ws");
    const { GraphQLInt, GraphQLObjectType, GraphQLSchema, GraphQLString } = require("graphql");
    const subscribe = async function* () { for (const count of [1, 2, 3]) yield { count }; };
    const schema = new GraphQLSchema({
      query: new GraphQLObjectType({ name: "Query", fields: { hello: { type: GraphQLString, resolve: () => "world" } } }),
      subscription: new GraphQLObjectType({ name: "Subscription", fields: { count: { type: GraphQLInt, subscribe } } }),
    });
    require("graphql-ws/use/ws").useServer({ schema }, new WebSocketServer({ host: HOST, port }));
  },

  "stomp-broker"(port) {
    const server = http.createServer();
    new (require("stomp-broker-js"))({ server, path: "/", heartbeat: [0, 0] });
    server.listen(port, HOST);
  },

  "bun"(port) {
    const server = Bun.serve({
      hostname: HOST, port,
      fetch(request, server) {
        const offered = request.headers.get("sec-websocket-protocol") ?? "";
        const headers = offered.includes(PROTOCOL) ? { "Sec-WebSocket-Protocol": PROTOCOL } : {};
        return server.upgrade(request, { headers }) ? undefined : new Response("echo");
      },
      websocket: {
        perMessageDeflate: true, maxPayloadLength: LIMIT,
        message(client, data) {
          const close = typeof data === "string" ? requestedClose(data) : null;
          if (close) client.close(...close);
          else client.send(data, true);
        },
      },
    });
    return server;
  },

  "deno"(port) {
    Deno.serve({ hostname: HOST, port, onListen() {} }, (request) => {
      const offered = request.headers.get("sec-websocket-protocol") ?? "";
      const { socket, response } = Deno.upgradeWebSocket(request, offered.includes(PROTOCOL) ? { protocol: PROTOCOL } : {});
      socket.binaryType = "arraybuffer";
      socket.onmessage = ({ data }) => {
        const close = typeof data === "string" ? requestedClose(data) : null;
        if (close) socket.close(...close);
        else socket.send(data);
      };
      return response;
    });
  },
};

const [kind, port] = process.argv.slice(2);
if (kind === "kinds") console.log(Object.keys(kinds).join(" "));
else kinds[kind](Number(port));
