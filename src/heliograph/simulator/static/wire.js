// The panel "On the wire": every request, both ways, each body one click away.

import { attempt, get } from "./api.js";
import { byId, copyButton, el, times } from "./dom.js";

const KEEP = 300;
let entries = new Map(); // seq -> summary
let rows = new Map(); // seq -> list item
let opened = new Set();
let waiting = 0;
let show = "all";

const direction = (one) => (one.kind === "graph" ? "in" : "out");
const wanted = (one) => show === "all" || direction(one) === show;

/** Read the youngest entries again. */
export async function readWire() {
  const told = await attempt(() => get("/wire?limit=200"));
  if (!told) return;
  entries = new Map(told.entries.map((one) => [one.seq, { ...one, attempts: one.attempts.length }]));
  rows.clear();
  opened.clear();
  drawAll();
}

/** Take in one new or changed entry. What is being read is not moved: then new ones wait behind a button. */
export function wireChanged(one) {
  const known = entries.has(one.seq);
  entries.set(one.seq, one);
  if (entries.size > KEEP) drop();
  if (known && rows.has(one.seq)) {
    const row = rows.get(one.seq);
    row.querySelector(".wire-row").replaceChildren(...cells(one));
    if (opened.has(one.seq)) detail(one.seq, row.querySelector(".wire-detail"));
    return;
  }
  if (!wanted(one)) return;
  const list = byId("wire");
  if (opened.size || list.scrollTop > 40) {
    waiting += known ? 0 : 1;
    drawWaiting();
    return;
  }
  if (!known) {
    list.prepend(row(one));
    empty();
  }
}

function drop() {
  for (const seq of entries.keys()) {
    if (entries.size <= KEEP) return;
    if (opened.has(seq)) continue;
    entries.delete(seq);
    rows.get(seq)?.remove();
    rows.delete(seq);
  }
}

function drawAll() {
  waiting = 0;
  drawWaiting();
  const chosen = [...entries.values()].filter(wanted).sort((a, b) => b.seq - a.seq);
  byId("wire").replaceChildren(...chosen.map((one) => rows.get(one.seq) ?? row(one)));
  empty();
}

function drawWaiting() {
  const button = byId("wire-new");
  button.hidden = !waiting;
  button.textContent = `Show ${waiting} new`;
}

function empty() {
  const nothing = !byId("wire").children.length;
  byId("wire-empty").hidden = !nothing;
  byId("wire").hidden = nothing;
}

function row(one) {
  const head = el("button", { type: "button", class: "wire-row", "aria-expanded": "false", onclick: () => toggle(one.seq) }, cells(one));
  const node = el("li", {}, head);
  rows.set(one.seq, node);
  return node;
}

const WHAT = { webhook: "Webhook", verification: "Verification", callback: "Callback", graph: "Graph" };

function cells(one) {
  const out = direction(one) === "out";
  const title = one.kind === "graph" ? graphTitle(one) : `${WHAT[one.kind]}${one.summary && one.kind === "webhook" ? `: ${one.summary}` : ""}`;
  return [
    el("span", { class: `arrow${out ? " out" : ""}`, text: out ? "→" : "←", "aria-label": out ? "to your server" : "from your server", role: "img" }),
    el("span", { class: "wire-words" },
      el("span", { class: "wire-what", text: title }),
      el("span", { class: "wire-where", text: `${one.method} ${one.path}` })),
    status(one),
    el("span", { class: "wire-time", text: times.exact(one.time), title: times.dayClock(one.time) }),
  ];
}

const EDGES = [
  [/^POST .*\/messages$/, "Send"], [/\/conversations$/, "Conversations"], [/\/subscriptions$/, "App subscription"],
  [/\/subscribed_apps$/, "Page subscription"], [/\/debug_token$/, "Inspect token"], [/\/oauth\/access_token$/, "Token"],
  [/\/me\/accounts$/, "List Pages"], [/\/me$/, "Who am I"], [/\/message_attachments$/, "Upload"], [/\/aWd[^/]*$/, "Read"],
];

function graphTitle(one) {
  const found = EDGES.find(([pattern]) => pattern.test(`${one.method} ${one.path}`));
  return [found ? found[1] : "Read", one.summary].filter(Boolean).join(": ");
}

/** Word, colour and shape together. */
function status(one) {
  const tries = one.attempts > 1 ? `, try ${one.attempts}` : "";
  if (one.status === null || one.status === undefined) {
    const words = one.kind === "graph" ? (one.summary || "under way") : one.attempts ? "no answer" : "under way";
    return el("span", { class: `status ${one.attempts ? "bad" : ""}`, text: `${one.attempts ? "✕" : "…"} ${words}${tries}` });
  }
  const good = one.status >= 200 && one.status < 300;
  const late = good && one.attempts > 1;
  const shape = late ? "▲" : good ? "✓" : "✕";
  return el("span", { class: `status ${late ? "warn" : good ? "good" : "bad"}`, text: `${shape} ${one.status}${tries}`, title: `${one.milliseconds} ms` });
}

async function toggle(seq) {
  const node = rows.get(seq);
  const head = node.querySelector(".wire-row");
  if (opened.delete(seq)) {
    head.setAttribute("aria-expanded", "false");
    node.querySelector(".wire-detail").remove();
    if (!opened.size && waiting) drawAll();
    return;
  }
  opened.add(seq);
  head.setAttribute("aria-expanded", "true");
  const sheet = el("div", { class: "wire-detail" });
  node.append(sheet);
  await detail(seq, sheet);
}

async function detail(seq, sheet) {
  const told = await attempt(() => get(`/wire/${seq}`));
  if (!told) return;
  const query = told.query ? `${told.path}?${decode(told.query)}` : "";
  const headers = Object.entries(told.headers).map(([name, value]) => `${name}: ${value}`).join("\n");
  sheet.replaceChildren(...[
    query && part("Address", query, query),
    told.body && part("Body", pretty(told.body), told.body),
    headers && part("Headers", headers, headers),
    told.response && part(`Answer${told.status ? ` ${told.status}` : ""}, ${told.milliseconds} ms`, pretty(told.response), told.response),
    told.attempts.length > 1 || told.attempts.some((one) => one.error) ? attempts(told.attempts) : null,
  ].filter(Boolean));
  if (!sheet.children.length) sheet.append(el("p", { class: "soft small", text: "Nothing was sent along." }));
}

/** A body: shown pretty, copied exactly as it went over the wire. */
const part = (title, shown, raw) =>
  el("section", { class: "part" },
    el("div", { class: "part-head" }, el("h3", { text: title }), copyButton(() => raw)),
    el("pre", { tabindex: "0" }, el("code", { text: shown })));

const attempts = (list) =>
  el("section", { class: "part" }, el("div", { class: "part-head" }, el("h3", { text: "Tries" })),
    el("ol", { class: "attempts" }, list.map((one) =>
      el("li", { text: `${times.exact(one.time)}: ${one.status ?? one.error ?? "no answer"}, ${one.milliseconds} ms` }))));

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text.includes("=") && !text.includes("\n") ? decode(text).replaceAll("&", "\n") : text;
  }
}

function decode(text) {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

export function startWire() {
  byId("wire-new").addEventListener("click", () => {
    for (const seq of [...opened]) toggle(seq);
    drawAll();
    byId("wire").scrollTop = 0;
  });
  byId("wire").addEventListener("scroll", () => { if (byId("wire").scrollTop === 0 && waiting && !opened.size) drawAll(); });
  for (const button of byId("wire-filter").children) {
    button.addEventListener("click", () => {
      show = button.dataset.show;
      for (const one of byId("wire-filter").children) one.setAttribute("aria-pressed", String(one === button));
      drawAll();
    });
  }
  byId("wire-empty").append(
    el("strong", { text: "Nothing on the wire yet" }),
    el("p", { text: "When your server calls the Graph API, or the simulator sends it a webhook, both appear here with their exact bytes. Connect your server, then write something in the phone." }));
}
