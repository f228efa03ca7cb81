// @ts-check
// The few ways in which the page makes elements. Text gets into them by textContent only.

import { hasHidden, visibleParts } from "./format.js";

/** The element of the page with this id. @param {string} id @returns {any} */
export function byId(id) {
  return document.getElementById(id);
}

/**
 * A new element. Attributes are the page's own words, never data.
 * @param {string} tag
 * @param {Record<string, string|number|boolean|null|undefined>} [attributes] null, undefined and false: not set
 * @param {...(Node|string)} children
 * @returns {any}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/** A button. @param {string} text @param {() => void} action @param {Record<string, string>} [attributes] @returns {HTMLButtonElement} */
export function makeButton(text, action, attributes = {}) {
  const button = make("button", { type: "button", ...attributes }, text);
  button.addEventListener("click", action);
  return button;
}

/**
 * Shows data in an element: what would not be seen, or would reorder its surroundings, is an escape.
 * @param {Element} element
 * @param {string} text
 * @param {boolean} [keepsLines] whether line feeds and tabs stay as they are
 */
export function putData(element, text, keepsLines = false) {
  if (!hasHidden(text)) {
    element.textContent = text;
    return element;
  }
  element.replaceChildren(...visibleParts(text, keepsLines)
    .map(([part, isEscape]) => isEscape ? make("i", { class: "escape" }, part) : document.createTextNode(part)));
  return element;
}

/** Sets the text of an element if it is another one. @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows a result for a moment. @param {string} text */
export function notify(text) {
  const toasts = byId("toasts");
  const toast = putData(make("p"), text);
  toasts.append(toast);
  while (toasts.children.length > 3) toasts.firstChild.remove();
  setTimeout(() => toast.remove(), 4_000 + 40 * text.length);
}

/** Puts a text on the clipboard. @param {string} text @param {string} what its name for the user */
export async function copyText(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    notify(`Copied: ${what}`);
  } catch {
    notify(copyWithSelection(text) ? `Copied: ${what}` : "The browser does not allow copying");
  }
}

/** Copies where there is no clipboard interface: in a page from disk, or over http from another host. @param {string} text */
function copyWithSelection(text) {
  const area = make("textarea", { class: "unseen", "aria-hidden": "true" });
  const focused = document.activeElement;
  area.value = text;
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return isCopied;
}

/**
 * Replaces the options of a select, and keeps what is chosen where it is still there.
 * @param {HTMLSelectElement} select
 * @param {[string, string][]} options value and text
 */
export function putOptions(select, options) {
  const isSame = options.length === select.options.length
    && options.every(([value, text], at) => select.options[at].value === value && select.options[at].text === text);
  if (isSame) return;
  const chosen = select.value;
  select.replaceChildren(...options.map(([value, text]) => make("option", { value }, text)));
  if (options.some(([value]) => value === chosen)) select.value = chosen;
}

/**
 * A function that runs `action` at most once in `wait` milliseconds, and then with the newest call.
 * @param {() => void} action
 * @param {number} wait
 */
export function throttled(action, wait) {
  let timer = 0, last = -Infinity;
  return () => {
    if (timer) return;
    const due = last + wait - performance.now();
    timer = window.setTimeout(() => {
      timer = 0;
      last = performance.now();
      action();
    }, Math.max(0, due));
  };
}
