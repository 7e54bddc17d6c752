// The control API, and its live events.

import { toast } from "./dom.js";

const BASE = "/_simulator";

async function call(method, path, body, headers = {}) {
  let answer;
  try {
    answer = await fetch(BASE + path, { method, body, headers });
  } catch {
    throw new Error("The simulator does not answer. Is it still running?");
  }
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.error ? told.error.message : `The simulator answered ${answer.status}.`);
  return told;
}

export const get = (path) => call("GET", path);
const json = { "Content-Type": "application/json" };
export const send = (method, path, body = {}) => call(method, path, JSON.stringify(body), json);
export const post = (path, body = {}) => send("POST", path, body);
export const patch = (path, body) => send("PATCH", path, body);
export const upload = (file) => call("POST", "/uploads", file, { "Content-Type": file.type || "application/octet-stream" });

/** Run something that may fail, and say so when it does. Returns undefined then. */
export async function attempt(work) {
  try {
    return await work();
  } catch (problem) {
    toast(problem.message, true);
    return undefined;
  }
}

const RETRY_MS = 2000;

/**
 * Listen to changes. `missed` is called whenever some may have been missed, also at the first connection;
 * `state` with true when connected, with false when not. A lost connection is taken up again, however long that takes.
 */
export function listen(handlers, missed, state = () => {}) {
  const source = new EventSource(`${BASE}/events`);
  source.addEventListener("hello", () => { state(true); missed(); });
  source.addEventListener("resync", missed);
  source.addEventListener("error", () => {
    state(false);
    // The browser tries again by itself, unless it got an answer that was no stream.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(handlers, missed, state), RETRY_MS);
  });
  for (const [name, handle] of Object.entries(handlers)) {
    source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
  }
}
