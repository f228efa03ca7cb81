// @ts-check
// The page of a report: its source is the element `events`, with `{"title","side","version","events":[…]}`.

import { App } from "./app.js";
import { byId } from "./dom.js";
import { EmbeddedSource } from "./embedded.js";

const { title, side, version, events } = JSON.parse(byId("events").textContent);
const embedded = new EmbeddedSource(events, { title, side, version });
new App(embedded);
embedded.start();
