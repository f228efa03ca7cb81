// @ts-check
// wscope as the source of what the page shows: requests and notices over a WebSocket.

/** How long to wait before the page connects again, in milliseconds. */
const RETRY_DELAYS = [300, 1_000, 2_000, 5_000];

/**
 * What the page gets its data from. `embedded.js` has another one.
 * @typedef {object} Source
 * @property {(method: string, params?: object) => Promise<any>} request fails with an Error; its `at` is an offset in a filter
 * @property {(notice: any) => void} onNotice
 * @property {(status: "open"|"disconnected"|"forbidden"|"over") => void} onStatus
 * @property {() => void} start
 */

/** @implements {Source} */
export class SocketSource {
  constructor() {
    this.onNotice = (_notice) => {};
    this.onStatus = (/** @type {"open"|"disconnected"|"forbidden"|"over"} */ _status) => {};
    /** @type {Map<number, {resolve: (value: any) => void, reject: (error: Error) => void}>} */
    this.waiting = new Map();
    /** @type {WebSocket|null} */
    this.socket = null;
    this.lastId = 0;
    this.failures = 0;
    this.wasOpen = false;
    this.isOver = false;
  }

  /** Trades the token of the URL for the cookie, and opens the socket. */
  async start() {
    const token = /^#token=([0-9a-f]{1,128})$/i.exec(location.hash)?.[1];
    if (token) {
      const status = await tradeToken(token);
      if (status === 0) return this.retry();
      if (status >= 400) return this.onStatus("forbidden");
    }
    this.open();
  }

  open() {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/socket`);
    this.socket = socket;
    let isOpen = false;
    socket.onopen = () => {
      isOpen = this.wasOpen = true;
      this.failures = 0;
      this.onStatus("open");
    };
    socket.onmessage = ({ data }) => this.receive(data);
    socket.onclose = ({ code }) => {
      this.isOver ||= code === 1001;
      for (const { reject } of this.waiting.values()) reject(this.unreachable);
      this.waiting.clear();
      this.socket = null;
      if (this.isOver) return this.onStatus("over");
      if (!isOpen && !this.wasOpen) return this.onStatus("forbidden");
      this.onStatus("disconnected");
      this.retry();
    };
  }

  retry() {
    setTimeout(() => this.start(), RETRY_DELAYS[Math.min(this.failures, RETRY_DELAYS.length - 1)]);
    this.failures += 1;
  }

  receive(data) {
    const message = JSON.parse(data);
    if (message.notice) {
      this.isOver ||= message.phase === "ended";
      return this.onNotice(message);
    }
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.error === undefined) waiting?.resolve(message.result);
    else waiting?.reject(Object.assign(new Error(message.error), { at: message.at }));
  }

  get unreachable() {
    return new Error(this.isOver ? "wscope has ended" : "wscope is not reachable");
  }

  /** @returns {Promise<any>} */
  request(method, params = {}) {
    const socket = this.socket;
    if (socket?.readyState !== WebSocket.OPEN) return Promise.reject(this.unreachable);
    const id = ++this.lastId;
    socket.send(JSON.stringify({ id, method, ...params }));
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }
}

/** Posts the token; the answer sets the cookie. Returns the status, 0 without an answer. @param {string} token */
async function tradeToken(token) {
  try {
    const body = JSON.stringify({ token });
    return (await fetch("/session", { method: "POST", headers: { "Content-Type": "application/json" }, body })).status;
  } catch {
    return 0;
  }
}
