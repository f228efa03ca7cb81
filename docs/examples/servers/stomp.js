// A STOMP broker, `stomp-broker-js`: subscriptions, receipts, heartbeats, and a login.
//
//     PORT   the port (default: any free one; the address is printed)
//     TOKEN  the passcode (default: letmein)
//     BREAK  a defect, by the names below: .ci/examples shows that the scenario finds each of them
"use strict";
const http = require("node:http");
const StompServer = require("stomp-broker-js");

const TOKEN = process.env.TOKEN ?? "letmein";
const broken = (defect) => process.env.BREAK === defect;

const server = http.createServer();
const broker = new StompServer({ server, path: "/ws", heartbeat: [200, 200], serverName: "broker/1" });

broker.addMiddleware("connect", (socket, args, next) => {
  if (args.headers.passcode === TOKEN) return next();
  setImmediate(() => socket.close(1008, "login failed"));
  return false;
});
// The library loses the receipt of a SEND, so it is sent here.
broker.addMiddleware("send", (socket, args, next) => {
  const { receipt } = args.frame.headers;
  // Not a valid frame: opcode 3 is reserved (RFC 6455 section 5.2).
  if (broken("frame")) return socket._socket.write(Buffer.from([0x83, 0x00]));
  if (broken("body")) args.frame.body = { ...args.frame.body, count: "3" };
  if (!broken("dropped")) next();
  if (broken("duplicate")) next();
  if (receipt && !broken("receipt")) socket.send(`RECEIPT\nreceipt-id:${receipt}\n\n\0`);
  return true;
});
if (broken("heartbeat")) broker.heartbeatOn = () => {};

server.listen(process.env.PORT ?? 0, "127.0.0.1", () => console.log(`listening on 127.0.0.1:${server.address().port}`));
