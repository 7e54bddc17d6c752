// The conversation in the phone: reading it, writing in it.

import { attempt, get, post, upload } from "./api.js";
import { bubble } from "./bubbles.js";
import { now, onClock } from "./clock.js";
import { byId, copy, el, times, toast } from "./dom.js";
import { showMenu } from "./menu.js";

const FACES = [["❤️", "Love"], ["😂", "Laugh"], ["😮", "Wow"], ["😢", "Sad"], ["😡", "Angry"], ["👍", "Like"]];

let place = null; // {account, person}
let thread = null;
let shown = new Map(); // mid -> {key, node}
let answered = null; // the message being replied to, or edited
let loading = 0;
let atEnd = true; // whether the reader is at the end, and is to stay there

const path = () => `/threads/${place.account.instagram_account_id}/${place.person.id}`;
const here = (extra) => ({ account_id: place.account.instagram_account_id, person: place.person.id, ...extra });

/** Show the conversation of a person with an account. */
export async function openThread(account, person) {
  place = { account, person };
  thread = null;
  shown.clear();
  byId("thread").replaceChildren();
  atEnd = true;
  answering(null);
  byId("words").placeholder = `Write as ${person.name.split(" ")[0]}`;
  await refresh();
}

/** Read the conversation again. Only the latest of several readings under way counts. */
export async function refresh() {
  if (!place) return;
  const turn = ++loading;
  const told = await attempt(() => get(path()));
  if (!told || turn !== loading) return;
  thread = told;
  draw();
  markSeen();
}

/** Whether a change is about the open conversation. */
export const concerns = (change) =>
  place && change.account_id === place.account.instagram_account_id && change.person === place.person.id;

function markSeen() {
  const latest = thread.messages.findLast((one) => one.from === "business" && !one.deleted);
  if (latest && !latest.seen && document.visibilityState === "visible") attempt(() => post("/seen", here({ mid: latest.mid })));
}

function draw() {
  const list = byId("thread");
  const texts = new Map(thread.messages.map((one) => [one.mid, one.text ?? "attachment"]));
  const lastMine = thread.messages.findLast((one) => one.from === "person" && !one.deleted);
  const nodes = [];
  const next = new Map();
  let day = "";
  let before = null;
  for (const message of thread.messages) {
    const today = times.day(message.timestamp);
    if (today !== day) nodes.push(el("li", { class: "day", text: today }));
    const context = { turn: before !== message.from, last: message === lastMine, text: (mid) => texts.get(mid) ?? "a message" };
    const key = JSON.stringify([message, context.turn, context.last]);
    const known = shown.get(message.mid);
    const node = known?.key === key ? known.node : bubble(message, context, { menu: messageMenu, reply: (said) => answering({ message: said, edit: false }), tap });
    next.set(message.mid, { key, node });
    nodes.push(node);
    [day, before] = [today, message.from];
  }
  shown = next;
  if (thread.typing) nodes.push(el("li", { class: "typing", "aria-label": "The business is typing" }, el("i"), el("i"), el("i")));
  if (!nodes.length) nodes.push(nothingYet());
  reconcile(list, nodes);
  quickReplies();
  drawWindow();
  stay();
}

/** Keep the end in view while pictures load and the field grows, unless the reader has scrolled away. */
function stay() {
  const list = byId("thread");
  if (atEnd) list.scrollTop = list.scrollHeight;
}

/** Put `nodes` into `list` without touching those that are in place already. */
function reconcile(list, nodes) {
  nodes.forEach((node, index) => {
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
  });
  while (list.children.length > nodes.length) list.lastChild.remove();
}

const nothingYet = () =>
  el("li", { class: "empty" },
    el("strong", { text: "Nothing said yet" }),
    el("p", { text: `Write to ${place.account.name}. Your server gets it as a signed webhook, and may answer for 24 hours.` }));

const WINDOW = {
  never: () => "No window yet: the business may answer once you have written",
  standard: (at) => `24 h window closes ${times.dayClock(at.standard_closes)}`,
  human_agent: (at) => `Only a human agent may answer, until ${times.dayClock(at.human_agent_closes)}`,
  closed: (at) => `Window closed since ${times.dayClock(at.human_agent_closes)}: it opens when you write`,
};

function drawWindow() {
  if (!thread) return;
  const given = thread.window;
  const at = now();
  let state = given.state;
  if (state !== "never") state = at <= given.standard_closes ? "standard" : at <= given.human_agent_closes ? "human_agent" : "closed";
  const node = byId("window");
  node.className = `window ${state}`;
  node.textContent = WINDOW[state](given);
}

function quickReplies() {
  const last = thread.messages.findLast((one) => !one.deleted);
  const offered = last?.from === "business" ? last.quick_replies.filter((one) => one.content_type === "text") : [];
  const row = byId("quick-replies");
  row.hidden = !offered.length;
  row.replaceChildren(...offered.map((one) =>
    el("button", {
      type: "button", class: "quick-reply", text: one.title,
      onclick: () => attempt(() => post("/messages", here({ text: one.title, quick_reply_payload: one.payload }))),
    })));
}

const tap = (button) => attempt(() => post("/postbacks", here({ title: button.title, payload: button.payload })));

function messageMenu(message, from) {
  const mine = message.from === "person";
  const own = message.reactions.find((one) => one.from === "person");
  const entries = [
    { label: "Reply", act: () => answering({ message, edit: false }) },
    own && { label: "Take reaction back", act: () => attempt(() => post("/reactions", { mid: message.mid, emoji: null })) },
    mine && message.text && !message.postback && { label: "Edit", act: () => answering({ message, edit: true }) },
    message.text && { label: "Copy text", act: () => copy(message.text) },
    { label: "Copy mid", act: () => copy(message.mid) },
    mine && { label: "Unsend", danger: true, act: () => attempt(() => post("/unsend", { mid: message.mid })) },
  ].filter(Boolean);
  const faces = FACES.map(([label, name]) => ({
    label, name, act: () => attempt(() => post("/reactions", { mid: message.mid, emoji: label })),
  }));
  showMenu(from, entries, faces);
}

function answering(what) {
  answered = what;
  byId("answering").hidden = !what;
  if (!what) return;
  const words = what.message.text ?? "an attachment";
  byId("answering-text").textContent = what.edit ? `Editing “${words}”` : `Answering “${words}”`;
  if (what.edit) byId("words").value = words;
  byId("words").focus();
}

async function send(event) {
  event.preventDefault();
  const field = byId("words");
  const text = field.value.trim();
  if (!text || !place) return;
  const target = answered;
  const done = await attempt(() =>
    target?.edit
      ? post("/edits", { mid: target.message.mid, text })
      : post("/messages", here({ text, ...(target ? { reply_to_mid: target.message.mid } : {}) })));
  if (!done) return;
  field.value = "";
  atEnd = true;
  answering(null);
  stay();
}

async function sendFile(file) {
  if (!file || !place) return;
  toast("Sending…");
  await attempt(async () => {
    const kept = await upload(file);
    await post("/messages", here({ attachments: [{ type: kept.type, url: kept.url }] }));
  });
}

export function startPhone() {
  const list = byId("thread");
  list.addEventListener("load", stay, true);
  new ResizeObserver(stay).observe(list);
  list.addEventListener("scroll", () => { atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80; });
  byId("composer").addEventListener("submit", send);
  byId("words").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event);
    if (event.key === "Escape") answering(null);
  });
  byId("answering-stop").addEventListener("click", () => answering(null));
  byId("picture").addEventListener("click", () => byId("file").click());
  byId("file").addEventListener("change", (event) => {
    sendFile(event.target.files[0]);
    event.target.value = "";
  });
  const phone = byId("phone");
  phone.addEventListener("dragover", (event) => event.preventDefault());
  phone.addEventListener("drop", (event) => { event.preventDefault(); sendFile(event.dataTransfer.files[0]); });
  byId("words").addEventListener("paste", (event) => {
    if (event.clipboardData.files.length) { event.preventDefault(); sendFile(event.clipboardData.files[0]); }
  });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") refresh(); });
  onClock(() => { drawWindow(); refresh(); });
  setInterval(() => { drawWindow(); if (thread?.typing) refresh(); }, 5000);
}
