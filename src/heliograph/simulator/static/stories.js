// Stories, full screen in the phone: one after the other, with an answer; and a story of one's own.

import { attempt, post } from "./api.js";
import { postStory } from "./people.js";
import { now } from "./clock.js";
import { byId, el, icon, onThisOrigin, times, toast } from "./dom.js";
import { showMenu } from "./menu.js";
import { face, here, look, onWorld, storiesOf, world } from "./world.js";

const SHOWN_MS = 6000;

let viewed = null; // {account, list, at, from}
let timer = null;
let left = SHOWN_MS;
let began = 0;

/** Open the stories of an account, oldest first. */
export function openStories(account) {
  viewed = { account, list: storiesOf(account.instagram_account_id), at: 0, from: document.activeElement };
  show();
}

function close() {
  clearTimeout(timer);
  byId("story").hidden = true;
  byId("story").replaceChildren();
  for (const view of document.querySelectorAll(".view")) view.inert = false;
  const from = viewed?.from;
  viewed = null;
  if (from?.isConnected) from.focus();
}

function step(by) {
  viewed.at += by;
  if (viewed.at >= viewed.list.length) return close();
  viewed.at = Math.max(0, viewed.at);
  return show();
}

function show() {
  const sheet = byId("story");
  const { account, list, at } = viewed;
  for (const view of document.querySelectorAll(".view")) view.inert = true;
  sheet.setAttribute("aria-label", `Story of ${account.name}`);
  sheet.replaceChildren(...(list.length ? [bars(list, at), top(list[at]), image(list[at]), ...sides(), reply(list[at])] : [top(null), none()]));
  sheet.hidden = false;
  (sheet.querySelector("input") ?? sheet.querySelector(".primary")).focus();
  left = SHOWN_MS;
  if (list.length) run();
}

function run() {
  clearTimeout(timer);
  byId("story").classList.remove("paused");
  began = Date.now();
  timer = setTimeout(() => step(1), left);
}

function hold() {
  if (byId("story").classList.contains("paused")) return;
  clearTimeout(timer);
  left = Math.max(500, left - (Date.now() - began));
  byId("story").classList.add("paused");
}

const bars = (list, at) =>
  el("div", { class: "story-bars", role: "img", "aria-label": `Story ${at + 1} of ${list.length}` },
    list.map((_, index) => el("i", { class: index < at ? "done" : index === at ? "running" : "" })));

const top = (story) =>
  el("div", { class: "story-top" },
    el("img", { class: "face", src: face(viewed.account.instagram_account_id), alt: "" }),
    el("span", {}, el("strong", { text: viewed.account.name }), el("span", { class: "small", text: story ? times.ago(story.timestamp, now()) : "no story now" })),
    story ? el("button", { type: "button", class: "button quiet icon", "aria-label": "Pause", onclick: pause }, icon("pause")) : null,
    el("button", { type: "button", class: "button quiet icon", "aria-label": "Close", onclick: close }, icon("close")));

function pause(event) {
  const paused = byId("story").classList.contains("paused");
  if (paused) run();
  else hold();
  event.currentTarget.setAttribute("aria-label", paused ? "Pause" : "Go on");
  event.currentTarget.replaceChildren(icon(paused ? "pause" : "play"));
}

const image = (story) =>
  el("img", { class: "story-picture", src: onThisOrigin(story.url), alt: `Story of ${viewed.account.name}`, onerror: (event) => event.target.replaceWith(el("p", { class: "empty", text: "This story is over." })) });

const sides = () => [
  el("button", { type: "button", class: "story-side before", "aria-label": "Story before", onclick: () => step(-1) }),
  el("button", { type: "button", class: "story-side after", "aria-label": "Next story", onclick: () => step(1) }),
];

const none = () =>
  el("div", { class: "empty" },
    el("strong", { text: "No story is alive" }),
    el("p", { text: "A story lives for 24 hours. Post one for the account, then answer it as the customer." }),
    el("button", { type: "button", class: "button primary", text: "Post a story", onclick: () => postStory(viewed.account) }));

function reply(story) {
  const field = el("input", { class: "field", maxlength: "1000", placeholder: "Answer this story", "aria-label": "Answer this story", autocomplete: "off", oninput: hold });
  const answer = (text) => send(story, text);
  return el("form", { class: "story-reply", onsubmit: (event) => { event.preventDefault(); answer(field.value.trim()); } },
    field,
    el("button", { type: "button", class: "button quiet icon", "aria-label": "Answer with a heart", onclick: () => answer("❤️") }, icon("heart")),
    el("button", { type: "submit", class: "button primary", text: "Send" }));
}

async function send(story, text) {
  if (!text) return;
  hold();
  const { account } = viewed;
  const body = { account_id: account.instagram_account_id, person: world.person.id, text, story_id: story.id };
  if (!(await attempt(() => post("/messages", body)))) return;
  close();
  await look({ account, view: "conversation" });
}

/** Post a story of the person's own; it mentions an account, which is how the account hears of it. */
export function postOwn(from) {
  const mention = (account) => attempt(async () => {
    await post("/mentions", { account_id: account.instagram_account_id, person: world.person.id });
    toast(`Your story is up. ${account.name} was told that you mention them.`);
  });
  showMenu(from, world.accounts.map((account) => ({ label: `Mention ${account.name}`, act: () => mention(account) })));
}

function more(event) {
  showMenu(event.currentTarget, [
    { icon: "plus", label: "Mention them in your story", act: () => attempt(() => post("/mentions", here({}))) },
    { icon: "store", label: "Post a story as the business", act: () => postStory(world.account) },
    { icon: "person", label: "Answer as the owner, in the app", act: () => { document.querySelector('.step[data-step="people"]').click(); byId("owner-words").focus(); } },
  ]);
}

/** Tab stays inside while a story is open. */
function trap(event) {
  if (event.key === "Escape") return close();
  if (event.key !== "Tab") return undefined;
  const all = [...byId("story").querySelectorAll("button, input")];
  const at = all.indexOf(document.activeElement) + (event.shiftKey ? -1 : 1);
  event.preventDefault();
  return all[(at + all.length) % all.length].focus();
}

export function startStories() {
  byId("ring").addEventListener("click", () => world.account && openStories(world.account));
  byId("more").append(icon("more"));
  byId("more").addEventListener("click", (event) => world.account && more(event));
  byId("story").addEventListener("keydown", trap);
  onWorld((what) => {
    if (!viewed) return;
    const alive = storiesOf(viewed.account.instagram_account_id);
    if (what === "stories" && !viewed.list.length && alive.length) { viewed.list = alive; show(); }
    else if (what === "place") close();
  });
}
