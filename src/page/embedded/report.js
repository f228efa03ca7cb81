// @ts-check
// The viewer of a report: it is shown while the address ends in #messages or #messages=FILTER, else the results are.

import { App } from "./app.js";
import { byId, make } from "./dom.js";
import { EmbeddedSource } from "./embedded.js";

/** @type {App|null} */
let app = null;

/** Puts the viewer into the document, where it stays. */
function startViewer() {
  const { title, side, version, events, names } = JSON.parse(byId("events").textContent);
  document.body.append(make("div", { id: "viewer" }, /** @type {any} */ (byId("viewer-template")).content.cloneNode(true)));
  byId("title").before(make("a", { id: "to-results", href: "#results" }, "Results"));
  // Nothing more comes, and a report has not all that the other formats need.
  for (const id of ["pause", "follow", "save-har", "save-wscope"]) byId(id).hidden = true;
  const source = new EmbeddedSource(events, { title, side, version, names });
  app = new App(source);
  source.start();
}

function show() {
  const [isViewer, filter = ""] = /^#messages(?:=(.*))?$/s.exec(location.hash) ?? [];
  byId("report").hidden = Boolean(isViewer);
  /** @type {any} */ (byId("report-style")).media = isViewer ? "not all" : "all";
  /** @type {any} */ (byId("viewer-style")).media = isViewer ? "all" : "not all";
  if (byId("viewer")) byId("viewer").hidden = !isViewer;
  if (!isViewer) return;
  document.body.dataset.pane = "messages";
  if (!app) startViewer();
  byId("filter").value = decodeURIComponent(filter);
  app?.model.setFilter({ text: byId("filter").value });
}

addEventListener("hashchange", show);
for (const link of document.querySelectorAll(".to-messages")) /** @type {any} */ (link).hidden = false;
show();
