// @ts-check
// The sizes of the panes, which of them a narrow window shows, and the theme. What is chosen is remembered.

import { byId, setText } from "./dom.js";

/** The least and the most of a pane: pixels, and a part of the window. */
const LEAST_PANE = 160, MOST_PANE = 0.6;

/** Pixels for a press of an arrow key. */
const KEY_STEP = 24;

const THEMES = ["system", "light", "dark"];

const wideQuery = () => matchMedia("(min-width: 1100px)");
const narrowQuery = () => matchMedia("(max-width: 639px)");

/** Whether the window has room for one pane only. */
export function isNarrow() {
  return narrowQuery().matches;
}

/** Whether all three panes are beside each other. */
export function isWide() {
  return wideQuery().matches;
}

/** @param {string} name */
function recall(name) {
  try {
    return localStorage.getItem(`wscope-${name}`);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} value */
function remember(name, value) {
  try {
    localStorage.setItem(`wscope-${name}`, value);
  } catch {
    // Without storage the next page begins with the usual sizes.
  }
}

/** @param {() => void} onTheme called when colours are others */
export function startPanes(onTheme) {
  startDivider("connections-divider", () => ({ name: "connections-width", pane: "connections-pane", axis: "x", sign: 1 }));
  startDivider("detail-divider", () => isWide() ? { name: "detail-width", pane: "detail-pane", axis: "x", sign: -1 } : { name: "detail-height", pane: "detail-pane", axis: "y", sign: -1 });
  startTheme(onTheme);
  byId("show-connections").addEventListener("click", () => showPane("connections"));
  for (const back of document.querySelectorAll(".back")) back.addEventListener("click", () => showPane("messages"));
  byId("close-detail").addEventListener("click", () => showDetail(false));
  byId("more").addEventListener("click", () => byId("more").setAttribute("aria-expanded", String(byId("more").getAttribute("aria-expanded") !== "true")));
}

/** Which pane a narrow window shows. @param {"messages"|"connections"|"detail"} pane */
export function showPane(pane) {
  document.body.dataset.pane = pane;
  if (pane === "messages") byId("grid").focus({ preventScroll: true });
  else byId(`${pane}-pane`).querySelector("button").focus();
}

/** @param {boolean} isOpen whether the detail is shown where it has no place of its own */
export function showDetail(isOpen) {
  document.body.dataset.detail = isOpen ? "open" : "";
  if (isNarrow()) showPane(isOpen ? "detail" : "messages");
  else if (!isOpen) byId("grid").focus({ preventScroll: true });
}

/** @param {string} id @param {() => {name: string, pane: string, axis: string, sign: number}} layout */
function startDivider(id, layout) {
  const divider = byId(id);
  const size = () => {
    const { pane, axis } = layout(), box = byId(pane).getBoundingClientRect();
    return axis === "x" ? box.width : box.height;
  };
  const describe = () => {
    const { axis } = layout(), most = (axis === "x" ? innerWidth : innerHeight) * MOST_PANE;
    divider.setAttribute("aria-orientation", axis === "x" ? "vertical" : "horizontal");
    divider.setAttribute("aria-valuemin", String(LEAST_PANE));
    divider.setAttribute("aria-valuemax", String(Math.round(most)));
    divider.setAttribute("aria-valuenow", String(Math.round(size())));
  };
  const set = (pixels) => {
    const { name, axis } = layout(), most = (axis === "x" ? innerWidth : innerHeight) * MOST_PANE;
    const value = `${Math.round(Math.min(Math.max(pixels, LEAST_PANE), most))}px`;
    document.documentElement.style.setProperty(`--${name}`, value);
    remember(name, value);
    describe();
  };
  for (const name of ["connections-width", "detail-width", "detail-height"]) {
    const value = recall(name);
    if (value && /^\d+px$/.test(value)) document.documentElement.style.setProperty(`--${name}`, `min(${value}, ${name.endsWith("width") ? "60vw" : "60vh"})`);
  }
  divider.addEventListener("pointerdown", (down) => {
    const { axis, sign } = layout(), start = axis === "x" ? down.clientX : down.clientY, before = size();
    divider.setPointerCapture(down.pointerId);
    const move = (event) => set(before + sign * ((axis === "x" ? event.clientX : event.clientY) - start));
    divider.addEventListener("pointermove", move);
    divider.addEventListener("lostpointercapture", () => divider.removeEventListener("pointermove", move), { once: true });
  });
  divider.addEventListener("keydown", (event) => {
    const { axis, sign } = layout(), keys = axis === "x" ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
    const step = keys.indexOf(event.key) * 2 - 1;
    if (!keys.includes(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    set(size() + sign * step * KEY_STEP);
  });
  new ResizeObserver(describe).observe(byId(layout().pane));
}

/** @param {() => void} onTheme */
function startTheme(onTheme) {
  const apply = (theme) => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    const button = byId("theme");
    setText(button, theme === "system" ? "◐" : theme === "light" ? "☀" : "☾");
    button.setAttribute("aria-label", `Theme: ${theme}`);
    button.title = `Theme: ${theme}. Click for ${next}.`;
    onTheme();
  };
  let theme = recall("theme") ?? "system";
  if (!THEMES.includes(theme)) theme = "system";
  byId("theme").addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    remember("theme", theme);
    apply(theme);
  });
  apply(theme);
}
