// As much of a WebSocket server as the page needs: text messages both ways, pings answered, closes.
"use strict";
const { createHash } = require("node:crypto");

/** Answers an upgrade; `onText` gets each message. */
exports.accept = (request, socket, onText) => {
  const key = createHash("sha1").update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`);
  socket.setNoDelay(true);
  let bytes = Buffer.alloc(0), parts = [];
  const session = { isOpen: true, send: (text) => session.isOpen && socket.write(frame(1, Buffer.from(text))), waiting: () => socket.writableLength };
  session.close = (code) => {
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    if (session.isOpen) socket.end(frame(8, payload));
    session.isOpen = false;
  };
  socket.on("data", (data) => {
    bytes = Buffer.concat([bytes, data]);
    for (let taken; (taken = take(bytes));) {
      bytes = bytes.subarray(taken.size);
      if (taken.opcode === 8) session.close(1000);
      else if (taken.opcode === 9) socket.write(frame(10, taken.payload));
      else if (taken.opcode < 3) {
        parts.push(taken.payload);
        if (taken.fin) onText(Buffer.concat(parts.splice(0)).toString(), session);
      }
    }
  });
  socket.on("error", () => {});
  socket.on("close", () => { session.isOpen = false; });
  return session;
};

function frame(opcode, payload) {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  head[1] = length < 126 ? length : length < 65536 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

function take(bytes) {
  if (bytes.length < 2) return null;
  let length = bytes[1] & 127, at = 2;
  if (length === 126) [length, at] = [bytes.length < 4 ? Infinity : bytes.readUInt16BE(2), 4];
  else if (length === 127) [length, at] = [bytes.length < 10 ? Infinity : Number(bytes.readBigUInt64BE(2)), 10];
  if (bytes.length < at + 4 + length) return null;
  const mask = bytes.subarray(at, at + 4);
  const payload = Buffer.from(bytes.subarray(at + 4, at + 4 + length));
  for (let place = 0; place < length; place++) payload[place] ^= mask[place & 3];
  return { fin: bytes[0] >> 7 === 1, opcode: bytes[0] & 15, payload, size: at + 4 + length };
}
