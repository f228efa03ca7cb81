// @ts-check
// The sizes of the panes, which of them a narrow window shows, and the theme. What is chosen is remembered.

import { byId, on, runKey, setText } from "./dom.js";

/** The least pixels of a pane, the most as a part of the window, and the pixels of an arrow key. */
const LEAST_PANE = 160, MOST_PANE = 0.6, KEY_STEP = 24;

const THEMES = ["system", "light", "dark"];

/** Whether the window has room for one pane only. */
export const isNarrow = () => matchMedia("(max-width: 639px)").matches;

/** Whether all three panes are beside each other. */
export const isWide = () => matchMedia("(min-width: 1100px)").matches;

/** Reads or writes what is remembered; without storage, every page begins with the usual. @param {string} name @param {string} [value] */
function remembered(name, value) {
  try {
    if (value !== undefined) localStorage.setItem(`wscope-${name}`, value);
    return localStorage.getItem(`wscope-${name}`);
  } catch {
    return null;
  }
}

/** @param {() => void} onTheme called when colours are others */
export function startPanes(onTheme) {
  startDivider("connections", () => ["connections-width", "x", 1]);
  startDivider("detail", () => isWide() ? ["detail-width", "x", -1] : ["detail-height", "y", -1]);
  startTheme(onTheme);
  on("show-connections", "click", () => showPane("connections"));
  for (const back of document.querySelectorAll(".back")) back.addEventListener("click", () => showPane("messages"));
  on("close-detail", "click", () => showDetail(false));
  on("more", "click", () => showMore(byId("more").ariaExpanded !== "true"));
}

/** In narrow windows, rare actions are behind a button. @param {boolean} isOpen */
export function showMore(isOpen) {
  byId("more").ariaExpanded = isOpen;
  byId("more").focus();
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
  else if (byId("grid").offsetHeight === 0) byId("panel").focus({ preventScroll: true });
}

/** @param {string} name of the pane @param {() => any[]} layout the property of its size, the axis, and where it grows */
function startDivider(name, layout) {
  const divider = byId(`${name}-divider`), pane = byId(`${name}-pane`), { style } = document.documentElement;
  const size = () => pane.getBoundingClientRect()[layout()[1] === "x" ? "width" : "height"];
  const most = () => Math.round((layout()[1] === "x" ? innerWidth : innerHeight) * MOST_PANE);
  const describe = () => {
    for (const [key, value] of [["orientation", layout()[1] === "x" ? "vertical" : "horizontal"], ["valuemin", LEAST_PANE], ["valuemax", most()], ["valuenow", Math.round(size())]]) divider.setAttribute(`aria-${key}`, value);
  };
  const set = (pixels) => {
    const value = `${Math.round(Math.min(Math.max(pixels, LEAST_PANE), most()))}px`, [property] = layout();
    style.setProperty(`--${property}`, value);
    remembered(property, value);
  };
  for (const property of [`${name}-width`, `${name}-height`]) {
    const value = remembered(property);
    if (/^\d+px$/.test(value ?? "")) style.setProperty(`--${property}`, `min(${value}, 60v${property.endsWith("width") ? "w" : "h"})`);
  }
  let start = null;
  const place = (event) => layout()[1] === "x" ? event.clientX : event.clientY;
  divider.addEventListener("pointerdown", (event) => {
    start = { place: place(event), size: size() };
    divider.setPointerCapture(event.pointerId);
  });
  divider.addEventListener("pointermove", (event) => start && set(start.size + layout()[2] * (place(event) - start.place)));
  divider.addEventListener("lostpointercapture", () => { start = null; });
  divider.addEventListener("keydown", (event) => {
    const [, axis, sign] = layout(), [less, more] = axis === "x" ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
    runKey(event, { [less]: () => set(size() - sign * KEY_STEP), [more]: () => set(size() + sign * KEY_STEP) });
  });
  new ResizeObserver(describe).observe(pane);
}

function startTheme(onTheme) {
  const stored = remembered("theme") ?? "";
  let theme = THEMES.includes(stored) ? stored : "system";
  const next = () => THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  const apply = () => {
    const button = byId("theme");
    document.documentElement.dataset.theme = theme;
    setText(button, theme === "system" ? "◐" : theme === "light" ? "☀" : "☾");
    button.ariaLabel = `Theme: ${theme}`;
    button.title = `Theme: ${theme}. Click for ${next()}.`;
    onTheme();
  };
  on("theme", "click", () => {
    theme = next();
    remembered("theme", theme);
    apply();
  });
  apply();
}
