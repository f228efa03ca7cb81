// The server whose sessions the script `recordings` beside this file has recorded. It greets with the identifier of a
// session, which the client has to send next, pings, returns what it is sent, and ends at "bye" with a code of its own.
//
//     /own/…    the client has to send the identifier that it was given
//     /any/…    one that was given to another client is accepted too, as a replay sends that
//     /later/…  as /own/…, and the number in the greeting is another one
"use strict";
const { randomUUID } = require("node:crypto");
const { WebSocketServer } = require("ws");

const sessions = new Set();

/** The connection of a client. */
function serve(socket, request) {
  const session = randomUUID();
  const mode = request.url.split("/")[1];
  sessions.add(session);
  const send = (value) => socket.send(JSON.stringify(value));
  let resumed = false;

  send({ type: "hello", session, visits: mode === "later" ? 7 : 1, text: "\"a\\b\"\nнеделя 😀 {{x}}" });
  socket.ping("alive");
  socket.on("error", (error) => console.error(`error: ${error.message}`));
  socket.on("message", (data, isBinary) => {
    if (resumed) {
      if (String(data) === "bye") return socket.close(4001, "see you");
      return socket.send(data, { binary: isBinary });
    }
    const given = parsed(data).session;
    if (given !== session && !(mode === "any" && sessions.has(given))) return socket.close(4400, "unknown session");
    resumed = true;
    send({ type: "ready", session: given });
  });
}

/** What is not JSON has no members. */
function parsed(data) {
  try {
    return JSON.parse(data) ?? {};
  } catch {
    return {};
  }
}

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: { threshold: 64 } });
server.on("connection", serve);
server.on("listening", () => console.log(`listening on ws://127.0.0.1:${server.address().port}`));
