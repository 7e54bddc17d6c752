// Stories: the ring of the account, the viewer in which one answers, and a mention in the person's own story.

import { attempt, get, post } from "./api.js";
import { byId, el, onThisOrigin, times, toast } from "./dom.js";
import { showMenu } from "./menu.js";

let place = null;
let stories = [];
let viewed = null; // the id of the story in the viewer, "" for the word that there is none

/** Show the ring of an account for a person. */
export async function openStories(account, person) {
  place = { account, person };
  if (viewed !== null) close();
  await refreshStories();
}

export async function refreshStories() {
  if (!place) return;
  const told = await attempt(() => get(`/accounts/${place.account.instagram_account_id}/stories`));
  if (!told) return;
  stories = told.stories;
  const ring = byId("ring");
  ring.classList.toggle("alive", stories.length > 0);
  ring.setAttribute("aria-label", stories.length ? `Open the story of ${place.account.name}` : `${place.account.name} has no story now`);
  if (viewed !== null && viewed !== (stories[0]?.id ?? "")) show();
}

function close() {
  viewed = null;
  byId("story").hidden = true;
  byId("story").replaceChildren();
  byId("ring").focus();
}

const newStory = () =>
  attempt(async () => {
    await post(`/accounts/${place.account.instagram_account_id}/stories`);
    await refreshStories();
    show();
  });

function show() {
  const sheet = byId("story");
  const top = (words) =>
    el("div", { class: "story-top" },
      el("span", {}, el("strong", { text: place.account.name }), el("br"), el("span", { class: "soft small", text: words })),
      el("button", { type: "button", class: "button", text: "Close", onclick: close }));
  const latest = stories[0];
  viewed = latest?.id ?? "";
  if (!latest) {
    sheet.replaceChildren(top("No story now"), el("div", { class: "empty" },
      el("strong", { text: "No story is alive" }),
      el("p", { text: "A story lives for 24 hours. Post one for the account, then answer it as the customer." }),
      el("button", { type: "button", class: "button primary", text: "Post a story", onclick: newStory })));
  } else {
    const field = el("input", { class: "field", maxlength: "1000", placeholder: "Answer this story", "aria-label": "Answer this story" });
    const form = el("form", { class: "story-reply", onsubmit: (event) => reply(event, latest, field) },
      field, el("button", { type: "submit", class: "button primary", text: "Send" }));
    sheet.replaceChildren(top(`Story of ${times.dayClock(latest.timestamp)}`), el("img", { src: onThisOrigin(latest.url), alt: `Story of ${place.account.name}` }), form);
  }
  sheet.hidden = false;
  sheet.querySelector("input, .primary")?.focus();
}

async function reply(event, story, field) {
  event.preventDefault();
  const text = field.value.trim();
  if (!text) return;
  const body = { account_id: place.account.instagram_account_id, person: place.person.id, text, story_id: story.id };
  if (await attempt(() => post("/messages", body))) close();
}

function more(event) {
  const { account, person } = place;
  showMenu(event.currentTarget, [
    { label: `Mention ${account.username} in your story`, act: () => attempt(() => post("/mentions", { account_id: account.instagram_account_id, person: person.id })) },
    { label: "Post a story as the business", act: newStory },
    { label: "Answer as the owner, in the app", act: ownerWrites },
  ]);
}

async function ownerWrites() {
  const text = byId("words").value.trim();
  if (!text) {
    toast("Write the owner's words into the message field first, then choose this again.");
    byId("words").focus();
    return;
  }
  const body = { account_id: place.account.instagram_account_id, person: place.person.id, text };
  if (await attempt(() => post("/owner-messages", body))) byId("words").value = "";
}

export function startStories() {
  byId("ring").addEventListener("click", () => place && show());
  byId("more").addEventListener("click", (event) => place && more(event));
  byId("story").addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
}
