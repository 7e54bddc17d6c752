// Puts the page together: who writes to whom, and what is live.

import { attempt, get, listen, post } from "./api.js";
import { readClock, setOffset, startClock } from "./clock.js";
import { byId, copy, copyButton, el } from "./dom.js";
import { concerns, openThread, refresh, startPhone } from "./phone.js";
import { openStories, refreshStories, startStories } from "./story.js";
import { readWire, startWire, wireChanged } from "./wire.js";

let accounts = [];
let people = [];
let threads = new Map(); // "account:person" -> thread
const chosen = { account: null, person: null };
const read = new Map(); // "account:person" -> messages seen by whoever looks at this page

const keyOf = (account, person) => `${account}:${person}`;

async function readWorld() {
  const [pages, persons, talks] = await Promise.all([get("/accounts"), get("/people"), get("/threads")]);
  accounts = pages.accounts.filter((one) => one.instagram_account_id);
  people = persons.people;
  threads = new Map(talks.threads.map((one) => [keyOf(one.account_id, one.person), one]));
  const account = accounts.find((one) => one.instagram_account_id === remembered("account")) ?? accounts[0] ?? null;
  const person = people.find((one) => one.id === remembered("person")) ?? people[0] ?? null;
  drawNobody(!account || !person);
  if (account && person) await choose(account, person);
  await drawConnection();
}

async function choose(account, person) {
  chosen.account = account;
  chosen.person = person;
  remember("account", account.instagram_account_id);
  remember("person", person.id);
  byId("account-name").textContent = account.name;
  byId("account-handle").textContent = `@${account.username}`;
  byId("account-face").src = `/_simulator/pictures/${account.instagram_account_id}.png`;
  drawAccounts();
  drawPeople();
  await Promise.all([openThread(account, person), openStories(account, person)]);
}

function drawAccounts() {
  byId("account").replaceChildren(...accounts.map((one) =>
    el("option", { value: one.instagram_account_id, text: one.name, selected: one === chosen.account })));
}

function drawPeople() {
  const account = chosen.account?.instagram_account_id;
  byId("people").replaceChildren(...people.map((one) => {
    const key = keyOf(account, one.id);
    const thread = threads.get(key);
    const mine = one === chosen.person;
    if (mine && thread) read.set(key, thread.messages_count);
    const unread = thread && !mine && thread.messages_count > (read.get(key) ?? 0);
    return el("li", {}, el("button", { type: "button", class: "person", "aria-pressed": String(mine), onclick: () => pick(one) },
      el("img", { class: "face", src: `/_simulator/pictures/${one.id}.png`, alt: "" }),
      el("span", {}, el("span", { class: "person-name", text: one.name }), el("span", { class: "person-last", text: thread?.last_text ?? `@${one.username}` })),
      unread ? el("span", { class: "unread", text: "New" }) : null));
  }));
}

function pick(person) {
  if (document.body.dataset.step === "people") step("phone");
  choose(chosen.account, person);
}

function drawNobody(nobody) {
  const sheet = byId("nobody");
  sheet.hidden = !nobody;
  for (const child of byId("phone").children) if (child !== sheet && child.id !== "story") child.classList.toggle("out-of-sight", nobody);
  document.querySelector(".people").classList.toggle("nobody", nobody);
  if (!nobody) return sheet.replaceChildren();
  const command = `curl -X POST ${location.origin}/_simulator/seed`;
  return sheet.replaceChildren(
    el("strong", { text: "Nobody is here yet" }),
    el("p", { text: "A small world has one Facebook app, one Page with its Instagram account, and three people you can play." }),
    el("button", { type: "button", class: "button primary", text: "Make a small world", onclick: () => attempt(async () => { await post("/seed"); await readWorld(); }) }),
    el("p", { class: "small", text: "or from a terminal" }),
    el("div", { class: "command" }, el("code", { text: command }), copyButton(() => command)));
}

const FACTS = [
  ["Graph API", () => location.origin, false], ["App id", (seed) => seed.facebook_app_id, false],
  ["App secret", (seed) => seed.facebook_app_secret, true], ["Page id", (seed) => seed.page_id, false],
  ["Page access token", (seed) => seed.page_access_token, true], ["Instagram account id", (seed) => seed.instagram_account_id, false],
];

async function drawConnection() {
  const seed = await get("/seed");
  byId("connection").hidden = !seed.seeded;
  if (!seed.seeded) return;
  byId("facts").replaceChildren(...FACTS.map(([name, value, secret]) => {
    const words = value(seed);
    const shown = secret ? `•••• ${words.slice(-4)}` : words;
    return el("div", { class: "fact" }, el("dt", { text: name }), el("dd", { text: shown }),
      el("button", { type: "button", class: "button quiet", text: "Copy", "aria-label": `Copy ${name}`, onclick: () => copy(words) }));
  }));
}

let readingThreads = null;

/** Read the list of threads again, at most a few times a second however much happens. */
function threadsSoon() {
  readingThreads ??= setTimeout(async () => {
    readingThreads = null;
    const told = await attempt(() => get("/threads"));
    if (!told) return;
    threads = new Map(told.threads.map((one) => [keyOf(one.account_id, one.person), one]));
    drawPeople();
  }, 250);
}

let refreshing = null;

function refreshSoon() {
  refreshing ??= setTimeout(() => { refreshing = null; refresh(); }, 30);
}

function step(name) {
  document.body.dataset.step = name;
  for (const one of document.querySelectorAll(".step")) {
    if (one.dataset.step === name) one.setAttribute("aria-current", "true");
    else one.removeAttribute("aria-current");
  }
}

function remembered(name) {
  try { return localStorage.getItem(`simulator.${name}`); } catch { return null; }
}

function remember(name, value) {
  try { localStorage.setItem(`simulator.${name}`, value); } catch { /* private mode: the choice is forgotten */ }
}

startClock();
startPhone();
startStories();
startWire();
byId("account").addEventListener("change", (event) =>
  choose(accounts.find((one) => one.instagram_account_id === event.target.value), chosen.person));
byId("add-person").addEventListener("click", () => attempt(async () => {
  const made = await post("/people");
  remember("person", made.id);
}));
for (const one of document.querySelectorAll(".step")) one.addEventListener("click", () => step(one.dataset.step));

listen({
  thread: (change) => { if (concerns(change)) refreshSoon(); threadsSoon(); },
  wire: wireChanged,
  story: () => refreshStories(),
  clock: (told) => { setOffset(told.offset_seconds); refreshStories(); },
  world: () => attempt(readWorld),
  reset: () => attempt(async () => { await readWorld(); await readWire(); await readClock(); }),
}, () => attempt(async () => { await Promise.all([readClock(), readWorld(), readWire()]); }));
