// Whether the business may answer now: a word, a colour and a shape.

import { times } from "./dom.js";

const WORDS = {
  never: () => "No window yet. The business may answer once you have written.",
  standard: (at) => `Open until ${times.short(at.standard_closes)}`,
  human_agent: (at) => `Human agent only, until ${times.dayClock(at.human_agent_closes)}`,
  closed: (at) => `Closed since ${times.dayClock(at.human_agent_closes)}. It opens when you write.`,
};

/** The state of a window at a time on the simulator's clock, with its words. */
export function windowAt(given, at) {
  let state = given.state;
  if (state !== "never") state = at <= given.standard_closes ? "standard" : at <= given.human_agent_closes ? "human_agent" : "closed";
  return { state, words: WORDS[state](given) };
}
