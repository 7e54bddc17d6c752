// The simulator's clock in the header.

import { attempt, get, post } from "./api.js";
import { byId, times } from "./dom.js";

let offset = 0;
const watchers = [];

/** Now on the simulator's clock, in milliseconds since 1970. */
export const now = () => Date.now() + offset;

/** Call `watch` when the clock was moved. */
export const onClock = (watch) => watchers.push(watch);

function show() {
  const at = now();
  byId("clock-now").textContent = times.dayClock(at);
  const phone = byId("phone-clock"); // not every page has a phone
  if (phone) phone.textContent = times.clock(at);
  byId("clock-now").dateTime = new Date(at).toISOString();
  const shift = byId("clock-shift");
  const moved = Math.abs(offset) >= 1000;
  shift.textContent = moved ? `${offset > 0 ? "ahead" : "behind"} by ${span(Math.abs(offset))}` : "real time";
  shift.classList.toggle("moved", moved);
  byId("clock-back").disabled = !moved;
}

function span(ms) {
  const hours = Math.round(ms / 3_600_000);
  const days = Math.floor(hours / 24);
  const rest = hours % 24;
  if (!hours) return `${Math.round(ms / 60_000)} min`;
  return [days ? `${days} d` : "", rest ? `${rest} h` : ""].filter(Boolean).join(" ");
}

export function setOffset(seconds) {
  offset = seconds * 1000;
  show();
  watchers.forEach((watch) => watch());
}

export async function readClock() {
  const told = await attempt(() => get("/clock"));
  if (told) setOffset(told.offset_seconds);
}

export function startClock() {
  for (const button of document.querySelectorAll("[data-advance]")) {
    button.addEventListener("click", () =>
      attempt(() => post("/clock", { advance_seconds: Number(button.dataset.advance) })));
  }
  byId("clock-back").addEventListener("click", () => attempt(() => post("/clock", { offset_seconds: 0 })));
  setInterval(show, 5000);
  show();
}
