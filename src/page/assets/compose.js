// @ts-check
// Writing messages: new ones, those that are sent again with changes, and those that are held.

import { connectionOptions } from "./connections.js";
import { attempt, byId, hasModifier, hasOption, make, notify, on, putData, putOptions, setText } from "./dom.js";
import { base64Text, bytesOfBase64, countText, exactSize } from "./format.js";
import { hexBytes, parseHex } from "./hex.js";
import { looksLikeJson, parseJson } from "./json-parse.js";
import { utf8Text } from "./payload.js";

/** The largest payload that a request can carry as base64, and the largest that is shown for editing. */
const MAX_PAYLOAD = 14 << 20, MAX_EDITED = 4 << 20;

export class Compose {
  /** @param {import("./socket.js").Source} source */
  constructor(source) {
    this.source = source;
    this.form = byId("compose");
    this.to = byId("to");
    this.type = byId("type");
    this.message = byId("message");
    this.connection = byId("compose-connection");
    /** The type that was chosen, to which a file returns. */
    this.kept = "text";
    /** @type {Uint8Array|null} the content of a file */
    this.file = null;
    /** Whether a user has chosen the connection, and what was chosen if it has ended. */
    this.isChosen = false;
    /** @type {string|null} */
    this.gone = null;
    /** @type {any} the held message that is edited */
    this.editing = null;
    /** What was written before that, and to whom. @type {[string, string, Uint8Array|null, string, string]|null} */
    this.draft = null;
    /** Broken JSON that was refused as text: the next time it is sent. @type {string|null} */
    this.refused = null;
    on("compose", "submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    on("message", "input", () => this.changed());
    on("message", "keydown", (event) => {
      const isForced = event.ctrlKey || event.metaKey;
      if (event.key !== "Enter" || event.shiftKey || (!isForced && hasModifier(event))) return;
      event.preventDefault();
      this.submit(isForced);
    });
    on("compose-connection", "change", () => {
      this.isChosen = true;
      this.changed();
    });
    on("type", "change", () => {
      if (!this.file && !this.editing) this.kept = this.type.value;
      this.changed();
    });
    on("attach", "click", () => byId("file").click());
    on("file", "change", () => this.attach(byId("file").files?.[0]));
    on("detach", "click", () => this.fill(this.message.value));
    on("cancel", "click", () => this.stopEditing());
    on("show-compose", "click", () => this.open(byId("show-compose").ariaExpanded !== "true"));
  }

  /** @param {string[]} sides where messages can go @param {string} mode of the run: to the clients of `listen` messages can go together */
  setSides(sides, mode) {
    this.form.hidden = sides.length === 0;
    this.isListen = mode === "listen";
    this.isConnect = mode === "connect";
    putOptions(this.to, sides.map((side) => [side, side]));
  }

  /** The connections that a message can be for; `chosen` is the one that the list shows. @param {any[]} open @param {number|null} chosen */
  setConnections(open, chosen) {
    const options = connectionOptions(open);
    if (this.isListen) options.unshift(["", "all"]);
    // A connection that is opened again takes the place of the one that was lost.
    const again = this.isConnect && !open.some(({ number }) => String(number) === this.connection.value) && open.find(({ url }) => url === this.url);
    const value = again ? String(again.number) : this.connection.value;
    // What was written or chosen for one connection does not go to another one.
    this.gone = value !== "" && !options.some(([number]) => number === value) && (this.isChosen || this.message.value !== "") ? value : null;
    if (this.gone) options.unshift([value, `#${value} · ended`]);
    byId("compose-connection-label").hidden = options.length < 2;
    putOptions(this.connection, options);
    if (again) this.connection.value = value;
    if (this.chosen !== chosen && hasOption(this.connection, chosen ?? "")) {
      this.connection.value = String(chosen ?? "");
      this.isChosen = chosen !== null;
    }
    this.chosen = chosen;
    this.url = open.find(({ number }) => String(number) === this.connection.value)?.url ?? this.url;
    this.changed();
  }

  /** In narrow windows it is behind a button. */
  open(isOpen) {
    byId("show-compose").ariaExpanded = isOpen;
  }

  focus() {
    this.open(true);
    this.message.focus();
  }

  changed() {
    const { message, form } = this, check = byId("message-check"), { text, look } = message.value || this.file ? this.check() : { text: "" };
    // The list above keeps its height, and so its place, while the box is measured.
    form.style.minHeight = `${form.offsetHeight}px`;
    message.style.height = "";
    if (message.scrollHeight > message.clientHeight) message.style.height = `${message.scrollHeight + 2}px`;
    form.style.minHeight = "";
    putData(check, text);
    check.className = look ?? "";
    message.ariaInvalid = look === "bad";
  }

  /** What is said about the text beside it. @returns {{text: string, look?: string}} */
  check() {
    const text = this.message.value, type = this.type.value, bad = (problem) => ({ text: problem, look: "bad" });
    if (this.isGone) return bad(`#${this.gone} has ended: choose another connection`);
    if (text === "" || this.file) return { text: "" };
    if (type === "json" || (type === "text" && looksLikeJson(text))) {
      try {
        parseJson(text, 1);
        return { text: "JSON ✓", look: "good" };
      } catch ({ message, at }) {
        return bad(`Not JSON: ${message} (character ${countText(at + 1)})`);
      }
    }
    if (type === "hex") {
      const { bytes, at } = parseHex(text);
      if (bytes) return { text: exactSize(bytes.length), look: "good" };
      return bad(at === text.length ? "Half a byte at the end" : `Not a hex digit: character ${countText(at + 1)}`);
    }
    if (type === "base64" && !/^(?:[a-z0-9+/]{4})*(?:[a-z0-9+/]{2}==|[a-z0-9+/]{3}=)?$/i.test(text.replace(/\s/g, ""))) return bad("Not base64");
    const size = new TextEncoder().encode(text).length;
    if (type.startsWith("p") && size > 125) return bad(`${countText(size)} bytes: at most 125`);
    return { text: size > 200 ? exactSize(size) : "" };
  }

  /** The payload as `send` takes it; null if it is wrong, which is shown. Text that is broken JSON is refused once, as at the prompt. */
  payload() {
    const type = this.type.value, text = this.message.value, { look, text: problem } = this.check();
    const isFinal = this.isGone || type !== "text";
    if (look === "bad" && (isFinal || this.refused !== text)) {
      this.refused = isFinal ? null : text;
      putData(byId("message-check"), isFinal ? problem : `${problem}. Enter again sends it`);
      return null;
    }
    this.refused = null;
    if (this.file) return this.filePayload(this.file, type);
    if (type === "hex" || type === "base64") return { type: "binary", encoding: type, data: text.replace(type === "hex" ? /0x|[\s:,]/gi : /\s/g, "") };
    return { type: type === "json" ? "text" : type, encoding: "utf8", data: text };
  }

  filePayload(bytes, type) {
    if (type !== "text" && type !== "json") return { type: type.startsWith("p") ? type : "binary", encoding: "base64", data: base64Text(bytes) };
    const data = utf8Text(bytes);
    if (data === null) notify("The file is not UTF-8: as a binary message it has the type hex or base64");
    return data === null ? null : { type: "text", encoding: "utf8", data };
  }

  /** Whether the connection that was chosen has ended. */
  get isGone() {
    return this.gone && this.gone === this.connection.value;
  }

  /** Sends what is in the box, which is then free for the next message. @param {boolean} [isForced] whether an empty message is meant */
  async submit(isForced) {
    const { editing, source, file } = this, { value: text } = this.message, { value: type } = this.type, connection = this.connection.value, told = [...byId("toasts").children];
    if (byId("send").disabled) return;
    if (text === "" && !file && !isForced && !type.startsWith("p")) return notify("The box is empty: Ctrl+Enter sends an empty message");
    const payload = this.payload();
    if (!payload) return;
    const sent = editing ? source.request("edit", { number: editing.number, ...payload }).then(() => source.request("release", { number: editing.number, drop: false }))
      : source.request("send", { connection: connection === "" ? null : Number(connection), to: this.to.value, ...payload });
    this.stopEditing();
    if (editing) byId("grid").focus();
    const isSent = await attempt(sent);
    if (isSent) told.forEach((toast) => toast.remove());
    if (isSent || this.editing || (!editing && (this.message.value !== "" || this.file))) return;
    if (editing) this.draft = this.written;
    this.fill(text, type, file);
    this.setEditing(editing);
  }

  /** @param {string} [text] @param {string} [type] @param {Uint8Array|null} [file] */
  fill(text = "", type = this.kept, file = null) {
    this.message.value = text;
    this.type.value = type;
    this.file = file;
    this.message.hidden = Boolean(file);
    byId("attached").hidden = !file;
    this.changed();
  }

  /** @param {File|undefined} file */
  async attach(file) {
    byId("file").value = "";
    if (!file) return;
    if (file.size > MAX_PAYLOAD) return notify(`The file has ${exactSize(file.size)}; the page can take ${exactSize(MAX_PAYLOAD)}`);
    const bytes = new Uint8Array(await file.arrayBuffer());
    putData(byId("attached-name"), `${file.name} · ${exactSize(file.size)}`);
    this.fill(this.message.value, utf8Text(bytes) === null ? "hex" : this.type.value, bytes);
    byId("send").focus();
  }

  /** Puts a message into the box. */
  load({ connection, direction, type, encoding, data }) {
    const bytes = encoding === "base64" ? bytesOfBase64(data) : new TextEncoder().encode(data), text = type === "binary" ? null : utf8Text(bytes);
    if (bytes.length > MAX_EDITED) return notify(`Over ${exactSize(MAX_EDITED)}: too large to edit here`);
    this.fill(text ?? hexBytes(bytes), text === null ? "hex" : type);
    const side = direction === "in" ? "client" : "server";
    if (hasOption(this.to, side)) this.to.value = side;
    if (hasOption(this.connection, connection)) this.connection.value = String(connection);
    this.focus();
    return true;
  }

  /** What is in the box, and for whom. @returns {[string, string, Uint8Array|null, string, string]} */
  get written() {
    return [this.message.value, this.type.value, this.file, this.to.value, this.connection.value];
  }

  /** Edits a held message; Send then lets it go. @param {any} held */
  async edit(held) {
    const payload = await attempt(this.source.request("held_payload", { number: held.number }));
    const draft = this.draft ?? this.written;
    if (!payload || !this.load({ connection: held.connection, direction: held.direction, ...payload })) return;
    this.draft = draft;
    this.setEditing(held);
  }

  /** What was written before is in the box again. */
  stopEditing() {
    const { draft, connection: select } = this, [text, type, file, to, connection] = draft ?? [];
    this.setEditing(null);
    if (draft) {
      this.draft = null;
      this.to.value = to;
      if (!hasOption(select, connection)) {
        select.append(make("option", { value: connection }, `#${connection} · ended`));
        this.gone = connection ?? null;
      }
      select.value = connection;
    }
    this.fill(text, type, file);
  }

  setEditing(held) {
    this.editing = held;
    this.form.classList.toggle("editing", held !== null);
    if (!this.message.disabled) this.to.disabled = this.connection.disabled = held !== null;
    byId("cancel").hidden = byId("editing").hidden = held === null;
    setText(byId("editing"), held ? `Editing held message ${held.number}: Send delivers it as it is here` : "");
  }
}
