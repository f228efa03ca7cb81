// @ts-check
// What is said about the run as a whole: the bar, the notes above the list, and the list while it is empty.

import { byId, copyText, make, makeButton, putData, setText } from "./dom.js";
import { countText, sizeText, timeText } from "./format.js";

/** The state of the run: a name for its look, and the words. @param {import("./model.js").Model} model @returns {[string, string]} */
export function stateOf(model) {
  const { status, hello, state } = model;
  if (status === "forbidden") return ["forbidden", "no permission"];
  if (status === "disconnected") return ["disconnected", "disconnected, trying again"];
  if (!state) return ["loading", "loading"];
  if (hello.mode === "view") return ["ended", model.isPaused ? "recording, paused" : "recording"];
  const phase = status === "over" ? "ended" : state.phase;
  const why = state.why ? `: ${state.why}` : "";
  if (phase === "ended") return ["ended", `ended${state.time ? ` ${timeText(state.time)}` : ""}${why}`];
  if (model.isPaused) return ["paused", `${phase}, paused`];
  if (phase === "waiting") return ["waiting", `${hello.mode === "connect" ? "waiting" : "waiting for a client"}${why}`];
  return [phase, `${phase}${why}`];
}

export class Status {
  /** @param {import("./model.js").Model} model @param {{onClearFilter: () => void, onUnclear: () => void}} events */
  constructor(model, events) {
    this.model = model;
    this.events = events;
    this.noted = this.emptied = "";
    this.name = "";
  }

  update() {
    const { model } = this, { state, hello } = model;
    const [name, words] = stateOf(model), element = byId("state");
    if (this.name !== name + words) {
      this.name = name + words;
      element.dataset.phase = name;
      element.replaceChildren(putData(make("span"), words));
      element.title = words;
    }
    if (hello) {
      putData(byId("title"), hello.title);
      document.title = `${hello.title} · wscope`.replace(/[\p{C}]/gu, "");
    }
    if (state) setText(byId("counts"), `${countText(state.messages)} msgs · ${sizeText(state.bytes)}`);
    const pause = byId("pause");
    setText(pause, model.isPaused ? `Resume${model.waiting > 0 ? ` · ${countText(model.waiting)} waiting` : ""}` : "Pause");
    pause.toggleAttribute("data-paused", model.isPaused);
    this.filter();
    this.notes();
    this.empty();
  }

  filter() {
    const { model } = this, { filterError: error, state } = model, box = byId("filter"), said = byId("filter-error");
    box.setAttribute("aria-invalid", String(Boolean(error)));
    said.hidden = !error;
    const key = error ? `${error.at} ${error.text} ${box.value}` : "";
    if (said.dataset.key !== key) {
      said.dataset.key = key;
      said.replaceChildren(putData(make("span"), error?.text ?? ""));
      if (error?.at !== null && error) {
        const code = make("code"), text = model.filter.text;
        code.append(putData(make("span"), text.slice(0, error.at)), putData(make("mark"), text.slice(error.at) || " "));
        said.append(code);
      }
    }
    const found = state?.filter, hasSearch = model.isFiltered && found;
    setText(byId("filter-count"), hasSearch ? `${countText(model.total)} of ${countText(state.rows - state.first)}${found.done ? "" : " …"}` : "");
    box.toggleAttribute("data-counted", Boolean(hasSearch));
    byId("save-filtered-label").hidden = !model.isFiltered;
  }

  /** Lines above the list: what is not shown or not kept, and why. */
  notes() {
    const { model } = this, { state, hello, filter, status } = model;
    /** @type {[string, string, (Node)?][]} */
    const notes = [];
    if (status === "over") notes.push(["", "wscope has ended. What this page has loaded stays readable, and can be saved as NDJSON."]);
    if (status === "disconnected") notes.push(["warn", "The connection to wscope was lost. What is loaded stays readable."]);
    if (state?.recorded_end) notes.push(["warn", state.recorded_end]);
    if (state?.dropped > 0) notes.push(["", `The oldest ${countText(state.dropped)} rows are not kept: the history is full (${sizeText(hello.history.total)}, --ui-history).`]);
    const hidden = state ? filter.after - state.first : 0;
    if (filter.after > 0 && hidden > 0) notes.push(["", `${countText(hidden)} earlier rows are hidden.`, makeButton("Show them", this.events.onUnclear)]);
    const key = notes.map(([kind, text]) => kind + text.replace(/[\d,]+/, "")).join();
    if (key === this.noted) {
      notes.forEach(([, text], at) => setText(byId("notes").children[at].firstChild, text));
      return;
    }
    this.noted = key;
    byId("notes").replaceChildren(...notes.map(([kind, text, button]) => make("p", { class: kind }, putData(make("span"), text), ...(button ? [button] : []))));
  }

  /** What stands in place of rows. */
  empty() {
    const { model } = this, { status, state, hello } = model, box = byId("empty");
    const isEmpty = status === "forbidden" || !state || (model.total <= model.first && model.coming === null);
    box.hidden = !isEmpty;
    const searched = isEmpty && model.isFiltered && !state?.filter?.done;
    const kind = !isEmpty ? "" : status === "forbidden" ? "forbidden" : !state ? "loading" : searched ? "searching" : model.isFiltered ? "filtered" : `none ${state.phase} ${hello.mode}`;
    if (kind === this.emptied) return;
    this.emptied = kind;
    box.replaceChildren(...this.emptyContent(kind));
  }

  /** @param {string} kind */
  emptyContent(kind) {
    const { hello, state, filter } = this.model;
    const line = (text, /** @type {string} */ name = "") => putData(make("p", { class: name }), text);
    if (kind === "") return [];
    if (kind === "forbidden") return [line("This page has no permission to show the run."), line("Open the URL that wscope printed: http://…/#token=…", "dim")];
    if (kind === "loading") return [line("Loading …", "dim")];
    if (kind === "searching") return [line("Searching …", "dim")];
    if (kind === "filtered") {
      if (filter.text === "" && filter.connection === null && filter.after > 0) return [line("Nothing since the list was emptied.", "dim")];
      return [line("Nothing matches the filter."), makeButton("Show everything", this.events.onClearFilter)];
    }
    if (state.phase === "ended" || hello.mode === "view") return [line(hello.mode === "view" ? "The recording has no messages." : "The run ended without a message."), ...(state.why ? [line(state.why, "dim")] : [])];
    const url = hello.clients_url;
    if (!url) return [line(state.phase === "connecting" ? "Connecting …" : "No messages yet."), ...(hello.target ? [make("code", {}, putData(make("span"), hello.target))] : [])];
    return [line("No messages yet. Clients connect to"), putData(make("code"), url), makeButton("Copy URL", () => copyText(url, "URL"))];
  }
}
