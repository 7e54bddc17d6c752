// What the page knows: people, accounts, conversations, stories, and who is looked at. Others watch it for changes.

import { attempt, get } from "./api.js";

export const world = { accounts: [], people: [], threads: new Map(), stories: [], person: null, account: null, view: "inbox" };

const watchers = [];

/** Call `watch` with "world" when people or accounts changed, "threads", "stories", or "place" when somebody else is looked at. */
export const onWorld = (watch) => watchers.push(watch);
const tell = (what) => Promise.all(watchers.map((watch) => watch(what)));

export const keyOf = (account, person) => `${account.instagram_account_id}:${person.id}`;

/** The conversation that is open, as the control API names it, with `extra` fields beside. */
export const here = (extra) => ({ account_id: world.account.instagram_account_id, person: world.person.id, ...extra });

export const face = (id) => `/_simulator/pictures/${id}.png`;

export const storiesOf = (id) => world.stories.filter((one) => one.owner_id === id).reverse();

export const unreadOf = (person) => {
  let count = 0;
  for (const thread of world.threads.values()) if (thread.person === person.id) count += thread.unread;
  return count;
};

/** Read everything again and keep to whom one was looking at. */
export async function readWorld() {
  const [pages, people, talks, alive] = await Promise.all([get("/accounts"), get("/people"), get("/threads"), get("/stories")]);
  world.accounts = pages.accounts.filter((one) => one.instagram_account_id);
  world.people = people.people;
  takeThreads(talks);
  world.stories = alive.stories;
  const accountId = world.account?.instagram_account_id ?? remembered("account");
  const personId = world.person?.id ?? remembered("person");
  world.account = world.accounts.find((one) => one.instagram_account_id === accountId) ?? world.accounts[0] ?? null;
  world.person = world.people.find((one) => one.id === personId) ?? world.people[0] ?? null;
  await tell("world");
}

function takeThreads(told) {
  world.threads = new Map(told.threads.map((one) => [`${one.account_id}:${one.person}`, one]));
}

/** Look at somebody's phone, at one of its conversations, or at its list of them (`view` "inbox"). */
export async function look({ person = world.person, account = world.account, view = world.view }) {
  world.person = person;
  world.account = account;
  world.view = view;
  if (person) remember("person", person.id);
  if (account) remember("account", account.instagram_account_id);
  remember("view", view);
  await tell("place");
}

export const firstView = () => remembered("view") ?? (world.accounts.length === 1 ? "conversation" : "inbox");

const soon = (milliseconds, work) => {
  let timer = null;
  return () => { timer ??= setTimeout(() => { timer = null; attempt(work); }, milliseconds); };
};

/** Read again, at most a few times a second however much happens. */
export const threadsSoon = soon(150, async () => { takeThreads(await get("/threads")); await tell("threads"); });
export const storiesSoon = soon(60, async () => { world.stories = (await get("/stories")).stories; await tell("stories"); });
export const worldSoon = soon(60, readWorld);

function remembered(name) {
  try { return localStorage.getItem(`simulator.${name}`); } catch { return null; }
}

function remember(name, value) {
  try { localStorage.setItem(`simulator.${name}`, value); } catch { /* private mode: the choice is forgotten */ }
}
