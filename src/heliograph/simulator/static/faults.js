// The page of knobs: every form is one call of the control API, shown as curl and as Python before it is made.

import { attempt, get, listen, send } from "./api.js";
import { readClock, setOffset, startClock } from "./clock.js";
import { byId, copy, el, times, toast } from "./dom.js";

const forms = [...document.querySelectorAll("form.knob")];

/** What a form says: its fields in order, without those that are empty or hidden. */
function values(form) {
  const found = new Map();
  for (const one of form.elements) {
    if (!one.name || one.closest("[hidden]")) continue;
    if (one.type === "checkbox") { if (one.checked) found.set(one.name, true); }
    else if (one.value !== "") found.set(one.name, one.type === "number" || "json" in one.dataset ? JSON.parse(one.value) : one.value);
  }
  return found;
}

/** Method, path and body of the call that a form makes. */
function call(form, more = {}) {
  const body = values(form);
  const path = form.dataset.path.replace(/\{(\w+)\}/g, (_, name) => {
    const value = body.get(name) ?? "";
    body.delete(name);
    return encodeURIComponent(value);
  });
  return { method: form.dataset.method ?? "POST", path, body: { ...Object.fromEntries(body), ...more } };
}

function curl({ method, path, body }) {
  const json = Object.keys(body).length || method === "PATCH" ? ` -H 'Content-Type: application/json' -d '${JSON.stringify(body).replaceAll("'", "'\\''")}'` : "";
  return `curl -X ${method} ${location.origin}/_simulator${path}${json}`;
}

function python(form, name = form.dataset.call) {
  const { first, second } = form.dataset;
  const fields = values(form);
  const written = (field, value) => form.elements[field]?.dataset.bare ?? (typeof value === "boolean" ? (value ? "True" : "False") : JSON.stringify(value));
  const words = [first, second].filter((field) => fields.has(field)).map((field) => written(field, fields.get(field)));
  for (const [field, value] of fields) {
    if (field === first || field === second) continue;
    words.push(`${form.elements[field].dataset.py ?? field}=${written(field, value)}`);
  }
  return `${name}(${words.join(", ")})`;
}

function show(form) {
  const line = (kind) => form.querySelector(`[data-line="${kind}"]`);
  line("curl").textContent = curl(call(form));
  line("python").textContent = python(form);
  for (const one of form.querySelectorAll("[data-only]")) one.hidden = form.elements.kind?.value !== one.dataset.only;
  if (form.id === "connection") showConnection(form);
}

function showConnection(form) {
  const chosen = form.elements.name.selectedOptions[0];
  const scoped = form.querySelector("[data-scoped]");
  const hidden = !chosen.dataset.scope;
  if (scoped.hidden !== hidden) { scoped.hidden = hidden; show(form); }
  byId("mend").disabled = !chosen.dataset.undo;
  const now = switches.find((one) => one.name === chosen.value);
  byId("connection-state").textContent = now
    ? `Now ${now.on ? "so" : "not so"}. While it is: ${now.symptom}.${now.can_be_undone ? "" : " Only a new login helps."}`
    : "No account yet. Make a small world on the phone page.";
}

async function order(form, more = {}) {
  const { method, path, body } = call(form, more);
  const told = await attempt(() => send(method, path, body));
  if (!told) return;
  toast(form.dataset.path.includes("faults") ? "On order" : "Done");
  await Promise.all([readState(), readConnection(), readCallbacks()]);
}

const orderWords = (one) => {
  const what = one.kind ? `${one.kind}${one.event ? ` of ${one.event}` : ""}` : `${one.name} on ${one.match}`;
  const often = one.rate < 1 ? `${+(one.rate * 100).toFixed(2)} %, seed ${one.seed}` : "";
  const left = one.count === null ? "for ever" : `${one.count} to come`;
  return [what, [often, left, `${one.struck} struck`].filter(Boolean).join(" · ")];
};

async function readState() {
  const told = await attempt(() => get("/faults"));
  if (!told) return;
  const orders = [...told.faults, ...told.webhook_faults].map((one) => {
    const [what, how] = orderWords(one);
    return el("li", {}, el("span", {}, el("strong", { text: what }), el("br"), el("span", { class: "small soft", text: how })),
      el("button", { type: "button", class: "button quiet", text: "Cancel", "aria-label": `Cancel ${what}`, onclick: () => attempt(() => send("DELETE", `/faults/${one.id}`)) }));
  });
  byId("orders").replaceChildren(...(orders.length ? orders : [el("li", { class: "soft", text: "Nothing. Meta behaves." })]));
  const struck = Object.entries(told.struck).flatMap(([name, times]) => [el("dt", { text: name }), el("dd", { text: times })]);
  byId("struck").replaceChildren(...(struck.length ? struck : [el("dt", { class: "soft", text: "Nothing yet" }), el("dd", { text: "0" })]));
}

let switches = [];
let asked = 0; // answers may overtake one another: only the latest question counts

async function readConnection() {
  const form = byId("connection");
  const account = form.elements.account_id.value;
  const query = new URLSearchParams({ account_id: account });
  if (form.elements.scope.value) query.set("scope", form.elements.scope.value);
  const mine = ++asked;
  const told = account ? await attempt(() => get(`/connection?${query}`)) : { switches: [] };
  if (mine !== asked) return;
  switches = told?.switches ?? [];
  show(form);
}

async function readCallbacks() {
  const told = await attempt(() => get("/callbacks"));
  if (!told) return;
  byId("callbacks").replaceChildren(...told.callbacks.reverse().map((one) =>
    el("li", {}, el("span", {}, el("strong", { text: one.kind.replace("_", " ") }), ` ${times.exact(one.time)}`, el("br"),
      el("span", { class: `small ${one.problems.length ? "bad-word" : "good-word"}`, text: one.problems.length ? `Meta would object: ${one.problems.join("; ")}` : `Answered well${one.confirmation_code ? `, code ${one.confirmation_code}` : ""}` })))));
}

async function readWorld() {
  const [apps, accounts, people] = await Promise.all([get("/apps"), get("/accounts"), get("/people")]);
  const lists = {
    apps: apps.apps.map((one) => [one.id, one.name]),
    accounts: accounts.accounts.filter((one) => one.instagram_account_id).map((one) => [one.instagram_account_id, one.name]),
    people: people.people.map((one) => [one.id, one.name]),
  };
  for (const select of document.querySelectorAll("[data-fill]")) {
    const kept = select.value;
    const fixed = [...select.options].filter((one) => one.value === "");
    select.replaceChildren(...fixed, ...lists[select.dataset.fill].map(([value, text]) => el("option", { value, text })));
    if ([...select.options].some((one) => one.value === kept)) select.value = kept;
  }
  forms.forEach(show);
  await readConnection();
}

let reading = null;

/** Read the state again, at most a few times a second however much strikes. */
function stateSoon() {
  reading ??= setTimeout(() => { reading = null; readState(); readConnection(); readCallbacks(); }, 200);
}

for (const form of forms) {
  form.addEventListener("input", () => { show(form); if (form.id === "connection") readConnection(); });
  form.addEventListener("submit", (event) => { event.preventDefault(); order(form); });
  for (const button of form.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", () => copy(form.querySelector(`[data-line="${button.dataset.copy}"]`).textContent));
  }
}
byId("mend").addEventListener("click", () => order(byId("connection"), { on: false }));
byId("clear").addEventListener("click", () => attempt(async () => { await send("POST", "/faults/clear"); await readState(); toast("Cleared"); }));

startClock();
listen({
  faults: stateSoon,
  world: () => attempt(readWorld),
  clock: (told) => { setOffset(told.offset_seconds); stateSoon(); },
  reset: () => attempt(async () => { await readWorld(); await readState(); await readClock(); }),
}, () => attempt(async () => { await Promise.all([readClock(), readWorld(), readState(), readCallbacks()]); }));
