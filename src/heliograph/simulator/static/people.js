// The panel at the left: whose phone it is, what their business is, and how to connect a server.

import { attempt, get, patch, post } from "./api.js";
import { ask } from "./dialogs.js";
import { byId, copy, copyButton, el, toast } from "./dom.js";
import { keep, rove } from "./keep.js";
import { face, here, look, onWorld, readWorld, unreadOf, world } from "./world.js";
import { preview } from "./words.js";

const MANY = 8;
const SHOWN = 200;

function drawPeople() {
  const find = byId("people-find");
  find.hidden = world.people.length <= MANY;
  const wanted = find.value.trim().toLocaleLowerCase();
  const found = world.people.filter((one) => !wanted || `${one.name} ${one.username}`.toLocaleLowerCase().includes(wanted));
  keep(byId("people"), found.slice(0, SHOWN).map((one) => {
    const unread = unreadOf(one);
    const mine = one === world.person;
    const last = latest(one);
    return { key: one.id, state: [one.name, one.username, unread, mine, last], make: () => row(one, unread, mine, last) };
  }));
}

function latest(person) {
  let young = null;
  for (const one of world.threads.values()) if (one.person === person.id && (!young || one.updated > young.updated)) young = one;
  return young ? preview(young.last) : `@${person.username}`;
}

const row = (one, unread, mine, last) =>
  el("li", {}, el("button", { type: "button", class: "person", "aria-pressed": String(mine), onclick: () => pick(one) },
    el("img", { class: "face", src: face(one.id), alt: "" }),
    el("span", {}, el("span", { class: "person-name", text: one.name }), el("span", { class: "person-last", text: last })),
    unread ? el("span", { class: "badge", "aria-label": `${unread} not read`, role: "img", text: unread > 99 ? "99+" : String(unread) }) : null));

async function pick(person) {
  await look({ person });
  if (document.body.dataset.step === "people") document.querySelector('.step[data-step="phone"]').click();
}

async function addPerson() {
  const told = await ask("Add person", [{ name: "name", label: "Name" }], "Add person");
  if (!told) return;
  const made = await attempt(() => post("/people", { name: told.name }));
  if (!made) return;
  await attempt(readWorld);
  await look({ person: world.people.find((one) => one.id === made.id) ?? world.person });
}

async function addAccount() {
  const told = await ask("Add account", [{ name: "page_name", label: "Name of the business" }], "Add account");
  if (!told) return;
  const made = await attempt(() => post("/accounts", told));
  if (!made) return;
  await attempt(readWorld);
  await look({ account: world.accounts.find((one) => one.page_id === made.page_id) ?? world.account });
}

function drawOwner() {
  const account = world.account;
  byId("owner").hidden = !account;
  if (!account) return;
  byId("account").replaceChildren(...world.accounts.map((one) =>
    el("option", { value: one.instagram_account_id, text: one.name, selected: one === account })));
  byId("access").checked = account.allow_messages;
  byId("access-words").textContent = account.allow_messages ? "Your server may read and write" : "Calls about messages are refused now";
  byId("owner-words").placeholder = world.person ? `To ${world.person.name}` : "";
}

async function ownerWrites(event) {
  event.preventDefault();
  const field = byId("owner-words");
  const text = field.value.trim();
  if (!text) {
    field.focus();
    toast("Write something first.");
  } else if (await attempt(() => post("/owner-messages", here({ text })))) {
    field.value = "";
    toast("Sent in the app. Your server gets it as an echo.");
  }
}

export async function postStory(account) {
  if (await attempt(() => post(`/accounts/${account.instagram_account_id}/stories`))) toast("The story is up for 24 hours.");
}

function drawNobody() {
  const nobody = !world.account || !world.person;
  const sheet = byId("nobody");
  sheet.hidden = !nobody;
  byId("phone").classList.toggle("nobody", nobody);
  if (!nobody) return sheet.replaceChildren();
  const command = `curl -X POST ${location.origin}/_simulator/seed`;
  const make = () => attempt(async () => { await post("/seed"); await readWorld(); });
  return sheet.replaceChildren(
    el("strong", { text: "Nobody is here yet" }),
    el("p", { text: "A small world has one Facebook app, one Page with its Instagram account, and three people you can play." }),
    el("button", { type: "button", class: "button primary", text: "Make a small world", onclick: make }),
    el("p", { class: "small", text: "or from a terminal" }),
    el("div", { class: "command" }, el("code", { text: command }), copyButton(() => command)));
}

const FACTS = [
  ["Graph API", () => location.origin, false], ["App id", (seed) => seed.facebook_app_id, false],
  ["App secret", (seed) => seed.facebook_app_secret, true], ["Page id", (seed) => seed.page_id, false],
  ["Page access token", (seed) => seed.page_access_token, true], ["Instagram account id", (seed) => seed.instagram_account_id, false],
];

async function drawConnection() {
  const seed = await attempt(() => get("/seed"));
  byId("connection").hidden = !seed?.seeded;
  if (!seed?.seeded) return;
  byId("facts").replaceChildren(...FACTS.map(([name, value, secret]) => {
    const words = value(seed);
    return el("div", { class: "fact" }, el("dt", { text: name }), el("dd", { text: secret ? `•••• ${words.slice(-4)}` : words }),
      el("dd", {}, el("button", { type: "button", class: "button quiet", text: "Copy", "aria-label": `Copy ${name}`, onclick: () => copy(words) })));
  }));
}

export function startPeople() {
  rove(byId("people"), ".person");
  byId("people-find").addEventListener("input", drawPeople);
  byId("add-person").addEventListener("click", addPerson);
  byId("add-account").addEventListener("click", addAccount);
  byId("account").addEventListener("change", (event) =>
    look({ account: world.accounts.find((one) => one.instagram_account_id === event.target.value) }));
  byId("access").addEventListener("change", async (event) => {
    const path = `/accounts/${world.account.instagram_account_id}`;
    if (!(await attempt(() => patch(path, { allow_messages: event.target.checked })))) event.target.checked = !event.target.checked;
  });
  byId("owner-form").addEventListener("submit", ownerWrites);
  byId("owner-story").addEventListener("click", () => postStory(world.account));
  onWorld(async (what) => {
    drawPeople();
    if (what === "world" || what === "place") drawOwner();
    if (what === "world") { drawNobody(); await drawConnection(); }
  });
}
