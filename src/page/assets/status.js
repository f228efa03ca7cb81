// @ts-check
// What is said about the run as a whole: the bar, the notes above the list, and the list while it is empty.

import { byId, copyText, dataIn, make, makeButton, putData, setText, span } from "./dom.js";
import { countText, sizeOption, sizeText, timeText } from "./format.js";

/** The state of the run: a name for its look, and the words. @param {import("./model.js").Model} model @returns {[string, string]} */
function stateOf({ status, hello, state, isPaused }) {
  if (status === "forbidden") return [status, "no permission"];
  if (status === "disconnected") return [status, "disconnected, trying again"];
  if (!state) return ["loading", "loading"];
  const why = state.why ? `: ${state.why}` : "", phase = status === "over" ? "ended" : state.phase;
  if (hello.mode === "view") return ["ended", status === "over" ? "recording, wscope has ended" : "recording"];
  if (phase === "ended") return [phase, `ended${state.time ? ` ${timeText(state.time)}` : ""}${why}`];
  const words = phase !== "waiting" ? phase : hello.mode === "connect" ? "not connected" : "waiting for a client";
  return isPaused ? ["paused", `${words}, paused`] : [phase, `${words}${why}`];
}

export class Status {
  /** @param {import("./model.js").Model} model @param {{onShowAll: () => void, onUnclear: () => void}} events */
  constructor(model, events) {
    this.model = model;
    this.events = events;
    /** What is shown, of what is not made anew for each notice. @type {Record<string, string>} */
    this.shown = {};
  }

  update() {
    const { model } = this, { state, hello, waiting, isPaused } = model, [phase, words] = stateOf(model), element = byId("state"), pause = byId("pause");
    if (this.isNew("state", phase + words)) {
      element.dataset.phase = phase;
      element.title = words;
      element.replaceChildren(span(words));
    }
    if (hello && this.isNew("title", hello.title)) {
      putData(byId("title"), hello.title);
      document.title = `${byId("title").textContent} · wscope`;
    }
    if (state) setText(byId("counts"), state.rows > 0 ? `${countText(state.messages)} msgs · ${sizeText(state.bytes)}` : "");
    setText(pause, isPaused ? `Resume${waiting > 0 ? ` · ${countText(waiting)} waiting` : ""}` : "Pause");
    pause.toggleAttribute("data-paused", isPaused);
    pause.hidden = !isPaused && (hello?.mode === "view" || phase === "ended");
    this.filter();
    this.notes();
    this.empty();
  }

  /** Whether this is another text than the last. */
  isNew(name, text) {
    const isNew = this.shown[name] !== text;
    this.shown[name] = text;
    return isNew;
  }

  filter() {
    const { filterError: error, state, isFiltered, total, filter: { text } } = this.model, box = byId("filter"), found = isFiltered && state?.filter;
    box.ariaInvalid = Boolean(error);
    box.toggleAttribute("data-counted", Boolean(found));
    setText(byId("filter-count"), found ? `${countText(total)} of ${countText(state.rows - state.first)}${found.done ? "" : " …"}` : "");
    byId("save-filtered-label").hidden = !isFiltered;
    byId("filter-error").hidden = !error;
    if (!error || !this.isNew("error", `${error.at} ${error.text} ${text}`)) return;
    const place = error.at === null ? [] : [make("code", {}, span(text.slice(0, error.at)), dataIn("mark", text.slice(error.at) || " "))];
    byId("filter-error").replaceChildren(span(error.text), ...place);
  }

  /** Lines above the list: what is not shown or not kept, and why. */
  notes() {
    const { state, hello, filter, status } = this.model, hidden = state && filter.after > 0 ? filter.after - state.first : 0;
    const notes = [
      status === "over" && `wscope has ended${state?.why ? `: ${state.why}` : ""}. What this page has loaded stays readable; the rest cannot be searched or saved any more. ${hello?.mode === "view" ? "The recording is unchanged: wscope view shows it again." : "Next time, --record FILE keeps all of it."}`,
      status === "disconnected" && "The connection to wscope was lost. What is loaded stays readable.",
      state?.recorded_end,
      state?.dropped > 0 && `The oldest ${countText(state.dropped)} rows are not kept${state.recorded_end ? "" : `: the history is full (--ui-history ${sizeOption(hello.history.total)})`}.`,
      hidden > 0 && `${countText(hidden)} earlier rows are hidden.`,
    ];
    if (!this.isNew("notes", notes.join())) return;
    const items = notes.map((text, at) => text && make("p", { class: at === 1 || at === 2 ? "warn" : null }, span(text), at === 4 ? makeButton("Show them", this.events.onUnclear) : ""));
    byId("notes").replaceChildren(...items.filter(Boolean));
  }

  /** What stands in place of rows. */
  empty() {
    const { model } = this, { status, state, hello, isFiltered } = model, box = byId("empty");
    const isEmpty = status === "forbidden" || !state || (model.total <= model.first && model.coming === null);
    const kind = !isEmpty ? "" : status === "forbidden" ? status : !state ? "loading" : !isFiltered ? `none ${state.phase} ${hello.mode}` : !state.filter?.done ? "searching" : model.filter.after > 0 && model.filter.text === "" ? "cleared" : "filtered";
    box.hidden = !isEmpty;
    if (this.isNew("empty", kind)) box.replaceChildren(...this.emptyContent(kind));
  }

  emptyContent(kind) {
    const { hello, state } = this.model, line = (text, look = "") => dataIn("p", text, look);
    if (kind === "forbidden") return [line("This page has no permission to show the run."), line("Open the URL that wscope printed: http://…/#token=…", "dim")];
    if (kind === "loading" || kind === "searching") return [line(`${kind[0].toUpperCase()}${kind.slice(1)} …`, "dim")];
    if (kind === "cleared") return [line("Cleared: nothing new yet.", "dim")];
    if (kind === "filtered") return [line("Nothing matches the filter."), makeButton("Show everything", this.events.onShowAll)];
    if (kind === "") return [];
    if (hello.mode === "view") return [line("The recording has no messages.")];
    if (state.phase === "ended") return [line("The run ended without a message."), line(state.why ?? "", "dim")];
    const url = hello.clients_url;
    if (!url) return [line(state.phase === "connecting" ? "Connecting …" : "No messages yet."), dataIn("code", hello.target ?? "")];
    return [line("No messages yet. Clients connect to"), dataIn("code", url), makeButton("Copy URL", () => copyText(url, "URL"))];
  }
}
