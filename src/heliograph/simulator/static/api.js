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
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error ? told.error.message : `The simulator answered ${answer.status}.`);
  return told;
}

export const get = (path) => call("GET", path);
export const post = (path, body = {}) =>
  call("POST", path, JSON.stringify(body), { "Content-Type": "application/json" });
export const send = (method, path, body = {}) =>
  call(method, path, JSON.stringify(body), { "Content-Type": "application/json" });
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

/** Listen to changes. `missed` is called whenever some may have been missed, also at the first connection. */
export function listen(handlers, missed) {
  const source = new EventSource(`${BASE}/events`);
  source.addEventListener("hello", missed);
  source.addEventListener("resync", missed);
  for (const [name, handle] of Object.entries(handlers)) {
    source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
  }
}
