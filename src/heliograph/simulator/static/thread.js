// The open conversation: its messages, the window, who types. Reads the last page first, older ones as one scrolls up.

import { attempt, get, post } from "./api.js";
import { bubble, dress, remarks } from "./bubbles.js";
import { now, onClock } from "./clock.js";
import { byId, el, icon, speak, times } from "./dom.js";
import { keep, rove } from "./keep.js";
import { messageActs } from "./acts.js";
import { drawQuickReplies } from "./quick.js";
import { windowAt } from "./window.js";
import { gist } from "./words.js";
import { face, here, onWorld, storiesOf, world } from "./world.js";

const PAGE = 50;
const NEAR_TOP = 240;
const NEAR_END = 80;

let open = ""; // "account:person" of what is shown
let thread = null;
let messages = new Map(); // mid -> message, oldest first
let older = false;
let loadingOlder = null;
let turn = 0; // only the latest of several readings under way counts
let atEnd = true; // whether the reader is at the end, and is to stay there
let typingTimer = null;

const path = (query) => `/threads/${world.account.instagram_account_id}/${world.person.id}?${query}`;
const byTime = (a, b) => a.timestamp - b.timestamp;

/** Whether a change is about the open conversation. */
const concerns = (change) => open === `${change.account_id}:${change.person}` && world.view === "conversation";

async function show() {
  if (world.view !== "conversation" || !world.account || !world.person) { open = ""; return; }
  drawHead();
  const wanted = `${world.account.instagram_account_id}:${world.person.id}`;
  if (wanted === open) return;
  [open, thread, older, atEnd] = [wanted, null, false, true];
  messages.clear();
  keep(byId("thread"), [{ key: "loading", state: wanted, make: () => el("li", { class: "loading soft small", text: "Reading…" }) }]);
  byId("window").textContent = "";
  drawQuickReplies(null);
  await refresh();
}

function drawHead() {
  const { account, person } = world;
  byId("account-name").textContent = account.name;
  byId("account-handle").textContent = `@${account.username}`;
  byId("account-face").src = face(account.instagram_account_id);
  byId("words").placeholder = `Write as ${person.name.split(" ")[0].slice(0, 20)}`;
  const alive = storiesOf(account.instagram_account_id).length;
  byId("ring").classList.toggle("alive", alive > 0);
  byId("ring").setAttribute("aria-label", alive ? `Open the story of ${account.name}` : `${account.name} has no story now`);
}

/** Read the last page again; `changed` names a message further up that changed. */
export async function refresh(changed) {
  if (!open) return;
  const mine = ++turn;
  const [wanted, last] = [open, messages.size ? [...messages.keys()].at(-1) : null];
  const told = await attempt(() => get(path(`limit=${PAGE}`)));
  if (!told || mine !== turn || wanted !== open) return;
  const fresh = new Set(told.messages.map((one) => one.mid));
  // What we hold begins within this page, or it does not reach it: then it is let go, and read again when scrolled to.
  const reaches = last === null || fresh.has(last);
  const kept = reaches ? [...messages.values()].filter((one) => !fresh.has(one.mid)) : [];
  older = kept.length ? older : told.older;
  thread = told;
  take([...kept, ...told.messages]);
  if (changed && !fresh.has(changed) && messages.has(changed)) {
    const one = await attempt(() => get(`/messages/${encodeURIComponent(changed)}`));
    if (one && wanted === open) messages.set(changed, one);
  }
  announce(last, told.messages);
  draw();
  markSeen();
}

function take(list) {
  messages = new Map(list.sort(byTime).map((one) => [one.mid, one]));
}

async function readOlder() {
  if (!older || loadingOlder || !messages.size) return;
  const wanted = open;
  const list = byId("thread");
  const first = messages.keys().next().value;
  loadingOlder = attempt(() => get(path(`limit=${PAGE}&before=${encodeURIComponent(first)}`)));
  const told = await loadingOlder;
  loadingOlder = null;
  if (!told || wanted !== open) return;
  older = told.older;
  take([...told.messages, ...messages.values()]);
  const [height, top] = [list.scrollHeight, list.scrollTop];
  draw();
  list.scrollTop = top + list.scrollHeight - height;
}

function announce(last, page) {
  if (last === null) return;
  const young = page.slice(page.findIndex((one) => one.mid === last) + 1).filter((one) => one.from === "business" && !one.deleted);
  if (!young.length) return;
  speak(`${world.account.name}: ${young.map(gist).join(". ")}`);
  if (!atEnd) byId("to-end").hidden = false;
}

function markSeen() {
  const latest = [...messages.values()].findLast((one) => one.from === "business" && !one.deleted);
  if (latest && !latest.seen && document.visibilityState === "visible") attempt(() => post("/seen", here({ mid: latest.mid })));
}

function draw() {
  const said = [...messages.values()].filter((one) => !one.deleted);
  const lasts = new Set(["person", "business"].map((side) => said.findLast((one) => one.from === side)));
  const entries = older ? [{ key: "older", state: 0, make: () => el("li", { class: "loading soft small", text: "Older messages…" }) }] : [];
  const context = { name: world.account.name };
  let [day, before] = ["", null];
  for (const message of said) {
    const today = times.day(message.timestamp);
    if (today !== day) entries.push({ key: today, state: today, make: () => el("li", { class: "day", text: today }) });
    const marks = { turn: before !== message.from, note: remarks(message, lasts.has(message), message === said.at(-1)) };
    const { text, attachments, template, quoted, timestamp } = message;
    entries.push({
      key: message.mid, state: [text, attachments, template, quoted, timestamp, context.name],
      make: () => bubble(message, context, actsOf(message.mid)), dress: (node) => dress(node, message, context, marks),
    });
    [day, before] = [today, message.from];
  }
  if (thread.typing) entries.push({ key: "typing", state: world.account.name, make: () => typing() });
  if (!said.length && !thread.typing) entries.push({ key: "nothing", state: open, make: nothingYet });
  keep(byId("thread"), entries);
  drawQuickReplies(said.at(-1) ?? null);
  drawWindow();
  stay();
  clearTimeout(typingTimer);
  if (thread.typing_until) typingTimer = setTimeout(() => refresh(), Math.max(100, thread.typing_until - now() + 50));
}

/** A bubble outlives changes of its message: it acts on the message as it is by then. */
function actsOf(mid) {
  const now = () => messages.get(mid);
  return {
    menu: (_, node) => messageActs.menu(now(), node),
    reply: () => messageActs.reply(now()),
    love: () => messageActs.love(now()),
    tap: messageActs.tap,
    jump,
  };
}

const typing = () =>
  el("li", { class: "entry turn" }, el("div", { class: "typing", role: "img", "aria-label": `${world.account.name} is typing` }, el("i"), el("i"), el("i")));

const nothingYet = () =>
  el("li", { class: "empty" },
    el("img", { class: "face huge", src: face(world.account.instagram_account_id), alt: "" }),
    el("strong", { text: "Nothing said yet" }),
    el("p", { text: `Write to ${world.account.name}. Your server gets it as a signed webhook, and may answer for 24 hours.` }));

/** Keep the end in view while pictures load and the field grows, unless the reader has scrolled away. */
export function stay(now = false) {
  if (now) atEnd = true;
  const list = byId("thread");
  if (!atEnd) return;
  list.scrollTop = list.scrollHeight;
  byId("to-end").hidden = true;
}

function drawWindow() {
  if (!thread) return;
  const { state, words } = windowAt(thread.window, now());
  const node = byId("window");
  if (node.textContent === words) return;
  node.className = `window ${state}`;
  node.textContent = words;
}

function jump(mid) {
  const node = byId("thread").querySelector(`[data-mid="${CSS.escape(mid)}"]`);
  if (!node) return;
  node.scrollIntoView({ block: "center" });
  node.focus();
}

let pending = null; // {mid} of changes that wait for one reading

/** Something happened in a conversation. */
export function threadChanged(change) {
  if (!concerns(change)) return;
  const mid = ["reaction", "edit", "unsend"].includes(change.what) ? change.mid : null;
  if (pending) { if (mid) pending.add(mid); return; }
  pending = new Set(mid ? [mid] : []);
  setTimeout(async () => {
    const changed = [...pending];
    pending = null;
    await refresh(changed[0]);
    for (const one of changed.slice(1)) await refresh(one);
  }, 30);
}

export function startThread() {
  const list = byId("thread");
  rove(list, ".said", { last: true });
  list.addEventListener("load", () => stay(), true);
  new ResizeObserver(() => stay()).observe(list);
  list.addEventListener("scroll", () => {
    atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END;
    if (atEnd) byId("to-end").hidden = true;
    if (list.scrollTop < NEAR_TOP) readOlder();
  }, { passive: true });
  byId("to-end").prepend(icon("down"));
  byId("to-end").addEventListener("click", () => stay(true));
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") refresh(); });
  onClock(() => { drawWindow(); refresh(); });
  setInterval(drawWindow, 5000);
  onWorld(show);
}
