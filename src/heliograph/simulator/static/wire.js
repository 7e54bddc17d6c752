// The panel "On the wire": every request, both ways, each body one click away.

import { attempt, get } from "./api.js";
import { byId, el, times } from "./dom.js";
import { rove } from "./keep.js";
import { detail } from "./wire-detail.js";

const KEEP = 300;
let entries = new Map(); // seq -> summary
let rows = new Map(); // seq -> list item
const opened = new Set();
let waiting = 0;
let paused = false;
let show = "all";
let sought = "";
let meanwhile = null; // seq -> summary of what changed while the log is being read: the answer may be older

const direction = (one) => (one.kind === "graph" ? "in" : "out");
const good = (one) => one.status >= 200 && one.status < 300;
const trouble = (one) => (one.status !== null && !good(one)) || one.attempts > 1 || (one.attempts > 0 && one.status === null);
const wanted = (one) => (show === "bad" ? trouble(one) : show === "all" || direction(one) === show);

/** Read the youngest entries again, those that hold the sought words. */
export async function readWire() {
  const asked = sought;
  const changed = (meanwhile = new Map());
  const told = await attempt(() => get(`/wire?limit=200${asked ? `&contains=${encodeURIComponent(asked)}` : ""}`));
  if (changed !== meanwhile) return; // only the latest reading counts
  meanwhile = null;
  if (!told || asked !== sought) return;
  entries = new Map([...told.entries.map((one) => [one.seq, { ...one, attempts: one.attempts.length }]), ...changed]);
  rows = new Map();
  opened.clear();
  drawAll();
}

let searching = null;

/** Take in one new or changed entry. What is being read is not moved: then new ones wait behind a button. */
export function wireChanged(one) {
  if (sought) {
    // Only the simulator knows the bodies.
    if (!opened.size && !paused) searching ??= setTimeout(() => { searching = null; readWire(); }, 250);
    return;
  }
  meanwhile?.set(one.seq, one);
  const known = entries.has(one.seq);
  entries.set(one.seq, one);
  if (entries.size > KEEP) drop();
  if (known && rows.has(one.seq)) return redraw(one);
  if (!wanted(one)) return;
  if (paused || opened.size || byId("wire").scrollTop > 40) {
    waiting += known ? 0 : 1;
    drawWaiting();
  } else if (!byId("wire").contains(rows.get(one.seq) ?? null)) {
    byId("wire").prepend(row(one));
    empty();
  }
}

function redraw(one) {
  const node = rows.get(one.seq);
  node.querySelector(".wire-row").replaceChildren(...cells(one));
  if (opened.has(one.seq)) detail(one.seq, node.querySelector(".wire-detail"));
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
  if (nothing) drawEmpty();
}

function drawEmpty() {
  const nowhere = sought || show !== "all";
  byId("wire-empty").replaceChildren(
    el("strong", { text: nowhere ? "Nothing here matches" : "Nothing on the wire yet" }),
    el("p", { text: nowhere ? "Show all, or look for something else." : "When your server calls the Graph API, or the simulator sends it a webhook, both appear here with their exact bytes. Connect your server, then write something in the phone." }),
    nowhere ? el("button", { type: "button", class: "button", text: "Show all", onclick: () => { choose("all"); seek(""); } }) : "");
}

function row(one) {
  const head = el("button", { type: "button", class: "wire-row", "aria-expanded": String(opened.has(one.seq)), onclick: () => toggle(one.seq) }, cells(one));
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
  const late = good(one) && one.attempts > 1;
  const shape = late ? "▲" : good(one) ? "✓" : "✕";
  return el("span", { class: `status ${late ? "warn" : good(one) ? "good" : "bad"}`, text: `${shape} ${one.status}${tries}`, title: `${one.milliseconds} ms` });
}

function toggle(seq) {
  const node = rows.get(seq);
  const closing = opened.delete(seq);
  node.querySelector(".wire-row").setAttribute("aria-expanded", String(!closing));
  if (closing) {
    node.querySelector(".wire-detail").remove();
    if (!opened.size && waiting && !paused) drawAll();
    return;
  }
  opened.add(seq);
  const sheet = el("div", { class: "wire-detail" });
  node.append(sheet);
  detail(seq, sheet);
}

function choose(name) {
  show = name;
  for (const one of byId("wire-filter").children) one.setAttribute("aria-pressed", String(one.dataset.show === name));
  drawAll();
}

function seek(text) {
  sought = text.trim();
  byId("wire-find").value = text;
  readWire();
}

/** Show what went over the wire for one message. */
export function findOnWire(mid) {
  document.querySelector('.step[data-step="wire"]').click();
  choose("all");
  seek(mid);
  byId("wire-find").focus();
}

function pause() {
  paused = !paused;
  byId("wire-pause").setAttribute("aria-pressed", String(paused));
  if (!paused) drawAll();
}

export function startWire() {
  rove(byId("wire"), ".wire-row");
  byId("wire-new").addEventListener("click", () => {
    for (const seq of [...opened]) toggle(seq);
    drawAll();
    byId("wire").scrollTop = 0;
  });
  byId("wire").addEventListener("scroll", () => { if (byId("wire").scrollTop === 0 && waiting && !opened.size && !paused) drawAll(); });
  for (const button of byId("wire-filter").children) button.addEventListener("click", () => choose(button.dataset.show));
  byId("wire-pause").addEventListener("click", pause);
  byId("wire-find").addEventListener("input", (event) => {
    const text = event.target.value;
    setTimeout(() => { if (byId("wire-find").value === text) { sought = text.trim(); readWire(); } }, 200);
  });
}
