// Small helpers around the DOM. Text only ever enters through textContent.

export const byId = (id) => document.getElementById(id);

/** An element with properties, listeners (on…) and children; strings become text. */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** One of the page's own pictures, by its name in icons.html. */
export const icon = (name) => byId("icons").content.querySelector(`[data-icon="${name}"]`).cloneNode(true);

/** Put a picture before the words of an element that has a name of its own. */
export const withIcon = (node, name) => { node.prepend(icon(name)); return node; };

/** Say something to those who listen instead of looking. */
export const speak = (words) => { byId("spoken").textContent = words; };

/** An address that may stand in a link: http and https only, whatever somebody wrote. */
export function webLink(text) {
  try {
    const url = new URL(text);
    return ["http:", "https:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

let toastTimer;

/** A passing word at the foot of the page; bad news stays longer. */
export function toast(words, bad = false) {
  const node = byId("toast");
  node.textContent = words;
  node.classList.toggle("bad", bad);
  node.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (node.hidden = true), bad ? 6000 : 1800);
}

/** Copy text, also where the clipboard API is missing because the page has no secure origin. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = el("textarea", { class: "out-of-sight", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  toast("Copied");
}

export const copyButton = (text, label = "Copy", look = "button quiet") =>
  el("button", { type: "button", class: look, text: label, onclick: () => copy(text()) });

/** A link to media, on the origin of this page: the one that servers use may be out of the browser's reach. */
export function onThisOrigin(link) {
  const url = new URL(link, location.origin);
  return url.pathname === "/ig_messaging_cdn/" ? url.pathname + url.search : link;
}

const clockTime = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const dayTime = new Intl.DateTimeFormat(undefined, {
  weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
});
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const exact = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

const short = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

/** How long ago, as a list of conversations says it. */
function ago(ms, now) {
  const minutes = Math.floor((now - ms) / 60_000);
  if (minutes < 1) return "now";
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h`;
  return minutes < 7 * 24 * 60 ? `${Math.floor(minutes / 1440)} d` : date.format(ms);
}

export const times = {
  ago,
  short: (ms) => short.format(ms),
  clock: (ms) => clockTime.format(ms),
  dayClock: (ms) => dayTime.format(ms),
  day: (ms) => day.format(ms),
  exact: (ms) => exact.format(ms),
};
