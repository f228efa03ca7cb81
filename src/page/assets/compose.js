// @ts-check
// Writing messages: new ones, those that are sent again with changes, and those that are held.

import { byId, notify, putData, putOptions } from "./dom.js";
import { base64Text, bytesOfBase64, countText, exactSize } from "./format.js";
import { parseHex } from "./hex.js";
import { looksLikeJson, parseJson } from "./json-parse.js";
import { connectionLabel } from "./connections.js";
import { utf8Text } from "./payload.js";

/** The largest payload that a request can carry as base64. */
const MAX_PAYLOAD = 14 << 20;

/** The most bytes that are shown for editing. */
const MAX_EDITED = 4 << 20;

/** How many messages are remembered for the arrow keys. */
const MAX_HISTORY = 50;

export class Compose {
  /** @param {import("./socket.js").Source} source @param {() => void} onShown */
  constructor(source, onShown) {
    this.source = source;
    this.onShown = onShown;
    this.form = byId("compose");
    this.to = byId("to");
    this.type = byId("type");
    this.message = byId("message");
    this.connection = byId("compose-connection");
    /** @type {{name: string, bytes: Uint8Array}|null} */
    this.file = null;
    /** @type {any} the held message that is edited */
    this.editing = null;
    /** @type {string[]} */
    this.history = [];
    this.recalled = 0;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.message.addEventListener("input", () => this.changed());
    this.message.addEventListener("keydown", (event) => this.key(event));
    this.type.addEventListener("change", () => this.changed());
    byId("attach").addEventListener("click", () => byId("file").click());
    byId("file").addEventListener("change", () => this.attach(byId("file").files?.[0]));
    byId("detach").addEventListener("click", () => this.detach());
    byId("cancel").addEventListener("click", () => this.stopEditing());
    byId("show-compose").addEventListener("click", () => this.open(byId("show-compose").getAttribute("aria-expanded") !== "true"));
  }

  /** @param {string[]} sides where messages can go */
  setSides(sides) {
    this.form.hidden = sides.length === 0;
    putOptions(this.to, sides.map((side) => [side, side]));
  }

  /** The connections that a message can be for. */
  setConnections(open, chosen) {
    const options = open.filter((one) => one.number !== null).map((one) => /** @type {[string, string]} */ ([String(one.number), connectionLabel(one)]));
    byId("compose-connection-label").hidden = options.length < 2;
    const isFollowing = this.chosen !== chosen;
    putOptions(this.connection, options);
    if (chosen !== null && isFollowing) this.connection.value = String(chosen);
    this.chosen = chosen;
  }

  setEnabled(isEnabled) {
    byId("send").disabled = !isEnabled;
  }

  open(isOpen) {
    byId("show-compose").setAttribute("aria-expanded", String(isOpen));
    if (isOpen) this.onShown();
  }

  focus() {
    if (this.form.hidden) return;
    this.open(true);
    this.message.focus();
  }

  key(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "ArrowUp" && (this.message.value === "" || this.recalled > 0) && this.message.selectionStart === 0) {
      this.recall(1, event);
    } else if (event.key === "ArrowDown" && this.recalled > 0 && this.message.selectionStart === this.message.value.length) {
      this.recall(-1, event);
    }
  }

  recall(step, event) {
    const next = this.recalled + step;
    if (next > this.history.length || next < 0) return;
    event.preventDefault();
    this.recalled = next;
    this.message.value = next === 0 ? "" : this.history[this.history.length - next];
    const at = step > 0 ? 0 : this.message.value.length;
    this.message.setSelectionRange(at, at);
    this.changed();
  }

  changed() {
    this.message.style.height = "auto";
    this.message.style.height = `${this.message.scrollHeight + 2}px`;
    const check = byId("message-check"), { text, isBad, isGood } = this.check();
    putData(check, text);
    check.className = isBad ? "bad" : isGood ? "good" : "";
    this.message.setAttribute("aria-invalid", String(Boolean(isBad)));
  }

  /** What is said about the text beside it. @returns {{text: string, isBad?: boolean, isGood?: boolean}} */
  check() {
    const text = this.message.value, type = this.type.value;
    if (text === "" || this.file) return { text: "" };
    if (type === "json" || (type === "text" && looksLikeJson(text))) {
      try {
        parseJson(text, 1);
        return { text: "JSON ✓", isGood: true };
      } catch (error) {
        const { message, at } = /** @type {import("./json-parse.js").JsonError} */ (error);
        return { text: `Not JSON: ${message} (character ${countText(at + 1)})`, isBad: true };
      }
    }
    if (type === "hex") {
      const { bytes, at } = parseHex(text);
      return bytes ? { text: exactSize(bytes.length), isGood: true } : { text: at === text.length ? "Half a byte at the end" : `Not a hex digit: character ${countText((at ?? 0) + 1)}`, isBad: true };
    }
    if (type === "base64" && !isBase64(text)) return { text: "Not base64", isBad: true };
    const size = new TextEncoder().encode(text).length;
    if ((type === "ping" || type === "pong") && size > 125) return { text: `${countText(size)} bytes: at most 125`, isBad: true };
    return { text: size > 200 ? exactSize(size) : "" };
  }

  /** The payload as `send` takes it, or null with a word about why not. */
  payload() {
    const type = this.type.value, text = this.message.value;
    if (this.file) return this.filePayload(this.file.bytes);
    const { isBad, text: problem } = this.check();
    if (isBad && type !== "text") {
      notify(problem);
      return null;
    }
    if (type === "hex") return { type: "binary", encoding: "hex", data: text.replace(/0x|[\s:,]/gi, "") };
    if (type === "base64") return { type: "binary", encoding: "base64", data: text.replace(/\s/g, "") };
    return { type: type === "json" ? "text" : type, encoding: "utf8", data: text };
  }

  filePayload(bytes) {
    const isText = this.type.value === "text" || this.type.value === "json";
    if (isText) {
      const text = utf8Text(bytes);
      if (text === null) notify("The file is not UTF-8: choose hex or base64 as the type to have it as a binary message");
      return text === null ? null : { type: "text", encoding: "utf8", data: text };
    }
    const isControl = this.type.value === "ping" || this.type.value === "pong";
    return { type: isControl ? this.type.value : "binary", encoding: "base64", data: base64Text(bytes) };
  }

  async submit() {
    if (byId("send").disabled) return;
    const payload = this.payload();
    if (!payload) return;
    const { editing } = this;
    try {
      if (editing) await this.sendEdited(editing.number, payload);
      else await this.source.request("send", { connection: this.target(), to: this.to.value, ...payload });
    } catch (error) {
      return notify(/** @type {Error} */ (error).message);
    }
    if (!editing && !this.file) this.remember(this.message.value);
    this.stopEditing();
  }

  async sendEdited(number, payload) {
    await this.source.request("edit", { number, ...payload });
    await this.source.request("release", { number, drop: false });
  }

  /** The connection that it is for; null: the only one, or all. */
  target() {
    if (this.connection.options.length === 0) return this.chosen ?? null;
    return Number(this.connection.value);
  }

  remember(text) {
    this.recalled = 0;
    if (text !== "" && this.history.at(-1) !== text) this.history.push(text);
    if (this.history.length > MAX_HISTORY) this.history.shift();
  }

  /** @param {File|undefined} file */
  async attach(file) {
    byId("file").value = "";
    if (!file) return;
    if (file.size > MAX_PAYLOAD) return notify(`The file has ${exactSize(file.size)}; the page can take ${exactSize(MAX_PAYLOAD)}`);
    this.file = { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
    const isText = utf8Text(this.file.bytes.subarray(0, 4_096)) !== null;
    if (!isText && ["text", "json"].includes(this.type.value)) this.type.value = "hex";
    putData(byId("attached-name"), `${file.name} · ${exactSize(file.size)}`);
    this.message.hidden = true;
    byId("attached").hidden = false;
    byId("send").focus();
    this.changed();
  }

  detach() {
    this.file = null;
    this.message.hidden = false;
    byId("attached").hidden = true;
    this.changed();
  }

  /**
   * Puts a message into the box.
   * @param {{connection: number|null, direction: string|null, type: string, encoding: string, data: string}} payload
   */
  load(payload) {
    const bytes = payload.encoding === "base64" ? bytesOfBase64(payload.data) : null;
    if ((bytes?.length ?? payload.data.length) > MAX_EDITED) return notify(`Over ${exactSize(MAX_EDITED)}: too large to edit here`);
    this.detach();
    const text = bytes && payload.type !== "binary" ? utf8Text(bytes) : bytes ? null : payload.data;
    this.type.value = payload.type === "binary" || text === null ? "hex" : payload.type;
    this.message.value = text ?? Array.from(bytes ?? new TextEncoder().encode(payload.data), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const side = payload.direction === "in" ? "client" : "server";
    if ([...this.to.options].some((option) => option.value === side)) this.to.value = side;
    if (payload.connection !== null && [...this.connection.options].some((option) => option.value === String(payload.connection))) this.connection.value = String(payload.connection);
    this.focus();
    this.changed();
  }

  /** Edits a held message; Send then lets it go. */
  async edit(held) {
    let payload;
    try {
      payload = await this.source.request("held_payload", { number: held.number });
    } catch (error) {
      return notify(/** @type {Error} */ (error).message);
    }
    this.load({ connection: held.connection, direction: held.direction, ...payload });
    this.editing = held;
    this.form.classList.add("editing");
    this.to.disabled = this.connection.disabled = true;
    byId("cancel").hidden = false;
  }

  stopEditing() {
    this.editing = null;
    this.form.classList.remove("editing");
    this.to.disabled = this.connection.disabled = false;
    byId("cancel").hidden = true;
    this.message.value = "";
    this.detach();
  }
}

/** @param {string} text */
function isBase64(text) {
  const digits = text.replace(/\s/g, "");
  return digits.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(digits);
}
