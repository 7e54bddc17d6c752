// The first screen of the phone: stories as rings, and the person's conversations.

import { now } from "./clock.js";
import { byId, el, icon, times } from "./dom.js";
import { keep, rove } from "./keep.js";
import { openStories, postOwn } from "./stories.js";
import { windowAt } from "./window.js";
import { preview } from "./words.js";
import { face, keyOf, look, onWorld, storiesOf, world } from "./world.js";

function drawRings() {
  const own = storiesOf(world.person.id);
  const rings = [{ key: "own", state: [world.person.id, own.length], make: () => ownRing(own) }];
  for (const account of world.accounts) {
    const alive = storiesOf(account.instagram_account_id);
    if (!alive.length) continue;
    rings.push({ key: account.instagram_account_id, state: [account.name, alive.map((one) => one.id)], make: () => ring(account) });
  }
  keep(byId("rings"), rings);
}

const ringButton = (id, name, words, alive, act, more) =>
  el("li", {}, el("button", { type: "button", class: "ring-button", "aria-label": name, onclick: act },
    el("span", { class: `ring${alive ? " alive" : ""}` }, el("img", { class: "face", src: face(id), alt: "" }), more ?? null),
    el("span", { class: "ring-words", text: words })));

const ring = (account) => ringButton(account.instagram_account_id, `Open the story of ${account.name}`, account.username, true, () => openStories(account));

function ownRing(own) {
  const plus = el("span", { class: "ring-plus" }, icon("plus"));
  const name = own.length ? "Your story. Post another that mentions an account" : "Post a story that mentions an account";
  return ringButton(world.person.id, name, "Your story", own.length > 0, (event) => postOwn(event.currentTarget), plus);
}

const STATES = { never: "no window", standard: "open", human_agent: "human agent", closed: "closed" };

function drawList() {
  const at = now();
  const rows = world.accounts.map((account) => ({ account, thread: world.threads.get(keyOf(account, world.person)) }));
  rows.sort((a, b) => (b.thread?.updated ?? 0) - (a.thread?.updated ?? 0));
  keep(byId("inbox-list"), rows.map(({ account, thread }) => {
    const state = thread ? windowAt(thread.window, at).state : "never";
    const when = thread?.updated ? times.ago(thread.updated, at) : "";
    return {
      key: account.instagram_account_id,
      state: [account.name, thread?.last, thread?.unread, thread?.typing, state, when],
      make: () => row(account, thread, state, when),
    };
  }));
  byId("inbox-hint").textContent = world.threads.size ? "" : "Open a business and write to it: your server gets what you write as a signed webhook.";
}

function row(account, thread, state, when) {
  const unread = thread?.unread ?? 0;
  const words = thread?.typing ? "typing…" : thread ? preview(thread.last) : `Write to @${account.username}`;
  const count = unread ? `${unread} not read` : "";
  return el("li", {}, el("button", { type: "button", class: `talk${unread ? " unread" : ""}`, onclick: () => enter(account) },
    el("img", { class: "face large", src: face(account.instagram_account_id), alt: "" }),
    el("span", { class: "talk-words" },
      el("span", { class: "talk-name", text: account.name }),
      el("span", { class: "talk-last", text: words })),
    el("span", { class: "talk-end" },
      el("span", { class: "soft small", text: when }),
      unread ? el("span", { class: "badge", role: "img", "aria-label": count, text: unread > 99 ? "99+" : String(unread) })
        : el("span", { class: `shape ${state}`, role: "img", "aria-label": `Window: ${STATES[state]}`, title: `Window: ${STATES[state]}` }))));
}

async function enter(account) {
  await look({ account, view: "conversation" });
  byId("account-name").focus({ preventScroll: true });
}

export function startInbox() {
  rove(byId("inbox-list"), ".talk");
  rove(byId("rings"), ".ring-button", { across: true });
  byId("back").append(icon("back"));
  byId("back").addEventListener("click", async () => {
    await look({ view: "inbox" });
    byId("inbox-title").focus({ preventScroll: true });
  });
  onWorld(() => {
    byId("phone").dataset.view = world.view;
    if (!world.person || !world.account) return;
    byId("phone-holder").textContent = `${world.person.name}’s phone`;
    byId("inbox-handle").textContent = `@${world.person.username}`;
    drawRings();
    drawList();
  });
  setInterval(() => { if (world.person && world.account) drawList(); }, 30_000);
}
