// One request opened: address, body, headers, answer and tries, each to be copied; and the whole as a command.

import { attempt, get } from "./api.js";
import { copyButton, el, times } from "./dom.js";

/** Fill `sheet` with everything that is known of an entry. */
export async function detail(seq, sheet) {
  const told = await attempt(() => get(`/wire/${seq}`));
  if (!told) {
    sheet.replaceChildren(el("p", { class: "soft small", text: "The log no longer holds this request; it keeps the last few thousand." }));
    return;
  }
  const query = told.query ? `${told.path}?${decode(told.query)}` : "";
  const headers = Object.entries(told.headers).map(([name, value]) => `${name}: ${value}`).join("\n");
  sheet.replaceChildren(...[
    el("div", { class: "wire-acts" }, copyButton(() => curl(told), "Copy as curl", "button"), el("span", { class: "soft small", text: `Number ${told.seq}` })),
    told.attempts.length > 1 || told.attempts.some((one) => one.error) ? attempts(told.attempts) : null,
    query && part("Address", [query], query),
    told.body && part("Body", pretty(told.body), told.body),
    headers && part("Headers", [headers], headers),
    told.response && part(`Answer${told.status ? ` ${told.status}` : ""}, ${told.milliseconds} ms`, pretty(told.response), told.response),
  ].filter(Boolean));
}

/** A body: shown pretty, copied exactly as it went over the wire. */
const part = (title, shown, raw) =>
  el("section", { class: "part" },
    el("div", { class: "part-head" }, el("h3", { text: title }), copyButton(() => raw)),
    el("pre", { tabindex: "0", "aria-label": title }, el("code", {}, ...shown)));

const attempts = (list) =>
  el("section", { class: "part" }, el("div", { class: "part-head" }, el("h3", { text: "Tries" })),
    el("ol", { class: "attempts" }, list.map((one) =>
      el("li", { text: `${times.exact(one.time)}: ${one.status ?? one.error ?? "no answer"}, ${one.milliseconds} ms` }))));

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** The same request as a command. Secrets are masked in the log, so a Graph call takes its token from $TOKEN. */
export function curl(told) {
  const graph = told.kind === "graph";
  const query = told.query.split("&").filter((one) => one && !one.startsWith("access_token=")).join("&");
  const address = `${graph ? location.origin : ""}${told.path}${query ? `?${query}` : ""}`;
  const headers = Object.entries(told.headers).filter(([name]) => !["content-length", "host"].includes(name.toLowerCase()));
  if (graph) {
    const kind = told.body.trimStart().startsWith("{") ? "application/json" : "application/x-www-form-urlencoded";
    if (told.body) headers.push(["Content-Type", kind]);
  }
  return [
    `curl -X ${told.method} ${quoted(address)}`,
    ...(graph ? ['-H "Authorization: Bearer $TOKEN"'] : []),
    ...headers.map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(told.body ? [`--data-binary ${quoted(told.body)}`] : []),
  ].join(" \\\n  ");
}

const MOST = 20_000;
const WORD = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** A body as nodes: JSON indented, its names and values told apart; forms one field a line; anything else as it is. */
function pretty(text) {
  try {
    const laid = JSON.stringify(JSON.parse(text), null, 2);
    return laid.length > MOST ? [laid] : coloured(laid);
  } catch {
    return [text.includes("=") && !text.includes("\n") ? decode(text.replaceAll("&", "\n")) : text];
  }
}

function coloured(laid) {
  const nodes = [];
  let from = 0;
  for (const found of laid.matchAll(WORD)) {
    const [whole, string, colon] = found;
    nodes.push(laid.slice(from, found.index));
    if (string) nodes.push(el("span", { class: colon ? "json-name" : "json-text", text: string }), colon ?? "");
    else nodes.push(el("span", { class: "json-value", text: whole }));
    from = found.index + whole.length;
  }
  return [...nodes, laid.slice(from)];
}

function decode(text) {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
