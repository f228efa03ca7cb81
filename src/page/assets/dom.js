// @ts-check
// The few ways in which the page makes and changes elements. Text gets into them by textContent only.

import { hasHidden, visibleParts } from "./format.js";

/** The element with this id. @returns {any} */
export function byId(id) {
  return document.getElementById(id);
}

/** @param {string} id @param {string} type @param {(event: any) => void} action */
export function on(id, type, action) {
  byId(id).addEventListener(type, action);
}

/**
 * A new element. Attributes are the page's own words, never data; null, undefined and false are not set.
 * @param {string} tag @param {Record<string, any>} [attributes] @param {...(Node|string)} children @returns {any}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** @param {string} text @param {() => void} action @param {Record<string, string>} [attributes] */
export function makeButton(text, action, attributes = {}) {
  const button = make("button", { type: "button", ...attributes }, text);
  button.addEventListener("click", action);
  return button;
}

/**
 * Shows data: what would not be seen, or would reorder its surroundings, is an escape.
 * @param {Element} element @param {string} text @param {boolean} [keepsLines] whether line feeds and tabs stay as they are
 */
export function putData(element, text, keepsLines = false) {
  if (!hasHidden(text)) element.textContent = text;
  else element.replaceChildren(...visibleParts(text, keepsLines).map(([part, isEscape]) => isEscape ? make("i", { class: "escape" }, part) : part));
  return element;
}

/** Data in an element of its own. @param {string} tag @param {string} text @param {string} [name] @param {boolean} [keepsLines] */
export function dataIn(tag, text, name, keepsLines) {
  return putData(make(tag, { class: name || null }), text, keepsLines);
}

/** Data within a line. @param {string} text @param {string} [name] */
export function span(text, name) {
  return dataIn("span", text, name);
}

/** Data within a line of which a part is marked. @param {string} text @param {number} from @param {number} to */
export function marked(text, from, to) {
  return [span(text.slice(0, from)), dataIn("mark", text.slice(from, to)), span(text.slice(to))];
}

/** Sets the text of an element if it is another one. @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows a result for a moment. @param {string} text */
export function notify(text) {
  const toast = dataIn("p", text), toasts = byId("toasts");
  toasts.append(toast);
  if (toasts.children.length > 3) toasts.firstChild.remove();
  setTimeout(() => toast.remove(), 4_000 + 40 * text.length);
}

/** What a request comes to; null if it fails, which is shown. @param {Promise<any>} request */
export async function attempt(request) {
  try {
    return await request;
  } catch (error) {
    notify(error.message);
    return null;
  }
}

/** Puts a text on the clipboard. @param {string} text @param {string} what its name for the user */
export async function copyText(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    notify(`Copied: ${what}`);
  } catch {
    notify("The browser does not allow this page to copy");
  }
}

/** Replaces the options of a select; what is chosen stays if it can. @param {any} select @param {[string, string][]} options value and text */
export function putOptions(select, options) {
  const { value: chosen } = select, key = JSON.stringify(options);
  if (select.dataset.key === key) return;
  select.dataset.key = key;
  select.replaceChildren(...options.map(([value, text]) => make("option", { value }, text)));
  if (hasOption(select, chosen)) select.value = chosen;
}

/** @param {any} select @param {any} value */
export function hasOption(select, value) {
  return [...select.options].some((option) => option.value === String(value));
}

/** Runs `action` at most once in `wait` milliseconds. @param {() => void} action @param {number} wait */
export function throttled(action, wait) {
  let timer = 0, last = -Infinity;
  return () => {
    timer ||= window.setTimeout(() => {
      timer = 0;
      last = performance.now();
      action();
    }, Math.max(0, last + wait - performance.now()));
  };
}

/** Whether a key is for the browser. @param {KeyboardEvent} event */
export function hasModifier(event) {
  return event.ctrlKey || event.metaKey || event.altKey || event.isComposing;
}

/** Runs the action of a key, and keeps the key from others. @param {KeyboardEvent} event @param {Record<string, () => void>} actions */
export function runKey(event, actions) {
  if (hasModifier(event) || !actions[event.key]) return;
  event.preventDefault();
  event.stopPropagation();
  actions[event.key]();
}
