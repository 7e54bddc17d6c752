// Puts the page together: what is live, and which of the three sections a narrow screen shows.

import { attempt, listen } from "./api.js";
import { readClock, setOffset, startClock } from "./clock.js";
import { startComposer } from "./composer.js";
import { byId, withIcon } from "./dom.js";
import { startInbox } from "./inbox.js";
import { startPeople } from "./people.js";
import { startStories } from "./stories.js";
import { refresh, startThread, threadChanged } from "./thread.js";
import { readWire, startWire, wireChanged } from "./wire.js";
import { firstView, look, onWorld, readWorld, storiesSoon, threadsSoon, world, worldSoon } from "./world.js";

function step(name) {
  document.body.dataset.step = name;
  for (const one of document.querySelectorAll(".step")) {
    if (one.dataset.step === name) one.setAttribute("aria-current", "true");
    else one.removeAttribute("aria-current");
  }
}

let begun = false;

async function readAll() {
  await Promise.all([readClock(), readWorld(), readWire()]);
  if (!begun && world.account) {
    begun = true;
    await look({ view: firstView() });
  } else {
    await refresh();
  }
}

function connection(alive) {
  byId("lost").hidden = alive;
  byId("lost").textContent = alive ? "" : "The simulator does not answer. Start it again if it was stopped; this page then goes on by itself.";
}

startClock();
startPeople();
startInbox();
startThread();
startComposer();
startStories();
startWire();
for (const one of document.querySelectorAll(".step")) {
  withIcon(one, one.dataset.with);
  one.addEventListener("click", () => step(one.dataset.step));
}
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  step("phone");
  (world.view === "conversation" ? byId("words") : byId("inbox-title")).focus();
});
// The first world that is made, wherever that was done, opens like the first one that is found.
onWorld(async (what) => {
  if (what !== "world" || begun || !world.account) return;
  begun = true;
  await look({ view: firstView() });
});

listen({
  thread: (change) => { threadChanged(change); threadsSoon(); },
  wire: wireChanged,
  story: storiesSoon,
  clock: (told) => { setOffset(told.offset_seconds); storiesSoon(); threadsSoon(); },
  world: worldSoon,
  reset: () => attempt(async () => { begun = false; await readAll(); }),
}, () => attempt(readAll), connection);
